//! The one account: cash, positions, and its record of orders, fills and settlements.

use super::market::{VenueMarket, Verdict};
use super::order::OrderRecord;
use alloc::vec::Vec;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, Uuid};
use trader_journal::units::{Count, Money, Nanos, Price};

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
    /// What the cash grew by.
    pub payout: Money,
    /// Engine time.
    pub at: Nanos,
}

/// What the account has in a market that is not paid yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The market.
    pub market: VenueMarket,
    /// Contracts; negative holds NO.
    pub position: Count,
    /// What the open position cost, fees apart.
    pub cost: Money,
    /// Net fees of all fills in this market.
    pub fees: Money,
}

/// The account. Its record grows with what the trader does; within `orders_max` it does not allocate.
pub struct Account {
    start: Money,
    cash: Money,
    reserved: Money,
    fees: Money,
    orders: Vec<OrderRecord>,
    fills: Vec<FillRecord>,
    settlements: Vec<SettlementRecord>,
    holdings: Vec<Holding>,
}

impl Account {
    pub(super) fn new(cash: Money, orders_max: usize) -> Account {
        Account {
            start: cash,
            cash,
            reserved: Money::ZERO,
            fees: Money::ZERO,
            orders: Vec::with_capacity(orders_max),
            fills: Vec::with_capacity(orders_max),
            settlements: Vec::with_capacity(orders_max),
            holdings: Vec::new(),
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
        self.orders.iter().find(|record| record.order == order && order != Uuid::NONE)
    }

    /// The order accepted (or killed) under this identifier of the sender.
    #[must_use]
    pub fn order_of(&self, client: ClientId) -> Option<&OrderRecord> {
        self.orders.iter().find(|record| record.asked.client == client)
    }

    /// The markets traded and not paid yet, in no particular order.
    pub fn holdings(&self) -> impl Iterator<Item = &Holding> {
        self.holdings.iter()
    }

    /// Contracts held in a market; negative holds NO.
    #[must_use]
    pub fn position(&self, market: VenueMarket) -> Count {
        self.holdings().find(|holding| holding.market == market).map_or(Count::ZERO, |holding| holding.position)
    }
}
