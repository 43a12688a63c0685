//! A minute opened into seconds has its candle's numbers, and nothing else decides it.

use kalshi_trader::candles::{Candle, CandleSeries, MINUTE_NANOS, read_candles};
use kalshi_trader::exchange::path::{MarketPath, PathSettings};
use proptest::prelude::*;
use std::fmt::Write;
use std::num::NonZeroU16;
use trader_journal::units::{Money, Nanos};

/// A minute of the fixtures: number, then open, high, low, close in cents.
type Row = (u64, [i64; 4]);

/// Start of minute 0, a midnight.
const START: Nanos = Nanos(20_000 * 86_400 * Nanos::SECOND);

fn series(rows: &[Row]) -> CandleSeries {
    let mut text = String::new();
    for (minute, prices) in rows {
        let [open, high, low, close] = prices.map(|cents| format!("{}.{:02}", cents / 100, cents % 100));
        let time = START.millis() + minute * 60_000;
        writeln!(text, "{time},{open},{high},{low},{close},1,0,1,1,1,1").expect("memory does not refuse");
    }
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), text).expect("a fixture is written");
    read_candles(&[file.path().to_owned()]).expect("good rows")
}

fn path(series: &CandleSeries, seed: u64, ticks_per_second: u16) -> MarketPath {
    let ticks_per_second = NonZeroU16::new(ticks_per_second).expect("not 0");
    MarketPath::new(series.clone(), PathSettings { seed, ticks_per_second })
}

/// A second, owned.
type Taken = (Nanos, Vec<Money>, Option<Money>);

fn take(path: &mut MarketPath, seconds: usize) -> Vec<Taken> {
    let mut taken = Vec::new();
    while taken.len() < seconds
        && let Some(second) = path.next_second()
    {
        taken.push((second.at, second.ticks.to_vec(), second.index));
    }
    taken
}

fn minute(number: u64) -> Nanos {
    START.plus(number * MINUTE_NANOS)
}

/// The candle that these ticks make: the slow way back.
fn assert_makes(ticks: &[Money], candle: &Candle) {
    let made = [ticks.first(), ticks.iter().max(), ticks.iter().min(), ticks.last()].map(Option::unwrap);
    assert_eq!(made, [&candle.open, &candle.high, &candle.low, &candle.close]);
    assert!(ticks.iter().all(|tick| tick.0 % Money::CENT.0 == 0));
}

fn assert_every_minute_is_its_candle(series: &CandleSeries, seed: u64, ticks_per_second: u16) {
    let mut path = path(series, seed, ticks_per_second);
    for candle in series.candles() {
        path.seek(candle.open_time);
        let seconds = take(&mut path, 60);
        assert!(seconds.iter().all(|(_, ticks, _)| ticks.len() == usize::from(ticks_per_second)));
        let ticks: Vec<_> = seconds.into_iter().flat_map(|(_, ticks, _)| ticks).collect();
        assert_makes(&ticks, candle);
    }
}

/// Open, high, low and close with the ties and extremes that real minutes have.
fn prices() -> impl Strategy<Value = [i64; 4]> {
    let width = prop_oneof![Just(0i64), 1i64..4, 1i64..100_000, 1i64..5_000_000];
    let place = prop_oneof![Just(0.0), Just(1.0), 0.0..1.0];
    (1i64..20_000_000, width, place.clone(), place).prop_map(|(low, width, open, close)| {
        let inside = |share: f64| low + (width as f64 * share) as i64;
        [inside(open), low + width, low, inside(close)]
    })
}

proptest! {
    #[test]
    fn every_candle_is_met_exactly(prices in prop::collection::vec(prices(), 1..8), seed: u64, ticks in 1u16..5) {
        let rows: Vec<Row> = (0..).zip(prices).collect();
        assert_every_minute_is_its_candle(&series(&rows), seed, ticks);
    }

    /// Opened alone, in any order, or after all the others: the same seconds.
    #[test]
    fn a_second_does_not_depend_on_what_was_opened_before(
        prices in prop::collection::vec(prices(), 2..6),
        seed: u64,
        jumps in prop::collection::vec(0u64..600, 1..12),
    ) {
        let rows: Vec<Row> = (0..).step_by(2).zip(prices).collect();
        let series = series(&rows);
        let whole = take(&mut path(&series, seed, 1), usize::MAX);
        prop_assert_eq!(whole.len() as u64, (rows.len() as u64 * 2 - 1) * 60);
        let mut jumping = path(&series, seed, 1);
        for jump in jumps {
            let at = jump % whole.len() as u64;
            jumping.seek(START.plus(at * Nanos::SECOND + 7));
            let taken = take(&mut jumping, 3);
            prop_assert_eq!(&taken[..], &whole[at as usize..(at as usize + 3).min(whole.len())]);
        }
    }
}

#[test]
fn adversarial_candles_are_met_exactly() {
    let rows = [
        [100, 100, 100, 100],                  // nothing happened
        [100, 101, 100, 100],                  // one cent up and back
        [100, 101, 99, 100],                   // one cent each way
        [101, 101, 99, 99],                    // high in the first second, low in the last
        [99, 101, 99, 101],                    // the other way round
        [101, 101, 99, 101],                   // both ends at the high
        [99, 101, 99, 99],                     // both ends at the low
        [1, 2, 1, 2],                          // the smallest prices
        [5_000_000, 10_000_000, 1, 5_000_001], // a crash to a cent and a double
        [10_000_000, 10_000_000, 1, 1],        // all of it, down
        [10_000_000, 10_000_000, 9_999_999, 10_000_000],
        [10_000_000, 10_000_001, 9_000_000, 10_000_001],
    ];
    let rows: Vec<Row> = (0..).zip(rows).collect();
    let series = series(&rows);
    for seed in 0..200 {
        assert_every_minute_is_its_candle(&series, seed, 1);
    }
    assert_every_minute_is_its_candle(&series, 1, 50);
}

#[test]
fn prices_finer_than_a_cent_are_met_exactly() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let row = format!("{},0.123456,0.131313,0.121212,0.130001,1,0,1,1,1,1\n", START.millis());
    std::fs::write(file.path(), row).expect("a fixture is written");
    let series = read_candles(&[file.path().to_owned()]).expect("a good row");
    let seconds = take(&mut path(&series, 3, 1), 60);
    let ticks: Vec<_> = seconds.into_iter().flat_map(|(_, ticks, _)| ticks).collect();
    let candle = series.candles()[0];
    assert_eq!((ticks[0], ticks[59]), (candle.open, candle.close));
    assert_eq!((ticks.iter().max(), ticks.iter().min()), (Some(&candle.high), Some(&candle.low)));
}

#[test]
fn ticks_are_spread_over_their_second() {
    let series = series(&[(0, [100, 300, 50, 200])]);
    let mut path = path(&series, 1, 4);
    let second = path.next_second().expect("a second");
    let times: Vec<_> = second.timed_ticks().map(|(at, _)| at.since(START) / Nanos::MILLI).collect();
    assert_eq!(times, [0, 250, 500, 750]);
}

#[test]
fn in_a_gap_spot_is_silent_and_the_index_repeats() {
    let series = series(&[(0, [10_000_000, 10_050_000, 9_990_000, 10_020_000]), (5, [11_000_000; 4])]);
    let mut path = path(&series, 9, 1);
    let seconds = take(&mut path, usize::MAX);
    assert_eq!(seconds.len(), 6 * 60);
    let last = seconds[59].2;
    assert!(last.is_some());
    for (at, ticks, index) in &seconds[60..300] {
        assert!(ticks.is_empty(), "{at:?}");
        assert_eq!(*index, last);
    }
    assert_eq!(seconds[300].1, [Money(110_000_000_000)]);
    assert_ne!(seconds[300].2, last);
    path.seek(minute(3));
    assert_eq!(take(&mut path, 1)[0], (minute(3), vec![], last), "opened alone inside the gap");
    path.seek(START.minus(5 * Nanos::SECOND));
    assert_eq!(take(&mut path, 1)[0].2, None, "no index before the first candle");
}

#[test]
fn the_index_stays_a_measured_distance_from_spot() {
    let rows: Vec<Row> = (0..14 * 1440).map(|minute| (minute, [10_000_000; 4])).collect();
    let mut path = path(&series(&rows), 4, 1);
    let mut bases = Vec::new();
    let mut steps_max = 0;
    let mut before = None;
    while let Some(second) = path.next_second() {
        let index = second.index.expect("an index").0;
        assert_eq!(index % Money::CENT.0, 0);
        steps_max = steps_max.max(before.map_or(0, |before: i64| (index - before).abs()));
        before = Some(index);
        bases.push((second.ticks[0].0 - index) as f64 / index as f64 * 1e4);
    }
    bases.sort_by(f64::total_cmp);
    let quantile = |share: f64| bases[(bases.len() as f64 * share) as usize];
    // Measured: -1.34, +0.64, +2.77 bp. Fourteen days hold about a thousand independent values.
    for (share, measured, tolerance) in [(0.05, -1.34, 0.25), (0.5, 0.64, 0.2), (0.95, 2.77, 0.25)] {
        let found = quantile(share);
        assert!((found - measured).abs() < tolerance, "{share}: {found} bp, measured {measured} bp");
    }
    assert!(steps_max <= Money::DOLLAR.0, "a second moves it by at most a tenth of a basis point: {steps_max}");
}

/// Steps in each second of the walks below, much finer than the ticks.
const FINE: usize = 20;

/// Gaussian walks of one minute: each one's candle, and its price at the start of each second in cents.
fn walks(count: usize) -> Vec<([i64; 4], Vec<f64>)> {
    let mut state = 1u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut walk = || {
        let mut prices = vec![10_000_000.0];
        for _ in 0..60 * FINE {
            let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            prices.push(prices[prices.len() - 1] + 150.0 * normal);
        }
        prices
    };
    let summed_up = |prices: Vec<f64>| {
        let high = prices.iter().copied().fold(f64::MIN, f64::max);
        let low = prices.iter().copied().fold(f64::MAX, f64::min);
        let candle = [prices[0], high, low, prices[prices.len() - 1]].map(|price| price as i64);
        (candle, prices.iter().step_by(FINE).take(60).copied().collect())
    };
    (0..count).map(|_| summed_up(walk())).collect()
}

/// Of one minute's seconds: mean, squared changes, the second of the highest and of the lowest price.
fn features(seconds: &[f64]) -> [f64; 4] {
    let mean = seconds.iter().sum::<f64>() / 60.0;
    let squares = seconds.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum::<f64>();
    let second_of = |best: f64| seconds.iter().position(|price| *price == best).unwrap_or(0) as f64;
    let high = seconds.iter().copied().fold(f64::MIN, f64::max);
    let low = seconds.iter().copied().fold(f64::MAX, f64::min);
    [mean, squares, second_of(high), second_of(low)]
}

/// The obvious twin: walk first, take the candle, then open the candle again. The second walk is another
/// one, but over many minutes it must be of the same kind.
#[test]
fn opened_minutes_are_like_the_walks_their_candles_came_from() {
    let walks = walks(20_000);
    let rows: Vec<Row> = (0..).zip(walks.iter().map(|(candle, _)| *candle)).collect();
    let mut path = path(&series(&rows), 11, 1);
    // Second moments of: the mean's distance from its projection on the candle and from the open, one-second
    // changes, the seconds of the high and of the low, and these two together.
    let (mut walked, mut opened) = ([0.0; 6], [0.0; 6]);
    for (candle, seconds) in &walks {
        let again: Vec<f64> = take(&mut path, 60).iter().map(|(_, ticks, _)| ticks[0].0 as f64 / 1e4).collect();
        add(&mut walked, candle, seconds);
        add(&mut opened, candle, &again);
    }
    let names = ["error of the mean", "distance of the mean", "squared changes", "high", "low", "high and low"];
    let bands = [0.9..1.2, 0.95..1.1, 0.95..1.12, 0.96..1.04, 0.96..1.04, 0.96..1.04];
    for (at, band) in bands.iter().enumerate() {
        let ratio = opened[at] / walked[at];
        assert!(band.contains(&ratio), "{}: opened over walked {ratio:.3}, accepted {band:?}", names[at]);
    }
}

fn add(sums: &mut [f64; 6], candle: &[i64; 4], seconds: &[f64]) {
    let [open, high, low, close] = candle.map(|price| price as f64);
    let [mean, squares, highest, lowest] = features(seconds);
    // The projection of a Brownian minute's mean on its candle, from the volatility study.
    let projected = open - 0.0494 * (close - open) + 0.5510 * (high + low - 2.0 * open);
    let error = mean - projected;
    let new = [error * error, (mean - open).powi(2), squares, highest * highest, lowest * lowest, highest * lowest];
    for (sum, new) in sums.iter_mut().zip(new) {
        *sum += new;
    }
}
