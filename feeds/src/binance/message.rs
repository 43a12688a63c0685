//! One combined-stream frame, read: `{"stream":"btcusdt@trade","data":{…}}`.

use super::settings::Stream;
use crate::json::{Cursor, Field, Read};
use crate::{read, time};
use trader_journal::event::{FrameFault, Interval};
use trader_journal::units::{Money, Nanos};

/// A frame, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Market data of a symbol.
    Market {
        /// The stream it came on.
        stream: Stream,
        /// The symbol, in capitals.
        symbol: &'a [u8],
        /// What it says.
        data: Data,
    },
    /// The server ends soon: connect elsewhere now.
    Shutdown,
    /// A command was answered; says nothing about whether anything will come.
    Answered,
    /// A command failed.
    Error,
    /// A stream that is not read here.
    Unknown,
}

/// Market data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// A trade, or the trades of one taker at one price.
    Trade(Trade),
    /// The best quote.
    Quote(Quote),
    /// A candle, and whether it is closed.
    Candle(Candle, bool),
    /// A funding rate's running estimate.
    Funding(Funding),
}

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Rises by one per trade of the symbol.
    pub id: u64,
    /// When it was made.
    pub venue_ts: Nanos,
    /// Its price.
    pub price: Money,
    /// Its size in 1e-8 of the base asset.
    pub quantity: u64,
    /// Whether the buyer's order rested.
    pub buyer_is_maker: bool,
}

/// The best quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Rises with every change of the book.
    pub update_id: u64,
    /// Best bid, below the ask.
    pub bid: Money,
    /// Best ask.
    pub ask: Money,
    /// Size of the bid in 1e-8 of the base asset.
    pub bid_quantity: u64,
    /// Size of the ask in 1e-8 of the base asset.
    pub ask_quantity: u64,
}

/// A candle; its low is the least and its high the greatest of its four prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// When it began: a whole number of its length.
    pub open_time: Nanos,
    /// Its last moment that belongs to it.
    pub close_time: Nanos,
    /// First price.
    pub open: Money,
    /// Highest price.
    pub high: Money,
    /// Lowest price.
    pub low: Money,
    /// Last price.
    pub close: Money,
}

impl Candle {
    /// The candle, if it is one of this length.
    pub(super) fn checked(self, interval: Interval) -> Read<Candle> {
        let length = length(interval);
        let ends_inside = self.close_time > self.open_time && self.close_time.since(self.open_time) <= length;
        let inside = |price: Money| self.low <= price && price <= self.high;
        let whole = self.low.0 > 0 && inside(self.open) && inside(self.close);
        if self.open_time.0.is_multiple_of(length) && ends_inside && whole {
            Ok(self)
        } else {
            Err(FrameFault::BadField)
        }
    }
}

/// Nanoseconds of a candle.
pub(super) const fn length(interval: Interval) -> u64 {
    match interval {
        Interval::Minute => 60 * Nanos::SECOND,
        Interval::Quarter => 900 * Nanos::SECOND,
    }
}

/// The running estimate of a funding rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funding {
    /// When it was so.
    pub venue_ts: Nanos,
    /// The rate in 1e-8.
    pub rate_e8: i64,
    /// When it is next settled.
    pub next: Nanos,
}

/// Reads a frame.
///
/// # Errors
/// What is wrong with it. A stream that is not read here is no error: [`Message::Unknown`].
pub fn decode(frame: &[u8]) -> Read<Message<'_>> {
    let mut draft = Draft::default();
    let mut cursor = Cursor::new(frame);
    cursor.object(|key, value| draft.member(key, value))?;
    cursor.end()?;
    draft.finish()
}

/// A frame half read.
#[derive(Default)]
struct Draft<'a> {
    stream: Field<&'a [u8]>,
    data: Field<Payload<'a>>,
    event: Field<&'a [u8]>,
    answered: bool,
    failed: bool,
}

/// `data` is read where it stands when the stream was told before, and kept for later when not.
#[derive(Clone, Copy)]
enum Payload<'a> {
    Read(Message<'a>),
    Later(&'a [u8]),
}

impl<'a> Draft<'a> {
    fn member(&mut self, key: &[u8], value: &mut Cursor<'a>) -> Read<()> {
        match key {
            b"stream" => self.stream.read(value, Cursor::plain),
            b"data" => match self.stream.optional() {
                Some(name) => self.data.read(value, |value| payload(name, value).map(Payload::Read)),
                None => self.data.read(value, |value| value.span().map(Payload::Later)),
            },
            b"e" => self.event.read(value, Cursor::plain),
            b"result" => {
                self.answered = true;
                value.skip()
            }
            b"error" | b"code" => {
                self.failed = true;
                value.skip()
            }
            _ => value.skip(),
        }
    }

    fn finish(self) -> Read<Message<'a>> {
        match (self.stream.optional(), self.data.optional()) {
            (Some(_), Some(Payload::Read(message))) => Ok(message),
            (Some(name), Some(Payload::Later(span))) => payload(name, &mut Cursor::new(span)),
            (None, None) if self.failed => Ok(Message::Error),
            (None, None) if self.answered => Ok(Message::Answered),
            (None, None) if self.event.optional() == Some(b"serverShutdown") => Ok(Message::Shutdown),
            _ => Err(FrameFault::MissingField),
        }
    }
}

fn payload<'a>(name: &[u8], value: &mut Cursor<'a>) -> Read<Message<'a>> {
    if name == b"!serverShutdown" {
        return value.skip().map(|()| Message::Shutdown);
    }
    let at = name.iter().position(|byte| *byte == b'@').unwrap_or(name.len());
    let (subject, word) = name.split_at(at);
    let Some(stream) = word.get(1..).and_then(Stream::from_word) else {
        return value.skip().map(|()| Message::Unknown);
    };
    let (symbol, data) = match stream {
        Stream::Trade => trade(value, b"trade", b"t")?,
        Stream::AggTrade => trade(value, b"aggTrade", b"a")?,
        Stream::BookTicker => quote(value)?,
        Stream::Kline(interval) => kline(value, interval)?,
        Stream::MarkPrice => mark_price(value)?,
    };
    if symbol.eq_ignore_ascii_case(subject) {
        Ok(Message::Market { stream, symbol, data })
    } else {
        Err(FrameFault::BadField)
    }
}

/// A trade and an aggregate of trades differ in two words: their name, and the key of their number.
fn trade<'a>(value: &mut Cursor<'a>, word: &[u8], id_key: &[u8]) -> Read<(&'a [u8], Data)> {
    let mut event = Field::default();
    let mut symbol = Field::default();
    let mut id = Field::default();
    let mut price = Field::default();
    let mut quantity = Field::default();
    let mut venue_ts = Field::default();
    let mut buyer_is_maker = Field::default();
    value.object(|key, value| match key {
        b"e" => event.read(value, Cursor::plain),
        b"s" => symbol.read(value, Cursor::plain),
        b"p" => price.read(value, read::positive),
        b"q" => quantity.read(value, read::quantity_e8),
        b"T" => venue_ts.read(value, clock),
        b"m" => buyer_is_maker.read(value, Cursor::boolean),
        _ if key == id_key => id.read(value, Cursor::integer),
        _ => value.skip(),
    })?;
    must_be(event.required()?, word)?;
    let trade = Trade {
        id: id.required()?,
        venue_ts: venue_ts.required()?,
        price: price.required()?,
        quantity: quantity.required()?,
        buyer_is_maker: buyer_is_maker.required()?,
    };
    Ok((symbol.required()?, Data::Trade(trade)))
}

/// The spot venue's quote has neither a name nor a time.
fn quote<'a>(value: &mut Cursor<'a>) -> Read<(&'a [u8], Data)> {
    let mut symbol = Field::default();
    let mut update_id = Field::default();
    let mut bid = Field::default();
    let mut ask = Field::default();
    let mut bid_quantity = Field::default();
    let mut ask_quantity = Field::default();
    value.object(|key, value| match key {
        b"s" => symbol.read(value, Cursor::plain),
        b"u" => update_id.read(value, Cursor::integer),
        b"b" => bid.read(value, read::positive),
        b"B" => bid_quantity.read(value, read::quantity_e8),
        b"a" => ask.read(value, read::positive),
        b"A" => ask_quantity.read(value, read::quantity_e8),
        _ => value.skip(),
    })?;
    let quote = Quote {
        update_id: update_id.required()?,
        bid: bid.required()?,
        ask: ask.required()?,
        bid_quantity: bid_quantity.required()?,
        ask_quantity: ask_quantity.required()?,
    };
    if quote.bid >= quote.ask {
        return Err(FrameFault::BadField);
    }
    Ok((symbol.required()?, Data::Quote(quote)))
}

fn kline<'a>(value: &mut Cursor<'a>, interval: Interval) -> Read<(&'a [u8], Data)> {
    let mut event = Field::default();
    let mut symbol = Field::default();
    let mut candle = Field::default();
    value.object(|key, value| match key {
        b"e" => event.read(value, Cursor::plain),
        b"s" => symbol.read(value, Cursor::plain),
        b"k" => candle.read(value, |value| candle_object(value, interval)),
        _ => value.skip(),
    })?;
    must_be(event.required()?, b"kline")?;
    let (candle, closed) = candle.required()?;
    Ok((symbol.required()?, Data::Candle(candle.checked(interval)?, closed)))
}

fn candle_object(value: &mut Cursor<'_>, interval: Interval) -> Read<(Candle, bool)> {
    let mut word = Field::default();
    let mut open_time = Field::default();
    let mut close_time = Field::default();
    let mut open = Field::default();
    let mut high = Field::default();
    let mut low = Field::default();
    let mut close = Field::default();
    let mut closed = Field::default();
    value.object(|key, value| match key {
        b"i" => word.read(value, Cursor::plain),
        b"t" => open_time.read(value, clock),
        b"T" => close_time.read(value, clock),
        b"o" => open.read(value, read::positive),
        b"h" => high.read(value, read::positive),
        b"l" => low.read(value, read::positive),
        b"c" => close.read(value, read::positive),
        b"x" => closed.read(value, Cursor::boolean),
        _ => value.skip(),
    })?;
    must_be(word.required()?, interval.word().as_bytes())?;
    let candle = Candle {
        open_time: open_time.required()?,
        close_time: close_time.required()?,
        open: open.required()?,
        high: high.required()?,
        low: low.required()?,
        close: close.required()?,
    };
    Ok((candle, closed.required()?))
}

fn mark_price<'a>(value: &mut Cursor<'a>) -> Read<(&'a [u8], Data)> {
    let mut event = Field::default();
    let mut symbol = Field::default();
    let mut rate = Field::default();
    let mut next = Field::default();
    let mut venue_ts = Field::default();
    value.object(|key, value| match key {
        b"e" => event.read(value, Cursor::plain),
        b"s" => symbol.read(value, Cursor::plain),
        b"r" => rate.read(value, read::signed_e8),
        b"T" => next.read(value, clock),
        b"E" => venue_ts.read(value, clock),
        _ => value.skip(),
    })?;
    must_be(event.required()?, b"markPriceUpdate")?;
    let funding = Funding { venue_ts: venue_ts.required()?, rate_e8: rate.required()?, next: next.required()? };
    Ok((symbol.required()?, Data::Funding(funding)))
}

/// A time in milliseconds or, where the connection asks for it, microseconds.
pub(super) fn clock(value: &mut Cursor<'_>) -> Read<Nanos> {
    time::from_millis_or_micros(value.integer()?).ok_or(FrameFault::BadField)
}

fn must_be(word: &[u8], expected: &[u8]) -> Read<()> {
    if word == expected { Ok(()) } else { Err(FrameFault::BadField) }
}
