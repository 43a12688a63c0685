//! What forecasts are measured by. Variances are squared log returns, probabilities those of a
//! thing that happened (`true`) or did not; logarithms are natural. Every mean of nothing is NaN.

/// Realised variances are lifted to this before their logarithm is taken: a quarter hour without a move.
const REALISED_MIN: f64 = 1e-12;
/// Bins of the reliability table: equal widths, 1 in the last.
pub const BINS: usize = 10;

/// QLIKE of one forecast: `y/h − ln(y/h) − 1`, zero when they are equal (Patton 2011).
#[must_use]
pub fn qlike_of(realised: f64, forecast: f64) -> f64 {
    let ratio = realised.max(REALISED_MIN) / forecast;
    ratio - libm::log(ratio) - 1.0
}

/// Log loss of one forecast, the probability kept `floor` away from 0 and 1.
#[must_use]
pub fn log_loss_of(happened: bool, probability: f64, floor: f64) -> f64 {
    // Of what happened, so that a small probability keeps its digits.
    let given = if happened { probability } else { 1.0 - probability };
    -libm::log(given.clamp(floor, 1.0 - floor))
}

/// Brier score of one forecast.
#[must_use]
pub fn brier_of(happened: bool, probability: f64) -> f64 {
    let miss = probability - f64::from(u8::from(happened));
    miss * miss
}

/// Mean of some numbers.
#[must_use]
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// Mean distance of forecasts from what came.
#[must_use]
pub fn mae(actual: &[f64], forecast: &[f64]) -> f64 {
    mean(actual.iter().zip(forecast).map(|(actual, forecast)| (actual - forecast).abs()))
}

/// `1 − SSE/SST`, the latter about the mean of what came.
#[must_use]
pub fn r2(actual: &[f64], forecast: &[f64]) -> f64 {
    let centre = mean(actual.iter().copied());
    let error: f64 = actual.iter().zip(forecast).map(|(actual, forecast)| (actual - forecast).powi(2)).sum();
    let total: f64 = actual.iter().map(|actual| (actual - centre).powi(2)).sum();
    1.0 - error / total
}

/// Pearson's correlation.
#[must_use]
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a.iter().copied()), mean(b.iter().copied()));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa * bb).sqrt()
}

/// Chance that a forecast of what happened is above one of what did not; a tie counts half.
#[must_use]
pub fn auc(happened: &[bool], probability: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..happened.len().min(probability.len())).collect();
    order.sort_by(|a, b| probability[*a].total_cmp(&probability[*b]));
    let (mut below, mut wins, mut yes) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|a, b| probability[*a] == probability[*b]) {
        let yes_here = tied.iter().filter(|at| happened[**at]).count() as f64;
        let no_here = tied.len() as f64 - yes_here;
        wins += yes_here * (below + no_here / 2.0);
        below += no_here;
        yes += yes_here;
    }
    wins / (yes * below)
}

/// One bin of forecasts: how many, what they said and what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Forecasts in it.
    pub count: u64,
    /// Sum of their probabilities.
    pub said: f64,
    /// How many happened.
    pub happened: u64,
}

/// Forecasts by what they said, in ten bins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reliability {
    /// `[0, 0.1) … [0.9, 1]`.
    pub bins: [Bin; BINS],
}

impl Reliability {
    /// One forecast, 0 ..= 1.
    pub fn add(&mut self, happened: bool, probability: f64) {
        let bin = ((probability * BINS as f64) as usize).min(BINS - 1);
        let bin = &mut self.bins[bin];
        bin.count += 1;
        bin.said += probability;
        bin.happened += u64::from(happened);
    }

    /// Expected calibration error: mean distance of what was said from what happened, by bins.
    #[must_use]
    pub fn ece(&self) -> f64 {
        let count: u64 = self.bins.iter().map(|bin| bin.count).sum();
        let off: f64 = self.bins.iter().map(|bin| (bin.happened as f64 - bin.said).abs()).sum();
        off / count as f64
    }
}
