//! The form that all fitted models but the trees have: the logarithm of a typical minute's
//! variance is linear in logarithms of averages of the past.

use super::profile::Profile;
use super::{Bar, VolModel};
use libm::{exp, log};
use trader_journal::units::Nanos;

/// Below this the logarithm of an average is not followed.
pub(super) const AVERAGE_MIN: f64 = 1e-10;

/// `ln v = intercept + Σ slope·x`: v is the variance of a minute of multiplier 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogLinear<const N: usize> {
    /// The constant.
    pub intercept: f64,
    /// One per average.
    pub slopes: [f64; N],
}

impl<const N: usize> LogLinear<N> {
    /// Variance of a minute of multiplier 1, given the logarithms of the averages.
    #[must_use]
    pub fn minute_variance(&self, x: &[f64; N]) -> f64 {
        exp(self.slopes.iter().zip(x).fold(self.intercept, |sum, (slope, x)| sum + slope * x))
    }
}

/// What such a model remembers: it hears, and tells its averages.
pub trait Memory<const N: usize> {
    /// What was traded in the minute that closes next, dollars.
    fn hear_traded(&mut self, dollars: f64) {
        let _ = dollars;
    }

    /// A minute has closed.
    fn hear_minute(&mut self, minute: &Bar);

    /// A quarter hour has closed.
    fn hear_quarter(&mut self, quarter: &Bar) {
        let _ = quarter;
    }

    /// Logarithms of the averages, of variances per minute of multiplier 1; `None` until all are known.
    fn features(&self) -> Option<[f64; N]>;

    /// Which minutes of a day have more variance.
    fn profile(&self) -> &Profile;
}

/// A memory and what its averages are combined with: a whole model.
#[derive(Clone, Debug)]
pub struct Fitted<M, const N: usize> {
    /// What it remembers.
    pub memory: M,
    /// What the averages are combined with; may be exchanged at any time.
    pub coefficients: LogLinear<N>,
}

impl<M: Memory<N>, const N: usize> VolModel for Fitted<M, N> {
    fn hear_traded(&mut self, dollars: f64) {
        self.memory.hear_traded(dollars);
    }

    fn hear_minute(&mut self, minute: &Bar) {
        self.memory.hear_minute(minute);
    }

    fn hear_quarter(&mut self, quarter: &Bar) {
        self.memory.hear_quarter(quarter);
    }

    fn variance(&self, from: Nanos, to: Nanos) -> Option<f64> {
        let typical = self.coefficients.minute_variance(&self.memory.features()?);
        Some(typical * self.memory.profile().weight(from, to))
    }
}

/// ln of an average, floored.
pub(super) fn log_average(average: f64) -> f64 {
    log(average.max(AVERAGE_MIN))
}
