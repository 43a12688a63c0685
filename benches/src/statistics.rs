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
///
/// # Panics
/// If there are no samples.
#[must_use]
pub fn median(samples: &[f64]) -> f64 {
    percentile(&mut samples.to_vec(), 50)
}

/// Median of `over[i] / under[i]`: the two sides of each quotient ran milliseconds apart.
///
/// # Panics
/// If there are no samples.
#[must_use]
pub fn median_ratio(over: &[f64], under: &[f64]) -> f64 {
    median(&over.iter().zip(under).map(|(over, under)| over / under).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!([0, 50, 99, 100].map(|percent| percentile(&mut samples, percent)), [0.0, 50.0, 99.0, 100.0]);
        assert_eq!(median(&[3.0]), 3.0);
    }

    /// Drift that hits both sides of each pair leaves the ratio alone.
    #[test]
    fn a_ratio_is_taken_pair_by_pair() {
        assert_eq!(median_ratio(&[2.0, 20.0, 200.0], &[1.0, 10.0, 100.0]), 2.0);
    }
}
