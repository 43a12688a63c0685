//! Seeded chance with random access: one stream of draws per (seed, purpose, minute).

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// What a stream of draws is for, so that one seed gives unrelated draws to each.
#[derive(Clone, Copy)]
pub(in crate::exchange) enum Purpose {
    /// Where the ticks go inside a minute.
    Bridge = 1,
    /// How far the index stands from spot.
    Basis = 2,
    /// Volatility and prices of generated candles.
    Candle = 3,
    /// The level of volatility a generated market starts with.
    Level = 4,
    /// How wrong the makers are about volatility.
    MakerError = 5,
    /// How much the makers show.
    MakerDepth = 6,
}

/// Draws for one purpose in one minute.
pub(in crate::exchange) struct Chance {
    bits: Xoshiro256PlusPlus,
    spare: Option<f64>,
}

impl Chance {
    /// The draws of `purpose` for `minute` (minutes since the Unix epoch, or whatever else numbers the streams) under `seed`.
    pub(in crate::exchange) fn new(seed: u64, purpose: Purpose, minute: u64) -> Chance {
        let stream = mix(mix(mix(seed) ^ purpose as u64) ^ minute);
        Chance { bits: Xoshiro256PlusPlus::seed_from_u64(stream), spare: None }
    }

    /// Uniform in [0, 1), 53 bits.
    pub(in crate::exchange) fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        (self.bits.next_u64() >> 11) as f64 * STEP
    }

    /// Standard normal, by Marsaglia's polar method: one logarithm for two draws.
    pub(in crate::exchange) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = u * u + v * v;
            if square < 1.0 && square > 0.0 {
                let scale = libm::sqrt(-2.0 * libm::log(square) / square);
                self.spare = Some(v * scale);
                return u * scale;
            }
        }
    }

    /// The place in `weights` (not negative, not all 0) that a draw in proportion to them picks.
    pub(in crate::exchange) fn pick(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.uniform() * weights.clone().sum::<f64>();
        let mut picked = 0;
        for (place, weight) in weights.enumerate() {
            if weight > 0.0 {
                picked = place;
                left -= weight;
                if left < 0.0 {
                    break;
                }
            }
        }
        picked
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): near seeds become unrelated ones.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
