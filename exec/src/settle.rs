//! What a market is, where it stands, and how it ends: a result is risk until it is paid.

use crate::life::Report;
use crate::market::{Market, Phase, Series, Settled, Verdict};
use crate::money::{add, sub};
use crate::position::Position;
use crate::stage::{Exec, FILL_SAYS_MAX};
use trader_journal::event::{Event, EventId, LifecycleKind, MarketId, Outcome, StrikeKind, pad};
use trader_journal::fee::FeeRates;
use trader_journal::grid::PriceGrid;
use trader_journal::stage::Outbox;
use trader_journal::units::{Count, Money, Nanos};

impl Exec {
    // ---- names and terms ---------------------------------------------------------------------

    pub(crate) fn learn_series(&mut self, event: &Event) {
        let Event::SeriesTerms { mode, shard, series, taker_rate_ppm, maker_rate_ppm, .. } = *event else { return };
        let rates = FeeRates::new(taker_rate_ppm, maker_rate_ppm);
        let had_room = self.markets.learn_series(Series { id: series, mode, shard, rates });
        self.counts.no_room += u64::from(!had_room);
    }

    /// A list that is no grid leaves the number without one: its markets are not traded.
    pub(crate) fn learn_grid(&mut self, event: &Event) {
        let Event::GridDefined { grid, ranges_used, ranges, .. } = *event else { return };
        let used = usize::from(ranges_used).min(ranges.len());
        self.markets.learn_grid(grid, PriceGrid::from_ranges(&ranges[..used]).ok());
    }

    pub(crate) fn learn_market(&mut self, event: &Event) {
        let Event::MarketNamed { market, event, .. } = *event else { return };
        self.market_of(market, event);
    }

    pub(crate) fn learn_terms(&mut self, event: &Event) {
        let Event::MarketTerms { strike, grid, market, open, close, event, .. } = *event else { return };
        if let Some(known) = self.market_of(market, event) {
            known.has_strike = !matches!(strike, StrikeKind::Unknown | StrikeKind::Unpriced);
            known.grid = grid;
            known.open = open;
            known.close = close;
        }
    }

    /// The market of that number; makes room for a new one by forgetting one that is over.
    fn market_of(&mut self, market: MarketId, event: EventId) -> Option<&mut Market> {
        let (forgotten, known) = self.markets.learn_market(market, event, self.now);
        let has_room = known.is_some();
        self.counts.no_room += u64::from(!has_room && !self.markets.was_forgotten(market));
        if let Some(forgotten) = forgotten {
            self.orders.forget(forgotten);
            self.trades.forget(forgotten);
        }
        self.markets.get_mut(market)
    }

    // ---- where it stands ---------------------------------------------------------------------

    pub(crate) fn turn(&mut self, market: MarketId, kind: LifecycleKind, close: Nanos) {
        if let Some(market) = self.markets.get_mut(market) {
            market.phase = market.phase.after(kind);
            if kind == LifecycleKind::CloseMoved {
                market.close = close;
            }
        }
    }

    /// A result replaces the one before; the last one known is paid when the market is final.
    pub(crate) fn hear_verdict(&mut self, market: MarketId, kind: LifecycleKind, verdict: Verdict, out: &mut Outbox) {
        let Some(known) = self.markets.get_mut(market) else { return };
        let is_told = match kind {
            LifecycleKind::Determined | LifecycleKind::Amended | LifecycleKind::Finalized => true,
            LifecycleKind::Created
            | LifecycleKind::Opened
            | LifecycleKind::Deactivated
            | LifecycleKind::Activated
            | LifecycleKind::CloseMoved
            | LifecycleKind::Closed
            | LifecycleKind::Disputed => false,
        };
        if is_told && verdict.outcome != Outcome::Open {
            known.verdict = verdict;
        }
        if kind == LifecycleKind::Finalized {
            known.final_at = self.now;
            self.pay(out);
        }
    }

    /// Pays final markets of which every fill was told. A fill that comes after would be paid late:
    /// while one may be missing, the lists are waited for, and the market stays risk. As many as fit;
    /// the rest with the next event.
    pub(crate) fn pay(&mut self, out: &mut Outbox) {
        while out.room() > FILL_SAYS_MAX {
            let due = self.markets.iter().find(|market| market.final_at.0 != 0 && self.has_every_fill(market));
            let Some(id) = due.map(|market| market.id) else { return };
            if let Some(market) = self.markets.get_mut(id) {
                market.final_at = Nanos(0);
            }
            self.settle(id, out);
        }
    }

    pub(crate) fn has_every_fill(&self, market: &Market) -> bool {
        let is_unsure = self.orders.of(market.id).any(|order| !order.state.is_over() || order.lacks_fill());
        self.account.has_fills_until(market.final_at, is_unsure, self.settings.reconcile.as_ref())
    }

    // ---- how it ends -------------------------------------------------------------------------

    /// Pays what is held under the known result: once, and again only for what is new.
    pub(crate) fn settle(&mut self, id: MarketId, out: &mut Outbox) {
        let (note, precision) = (self.note(id, 0), self.settings.fee_precision);
        let Some(market) = self.markets.get_mut(id) else { return };
        let Verdict { outcome, value } = market.verdict;
        if outcome == Outcome::Open {
            return;
        }
        #[cfg(feature = "planted")]
        let outcome = crate::plant::to_the_losers(self.settings.plant, outcome);
        let held = market.position;
        if let Some(settled) = market.settled.filter(|_| held.net == Count::ZERO) {
            let payout = settled.position.payout(outcome, value, precision);
            market.settled = Some(Settled { payout, ..settled });
            return self.correct(id, sub(payout, settled.payout), out);
        }
        let payout = held.payout(outcome, value, precision);
        let realised = add(held.realised, sub(payout, held.cost));
        market.position = Position { net: Count::ZERO, cost: Money::ZERO, realised, fees: held.fees };
        market.settled = Some(Settled { position: held, payout });
        let was_traded = held != Position::default();
        market.held.moved(note.ts);
        self.ledger.book_return(held.cost, payout, &note, out);
        self.purse.cash_moved(self.now);
        if was_traded {
            self.say_settled(id, &held, payout, out);
        }
        self.end_orders(id);
    }

    /// A final market has no orders; a fill the venue spoke of and never told shows in the balance.
    fn end_orders(&mut self, market: MarketId) {
        for order in self.orders.iter_mut().filter(|order| order.market == market) {
            if !order.state.is_over() {
                order.hear(Report::Canceled);
            }
            self.counts.fills_missed += u64::from(order.told > order.filled);
            order.told = order.filled;
        }
    }

    /// A result was replaced after it was paid: the difference moves.
    fn correct(&mut self, id: MarketId, more: Money, out: &mut Outbox) {
        if more == Money::ZERO {
            return;
        }
        let note = self.note(id, 0);
        self.ledger.book_correction(more, &note, out);
        self.purse.cash_moved(self.now);
        if let Some(Settled { position, payout }) = self.markets.get(id).and_then(|market| market.settled) {
            self.say_settled(id, &position, payout, out);
        }
    }

    fn say_settled(&self, market: MarketId, held: &Position, payout: Money, out: &mut Outbox) {
        let outcome = self.markets.get(market).map_or(Outcome::Open, |market| market.verdict.outcome);
        out.push(Event::PositionSettled {
            outcome,
            pad: pad(),
            market,
            ts: self.now,
            position: held.net,
            payout,
            cost: held.cost,
            fees: held.fees,
            day_result: self.ledger.day_result(),
        });
    }
}

impl Market {
    /// Whether orders are taken now.
    pub(crate) fn is_open(&self, now: Nanos) -> bool {
        self.phase == Phase::Open && self.open <= now && now < self.close
    }
}
