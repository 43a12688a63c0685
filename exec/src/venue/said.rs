//! What the venue tells, in the order in which its engine did it.

use super::account::FillRecord;
use super::market::VenueMarket;
use super::order::{Accepted, AmendRefusal, Canceled, Decreased, OrderState};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, Outcome, RejectReason, Uuid};
use trader_journal::units::{Count, Money, Nanos, Price};

/// One thing the engine did; `at` is the engine's time. The wire adds its own latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A level of the public book changed by `change`; `cause` names the account's order that did it.
    Level {
        /// The market.
        market: VenueMarket,
        /// Side of the YES book.
        side: Side,
        /// YES price.
        price: Price,
        /// Signed change of the level's size.
        change: Count,
        /// The account's own order, if one was the cause.
        cause: Option<ClientId>,
        /// Engine time.
        at: Nanos,
    },
    /// A market's whole book is empty now: it closed, or resumed after a halt.
    BookCleared {
        /// The market.
        market: VenueMarket,
        /// Engine time.
        at: Nanos,
    },
    /// A public trade, ours included.
    Trade {
        /// The market.
        market: VenueMarket,
        /// Its identifier, shared with our fill if we were part of it.
        trade: Uuid,
        /// The taker's side.
        taker: Side,
        /// YES price of the resting order.
        price: Price,
        /// Contracts.
        count: Count,
        /// Engine time.
        at: Nanos,
    },
    /// A fill of the account.
    Fill(FillRecord),
    /// A state of an order of the account.
    Order {
        /// The state.
        state: OrderState,
        /// Engine time.
        at: Nanos,
    },
    /// The answer to a create.
    CreateReply {
        /// Of the [`NewOrder`](super::NewOrder).
        ticket: u64,
        /// What happened.
        result: Result<Accepted, RejectReason>,
        /// Engine time.
        at: Nanos,
    },
    /// The answer to a cancel.
    CancelReply {
        /// Of the [`CancelOrder`](super::CancelOrder).
        ticket: u64,
        /// What happened.
        result: Result<Canceled, RejectReason>,
        /// Engine time.
        at: Nanos,
    },
    /// The answer to a cancel of everything.
    CancelAllReply {
        /// As given.
        ticket: u64,
        /// Orders that left.
        canceled: u32,
        /// Engine time.
        at: Nanos,
    },
    /// The answer to a decrease.
    DecreaseReply {
        /// Of the [`DecreaseOrder`](super::DecreaseOrder).
        ticket: u64,
        /// What happened.
        result: Result<Decreased, RejectReason>,
        /// Engine time.
        at: Nanos,
    },
    /// The answer to an amend.
    AmendReply {
        /// Of the [`AmendOrder`](super::AmendOrder).
        ticket: u64,
        /// What happened.
        result: Result<Accepted, AmendRefusal>,
        /// Engine time.
        at: Nanos,
    },
    /// A market takes orders. The real venue's stream has no message for this.
    Opened {
        /// The market.
        market: VenueMarket,
        /// Engine time.
        at: Nanos,
    },
    /// The strike of a [`PreviousAverage`](super::StrikeRule::PreviousAverage) market became known.
    StrikeTold {
        /// The market.
        market: VenueMarket,
        /// Its floor strike, to the cent.
        strike: Money,
        /// Engine time.
        at: Nanos,
    },
    /// Trading stopped for now.
    Halted {
        /// The market.
        market: VenueMarket,
        /// Engine time.
        at: Nanos,
    },
    /// Trading goes on with an empty book.
    Resumed {
        /// The market.
        market: VenueMarket,
        /// Engine time.
        at: Nanos,
    },
    /// No more orders. The real venue's stream has no message for this.
    Closed {
        /// The market.
        market: VenueMarket,
        /// Engine time.
        at: Nanos,
    },
    /// The result is known.
    Determined {
        /// The market.
        market: VenueMarket,
        /// The result.
        outcome: Outcome,
        /// What YES pays per contract.
        value: Money,
        /// The index average the market settled on, to the cent; zero when there was none.
        settlement: Money,
        /// Engine time.
        at: Nanos,
    },
    /// Paid: the market is final and its book gone.
    Settled {
        /// The market.
        market: VenueMarket,
        /// The result.
        outcome: Outcome,
        /// What YES paid per contract.
        value: Money,
        /// As determined.
        settlement: Money,
        /// Engine time.
        at: Nanos,
    },
}

impl Said {
    /// The engine's time.
    #[must_use]
    pub const fn at(&self) -> Nanos {
        match self {
            Said::Level { at, .. }
            | Said::BookCleared { at, .. }
            | Said::Trade { at, .. }
            | Said::Fill(FillRecord { at, .. })
            | Said::Order { at, .. }
            | Said::CreateReply { at, .. }
            | Said::CancelReply { at, .. }
            | Said::CancelAllReply { at, .. }
            | Said::DecreaseReply { at, .. }
            | Said::AmendReply { at, .. }
            | Said::Opened { at, .. }
            | Said::StrikeTold { at, .. }
            | Said::Halted { at, .. }
            | Said::Resumed { at, .. }
            | Said::Closed { at, .. }
            | Said::Determined { at, .. }
            | Said::Settled { at, .. } => *at,
        }
    }
}
