//! What the engine did, as the frames and replies that tell of it.

use super::MockExchange;
use super::orders::Reply;
use super::prints::Print;
use super::streams::Stream;
use super::wire::{self, Delta, FillMessage, IndexMessage, OrderMessage, TradeMessage, TradeRow};
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
                for conn in 0..self.streams.len() {
                    if self.streams[conn].books.contains(*market) {
                        self.tell_snapshot(*at, conn, *market);
                    }
                }
            }
            Said::Trade { .. } => self.tell_trade(said),
            Said::Fill(fill) => self.tell_fill(fill),
            Said::Order { state, at } => self.tell_order(state, *at),
            Said::CreateReply { ticket, result, at } => self.reply(*at, *ticket, Reply::Create(*result)),
            Said::CancelReply { ticket, result, at } => self.reply(*at, *ticket, Reply::Cancel(*result)),
            Said::CancelAllReply { ticket, at, .. } => self.reply(*at, *ticket, Reply::CancelAll),
            Said::DecreaseReply { ticket, result, at } => self.reply(*at, *ticket, Reply::Decrease(*result)),
            Said::AmendReply { ticket, result, at } => self.reply(*at, *ticket, Reply::Amend(*result)),
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
        let due = self.frame_due(at);
        let known = self.catalog.market(market);
        let cause = cause.map(|client| self.names.text(client));
        let cause = cause.as_deref();
        for stream in self.streams.iter_mut().filter(|stream| stream.books.contains(market)) {
            let Some((sid, seq)) = stream.session.books.next() else { continue };
            let use_yes_price = stream.session.use_yes_price;
            let delta = Delta { sid, seq, ticker: &known.ticker, side, price, change, at, cause, use_yes_price };
            stream.frames.push(due, |out| wire::delta(out, &delta));
        }
    }

    fn tell_trade(&mut self, said: &Said) {
        let Said::Trade { market, trade, taker, price, count, at } = *said else { return };
        self.makers.hear_take(market, taker.opposite());
        let due = self.frame_due(at);
        self.traded.add(market, TradeRow { trade, taker, price, count, at });
        let known = self.catalog.market_mut(market);
        known.last_price = price;
        known.volume.0 += count.0;
        let known = self.catalog.market(market);
        let listens = |stream: &&mut Stream| stream.session.all_trades || stream.trades.contains(market);
        for stream in self.streams.iter_mut().filter(listens) {
            let Some((sid, seq)) = stream.session.trades.next() else { continue };
            let message = TradeMessage { sid, seq, ticker: &known.ticker, trade, taker, price, count, at };
            stream.frames.push(due, |out| wire::trade(out, &message));
        }
    }

    fn tell_fill(&mut self, fill: &FillRecord) {
        let client = &*self.names.text(fill.client);
        let message = |sid| FillMessage {
            sid,
            ticker: &self.catalog.market(fill.market).ticker,
            trade: fill.trade,
            order: fill.order,
            client,
            side: fill.side,
            price: fill.price,
            count: fill.count,
            fee: fill.fee,
            is_taker: fill.is_taker,
            post_position: fill.post_position,
            shard: self.settings.shard,
            at: fill.at,
        };
        let due = self.frame_due(fill.at);
        for stream in self.streams.iter_mut() {
            let Some(sid) = stream.session.fills.sid() else { continue };
            stream.frames.push(due, |out| wire::fill(out, &message(sid)));
        }
    }

    fn tell_order(&mut self, state: &OrderState, at: Nanos) {
        let asked = self.venue.account().order(state.order);
        let client = &*self.names.text(state.client);
        let totals = self.totals(state.order);
        let message = |sid| OrderMessage {
            sid,
            ticker: &self.catalog.market(state.market).ticker,
            order: state.order,
            client,
            side: state.side,
            price: state.price,
            status: state.status,
            reason: state.reason,
            filled: state.filled,
            remaining: state.remaining,
            initial: asked.map_or(state.filled, |record| record.asked.count),
            taker_fees: totals.taker_fees,
            maker_fees: totals.maker_fees,
            shard: self.settings.shard,
            created: asked.map_or(at, |record| record.at),
            at,
        };
        let due = self.frame_due(at);
        for stream in self.streams.iter_mut() {
            let Some(sid) = stream.session.orders.sid() else { continue };
            stream.frames.push(due, |out| wire::order_update(out, &message(sid)));
        }
    }

    fn tell_strike(&mut self, market: VenueMarket, strike: Money, at: Nanos) {
        let due = self.frame_due(at);
        let known = self.catalog.market_mut(market);
        known.floor = strike;
        known.strike_is_told = true;
        known.updated = at;
        let known = self.catalog.market(market);
        self.streams.tell_lifecycle(due, |out, (sid, seq)| {
            wire::strike_announced(out, (sid, seq, &known.ticker), known.strike, strike);
        });
    }

    fn tell_halt(&mut self, market: VenueMarket, halted: bool, at: Nanos) {
        let due = self.frame_due(at);
        self.catalog.market_mut(market).updated = at;
        let ticker = self.catalog.market(market).ticker.as_str();
        self.streams.tell_lifecycle(due, |out, (sid, seq)| wire::halted(out, (sid, seq, ticker), halted));
    }

    fn tell_result(&mut self, market: VenueMarket, outcome: Outcome, value: Money, (settlement, at): (Money, Nanos)) {
        let due = self.frame_due(at);
        let known = self.catalog.market_mut(market);
        known.outcome = outcome;
        known.settlement = Some(settlement);
        known.updated = at;
        let ticker = self.catalog.market(market).ticker.as_str();
        self.streams
            .tell_lifecycle(due, |out, (sid, seq)| wire::determined(out, (sid, seq, ticker), outcome, value, at));
    }

    fn tell_payment(&mut self, market: VenueMarket, at: Nanos) {
        let due = self.frame_due(at);
        let known = self.catalog.market_mut(market);
        known.updated = at;
        known.settled = Some(at);
        self.catalog.finish(market, |market| self.venue.status(market).is_none());
        let ticker = self.catalog.market(market).ticker.as_str();
        self.streams.tell_lifecycle(due, |out, (sid, seq)| wire::settled(out, (sid, seq, ticker), at));
    }

    /// The index's print of this second.
    pub(super) fn tell_print(&mut self, print: &Print) {
        let due = self.frame_due(print.at);
        let message = |(sid, seq)| IndexMessage {
            sid,
            seq,
            at: print.at,
            value: print.value,
            average_60s: print.average,
            closing: print.closing,
        };
        for stream in self.streams.iter_mut() {
            let Some(head) = stream.session.index.next() else { continue };
            stream.frames.push(due, |out| wire::index(out, &message(head)));
        }
    }
}
