//! What the line is told of series, events and markets, and in which order: names before
//! terms, a grid before the terms that use it, each thing once and again when it changes.

use super::catalog::{Catalog, Terms};
use trader_journal::event::{Event, EventId, LifecycleKind, MarketId, pad};
use trader_journal::fee::{FeeRates, Role};
use trader_journal::grid::PriceGrid;
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;

/// Bytes of a series' ticker in an event.
const SERIES_TICKER_BYTES: usize = 16;

impl Catalog {
    /// Tells a series' rates when they are known and differ from what was told.
    pub(crate) fn tell_series(&mut self, at: u32, ts: Nanos, out: &mut Outbox) {
        let Some(rates) = self.rates_now(at) else { return };
        let series = &mut self.series[at as usize];
        let now = (rates, series.shard, series.settlement_timer_s);
        if series.told.replace(now) == Some(now) {
            return;
        }
        let mut ticker = [0; SERIES_TICKER_BYTES];
        ticker.copy_from_slice(&series.ticker.padded().0[..SERIES_TICKER_BYTES]);
        out.push(Event::SeriesTerms {
            mode: series.mode,
            shard: series.shard,
            series: series.id,
            ts,
            ticker,
            taker_rate_ppm: rates.ppm(Role::Taker),
            maker_rate_ppm: rates.ppm(Role::Maker),
            settlement_timer_s: series.settlement_timer_s,
            pad: pad(),
        });
    }

    /// A series' rates, raised to those of its dearest event: fees are overridden per event, and
    /// a rate that is too high costs a trade, one that is too low costs money.
    fn rates_now(&self, at: u32) -> Option<FeeRates> {
        let own = self.series[at as usize].rates?;
        let events = self.events.iter().filter(|event| !event.is_free() && event.series == at);
        events.filter_map(|event| event.fees).try_fold(own, dearer)
    }

    /// Makes sure the line knows a market's name. Says whether it does: the series' terms must be
    /// known, and the line's tables hold only so many.
    pub(crate) fn tell_market(&mut self, row: u32, ts: Nanos, out: &mut Outbox) -> bool {
        if self.market(row).id.is_some() {
            return true;
        }
        if self.named == self.named_max || self.series_of_market(row).told.is_none() {
            return false;
        }
        self.tell_event(self.market(row).event, ts, out);
        self.name_market(row, ts, out);
        self.tell_terms(row, ts, out);
        if self.market(row).terms.close.0 != 0 {
            self.tell_phase(row, ts, Nanos(0), out);
        }
        true
    }

    /// Tells all that was told of series, events and markets once more: of what was told last before
    /// the program ended nobody knows who heard it.
    pub(crate) fn tell_again(&mut self, ts: Nanos, out: &mut Outbox) {
        self.grids.forget_told();
        for at in 0..self.series.len() as u32 {
            if self.series[at as usize].told.take().is_some() {
                self.tell_series(at, ts, out);
            }
        }
        for at in 0..self.events.len() as u32 {
            self.say_event(at, ts, out);
        }
        for row in 0..self.markets.len() as u32 {
            self.say_market(row, ts, out);
            if self.market_mut(row).told.take().is_some() {
                self.tell_terms(row, ts, out);
                self.tell_phase(row, ts, Nanos(0), out);
            }
        }
    }

    fn tell_event(&mut self, at: u32, ts: Nanos, out: &mut Outbox) {
        if self.event(at).id.is_some() {
            return;
        }
        self.last_event += 1;
        self.events[at as usize].id = Some(EventId(self.last_event));
        self.say_event(at, ts, out);
    }

    /// The name of an event that has a number.
    fn say_event(&self, at: u32, ts: Nanos, out: &mut Outbox) {
        let told = self.event(at);
        let Some(event) = told.id else { return };
        let series = self.series[told.series as usize].id;
        let (ticker, ticker_len) = told.ticker.padded();
        out.push(Event::EventNamed { ticker_len, pad: pad(), event, ts, ticker, series });
    }

    fn name_market(&mut self, row: u32, ts: Nanos, out: &mut Outbox) {
        self.last_market += 1;
        self.named += 1;
        let id = MarketId(self.last_market);
        self.market_mut(row).id = Some(id);
        self.say_market(row, ts, out);
    }

    /// The name of a market that has a number.
    fn say_market(&self, row: u32, ts: Nanos, out: &mut Outbox) {
        let told = self.market(row);
        let Some(market) = told.id else { return };
        let event = self.event_id(row);
        let (ticker, ticker_len) = told.ticker.padded();
        out.push(Event::MarketNamed { ticker_len, pad: pad(), market, ts, ticker, event });
    }

    /// Tells a named market's terms when they are whole and differ from what was told.
    pub(crate) fn tell_terms(&mut self, row: u32, ts: Nanos, out: &mut Outbox) {
        let market = self.market(row);
        let terms = market.terms;
        let Some(id) = market.id.filter(|_| terms.close.0 != 0 && terms.grid != 0) else { return };
        if market.told == Some(terms) {
            return;
        }
        if let Some(grid) = self.grids.untold(terms.grid) {
            out.push(grid_defined(terms.grid, grid, ts));
        }
        let event = self.event_id(row);
        self.market_mut(row).told = Some(terms);
        out.push(market_terms(&terms, id, event, ts));
    }

    /// Tells where a named market stands.
    pub(crate) fn tell_phase(&self, row: u32, ts: Nanos, venue_ts: Nanos, out: &mut Outbox) {
        self.tell_lifecycle(row, self.market(row).phase.kind(), ts, venue_ts, out);
    }

    /// Tells what happened to a named market.
    pub(crate) fn tell_lifecycle(&self, row: u32, kind: LifecycleKind, ts: Nanos, venue_ts: Nanos, out: &mut Outbox) {
        let market = self.market(row);
        let Some(id) = market.id else { return };
        out.push(Event::Lifecycle {
            kind,
            outcome: market.result.outcome,
            market: id,
            ts,
            venue_ts,
            close: market.terms.close,
            value: market.result.value,
            settlement: market.result.underlying,
            pad: pad(),
        });
    }

    fn event_id(&self, row: u32) -> EventId {
        self.event(self.market(row).event).id.unwrap_or_default()
    }
}

/// Role by role the higher rate.
fn dearer(a: FeeRates, b: FeeRates) -> Option<FeeRates> {
    let higher = |role| a.ppm(role).max(b.ppm(role));
    FeeRates::new(higher(Role::Taker), higher(Role::Maker))
}

fn grid_defined(number: u8, grid: &PriceGrid, ts: Nanos) -> Event {
    let ranges_used = grid.ranges().len() as u8;
    Event::GridDefined { grid: number, ranges_used, pad: pad(), ts, ranges: grid.table(), pad2: pad() }
}

fn market_terms(terms: &Terms, market: MarketId, event: EventId, ts: Nanos) -> Event {
    Event::MarketTerms {
        strike: terms.strike.kind,
        grid: terms.grid,
        market,
        ts,
        floor: terms.strike.floor,
        cap: terms.strike.cap,
        open: terms.open,
        close: terms.close,
        event,
        pad: pad(),
    }
}
