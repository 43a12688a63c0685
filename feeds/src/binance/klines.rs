//! Pages of candles from the REST API: how the history of a start and of a gap is read.

use super::message::{Candle, clock, length};
use crate::json::{Cursor, Field, Read};
use crate::read;
use trader_journal::event::{FrameFault, Interval};
use trader_journal::units::Nanos;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestRequest {
    /// `GET /api/v3/klines` (`/fapi/v1/klines`) of this length.
    Klines(Interval),
}

/// An answer of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestAnswer<'a> {
    /// What was asked for.
    pub request: RestRequest,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// The `startTime` of the next page in milliseconds: the end of the last row. `None` for an
/// empty page, and for a body that cannot be read.
#[must_use]
pub fn next_start_ms(body: &[u8], interval: Interval) -> Option<u64> {
    let mut last = None;
    each_row(body, interval, |candle| {
        last = Some(candle.open_time);
        Ok(())
    })
    .ok()?;
    last.map(|open_time: Nanos| open_time.plus(length(interval)).millis())
}

/// Calls `row` with each candle of a page, oldest first.
///
/// # Errors
/// What is wrong with the page, and what `row` says; `BadField` when the rows do not ascend.
pub(super) fn each_row(body: &[u8], interval: Interval, mut row: impl FnMut(&Candle) -> Read<()>) -> Read<()> {
    let mut cursor = Cursor::new(body);
    let mut last = Nanos(0);
    cursor.array(|item| {
        let candle = candle_row(item)?.checked(interval)?;
        if candle.open_time <= std::mem::replace(&mut last, candle.open_time) {
            return Err(FrameFault::BadField);
        }
        row(&candle)
    })?;
    cursor.end()
}

/// `[openTime, open, high, low, close, volume, closeTime, …]`.
fn candle_row(value: &mut Cursor<'_>) -> Read<Candle> {
    let mut prices = [Field::default(); 4];
    let mut times = [Field::default(); 2];
    let mut at = 0;
    value.array(|item| {
        at += 1;
        match at {
            1 => times[0].read(item, clock),
            2..=5 => prices[at - 2].read(item, read::positive),
            7 => times[1].read(item, clock),
            _ => item.skip(),
        }
    })?;
    let [open, high, low, close] = prices;
    Ok(Candle {
        open_time: times[0].required()?,
        close_time: times[1].required()?,
        open: open.required()?,
        high: high.required()?,
        low: low.required()?,
        close: close.required()?,
    })
}
