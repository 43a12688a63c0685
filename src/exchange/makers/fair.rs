//! What a maker believes a market is worth: the default pipeline of model.md §4, its σ made wrong on purpose.

use super::super::catalog::Market;
use super::super::prints::Print;
use crate::candles::{Candle, WARM_UP_CANDLES};
use trader_journal::units::{Money, Nanos};
use trader_pricing::probability::{Average, ClosingValue, Distribution, Tail};
use trader_pricing::volatility::{Coefficients, Ewma3};

/// The volatility model, and the last outlook it gave: all markets of a close share it.
pub(super) struct Model {
    volatility: Ewma3,
    last: Option<(Nanos, Nanos, Believed)>,
}

/// Where a close's average will be, as a maker sees it.
#[derive(Clone, Copy)]
pub(super) struct Believed(ClosingValue);

impl Believed {
    /// P(YES); `None` for a strike that has no fair value.
    pub(super) fn yes(&self, market: &Market) -> Option<f64> {
        self.0.yes(market.strike, market.floor, market.cap)
    }
}

impl Model {
    pub(super) fn new() -> Model {
        Model { volatility: Ewma3::new(WARM_UP_CANDLES as u32), last: None }
    }

    pub(super) fn hear_minute(&mut self, candle: &Candle) {
        self.volatility.on_close(candle.open_time, candle.close);
    }

    /// The belief after `print`, `error` added to ln σ; `None` before the first candle.
    pub(super) fn outlook(&mut self, print: &Print, close: Nanos, error: f64) -> Option<Believed> {
        if let Some((at, to, believed)) = self.last
            && (at, to) == (print.at, close)
        {
            return Some(believed);
        }
        let tau_s = close.since(print.at) as f64 / Nanos::SECOND as f64;
        let whole = self.volatility.variance(&Coefficients::FROZEN, print.at, close)?;
        let share = if tau_s > 0.0 { Average::Prints.variance_time_s(tau_s) / tau_s } else { 0.0 };
        let spot = dollars(print.value);
        let seen = print.closing.map_or(spot, |(average, _)| dollars(average));
        let believed = Believed(ClosingValue {
            mean: Average::Prints.mean(tau_s, spot, seen),
            sigma: libm::sqrt(whole * share) * libm::exp(error),
            drift: 0.0,
            distribution: Distribution::TailAdjusted(Tail::DEFAULT),
        });
        self.last = Some((print.at, close, believed));
        Some(believed)
    }
}

fn dollars(money: Money) -> f64 {
    money.0 as f64 / Money::DOLLAR.0 as f64
}
