//! Binance's combined-stream frames and klines body (binance.md §2–3).

use super::put;
use crate::candles::Candle;
use std::fmt;
use trader_journal::units::{Money, Nanos};

/// A price or quantity with eight decimals.
struct Eight(i64, u32);

impl fmt::Display for Eight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10i64.pow(self.1);
        write!(
            f,
            "{}.{:0places$}{}",
            self.0 / scale,
            self.0 % scale,
            &"00000000"[self.1 as usize..],
            places = self.1 as usize
        )
    }
}

fn price(value: Money) -> Eight {
    Eight(value.0, 6)
}

/// One spot trade.
pub struct BinanceTrade {
    /// Rises by one per trade of the symbol.
    pub id: u64,
    /// Price.
    pub price: Money,
    /// Base quantity, 1e-8.
    pub quantity_e8: i64,
    /// Trade time.
    pub at: Nanos,
    /// Whether the buyer was the maker.
    pub buyer_is_maker: bool,
}

/// `btcusdt@trade`.
pub fn binance_trade(out: &mut String, trade: &BinanceTrade) {
    let at_ms = trade.at.millis();
    put(
        out,
        format_args!(
            "{{\"stream\":\"btcusdt@trade\",\"data\":{{\"e\":\"trade\",\"E\":{at_ms},\"s\":\"BTCUSDT\",\"t\":{},\"p\":\"{}\",\"q\":\"{}\",\"T\":{at_ms},\"m\":{},\"M\":true}}}}",
            trade.id,
            price(trade.price),
            Eight(trade.quantity_e8, 8),
            trade.buyer_is_maker
        ),
    );
}

/// `btcusdt@kline_1m` of a closed minute.
pub fn binance_kline(out: &mut String, candle: &Candle, at: Nanos) {
    let open_ms = candle.open_time.millis();
    put(
        out,
        format_args!(
            "{{\"stream\":\"btcusdt@kline_1m\",\"data\":{{\"e\":\"kline\",\"E\":{},\"s\":\"BTCUSDT\",\"k\":{{\"t\":{open_ms},\"T\":{},\"s\":\"BTCUSDT\",\"i\":\"1m\",\"f\":0,\"L\":0,\"o\":\"{}\",\"c\":\"{}\",\"h\":\"{}\",\"l\":\"{}\",\"v\":\"{}\",\"n\":{},\"x\":true,\"q\":\"{}\",\"V\":\"{}\",\"Q\":\"{}\",\"B\":\"0\"}}}}}}",
            at.millis(),
            open_ms + 59_999,
            price(candle.open),
            price(candle.close),
            price(candle.high),
            price(candle.low),
            Eight(candle.volume, 8),
            candle.trades,
            Eight(candle.quote_volume, 8),
            Eight(candle.taker_base, 8),
            Eight(candle.taker_quote, 8)
        ),
    );
}

/// The body of `/api/v3/klines`, oldest first.
pub fn binance_klines_rest<'a>(out: &mut String, candles: impl Iterator<Item = &'a Candle>) {
    out.push('[');
    for (index, candle) in candles.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let open_ms = candle.open_time.millis();
        put(
            out,
            format_args!(
                "{comma}[{open_ms},\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",{},\"{}\",{},\"{}\",\"{}\",\"0\"]",
                price(candle.open),
                price(candle.high),
                price(candle.low),
                price(candle.close),
                Eight(candle.volume, 8),
                open_ms + 59_999,
                Eight(candle.quote_volume, 8),
                candle.trades,
                Eight(candle.taker_base, 8),
                Eight(candle.taker_quote, 8)
            ),
        );
    }
    out.push(']');
}
