//! Binance: a trade for every tick of the path, a closed candle for every minute, and its klines.

use super::outbox::Outbox;
use super::wire::{BinanceTrade, binance_kline, binance_trade};
use crate::candles::{Candle, CandleSeries, MINUTE_NANOS};
use std::collections::VecDeque;
use trader_journal::units::{Money, Nanos};

/// Quantities of made trades, in 0.000 000 01 coin: a fixed cycle, because nobody reads them.
const QUANTITY_E8: i64 = 50_000;
const QUANTITIES: u64 = 97;

/// The spot venue's stream.
#[derive(Default)]
pub(super) struct Spot {
    pub(super) frames: Outbox,
    /// Ticks of the second that has begun, not yet traded.
    ticks: VecDeque<(Nanos, Money)>,
    trades: u64,
    last: Money,
    /// The minute that is not over, as far as it was traded.
    open: Option<Candle>,
}

impl Spot {
    /// The ticks of the second that begins.
    pub(super) fn take_ticks(&mut self, ticks: impl Iterator<Item = (Nanos, Money)>) {
        self.ticks.extend(ticks);
    }

    /// When the next tick trades.
    pub(super) fn next_tick(&self) -> Nanos {
        self.ticks.front().map_or(Nanos::NEVER, |tick| tick.0)
    }

    /// Trades what is due by `at`.
    pub(super) fn trade(&mut self, at: Nanos, latency_ns: u64) {
        while self.next_tick() <= at {
            let Some((at, price)) = self.ticks.pop_front() else { return };
            self.trades += 1;
            let quantity_e8 = QUANTITY_E8 * (1 + self.trades as i64 % QUANTITIES as i64);
            let buyer_is_maker = price < std::mem::replace(&mut self.last, price);
            let trade = BinanceTrade { id: self.trades, price, quantity_e8, at, buyer_is_maker };
            self.frames.push(at.plus(latency_ns), |out| binance_trade(out, &trade));
            self.open = Some(grown(self.open, &trade));
        }
    }

    /// The candle of the minute that is not over; `None` before its first trade.
    pub(super) const fn open_candle(&self) -> Option<Candle> {
        self.open
    }

    /// At a minute's end its candle is final; gives it back.
    pub(super) fn end_minute(&mut self, at: Nanos, series: &CandleSeries, latency_ns: u64) -> Option<Candle> {
        if !at.0.is_multiple_of(MINUTE_NANOS) {
            return None;
        }
        let open_time = at.minus(MINUTE_NANOS);
        let place = series.candles().binary_search_by_key(&open_time, |candle| candle.open_time).ok()?;
        let candle = series.candles()[place];
        self.open = None;
        self.frames.push(at.plus(latency_ns), |out| binance_kline(out, &candle, at));
        Some(candle)
    }

    /// Nobody listened yet.
    pub(super) fn forget_frames(&mut self) {
        self.frames.clear();
    }
}

/// The open candle with one more trade in it. What was traded is counted, not valued.
fn grown(open: Option<Candle>, trade: &BinanceTrade) -> Candle {
    let open_time = trade.at.minus(trade.at.0 % MINUTE_NANOS);
    let price = trade.price;
    let begun = Candle {
        open_time,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 0,
        quote_volume: 0,
        trades: 0,
        taker_base: 0,
        taker_quote: 0,
    };
    let candle = open.filter(|candle| candle.open_time == open_time).unwrap_or(begun);
    Candle {
        high: candle.high.max(price),
        low: candle.low.min(price),
        close: price,
        volume: candle.volume + trade.quantity_e8,
        trades: candle.trades + 1,
        ..candle
    }
}
