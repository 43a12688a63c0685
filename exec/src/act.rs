//! An opinion becomes at most one order.

use crate::exposure::{Corners, Cost};
use crate::life::State;
use crate::market::Market;
use crate::money::{add, sub, total};
use crate::order::Order;
use crate::report::BasisHead;
use crate::risk::{Facts, Grant, Opinion, Refusal, judge};
use crate::stage::Exec;
use trader_journal::book::Side;
use trader_journal::event::{
    CancelReason, Event, Gate, MarketId, SelfTrade, SeriesMode, Style, TimeInForce, Uuid, pad,
};
use trader_journal::fee::{FeeSchedule, Role};
use trader_journal::stage::Outbox;
use trader_journal::units::{Count, Money, Nanos, Price};

/// Sums over markets, each at the worse of its corners.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AtRisk {
    /// Over the markets' whole lives, fees included.
    pub life: Money,
    /// What may still be lost of what is open.
    pub open: Money,
}

const HOUR_NS: u64 = 3_600 * Nanos::SECOND;

impl Exec {
    /// The first half of an opinion: what it was built on.
    pub(crate) fn hear_basis(&mut self, event: &Event) {
        let Event::OpinionBasis { market, eval, book_ts, index_ts, source_ts, .. } = *event else { return };
        self.heads.basis = Some(BasisHead { market, eval, book_ts, index_ts, source_ts });
    }

    /// The second half. Without its first half an opinion was built on nothing, and is as stale as
    /// can be.
    #[rustfmt::skip]
    pub(crate) fn hear_opinion(&mut self, event: &Event, out: &mut Outbox) {
        let Event::Opinion {
            side, style, market, ts, eval, q_yes_e9, depth_cap, fraction_e9, limit, edge_gross_min, edge_net_min, ..
        } = *event else { return };
        let basis = self.heads.basis.take().filter(|basis| (basis.market, basis.eval) == (market, eval));
        let BasisHead { book_ts, index_ts, source_ts, .. } = basis.unwrap_or_default();
        let opinion = Opinion {
            eval, side, style, limit, q_yes_e9, fraction_e9, depth_cap, edge_gross_min, edge_net_min, ts,
            book_ts, index_ts, source_ts,
        };
        self.act(market, &opinion, out);
    }

    fn act(&mut self, market: MarketId, opinion: &Opinion, out: &mut Outbox) {
        self.make_room();
        self.replace_resting(market, opinion);
        let alike = |count| self.alike(market, opinion, count);
        let verdict = self.facts(market, opinion).and_then(|facts| judge(&self.settings, &facts, opinion, alike));
        if let Some(market) = self.markets.get_mut(market) {
            market.eval = market.eval.max(opinion.eval);
        }
        match verdict {
            Ok(grant) => self.send(market, opinion, &grant, out),
            Err(refusal) => self.refuse(market, opinion, refusal, out),
        }
    }

    fn has_room(&self) -> bool {
        self.orders.has_room() && self.trades.has_room(self.settings.fills_per_order_max)
    }

    /// Tombstones are kept while there is room for them, and given up oldest first, those of paid
    /// markets only.
    fn make_room(&mut self) {
        while !self.has_room() {
            let markets = &self.markets;
            let is_paid = |id: MarketId| markets.get(id).is_none_or(|market| market.settled.is_some());
            let of_order = self.orders.iter().map(|order| order.market).find(|market| is_paid(*market));
            let Some(oldest) = of_order.or_else(|| self.trades.oldest(is_paid)) else { return };
            self.orders.forget(oldest);
            self.trades.forget(oldest);
        }
    }

    /// A newer opinion makes a quote at another price, or on the other side, obsolete.
    fn replace_resting(&mut self, market: MarketId, opinion: &Opinion) {
        let obsolete = self.orders.iter_mut().filter(|order| {
            let stays = order.side == opinion.side && order.price == opinion.limit;
            order.market == market && order.rests() && !order.state.is_over() && !stays
        });
        obsolete.for_each(|order| order.want_cancel(CancelReason::Replaced));
    }

    /// Orders of this market that look like the next one.
    fn alike(&self, market: MarketId, opinion: &Opinion, count: Count) -> u32 {
        let is_alike =
            |order: &&Order| order.side == opinion.side && order.price == opinion.limit && order.count == count;
        self.orders.of(market).filter(is_alike).count() as u32
    }

    fn refuse(&mut self, market: MarketId, opinion: &Opinion, refusal: Refusal, out: &mut Outbox) {
        self.counts.refused += 1;
        #[cfg(feature = "planted")]
        if self.settings.plant == Some(crate::plant::Plant::LoseRefusal) {
            return;
        }
        let Refusal { gate, needed, had } = refusal;
        out.push(Event::Refused {
            gate,
            side: opinion.side,
            market,
            ts: self.now,
            eval: opinion.eval,
            price: opinion.limit,
            pad: pad(),
            needed,
            had,
            pad2: pad(),
        });
    }

    fn send(&mut self, market: MarketId, opinion: &Opinion, grant: &Grant, out: &mut Outbox) {
        let time_in_force = self.time_in_force(opinion.style);
        let client = self.run.next();
        #[cfg(feature = "planted")]
        let client = crate::plant::repeated(self.settings.plant, client);
        let expires = self.expiry(market, time_in_force);
        let order = Order {
            client,
            order: Uuid::NONE,
            market,
            eval: opinion.eval,
            side: opinion.side,
            price: opinion.limit,
            count: grant.count,
            filled: Count::ZERO,
            told: Count::ZERO,
            state: State::Sent,
            time_in_force,
            sent: self.now,
            expires,
            told_at: Nanos(0),
            missed_at: Nanos(0),
            cost: grant.cost,
            cancel: None,
            cancels_said: 0,
            cancel_said_at: Nanos(0),
        };
        self.say_intent(&order, grant, opinion.style, out);
        self.orders.add(order);
        self.recent.add(self.now);
        self.counts.intents += 1;
        if let Some(market) = self.markets.get_mut(market) {
            market.orders_sent += 1;
        }
    }

    fn say_intent(&self, order: &Order, grant: &Grant, style: Style, out: &mut Outbox) {
        out.push(Event::OrderSized {
            sized_by: grant.by,
            pad: pad(),
            market: order.market,
            ts: self.now,
            market_loss: grant.market_loss,
            close_loss: grant.close_loss,
            total_loss: grant.total_loss,
            kelly: grant.kelly,
            eval: order.eval,
            pad2: pad(),
        });
        out.push(Event::OrderIntent {
            side: order.side,
            time_in_force: order.time_in_force,
            market: order.market,
            ts: self.now,
            client: order.client,
            count: order.count,
            expires: order.expires,
            price: order.price,
            post_only: u8::from(style == Style::Maker),
            self_trade: SelfTrade::TakerAtCross,
            eval: order.eval,
        });
    }

    const fn time_in_force(&self, style: Style) -> TimeInForce {
        match style {
            Style::Taker => self.settings.time_in_force,
            Style::Maker => TimeInForce::GoodTillCanceled,
        }
    }

    /// When the venue is to end a resting order by itself, in whole seconds as its wire has them;
    /// zero for an order that cannot rest.
    fn expiry(&self, market: MarketId, time_in_force: TimeInForce) -> Nanos {
        let close = self.markets.get(market).map_or(Nanos(0), |market| market.close);
        let expires = close.minus(self.settings.expiry_before_close_ns);
        match time_in_force {
            TimeInForce::GoodTillCanceled => Nanos(expires.0 - expires.0 % Nanos::SECOND),
            TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => Nanos(0),
        }
    }

    // ---- what is judged ----------------------------------------------------------------------

    fn facts(&self, market: MarketId, opinion: &Opinion) -> Result<Facts, Refusal> {
        let unknown = Refusal { gate: Gate::TermsUnknown, needed: 1, had: 0 };
        let market = self.markets.get(market).ok_or(unknown)?;
        let (hour, day) = (self.hour(), self.ledger.day_of(self.now));
        let pending =
            self.orders.of(market.id).filter(|order| order.filled == Count::ZERO && order.at_risk() > Count::ZERO);
        let pending = pending.count() as u32;
        let same_close = |other: &Market| other.close == market.close;
        let here = self.corners(market);
        let close_others = self.sum_at_risk(|other| same_close(other) && other.id != market.id);
        let others = self.sum_at_risk(|other| other.id != market.id);
        let in_window = self.markets.iter().filter(|other| same_close(other)).map(|other| other.orders_sent).sum();
        Ok(Facts {
            now: self.now,
            cost: self.cost(market, opinion),
            is_on_grid: self.markets.grid(market.grid).is_some_and(|grid| grid.contains(opinion.limit)),
            is_open: market.is_open(self.now),
            close: market.close,
            last_eval: market.eval,
            is_paused: self.control.is_quiet(self.now) || self.run.epoch == 0,
            is_killed: self.control.is_killed,
            stopped_by: self.control.stopped_by,
            unknown_orders: self.unknown_orders(market.id),
            trades_in_hour: market.trades.in_hour(hour) + pending,
            trades_in_day: market.trades.in_day(day) + pending,
            sent_in_second: self.recent.within(Nanos::SECOND, self.now),
            sent_in_minute: self.recent.within(60 * Nanos::SECOND, self.now),
            sent_in_window: in_window,
            live_orders: self.orders.live().count() as u32,
            tables_have_room: self.has_room(),
            standing: self.account.standing(self.settings.reconcile.as_ref(), self.now),
            market: here.life,
            close_others: close_others.life,
            total_others: others.life,
            open: here.open,
            open_others: others.open,
            day_result: self.ledger.day_result(),
            available: self.available(market),
        })
    }

    pub(crate) const fn hour(&self) -> u64 {
        self.now.0 / HOUR_NS
    }

    fn unknown_orders(&self, market: MarketId) -> u32 {
        #[cfg(feature = "planted")]
        if self.settings.plant == Some(crate::plant::Plant::DropUnknown) {
            return 0;
        }
        self.orders.of(market).filter(|order| order.state == State::Unknown).count() as u32
    }

    /// What a contract costs at the limit; `None` while the market's terms are not whole.
    fn cost(&self, market: &Market, opinion: &Opinion) -> Option<Cost> {
        let series = self.markets.series(market.series?)?;
        self.markets.grid(market.grid)?;
        let is_whole = market.close.0 != 0 && market.has_strike && series.mode != SeriesMode::Ignored;
        let role = match opinion.style {
            Style::Taker => Role::Taker,
            Style::Maker => Role::Maker,
        };
        let is_price = opinion.limit > Price::ZERO && opinion.limit < Price::ONE;
        let schedule = FeeSchedule { rates: series.rates?, precision: self.settings.fee_precision };
        let price = crate::exposure::price_bought(opinion.side, opinion.limit);
        let cost = Cost { schedule, role, price, fills_max: self.settings.fills_per_order_max };
        (is_whole && is_price).then_some(cost)
    }

    /// Cash on the shard less what live orders may take; nothing when the series' shard is another.
    fn available(&self, market: &Market) -> Money {
        let shard = market.series.and_then(|id| self.markets.series(id)).map(|series| series.shard);
        if shard != Some(self.settings.shard) {
            return Money::ZERO;
        }
        let reserved = total(self.orders.iter().map(Order::cost_at_risk));
        sub(sub(self.ledger.cash(), self.purse.shortfall), reserved)
    }

    /// A market's corners with all its orders that may still be filled, and with the contracts that
    /// the venue says we hold beyond ours: bought by nobody knows whom, at $1 at the worst.
    fn corners(&self, market: &Market) -> Losses {
        let start = Losses { life: market.position.life(), open: market.position.open() };
        let gap = market.held.gap;
        let start = if gap == Count::ZERO { start } else { start.with_gap(gap) };
        self.orders.of(market.id).filter(|order| order.at_risk() > Count::ZERO).fold(start, |losses, order| {
            #[cfg(feature = "planted")]
            if self.settings.plant == Some(crate::plant::Plant::DropUnknown) && order.state == State::Unknown {
                return losses;
            }
            let (cost, count) = (order.cost_at_risk(), order.at_risk());
            Losses { life: losses.life.with(order.side, cost, count), open: losses.open.with(order.side, cost, count) }
        })
    }

    /// What the chosen markets that are not final may lose together.
    pub(crate) fn sum_at_risk(&self, is_chosen: impl Fn(&Market) -> bool) -> AtRisk {
        let chosen = self.markets.iter().filter(|market| market.is_risk() && is_chosen(market));
        chosen.map(|market| self.corners(market)).fold(AtRisk::default(), |sum, losses| AtRisk {
            life: add(sum.life, losses.life.at_risk()),
            open: add(sum.open, losses.open.at_risk()),
        })
    }
}

/// A market's losses by outcome.
#[derive(Clone, Copy, Debug)]
struct Losses {
    life: Corners,
    open: Corners,
}

impl Losses {
    /// The larger of the exposures with and without so many more YES contracts, NO when negative.
    fn with_gap(self, gap: Count) -> Losses {
        let side = if gap > Count::ZERO { Side::Bid } else { Side::Ask };
        let count = Count(gap.0.saturating_abs());
        let cost = crate::money::payout(count);
        Losses { life: self.life.with(side, cost, count), open: self.open.with(side, cost, count) }
    }
}

impl Order {
    /// Has it cancelled; the first reason stays.
    pub(crate) fn want_cancel(&mut self, reason: CancelReason) {
        self.cancel = self.cancel.or(Some(reason));
    }
}
