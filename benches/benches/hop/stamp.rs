//! What a look at the clock costs: it is in every time of a run's table.

use kalshi_trader::clock::{MarketClock, Ticker};
use kalshi_trader::line::Hop;
use std::hint::black_box;
use trader_benches::conditions::{Conditions, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio};
use trader_benches::turns::{elapsed_ns, rounds};

/// Looks in one block.
const LOOKS: u32 = 10_000;

const NAMES: [&str; 4] = ["std Instant", "quanta, raw", "quanta, into a histogram", "market time (std)"];

/// Nanoseconds a look: the standard library's clock, the counter that the line stamps with, the same with the place
/// of the difference in a histogram, and market time.
pub(crate) fn measure(conditions: &Conditions) -> Table {
    conditions.pin(0);
    let (ticker, market) = (Ticker::new(), MarketClock::real());
    let (first, mut hop) = (ticker.now(), Hop::new("none"));
    let mut looks: [Box<dyn FnMut()>; NAMES.len()] = [
        Box::new(|| {
            black_box(now());
        }),
        Box::new(|| {
            black_box(ticker.now());
        }),
        Box::new(|| hop.record(ticker.nanos_since(first))),
        Box::new(|| {
            black_box(market.now());
        }),
    ];
    let mut looks_ns = vec![Vec::new(); NAMES.len()];
    for _ in rounds(conditions) {
        for (look, looks_ns) in looks.iter_mut().zip(&mut looks_ns) {
            let start = now();
            (0..LOOKS).for_each(|_| look());
            looks_ns.push(elapsed_ns(start) / f64::from(LOOKS));
        }
    }
    let row =
        |(name, of_one): (&'static str, &Vec<f64>)| (name, vec![median_ratio(of_one, &looks_ns[0]), median(of_one)]);
    let rows: Vec<_> = NAMES.into_iter().zip(&looks_ns).map(row).collect();
    let goals = vec![Goal { what: "quanta / std Instant", ratio: rows[1].1[0], bound: Bound::AtMost(0.6) }];
    let conditions = format!("each row: {} blocks of {LOOKS} looks", looks_ns[0].len());
    Table { title: "a look at the clock", conditions, columns: &["x std", "ns a look"], rows, goals }
}
