//! `naive`: the mean squared minute return of the last thirty days; knows nothing of the hour.

use super::profile::MINUTE_NANOS;
use super::{Bar, VolModel};
use alloc::vec::Vec;
use libm::log1p;
use trader_journal::units::{Money, Nanos};

/// Quarter hours of thirty days, and of the week below which nothing is said.
const KEPT: usize = 2_880;
const KEPT_MIN: usize = 672;
const QUARTER_MINUTES: u64 = 15;

/// A month of realised variances. A quarter hour with a minute missing is left out.
#[derive(Clone, Debug)]
pub struct Naive {
    kept: Vec<f64>,
    next: usize,
    last: Option<(u64, Money)>,
    sum: f64,
    minutes: u64,
}

impl Default for Naive {
    fn default() -> Naive {
        Naive { kept: Vec::with_capacity(KEPT), next: 0, last: None, sum: 0.0, minutes: 0 }
    }
}

impl Naive {
    fn keep(&mut self, variance: f64) {
        match self.kept.get_mut(self.next) {
            Some(oldest) => *oldest = variance,
            None => self.kept.push(variance),
        }
        self.next = (self.next + 1) % KEPT;
    }

    /// Mean realised variance of a quarter hour over the last month; `None` before a week.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let enough = self.kept.len() >= KEPT_MIN;
        // Summed anew: a running sum would drift.
        enough.then(|| self.kept.iter().sum::<f64>() / self.kept.len() as f64)
    }
}

impl VolModel for Naive {
    fn hear_minute(&mut self, minute: &Bar) {
        let at = minute.open_time.0 / MINUTE_NANOS;
        if minute.close.0 <= 0 || self.last.is_some_and(|(last, _)| at <= last) {
            return;
        }
        if at.is_multiple_of(QUARTER_MINUTES) {
            (self.sum, self.minutes) = (0.0, 0);
        }
        if let Some((_, before)) = self.last.filter(|(last, _)| at - last == 1) {
            let r = log1p((minute.close.0 - before.0) as f64 / before.0 as f64);
            self.sum += r * r;
            self.minutes += 1;
        }
        self.last = Some((at, minute.close));
        if at % QUARTER_MINUTES == QUARTER_MINUTES - 1 && self.minutes == QUARTER_MINUTES {
            self.keep(self.sum);
        }
    }

    fn variance(&self, from: Nanos, to: Nanos) -> Option<f64> {
        let minutes = to.since(from) as f64 / MINUTE_NANOS as f64;
        Some(self.mean()? / QUARTER_MINUTES as f64 * minutes)
    }
}
