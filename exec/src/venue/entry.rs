//! What happens to a command: it travels, arrives, is checked, and answered.

use super::chance::{self, Chance, Kind};
use super::matching::{Shown, Swept, Taker, Who};
use super::order::{Accepted, AmendOrder, CancelOrder, DecreaseOrder, NewOrder, OrderRecord};
use super::said::Said;
use super::settings::VenueSettings;
use super::{Venue, holding::Claim};
use alloc::collections::VecDeque;
use trader_journal::book::{SIDE_TOTAL_MAX, Side};
use trader_journal::event::{ClientId, OrderStatus, RejectReason, TimeInForce, UpdateReason};
use trader_journal::units::{Count, Nanos};

/// A command of the account.
#[derive(Clone, Copy)]
pub(super) enum Command {
    Create(NewOrder),
    Cancel(CancelOrder),
    CancelAll(u64),
    Decrease(DecreaseOrder),
    Amend(AmendOrder),
}

/// The way into the engine: each command takes its own time, and none overtakes another.
pub(super) struct Entry {
    chance: Chance,
    travelling: VecDeque<(Nanos, Command)>,
    last_arrival: Nanos,
}

impl Entry {
    pub(super) fn new(chance: Chance) -> Entry {
        Entry { chance, travelling: VecDeque::with_capacity(64), last_arrival: Nanos(0) }
    }

    pub(super) fn send(&mut self, now: Nanos, command: Command, settings: &VenueSettings) {
        let latency = settings.entry_latency_ns.saturating_add(self.chance.up_to(settings.entry_jitter_ns));
        self.last_arrival = self.last_arrival.max(now.plus(latency));
        self.travelling.push_back((self.last_arrival, command));
    }

    pub(super) fn next(&self) -> Nanos {
        self.travelling.front().map_or(Nanos::NEVER, |(arrival, _)| *arrival)
    }
}

impl Venue {
    /// The first command on its way arrives.
    pub(super) fn arrive(&mut self) {
        let at = self.clock;
        match self.entry.travelling.pop_front() {
            Some((_, Command::Create(order))) => {
                let result = self.create(&order);
                self.said.push(Said::CreateReply { ticket: order.ticket, result, at });
            }
            Some((_, Command::Cancel(cancel))) => {
                let result = self.cancel_one(&cancel);
                self.said.push(Said::CancelReply { ticket: cancel.ticket, result, at });
            }
            Some((_, Command::CancelAll(ticket))) => {
                let canceled = self.cancel_every();
                self.said.push(Said::CancelAllReply { ticket, canceled, at });
            }
            Some((_, Command::Decrease(decrease))) => {
                let result = self.decrease_one(&decrease);
                self.said.push(Said::DecreaseReply { ticket: decrease.ticket, result, at });
            }
            Some((_, Command::Amend(amend))) => {
                let result = self.amend_one(&amend);
                self.said.push(Said::AmendReply { ticket: amend.ticket, result, at });
            }
            None => {}
        }
    }

    fn create(&mut self, asked: &NewOrder) -> Result<Accepted, RejectReason> {
        let at = self.clock;
        match self.check(asked) {
            Ok(slot) => Ok(self.accept(slot, asked)),
            Err(reason) => {
                // A killed order existed, and its identifier with it (kalshi.md §2.2).
                let existed = reason == RejectReason::FillOrKill;
                self.account.append(OrderRecord::refused(asked, reason, at), existed);
                Err(reason)
            }
        }
    }

    /// The place of the order's market, or the first rule it breaks.
    fn check(&self, asked: &NewOrder) -> Result<usize, RejectReason> {
        let market = asked.market.filter(|market| self.lives.knows(*market)).ok_or(RejectReason::MarketNotFound)?;
        if asked.client != ClientId::FOREIGN && self.account.order_of(asked.client).is_some() {
            return Err(RejectReason::DuplicateClientId);
        }
        let slot = self.active(market).ok_or(RejectReason::MarketInactive)?;
        let terms = &self.markets[slot];
        if !terms.listing.grid.contains(asked.price) {
            return Err(RejectReason::InvalidPrice);
        }
        let room = SIDE_TOTAL_MAX.0 - terms.book.total(asked.side).0;
        if asked.count <= Count::ZERO || asked.count.0 > self.settings.count_max.0.min(room) {
            return Err(RejectReason::InvalidCount);
        }
        self.check_form(asked)?;
        if !self.can_afford(slot, asked) {
            return Err(RejectReason::InsufficientBalance);
        }
        self.check_against_book(slot, asked)?;
        Ok(slot)
    }

    fn check_form(&self, asked: &NewOrder) -> Result<(), RejectReason> {
        let rests = asked.time_in_force == TimeInForce::GoodTillCanceled;
        if asked.expires.is_some_and(|expires| !rests || expires <= self.clock) {
            return Err(RejectReason::InvalidExpiration);
        }
        let takes_at_once = asked.time_in_force == TimeInForce::ImmediateOrCancel;
        if asked.post_only && !rests || asked.reduce_only && !takes_at_once {
            return Err(RejectReason::Other);
        }
        Ok(())
    }

    fn can_afford(&self, slot: usize, asked: &NewOrder) -> bool {
        let taken = NewOrder { count: self.takeable(slot, asked), ..*asked };
        let claim = self.claim(slot, &OrderRecord::new(&taken, trader_journal::event::Uuid::NONE, self.clock));
        claim.is_some_and(|claim| self.account.can_afford(slot, asked.side, Claim::default(), claim))
    }

    /// Contracts an order may trade: one that only reduces, no more than the position has of them.
    fn takeable(&self, slot: usize, asked: &NewOrder) -> Count {
        if !asked.reduce_only {
            return asked.count;
        }
        let held = self.account.position_at(slot).0;
        let closes = if asked.side == Side::Bid { -held } else { held };
        Count(closes.clamp(0, asked.count.0))
    }

    /// What an order may still take from the cash.
    pub(super) fn claim(&self, slot: usize, order: &OrderRecord) -> Option<Claim> {
        order.claim(&self.schedule(slot), self.settings.fills_per_order_max)
    }

    fn check_against_book(&self, slot: usize, asked: &NewOrder) -> Result<(), RejectReason> {
        let against = asked.side.opposite();
        if asked.post_only && self.front(slot, against, asked.price).is_some() {
            return Err(RejectReason::PostOnlyCross);
        }
        if asked.time_in_force == TimeInForce::FillOrKill && self.fillable(slot, asked) < asked.count {
            return Err(RejectReason::FillOrKill);
        }
        Ok(())
    }

    fn accept(&mut self, slot: usize, asked: &NewOrder) -> Accepted {
        let order = chance::uuid(self.settings.seed, Kind::Order, u64::from(self.account.next_row()));
        let row = self.account.append(OrderRecord::new(asked, order, self.clock), true);
        let who = Who::Account { row, client: asked.client, self_trade: asked.self_trade };
        let wanted = self.takeable(slot, asked);
        let mut swept = self.sweep(slot, Taker { side: asked.side, who }, asked.price, wanted);
        swept.left.0 += asked.count.0 - wanted.0;
        let (status, reason) = after(swept, asked.time_in_force);
        self.update(row, status, reason);
        if status == OrderStatus::Resting {
            self.rest(slot, row);
        }
        self.tell(row);
        self.account.row(row).accepted()
    }

    /// Every order whose time has come leaves the book.
    pub(super) fn expire(&mut self) {
        let now = self.clock;
        let expired = |asked: &NewOrder| asked.expires.is_some_and(|expires| expires <= now);
        let mut resting = self.resting.all().iter();
        let due = resting.find(|resting| expired(&self.account.row(resting.row).asked)).map(|resting| resting.row);
        if let Some(row) = due {
            self.withdraw(row, UpdateReason::ExpiryCancel, Shown::Public(None));
        }
    }
}

/// Where an order is when it has taken all it could.
pub(super) fn after(swept: Swept, time_in_force: TimeInForce) -> (OrderStatus, UpdateReason) {
    if swept.left == Count::ZERO {
        return (OrderStatus::Executed, UpdateReason::Trade);
    }
    if swept.met_own {
        return (OrderStatus::Canceled, UpdateReason::SelfTradeCancel);
    }
    match time_in_force {
        TimeInForce::GoodTillCanceled => (OrderStatus::Resting, UpdateReason::None),
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => (OrderStatus::Canceled, UpdateReason::None),
    }
}
