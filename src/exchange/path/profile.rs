//! How much of a day's variance each minute of it has: measured on Binance BTCUSDT spot, frozen at 2025-11-27.
//!
//! Multipliers without a unit, mean 1: one per quarter hour of the UTC day (its own set for
//! weekends) times one per minute of the quarter hour.
//!
//! The volatility model starts from the same measurement. The world keeps its own copy, so that
//! refitting the model does not move the day it is tried on.

use crate::candles::{MINUTE_NANOS, QUARTER_HOUR_NANOS};
use trader_journal::units::Nanos;

const SLOTS: usize = 96;

/// Variance of the minute that contains `at`, relative to the mean minute.
#[must_use]
pub fn minute_multiplier(at: Nanos) -> f64 {
    let slot = at.0 / QUARTER_HOUR_NANOS;
    let minute = (at.0 % QUARTER_HOUR_NANOS / MINUTE_NANOS) as usize;
    let day = slot / SLOTS as u64;
    // The Unix epoch was a Thursday.
    let weekend = matches!(day % 7, 2 | 3);
    let slots = if weekend { &WEEKEND } else { &WEEKDAY };
    slots[(slot % SLOTS as u64) as usize] * MINUTE[minute]
}

#[rustfmt::skip]
const MINUTE: [f64; 15] = [
    1.2444, 1.1972, 1.1086, 1.0548, 0.9277, 1.0966, 1.0586, 0.9594,
    0.9325, 0.8799, 1.0207, 0.9472, 0.9123, 0.8561, 0.8041,
];

#[rustfmt::skip]
const WEEKDAY: [f64; SLOTS] = [
    0.8847, 1.1146, 1.1308, 1.0793, 1.0843, 1.1046, 0.9844, 0.8795, 0.9108, 0.8837, 0.7980, 0.7529,
    0.7654, 0.7902, 0.7338, 0.6717, 0.7115, 0.7733, 0.7488, 0.6689, 0.6272, 0.6087, 0.6027, 0.6268,
    0.6490, 0.6458, 0.6420, 0.6915, 0.7264, 0.7238, 0.7177, 0.6927, 0.7405, 0.7771, 0.6869, 0.6317,
    0.6667, 0.6778, 0.6178, 0.5580, 0.5570, 0.5516, 0.5005, 0.4981, 0.5912, 0.6300, 0.5615, 0.5674,
    0.7073, 0.9355, 1.0644, 0.9392, 0.8324, 1.2553, 1.9885, 2.2128, 2.0638, 2.1643, 2.4660, 2.4596,
    2.1935, 1.9551, 1.7090, 1.5927, 1.6157, 1.5796, 1.4936, 1.4631, 1.4773, 1.4612, 1.3691, 1.2810,
    1.2519, 1.2451, 1.2045, 1.1355, 1.1146, 1.1275, 1.1069, 1.0807, 1.0845, 1.0507, 0.9678, 0.9405,
    0.9939, 1.0078, 0.9277, 0.8738, 0.8472, 0.7444, 0.6538, 0.6594, 0.6830, 0.6295, 0.5443, 0.6060,
];

#[rustfmt::skip]
const WEEKEND: [f64; SLOTS] = [
    1.2215, 1.3097, 1.2906, 1.2598, 1.1834, 1.1326, 1.1777, 1.1919, 1.1448, 1.1273, 1.1721, 1.1613,
    1.0548, 0.9857, 0.9146, 0.8420, 0.8674, 0.8501, 0.7912, 0.7914, 0.7608, 0.6928, 0.6442, 0.6522,
    0.6627, 0.6199, 0.5805, 0.5795, 0.6902, 0.8041, 0.7814, 0.7618, 0.8393, 0.8762, 0.7871, 0.7482,
    0.8020, 0.9064, 1.0606, 1.0837, 0.9240, 0.7967, 0.7746, 0.7500, 0.7100, 0.7069, 0.7824, 0.8585,
    0.8228, 0.7562, 0.7166, 0.7397, 0.8499, 0.9622, 1.0577, 1.1566, 1.2885, 1.3638, 1.3057, 1.2966,
    1.3227, 1.2651, 1.2256, 1.3711, 1.5245, 1.3758, 1.2641, 1.2875, 1.1958, 1.0706, 0.9664, 0.9570,
    0.9582, 0.8328, 0.7896, 0.9150, 0.9805, 0.9295, 0.8154, 0.7814, 0.8765, 0.8839, 0.8528, 0.9541,
    1.0497, 1.0392, 1.0295, 1.2714, 1.5445, 1.4207, 1.2689, 1.4067, 1.5706, 1.4029, 1.1057, 1.0715,
];
