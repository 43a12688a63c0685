//! The one message that matters for speed, read twice over: `orderbook_delta` in the field
//! order the venue was recorded to use, and in any order. Both give the same or the first
//! gives nothing.

use super::message::{Body, Envelope, Message};
use super::words::level_side;
use crate::json::{Cursor, Field, Read, leading_digits, special};
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
    let (envelope, delta) = laid_out(frame)?;
    Some(Message { envelope, body: Body::Delta(delta) })
}

/// The same without the wrapping, which would be copied twice on the way to the book.
#[inline]
pub(super) fn laid_out(frame: &[u8]) -> Option<(Envelope, Delta<'_>)> {
    let mut layout = Layout { rest: frame };
    layout.literal(b"{\"type\":\"orderbook_delta\",")?;
    let sent_first = layout.literal(b"\"sending_ts_ms\":").is_some();
    let mut sent = if sent_first { layout.number_then(b",")? } else { 0 };
    layout.literal(b"\"sid\":")?;
    let sid = u32::try_from(layout.number_then(b",\"seq\":")?).ok()?;
    let seq = layout.number_then(b",\"msg\":{\"market_ticker\":\"")?;
    let ticker = layout.text_then(b",\"")?;
    if layout.literal(b"market_id\":\"").is_some() {
        layout.text_then(b",\"")?;
    }
    layout.literal(b"price_dollars\":\"")?;
    let price = read::price_of(layout.text_then(b",\"delta_fp\":\"")?)?;
    let change = read::count_of(layout.text_then(b",\"side\":\"")?)?;
    let side = level_side(layout.text_then(b",")?).ok()?;
    if layout.literal(b"\"client_order_id\":\"").is_some() {
        layout.text_then(b",")?;
    }
    layout.literal(b"\"ts\":\"")?;
    layout.text_then(b",\"ts_ms\":")?;
    let venue_ts = Nanos::from_millis(layout.number_then(b"}")?)?;
    if !sent_first && layout.literal(b",\"sending_ts_ms\":").is_some() {
        sent = layout.number_then(b"")?;
    }
    layout.literal(b"}")?;
    let blank = layout.rest.iter().all(|byte| matches!(byte, b'\n' | b' ' | b'\r' | b'\t'));
    let envelope = Envelope { id: None, sid: Some(sid), seq: Some(seq), sent: Nanos::from_millis(sent)? };
    blank.then_some((envelope, Delta { ticker, side, price, change, venue_ts }))
}

/// What is left of a frame that so far was laid out as recorded. The words are arrays, so that
/// each comparison is compiled for its length.
struct Layout<'a> {
    rest: &'a [u8],
}

impl<'a> Layout<'a> {
    #[inline(always)]
    fn literal<const N: usize>(&mut self, word: &[u8; N]) -> Option<()> {
        let (found, rest) = self.rest.split_first_chunk::<N>()?;
        if found != word {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// The rest of a string whose quote is behind, and what must follow its closing quote.
    #[inline(always)]
    fn text_then<const N: usize>(&mut self, follows: &[u8; N]) -> Option<&'a [u8]> {
        let (text, rest) = self.rest.split_at_checked(special(self.rest, 0))?;
        self.rest = rest;
        self.literal(b"\"")?;
        self.literal(follows)?;
        Some(text)
    }

    /// A number without sign or leading zeros, at most 19 digits, and what must follow it.
    #[inline(always)]
    fn number_then<const N: usize>(&mut self, follows: &[u8; N]) -> Option<u64> {
        let (value, used) = leading_digits(self.rest)?;
        self.rest = self.rest.get(used..)?;
        self.literal(follows)?;
        Some(value)
    }
}
