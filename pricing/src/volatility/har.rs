//! `har`: means of realised variance over a quarter hour, an hour, four hours, a day and a week
//! (Corsi 2009, here in logarithms and deseasonalised).

use super::Bar;
use super::loglinear::{Memory, log_average};
use super::profile::{MINUTE_NANOS, Profile, SLOT_MINUTES};
use alloc::boxed::Box;
use libm::log1p;
use trader_journal::units::Money;

/// Quarter hours of the means.
const SPANS: [usize; 5] = [1, 4, 16, 96, 672];
const KEPT: usize = 672;

/// A week of realised variances, each the mean over its minutes of `r²/(s·q)`.
///
/// A minute that is missing has a return of 0, as for `ewma3`; after a silence of a week the
/// memory is as new.
#[derive(Clone, Debug)]
pub struct Har {
    profile: Profile,
    kept: Box<[f64; KEPT]>,
    /// How many were ever kept.
    count: usize,
    last: Option<(u64, Money)>,
    /// The running quarter hour, and its sum so far.
    quarter: u64,
    sum: f64,
}

impl Har {
    /// Nothing heard. All memory is taken here.
    #[must_use]
    pub fn new(profile: Profile) -> Har {
        Har { profile, kept: Box::new([0.0; KEPT]), count: 0, last: None, quarter: 0, sum: 0.0 }
    }

    /// Mean of the last `span` quarter hours.
    fn mean(&self, span: usize) -> f64 {
        let values = (1..=span).map(|back| self.kept[(self.count - back) % KEPT]);
        values.sum::<f64>() / span as f64
    }

    /// Ends every quarter hour before `quarter`.
    fn turn(&mut self, quarter: u64) {
        while self.quarter < quarter {
            self.kept[self.count % KEPT] = self.sum / SLOT_MINUTES as f64;
            self.count += 1;
            self.sum = 0.0;
            self.quarter += 1;
        }
    }
}

impl Memory<5> for Har {
    fn hear_minute(&mut self, minute: &Bar) {
        let at = minute.open_time.0 / MINUTE_NANOS;
        let quarter = at / SLOT_MINUTES;
        if minute.close.0 <= 0 || self.last.is_some_and(|(last, _)| at <= last) {
            return;
        }
        match self.last {
            Some((_, before)) if quarter - self.quarter < KEPT as u64 => {
                self.turn(quarter);
                let r = log1p((minute.close.0 - before.0) as f64 / before.0 as f64);
                self.sum += r * r / self.profile.multiplier(at);
                self.profile.hear(at, r * r);
            }
            Some(_) | None => (self.count, self.sum, self.quarter) = (0, 0.0, quarter),
        }
        self.last = Some((at, minute.close));
        if at % SLOT_MINUTES == SLOT_MINUTES - 1 {
            self.turn(quarter + 1);
        }
    }

    fn features(&self) -> Option<[f64; 5]> {
        (self.count >= KEPT).then(|| SPANS.map(|span| log_average(self.mean(span))))
    }

    fn profile(&self) -> &Profile {
        &self.profile
    }
}
