//! The slow obvious venue: every contract that rests is an order in one list, sorted by price and
//! time before each look; everything about money is added up again from the fills.

use trader_exec::venue::{NewOrder, VenueSettings};
use trader_journal::book::{Level, Side};
use trader_journal::event::{OrderStatus, RejectReason, SelfTrade, TimeInForce};
use trader_journal::fee::{Execution, FeeSchedule, OrderFees, Precision, Role};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos, Price};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Owner {
    Makers,
    Public,
    Ours(usize),
}

#[derive(Clone, Copy)]
struct Rest {
    owner: Owner,
    market: usize,
    side: Side,
    price: i64,
    left: i64,
    time: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TwinFill {
    pub(crate) order: usize,
    pub(crate) market: usize,
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) count: i64,
    pub(crate) fee: i64,
    pub(crate) taker: bool,
}

pub(crate) struct TwinOrder {
    pub(crate) asked: NewOrder,
    pub(crate) refused: Option<RejectReason>,
    pub(crate) status: OrderStatus,
    pub(crate) filled: i64,
    fees: OrderFees,
}

pub(crate) struct Twin {
    settings: VenueSettings,
    schedule: FeeSchedule,
    grid: PriceGrid,
    rests: Vec<Rest>,
    time: u64,
    pub(crate) halted: [bool; 2],
    pub(crate) orders: Vec<TwinOrder>,
    pub(crate) fills: Vec<TwinFill>,
    pub(crate) trades: Vec<(usize, Side, i64, i64)>,
}

fn better(side: Side, a: i64, b: i64) -> bool {
    if side == Side::Bid { a > b } else { a < b }
}

impl Twin {
    pub(crate) fn new(settings: VenueSettings, schedule: FeeSchedule, grid: PriceGrid) -> Twin {
        let (rests, orders, fills, trades) = Default::default();
        Twin { settings, schedule, grid, rests, time: 0, halted: [false; 2], orders, fills, trades }
    }

    /// What rests on one side of a market, served first first.
    fn served(&self, market: usize, side: Side) -> Vec<usize> {
        let mine = |at: &usize| self.rests[*at].market == market && self.rests[*at].side == side;
        let mut order: Vec<usize> = (0..self.rests.len()).filter(mine).collect();
        order.sort_by_key(|at| {
            let rest = &self.rests[*at];
            (if side == Side::Bid { -rest.price } else { rest.price }, rest.time)
        });
        order
    }

    fn crossed_by(&self, market: usize, side: Side, limit: i64) -> Vec<usize> {
        let against = side.opposite();
        let reached = |at: &usize| !better(side, self.rests[*at].price, limit);
        self.served(market, against).into_iter().filter(reached).collect()
    }

    pub(crate) fn levels(&self, market: usize, side: Side) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        for at in self.served(market, side) {
            let rest = &self.rests[at];
            match levels.last_mut().filter(|level| i64::from(level.price.0) == rest.price) {
                Some(level) => level.size.0 += rest.left,
                None => {
                    levels.push(Level { price: Price(u16::try_from(rest.price).unwrap()), size: Count(rest.left) });
                }
            }
        }
        levels
    }

    /// The makers' contracts that stand before an order; `None` when it does not rest.
    pub(crate) fn ahead(&self, order: usize) -> Option<i64> {
        let mine = self.rests.iter().find(|rest| rest.owner == Owner::Ours(order))?;
        let before = self.rests.iter().filter(|rest| {
            rest.owner == Owner::Makers
                && (rest.market, rest.side, rest.price) == (mine.market, mine.side, mine.price)
                && rest.time < mine.time
        });
        Some(before.map(|rest| rest.left).sum())
    }

    pub(crate) fn remaining(&self, order: usize) -> i64 {
        self.rests.iter().filter(|rest| rest.owner == Owner::Ours(order)).map(|rest| rest.left).sum()
    }

    fn add(&mut self, owner: Owner, market: usize, side: Side, price: i64, left: i64) {
        self.time += 1;
        self.rests.push(Rest { owner, market, side, price, left, time: self.time });
    }

    /// Makers who stand together are one in a trade.
    fn join_makers(&mut self, market: usize, side: Side) {
        let line = self.served(market, side);
        for pair in line.windows(2).rev() {
            let (front, back) = (self.rests[pair[0]], self.rests[pair[1]]);
            if front.owner == Owner::Makers && back.owner == Owner::Makers && front.price == back.price {
                self.rests[pair[0]].left += back.left;
                self.rests[pair[1]].left = 0;
            }
        }
        self.rests.retain(|rest| rest.left > 0);
    }

    fn fill(&mut self, owner: Owner, mut fill: TwinFill) {
        let Owner::Ours(order) = owner else { return };
        let role = if fill.taker { Role::Taker } else { Role::Maker };
        let price = Price(u16::try_from(fill.price).unwrap());
        let execution = Execution { side: fill.side, role, price, count: Count(fill.count) };
        fill.order = order;
        fill.fee = self.orders[order].fees.fill(&self.schedule, &execution).unwrap().net_fee.0;
        self.orders[order].filled += fill.count;
        self.fills.push(fill);
    }

    /// Trades until nothing crosses; gives what is left, and whether it met its own order.
    pub(crate) fn take(&mut self, owner: Owner, market: usize, side: Side, limit: i64, count: i64) -> (i64, bool) {
        let mut left = count;
        while left > 0 {
            self.join_makers(market, side.opposite());
            let Some(at) = self.crossed_by(market, side, limit).first().copied() else { break };
            let rest = self.rests[at];
            if let (Owner::Ours(taker), Owner::Ours(order)) = (owner, rest.owner) {
                if self.orders[taker].asked.self_trade == SelfTrade::TakerAtCross {
                    return (left, true);
                }
                self.rests.remove(at);
                self.orders[order].status = OrderStatus::Canceled;
                continue;
            }
            let taken = left.min(rest.left);
            left -= taken;
            self.rests[at].left -= taken;
            if self.rests[at].left == 0 {
                self.rests.remove(at);
                if let Owner::Ours(order) = rest.owner {
                    self.orders[order].status = OrderStatus::Executed;
                }
            }
            self.trades.push((market, side, rest.price, taken));
            let fill = TwinFill { order: 0, market, side, price: rest.price, count: taken, fee: 0, taker: true };
            self.fill(rest.owner, TwinFill { side: rest.side, taker: false, ..fill });
            self.fill(owner, fill);
        }
        (left, false)
    }

    pub(crate) fn quote(&mut self, market: usize, side: Side, levels: &[Level]) {
        let mut wanted: Vec<(i64, i64)> = Vec::new();
        for level in levels {
            let price = i64::from(level.price.0);
            let in_order = wanted.last().is_none_or(|(last, _)| better(side, *last, price));
            if in_order && level.size.0 > 0 && self.grid.contains(level.price) {
                wanted.push((price, level.size.0));
            }
        }
        if let Some((best, _)) = wanted.first().copied() {
            let own = |rest: &Rest| rest.owner == Owner::Makers && rest.market == market && rest.side != side;
            self.rests.retain(|rest| !own(rest) || better(side, rest.price, best));
        }
        let size_at = |price: i64| wanted.iter().find(|(at, _)| *at == price).map_or(0, |(_, size)| *size);
        let prices: Vec<i64> = self.makers(market, side).iter().map(|at| self.rests[*at].price).collect();
        for price in prices {
            while self.makers_at(market, side, price) > size_at(price) {
                let excess = self.makers_at(market, side, price) - size_at(price);
                let level = self.makers(market, side).into_iter().filter(|at| self.rests[*at].price == price);
                let last = level.max_by_key(|at| self.rests[*at].time).unwrap();
                self.rests[last].left -= excess.min(self.rests[last].left);
                self.rests.retain(|rest| rest.left > 0);
            }
        }
        for (price, size) in wanted {
            let more = size - self.makers_at(market, side, price);
            if more > 0 {
                let (left, _) = self.take(Owner::Makers, market, side, price, more);
                if left > 0 {
                    self.add(Owner::Makers, market, side, price, left);
                }
            }
        }
    }

    fn makers(&self, market: usize, side: Side) -> Vec<usize> {
        self.served(market, side).into_iter().filter(|at| self.rests[*at].owner == Owner::Makers).collect()
    }

    fn makers_at(&self, market: usize, side: Side, price: i64) -> i64 {
        let level = self.makers(market, side).into_iter().filter(|at| self.rests[*at].price == price);
        level.map(|at| self.rests[at].left).sum()
    }

    pub(crate) fn submit(&mut self, asked: &NewOrder, market: usize, now: Nanos) {
        let order = self.orders.len();
        let fees = OrderFees::default();
        self.orders.push(TwinOrder { asked: *asked, refused: None, status: OrderStatus::Canceled, filled: 0, fees });
        self.orders[order].refused = self.refusal(order, asked, market, now);
        if self.orders[order].refused.is_some() {
            return;
        }
        let limit = i64::from(asked.price.0);
        let wanted = self.wanted(asked, market);
        let (left, met_own) = self.take(Owner::Ours(order), market, asked.side, limit, wanted);
        let left = left + asked.count.0 - wanted;
        let rests = asked.time_in_force == TimeInForce::GoodTillCanceled && left > 0 && !met_own;
        if rests {
            self.add(Owner::Ours(order), market, asked.side, limit, left);
        }
        self.orders[order].status = match (left, rests) {
            (0, _) => OrderStatus::Executed,
            (_, true) => OrderStatus::Resting,
            (_, false) => OrderStatus::Canceled,
        };
    }

    fn refusal(&self, order: usize, asked: &NewOrder, market: usize, now: Nanos) -> Option<RejectReason> {
        let ioc = asked.time_in_force != TimeInForce::GoodTillCanceled;
        let crossed = self.crossed_by(market, asked.side, i64::from(asked.price.0));
        if self.halted[market] {
            Some(RejectReason::MarketInactive)
        } else if !self.grid.contains(asked.price) {
            Some(RejectReason::InvalidPrice)
        } else if asked.count.0 <= 0 {
            Some(RejectReason::InvalidCount)
        } else if asked.expires.is_some_and(|expires| ioc || expires <= now) {
            Some(RejectReason::InvalidExpiration)
        } else if asked.post_only && ioc || asked.reduce_only && asked.time_in_force != TimeInForce::ImmediateOrCancel {
            Some(RejectReason::Other)
        } else if self.needed(Some((order, market))) > self.cash() {
            Some(RejectReason::InsufficientBalance)
        } else if asked.post_only && !crossed.is_empty() {
            Some(RejectReason::PostOnlyCross)
        } else if asked.time_in_force == TimeInForce::FillOrKill && self.reachable(asked, &crossed) < asked.count.0 {
            Some(RejectReason::FillOrKill)
        } else {
            None
        }
    }

    /// What an order asks for; no more than closes the position if it only reduces.
    fn wanted(&self, asked: &NewOrder, market: usize) -> i64 {
        let held = self.position(market);
        let closes = if asked.side == Side::Bid { -held } else { held };
        if asked.reduce_only { asked.count.0.min(closes.max(0)) } else { asked.count.0 }
    }

    /// Less of an order, in its place.
    pub(crate) fn decrease(&mut self, order: usize, by: i64) {
        let Some(at) = self.rests.iter().position(|rest| rest.owner == Owner::Ours(order)) else { return };
        let left = self.rests[at].left - by;
        if by <= 0 || left < 0 {
            return;
        }
        if left == 0 {
            self.cancel(order);
            return;
        }
        self.rests[at].left = left;
        self.orders[order].asked.count.0 = self.orders[order].filled + left;
    }

    /// Another price, count and expiry: taken out and sent again, unless it only shrinks.
    pub(crate) fn amend(&mut self, order: usize, price: Price, count: Count, expires: Option<Nanos>, now: Nanos) {
        let Some(at) = self.rests.iter().position(|rest| rest.owner == Owner::Ours(order)) else { return };
        let (before, old) = (self.rests[at], self.orders[order].asked);
        let left = count.0 - self.orders[order].filled;
        if self.halted[before.market] || !self.grid.contains(price) || left <= 0 || expires.is_some_and(|at| at <= now)
        {
            return;
        }
        self.rests.remove(at);
        self.orders[order].asked = NewOrder { price, count, expires, ..old };
        let is_dear = self.needed(Some((order, before.market))) > self.cash();
        let limit = i64::from(price.0);
        let crosses = old.post_only && !self.crossed_by(before.market, old.side, limit).is_empty();
        if is_dear || crosses {
            self.orders[order].asked = old;
            self.rests.insert(at, before);
        } else if before.price == limit && left <= before.left {
            self.rests.insert(at, Rest { left, ..before });
        } else {
            let (left, met_own) = self.take(Owner::Ours(order), before.market, old.side, limit, left);
            self.orders[order].status = if left == 0 { OrderStatus::Executed } else { OrderStatus::Canceled };
            if left > 0 && !met_own {
                self.orders[order].status = OrderStatus::Resting;
                self.add(Owner::Ours(order), before.market, old.side, limit, left);
            }
        }
    }

    fn reachable(&self, asked: &NewOrder, crossed: &[usize]) -> i64 {
        let stops =
            |at: &usize| matches!(self.rests[*at].owner, Owner::Ours(_)) && asked.self_trade == SelfTrade::TakerAtCross;
        let before_own = crossed.iter().take_while(|at| !stops(at));
        before_own.filter(|at| self.rests[**at].owner == Owner::Makers).map(|at| self.rests[*at].left).sum()
    }

    pub(crate) fn cancel(&mut self, order: usize) -> Option<i64> {
        let at = self.rests.iter().position(|rest| rest.owner == Owner::Ours(order))?;
        self.orders[order].status = OrderStatus::Canceled;
        Some(self.rests.remove(at).left)
    }

    /// Orders that asked for it go.
    pub(crate) fn halt(&mut self, market: usize) {
        if !self.halted[market] {
            self.halted[market] = true;
            self.leave(|order, at| at == market && order.cancel_on_pause);
        }
    }

    /// Everything goes, the makers' too.
    pub(crate) fn resume(&mut self, market: usize) {
        if self.halted[market] {
            self.halted[market] = false;
            self.leave(|_, at| at == market);
            self.rests.retain(|rest| rest.market != market);
        }
    }

    fn leave(&mut self, who: impl Fn(&NewOrder, usize) -> bool) {
        for order in 0..self.orders.len() {
            let here = self.rests.iter().find(|rest| rest.owner == Owner::Ours(order)).map(|rest| rest.market);
            if here.is_some_and(|market| who(&self.orders[order].asked, market)) {
                self.cancel(order);
            }
        }
    }

    pub(crate) fn expire(&mut self, now: Nanos) {
        for order in 0..self.orders.len() {
            if self.orders[order].asked.expires.is_some_and(|expires| expires <= now) {
                self.cancel(order);
            }
        }
    }

    pub(crate) fn position(&self, market: usize) -> i64 {
        let here = self.fills.iter().filter(|fill| fill.market == market);
        here.map(|fill| if fill.side == Side::Bid { fill.count } else { -fill.count }).sum()
    }

    fn markets(&self) -> usize {
        2
    }

    /// The start, less what was paid, plus what was received, less a dollar for each NO contract.
    pub(crate) fn cash(&self) -> i64 {
        let paid = |fill: &TwinFill| {
            let notional = fill.price * fill.count;
            if fill.side == Side::Bid { -notional - fill.fee } else { notional - fill.fee }
        };
        let traded: i64 = self.fills.iter().map(paid).sum();
        let locked: i64 = (0..self.markets()).map(|market| self.position(market).min(0) * 10_000).sum();
        self.settings.cash.0 + traded + locked
    }

    /// What all that rests, and one order more, can take from the cash.
    pub(crate) fn needed(&self, and: Option<(usize, usize)>) -> i64 {
        let mut needed = 0;
        for market in 0..self.markets() {
            for side in [Side::Bid, Side::Ask] {
                let (mut cost, mut roundings, mut count) = (0, 0, 0);
                for rest in self.rests.iter().filter(|rest| (rest.market, rest.side) == (market, side)) {
                    if let Owner::Ours(order) = rest.owner {
                        cost += self.cost(order, rest.left);
                        roundings += self.roundings(order, rest.left);
                        count += rest.left;
                    }
                }
                if let Some((order, _)) =
                    and.filter(|(order, at)| *at == market && self.orders[*order].asked.side == side)
                {
                    let asked = self.wanted(&self.orders[order].asked, market) - self.orders[order].filled;
                    cost += self.cost(order, asked);
                    roundings += self.roundings(order, asked);
                    count += asked;
                }
                let held = self.position(market);
                let closing = if side == Side::Bid { (-held).max(0) } else { held.max(0) };
                needed += (cost - 10_000 * count.min(closing)).max(0) + roundings;
            }
        }
        needed
    }

    fn cost(&self, order: usize, left: i64) -> i64 {
        let asked = &self.orders[order].asked;
        let price = i64::from(asked.price.0);
        let model = |role| self.schedule.rates.model_fee(role, asked.price, Count(left), Precision::Micro).unwrap().0;
        let fee = model(Role::Taker).max(model(Role::Maker));
        fee + left * if asked.side == Side::Bid { price } else { 10_000 - price }
    }

    /// One step of the account's precision for every fill that may still come.
    fn roundings(&self, order: usize, left: i64) -> i64 {
        let used = self.fills.iter().filter(|fill| fill.order == order).count();
        let fills_left = i64::from(self.settings.fills_per_order_max) - i64::try_from(used).unwrap();
        fills_left.clamp(0, left) * self.settings.fee_precision.units()
    }

    pub(crate) fn fees(&self) -> Money {
        Money(self.fills.iter().map(|fill| fill.fee).sum())
    }
}
