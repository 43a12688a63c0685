//! The venues' messages as text: what the mock exchange says on the wire, and nothing about when.
//!
//! Each function appends one message to a buffer. Shapes follow the fact sheet (`kalshi.md`
//! §2–3, `binance.md` §2–3); the reader on the other side is `feeds`, which shares no code with this.

mod binance;
mod listing;
mod rest;
mod stream;
mod writes;

pub use binance::{BinanceTrade, binance_kline, binance_klines_rest, binance_trade};
pub use listing::{
    EventCard, MarketCard, MarketStatus, TradeRow, event_begin, exchange_schedule, exchange_status, market_body,
    market_list, markets_body, orderbook, series_object, trade_object,
};
pub use rest::{
    MarketTotals, OrderTotals, balance_body, coded_error, data_timestamp, fill_object, flat_error, order_object,
    parameter_error, position_object, reject_body, reject_status, settlement_object,
};
pub use stream::{
    Delta, FillMessage, IndexMessage, OrderMessage, TradeMessage, delta, determined, fill, halted, index,
    market_created, ok, order_update, settled, snapshot, strike_announced, subscribed, subscriptions, trade,
    unsubscribed, venue_error,
};
pub use writes::{cancel_body, create_body, decrease_body, transfer_object, transfer_reply};

use std::fmt::{self, Write};
use trader_journal::units::{Money, Nanos};

/// A strike as the venue prints it: a JSON number that has lost its trailing zeros (kalshi.md §5.1).
pub(crate) struct StrikeNumber(pub(crate) Money);

impl fmt::Display for StrikeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0.0 / Money::DOLLAR.0, self.0.0 % Money::DOLLAR.0);
        write!(f, "{whole}")?;
        let digits = format!("{rest:06}");
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { Ok(()) } else { write!(f, ".{digits}") }
    }
}

/// Dollars with two decimals, as the index and the settlement values are printed.
pub(crate) struct Dollars2(pub(crate) Money);

impl fmt::Display for Dollars2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.0 / Money::CENT.0;
        write!(f, "{}.{:02}", cents / 100, cents % 100)
    }
}

/// Dollars with four decimals, truncated: the form of balances and settlement values.
pub(crate) struct Dollars4(pub(crate) Money);

impl fmt::Display for Dollars4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.0 / 100;
        let sign = if units < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:04}", units.unsigned_abs() / 10_000, units.unsigned_abs() % 10_000)
    }
}

/// An instant as RFC 3339 in UTC with microseconds when it has any: `2026-08-17T05:00:00Z`.
pub(crate) struct Rfc3339(pub(crate) Nanos);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = i64::try_from(self.0.0 / 1_000).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_microsecond(micros) {
            Ok(at) => fmt::Display::fmt(&at, f),
            // Past the year 9999 there is no such date; the reader refuses it as it would any nonsense.
            Err(_) => f.write_str("out-of-range"),
        }
    }
}

/// Appends text that cannot fail: a `String` never refuses.
pub(crate) fn put(out: &mut String, text: fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_lose_their_trailing_zeros() {
        assert_eq!(StrikeNumber(Money(63_441_030_000)).to_string(), "63441.03");
        assert_eq!(StrikeNumber(Money(63_700_000_000)).to_string(), "63700");
        assert_eq!(StrikeNumber(Money(63_441_500_000)).to_string(), "63441.5");
    }
}
