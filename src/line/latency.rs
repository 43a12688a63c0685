//! How long things take between threads: a histogram per hop, each kept by one thread.

use crate::clock::Ticker;
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

/// What measuring costs, ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StampCost {
    /// A stamp: it is in every time of every hop.
    pub stamp_ns: u64,
    /// A stamp, the difference, and its place in a histogram: what each event costs its hearer.
    pub record_ns: u64,
}

impl StampCost {
    /// Measured here and now.
    #[must_use]
    pub(super) fn measured(ticker: &Ticker) -> StampCost {
        let each_ns = |mut what: Box<dyn FnMut()>| {
            let before = ticker.now();
            (0..STAMPS).for_each(|_| what());
            ticker.nanos_since(before) / STAMPS
        };
        let (stamping, recording) = (ticker.clone(), ticker.clone());
        let (mut hop, first) = (Hop::new("none"), ticker.now());
        StampCost {
            stamp_ns: each_ns(Box::new(move || {
                black_box(stamping.now());
            })),
            record_ns: each_ns(Box::new(move || hop.record(recording.nanos_since(first)))),
        }
    }
}
