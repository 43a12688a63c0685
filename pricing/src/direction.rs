//! Which way: the chance that the next quarter hour closes above this one, by logistic regression.
//!
//! What there is to know is small: a slight reversal, worth some 0.15 % of ln 2 out of sample. So the
//! probability is shrunk toward one half and clipped before anybody uses it, and only as a drift of the
//! closing average; a contract's probability is neither shrunk nor clipped.

use crate::volatility::Bar;
use core::f64::consts::PI;
use libm::{cos, exp, log1p, sin, sqrt};
use trader_journal::units::Nanos;

/// What the regression looks at, in this order: returns of the last 1, 2, 4, 16 and 96 quarter hours and the
/// distance of the close from the mean of the last 20, in standard deviations; RSI of 14 around 0; taker imbalance
/// of one and of four quarter hours; sine and cosine of the time of day; whether it is calm or wild now.
pub const FEATURES: usize = 12;

const RETURNS: [usize; 5] = [1, 2, 4, 16, 96];
const MEAN_OF: usize = 20;
const RSI_OF: usize = 14;
const KEPT: usize = 97;
/// Features are followed so far.
const FEATURE_MAX: f64 = 6.0;
const QUARTER_NANOS: u64 = 900 * Nanos::SECOND;
const QUARTERS_A_DAY: u64 = 96;
/// Averages of squared returns: a quarter of a day, and three days.
const GAINS: [f64; 2] = [1.0 / 24.0, 1.0 / 288.0];

/// A day of closes, and what was bought and sold.
#[derive(Clone, Debug)]
pub struct Trend {
    /// Logarithms of closes over the first, newest last, `used` of them.
    closes: [f64; KEPT],
    used: usize,
    /// Taker imbalance, −1 ..= 1, of the last four.
    imbalances: [f64; 4],
    variances: [f64; 2],
    last: Option<Bar>,
}

impl Default for Trend {
    fn default() -> Trend {
        Trend { closes: [0.0; KEPT], used: 0, imbalances: [0.0; 4], variances: [0.0; 2], last: None }
    }
}

impl Trend {
    /// A quarter hour has closed; `imbalance` is what takers bought less what they sold, over both, 0 where
    /// it is not known. After a gap everything is forgotten.
    pub fn hear(&mut self, quarter: &Bar, imbalance: f64) {
        if quarter.close.0 <= 0 || self.last.is_some_and(|last| quarter.open_time <= last.open_time) {
            return;
        }
        let follows = |last: &Bar| last.open_time.plus(QUARTER_NANOS) == quarter.open_time;
        let step = match self.last.filter(follows) {
            Some(last) => log1p((quarter.close.0 - last.close.0) as f64 / last.close.0 as f64),
            None => {
                *self = Trend::default();
                0.0
            }
        };
        self.last = Some(*quarter);
        let close = if self.used == 0 { 0.0 } else { self.back(0) + step };
        if self.used == KEPT {
            self.closes.copy_within(1.., 0);
            self.used -= 1;
        }
        self.closes[self.used] = close;
        self.used += 1;
        self.imbalances.copy_within(1.., 0);
        self.imbalances[3] = imbalance.clamp(-1.0, 1.0);
        for (variance, gain) in self.variances.iter_mut().zip(GAINS) {
            let first = 1.0 / self.used as f64;
            *variance += gain.max(first) * (step * step - *variance);
        }
    }

    fn back(&self, quarters: usize) -> f64 {
        self.closes[self.used - 1 - quarters]
    }

    /// The features as [`FEATURES`] lists them; `None` before a day was heard, or where nothing moved.
    #[must_use]
    pub fn features(&self) -> Option<[f64; FEATURES]> {
        let sigma = sqrt(self.variances[0]);
        if self.used < KEPT || sigma <= 0.0 || self.variances[1] <= 0.0 {
            return None;
        }
        let mut x = [0.0; FEATURES];
        for (x, span) in x.iter_mut().zip(RETURNS) {
            *x = (self.back(0) - self.back(span)) / (sigma * sqrt(span as f64));
        }
        x[5] = self.stretch();
        x[6] = self.strength();
        x[7] = self.imbalances[3];
        x[8] = self.imbalances.iter().sum::<f64>() / 4.0;
        let quarter = self.last?.open_time.0 / QUARTER_NANOS % QUARTERS_A_DAY;
        let angle = 2.0 * PI * quarter as f64 / QUARTERS_A_DAY as f64;
        (x[9], x[10]) = (sin(angle), cos(angle));
        x[11] = 0.5 * libm::log(self.variances[0] / self.variances[1]);
        Some(x.map(|x| x.clamp(-FEATURE_MAX, FEATURE_MAX)))
    }

    /// z of the close in the last twenty.
    fn stretch(&self) -> f64 {
        let values = || (0..MEAN_OF).map(|back| self.back(back));
        let mean = values().sum::<f64>() / MEAN_OF as f64;
        let variance = values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / MEAN_OF as f64;
        if variance > 0.0 { (self.back(0) - mean) / sqrt(variance) } else { 0.0 }
    }

    /// RSI as −1 ..= 1: rises less falls over both.
    fn strength(&self) -> f64 {
        let steps = || (0..RSI_OF).map(|back| self.back(back) - self.back(back + 1));
        let both: f64 = steps().map(f64::abs).sum();
        if both > 0.0 { steps().sum::<f64>() / both } else { 0.0 }
    }
}

/// The regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FairValue {
    /// The constant.
    pub intercept: f64,
    /// One per feature.
    pub slopes: [f64; FEATURES],
}

impl FairValue {
    /// P(up), as fitted.
    #[must_use]
    pub fn probability(&self, x: &[f64; FEATURES]) -> f64 {
        let logit = self.slopes.iter().zip(x).fold(self.intercept, |sum, (slope, x)| sum + slope * x);
        1.0 / (1.0 + exp(-logit))
    }
}

/// How far a direction is believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// 0: not at all, every probability is one half; 1: as fitted.
    pub shrinkage: f64,
    /// Lowest probability given.
    pub clip_low: f64,
    /// Highest probability given.
    pub clip_high: f64,
}

impl Belief {
    /// What the reference system does.
    pub const DEFAULT: Belief = Belief { shrinkage: 0.3, clip_low: 0.35, clip_high: 0.65 };

    /// A probability as it may be used; one half for what is none.
    #[must_use]
    pub fn of(&self, probability: f64) -> f64 {
        let shrunk = 0.5 + self.shrinkage * (probability - 0.5);
        if shrunk.is_finite() { shrunk.max(self.clip_low).min(self.clip_high) } else { 0.5 }
    }
}
