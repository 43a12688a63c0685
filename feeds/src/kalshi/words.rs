//! The venue's words, each with our own. A word that is not here is counted, never fatal.

use crate::json::Read;
use trader_journal::book::Side;
use trader_journal::event::{FrameFault, LifecycleKind, OrderStatus, Outcome, StrikeKind, UpdateReason};

/// A channel this session subscribes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Snapshots and changes of books.
    Book,
    /// Public trades.
    Trade,
    /// Life and death of every market of the venue.
    Lifecycle,
    /// Our fills.
    Fill,
    /// Our orders.
    Orders,
    /// The settlement index.
    Index,
}

impl Channel {
    /// Every channel, in the order of subscription.
    pub const ALL: [Channel; 6] =
        [Channel::Lifecycle, Channel::Fill, Channel::Orders, Channel::Index, Channel::Book, Channel::Trade];

    /// The venue's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Channel::Book => "orderbook_delta",
            Channel::Trade => "trade",
            Channel::Lifecycle => "market_lifecycle_v2",
            Channel::Fill => "fill",
            Channel::Orders => "user_orders",
            Channel::Index => "cfbenchmarks_value",
        }
    }

    /// The channel of a word.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| channel.word().as_bytes() == word)
    }
}

/// What a message says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A subscription was made.
    Subscribed,
    /// A command was done.
    Ok,
    /// A subscription ended.
    Unsubscribed,
    /// A command failed, or a subscription broke.
    Error,
    /// A whole book.
    Snapshot,
    /// A change of one level.
    Delta,
    /// A public trade.
    Trade,
    /// A market's summary: read by nobody here.
    Ticker,
    /// Something happened to a market.
    Lifecycle,
    /// Something happened to an event: read by nobody here.
    EventLifecycle,
    /// An event's fees were overridden.
    FeeUpdate,
    /// A tick of the settlement index.
    Index,
    /// Which indices there are: read by nobody here.
    IndexList,
    /// A fill of ours.
    Fill,
    /// The state of an order of ours.
    UserOrder,
    /// A position of ours: exec keeps its own.
    Position,
    /// An order group's limit.
    OrderGroup,
    /// A word that is not in this list.
    Unknown,
}

impl Kind {
    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Kind {
        match word {
            b"orderbook_delta" => Kind::Delta,
            b"orderbook_snapshot" => Kind::Snapshot,
            b"trade" => Kind::Trade,
            b"cfbenchmarks_value" => Kind::Index,
            b"market_lifecycle_v2" => Kind::Lifecycle,
            b"fill" => Kind::Fill,
            b"user_order" => Kind::UserOrder,
            b"subscribed" => Kind::Subscribed,
            b"ok" => Kind::Ok,
            b"unsubscribed" => Kind::Unsubscribed,
            b"error" => Kind::Error,
            b"ticker" => Kind::Ticker,
            b"event_lifecycle" => Kind::EventLifecycle,
            b"event_fee_update" => Kind::FeeUpdate,
            b"cfbenchmarks_value_indexlist" => Kind::IndexList,
            b"market_position" => Kind::Position,
            b"order_group_updates" => Kind::OrderGroup,
            _ => Kind::Unknown,
        }
    }

    /// Whether a message of this kind, when it cannot be read, leaves a book in doubt.
    #[must_use]
    pub const fn concerns_books(self) -> bool {
        matches!(self, Kind::Snapshot | Kind::Delta)
    }
}

/// What happened to a market, as the lifecycle channel says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Listed.
    Created,
    /// Trading resumed.
    Activated,
    /// Trading stopped.
    Deactivated,
    /// The close moved.
    CloseMoved,
    /// The result is known.
    Determined,
    /// Paid.
    Settled,
    /// The strike was told.
    Metadata,
    /// The price grid changed.
    Grid,
}

impl Happening {
    /// The happening of a word.
    #[must_use]
    pub const fn from_word(word: &[u8]) -> Option<Happening> {
        Some(match word {
            b"created" => Happening::Created,
            b"activated" => Happening::Activated,
            b"deactivated" => Happening::Deactivated,
            b"close_date_updated" => Happening::CloseMoved,
            b"determined" => Happening::Determined,
            b"settled" => Happening::Settled,
            b"metadata_updated" => Happening::Metadata,
            b"price_level_structure_updated" => Happening::Grid,
            _ => return None,
        })
    }
}

/// Where a market stands. The order is that of its life: only a halt is ever undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Listed, not open yet.
    Unopened,
    /// Takes orders.
    Open,
    /// Stopped for now.
    Halted,
    /// Takes no more orders.
    Closed,
    /// The result is known, not paid.
    Determined,
    /// The result is disputed.
    Disputed,
    /// The result was replaced.
    Amended,
    /// Paid.
    Final,
}

impl Phase {
    /// The phase of a market object's `status`.
    #[must_use]
    pub const fn from_status(word: &[u8]) -> Option<Phase> {
        Some(match word {
            b"initialized" => Phase::Unopened,
            b"active" => Phase::Open,
            b"inactive" => Phase::Halted,
            b"closed" => Phase::Closed,
            b"determined" => Phase::Determined,
            b"disputed" => Phase::Disputed,
            b"amended" => Phase::Amended,
            b"finalized" => Phase::Final,
            _ => return None,
        })
    }

    /// What the line is told when a market gets here.
    #[must_use]
    pub const fn kind(self) -> LifecycleKind {
        match self {
            Phase::Unopened => LifecycleKind::Created,
            Phase::Open => LifecycleKind::Opened,
            Phase::Halted => LifecycleKind::Deactivated,
            Phase::Closed => LifecycleKind::Closed,
            Phase::Determined => LifecycleKind::Determined,
            Phase::Disputed => LifecycleKind::Disputed,
            Phase::Amended => LifecycleKind::Amended,
            Phase::Final => LifecycleKind::Finalized,
        }
    }

    /// Whether the close lies behind.
    #[must_use]
    pub fn is_over(self) -> bool {
        self >= Phase::Closed
    }
}

/// The strike kind of a word; `None` for a word that is not in the venue's schema.
#[must_use]
pub const fn strike_kind(word: &[u8]) -> Option<StrikeKind> {
    Some(match word {
        b"" => StrikeKind::Unknown,
        b"greater" => StrikeKind::Greater,
        b"greater_or_equal" => StrikeKind::GreaterOrEqual,
        b"less" => StrikeKind::Less,
        b"less_or_equal" => StrikeKind::LessOrEqual,
        b"between" => StrikeKind::Between,
        b"functional" | b"custom" | b"structured" => StrikeKind::Unpriced,
        _ => return None,
    })
}

/// A market's result; `""` is none yet.
///
/// # Errors
/// `BadField` for a word that is not in the venue's schema: REST will tell it again.
pub const fn outcome(word: &[u8]) -> Read<Outcome> {
    match word {
        b"" => Ok(Outcome::Open),
        b"yes" => Ok(Outcome::Yes),
        b"no" => Ok(Outcome::No),
        b"scalar" => Ok(Outcome::Scalar),
        b"void" => Ok(Outcome::Void),
        _ => Err(FrameFault::BadField),
    }
}

/// `book_side`: the side of the YES book.
pub(crate) const fn book_side(word: &[u8]) -> Read<Side> {
    match word {
        b"bid" => Ok(Side::Bid),
        b"ask" => Ok(Side::Ask),
        _ => Err(FrameFault::BadField),
    }
}

/// `side` of a book level: NO bids are YES asks, and with `use_yes_price` are priced as such.
pub(crate) const fn level_side(word: &[u8]) -> Read<Side> {
    match word {
        b"yes" => Ok(Side::Bid),
        b"no" => Ok(Side::Ask),
        _ => Err(FrameFault::BadField),
    }
}

pub(crate) const fn order_status(word: &[u8]) -> Read<OrderStatus> {
    match word {
        b"resting" => Ok(OrderStatus::Resting),
        b"canceled" => Ok(OrderStatus::Canceled),
        b"executed" => Ok(OrderStatus::Executed),
        _ => Err(FrameFault::BadField),
    }
}

/// Reasons grow without notice: a new one is `Other`.
pub(crate) fn update_reason(word: &[u8]) -> UpdateReason {
    let known = UpdateReason::ALL.iter().find(|reason| reason.word().as_bytes() == word);
    if word.is_empty() { UpdateReason::None } else { known.copied().unwrap_or(UpdateReason::Other) }
}
