//! The whole stream, and the frames in it that lead to orders.
//!
//! All paths walk through the session together: a thousand inputs each by turns, so that what is compared ran
//! milliseconds apart. Where a frame leads to orders it is timed by itself, from the text to the bytes of the last
//! order, right after the inputs before it: the code that evaluates is as cold as it is in a stream. Then the session
//! begins anew, with new paths.

use crate::ours::{Bare, Journaled};
use crate::plain::Plain;
use crate::session::{Body, Contender, Heard, Input, Session};
use std::hint::black_box;
use std::ops::Range;
use trader_benches::conditions::{Conditions, file_system, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio, percentile};
use trader_benches::turns::{elapsed_ns, rounds};

const NAMES: [&str; 3] = ["line without journal", "line with its journal", "plain path"];
const BARE: usize = 0;
const JOURNALED: usize = 1;
const PLAIN: usize = 2;

const INPUTS_PER_BLOCK: usize = 1_024;

/// Inputs that one path takes before it is another's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    block: Range<usize>,
    /// The frame after it leads to orders, and is timed by itself.
    orders: bool,
}

/// Nanoseconds by contender: of each block a frame, and of each frame that led to orders.
#[derive(Default)]
struct Times {
    frames: [Vec<f64>; 3],
    /// One order, in a market that stands alone.
    alone: [Vec<f64>; 3],
    /// Orders of a ladder, whose markets are evaluated and sized together.
    ladder: [Vec<f64>; 3],
}

/// Time a frame, and time from text to order, of the line and of the plain path.
///
/// # Panics
/// When any path orders anything but what was ordered in the session.
pub(crate) fn measure(conditions: &Conditions, session: &Session) -> [Table; 2] {
    let home = std::env::temp_dir();
    let stretches = cut(session);
    let mut times = Times::default();
    for round in rounds(conditions) {
        let dir = tempfile::tempdir_in(&home).expect("a temporary directory");
        let mut contenders: [Box<dyn Contender>; 3] = [
            Box::new(Bare::new(session)),
            Box::new(Journaled::new(session, dir.path())),
            Box::new(Plain::new(&session.config)),
        ];
        walk(round, session, &stretches, &mut contenders, &mut times);
    }
    [table_of_frames(&times, &file_system(&home)), table_of_orders(&times)]
}

/// All contenders through the whole session, in every order by turns.
fn walk(
    round: usize,
    session: &Session,
    stretches: &[Stretch],
    contenders: &mut [Box<dyn Contender>; 3],
    times: &mut Times,
) {
    let mut orders: [Vec<Body>; 3] = Default::default();
    for (number, stretch) in stretches.iter().enumerate() {
        for who in TURNS[(number + round) % TURNS.len()] {
            let inputs = &session.inputs[stretch.block.clone()];
            let took_ns = take(inputs, contenders[who].as_mut(), &mut orders[who]);
            if number > 0 {
                times.frames[who].push(took_ns / inputs.len() as f64);
            }
            if stretch.orders {
                let (before, ordering) = (orders[who].len(), stretch.block.end..stretch.block.end + 1);
                let took_ns = take(&session.inputs[ordering], contenders[who].as_mut(), &mut orders[who]);
                let is_ladder = is_of_a_ladder(&orders[who][before..]);
                let times = if is_ladder { &mut times.ladder } else { &mut times.alone };
                times[who].push(took_ns);
            }
        }
    }
    for (name, orders) in NAMES.iter().zip(&orders) {
        compare(name, &session.orders, orders);
    }
}

const TURNS: [[usize; 3]; 6] = [[0, 1, 2], [1, 0, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0], [2, 1, 0]];

/// How long a contender takes for some inputs, their text being in the cache as after its arrival.
fn take(inputs: &[Input], contender: &mut dyn Contender, orders: &mut Vec<Body>) -> f64 {
    black_box(inputs.iter().map(touch).fold(0, u8::wrapping_add));
    let start = now();
    for input in inputs {
        contender.hear(black_box(input), orders);
    }
    elapsed_ns(start)
}

fn touch(input: &Input) -> u8 {
    match input.heard {
        Heard::Frame(_, bytes) | Heard::Answer { body: bytes, .. } => bytes.iter().copied().fold(0, u8::wrapping_add),
        Heard::Connected(_) | Heard::Timer(..) | Heard::Pricing(_) | Heard::Exec(_) => 0,
    }
}

fn compare(name: &str, expected: &[Body], orders: &[Body]) {
    let text = |body: Option<&Body>| body.map_or("nothing".into(), |body| String::from_utf8_lossy(body).into_owned());
    for at in 0..expected.len().max(orders.len()) {
        let (then, now) = (expected.get(at), orders.get(at));
        assert!(then == now, "order {at} of the {name} is {}\nand was {}", text(now), text(then));
    }
}

/// Hourly brackets: only their event ticker is that of the series `KXBTC`.
fn is_of_a_ladder(orders: &[Body]) -> bool {
    orders.iter().any(|body| body.windows(6).any(|part| part == b"KXBTC-"))
}

/// Cuts a session at the frames that lead to orders, which one walk of the line shows.
fn cut(session: &Session) -> Vec<Stretch> {
    let mut line = Bare::new(session);
    let mut orders = Vec::new();
    let mut ordering = Vec::new();
    for (at, input) in session.inputs.iter().enumerate() {
        let before = orders.len();
        line.hear(input, &mut orders);
        if orders.len() > before {
            assert!(matches!(input.heard, Heard::Frame(..)), "an order that no frame led to");
            ordering.push(at);
        }
    }
    compare(NAMES[BARE], &session.orders, &orders);
    let is_delta = |input: &Input| matches!(input.heard, Heard::Frame(_, text) if text.starts_with(DELTA));
    // Until there are books: pages of candles, lists of markets. It is not timed.
    let start = session.inputs.iter().position(is_delta).unwrap_or(0);
    let mut stretches = vec![Stretch { block: 0..start, orders: false }];
    let mut from = start;
    for at in ordering {
        stretches.extend(blocks(from..at));
        stretches.last_mut().expect("there is the start").orders = true;
        from = at + 1;
    }
    stretches.extend(blocks(from..session.inputs.len()));
    stretches
}

const DELTA: &[u8] = b"{\"type\":\"orderbook_delta\"";

fn blocks(place: Range<usize>) -> impl Iterator<Item = Stretch> {
    let end = place.end;
    let block = move |from| Stretch { block: from..end.min(from + INPUTS_PER_BLOCK), orders: false };
    place.step_by(INPUTS_PER_BLOCK).map(block)
}

// ---- what is printed ---------------------------------------------------------------------------

fn table_of_frames(times: &Times, file_system: &str) -> Table {
    let row = |who: usize| {
        let ns = &times.frames[who];
        (NAMES[who], vec![plain_over(&times.frames, who), median(ns), percentile(&mut ns.clone(), 90)])
    };
    let conditions = format!(
        "each row: {} blocks of up to {INPUTS_PER_BLOCK} inputs, answers among them; journal on {file_system}, no sync",
        times.frames[BARE].len(),
    );
    let columns = &["plain / it", "p50 ns", "p90 ns"];
    Table { title: "a frame", conditions, columns, rows: rows(row), goals: Vec::new() }
}

fn table_of_orders(times: &Times) -> Table {
    let row = |who: usize| {
        let figures = |samples| [median_us(samples, who), plain_over(samples, who)];
        (NAMES[who], [figures(&times.alone), figures(&times.ladder)].concat())
    };
    let what = "plain / line with its journal, five brackets";
    let goals = vec![Goal { what, ratio: plain_over(&times.ladder, JOURNALED), bound: Bound::AtLeast(15.0) }];
    let conditions = format!(
        "each row: {} + {} frames, all paths the same orders, byte for byte; the model's formulas are the same code",
        times.alone[BARE].len(),
        times.ladder[BARE].len(),
    );
    let columns = &["1 market us", "plain / it", "5 in one us", "plain / it"];
    Table { title: "text to order bytes, p50", conditions, columns, rows: rows(row), goals }
}

fn rows(row: impl Fn(usize) -> (&'static str, Vec<f64>)) -> Vec<(&'static str, Vec<f64>)> {
    (0..NAMES.len()).map(row).collect()
}

/// NaN where a short session has no such frame.
fn median_us(samples: &[Vec<f64>; 3], who: usize) -> f64 {
    if samples[who].is_empty() { f64::NAN } else { median(&samples[who]) / 1_000.0 }
}

fn plain_over(samples: &[Vec<f64>; 3], who: usize) -> f64 {
    if samples[who].is_empty() { f64::NAN } else { median_ratio(&samples[PLAIN], &samples[who]) }
}
