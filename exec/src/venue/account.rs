//! The one account: cash, positions, and its record of orders, fills and settlements.
//!
//! A position nets (kalshi.md §2.4): buying the side one is short of closes pairs, and each pair
//! frees its dollar. So cash moves as if everything were traded in YES, with $1 locked for every
//! contract the position is short.

use super::chance;
use super::holding::{Claim, Place, locked};
use super::market::{VenueMarket, Verdict};
use super::order::OrderRecord;
use alloc::vec::Vec;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, Uuid};
use trader_journal::fee::{Execution, FeeSchedule, Role};
use trader_journal::units::{Count, Money, Nanos, Price};

pub use super::holding::Holding;

/// A fill of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillRecord {
    /// Its trade.
    pub trade: Uuid,
    /// Its order.
    pub order: Uuid,
    /// The sender's identifier of the order.
    pub client: ClientId,
    /// The market.
    pub market: VenueMarket,
    /// The order's side.
    pub side: Side,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub count: Count,
    /// Net fee, as the venue reports it.
    pub fee: Money,
    /// Whether the order came and traded; otherwise it rested.
    pub is_taker: bool,
    /// Signed change of the cash: principal, fee and what netting freed.
    pub balance_change: Money,
    /// The market's position afterwards; negative holds NO.
    pub post_position: Count,
    /// Engine time.
    pub at: Nanos,
}

/// A market the account had traded was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementRecord {
    /// The market.
    pub market: VenueMarket,
    /// How it ended.
    pub verdict: Verdict,
    /// What was held; negative held NO; zero when all was closed before.
    pub position: Count,
    /// What that had cost, fees apart.
    pub cost: Money,
    /// What the cash grew by.
    pub payout: Money,
    /// Engine time.
    pub at: Nanos,
}

/// One execution against an order of the account.
#[derive(Clone, Copy)]
pub(super) struct Executed {
    pub slot: usize,
    pub row: u32,
    pub role: Role,
    pub price: Price,
    pub count: Count,
    pub trade: Uuid,
    pub at: Nanos,
}

/// The account. Its record grows with what the trader does: no row is ever removed, and memory is
/// taken at the start for `orders_max` rows of each kind, beyond which it grows as any `Vec`.
pub struct Account {
    start: Money,
    cash: Money,
    reserved: Money,
    fees: Money,
    /// What everybody else received from us, as if all were traded in YES without collateral.
    others: Money,
    /// What came from the account's other shards, less what went there.
    moved: Money,
    orders: Vec<OrderRecord>,
    /// Rows by the sender's identifier, sorted; a sender's identifiers rise, so this appends.
    clients: Vec<(ClientId, u32)>,
    fills: Vec<FillRecord>,
    settlements: Vec<SettlementRecord>,
    /// By the market's place in the venue's table.
    places: Vec<Place>,
}

impl Account {
    pub(super) fn new(cash: Money, orders_max: usize, markets_max: usize) -> Account {
        Account {
            start: cash,
            cash,
            reserved: Money::ZERO,
            fees: Money::ZERO,
            others: Money::ZERO,
            moved: Money::ZERO,
            orders: Vec::with_capacity(orders_max),
            clients: Vec::with_capacity(orders_max),
            fills: Vec::with_capacity(orders_max),
            settlements: Vec::with_capacity(orders_max),
            places: Vec::with_capacity(markets_max),
        }
    }

    /// Cash at the start.
    #[must_use]
    pub const fn start(&self) -> Money {
        self.start
    }

    /// The balance: what is not tied up in positions. Resting orders do not lower it.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// What the resting orders could still take from the balance.
    #[must_use]
    pub const fn reserved(&self) -> Money {
        self.reserved
    }

    /// What a new order may cost: balance less reserves.
    #[must_use]
    pub const fn available(&self) -> Money {
        Money(self.cash.0 - self.reserved.0)
    }

    /// Net fees of all fills.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// What is missing or too much when everything is added up: cash, the dollars locked for NO
    /// positions, fees, what was moved between shards, and what the other side of every trade and payment
    /// received. Always zero.
    #[must_use]
    pub fn imbalance(&self) -> Money {
        let locked: i64 = self.holdings().map(|holding| locked(holding.position).0).sum();
        Money(self.cash.0 + locked + self.fees.0 + self.others.0 - self.start.0 - self.moved.0)
    }

    /// Every create that reached the engine, in order.
    #[must_use]
    pub fn orders(&self) -> &[OrderRecord] {
        &self.orders
    }

    /// Every fill, in order.
    #[must_use]
    pub fn fills(&self) -> &[FillRecord] {
        &self.fills
    }

    /// Every payment of a market that had been traded, in order.
    #[must_use]
    pub fn settlements(&self) -> &[SettlementRecord] {
        &self.settlements
    }

    /// The order with this identifier of the venue.
    #[must_use]
    pub fn order(&self, order: Uuid) -> Option<&OrderRecord> {
        self.row_of(order).map(|row| &self.orders[row as usize])
    }

    /// The order that used up this identifier of the sender.
    #[must_use]
    pub fn order_of(&self, client: ClientId) -> Option<&OrderRecord> {
        let at = self.clients.binary_search_by_key(&client, |(client, _)| *client).ok()?;
        Some(&self.orders[self.clients[at].1 as usize])
    }

    /// The markets traded and not paid yet, in no particular order.
    pub fn holdings(&self) -> impl Iterator<Item = &Holding> {
        self.places.iter().filter(|place| place.traded).map(|place| &place.holding)
    }

    /// Contracts held in a market; negative holds NO.
    #[must_use]
    pub fn position(&self, market: VenueMarket) -> Count {
        self.holdings().find(|holding| holding.market == market).map_or(Count::ZERO, |holding| holding.position)
    }

    pub(super) fn row_of(&self, order: Uuid) -> Option<u32> {
        let row = u32::try_from(chance::number(order)).ok()?;
        self.orders.get(row as usize).filter(|record| record.order == order && order != Uuid::NONE).map(|_| row)
    }

    pub(super) fn row(&self, row: u32) -> &OrderRecord {
        &self.orders[row as usize]
    }

    pub(super) fn row_mut(&mut self, row: u32) -> &mut OrderRecord {
        &mut self.orders[row as usize]
    }

    /// The number of the row to be appended next.
    pub(super) fn next_row(&self) -> u32 {
        u32::try_from(self.orders.len()).unwrap_or(u32::MAX)
    }

    /// Appends a row; `uses_client` when its identifier may never come again.
    pub(super) fn append(&mut self, record: OrderRecord, uses_client: bool) -> u32 {
        let row = self.next_row();
        if uses_client {
            self.use_client(record.asked.client, row);
        }
        self.orders.push(record);
        row
    }

    /// An identifier may never come again.
    pub(super) fn use_client(&mut self, client: ClientId, row: u32) {
        let at = self.clients.partition_point(|(other, _)| *other < client);
        let is_used = self.clients.get(at).is_some_and(|(other, _)| *other == client);
        if client != ClientId::FOREIGN && !is_used {
            self.clients.insert(at, (client, row));
        }
    }

    pub(super) fn position_at(&self, slot: usize) -> Count {
        self.places[slot].holding.position
    }

    /// A market was listed in this place of the table.
    pub(super) fn open(&mut self, slot: usize, market: VenueMarket) {
        let place = Place::new(market);
        match self.places.get_mut(slot) {
            Some(old) => *old = place,
            None => self.places.push(place),
        }
    }

    /// Charges and books one execution: order, cash, position.
    pub(super) fn execute(&mut self, schedule: &FeeSchedule, executed: &Executed) -> FillRecord {
        let Executed { slot, row, role, price, count, .. } = *executed;
        let order = &mut self.orders[row as usize];
        let side = order.asked.side;
        let charged = order.charge(schedule, &Execution { side, role, price, count });
        let place = &mut self.places[slot];
        let unlocked = place.trade(side, price, count, charged.net_fee);
        let change = Money(charged.balance_change.0 + unlocked.0);
        self.cash.0 += change.0;
        self.fees.0 += charged.net_fee.0;
        self.others.0 -= charged.balance_change.0 + charged.net_fee.0;
        let fill = FillRecord {
            trade: executed.trade,
            order: order.order,
            client: order.asked.client,
            market: place.holding.market,
            side,
            price,
            count,
            fee: charged.net_fee,
            is_taker: role == Role::Taker,
            balance_change: change,
            post_position: place.holding.position,
            at: executed.at,
        };
        self.fills.push(fill);
        self.refresh_reserve(slot);
        fill
    }

    /// What a resting order could still cost moved from `before` to `after`.
    ///
    /// The position must have moved already: what closes pairs costs nothing.
    pub(super) fn reserve(&mut self, slot: usize, side: Side, before: Claim, after: Claim) {
        let place = &mut self.places[slot];
        place.resting[side as usize].replace(before, after);
        self.refresh_reserve(slot);
    }

    /// Whether the cash would stand `after` in the place of the claim `before`.
    pub(super) fn can_afford(&self, slot: usize, side: Side, before: Claim, after: Claim) -> bool {
        let mut place = self.places[slot];
        place.resting[side as usize].replace(before, after);
        let reserved = self.reserved.0 - self.places[slot].reserve.0 + place.need().0;
        reserved <= self.cash.0
    }

    /// Money comes from another shard, or goes there when negative.
    pub(super) const fn move_cash(&mut self, amount: Money) {
        self.cash.0 += amount.0;
        self.moved.0 += amount.0;
    }

    /// Pays a market and forgets its holding.
    pub(super) fn settle(&mut self, slot: usize, verdict: Verdict, precision: i64, at: Nanos) {
        let place = &mut self.places[slot];
        if place.traded {
            let Holding { market, position, cost, .. } = place.holding;
            let payout = place.payout(verdict, precision);
            self.cash.0 += payout.0;
            self.others.0 -= payout.0 - locked(position).0;
            self.settlements.push(SettlementRecord { market, verdict, position, cost, payout, at });
        }
        // Nothing of this market rests any more, so nothing of it is reserved.
        *place = Place::new(place.holding.market);
    }

    fn refresh_reserve(&mut self, slot: usize) {
        let place = &mut self.places[slot];
        let need = place.need();
        self.reserved.0 += need.0 - place.reserve.0;
        place.reserve = need;
    }
}
