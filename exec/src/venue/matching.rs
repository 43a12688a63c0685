//! Price, then time: who trades with whom, and what follows for book, queue and account.

use super::Venue;
use super::account::Executed;
use super::chance::{self, Kind};
use super::holding::Claim;
use super::order::NewOrder;
use super::queue::{Piece, Queue, Resting, crosses};
use super::said::Said;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, OrderStatus, SelfTrade, UpdateReason};
use trader_journal::fee::Role;
use trader_journal::units::{Count, Price};

/// Who comes and takes.
#[derive(Clone, Copy)]
pub(super) struct Taker {
    pub side: Side,
    pub who: Who,
}

#[derive(Clone, Copy)]
pub(super) enum Who {
    Public,
    Makers,
    Account { row: u32, client: ClientId, self_trade: SelfTrade },
}

impl Who {
    /// The order of ours that causes what happens to the book.
    const fn cause(self) -> Option<ClientId> {
        match self {
            Who::Public | Who::Makers => None,
            Who::Account { client, .. } => Some(client),
        }
    }
}

/// What a sweep left.
#[derive(Clone, Copy)]
pub(super) struct Swept {
    pub left: Count,
    /// Stopped because the next in line was the taker's own order.
    pub met_own: bool,
}

/// Who hears that a resting order left.
#[derive(Clone, Copy)]
pub(super) enum Shown {
    /// The public too: its level shrinks, because of this order of ours if any.
    Public(Option<ClientId>),
    /// The whole book was cleared already.
    Hidden,
}

impl Venue {
    fn queue(&self, slot: usize, side: Side) -> Queue<'_> {
        let makers = &self.markets[slot].makers[side as usize];
        Queue::new(side, makers, self.resting.of(slot as u32, side), self.account.orders())
    }

    /// The next in line on `side` for an order that comes with `limit`.
    pub(super) fn front(&self, slot: usize, side: Side, limit: Price) -> Option<Piece> {
        self.queue(slot, side).next().filter(|piece| crosses(side, piece.price(), limit))
    }

    /// Contracts an order would get if it came now, up to its count.
    pub(super) fn fillable(&self, slot: usize, asked: &NewOrder) -> Count {
        let against = asked.side.opposite();
        let mut filled = Count::ZERO;
        for piece in self.queue(slot, against).take_while(|piece| crosses(against, piece.price(), asked.price)) {
            match piece {
                Piece::Makers { size, .. } => filled.0 += size.0,
                Piece::Own { .. } if asked.self_trade == SelfTrade::Maker => {}
                Piece::Own { .. } => break,
            }
        }
        filled.min(asked.count)
    }

    /// Takes up to `count` from the other side, best first, no worse than `limit`.
    pub(super) fn sweep(&mut self, slot: usize, taker: Taker, limit: Price, count: Count) -> Swept {
        let mut left = count;
        while left > Count::ZERO {
            let Some(piece) = self.front(slot, taker.side.opposite(), limit) else { break };
            if let (Piece::Own { row, .. }, Who::Account { self_trade, client, .. }) = (piece, taker.who) {
                match self_trade {
                    SelfTrade::TakerAtCross => return Swept { left, met_own: true },
                    SelfTrade::Maker => {
                        self.withdraw(row, UpdateReason::SelfTradeCancel, Shown::Public(Some(client)));
                        continue;
                    }
                }
            }
            let taken = left.min(piece.size());
            self.trade(slot, taker, piece, taken);
            left.0 -= taken.0;
        }
        Swept { left, met_own: false }
    }

    /// One trade, at the resting price.
    fn trade(&mut self, slot: usize, taker: Taker, piece: Piece, count: Count) {
        let at = self.clock;
        let (price, against) = (piece.price(), taker.side.opposite());
        let trade = chance::uuid(self.settings.seed, Kind::Trade, self.trades);
        self.trades += 1;
        self.change_level(slot, against, price, Count(-count.0), taker.who.cause());
        let market = self.markets[slot].id;
        self.said.push(Said::Trade { market, trade, taker: taker.side, price, count, at });
        let executed = |row, role| Executed { slot, row, role, price, count, trade, at };
        match piece {
            Piece::Makers { .. } => self.makers_served(slot, against, price, count),
            Piece::Own { row, .. } => self.rested_filled(against, &executed(row, Role::Maker)),
        }
        if let Who::Account { row, .. } = taker.who {
            self.fill(&executed(row, Role::Taker));
        }
    }

    /// Takers took from the makers' best level.
    fn makers_served(&mut self, slot: usize, side: Side, price: Price, count: Count) {
        let ladder = &mut self.markets[slot].makers[side as usize];
        if let Some(best) = ladder.first_mut().filter(|level| level.price == price) {
            best.size.0 -= count.0;
        }
        if ladder.first().is_some_and(|level| level.size == Count::ZERO) {
            ladder.remove(0);
        }
        self.resting.served(slot as u32, side, price, count);
    }

    fn rested_filled(&mut self, side: Side, executed: &Executed) {
        let Executed { slot, row, .. } = *executed;
        let before = self.claim_of(slot, row);
        self.fill(executed);
        self.account.reserve(slot, side, before, self.claim_of(slot, row));
        let done = self.account.row(row).remaining == Count::ZERO;
        let status = if done { OrderStatus::Executed } else { OrderStatus::Resting };
        if done {
            self.resting.remove(row);
        }
        self.update(row, status, UpdateReason::Trade);
        self.tell(row);
    }

    fn fill(&mut self, executed: &Executed) {
        let schedule = self.schedule(executed.slot);
        let fill = self.account.execute(&schedule, executed);
        self.said.push(Said::Fill(fill));
    }

    /// What is left of an order goes to the back of its level.
    pub(super) fn rest(&mut self, slot: usize, row: u32) {
        let record = self.account.row(row);
        let (NewOrder { side, price, client, .. }, remaining) = (record.asked, record.remaining);
        let makers = &self.markets[slot].makers[side as usize];
        let ahead = makers.iter().find(|level| level.price == price).map_or(Count::ZERO, |level| level.size);
        self.resting.insert(Resting { slot: slot as u32, side, price, turn: 0, row, ahead });
        self.account.reserve(slot, side, Claim::default(), self.claim_of(slot, row));
        self.change_level(slot, side, price, remaining, Some(client));
    }

    /// Takes one of our orders out of the book; gives what was left of it, `None` when it does not rest.
    pub(super) fn withdraw(&mut self, row: u32, reason: UpdateReason, shown: Shown) -> Option<Count> {
        let Resting { slot, side, price, .. } = self.resting.remove(row)?;
        let slot = slot as usize;
        let reduced = self.account.row(row).remaining;
        self.account.reserve(slot, side, self.claim_of(slot, row), Claim::default());
        if let Shown::Public(cause) = shown {
            self.change_level(slot, side, price, Count(-reduced.0), cause);
        }
        self.update(row, OrderStatus::Canceled, reason);
        self.tell(row);
        Some(reduced)
    }

    /// The first of our orders in a market that was asked for like this.
    pub(super) fn first_resting(&self, slot: usize, like: impl Fn(&NewOrder) -> bool) -> Option<u32> {
        let mut resting = self.resting.all().iter().filter(|resting| resting.slot as usize == slot);
        resting.find(|resting| like(&self.account.row(resting.row).asked)).map(|resting| resting.row)
    }

    /// An order is somewhere else now. Nothing of a canceled one remains.
    pub(super) fn update(&mut self, row: u32, status: OrderStatus, reason: UpdateReason) {
        let at = self.clock;
        let record = self.account.row_mut(row);
        record.status = status;
        record.reason = reason;
        record.updated = at;
        if status == OrderStatus::Canceled {
            record.remaining = Count::ZERO;
        }
    }

    /// Says where an order is.
    pub(super) fn tell(&mut self, row: u32) {
        let record = self.account.row(row);
        // Only an order whose market was found gets this far.
        if let Some(market) = record.asked.market {
            self.said.push(Said::Order { state: record.state(market), at: self.clock });
        }
    }

    /// Changes a level of the public book; `false`, and nothing said, when the book cannot hold it.
    pub(super) fn change_level(
        &mut self,
        slot: usize,
        side: Side,
        price: Price,
        change: Count,
        cause: Option<ClientId>,
    ) -> bool {
        let market = &mut self.markets[slot];
        let changed = market.book.apply(side, price, change).is_ok();
        if changed {
            self.said.push(Said::Level { market: market.id, side, price, change, cause, at: self.clock });
        }
        changed
    }

    pub(super) fn claim_of(&self, slot: usize, row: u32) -> Claim {
        // It was affordable when it came or was amended, and has only shrunk since.
        self.claim(slot, self.account.row(row)).unwrap_or_default()
    }
}
