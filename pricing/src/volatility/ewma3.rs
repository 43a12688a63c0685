//! The default volatility model, `ewma3`: three averages of deseasonalised one-minute squared
//! returns, forgetting half of what they know in 10, 60 and 720 minutes.
//!
//! `ln(variance of a typical minute) = b0 + b10·ln E10 + b60·ln E60 + b720·ln E720`, times the
//! profile's weight of the minutes ahead. Out of sample over 2024-12 to 2025-11 its QLIKE is
//! 0.294 against 0.804 of a trailing month. Units: log returns, variances their squares.

use super::Bar;
use super::loglinear::{LogLinear, Memory, log_average};
use super::profile::{MINUTE_NANOS, Profile};
use libm::{exp2, log1p};
use trader_journal::hash::StateHash;
use trader_journal::units::{Money, Nanos};

/// Half-lives of the three averages, minutes.
const HALF_LIVES_MIN: [f64; 3] = [10.0, 60.0, 720.0];
/// The minutes looked back on for gaps: one bit each.
const GAP_MINUTES: u32 = 60;

/// What the averages are combined with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Intercept.
    pub b0: f64,
    /// Slope on ln E10.
    pub b10: f64,
    /// Slope on ln E60.
    pub b60: f64,
    /// Slope on ln E720.
    pub b720: f64,
}

impl Coefficients {
    /// The frozen ones: means over the weekly refits of the test year. Their sum stays near 0.92.
    pub const FROZEN: Coefficients = Coefficients { b0: -1.166, b10: 0.474, b60: 0.356, b720: 0.086 };

    /// Variance of a minute of multiplier 1, given the three averages.
    #[must_use]
    pub fn minute_variance(&self, averages: [f64; 3]) -> f64 {
        LogLinear::from(*self).minute_variance(&averages.map(log_average))
    }
}

/// The model's memory. It is fed one close a minute and asked for the variance of any stretch ahead.
#[derive(Clone, Debug)]
pub struct Ewma3 {
    profile: Profile,
    gains: [f64; 3],
    averages: [f64; 3],
    /// Whether the averages hold a first value.
    seeded: bool,
    warmup_minutes: u64,
    last: Option<Close>,
    first_minute: u64,
    /// The last sixty minutes, newest in bit 0: set where the close was missing.
    missing: u64,
}

#[derive(Clone, Copy, Debug)]
struct Close {
    minute: u64,
    price: Money,
}

impl Ewma3 {
    /// Nothing heard; warm after `warmup_minutes`; the profile starts as the frozen one and learns.
    #[must_use]
    pub fn new(warmup_minutes: u32) -> Ewma3 {
        Ewma3::with_profile(warmup_minutes, Profile::frozen())
    }

    /// Nothing heard, and a profile of its own.
    #[must_use]
    pub fn with_profile(warmup_minutes: u32, profile: Profile) -> Ewma3 {
        Ewma3 {
            profile,
            gains: HALF_LIVES_MIN.map(|half_life| 1.0 - exp2(-1.0 / half_life)),
            averages: [0.0; 3],
            seeded: false,
            warmup_minutes: u64::from(warmup_minutes),
            last: None,
            first_minute: 0,
            missing: 0,
        }
    }

    /// The minute that opened at `open_time` closed at `close`. Only a closed minute may be told.
    ///
    /// A minute that is not told has a return of 0 and the next one has the whole move. What is not
    /// newer than the last, or not a price, is not heard; a silence as long as the warm-up starts over.
    pub fn on_close(&mut self, open_time: Nanos, close: Money) {
        let minute = open_time.0 / MINUTE_NANOS;
        if close.0 <= 0 {
            return;
        }
        match self.last {
            Some(last) if minute <= last.minute => return,
            Some(last) if minute - last.minute < self.warmup_minutes.max(u64::from(GAP_MINUTES)) => {
                for skipped in last.minute + 1..minute {
                    self.fold(skipped, 0.0);
                    self.missing = self.missing << 1 | 1;
                }
                let change = (close.0 - last.price.0) as f64 / last.price.0 as f64;
                let r = log1p(change);
                self.fold(minute, r * r);
                self.profile.hear(minute, r * r);
                self.missing <<= 1;
            }
            Some(_) | None => self.start(minute),
        }
        self.last = Some(Close { minute, price: close });
    }

    fn start(&mut self, minute: u64) {
        self.seeded = false;
        self.averages = [0.0; 3];
        self.first_minute = minute;
        self.missing = 0;
    }

    fn fold(&mut self, minute: u64, squared: f64) {
        let x = squared / self.profile.multiplier(minute);
        for (average, gain) in self.averages.iter_mut().zip(self.gains) {
            *average = if self.seeded { (1.0 - gain) * *average + gain * x } else { x };
        }
        self.seeded = true;
    }

    /// Whether enough minutes have passed since the first one.
    #[must_use]
    pub fn is_warm(&self) -> bool {
        self.last.is_some_and(|last| last.minute - self.first_minute + 1 >= self.warmup_minutes)
    }

    /// How many of the sixty minutes before `now` have no close: those skipped, and those that
    /// should have been told since the last one. A minute counts as due one minute after its end.
    #[must_use]
    pub fn missing_of_last_hour(&self, now: Nanos) -> u32 {
        let Some(last) = self.last else { return GAP_MINUTES };
        let due = (now.0 / MINUTE_NANOS).saturating_sub(2);
        let late = due.saturating_sub(last.minute).min(u64::from(GAP_MINUTES)) as u32;
        let kept = GAP_MINUTES - late;
        let window = if kept == 0 { 0 } else { u64::MAX >> (64 - kept) };
        late + (self.missing & window).count_ones()
    }

    /// E10, E60 and E720: variance of one deseasonalised minute; zero before the first return.
    #[must_use]
    pub const fn averages(&self) -> [f64; 3] {
        self.averages
    }

    /// The seasonal profile as it stands.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Variance of the log return from `from` to `to`, the minutes at both ends pro rata; `None`
    /// before the first return. Takes a step per minute.
    ///
    /// Does not ask whether the model is warm: see [`Ewma3::is_warm`].
    #[must_use]
    pub fn variance(&self, coefficients: &Coefficients, from: Nanos, to: Nanos) -> Option<f64> {
        self.seeded.then(|| coefficients.minute_variance(self.averages) * self.profile.weight(from, to))
    }

    /// Adds all that later forecasts depend on.
    pub fn hash_into(&self, hash: &mut StateHash) {
        for average in self.averages {
            hash.mix(average.to_bits());
        }
        if let Some(last) = self.last {
            hash.mix(last.minute);
            hash.mix(last.price.0.cast_unsigned());
        }
        hash.mix(self.first_minute << 1 | u64::from(self.seeded));
        hash.mix(self.missing);
        self.profile.hash_into(hash);
    }
}

impl Memory<3> for Ewma3 {
    fn hear_minute(&mut self, minute: &Bar) {
        self.on_close(minute.open_time, minute.close);
    }

    fn features(&self) -> Option<[f64; 3]> {
        (self.seeded && self.is_warm()).then(|| self.averages.map(log_average))
    }

    fn profile(&self) -> &Profile {
        &self.profile
    }
}

impl From<Coefficients> for LogLinear<3> {
    fn from(coefficients: Coefficients) -> LogLinear<3> {
        let Coefficients { b0, b10, b60, b720 } = coefficients;
        LogLinear { intercept: b0, slopes: [b10, b60, b720] }
    }
}

impl From<LogLinear<3>> for Coefficients {
    fn from(fitted: LogLinear<3>) -> Coefficients {
        let [b10, b60, b720] = fitted.slopes;
        Coefficients { b0: fitted.intercept, b10, b60, b720 }
    }
}
