//! The content (`msg`) of each kind of message.

use super::delta;
use super::message::{Body, Fill, Index, Scratch, Trade, UserOrder};
use super::words::{self, Channel, Kind};
use crate::json::{Cursor, Field, Read};
use crate::read;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, FrameFault, UpdateReason};
use trader_journal::units::{Count, Money, Nanos, Price};

/// Prints in the final minute of a quarter hour.
const CLOSING_PRINTS_MAX: u64 = 60;

/// Bytes of the index vendor's own message, which comes as a string.
const INDEX_DATA_MAX: usize = 512;

/// Reads the content of a message of this kind.
pub(super) fn read<'a>(kind: Kind, value: &mut Cursor<'a>, scratch: &mut Scratch) -> Read<Body<'a>> {
    match kind {
        Kind::Delta => delta::any_order(value).map(Body::Delta),
        Kind::Snapshot => snapshot(value, scratch),
        Kind::Trade => trade(value).map(Body::Trade),
        Kind::Index => index(value).map(Body::Index),
        Kind::Fill => fill(value).map(Body::Fill),
        Kind::UserOrder => user_order(value).map(Body::UserOrder),
        Kind::Lifecycle => lifecycle(value),
        Kind::FeeUpdate => fee_update(value),
        Kind::Subscribed => subscribed(value),
        Kind::Ok => ok(value),
        Kind::Error => error(value),
        Kind::Unsubscribed => value.skip().map(|()| Body::Unsubscribed),
        Kind::Ticker | Kind::EventLifecycle | Kind::IndexList | Kind::Position | Kind::OrderGroup => {
            value.skip().map(|()| Body::Ignored(kind))
        }
        Kind::Unknown => value.skip().map(|()| Body::Unknown),
    }
}

/// A message that came without content.
pub(super) fn without_content<'a>(kind: Kind) -> Read<Body<'a>> {
    match kind {
        Kind::Unsubscribed => Ok(Body::Unsubscribed),
        Kind::Ok => Ok(Body::Ok { tickers: None }),
        Kind::Unknown => Ok(Body::Unknown),
        _ => Err(FrameFault::MissingField),
    }
}

fn subscribed<'a>(value: &mut Cursor<'a>) -> Read<Body<'a>> {
    let mut channel = Field::default();
    let mut sid = Field::default();
    value.object(|key, value| match key {
        b"channel" => channel.read(value, Cursor::plain),
        b"sid" => sid.read(value, read::int32),
        _ => value.skip(),
    })?;
    Ok(Body::Subscribed { channel: Channel::from_word(channel.required()?), sid: sid.required()? })
}

/// `msg` is an object after an update, an array after a listing.
fn ok<'a>(value: &mut Cursor<'a>) -> Read<Body<'a>> {
    if value.peek() != Some(b'{') {
        return value.skip().map(|()| Body::Ok { tickers: None });
    }
    let mut tickers = Field::default();
    value.object(|key, value| match key {
        b"market_tickers" => tickers.read(value, ticker_array),
        _ => value.skip(),
    })?;
    Ok(Body::Ok { tickers: tickers.optional() })
}

/// An array of strings, checked now and read again by [`contains_ticker`].
fn ticker_array<'a>(value: &mut Cursor<'a>) -> Read<&'a [u8]> {
    let mut items = *value;
    items.array(|item| item.plain().map(|_| ()))?;
    value.span()
}

/// Whether an array of [`Body::Ok`] holds a ticker.
pub(super) fn contains_ticker(array: &[u8], ticker: &[u8]) -> bool {
    let mut found = false;
    let read = Cursor::new(array).array(|item| {
        found |= item.plain()? == ticker;
        Ok(())
    });
    read.is_ok() && found
}

fn error<'a>(value: &mut Cursor<'a>) -> Read<Body<'a>> {
    let mut code = Field::default();
    value.object(|key, value| match key {
        b"code" => code.read(value, Cursor::integer),
        _ => value.skip(),
    })?;
    Ok(Body::Error { code: code.required()? })
}

fn snapshot<'a>(value: &mut Cursor<'a>, scratch: &mut Scratch) -> Read<Body<'a>> {
    scratch.clear();
    let mut ticker = Field::default();
    let mut bids = Field::default();
    let mut asks = Field::default();
    value.object(|key, value| match key {
        b"market_ticker" => ticker.read(value, Cursor::plain),
        b"yes_dollars_fp" => bids.read(value, |side| levels(side, Side::Bid, scratch)),
        b"no_dollars_fp" => asks.read(value, |side| levels(side, Side::Ask, scratch)),
        _ => value.skip(),
    })?;
    Ok(Body::Snapshot { ticker: ticker.required()? })
}

/// `[["0.4700","3.00"],…]`; a side that is empty is absent.
fn levels(value: &mut Cursor<'_>, side: Side, scratch: &mut Scratch) -> Read<()> {
    value.array(|item| {
        item.peek();
        let (price, size) = match recorded_level(item.rest()) {
            Some((price, size, used)) => {
                item.advance(used);
                (price, size)
            }
            None => level(item)?,
        };
        if size.0 == 0 { Ok(()) } else { scratch.push((side, price, size)) }
    })
}

/// A level in the recorded layout, `["0.4700","3.00"]` without blanks, and the bytes it takes.
#[inline]
fn recorded_level(text: &[u8]) -> Option<(Price, Count, usize)> {
    let (price, rest) = text.strip_prefix(b"[\"")?.split_at_checked(6)?;
    let (size, used) = read::plain_count(rest.strip_prefix(b"\",\"")?)?;
    rest[3 + used..].starts_with(b"\"]").then_some(())?;
    Some((read::price_of(price)?, size, 13 + used))
}

fn level(value: &mut Cursor<'_>) -> Read<(Price, Count)> {
    let mut price = Field::default();
    let mut size = Field::default();
    let mut at = 0;
    value.array(|part| {
        at += 1;
        match at {
            1 => price.read(part, read::price),
            2 => size.read(part, read::size),
            _ => Err(FrameFault::BadField),
        }
    })?;
    Ok((price.required()?, size.required()?))
}

fn trade<'a>(value: &mut Cursor<'a>) -> Read<Trade<'a>> {
    let mut ticker = Field::default();
    let mut taker = Field::default();
    let mut price = Field::default();
    let mut count = Field::default();
    let mut is_block = Field::default();
    let mut venue_ts = Field::default();
    value.object(|key, value| match key {
        b"market_ticker" => ticker.read(value, Cursor::plain),
        b"taker_book_side" => taker.read(value, |side| words::book_side(side.plain()?)),
        b"yes_price_dollars" => price.read(value, read::price),
        b"count_fp" => count.read(value, read::size),
        b"is_block_trade" => is_block.read(value, Cursor::boolean),
        b"ts_ms" => venue_ts.read(value, read::millis),
        _ => value.skip(),
    })?;
    Ok(Trade {
        ticker: ticker.required()?,
        taker: taker.required()?,
        price: price.required()?,
        count: count.required()?,
        is_block: is_block.optional().unwrap_or(false),
        venue_ts: venue_ts.optional().unwrap_or_default(),
    })
}

fn index<'a>(value: &mut Cursor<'a>) -> Read<Index<'a>> {
    let mut id = Field::default();
    let mut data = Field::default();
    let mut average = Field::default();
    let mut closing = Field::default();
    value.object(|key, value| match key {
        b"index_id" => id.read(value, Cursor::plain),
        b"data" => data.read(value, index_data),
        b"avg_60s_data" => average.read(value, window),
        b"last_60s_windowed_average_15min" => closing.read(value, window),
        _ => value.skip(),
    })?;
    let (venue_ts, value) = data.required()?;
    let (closing_average, closing_prints) = closing.optional().unwrap_or_default();
    let (average_60s, _) = average.optional().unwrap_or_default();
    Ok(Index { id: id.required()?, venue_ts, value, average_60s, closing_average, closing_prints })
}

/// The vendor's message, a JSON text inside a JSON string: its time and its value.
fn index_data(value: &mut Cursor<'_>) -> Read<(Nanos, Money)> {
    let text = value.text()?;
    let mut room = [0; INDEX_DATA_MAX];
    let inner = text.unescape(&mut room)?;
    let mut cursor = Cursor::new(inner);
    let mut time = Field::default();
    let mut price = Field::default();
    cursor.object(|key, value| match key {
        b"time" => time.read(value, read::millis),
        b"value" => price.read(value, read::measurement),
        _ => value.skip(),
    })?;
    cursor.end()?;
    let price = price.required()?;
    if price.0 > 0 { Ok((time.required()?, price)) } else { Err(FrameFault::BadField) }
}

/// An average and the number of prints in it.
fn window(value: &mut Cursor<'_>) -> Read<(Money, u8)> {
    let mut average = Field::default();
    let mut prints = Field::default();
    value.object(|key, value| match key {
        b"value" => average.read(value, read::measurement),
        b"window_size" => prints.read(value, Cursor::integer),
        _ => value.skip(),
    })?;
    let prints = prints.required()?;
    if prints > CLOSING_PRINTS_MAX { Err(FrameFault::BadField) } else { Ok((average.required()?, prints as u8)) }
}

fn lifecycle<'a>(value: &mut Cursor<'a>) -> Read<Body<'a>> {
    let mut ticker = Field::default();
    let mut word = Field::default();
    let mut inside = *value;
    let details = value.span()?;
    inside.object(|key, value| match key {
        b"market_ticker" => ticker.read(value, Cursor::plain),
        b"event_type" => word.read(value, Cursor::plain),
        _ => value.skip(),
    })?;
    Ok(Body::Lifecycle { ticker: ticker.required()?, word: word.required()?, details })
}

fn fee_update<'a>(value: &mut Cursor<'a>) -> Read<Body<'a>> {
    let mut event = Field::default();
    let mut fee_type = Field::default();
    let mut multiplier = Field::default();
    value.object(|key, value| match key {
        b"event_ticker" => event.read(value, Cursor::plain),
        b"fee_type_override" => fee_type.read(value, Cursor::plain),
        b"fee_multiplier_override" => multiplier.read(value, Cursor::decimal),
        _ => value.skip(),
    })?;
    let fees = fee_type.optional().map(|word| (word, multiplier.optional().unwrap_or(b"1")));
    Ok(Body::FeeUpdate { event_ticker: event.required()?, fees })
}

fn fill<'a>(value: &mut Cursor<'a>) -> Read<Fill<'a>> {
    let mut ticker = Field::default();
    let mut trade = Field::default();
    let mut order = Field::default();
    let mut client = Field::default();
    let mut side = Field::default();
    let mut price = Field::default();
    let mut count = Field::default();
    let mut fee = Field::default();
    let mut is_taker = Field::default();
    let mut post_position = Field::default();
    value.object(|key, value| match key {
        b"market_ticker" => ticker.read(value, Cursor::plain),
        b"trade_id" => trade.read(value, read::uuid),
        b"order_id" => order.read(value, read::uuid),
        b"client_order_id" => client.read(value, read::client_id),
        b"book_side" => side.read(value, |side| words::book_side(side.plain()?)),
        b"yes_price_dollars" => price.read(value, read::price),
        b"count_fp" => count.read(value, read::size),
        b"fee_cost" => fee.read(value, read::money),
        b"is_taker" => is_taker.read(value, Cursor::boolean),
        b"post_position_fp" => post_position.read(value, read::count),
        _ => value.skip(),
    })?;
    Ok(Fill {
        ticker: ticker.required()?,
        trade: trade.required()?,
        order: order.required()?,
        client: client.optional().unwrap_or(ClientId::FOREIGN),
        side: side.required()?,
        price: price.required()?,
        count: count.required()?,
        fee: fee.required()?,
        is_taker: is_taker.required()?,
        post_position: post_position.required()?,
    })
}

fn user_order<'a>(value: &mut Cursor<'a>) -> Read<UserOrder<'a>> {
    let mut ticker = Field::default();
    let mut order = Field::default();
    let mut client = Field::default();
    let mut status = Field::default();
    let mut reason = Field::default();
    let mut side = Field::default();
    let mut price = Field::default();
    let mut filled = Field::default();
    let mut remaining = Field::default();
    let mut created = Field::default();
    let mut updated = Field::default();
    value.object(|key, value| match key {
        b"ticker" => ticker.read(value, Cursor::plain),
        b"order_id" => order.read(value, read::uuid),
        b"client_order_id" => client.read(value, read::client_id),
        b"status" => status.read(value, |status| words::order_status(status.plain()?)),
        b"last_update_reason" => reason.read(value, |reason| Ok(words::update_reason(reason.plain()?))),
        b"book_side" => side.read(value, |side| words::book_side(side.plain()?)),
        b"yes_price_dollars" => price.read(value, read::price),
        b"fill_count_fp" => filled.read(value, read::size),
        b"remaining_count_fp" => remaining.read(value, read::size),
        b"created_ts_ms" => created.read(value, read::millis),
        b"last_updated_ts_ms" => updated.read(value, read::millis),
        _ => value.skip(),
    })?;
    Ok(UserOrder {
        ticker: ticker.required()?,
        order: order.required()?,
        client: client.optional().unwrap_or(ClientId::FOREIGN),
        status: status.required()?,
        reason: reason.optional().unwrap_or(UpdateReason::None),
        side: side.required()?,
        price: price.required()?,
        filled: filled.required()?,
        remaining: remaining.required()?,
        venue_ts: updated.optional().or(created.optional()).unwrap_or_default(),
    })
}
