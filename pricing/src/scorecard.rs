//! Our probability against the market's own mid, over the last settled evaluations.
//!
//! When the model scores worse than the mid it watches and does not trade. Integer
//! arithmetic: a rolling sum that is only ever added to and taken from stays exact.

use alloc::vec::Vec;
use trader_journal::hash::StateHash;

/// Probabilities are compared in 1e-6, so that a square fits an integer with room to sum.
const UNIT: i64 = 1_000_000;

/// The rolling comparison of Brier scores.
#[derive(Debug)]
pub struct Scorecard {
    /// Per settled evaluation: our squared error minus the mid's, in 1e-12.
    differences: Vec<i64>,
    next: usize,
    window: usize,
    settled_min: usize,
    sum: i64,
}

impl Scorecard {
    /// Compares the last `window` settled evaluations (at least one); no verdict below `settled_min` of them.
    #[must_use]
    pub fn new(window: usize, settled_min: usize) -> Scorecard {
        let window = window.max(1);
        Scorecard { differences: Vec::with_capacity(window), next: 0, window, settled_min, sum: 0 }
    }

    /// One evaluation settled: our probability and the mid's, both in 1e-6, and whether YES came.
    pub fn settle(&mut self, ours_e6: u32, mid_e6: u32, yes: bool) {
        let difference = squared_error(ours_e6, yes) - squared_error(mid_e6, yes);
        self.sum += difference;
        if self.differences.len() < self.window {
            self.differences.push(difference);
        } else {
            self.sum -= core::mem::replace(&mut self.differences[self.next], difference);
        }
        self.next = (self.next + 1) % self.window;
    }

    /// Whether enough evaluations have settled and the market's mid scored better than we did.
    #[must_use]
    pub fn is_behind_market(&self) -> bool {
        self.differences.len() >= self.settled_min && self.sum > 0
    }

    /// Our mean Brier score minus the mid's over the settled evaluations, and their number.
    #[must_use]
    pub fn difference(&self) -> (f64, usize) {
        let settled = self.differences.len();
        (self.sum as f64 / (UNIT * UNIT) as f64 / settled.max(1) as f64, settled)
    }

    /// Mixes all that later decisions depend on.
    pub fn hash_into(&self, hash: &mut StateHash) {
        for difference in &self.differences {
            hash.mix(difference.cast_unsigned());
        }
        hash.mix(self.next as u64);
    }
}

fn squared_error(probability_e6: u32, yes: bool) -> i64 {
    let outcome = if yes { UNIT } else { 0 };
    let error = i64::from(probability_e6) - outcome;
    error * error
}
