//! Our orders: the living, and the tombstones kept until their market is final, because a fill
//! may come late.

use crate::exposure::Cost;
use crate::life::{Report, State, step};
use alloc::vec::Vec;
use trader_journal::book::Side;
use trader_journal::event::{CancelReason, ClientId, EvalId, MarketId, TimeInForce, Uuid};
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Nanos, Price};

/// One order of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub client: ClientId,
    /// [`Uuid::NONE`] until the venue tells it.
    pub order: Uuid,
    pub market: MarketId,
    pub eval: EvalId,
    pub side: Side,
    /// Of the YES leg.
    pub price: Price,
    pub count: Count,
    /// By fills heard.
    pub filled: Count,
    /// The most the venue said was filled; its fills may still be on their way.
    pub told: Count,
    pub state: State,
    pub time_in_force: TimeInForce,
    /// When its intent was said: it cannot be at the venue before.
    pub sent: Nanos,
    /// When the venue ends it by itself; zero for one that cannot rest.
    pub expires: Nanos,
    /// When `told` last rose.
    pub told_at: Nanos,
    /// When a reading of the account first proved that it was not there; zero before.
    pub missed_at: Nanos,
    pub cost: Cost,
    /// Why it is to go, once it is.
    pub cancel: Option<CancelReason>,
    pub cancels_said: u32,
    pub cancel_said_at: Nanos,
}

impl Order {
    /// Contracts that may still be filled, or were and the fill is not heard yet.
    pub(crate) fn at_risk(&self) -> Count {
        let most = if self.state.is_over() { self.told } else { self.count };
        Count((most.0 - self.filled.0).max(0))
    }

    /// What [`Order::at_risk`] can still take from the balance, fees rounded up.
    pub(crate) fn cost_at_risk(&self) -> Money {
        match self.at_risk() {
            Count::ZERO => Money::ZERO,
            open => self.cost.of(open),
        }
    }

    /// Learns from a report. Says whether it contradicts what was known.
    pub(crate) fn hear(&mut self, report: Report) -> bool {
        let next = step(self.state, report);
        self.state = next.next;
        next.contradicts
    }

    /// The venue says that so much was filled in all: never less than it said before.
    pub(crate) fn tell_filled(&mut self, filled: Count, now: Nanos) {
        let filled = filled.min(self.count);
        if filled > self.told {
            self.told = filled;
            self.told_at = now;
        }
    }

    /// Whether the venue spoke of a fill that was not heard.
    pub(crate) fn lacks_fill(&self) -> bool {
        self.told > self.filled
    }

    /// Whether it can stay in a book.
    pub(crate) const fn rests(&self) -> bool {
        match self.time_in_force {
            TimeInForce::GoodTillCanceled => true,
            TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => false,
        }
    }

    fn mix(&self, hash: &mut StateHash) {
        let cancel = self.cancel.map_or(u64::MAX, |reason| reason as u64);
        let id = (u64::from(self.client.epoch) << 32) | u64::from(self.client.nonce);
        let small = (self.side as u64) << 16 | (self.state as u64) << 8 | self.time_in_force as u64;
        let names = [id, self.client.seq, u64::from(self.market.0), u64::from(self.eval.0), small];
        let numbers = [u64::from(self.price.0), self.count.0 as u64, self.filled.0 as u64, self.told.0 as u64];
        let cancels = [cancel, u64::from(self.cancels_said), self.cancel_said_at.0, u64::from(self.cost.fills_max)];
        let times = [self.sent.0, self.expires.0, self.told_at.0, self.missed_at.0];
        names.iter().chain(&numbers).chain(&cancels).chain(&times).for_each(|word| hash.mix(*word));
        hash.mix_bytes(&self.order.0);
    }
}

/// All orders known, oldest first.
#[derive(Debug)]
pub(crate) struct Orders {
    table: Vec<Order>,
    capacity: usize,
}

impl Orders {
    pub(crate) fn new(capacity: usize) -> Orders {
        Orders { table: Vec::with_capacity(capacity), capacity }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.table.len() < self.capacity
    }

    /// Whoever adds asked for room before.
    pub(crate) fn add(&mut self, order: Order) {
        debug_assert!(self.has_room());
        self.table.push(order);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.table.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Order> {
        self.table.iter_mut()
    }

    pub(crate) fn of(&self, market: MarketId) -> impl Iterator<Item = &Order> {
        self.table.iter().filter(move |order| order.market == market)
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Order> {
        self.table.iter().filter(|order| !order.state.is_over())
    }

    pub(crate) fn get(&self, at: usize) -> &Order {
        &self.table[at]
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> &mut Order {
        &mut self.table[at]
    }

    /// Where the order is that the venue names by our identifier, or by its own.
    pub(crate) fn find(&self, client: ClientId, order: Uuid) -> Option<usize> {
        let named = |each: &Order| each.client == client && client != ClientId::FOREIGN;
        let by_client = self.table.iter().rposition(named);
        by_client.or_else(|| self.table.iter().rposition(|each| each.order == order && order != Uuid::NONE))
    }

    pub(crate) fn forget(&mut self, market: MarketId) {
        self.table.retain(|order| order.market != market);
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        hash.mix(self.table.len() as u64);
        self.table.iter().for_each(|order| order.mix(hash));
    }
}
