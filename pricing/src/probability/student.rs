//! Student's t with variance 1, by the regularised incomplete beta function.
//!
//! P(T ≥ t) = I_x(ν/2, 1/2)/2 with x = ν/(ν + t²); I_x by its continued fraction (DLMF 8.17.22)
//! with Lentz's recurrence, on the side where the fraction converges fast.

use libm::{exp, fabs, lgamma, log, log1p, sqrt};

/// Terms of the continued fraction at most; it needs about ten for ν < 10, fifty at ν = 1000.
const TERMS_MAX: u32 = 400;
/// Relative change at which the fraction stands.
const SETTLED: f64 = 1e-16;
/// Stands in for a zero denominator (Lentz).
const TINY: f64 = 1e-300;

/// A t distribution scaled to variance 1, its constants worked out once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StudentT {
    nu: f64,
    /// √(ν/(ν−2)): from a variance of 1 to t.
    scale: f64,
    /// ln B(ν/2, 1/2).
    log_beta: f64,
}

impl StudentT {
    /// With `nu` degrees of freedom; `None` unless 2 < ν ≤ 1 000 000 (at 2 the variance is infinite).
    #[must_use]
    pub fn new(nu: f64) -> Option<StudentT> {
        if !(nu > 2.0 && nu <= 1e6) {
            return None;
        }
        let half = 0.5 * nu;
        let log_beta = lgamma(half) + lgamma(0.5) - lgamma(half + 0.5);
        Some(StudentT { nu, scale: sqrt(nu / (nu - 2.0)), log_beta })
    }

    /// P(Z ≥ z).
    #[must_use]
    pub fn above(&self, z: f64) -> f64 {
        let (inside, outside) = self.halves(z);
        if z >= 0.0 { outside } else { 0.5 + inside }
    }

    /// P(0 ≤ Z < z) for z ≥ 0.
    #[must_use]
    pub fn within(&self, z: f64) -> f64 {
        self.halves(z).0
    }

    /// P(0 ≤ Z < |z|) and P(Z ≥ |z|), each from the fraction that gives it without a difference.
    fn halves(&self, z: f64) -> (f64, f64) {
        let t = z * self.scale;
        let squared = t * t;
        let x = self.nu / (self.nu + squared);
        let y = squared / (self.nu + squared);
        if y == 0.0 {
            return (0.0, 0.5);
        }
        let (a, b) = (0.5 * self.nu, 0.5);
        // x^a·(1−x)^b / B(a, b); ln x by log1p, since near the centre x is nearly 1.
        let log_x = if squared < self.nu { -log1p(squared / self.nu) } else { log(x) };
        let front = exp(a * log_x + b * log(y) - self.log_beta);
        if x < (a + 1.0) / (a + b + 2.0) {
            let outside = 0.5 * front * fraction(a, b, x) / a;
            (0.5 - outside, outside)
        } else {
            let inside = 0.5 * front * fraction(b, a, y) / b;
            (inside, 0.5 - inside)
        }
    }
}

/// The continued fraction of I_x(a, b).
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for term in 1..=TERMS_MAX {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if fabs(change - 1.0) < SETTLED {
            break;
        }
    }
    value
}

fn away_from_zero(value: f64) -> f64 {
    if fabs(value) < TINY { TINY } else { value }
}
