//! The last seconds of a source, so that the index's moment can be found in it.

use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;

/// Samples kept; at [`APART_NANOS`] a busy source is remembered for six seconds.
const SAMPLES: usize = 128;
/// Ticks nearer together than this share a sample.
const APART_NANOS: u64 = 50 * Nanos::MILLI;
/// How fast the measured latency follows.
const LATENCY_GAIN: f64 = 1.0 / 64.0;
/// A latency beyond is a clock that is off.
const LATENCY_MAX: f64 = 1e9;
/// Allowed for a tick that takes a little longer than usual.
const SLACK_NANOS: u64 = 25 * Nanos::MILLI;

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    ts: Nanos,
    price: f64,
}

/// One source's recent prices by their arrival.
#[derive(Debug)]
pub(super) struct Trail {
    samples: [Sample; SAMPLES],
    newest: usize,
    last: Sample,
    /// Mean time from the source's own stamp to arrival, ns.
    latency: f64,
}

impl Trail {
    pub(super) const fn new() -> Trail {
        let none = Sample { ts: Nanos(0), price: 0.0 };
        Trail { samples: [none; SAMPLES], newest: 0, last: none, latency: 0.0 }
    }

    pub(super) fn hear(&mut self, ts: Nanos, venue_ts: Option<Nanos>, price: f64) {
        if let Some(venue_ts) = venue_ts {
            let latency = (ts.since(venue_ts) as f64).min(LATENCY_MAX);
            self.latency += LATENCY_GAIN * (latency - self.latency);
        }
        self.last = Sample { ts, price };
        if ts.since(self.samples[self.newest].ts) >= APART_NANOS {
            self.newest = (self.newest + 1) % SAMPLES;
            self.samples[self.newest].ts = ts;
        }
        self.samples[self.newest].price = price;
    }

    pub(super) fn forget(&mut self) {
        *self = Trail { latency: self.latency, ..Trail::new() };
    }

    /// Arrival of the newest tick; zero when there is none.
    pub(super) const fn ts(&self) -> Nanos {
        self.last.ts
    }

    /// The newest price.
    pub(super) fn last(&self) -> Option<f64> {
        (self.last.ts.0 > 0).then_some(self.last.price)
    }

    /// The price when the venue's clock showed `venue_ts`: what had arrived one usual latency later.
    /// `None` when that lies behind the trail's end.
    pub(super) fn at_venue(&self, venue_ts: Nanos) -> Option<f64> {
        let arrival = venue_ts.plus(self.latency as u64 + SLACK_NANOS);
        let backwards = (0..SAMPLES).map(|back| &self.samples[(self.newest + SAMPLES - back) % SAMPLES]);
        let found = backwards.take_while(|sample| sample.ts.0 > 0).find(|sample| sample.ts <= arrival)?;
        Some(found.price)
    }

    pub(super) fn hash_into(&self, hash: &mut StateHash) {
        for sample in self.samples.iter().filter(|sample| sample.ts.0 > 0).chain([&self.last]) {
            hash.mix(sample.ts.0);
            hash.mix(sample.price.to_bits());
        }
        hash.mix(self.newest as u64);
        hash.mix(self.latency.to_bits());
    }
}
