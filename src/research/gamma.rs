//! Fits `ln v = intercept + slopes·x` so that QLIKE is smallest: a gamma regression with a log link.
//!
//! Minimises `mean(y·e^{−f} + f)` plus a small ridge on the slopes of centred regressors, by Newton's
//! steps from the least squares of `ln y`. Steps as the volatility study has them.

use trader_pricing::volatility::LogLinear;

/// One moment of the past: what was known, and what came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<const N: usize> {
    /// The regressors.
    pub x: [f64; N],
    /// Realised variance of a minute of multiplier 1.
    pub y: f64,
}

/// A second parameter of the fit, on top of the data.
const RIDGE: f64 = 1e-4;
/// A step this small ends it.
const STEP_MIN: f64 = 1e-8;
const STEPS_MAX: usize = 30;
/// One sample counts at most so much: `y/h`.
const RATIO_MAX: f64 = 50.0;
/// Realised variances are lifted to this before their logarithm is taken.
const REALISED_MIN: f64 = 1e-12;

/// The best coefficients; `None` where the samples do not determine them, or the steps do not end.
#[must_use]
pub fn fit<const N: usize>(samples: &[Sample<N>]) -> Option<LogLinear<N>> {
    let centre = centre(samples)?;
    let centred = || samples.iter().map(|sample| (lift(sample, &centre), sample.y));
    let mut b = least_squares(N + 1, centred())?;
    for _ in 0..STEPS_MAX {
        let step = newton(centred(), &b)?;
        for (b, step) in b.iter_mut().zip(&step) {
            *b += step;
        }
        if step.iter().all(|step| step.abs() < STEP_MIN) {
            return Some(uncentred(&b, &centre));
        }
    }
    None
}

fn centre<const N: usize>(samples: &[Sample<N>]) -> Option<[f64; N]> {
    let mut sum = [0.0; N];
    for sample in samples {
        for (sum, x) in sum.iter_mut().zip(&sample.x) {
            *sum += x;
        }
    }
    (samples.len() > N + 1).then(|| sum.map(|sum| sum / samples.len() as f64))
}

/// A row of the regression: 1 and the centred regressors, of which there are at most fifteen.
type Row = [f64; COLUMNS_MAX];
const COLUMNS_MAX: usize = 16;

fn lift<const N: usize>(sample: &Sample<N>, centre: &[f64; N]) -> Row {
    const { assert!(N < COLUMNS_MAX) };
    let mut row = [0.0; COLUMNS_MAX];
    row[0] = 1.0;
    for ((column, x), centre) in row[1..].iter_mut().zip(&sample.x).zip(centre) {
        *column = x - centre;
    }
    row
}

fn uncentred<const N: usize>(b: &[f64], centre: &[f64; N]) -> LogLinear<N> {
    let slopes: [f64; N] = std::array::from_fn(|at| b[at + 1]);
    let intercept = b[0] - slopes.iter().zip(centre).map(|(slope, centre)| slope * centre).sum::<f64>();
    LogLinear { intercept, slopes }
}

fn least_squares(columns: usize, rows: impl Iterator<Item = (Row, f64)>) -> Option<Vec<f64>> {
    let mut system = System::default();
    for (z, y) in rows {
        system.add(&z[..columns], 1.0, y.max(REALISED_MIN).ln());
    }
    system.ridge(None);
    system.solve()
}

/// `H⁻¹g` with `g = mean(z(q − 1)) − ridge·b` and, as the study has it, half of the expected curvature
/// and half of the observed one: `H = mean(z zᵀ (q/2 + 1/2)) + ridge`.
fn newton(rows: impl Iterator<Item = (Row, f64)>, b: &[f64]) -> Option<Vec<f64>> {
    let mut system = System::default();
    for (z, y) in rows {
        let f: f64 = z.iter().zip(b).map(|(z, b)| z * b).sum();
        let ratio = (y * (-f).exp()).min(RATIO_MAX);
        system.add(&z[..b.len()], 0.5 * ratio + 0.5, ratio - 1.0);
    }
    system.ridge(Some(b));
    system.solve()
}

/// A symmetric system `A x = g`, summed row by row.
#[derive(Default)]
pub(super) struct System {
    a: Vec<f64>,
    g: Vec<f64>,
    count: f64,
}

impl System {
    /// One row: its part of the matrix has `weight`, its part of the right side is `z·gradient`.
    pub(super) fn add(&mut self, z: &[f64], weight: f64, gradient: f64) {
        let n = z.len();
        self.a.resize(n * n, 0.0);
        self.g.resize(n, 0.0);
        for row in 0..n {
            self.g[row] += z[row] * gradient;
            for column in 0..=row {
                self.a[row * n + column] += weight * z[row] * z[column];
            }
        }
        self.count += 1.0;
    }

    /// Divides by the number of samples and adds the ridge; `b` is where the step begins.
    fn ridge(&mut self, b: Option<&[f64]>) {
        self.ridge_of(RIDGE, b);
    }

    /// As [`System::ridge`], of another size.
    pub(super) fn ridge_of(&mut self, ridge: f64, b: Option<&[f64]>) {
        let n = self.g.len();
        for row in 0..n {
            self.g[row] /= self.count;
            for column in 0..=row {
                self.a[row * n + column] /= self.count;
            }
            if row > 0 {
                self.a[row * n + row] += ridge;
                self.g[row] -= ridge * b.map_or(0.0, |b| b[row]);
            }
        }
    }

    /// By Cholesky's decomposition; `None` unless positive definite.
    pub(super) fn solve(mut self) -> Option<Vec<f64>> {
        let n = self.g.len();
        for row in 0..n {
            for column in 0..=row {
                let dot: f64 = (0..column).map(|k| self.a[row * n + k] * self.a[column * n + k]).sum();
                let rest = self.a[row * n + column] - dot;
                if row == column {
                    self.a[row * n + row] = Some(rest.sqrt()).filter(|root| *root > 1e-9)?;
                } else {
                    self.a[row * n + column] = rest / self.a[column * n + column];
                }
            }
        }
        for row in 0..n {
            let dot: f64 = (0..row).map(|k| self.a[row * n + k] * self.g[k]).sum();
            self.g[row] = (self.g[row] - dot) / self.a[row * n + row];
        }
        for row in (0..n).rev() {
            let dot: f64 = (row + 1..n).map(|k| self.a[k * n + row] * self.g[k]).sum();
            self.g[row] = (self.g[row] - dot) / self.a[row * n + row];
        }
        self.g.iter().all(|value| value.is_finite()).then_some(self.g)
    }
}
