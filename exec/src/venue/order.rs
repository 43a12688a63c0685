//! What is asked of the venue, and what becomes of an order.

use super::holding::Claim;
use super::market::VenueMarket;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, OrderStatus, RejectReason, SelfTrade, TimeInForce, UpdateReason, Uuid};
use trader_journal::fee::{Execution, FeeSchedule, FillFee, OrderFees, Precision, Role};
use trader_journal::units::{Count, Money, Nanos, Price};

/// An order on its way to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The sender's identifier: permanent, refused a second time even when its order is dead.
    /// [`ClientId::FOREIGN`] means the sender gave none, and is not remembered.
    pub client: ClientId,
    /// `None` when the ticker names no market the venue ever listed.
    pub market: Option<VenueMarket>,
    /// `Bid` buys YES; `Ask` sells YES, which is buying NO at `$1 − price`.
    pub side: Side,
    /// YES limit price; off the market's grid it is refused.
    pub price: Price,
    /// Contracts; zero, negative or above the venue's largest order is refused.
    pub count: Count,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// When it leaves the book by itself; only with good-till-canceled.
    pub expires: Option<Nanos>,
    /// Refused if it would trade on arrival; only with good-till-canceled.
    pub post_only: bool,
    /// Trades no more than closes the position it meets; only with immediate-or-cancel.
    pub reduce_only: bool,
    /// What happens when it meets an order of the same account.
    pub self_trade: SelfTrade,
    /// Cancelled when its market is halted, instead of when it resumes.
    pub cancel_on_pause: bool,
    /// Returned in the reply, so that the asker finds its question again.
    pub ticket: u64,
}

/// A cancel on its way to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// The venue's identifier of the order.
    pub order: Uuid,
    /// The shard it was routed to; `None` goes to shard 0, where crypto orders are not found (kalshi.md §2.2).
    pub shard: Option<u8>,
    /// Returned in the reply.
    pub ticket: u64,
}

/// By how much an order is made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// So many contracts less; more than none, no more than remain.
    By(Count),
    /// Down to so many; fewer than remain. None is a cancel.
    To(Count),
}

/// A decrease on its way to the engine. The order keeps its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecreaseOrder {
    /// The venue's identifier of the order.
    pub order: Uuid,
    /// The shard it was routed to, as with a cancel.
    pub shard: Option<u8>,
    /// How much.
    pub reduction: Reduction,
    /// Returned in the reply.
    pub ticket: u64,
}

/// What an amend does to the time an order leaves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewExpiry {
    /// Nothing.
    Kept,
    /// It does not leave by itself any more.
    Never,
    /// It leaves then.
    At(Nanos),
}

/// An amend on its way to the engine. Price and count are those it shall have; its place in the queue is
/// kept when the price stays and no more remains than before, otherwise it comes as a new order would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmendOrder {
    /// The venue's identifier of the order.
    pub order: Uuid,
    /// The shard it was routed to, as with a cancel.
    pub shard: Option<u8>,
    /// The market it is thought to be in.
    pub market: VenueMarket,
    /// The side it is thought to be on.
    pub side: Side,
    /// The identifier its sender is thought to have given it; `None` does not say.
    pub client: Option<ClientId>,
    /// A new identifier of the sender's, if it gets one.
    pub renamed: Option<ClientId>,
    /// YES limit price.
    pub price: Price,
    /// Contracts, those already filled included; not more than those is refused.
    pub count: Count,
    /// When it leaves by itself.
    pub expires: NewExpiry,
    /// Returned in the reply.
    pub ticket: u64,
}

/// Why an order was not amended. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmendRefusal {
    /// As a create or cancel is refused.
    Rejected(RejectReason),
    /// The order is in another market.
    OtherMarket,
    /// The order is on the other side.
    OtherSide,
    /// Its sender called the order something else.
    OtherClient,
}

impl From<RejectReason> for AmendRefusal {
    fn from(reason: RejectReason) -> AmendRefusal {
        AmendRefusal::Rejected(reason)
    }
}

/// The reply to an accepted decrease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decreased {
    /// The venue's identifier.
    pub order: Uuid,
    /// The sender's.
    pub client: ClientId,
    /// Contracts still resting.
    pub remaining: Count,
}

/// The reply to an accepted create, and to an accepted amend: what has become of the whole order. An IOC that found nothing has neither filled nor remaining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The venue's identifier.
    pub order: Uuid,
    /// The sender's.
    pub client: ClientId,
    /// Contracts filled on arrival.
    pub filled: Count,
    /// Contracts resting.
    pub remaining: Count,
    /// YES price × count of what was filled.
    pub notional: Money,
    /// Net fees of what was filled.
    pub fees: Money,
}

/// The reply to an accepted cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canceled {
    /// The venue's identifier.
    pub order: Uuid,
    /// The sender's.
    pub client: ClientId,
    /// Contracts taken out of the book.
    pub reduced: Count,
}

/// An order's state after a change, as the private stream tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// The venue's identifier.
    pub order: Uuid,
    /// The sender's.
    pub client: ClientId,
    /// Its market.
    pub market: VenueMarket,
    /// Its side.
    pub side: Side,
    /// YES limit price.
    pub price: Price,
    /// Where it is.
    pub status: OrderStatus,
    /// What brought it there; `None` for an order that began to rest, or an IOC's rest that did not.
    pub reason: UpdateReason,
    /// Contracts filled so far.
    pub filled: Count,
    /// Contracts resting.
    pub remaining: Count,
    /// Net fees so far.
    pub fees: Money,
}

/// One row of the account's record: an order as it was asked for, and where it is now. Rows are
/// appended, one for every create that reached the engine, refused ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// As asked, with what was amended and decreased since.
    pub asked: NewOrder,
    /// As it came.
    pub came: NewOrder,
    /// When it reached the engine.
    pub at: Nanos,
    /// The venue's identifier; [`Uuid::NONE`] when refused.
    pub order: Uuid,
    /// The refusal, if it was one.
    pub refused: Option<RejectReason>,
    /// Where it is; a refused one counts as canceled.
    pub status: OrderStatus,
    /// What brought it there.
    pub reason: UpdateReason,
    /// When that was.
    pub updated: Nanos,
    /// Contracts filled so far.
    pub filled: Count,
    /// Contracts resting.
    pub remaining: Count,
    /// YES price × count of what was filled.
    pub notional: Money,
    /// Net fees so far.
    pub fees: Money,
    /// Fills so far.
    pub fills: u32,
    pub(super) accumulator: OrderFees,
}

impl OrderRecord {
    pub(super) fn new(asked: &NewOrder, order: Uuid, at: Nanos) -> OrderRecord {
        OrderRecord {
            asked: *asked,
            came: *asked,
            at,
            order,
            refused: None,
            status: OrderStatus::Resting,
            reason: UpdateReason::None,
            updated: at,
            filled: Count::ZERO,
            remaining: asked.count,
            notional: Money::ZERO,
            fees: Money::ZERO,
            fills: 0,
            accumulator: OrderFees::default(),
        }
    }

    pub(super) fn refused(asked: &NewOrder, reason: RejectReason, at: Nanos) -> OrderRecord {
        OrderRecord {
            refused: Some(reason),
            status: OrderStatus::Canceled,
            remaining: Count::ZERO,
            ..OrderRecord::new(asked, Uuid::NONE, at)
        }
    }

    /// The roundings this order paid that a later fill may still give back.
    #[must_use]
    pub const fn carried(&self) -> Money {
        self.accumulator.carried()
    }

    /// Counts one fill and what it costs.
    pub(super) fn charge(&mut self, schedule: &FeeSchedule, execution: &Execution) -> FillFee {
        let fee = self.accumulator.fill(schedule, execution).expect("a price on the grid, a count below the largest");
        self.filled.0 += execution.count.0;
        self.remaining.0 -= execution.count.0;
        self.notional.0 += i64::from(execution.price.0) * execution.count.0;
        self.fees.0 += fee.net_fee.0;
        self.fills += 1;
        fee
    }

    /// What it may still take from the cash. `None` when that is more than money can count.
    pub(super) fn claim(&self, schedule: &FeeSchedule, fills_max: u32) -> Option<Claim> {
        if self.remaining == Count::ZERO {
            return Some(Claim::default());
        }
        let NewOrder { side, price, .. } = self.asked;
        let bought_at = if side == Side::Bid { price } else { price.complement() };
        let fills_left = fills_max.saturating_sub(self.fills);
        let dearer =
            if schedule.rates.ppm(Role::Maker) > schedule.rates.ppm(Role::Taker) { Role::Maker } else { Role::Taker };
        let model = schedule.rates.model_fee(dearer, price, self.remaining, Precision::Micro)?;
        let bound = schedule.fee_upper_bound(dearer, price, self.remaining, fills_left)?;
        let cost = bought_at.notional(self.remaining)?.checked_add(model)?;
        Some(Claim { count: self.remaining, cost, roundings: bound.checked_sub(model)? })
    }

    /// What the reply tells of it.
    pub(super) const fn accepted(&self) -> Accepted {
        Accepted {
            order: self.order,
            client: self.asked.client,
            filled: self.filled,
            remaining: self.remaining,
            notional: self.notional,
            fees: self.fees,
        }
    }

    /// What the private stream tells of it.
    pub(super) fn state(&self, market: VenueMarket) -> OrderState {
        OrderState {
            order: self.order,
            client: self.asked.client,
            market,
            side: self.asked.side,
            price: self.asked.price,
            status: self.status,
            reason: self.reason,
            filled: self.filled,
            remaining: self.remaining,
            fees: self.fees,
        }
    }
}
