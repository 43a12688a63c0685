//! What the engine did, as the frames and replies that tell of it.

use super::MockExchange;
use super::orders::Reply;
use super::prints::Print;
use super::wire::{self, Delta, FillMessage, IndexMessage, OrderMessage, TradeMessage};
use trader_exec::venue::{FillRecord, OrderState, Said, VenueMarket};
use trader_journal::event::Outcome;
use trader_journal::units::{Money, Nanos};

impl MockExchange {
    /// Lets the engine do what is due by `at`, and tells all of it.
    pub(super) fn run_engine(&mut self, at: Nanos) {
        let mut said = std::mem::take(&mut self.said);
        self.venue.advance(at, &mut said);
        for one in said.drain(..) {
            self.tell(&one);
        }
        self.said = said;
    }

    fn tell(&mut self, said: &Said) {
        match said {
            Said::Level { .. } => self.tell_level(said),
            Said::BookCleared { market, at } => {
                if self.catalog.market(*market).in_books {
                    self.tell_snapshot(*at, *market);
                }
            }
            Said::Trade { .. } => self.tell_trade(said),
            Said::Fill(fill) => self.tell_fill(fill),
            Said::Order { state, at } => self.tell_order(state, *at),
            Said::CreateReply { ticket, result, at } => self.reply(*at, *ticket, Reply::Create(*result)),
            Said::CancelReply { ticket, result, at } => self.reply(*at, *ticket, Reply::Cancel(*result)),
            Said::StrikeTold { market, strike, at } => self.tell_strike(*market, *strike, *at),
            Said::Halted { market, at } => self.tell_halt(*market, true, *at),
            Said::Resumed { market, at } => self.tell_halt(*market, false, *at),
            Said::Determined { market, outcome, value, settlement, at } => {
                self.tell_result(*market, *outcome, *value, (*settlement, *at));
            }
            Said::Settled { market, at, .. } => self.tell_payment(*market, *at),
            // The venue's stream is silent here: a client has a clock (kalshi.md §3.2).
            Said::Opened { .. } | Said::Closed { .. } => {}
        }
    }

    fn frame_due(&self, at: Nanos) -> Nanos {
        at.plus(self.settings.stream_latency_ns)
    }

    fn tell_level(&mut self, said: &Said) {
        let Said::Level { market, side, price, change, cause, at } = *said else { return };
        let known = self.catalog.market(market);
        if !known.in_books {
            return;
        }
        let Some((sid, seq)) = self.session.books.next() else { return };
        let use_yes_price = self.session.use_yes_price;
        let delta = Delta { sid, seq, ticker: &known.ticker, side, price, change, at, cause, use_yes_price };
        self.kalshi.push(at.plus(self.settings.stream_latency_ns), |out| wire::delta(out, &delta));
    }

    fn tell_trade(&mut self, said: &Said) {
        let Said::Trade { market, trade, taker, price, count, at } = *said else { return };
        self.makers.hear_take(market, taker.opposite());
        let known = self.catalog.market(market);
        if !known.in_trades && !self.session.all_trades {
            return;
        }
        let Some((sid, seq)) = self.session.trades.next() else { return };
        let message = TradeMessage { sid, seq, ticker: &known.ticker, trade, taker, price, count, at };
        self.kalshi.push(at.plus(self.settings.stream_latency_ns), |out| wire::trade(out, &message));
    }

    fn tell_fill(&mut self, fill: &FillRecord) {
        let Some(sid) = self.session.fills.sid() else { return };
        let message = FillMessage {
            sid,
            ticker: &self.catalog.market(fill.market).ticker,
            trade: fill.trade,
            order: fill.order,
            client: fill.client,
            side: fill.side,
            price: fill.price,
            count: fill.count,
            fee: fill.fee,
            is_taker: fill.is_taker,
            post_position: fill.post_position,
            shard: self.settings.shard,
            at: fill.at,
        };
        self.kalshi.push(fill.at.plus(self.settings.stream_latency_ns), |out| wire::fill(out, &message));
    }

    fn tell_order(&mut self, state: &OrderState, at: Nanos) {
        let Some(sid) = self.session.orders.sid() else { return };
        let asked = self.venue.account().order(state.order);
        let message = OrderMessage {
            sid,
            ticker: &self.catalog.market(state.market).ticker,
            order: state.order,
            client: state.client,
            side: state.side,
            price: state.price,
            status: state.status,
            reason: state.reason,
            filled: state.filled,
            remaining: state.remaining,
            initial: asked.map_or(state.filled, |record| record.asked.count),
            shard: self.settings.shard,
            created: asked.map_or(at, |record| record.at),
            at,
        };
        self.kalshi.push(at.plus(self.settings.stream_latency_ns), |out| wire::order_update(out, &message));
    }

    fn tell_strike(&mut self, market: VenueMarket, strike: Money, at: Nanos) {
        let due = self.frame_due(at);
        let known = self.catalog.market_mut(market);
        known.floor = strike;
        known.strike_is_told = true;
        known.updated = at;
        let Some((sid, seq)) = self.session.lifecycle.next() else { return };
        let known = self.catalog.market(market);
        let head = (sid, seq, known.ticker.as_str());
        self.kalshi.push(due, |out| wire::strike_announced(out, head, known.strike, strike));
    }

    fn tell_halt(&mut self, market: VenueMarket, halted: bool, at: Nanos) {
        let due = self.frame_due(at);
        self.catalog.market_mut(market).updated = at;
        let Some((sid, seq)) = self.session.lifecycle.next() else { return };
        let ticker = self.catalog.market(market).ticker.as_str();
        self.kalshi.push(due, |out| wire::halted(out, (sid, seq, ticker), halted));
    }

    fn tell_result(&mut self, market: VenueMarket, outcome: Outcome, value: Money, (settlement, at): (Money, Nanos)) {
        let due = self.frame_due(at);
        let known = self.catalog.market_mut(market);
        known.outcome = outcome;
        known.settlement = Some(settlement);
        known.updated = at;
        let Some((sid, seq)) = self.session.lifecycle.next() else { return };
        let ticker = self.catalog.market(market).ticker.as_str();
        self.kalshi.push(due, |out| wire::determined(out, (sid, seq, ticker), outcome, value, at));
    }

    fn tell_payment(&mut self, market: VenueMarket, at: Nanos) {
        let due = self.frame_due(at);
        self.catalog.market_mut(market).updated = at;
        self.catalog.finish(market, |market| self.venue.status(market).is_none());
        let Some((sid, seq)) = self.session.lifecycle.next() else { return };
        let ticker = self.catalog.market(market).ticker.as_str();
        self.kalshi.push(due, |out| wire::settled(out, (sid, seq, ticker), at));
    }

    /// The index's print of this second.
    pub(super) fn tell_print(&mut self, print: &Print) {
        let Some((sid, seq)) = self.session.index.next() else { return };
        let message = IndexMessage {
            sid,
            seq,
            at: print.at,
            value: print.value,
            average_60s: print.average,
            closing: print.closing,
        };
        self.kalshi.push(print.at.plus(self.settings.stream_latency_ns), |out| wire::index(out, &message));
    }
}
