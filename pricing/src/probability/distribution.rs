//! How a standardised distance is spread. All four are symmetric with variance 1 (the tail
//! adjustment nearly so), and all are accurate relative to the smaller side.

use super::student::StudentT;
use core::f64::consts::FRAC_1_SQRT_2;
use libm::{erf, erfc, fabs, sqrt};

/// Nearer to the centre than this, differences are taken of distances from the centre.
const NEAR_CENTRE: f64 = 0.5;

/// The spread of z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// The plain one: too wide in the middle, too thin beyond 2.5.
    Normal,
    /// Student's t scaled to variance 1.
    StudentT(StudentT),
    /// A calm and a wild normal.
    Mixture(Mixture),
    /// A normal of a bent z: the default.
    TailAdjusted(Tail),
}

impl Distribution {
    /// P(Z < z).
    #[must_use]
    pub fn below(&self, z: f64) -> f64 {
        self.above(-z)
    }

    /// P(Z ≥ z), relatively accurate for large z.
    #[must_use]
    pub fn above(&self, z: f64) -> f64 {
        match self {
            Distribution::Normal => normal_above(z),
            Distribution::StudentT(student) => student.above(z),
            Distribution::Mixture(mixture) => mixture.blend(z, normal_above),
            Distribution::TailAdjusted(tail) => normal_above(tail.bend(z)),
        }
    }

    /// P(`low` ≤ Z < `high`); 0 when they are out of order.
    #[must_use]
    pub fn between(&self, low: f64, high: f64) -> f64 {
        if high <= low {
            return 0.0;
        }
        if low < 0.0 && high > 0.0 {
            return self.within(-low) + self.within(high);
        }
        // Both on one side; by symmetry, on the right.
        let (near, far) = if low >= 0.0 { (low, high) } else { (-high, -low) };
        let difference =
            if far < NEAR_CENTRE { self.within(far) - self.within(near) } else { self.above(near) - self.above(far) };
        difference.max(0.0)
    }

    /// P(0 ≤ Z < z) for z ≥ 0, relatively accurate for small z.
    fn within(&self, z: f64) -> f64 {
        match self {
            Distribution::Normal => normal_within(z),
            Distribution::StudentT(student) => student.within(z),
            Distribution::Mixture(mixture) => mixture.blend(z, normal_within),
            Distribution::TailAdjusted(tail) => normal_within(tail.bend(z)),
        }
    }
}

fn normal_above(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}

fn normal_within(z: f64) -> f64 {
    0.5 * erf(z * FRAC_1_SQRT_2)
}

/// Two normals of total variance 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    wild_weight: f64,
    calm_sigma: f64,
    wild_sigma: f64,
}

impl Mixture {
    /// Weight of the wild one (0 ..= 1) and how many times wider it is (> 0); `None` outside.
    #[must_use]
    pub fn new(wild_weight: f64, times_wider: f64) -> Option<Mixture> {
        let legal = (0.0..=1.0).contains(&wild_weight) && times_wider > 0.0 && times_wider.is_finite();
        let variance = 1.0 - wild_weight + wild_weight * times_wider * times_wider;
        let calm_sigma = 1.0 / sqrt(variance);
        legal.then_some(Mixture { wild_weight, calm_sigma, wild_sigma: times_wider * calm_sigma })
    }

    fn blend(&self, z: f64, probability: fn(f64) -> f64) -> f64 {
        (1.0 - self.wild_weight) * probability(z / self.calm_sigma)
            + self.wild_weight * probability(z / self.wild_sigma)
    }
}

/// `z1 = z/s0`, `z2 = z1/(1 + κ·max(|z1| − z0, 0))`: narrower in the middle, never beyond 1/κ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    s0: f64,
    kappa: f64,
    z0: f64,
}

impl Tail {
    /// The pooled fit, one set for every time to the close.
    pub const DEFAULT: Tail = Tail { s0: 0.87, kappa: 0.20, z0: 1.5 };

    /// Its three numbers. `None` unless s0 > 0, κ ≥ 0, z0 ≥ 0 and κ·z0 < 1, beyond which the map would
    /// not rise everywhere.
    #[must_use]
    pub fn new(s0: f64, kappa: f64, z0: f64) -> Option<Tail> {
        let legal = s0 > 0.0 && s0.is_finite() && kappa >= 0.0 && z0 >= 0.0 && kappa * z0 < 1.0;
        legal.then_some(Tail { s0, kappa, z0 })
    }

    fn bend(&self, z: f64) -> f64 {
        let z1 = z / self.s0;
        z1 / (1.0 + self.kappa * (fabs(z1) - self.z0).max(0.0))
    }
}
