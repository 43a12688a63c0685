//! How much was traded in a generated minute: more when the price moved more.

use super::chance::Chance;
use trader_journal::units::Money;

/// Amounts of one generated candle, in the units of [`crate::candles::Candle`].
pub(super) struct Traded {
    /// 0.000 000 01 coin.
    pub(super) volume: i64,
    /// The part of `volume` whose taker bought.
    pub(super) bought: i64,
    /// Number of trades.
    pub(super) trades: u32,
}

/// Coins traded in a minute whose range is [`TYPICAL_RANGE`], the median.
const TYPICAL_COINS: f64 = 8.0;
/// Range over price of a typical minute.
const TYPICAL_RANGE: f64 = 6e-4;
/// Standard deviation of ln volume around what the range says.
const LOG_DEVIATION: f64 = 0.6;
const TRADES_PER_COIN: f64 = 180.0;
/// Standard deviation of the buyers' share of the volume, around one half.
const BUYERS_DEVIATION: f64 = 0.14;
const UNITS_PER_COIN: f64 = 1e8;
/// Volumes stay within 0.000 1 and five thousand coins, so that the value at any price fits an `i64`.
const COINS: (f64, f64) = (1e-4, 5e3);

impl Traded {
    /// For a minute that ranged over `range` dollars from `open`.
    pub(super) fn draw(range: Money, open: Money, chance: &mut Chance) -> Traded {
        let moved = range.0 as f64 / open.0 as f64 / TYPICAL_RANGE;
        let coins = TYPICAL_COINS * moved * libm::exp(LOG_DEVIATION * chance.normal());
        let coins = coins.clamp(COINS.0, COINS.1);
        let share = (0.5 + BUYERS_DEVIATION * chance.normal()).clamp(0.0, 1.0);
        let volume = coins * UNITS_PER_COIN;
        Traded { volume: volume as i64, bought: (volume * share) as i64, trades: 1 + (coins * TRADES_PER_COIN) as u32 }
    }
}

/// Value of `amount` (0.000 000 01 coin) at `price`, in 0.000 000 01 dollar.
pub(super) fn value(amount: i64, price: Money) -> i64 {
    (i128::from(amount) * i128::from(price.0) / i128::from(Money::DOLLAR.0)) as i64
}
