//! Candles of a seeded walk.

use kalshi_trader::candles::{CandleSeries, read_candles};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::fmt::Write;

/// Monday 2024-12-02, Unix minutes.
pub(crate) const START: u64 = 1_733_097_600 / 60;
pub(crate) const DAY: u64 = 1440;

/// `minutes` one-minute candles whose volatility changes by the hour; `skip` says which are missing.
pub(crate) fn walk(minutes: u64, seed: u64, skip: impl Fn(u64) -> bool) -> CandleSeries {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut step = || (chance.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
    let (mut price, mut level, mut text) = (60_000.0_f64, 0.0_f64, String::new());
    for minute in 0..minutes {
        if minute % 60 == 0 {
            level = 0.9 * level + step();
        }
        let open = price;
        let scale = 0.001 * level.exp();
        let path: Vec<f64> = (0..4)
            .map(|_| {
                price *= 1.0 + scale * step();
                price
            })
            .collect();
        let (high, low) = path.iter().fold((open, open), |(high, low), at| (at.max(high), at.min(low)));
        if !skip(minute) {
            let open_ms = (START + minute) * 60_000;
            writeln!(text, "{open_ms},{open:.2},{high:.2},{low:.2},{price:.2},1.5,0,90000,30,0.5,30000,0").unwrap();
        }
        price = (price * 100.0).round() / 100.0;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    read_candles(&[file.path().to_owned()]).unwrap()
}
