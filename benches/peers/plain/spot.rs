//! Where the index is now: its last tick, moved on by the spot market since.

use std::collections::VecDeque;

const SAMPLES: usize = 128;
const APART_NS: u64 = 50_000_000;
const SLACK_NS: u64 = 25_000_000;

#[derive(Clone, Copy)]
pub(crate) struct Tick {
    pub(crate) ts: u64,
    venue_ts: u64,
    value: f64,
}

pub(crate) struct Spot {
    /// Arrival and price, newest last.
    samples: VecDeque<(u64, f64)>,
    last: Option<(u64, f64)>,
    latency_ns: f64,
    pub(crate) tick: Option<Tick>,
    before: Option<Tick>,
    error_squared: f64,
    /// The index's own average over the minute that ended then.
    pub(crate) closed: Option<(u64, f64)>,
}

impl Spot {
    pub(crate) fn new() -> Spot {
        Spot {
            samples: VecDeque::new(),
            last: None,
            latency_ns: 0.0,
            tick: None,
            before: None,
            error_squared: 1e-8,
            closed: None,
        }
    }

    pub(crate) fn hear_source(&mut self, ts: u64, venue_ts: u64, price: f64) {
        let latency_ns = (ts.saturating_sub(venue_ts) as f64).min(1e9);
        self.latency_ns += (latency_ns - self.latency_ns) / 64.0;
        self.last = Some((ts, price));
        match self.samples.back_mut() {
            Some(newest) if ts - newest.0 < APART_NS => newest.1 = price,
            _ => self.samples.push_back((ts, price)),
        }
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
    }

    pub(crate) fn hear_index(&mut self, ts: u64, venue_ts: u64, value: f64, closed: Option<f64>) {
        let is_old = self.tick.is_some_and(|tick| venue_ts <= tick.venue_ts && ts - tick.ts < 10 * super::SECOND);
        if is_old {
            return;
        }
        self.measure_error();
        if let Some(average) = closed {
            self.closed = Some(((venue_ts + super::SECOND / 2) / super::SECOND * super::SECOND, average));
        }
        self.before = self.tick;
        self.tick = Some(Tick { ts, venue_ts, value });
    }

    fn measure_error(&mut self) -> Option<()> {
        let (from, to) = (self.before?, self.tick?);
        if to.venue_ts - from.venue_ts <= 3 * super::SECOND {
            let (then, now) = (self.at_venue(from.venue_ts)?, self.at_venue(to.venue_ts)?);
            let error = (to.value / from.value * (then / now)).ln();
            self.error_squared += 0.0115 * (error * error - self.error_squared);
        }
        Some(())
    }

    fn at_venue(&self, venue_ts: u64) -> Option<f64> {
        let arrival = venue_ts + self.latency_ns as u64 + SLACK_NS;
        self.samples.iter().rev().find(|sample| sample.0 <= arrival).map(|sample| sample.1)
    }

    /// Dollars, and the standard deviation of its logarithm's error.
    pub(crate) fn estimate(&self) -> Option<(f64, f64)> {
        let tick = self.tick?;
        let moved = self.last.and_then(|last| Some(last.1 / self.at_venue(tick.venue_ts)?));
        Some((tick.value * moved.unwrap_or(1.0), self.error_squared.sqrt()))
    }

    pub(crate) fn source_ts(&self) -> u64 {
        self.last.map_or(0, |last| last.0)
    }
}
