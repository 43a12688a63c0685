//! The one message that matters for speed, read twice over: `orderbook_delta` in the field
//! order the venue was recorded to use, and in any order. Both give the same or the first
//! gives nothing.

use super::message::{Body, Envelope, Message};
use super::words::level_side;
use crate::json::{Cursor, Field, Read, special};
use crate::read;
use trader_journal::book::Side;
use trader_journal::units::{Count, Nanos, Price};

/// A change of one level of one book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta<'a> {
    /// The market.
    pub ticker: &'a [u8],
    /// The side of the YES book.
    pub side: Side,
    /// The level, in YES dollars on both sides (`use_yes_price`).
    pub price: Price,
    /// How much more rests there now; negative for less.
    pub change: Count,
    /// The matching engine's time; zero when not told.
    pub venue_ts: Nanos,
}

/// The `msg` of a delta, its fields in any order.
pub(super) fn any_order<'a>(cursor: &mut Cursor<'a>) -> Read<Delta<'a>> {
    let mut ticker = Field::default();
    let mut side = Field::default();
    let mut price = Field::default();
    let mut change = Field::default();
    let mut venue_ts = Field::default();
    cursor.object(|key, value| match key {
        b"market_ticker" => ticker.read(value, Cursor::plain),
        b"price_dollars" => price.read(value, read::price),
        b"delta_fp" => change.read(value, read::count),
        b"side" => side.read(value, |side| level_side(side.plain()?)),
        b"ts_ms" => venue_ts.read(value, read::millis),
        _ => value.skip(),
    })?;
    Ok(Delta {
        ticker: ticker.required()?,
        side: side.required()?,
        price: price.required()?,
        change: change.required()?,
        venue_ts: venue_ts.optional().unwrap_or_default(),
    })
}

/// A whole delta frame in the recorded layout; `None` when it is laid out otherwise, whether
/// or not it can be read.
#[must_use]
pub fn recorded_layout(frame: &[u8]) -> Option<Message<'_>> {
    let mut layout = Layout { rest: frame };
    layout.literal(b"{\"type\":\"orderbook_delta\",")?;
    let sent_first = layout.optional(b"\"sending_ts_ms\":");
    let mut sent = if sent_first { layout.number_then(b",")? } else { 0 };
    layout.literal(b"\"sid\":")?;
    let sid = u32::try_from(layout.number_then(b",\"seq\":")?).ok()?;
    let seq = layout.number_then(b",\"msg\":{\"market_ticker\":\"")?;
    let ticker = layout.text_then(b",\"")?;
    if layout.optional(b"market_id\":\"") {
        layout.text_then(b",\"")?;
    }
    layout.literal(b"price_dollars\":\"")?;
    let price = fast_price(layout.text_then(b",\"delta_fp\":\"")?)?;
    let change = Count::parse(layout.text_then(b",\"side\":\"")?).ok()?;
    let side = level_side(layout.text_then(b",")?).ok()?;
    if layout.optional(b"\"client_order_id\":\"") {
        layout.text_then(b",")?;
    }
    layout.literal(b"\"ts\":\"")?;
    layout.text_then(b",\"ts_ms\":")?;
    let venue_ts = Nanos::from_millis(layout.number_then(b"}")?)?;
    if !sent_first && layout.optional(b",\"sending_ts_ms\":") {
        sent = layout.number_then(b"")?;
    }
    layout.literal(b"}")?;
    let blank = layout.rest.iter().all(|byte| matches!(byte, b'\n' | b' ' | b'\r' | b'\t'));
    let envelope = Envelope { id: None, sid: Some(sid), seq: Some(seq), sent: Nanos::from_millis(sent)? };
    blank.then_some(Message { envelope, body: Body::Delta(Delta { ticker, side, price, change, venue_ts }) })
}

/// What is left of a frame that so far was laid out as recorded.
struct Layout<'a> {
    rest: &'a [u8],
}

impl<'a> Layout<'a> {
    #[inline]
    fn literal(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    #[inline]
    fn optional(&mut self, word: &[u8]) -> bool {
        self.literal(word).is_some()
    }

    /// The rest of a string whose quote is behind, and what must follow its closing quote.
    #[inline]
    fn text_then(&mut self, follows: &[u8]) -> Option<&'a [u8]> {
        let end = special(self.rest, 0);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix(b"\"")?.strip_prefix(follows)?;
        Some(text)
    }

    /// A number without sign or leading zeros, at most 19 digits, and what must follow it.
    #[inline]
    fn number_then(&mut self, follows: &[u8]) -> Option<u64> {
        let mut value = 0u64;
        let mut used = 0;
        for byte in self.rest.iter().take(20) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            used += 1;
        }
        let leading_zero = used > 1 && self.rest[0] == b'0';
        if used == 0 || used > 19 || leading_zero {
            return None;
        }
        self.rest = self.rest[used..].strip_prefix(follows)?;
        Some(value)
    }
}

/// The venue writes prices as `0.1234`; any other form takes the general way.
#[inline]
fn fast_price(text: &[u8]) -> Option<Price> {
    if let [b'0', b'.', a, b, c, d] = *text
        && [a, b, c, d].iter().all(u8::is_ascii_digit)
    {
        let digit = |byte: u8| u16::from(byte - b'0');
        return Some(Price(digit(a) * 1000 + digit(b) * 100 + digit(c) * 10 + digit(d)));
    }
    Price::parse(text).ok()
}
