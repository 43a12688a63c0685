//! Where the closing average will be: its distribution, and what a strike or a bracket of it is worth.
//!
//! The average of the last minute has a log standard deviation `s = σ·√(τ_eff/τ)` around its
//! mean `M`; a [`Distribution`] says how the standardised distance `z = (ln(K/M) − μ)/s` is
//! spread. The formulas and the default's numbers come from a walk-forward study of the Binance
//! minutes of 2022 to 2025; `tests/golden` holds the former to fifty digits.

mod average;
mod distribution;
mod student;

pub use average::{Average, Observed};
pub use distribution::{Distribution, Mixture, Tail};
pub use student::StudentT;

use libm::{exp, log1p};
use trader_journal::event::StrikeKind;
use trader_journal::units::Money;

/// Farther than this from the mean nothing is distinguished; keeps z finite at tiny variances.
const Z_MAX: f64 = 1e12;

/// The distribution of the value a market settles on. Dollars; `sigma` and `drift` in log return.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosingValue {
    /// `M`: where the value would be if nothing moved any more; positive.
    pub mean: f64,
    /// Standard deviation of ln(value); 0 when it is decided.
    pub sigma: f64,
    /// Expected ln(value / mean).
    pub drift: f64,
    /// How the standardised distance is spread.
    pub distribution: Distribution,
}

impl ClosingValue {
    /// P(value < `strike`); a decided value that equals the strike is not below it.
    #[must_use]
    pub fn below(&self, strike: f64) -> f64 {
        match self.place(strike) {
            Place::Decided { below } => f64::from(u8::from(below)),
            Place::At(z) => self.distribution.below(z),
        }
    }

    /// P(value ≥ `strike`), accurate where it is small.
    #[must_use]
    pub fn at_least(&self, strike: f64) -> f64 {
        match self.place(strike) {
            Place::Decided { below } => f64::from(u8::from(!below)),
            Place::At(z) => self.distribution.above(z),
        }
    }

    /// P(`floor` ≤ value < `cap`); the difference is taken on the side where both terms are small.
    #[must_use]
    pub fn between(&self, floor: f64, cap: f64) -> f64 {
        if cap <= floor {
            return 0.0;
        }
        match (self.place(floor), self.place(cap)) {
            (Place::At(low), Place::At(high)) => self.distribution.between(low, high),
            (Place::Decided { below: below_floor }, Place::Decided { below: below_cap }) => {
                f64::from(u8::from(below_cap && !below_floor))
            }
            // One value is either decided or not.
            (Place::At(_), Place::Decided { .. }) | (Place::Decided { .. }, Place::At(_)) => 0.0,
        }
    }

    /// P(YES) of a market, its strikes in dollars as the venue writes them.
    ///
    /// The index is compared in whole cents: `greater 72749.99` is 72750.00 or more, and the
    /// brackets `..= 63799.99` and `63800 ..` leave no gap. What rounding to the cent moves, half
    /// a cent of a bitcoin, is left out. `None` for a kind that has no fair value here.
    #[must_use]
    pub fn yes(&self, kind: StrikeKind, floor: Money, cap: Money) -> Option<f64> {
        let bounds = Bounds::of(kind, floor, cap)?;
        Some(match (bounds.floor, bounds.cap) {
            (Some(low), Some(high)) => self.between(dollars(low), dollars(high)),
            (Some(low), None) => self.at_least(dollars(low)),
            (None, Some(high)) => self.below(dollars(high)),
            (None, None) => 1.0,
        })
    }

    fn place(&self, strike: f64) -> Place {
        if self.sigma <= 0.0 {
            return Place::Decided { below: self.mean * exp(self.drift) < strike };
        }
        if strike <= 0.0 {
            return Place::At(-Z_MAX);
        }
        // ln(K/M) as log1p of an exact difference: near the money K/M alone would cost ten digits.
        let z = (log1p((strike - self.mean) / self.mean) - self.drift) / self.sigma;
        Place::At(z.clamp(-Z_MAX, Z_MAX))
    }
}

/// Where a strike lies in the distribution.
#[derive(Clone, Copy)]
enum Place {
    /// No variance is left: the value is on one side of it.
    Decided { below: bool },
    /// So many standard deviations from the centre.
    At(f64),
}

/// YES of a market as a half-open stretch of values, in whole cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Lowest value that is YES; `None`: no lower end.
    pub floor: Option<Money>,
    /// Lowest value above that is not YES; `None`: no upper end.
    pub cap: Option<Money>,
}

impl Bounds {
    /// The stretch of a strike; `None` for a kind that is not priced or not told yet.
    #[must_use]
    pub const fn of(kind: StrikeKind, floor: Money, cap: Money) -> Option<Bounds> {
        match kind {
            StrikeKind::Greater => Some(Bounds { floor: Some(cent_above(floor)), cap: None }),
            StrikeKind::GreaterOrEqual => Some(Bounds { floor: Some(floor), cap: None }),
            StrikeKind::Less => Some(Bounds { floor: None, cap: Some(cap) }),
            StrikeKind::LessOrEqual => Some(Bounds { floor: None, cap: Some(cent_above(cap)) }),
            StrikeKind::Between => Some(Bounds { floor: Some(floor), cap: Some(cent_above(cap)) }),
            StrikeKind::Unknown | StrikeKind::Unpriced => None,
        }
    }

    /// Whether a settlement value is YES.
    #[must_use]
    pub fn contain(&self, value: Money) -> bool {
        self.floor.is_none_or(|floor| value >= floor) && self.cap.is_none_or(|cap| value < cap)
    }
}

const fn cent_above(money: Money) -> Money {
    Money(money.0.saturating_add(Money::CENT.0))
}

/// Money as a float, exact below nine billion dollars.
pub(crate) fn dollars(money: Money) -> f64 {
    money.0 as f64 / Money::DOLLAR.0 as f64
}
