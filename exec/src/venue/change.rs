//! An order that rests becomes another: smaller, dearer, longer alive, or gone (kalshi.md §2.2).
//!
//! What only shrinks or only lives longer keeps its place in the queue; everything else comes anew, as
//! if it had been cancelled and sent again, and may trade.

use super::Venue;
use super::entry::after;
use super::holding::Claim;
use super::market::MarketStatus;
use super::matching::{Shown, Taker, Who};
use super::order::{
    Accepted, AmendOrder, AmendRefusal, CancelOrder, Canceled, DecreaseOrder, Decreased, NewExpiry, NewOrder,
    OrderRecord, Reduction,
};
use trader_journal::book::SIDE_TOTAL_MAX;
use trader_journal::event::{OrderStatus, RejectReason, TimeInForce, UpdateReason, Uuid};
use trader_journal::units::{Count, Nanos};

impl Venue {
    pub(super) fn cancel_one(&mut self, cancel: &CancelOrder) -> Result<Canceled, RejectReason> {
        let (row, _) = self.changeable(cancel.order, cancel.shard)?;
        let client = self.account.row(row).asked.client;
        let reduced = self.withdraw(row, UpdateReason::Cancel, Shown::Public(Some(client)));
        let reduced = reduced.ok_or(RejectReason::OrderNotFound)?;
        Ok(Canceled { order: cancel.order, client, reduced })
    }

    /// Every order that rests leaves; gives how many there were.
    pub(super) fn cancel_every(&mut self) -> u32 {
        let mut canceled = 0;
        while let Some(row) = self.resting.all().first().map(|resting| resting.row) {
            let client = self.account.row(row).asked.client;
            self.withdraw(row, UpdateReason::Cancel, Shown::Public(Some(client)));
            canceled += 1;
        }
        canceled
    }

    pub(super) fn decrease_one(&mut self, asked: &DecreaseOrder) -> Result<Decreased, RejectReason> {
        let (row, slot) = self.changeable(asked.order, asked.shard)?;
        let record = *self.account.row(row);
        let remaining = match asked.reduction {
            Reduction::By(count) if count > Count::ZERO => Count(record.remaining.0.saturating_sub(count.0)),
            Reduction::To(count) if count < record.remaining => count,
            Reduction::By(_) | Reduction::To(_) => return Err(RejectReason::InvalidCount),
        };
        let client = record.asked.client;
        if remaining < Count::ZERO {
            return Err(RejectReason::InvalidCount);
        }
        if remaining == Count::ZERO {
            self.withdraw(row, UpdateReason::Decrease, Shown::Public(Some(client)));
        } else {
            let count = Count(record.filled.0 + remaining.0);
            let changed = OrderRecord { asked: NewOrder { count, ..record.asked }, remaining, ..record };
            self.change_in_place(slot, row, &changed, UpdateReason::Decrease);
        }
        Ok(Decreased { order: asked.order, client, remaining })
    }

    pub(super) fn amend_one(&mut self, asked: &AmendOrder) -> Result<Accepted, AmendRefusal> {
        let (row, slot) = self.changeable(asked.order, asked.shard)?;
        let changed = self.amended(slot, row, asked)?;
        self.check_amended(slot, row, &changed)?;
        self.account.use_client(changed.asked.client, row);
        let before = self.account.row(row);
        if changed.asked.price == before.asked.price && changed.remaining <= before.remaining {
            self.change_in_place(slot, row, &changed, UpdateReason::Amend);
        } else {
            self.come_anew(slot, row, &changed);
        }
        Ok(self.account.row(row).accepted())
    }

    /// Row and place of an order that rests and may be changed.
    fn changeable(&self, order: Uuid, shard: Option<u8>) -> Result<(u32, usize), RejectReason> {
        if shard.unwrap_or(0) != self.settings.shard {
            return Err(RejectReason::OrderNotFound);
        }
        let row = self.account.row_of(order).ok_or(RejectReason::OrderNotFound)?;
        match self.account.row(row).asked.market.and_then(|market| self.status(market)) {
            Some(MarketStatus::Active | MarketStatus::Inactive) => {}
            Some(MarketStatus::Initialized | MarketStatus::Closed | MarketStatus::Determined) | None => {
                return Err(RejectReason::MarketInactive);
            }
        }
        let slot = self.resting.slot_of(row).ok_or(RejectReason::OrderNotFound)?;
        Ok((row, slot))
    }

    /// The order as it is to be, if it is the one that is meant.
    fn amended(&self, slot: usize, row: u32, asked: &AmendOrder) -> Result<OrderRecord, AmendRefusal> {
        let record = self.account.row(row);
        let old = record.asked;
        if asked.market != self.markets[slot].id {
            return Err(AmendRefusal::OtherMarket);
        }
        if asked.side != old.side {
            return Err(AmendRefusal::OtherSide);
        }
        if asked.client.is_some_and(|client| client != old.client) {
            return Err(AmendRefusal::OtherClient);
        }
        let expires = match asked.expires {
            NewExpiry::Kept => old.expires,
            NewExpiry::Never => None,
            NewExpiry::At(at) => Some(at),
        };
        let client = asked.renamed.unwrap_or(old.client);
        let terms = NewOrder { client, price: asked.price, count: asked.count, expires, ..old };
        let remaining = Count(asked.count.0.saturating_sub(record.filled.0));
        Ok(OrderRecord { asked: terms, remaining, ..*record })
    }

    /// The rules of a create, for an order that takes the place of another.
    fn check_amended(&self, slot: usize, row: u32, changed: &OrderRecord) -> Result<(), RejectReason> {
        let (before, asked) = (self.account.row(row), &changed.asked);
        let market = &self.markets[slot];
        if asked.client != before.asked.client && self.account.order_of(asked.client).is_some() {
            return Err(RejectReason::DuplicateClientId);
        }
        if market.status != MarketStatus::Active {
            return Err(RejectReason::MarketInactive);
        }
        if !market.listing.grid.contains(asked.price) {
            return Err(RejectReason::InvalidPrice);
        }
        let room = SIDE_TOTAL_MAX.0 - market.book.total(asked.side).0 + before.remaining.0;
        let is_sized = changed.remaining > Count::ZERO && changed.remaining.0 <= room;
        if !is_sized || asked.count > self.settings.count_max {
            return Err(RejectReason::InvalidCount);
        }
        if asked.expires.is_some_and(|expires| expires <= self.clock) {
            return Err(RejectReason::InvalidExpiration);
        }
        let claim = self.claim(slot, changed).ok_or(RejectReason::InsufficientBalance)?;
        if !self.account.can_afford(slot, asked.side, self.claim_of(slot, row), claim) {
            return Err(RejectReason::InsufficientBalance);
        }
        if asked.post_only && self.front(slot, asked.side.opposite(), asked.price).is_some() {
            return Err(RejectReason::PostOnlyCross);
        }
        Ok(())
    }

    /// The order becomes `changed` where it stands: not larger, at the same price.
    fn change_in_place(&mut self, slot: usize, row: u32, changed: &OrderRecord, reason: UpdateReason) {
        let NewOrder { side, price, client, .. } = changed.asked;
        let claim = self.claim_of(slot, row);
        let less = Count(changed.remaining.0 - self.account.row(row).remaining.0);
        *self.account.row_mut(row) = *changed;
        self.account.reserve(slot, side, claim, self.claim_of(slot, row));
        if less != Count::ZERO {
            self.change_level(slot, side, price, less, Some(client));
        }
        self.update(row, OrderStatus::Resting, reason);
        self.tell(row);
    }

    /// The order leaves and comes as `changed`: it takes what it crosses, and what is left goes to the back.
    fn come_anew(&mut self, slot: usize, row: u32, changed: &OrderRecord) {
        let before = *self.account.row(row);
        let NewOrder { side, price, client, self_trade, .. } = changed.asked;
        self.account.reserve(slot, side, self.claim_of(slot, row), Claim::default());
        self.resting.remove(row);
        self.change_level(slot, side, before.asked.price, Count(-before.remaining.0), Some(before.asked.client));
        *self.account.row_mut(row) = *changed;
        let who = Who::Account { row, client, self_trade };
        let swept = self.sweep(slot, Taker { side, who }, price, changed.remaining);
        let (status, reason) = match after(swept, TimeInForce::GoodTillCanceled) {
            (OrderStatus::Resting, _) => (OrderStatus::Resting, UpdateReason::Amend),
            gone => gone,
        };
        self.update(row, status, reason);
        if status == OrderStatus::Resting {
            self.rest(slot, row);
        }
        self.tell(row);
    }

    /// When the first of the orders that rest leaves by itself.
    pub(super) fn first_expiry(&self) -> Nanos {
        let expiries = self.resting.all().iter().filter_map(|resting| self.account.row(resting.row).asked.expires);
        expiries.min().unwrap_or(Nanos::NEVER)
    }
}
