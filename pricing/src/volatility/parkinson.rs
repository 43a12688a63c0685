//! `parkinson`: averages of the squared range of 15-minute candles, for where only those are there.
//!
//! `ln(H/L)²/(4 ln 2)` is an unbiased variance of a Brownian path from its range alone (Parkinson
//! 1980). Five averages that forget half of what they know in 1, 4, 16, 96 and 672 candles.

use super::Bar;
use super::loglinear::{Memory, log_average};
use super::profile::{MINUTE_NANOS, Profile, SLOT_MINUTES};
use core::f64::consts::LN_2;
use libm::{exp2, log1p};

const HALF_LIVES: [f64; 5] = [1.0, 4.0, 16.0, 96.0, 672.0];
/// Two days of candles.
const WARM_UP: u64 = 192;

/// The averages, of variances per minute of multiplier 1.
#[derive(Clone, Debug)]
pub struct Parkinson {
    profile: Profile,
    gains: [f64; 5],
    averages: [f64; 5],
    heard: u64,
    last: u64,
}

impl Parkinson {
    /// Nothing heard.
    #[must_use]
    pub fn new(profile: Profile) -> Parkinson {
        let gains = HALF_LIVES.map(|half_life| 1.0 - exp2(-1.0 / half_life));
        Parkinson { profile, gains, averages: [0.0; 5], heard: 0, last: 0 }
    }
}

impl Memory<5> for Parkinson {
    fn hear_minute(&mut self, _: &Bar) {}

    fn hear_quarter(&mut self, quarter: &Bar) {
        let minute = quarter.open_time.0 / MINUTE_NANOS;
        if quarter.low.0 <= 0 || quarter.high < quarter.low || self.heard > 0 && minute <= self.last {
            return;
        }
        let range = log1p((quarter.high.0 - quarter.low.0) as f64 / quarter.low.0 as f64);
        let variance = range * range / (4.0 * LN_2);
        let weight: f64 = (minute..minute + SLOT_MINUTES).map(|minute| self.profile.multiplier(minute)).sum();
        let x = variance / weight;
        for (average, gain) in self.averages.iter_mut().zip(self.gains) {
            // The first ones count alike, or the slow averages would be the first candle for days.
            *average += gain.max(1.0 / (self.heard + 1) as f64) * (x - *average);
        }
        self.heard += 1;
        self.last = minute;
        self.profile.hear_quarter(minute, variance);
    }

    fn features(&self) -> Option<[f64; 5]> {
        (self.heard >= WARM_UP).then(|| self.averages.map(log_average))
    }

    fn profile(&self) -> &Profile {
        &self.profile
    }
}
