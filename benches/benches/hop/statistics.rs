//! Medians and percentiles of samples.

/// The sample below which `percent` of all lie; sorts them.
///
/// # Panics
/// If there are no samples.
pub fn percentile(samples: &mut [f64], percent: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[(samples.len() - 1) * percent / 100]
}

/// The middle sample.
pub fn median(samples: &[f64]) -> f64 {
    percentile(&mut samples.to_vec(), 50)
}

/// Median of `over[i] / under[i]`: the two sides of each quotient ran milliseconds apart.
pub fn median_ratio(over: &[f64], under: &[f64]) -> f64 {
    median(&over.iter().zip(under).map(|(over, under)| over / under).collect::<Vec<_>>())
}
