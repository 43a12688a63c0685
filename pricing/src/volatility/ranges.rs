//! `ranges` and `traded`: as `ewma3`, but of the ranges of minutes instead of their returns, and on New
//! York's clock; `traded` also looks at how much money changed hands.
//!
//! A range says five times as much about a minute's variance as its return does (Parkinson 1980), and trading
//! swells with volatility before prices show it. The line hears no traded values yet: `traded` can be judged only.

use super::Bar;
use super::loglinear::{Memory, log_average};
use super::profile::{MINUTE_NANOS, Profile};
use core::f64::consts::LN_2;
use libm::{exp2, log1p};
use trader_journal::hash::StateHash;
use trader_journal::units::Money;

/// Half-lives, minutes: of ranges the first four.
const HALF_LIVES_MIN: [f64; 5] = [3.0, 10.0, 60.0, 720.0, 10_080.0];
const RANGES: usize = 4;
/// Two days, as for `ewma3`; a silence as long starts over.
const WARM_UP: u64 = 2_880;

/// Averages of squared ranges.
#[derive(Clone, Debug)]
pub struct Ranges {
    profile: Profile,
    averages: Averages<RANGES>,
    last: Option<(u64, Money)>,
}

impl Ranges {
    /// Nothing heard.
    #[must_use]
    pub fn new(profile: Profile) -> Ranges {
        Ranges { profile, averages: Averages::new(), last: None }
    }

    /// Hears a minute; tells whether it was one, and how many were missing before it.
    fn hear(&mut self, minute: &Bar) -> Option<u64> {
        let at = minute.open_time.0 / MINUTE_NANOS;
        let price = minute.low.0 > 0 && minute.low <= minute.close && minute.close <= minute.high;
        if !price || minute.open.0 <= 0 || self.last.is_some_and(|(last, _)| at <= last) {
            return None;
        }
        let missing = self.last.map_or(0, |(last, _)| at - last - 1);
        let before = self.last.replace((at, minute.close)).filter(|_| missing < WARM_UP);
        let Some((_, before)) = before else {
            self.averages = Averages::new();
            return Some(missing);
        };
        for _ in 0..missing {
            self.averages.fold(0.0);
        }
        let range = log_ratio(minute.high, minute.low);
        // What the price moved between the candles is in neither of them.
        let gap = log_ratio(minute.open, before);
        self.averages.fold((range * range / (4.0 * LN_2) + gap * gap) / self.profile.multiplier(at));
        let r = log_ratio(minute.close, before);
        self.profile.hear(at, r * r);
        Some(missing)
    }
}

impl Ranges {
    /// Adds all that later forecasts depend on.
    pub fn hash_into(&self, hash: &mut StateHash) {
        for value in self.averages.values {
            hash.mix(value.to_bits());
        }
        hash.mix(self.averages.heard);
        if let Some((minute, close)) = self.last {
            hash.mix(minute);
            hash.mix(close.0.cast_unsigned());
        }
        self.profile.hash_into(hash);
    }
}

impl Memory<RANGES> for Ranges {
    fn hear_minute(&mut self, minute: &Bar) {
        self.hear(minute);
    }

    fn features(&self) -> Option<[f64; RANGES]> {
        self.averages.features()
    }

    fn profile(&self) -> &Profile {
        &self.profile
    }
}

/// [`Ranges`], and averages of the traded value, which has a time of day of its own.
#[derive(Clone, Debug)]
pub struct Traded {
    ranges: Ranges,
    profile: Profile,
    averages: Averages<{ HALF_LIVES_MIN.len() }>,
    /// Of the minute that closes next.
    dollars: f64,
}

impl Traded {
    /// Nothing heard; values begin with the same profile as variances.
    #[must_use]
    pub fn new(profile: Profile) -> Traded {
        Traded { ranges: Ranges::new(profile.clone()), profile, averages: Averages::new(), dollars: 0.0 }
    }
}

impl Memory<9> for Traded {
    fn hear_traded(&mut self, dollars: f64) {
        // One dollar: a minute without a trade is quiet, not infinitely so.
        self.dollars = dollars.max(0.0) + 1.0;
    }

    fn hear_minute(&mut self, minute: &Bar) {
        let Some(missing) = self.ranges.hear(minute) else { return };
        if missing >= WARM_UP {
            self.averages = Averages::new();
        }
        let at = minute.open_time.0 / MINUTE_NANOS;
        self.averages.fold(self.dollars / self.profile.multiplier(at));
        self.profile.hear(at, self.dollars);
    }

    fn features(&self) -> Option<[f64; 9]> {
        let ranges = self.ranges.features()?;
        let values = self.averages.features()?;
        let mut features = [0.0; 9];
        features[..RANGES].copy_from_slice(&ranges);
        features[RANGES..].copy_from_slice(&values);
        Some(features)
    }

    fn profile(&self) -> &Profile {
        &self.ranges.profile
    }
}

/// Averages of the first `N` half-lives.
#[derive(Clone, Debug)]
struct Averages<const N: usize> {
    values: [f64; N],
    gains: [f64; N],
    heard: u64,
}

impl<const N: usize> Averages<N> {
    fn new() -> Averages<N> {
        let gains = core::array::from_fn(|at| 1.0 - exp2(-1.0 / HALF_LIVES_MIN[at]));
        Averages { values: [0.0; N], gains, heard: 0 }
    }

    fn fold(&mut self, x: f64) {
        self.heard += 1;
        // The first ones count alike, or the slow averages would be the first minute for days.
        let first = 1.0 / self.heard as f64;
        for (value, gain) in self.values.iter_mut().zip(self.gains) {
            *value += gain.max(first) * (x - *value);
        }
    }

    fn features(&self) -> Option<[f64; N]> {
        // The first minute has no return, and is not among those heard.
        (self.heard + 1 >= WARM_UP).then(|| self.values.map(log_average))
    }
}

fn log_ratio(a: Money, b: Money) -> f64 {
    log1p((a.0 - b.0) as f64 / b.0 as f64)
}
