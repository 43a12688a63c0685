//! What is random about a maker: how wrong its σ is, and how much it shows.

use super::super::path::{Chance, Purpose};
use crate::candles::QUARTER_HOUR_NANOS;
use crate::config::MakerSettings;
use trader_journal::units::{Count, Nanos};

/// The makers' error of ln σ: a first-order autoregression with one step per quarter hour, its
/// standard deviation `noise` at every step (model.md §5).
pub(super) struct ErrorWalk {
    noise: f64,
    rho: f64,
    window: u64,
    walk: f64,
    chance: Chance,
}

impl ErrorWalk {
    /// The walk from the quarter hour of `start` on.
    pub(super) fn new(seed: u64, noise: f64, rho: f64, start: Nanos) -> ErrorWalk {
        let window = start.0 / QUARTER_HOUR_NANOS;
        let mut chance = Chance::new(seed, Purpose::MakerError, window);
        let walk = chance.normal();
        ErrorWalk { noise, rho, window, walk, chance }
    }

    /// The error in the quarter hour of `at`, which does not go back.
    pub(super) fn at(&mut self, at: Nanos) -> f64 {
        let fresh = libm::sqrt(1.0 - self.rho * self.rho);
        while self.window < at.0 / QUARTER_HOUR_NANOS {
            self.walk = self.rho * self.walk + fresh * self.chance.normal();
            self.window += 1;
        }
        self.noise * self.walk
    }
}

/// Depths shown in one market: lognormal, whole contracts.
pub(super) struct Depths {
    median: f64,
    sigma: f64,
    range: (f64, f64),
    chance: Chance,
}

impl Depths {
    pub(super) fn new(seed: u64, market: u32, settings: &MakerSettings) -> Depths {
        Depths {
            median: settings.depth_median_contracts as f64,
            sigma: settings.depth_sigma,
            range: (settings.depth_min_contracts as f64, settings.depth_max_contracts as f64),
            chance: Chance::new(seed, Purpose::MakerDepth, u64::from(market)),
        }
    }

    pub(super) fn draw(&mut self) -> Count {
        let contracts = self.median * libm::exp(self.sigma * self.chance.normal());
        let contracts = contracts.max(self.range.0).min(self.range.1) as i64;
        Count::from_contracts(contracts).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: u64 = 40_000;

    #[test]
    fn the_error_has_the_deviation_and_the_memory_asked_for() {
        for (noise, rho) in [(0.20, 0.97), (0.11, 0.5), (0.05, 0.0)] {
            let mut walk = ErrorWalk::new(3, noise, rho, Nanos(0));
            let errors: Vec<f64> = (0..WINDOWS).map(|window| walk.at(Nanos(window * QUARTER_HOUR_NANOS))).collect();
            let mean = errors.iter().sum::<f64>() / WINDOWS as f64;
            let variance = errors.iter().map(|error| (error - mean).powi(2)).sum::<f64>() / WINDOWS as f64;
            let next: f64 = errors.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
            let memory = next / WINDOWS as f64 / variance;
            // The walk of rho 0.97 has 40,000 × 0.03 / 1.97 independent values: sd of the mean 4 %, of the deviation 3 %.
            assert!(mean.abs() < 0.16 * noise, "mean {mean}");
            assert!((variance.sqrt() / noise - 1.0).abs() < 0.1, "deviation {}", variance.sqrt());
            assert!((memory - rho).abs() < 0.02, "memory {memory}");
        }
    }

    #[test]
    fn no_noise_is_no_error() {
        let mut walk = ErrorWalk::new(3, 0.0, 0.97, Nanos(0));
        assert!((0..100).all(|window| walk.at(Nanos(window * QUARTER_HOUR_NANOS)) == 0.0));
    }

    #[test]
    fn depths_are_lognormal_whole_and_clamped() {
        let layers = crate::config::Layers::defaults().expect("the defaults are read");
        let config = layers.finish().expect("the defaults are good");
        let mut depths = Depths::new(3, 1, &config.sim.maker);
        let mut drawn: Vec<i64> = (0..20_001).map(|_| depths.draw().0).collect();
        drawn.sort_unstable();
        assert!(drawn.iter().all(|count| count % 100 == 0 && (5_000..=200_000).contains(count)));
        let median = drawn[10_000] as f64 / 100.0;
        assert!((median / 300.0 - 1.0).abs() < 0.05, "median {median}");
    }
}
