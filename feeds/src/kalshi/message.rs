//! One WebSocket frame, read: what it is, which stream it belongs to, what it says.

use super::body;
use super::delta::{self, Delta};
use super::words::{Channel, Kind};
use crate::json::{Cursor, Field, Read};
use crate::read;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, FrameFault, OrderStatus, UpdateReason, Uuid};
use trader_journal::units::{Count, Money, Nanos, Price};

/// What every message has around its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The command this answers.
    pub id: Option<u64>,
    /// The subscription it belongs to.
    pub sid: Option<u32>,
    /// Its number in that subscription.
    pub seq: Option<u64>,
    /// When the venue sent it; zero when not told.
    pub sent: Nanos,
}

impl Envelope {
    /// The subscription and the number of a message that must have both.
    ///
    /// # Errors
    /// `MissingField` when it has not.
    pub fn stream(&self) -> Read<(u32, u64)> {
        self.sid.zip(self.seq).ok_or(FrameFault::MissingField)
    }
}

/// A frame, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What is around it.
    pub envelope: Envelope,
    /// What it says.
    pub body: Body<'a>,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// A subscription was made; `None` for a channel we never ask for.
    Subscribed {
        /// Its channel.
        channel: Option<Channel>,
        /// Its number.
        sid: u32,
    },
    /// A command was done. `tickers` is the JSON array of all the subscription's markets, if it was given.
    Ok {
        /// The array, or nothing.
        tickers: Option<&'a [u8]>,
    },
    /// A subscription ended.
    Unsubscribed,
    /// The venue reports an error.
    Error {
        /// Its number in the venue's list.
        code: u64,
    },
    /// A whole book; its levels are in the scratch the frame was read with.
    Snapshot {
        /// The market.
        ticker: &'a [u8],
    },
    /// A change of one level.
    Delta(Delta<'a>),
    /// A public trade.
    Trade(Trade<'a>),
    /// A tick of an index.
    Index(Index<'a>),
    /// Something happened to a market. `details` is the whole `msg`, read once the market is known to be ours.
    Lifecycle {
        /// The market.
        ticker: &'a [u8],
        /// The word for what happened.
        word: &'a [u8],
        /// The `msg` object.
        details: &'a [u8],
    },
    /// An event's fees were overridden, or the override lifted (`None`).
    FeeUpdate {
        /// The event.
        event_ticker: &'a [u8],
        /// Fee type and multiplier, as written.
        fees: Option<(&'a [u8], &'a [u8])>,
    },
    /// A fill of ours.
    Fill(Fill<'a>),
    /// The state of an order of ours.
    UserOrder(UserOrder<'a>),
    /// A kind we know and need nothing from.
    Ignored(Kind),
    /// A kind we do not know.
    Unknown,
}

/// A public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade<'a> {
    /// The market.
    pub ticker: &'a [u8],
    /// The taker's side of the YES book.
    pub taker: Side,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub count: Count,
    /// Negotiated away from the book.
    pub is_block: bool,
    /// The matching engine's time; zero when not told.
    pub venue_ts: Nanos,
}

/// A tick of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index<'a> {
    /// Which index.
    pub id: &'a [u8],
    /// The index's own time.
    pub venue_ts: Nanos,
    /// Its value, to the nearest $0.000001.
    pub value: Money,
    /// The average of the last minute; zero when not told.
    pub average_60s: Money,
    /// The average of the prints of the current final minute of a quarter hour; zero outside it.
    pub closing_average: Money,
    /// How many prints that is, 0 ..= 60.
    pub closing_prints: u8,
}

/// A fill of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill<'a> {
    /// The market.
    pub ticker: &'a [u8],
    /// The trade; shared with the public trade message.
    pub trade: Uuid,
    /// The order.
    pub order: Uuid,
    /// Our identifier of it, or [`ClientId::FOREIGN`].
    pub client: ClientId,
    /// Our side of the YES book.
    pub side: Side,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub count: Count,
    /// What the venue charged.
    pub fee: Money,
    /// Whether we took.
    pub is_taker: bool,
    /// The position after it; negative for NO.
    pub post_position: Count,
}

/// The state of an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserOrder<'a> {
    /// The market.
    pub ticker: &'a [u8],
    /// The order.
    pub order: Uuid,
    /// Our identifier of it, or [`ClientId::FOREIGN`].
    pub client: ClientId,
    /// Whether it lives.
    pub status: OrderStatus,
    /// What last changed it.
    pub reason: UpdateReason,
    /// Its side of the YES book.
    pub side: Side,
    /// YES price.
    pub price: Price,
    /// Contracts filled.
    pub filled: Count,
    /// Contracts resting.
    pub remaining: Count,
    /// When it last changed; zero when not told.
    pub venue_ts: Nanos,
}

/// A snapshot's levels, as one frame gave them.
#[derive(Debug)]
pub struct Scratch {
    levels: Vec<(Side, Price, Count)>,
    levels_max: usize,
}

impl Scratch {
    /// Room for the levels of both sides of one book.
    #[must_use]
    pub fn new(levels_max: usize) -> Scratch {
        Scratch { levels: Vec::with_capacity(levels_max), levels_max }
    }

    /// The levels of the snapshot read last.
    #[must_use]
    pub fn levels(&self) -> &[(Side, Price, Count)] {
        &self.levels
    }

    pub(super) fn clear(&mut self) {
        self.levels.clear();
    }

    pub(super) fn push(&mut self, level: (Side, Price, Count)) -> Read<()> {
        if self.levels.len() == self.levels_max {
            return Err(FrameFault::TooMany);
        }
        self.levels.push(level);
        Ok(())
    }
}

/// Why a frame could not be read, and what was known of it by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Why.
    pub fault: FrameFault,
    /// What it said it was, if it had said so.
    pub kind: Option<Kind>,
}

impl Rejected {
    /// Whether the frame may have changed a book.
    #[must_use]
    pub const fn may_concern_books(&self) -> bool {
        match self.kind {
            Some(kind) => kind.concerns_books(),
            None => true,
        }
    }
}

/// Reads a frame: the recorded layout first, any order of fields otherwise.
///
/// # Errors
/// [`Rejected`] says why and how much of it was known.
pub fn decode<'a>(frame: &'a [u8], scratch: &mut Scratch) -> Result<Message<'a>, Rejected> {
    match delta::recorded_layout(frame) {
        Some(message) => Ok(message),
        None => decode_any_order(frame, scratch),
    }
}

/// Reads a frame whose fields may stand in any order.
///
/// # Errors
/// [`Rejected`] says why and how much of it was known.
pub fn decode_any_order<'a>(frame: &'a [u8], scratch: &mut Scratch) -> Result<Message<'a>, Rejected> {
    let mut draft = Draft::default();
    let read = draft.read(&mut Cursor::new(frame), scratch);
    read.map_err(|fault| Rejected { fault, kind: draft.kind.optional() })
}

/// A message half read.
#[derive(Default)]
struct Draft<'a> {
    kind: Field<Kind>,
    id: Field<u64>,
    sid: Field<u32>,
    seq: Field<u64>,
    sent: Field<Nanos>,
    content: Content<'a>,
}

/// `msg` is read where it stands when the kind was told before, and kept for later when not.
#[derive(Default)]
enum Content<'a> {
    #[default]
    Absent,
    Later(&'a [u8]),
    Body(Body<'a>),
}

impl<'a> Draft<'a> {
    fn read(&mut self, cursor: &mut Cursor<'a>, scratch: &mut Scratch) -> Read<Message<'a>> {
        cursor.object(|key, value| match key {
            b"type" => self.kind.read(value, |word| Ok(Kind::from_word(word.plain()?))),
            b"sid" => self.sid.read(value, read::int32),
            b"seq" => self.seq.read(value, Cursor::integer),
            b"id" => self.id.read(value, Cursor::integer),
            b"sending_ts_ms" => self.sent.read(value, read::millis),
            b"msg" => self.content(value, scratch),
            _ => value.skip(),
        })?;
        cursor.end()?;
        self.finish(scratch)
    }

    fn content(&mut self, value: &mut Cursor<'a>, scratch: &mut Scratch) -> Read<()> {
        if !matches!(self.content, Content::Absent) {
            return Err(FrameFault::Malformed);
        }
        self.content = match self.kind.optional() {
            Some(kind) => Content::Body(body::read(kind, value, scratch)?),
            None => Content::Later(value.span()?),
        };
        Ok(())
    }

    fn finish(&mut self, scratch: &mut Scratch) -> Read<Message<'a>> {
        let kind = self.kind.required()?;
        let body = match self.content {
            Content::Body(body) => body,
            Content::Later(span) => body::read(kind, &mut Cursor::new(span), scratch)?,
            Content::Absent => body::without_content(kind)?,
        };
        let envelope = Envelope {
            id: self.id.optional(),
            sid: self.sid.optional(),
            seq: self.seq.optional(),
            sent: self.sent.optional().unwrap_or_default(),
        };
        Ok(Message { envelope, body })
    }
}
