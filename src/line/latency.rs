//! How long things take between threads: a histogram per hop, each kept by one thread.

use crate::clock::MarketClock;
use hdrhistogram::Histogram;
use std::hint::black_box;

/// The longest time that is told apart: a minute.
const NS_MAX: u64 = 60_000_000_000;
/// Digits of a time that are kept.
const DIGITS: u8 = 2;
/// Stamps taken to learn what one costs.
const STAMPS: u64 = 10_000;

/// Times between two places of the line, wall nanoseconds.
#[derive(Clone, Debug)]
pub struct Hop {
    /// From where to where.
    pub name: &'static str,
    /// The times.
    pub histogram: Histogram<u64>,
}

impl Hop {
    /// An empty one.
    #[must_use]
    pub fn new(name: &'static str) -> Hop {
        let histogram = Histogram::new_with_bounds(1, NS_MAX, DIGITS);
        Hop { name, histogram: histogram.expect("bounds and digits are constants that a histogram takes") }
    }

    /// Counts one time; a longer one than a minute counts as a minute.
    pub fn record(&mut self, ns: u64) {
        self.histogram.saturating_record(ns.max(1));
    }
}

/// What one look at the clock costs, ns: it is in every time of every hop.
#[must_use]
pub(super) fn stamp_cost_ns(clock: &MarketClock) -> u64 {
    let before = clock.wall_now();
    for _ in 0..STAMPS {
        black_box(clock.wall_now());
    }
    clock.wall_now().since(before) / STAMPS
}
