//! How far spot stands above the index: a slow random walk that is pulled back to its mean.
//!
//! Coinbase against BRTI, measured over 27,700 quarter hours: median +0.64 bp, 5 % to 95 %
//! −1.34 .. +2.77 bp. A normal with the mean and width of those two quantiles has its median at
//! 0.715 bp, which is what is used. Its half-life was not published and is a choice: over ten minutes
//! the basis changes by 1.4 bp within a quarter hour, which turns the result of one window in forty at
//! 18 bp of volatility (by calculation); between venues one in thirty was measured to differ.

use super::chance::{Chance, Purpose};

const MEAN_BP: f64 = 0.715;
const DEVIATION_BP: f64 = 1.25;
/// What one minute keeps of the distance to the mean: 2^(−1/10), a half-life of ten minutes.
const KEEP: f64 = 0.933_032_991_536_807_4;
/// √(1 − KEEP²): what one minute adds, so that the deviation stays what it is.
const ADD: f64 = 0.359_790_823_540_395_3;
const DAY_MINUTES: u64 = 24 * 60;
const MINUTE_SECONDS: u64 = 60;
const BP: f64 = 1e-4;

/// The basis of one UTC day at a time.
pub(super) struct Basis {
    seed: u64,
    day: Option<u64>,
    /// Distance to the mean in deviations at each minute of `day`, the next midnight included.
    knots: Vec<f64>,
}

impl Basis {
    pub(super) fn new(seed: u64) -> Basis {
        Basis { seed, day: None, knots: Vec::with_capacity(DAY_MINUTES as usize + 1) }
    }

    /// Spot over index − 1, as a fraction, at `second` (seconds since the Unix epoch).
    pub(super) fn at(&mut self, second: u64) -> f64 {
        let (minute, into) = (second / MINUTE_SECONDS, second % MINUTE_SECONDS);
        self.turn_to(minute / DAY_MINUTES);
        let knot = (minute % DAY_MINUTES) as usize;
        let (from, to) = (self.knots[knot], self.knots[knot + 1]);
        let walk = from + (to - from) * (into as f64 / MINUTE_SECONDS as f64);
        (MEAN_BP + DEVIATION_BP * walk) * BP
    }

    /// The walk is started a whole day earlier: what the start leaves behind after 144 half-lives is
    /// far below a cent, so any day can be opened alone and still joins the day before it.
    fn turn_to(&mut self, day: u64) {
        if self.day == Some(day) {
            return;
        }
        self.day = Some(day);
        self.knots.clear();
        let midnight = day * DAY_MINUTES;
        let mut walk = 0.0;
        for minute in midnight.saturating_sub(DAY_MINUTES)..=midnight + DAY_MINUTES {
            walk = KEEP * walk + ADD * Chance::new(self.seed, Purpose::Basis, minute).normal();
            if minute >= midnight {
                self.knots.push(walk);
            }
        }
    }
}
