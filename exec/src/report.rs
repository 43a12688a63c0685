//! What became of our orders: replies, fills and updates, in whatever order they come.

use crate::life::Report;
use crate::order::Order;
use crate::position::Execution;
use crate::stage::{Exec, UNLINKED_MAX};
use alloc::vec::Vec;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, EvalId, Event, Gate, MarketId, OrderStatus, RejectReason, UpdateReason, Uuid};
use trader_journal::hash::StateHash;
use trader_journal::stage::Outbox;
use trader_journal::units::{Count, Money, Nanos, Price};

/// No fill is larger, no fee dearer: beyond lies nonsense, and sums stay far from their ends.
const FILL_COUNT_MAX: Count = Count(10_000_000_000);
const FILL_FEE_MAX: Money = Money(10_000_000_000_000);

/// First halves that wait for their second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heads {
    pub basis: Option<BasisHead>,
    ids: Option<IdsHead>,
    trade: Option<TradeHead>,
}

/// What an opinion was built on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BasisHead {
    pub market: MarketId,
    pub eval: EvalId,
    pub book_ts: Nanos,
    pub index_ts: Nanos,
    pub source_ts: Nanos,
}

/// Whose update follows.
#[derive(Clone, Copy, Debug)]
struct IdsHead {
    market: MarketId,
    order: Uuid,
    client: ClientId,
}

/// Which trade's fill follows, and whose.
#[derive(Clone, Copy, Debug)]
struct TradeHead {
    market: MarketId,
    trade: Uuid,
    client: ClientId,
}

impl Heads {
    pub(crate) fn mix(&self, hash: &mut StateHash) {
        if let Some(head) = self.basis {
            let words = [u64::from(head.market.0), u64::from(head.eval.0), head.book_ts.0, head.index_ts.0];
            words.into_iter().chain([head.source_ts.0]).for_each(|word| hash.mix(word));
        }
        if let Some(head) = self.ids {
            hash.mix(u64::from(head.market.0) << 32 | head.client.seq);
            hash.mix_bytes(&head.order.0);
        }
        if let Some(head) = self.trade {
            hash.mix(u64::from(head.market.0) << 32 | head.client.seq);
            hash.mix_bytes(&head.trade.0);
        }
    }
}

/// The trades whose fills were applied, until their market is forgotten: each counts once.
#[derive(Debug)]
pub(crate) struct TradesSeen {
    table: Vec<(Uuid, MarketId)>,
    capacity: usize,
}

impl TradesSeen {
    pub(crate) fn new(capacity: usize) -> TradesSeen {
        TradesSeen { table: Vec::with_capacity(capacity), capacity }
    }

    /// The oldest trade's market, of those that `is_over`.
    pub(crate) fn oldest(&self, is_over: impl Fn(MarketId) -> bool) -> Option<MarketId> {
        self.table.iter().map(|(_, market)| *market).find(|market| is_over(*market))
    }

    /// Whether another order of that many fills fits.
    pub(crate) fn has_room(&self, fills: u32) -> bool {
        self.capacity - self.table.len() >= fills as usize
    }

    fn holds(&self, trade: Uuid) -> bool {
        self.table.iter().rev().any(|(seen, _)| *seen == trade)
    }

    /// With no room left the oldest is forgotten: no order was sent that could get here.
    fn add(&mut self, trade: Uuid, market: MarketId) {
        if self.table.len() == self.capacity && self.capacity > 0 {
            self.table.remove(0);
        }
        if self.table.len() < self.capacity {
            self.table.push((trade, market));
        }
    }

    pub(crate) fn forget(&mut self, market: MarketId) {
        self.table.retain(|(_, of)| *of != market);
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        hash.mix(self.table.len() as u64);
        self.table.iter().for_each(|(trade, _)| hash.mix_bytes(&trade.0));
    }
}

/// A fill that came before its order's identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unlinked {
    trade: Uuid,
    order: Uuid,
    market: MarketId,
    execution: Execution,
}

impl Unlinked {
    /// Whether an order of this market may have it.
    pub(crate) fn is_of(&self, market: MarketId) -> bool {
        self.market == market
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        let Execution { side, price, count, fee } = self.execution;
        hash.mix(u64::from(self.market.0) << 32 | u64::from(price.0) << 8 | side as u64);
        hash.mix(count.0 as u64);
        hash.mix(fee.0 as u64);
        hash.mix_bytes(&self.trade.0);
        hash.mix_bytes(&self.order.0);
    }
}

impl Exec {
    // ---- replies -----------------------------------------------------------------------------

    pub(crate) fn hear_accepted(&mut self, event: &Event, out: &mut Outbox) {
        let Event::OrderAccepted { client, order, filled, remaining, .. } = *event else { return };
        let Some(at) = self.find(client, order) else { return };
        let (filled, remaining) = (Count(i64::from(filled)), Count(i64::from(remaining)));
        let ours = self.orders.get_mut(at);
        ours.tell_filled(filled, self.now);
        let report = match remaining {
            Count::ZERO if filled >= ours.count => Report::Executed,
            Count::ZERO => Report::Canceled,
            _ => Report::Live,
        };
        self.tell(at, report);
        self.link(at, order, out);
    }

    pub(crate) fn hear_rejected(&mut self, client: ClientId, reason: RejectReason) {
        let report = match reason {
            // An order of this name exists: whether it is this one nobody knows yet.
            RejectReason::DuplicateClientId => Report::Lost,
            RejectReason::MarketInactive
            | RejectReason::InvalidPrice
            | RejectReason::InvalidCount
            | RejectReason::InsufficientBalance
            | RejectReason::PostOnlyCross
            | RejectReason::FillOrKill
            | RejectReason::MarketNotFound
            | RejectReason::OrderNotFound
            | RejectReason::TradingPaused
            | RejectReason::ExchangePaused
            | RejectReason::RateLimited
            | RejectReason::Unauthorized
            | RejectReason::InvalidExpiration
            | RejectReason::Other
            | RejectReason::NotSent => Report::Refused,
        };
        self.hear_of(client, report);
    }

    /// A cancel was refused. One that never left was no try: it is said again for as long as it is wanted.
    pub(crate) fn hear_cancel_rejected(&mut self, client: ClientId, reason: RejectReason) {
        if let (RejectReason::NotSent, Some(at)) = (reason, self.orders.find(client, Uuid::NONE)) {
            let order = self.orders.get_mut(at);
            // At least one stays: the next try is due after the pause, not at once.
            order.cancels_said = order.cancels_said.saturating_sub(1).max(1);
        }
        self.hear_of(client, Report::CancelRefused);
    }

    /// A report that says nothing but itself.
    pub(crate) fn hear_of(&mut self, client: ClientId, report: Report) {
        if let Some(at) = self.find(client, Uuid::NONE) {
            self.tell(at, report);
        }
    }

    /// The reply to a cancel sometimes describes another order (the venue's notice of 2026-05-21):
    /// then it says nothing of ours.
    pub(crate) fn hear_canceled(&mut self, client: ClientId, order: Uuid, reduced: Count) {
        let Some(at) = self.find(client, order) else { return };
        let ours = self.orders.get_mut(at);
        if order != Uuid::NONE && ours.order != Uuid::NONE && ours.order != order {
            return self.contradict();
        }
        ours.tell_filled(Count(ours.count.0 - reduced.0.clamp(0, ours.count.0)), self.now);
        self.tell(at, Report::Canceled);
    }

    /// Replies name an order we sent; others are counted.
    fn find(&mut self, client: ClientId, order: Uuid) -> Option<usize> {
        let found = self.orders.find(client, order);
        self.counts.strays += u64::from(found.is_none());
        found
    }

    fn tell(&mut self, at: usize, report: Report) {
        if self.orders.get_mut(at).hear(report) {
            self.contradict();
        }
    }

    /// Words that do not fit together: nothing new until a person has looked.
    fn contradict(&mut self) {
        self.counts.contradictions += 1;
        self.control.stop(Gate::Contradiction);
    }

    // ---- updates -----------------------------------------------------------------------------

    /// The first half of an update: whose it is.
    pub(crate) fn hear_ids(&mut self, event: &Event) {
        let Event::OrderIds { market, order, client, .. } = *event else { return };
        self.heads.ids = Some(IdsHead { market, order, client });
    }

    /// The second half.
    pub(crate) fn hear_update(&mut self, event: &Event, out: &mut Outbox) {
        let Event::OrderUpdate { status, reason, market, filled, side, price, .. } = *event else { return };
        let Some(head) = self.heads.ids.take().filter(|head| head.market == market) else {
            self.counts.nonsense += 1;
            return;
        };
        let Some(at) = self.orders.find(head.client, head.order) else {
            return self.disown(market);
        };
        let ours = self.orders.get_mut(at);
        // An order of our identifier that is not the one we sent: what it is nobody knows.
        if (ours.market, ours.side, ours.price) != (market, side, price) {
            return self.contradict();
        }
        ours.tell_filled(filled, self.now);
        let report = match (status, reason) {
            (OrderStatus::Resting, _) => Report::Live,
            (OrderStatus::Executed, _) => Report::Executed,
            (OrderStatus::Canceled, UpdateReason::ExpiryCancel) => Report::Expired,
            (OrderStatus::Canceled, _) => Report::Canceled,
        };
        self.tell(at, report);
        self.link(at, head.order, out);
    }

    // ---- fills -------------------------------------------------------------------------------

    /// The first half of a fill: its trade, and whose order it was.
    pub(crate) fn hear_trade(&mut self, event: &Event) {
        let Event::FillTrade { market, trade, client, .. } = *event else { return };
        self.heads.trade = Some(TradeHead { market, trade, client });
    }

    /// The second half.
    pub(crate) fn hear_fill(&mut self, event: &Event, out: &mut Outbox) {
        let Event::Fill { side, market, order, count, fee, price, .. } = *event else { return };
        let head = self.heads.trade.take().filter(|head| head.market == market);
        let execution = Execution { side, price, count, fee };
        let Some(head) = head.filter(|_| execution.makes_sense()) else {
            self.counts.nonsense += 1;
            return;
        };
        if self.trades.holds(head.trade) || self.unlinked.iter().any(|fill| fill.trade == head.trade) {
            self.counts.fills_again += 1;
            return;
        }
        let fill = Unlinked { trade: head.trade, order, market, execution };
        match self.orders.find(head.client, order) {
            Some(at) => {
                self.fill(at, &fill, out);
                self.link(at, order, out);
            }
            None => self.keep_or_disown(fill),
        }
    }

    /// A fill of an order nobody knows is kept while one of ours in its market has no identifier
    /// yet; otherwise somebody else trades on this account.
    fn keep_or_disown(&mut self, fill: Unlinked) {
        if self.awaits_id(fill.market) && self.unlinked.len() < UNLINKED_MAX {
            self.unlinked.push(fill);
        } else {
            self.disown(fill.market);
        }
    }

    fn awaits_id(&self, market: MarketId) -> bool {
        self.orders.of(market).any(|order| order.order == Uuid::NONE && !order.state.is_over())
    }

    /// Shown by the count; nothing new until a person has looked. Lists reach back: what they tell of
    /// a market that was forgotten with all that was done in it was ours.
    fn disown(&mut self, market: MarketId) {
        if self.markets.was_forgotten(market) {
            self.counts.strays += 1;
            return;
        }
        self.counts.foreign += 1;
        self.control.stop(Gate::ForeignActivity);
    }

    /// The venue told an order's identifier: the fills that waited for it count now.
    fn link(&mut self, at: usize, order: Uuid, out: &mut Outbox) {
        let ours = self.orders.get_mut(at);
        if order == Uuid::NONE || ours.order == order {
            return;
        }
        if ours.order != Uuid::NONE {
            return self.contradict();
        }
        ours.order = order;
        while let Some(waiting) = self.unlinked.iter().position(|fill| fill.order == order) {
            let fill = self.unlinked.remove(waiting);
            self.fill(at, &fill, out);
        }
    }

    /// Fills that no order of ours can claim any more.
    pub(crate) fn disown_orphans(&mut self) {
        while let Some(orphan) = self.unlinked.iter().position(|fill| !self.awaits_id(fill.market)) {
            let orphan = self.unlinked.remove(orphan);
            self.disown(orphan.market);
        }
    }

    /// A fill always counts, whatever was believed of its order.
    fn fill(&mut self, at: usize, fill: &Unlinked, out: &mut Outbox) {
        let ours = *self.orders.get(at);
        if ours.market != fill.market || ours.side != fill.execution.side {
            return self.disown(fill.market);
        }
        self.trades.add(fill.trade, fill.market);
        self.counts.fills += 1;
        let Execution { price, count, .. } = fill.execution;
        let filled = Count(ours.filled.0 + count.0);
        if filled > ours.count {
            self.overfill();
        }
        if !ours.allows(price) {
            self.contradict();
        }
        let known = self.orders.get_mut(at);
        known.filled = filled;
        // One of the roundings that were reserved is in the fill's fee now.
        known.cost.fills_max = known.cost.fills_max.saturating_sub(1);
        self.tell(at, if filled >= ours.count { Report::FillWhole } else { Report::FillPart });
        self.book(&ours, &fill.execution, out);
        #[cfg(feature = "planted")]
        if self.settings.plant == Some(crate::plant::Plant::FillTwice) {
            self.book(&ours, &fill.execution, out);
        }
    }

    /// More was filled than ordered: the venue and we disagree about what exists. Nothing new,
    /// everything of ours cancelled, until a person clears it.
    fn overfill(&mut self) {
        self.counts.overfills += 1;
        #[cfg(feature = "planted")]
        if self.settings.plant == Some(crate::plant::Plant::IgnoreOverfill) {
            return;
        }
        self.kill();
    }

    /// Into position and ledger; into the result at once when the market is paid already.
    fn book(&mut self, order: &Order, execution: &Execution, out: &mut Outbox) {
        let (hour, day) = (self.hour(), self.ledger.day_of(self.now));
        let note = self.note(order.market, order.client.seq);
        let Some(market) = self.markets.get_mut(order.market) else { return };
        if order.filled == Count::ZERO {
            market.trades.add(hour, day);
        }
        let moved = market.position.fill(execution);
        market.held.moved(self.now);
        let is_paid = market.settled.is_some();
        #[cfg(feature = "planted")]
        let execution = &crate::plant::without_fee(self.settings.plant, execution);
        self.ledger.book_fill(&moved, execution.fee, &note, out);
        self.purse.cash_moved(self.now);
        if is_paid {
            self.settle(order.market, out);
        }
    }
}

impl Execution {
    fn makes_sense(&self) -> bool {
        let is_count = self.count > Count::ZERO && self.count <= FILL_COUNT_MAX;
        let is_fee = self.fee >= Money::ZERO && self.fee <= FILL_FEE_MAX;
        is_count && is_fee && self.price <= Price::ONE
    }
}

impl Order {
    /// Whether a fill at this price is no worse than the limit.
    fn allows(&self, price: Price) -> bool {
        match self.side {
            Side::Bid => price <= self.price,
            Side::Ask => price >= self.price,
        }
    }
}
