//! Who stands where: price, then time.
//!
//! At one price the makers are one participant whose contracts may stand before, between and
//! behind ours. What they add goes to the back and what they cut leaves from the back, so their
//! part of a level needs no list: each of our orders remembers how many of their contracts stand
//! **ahead** of it, and that says everything.

use super::order::OrderRecord;
use alloc::vec::Vec;
use trader_journal::book::{Level, Side};
use trader_journal::units::{Count, Price};

/// Distance of a YES price from the best its side could ever show: lower is served first.
pub(super) const fn rank(side: Side, price: Price) -> u16 {
    match side {
        Side::Bid => Price::ONE.0.saturating_sub(price.0),
        Side::Ask => price.0,
    }
}

/// Whether something resting on `side` at `price` trades with an order that comes with `limit`.
pub(super) const fn crosses(side: Side, price: Price, limit: Price) -> bool {
    rank(side, price) <= rank(side, limit)
}

/// One of our orders in the book. Ordered by place in the table, side, price and time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub slot: u32,
    pub side: Side,
    pub price: Price,
    /// Rises with each order that goes to the back of a queue.
    pub turn: u64,
    /// Its row in the account's record.
    pub row: u32,
    /// The makers' contracts at this price that are served before it.
    pub ahead: Count,
}

impl Resting {
    const fn key(&self) -> (u32, u8, u16, u64) {
        (self.slot, self.side as u8, rank(self.side, self.price), self.turn)
    }
}

/// All of our resting orders, in the order of [`Resting`]: a handful, so a sorted row.
pub(super) struct RestingOrders {
    orders: Vec<Resting>,
    turns: u64,
}

impl RestingOrders {
    pub(super) fn new(orders_max: usize) -> RestingOrders {
        RestingOrders { orders: Vec::with_capacity(orders_max), turns: 0 }
    }

    pub(super) fn all(&self) -> &[Resting] {
        &self.orders
    }

    /// One side of one market, served first first.
    pub(super) fn of(&self, slot: u32, side: Side) -> &[Resting] {
        let (from, to) = self.range(slot, side);
        &self.orders[from..to]
    }

    /// Puts an order behind all that stand at its price; its turn is given here.
    pub(super) fn insert(&mut self, order: Resting) {
        self.turns += 1;
        let order = Resting { turn: self.turns, ..order };
        let at = self.orders.partition_point(|other| other.key() < order.key());
        self.orders.insert(at, order);
    }

    /// The place in the venue's table of the market where an order rests.
    pub(super) fn slot_of(&self, row: u32) -> Option<usize> {
        self.orders.iter().find(|order| order.row == row).map(|order| order.slot as usize)
    }

    pub(super) fn remove(&mut self, row: u32) -> Option<Resting> {
        let at = self.orders.iter().position(|order| order.row == row)?;
        Some(self.orders.remove(at))
    }

    /// Takers took `count` of the makers' contracts from the front of a level.
    pub(super) fn served(&mut self, slot: u32, side: Side, price: Price, count: Count) {
        self.at_level(slot, side, price, |ahead| Count((ahead.0 - count.0).max(0)));
    }

    /// The makers cut a level to `size`.
    pub(super) fn cut(&mut self, slot: u32, side: Side, price: Price, size: Count) {
        self.at_level(slot, side, price, |ahead| ahead.min(size));
    }

    fn at_level(&mut self, slot: u32, side: Side, price: Price, change: impl Fn(Count) -> Count) {
        let (from, to) = self.range(slot, side);
        for order in self.orders[from..to].iter_mut().filter(|order| order.price == price) {
            order.ahead = change(order.ahead);
        }
    }

    fn range(&self, slot: u32, side: Side) -> (usize, usize) {
        let key = (slot, side as u8);
        let of = |order: &Resting| (order.slot, order.side as u8);
        let from = self.orders.partition_point(|order| of(order) < key);
        let to = from + self.orders[from..].partition_point(|order| of(order) == key);
        (from, to)
    }
}

/// The next in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Contracts of the makers that stand together.
    Makers { price: Price, size: Count },
    /// An order of ours.
    Own { price: Price, size: Count, row: u32 },
}

impl Piece {
    pub(super) const fn price(&self) -> Price {
        match self {
            Piece::Makers { price, .. } | Piece::Own { price, .. } => *price,
        }
    }

    pub(super) const fn size(&self) -> Count {
        match self {
            Piece::Makers { size, .. } | Piece::Own { size, .. } => *size,
        }
    }
}

/// One side of a market, in the order in which it is served.
pub(super) struct Queue<'a> {
    side: Side,
    makers: &'a [Level],
    own: &'a [Resting],
    orders: &'a [OrderRecord],
    /// Of the first of `makers`, how many were given already.
    given: Count,
}

impl<'a> Queue<'a> {
    pub(super) const fn new(
        side: Side,
        makers: &'a [Level],
        own: &'a [Resting],
        orders: &'a [OrderRecord],
    ) -> Queue<'a> {
        Queue { side, makers, own, orders, given: Count::ZERO }
    }

    fn own(&mut self, first: Resting) -> Piece {
        self.own = &self.own[1..];
        Piece::Own { price: first.price, size: self.orders[first.row as usize].remaining, row: first.row }
    }

    fn makers(&mut self, level: Level, until: Count) -> Piece {
        let size = Count(until.0 - self.given.0);
        self.given = until;
        if until == level.size {
            self.makers = &self.makers[1..];
            self.given = Count::ZERO;
        }
        Piece::Makers { price: level.price, size }
    }
}

impl Iterator for Queue<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let own = self.own.first().copied();
        let Some(level) = self.makers.first().copied() else {
            return own.map(|first| self.own(first));
        };
        let Some(first) = own else {
            return Some(self.makers(level, level.size));
        };
        let (theirs, ours) = (rank(self.side, level.price), rank(self.side, first.price));
        Some(match theirs.cmp(&ours) {
            core::cmp::Ordering::Less => self.makers(level, level.size),
            core::cmp::Ordering::Greater => self.own(first),
            core::cmp::Ordering::Equal if first.ahead > self.given => self.makers(level, first.ahead),
            core::cmp::Ordering::Equal => self.own(first),
        })
    }
}
