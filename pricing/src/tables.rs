//! What is listed: series, grids, events and their markets with their books.
//!
//! Fixed tables; a slot is an id modulo the capacity with an owner check. A new owner
//! takes a slot only when the old one's window has closed: what is still open is never
//! overwritten, and a table that is too small shows as markets without a book.

use alloc::boxed::Box;
use alloc::vec::Vec;
use trader_journal::book::{LevelBook, Side};
use trader_journal::event::{EventId, Gate, MarketId, SeriesId, SeriesMode, StrikeKind};
use trader_journal::fee::FeeRates;
use trader_journal::grid::{GridRange, PriceGrid};
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Nanos, Price};

/// The most markets of one event that are watched at once: centre ± 3 and one that moved away, twice over.
pub const LEGS_MAX: usize = 16;
/// The most series.
pub const SERIES_MAX: usize = 16;
/// The most price grids.
pub const GRIDS_MAX: usize = 16;

/// How a series is traded and what it costs.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Digital, bracket, threshold, or not at all.
    pub mode: SeriesMode,
    /// Fee rates of C·P·(1−P).
    pub rates: FeeRates,
}

/// One venue event: markets that settle on one number.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub event: EventId,
    /// Its series.
    pub series: SeriesId,
    /// When its markets close; [`Nanos::NEVER`] until terms are known.
    pub close: Nanos,
    /// When they opened.
    pub open: Nanos,
    /// Evaluated or missed: nothing more will be said of it.
    pub done: bool,
    /// The data gate that was shut when last asked.
    pub waiting_for: Gate,
    /// Its watched markets, in the order named.
    pub markets: [MarketId; LEGS_MAX],
    /// How many of them.
    pub markets_used: usize,
}

impl Listed {
    fn new(event: EventId, series: SeriesId) -> Listed {
        Listed {
            event,
            series,
            close: Nanos::NEVER,
            open: Nanos(0),
            done: false,
            waiting_for: Gate::StrikeUnknown,
            markets: [MarketId(0); LEGS_MAX],
            markets_used: 0,
        }
    }

    /// The ids of its watched markets.
    #[must_use]
    pub fn markets(&self) -> &[MarketId] {
        &self.markets[..self.markets_used]
    }
}

/// What was thought of a market when it was evaluated, kept until its result is known.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// Our probability of YES, 1e-9.
    pub q_yes_e9: u32,
    /// The market's own, its mid.
    pub mid: Price,
}

/// One market: terms, book, and what is known of its strike.
#[derive(Debug)]
pub struct Market {
    /// Its id.
    pub market: MarketId,
    /// Its event.
    pub event: EventId,
    /// How the value is compared.
    pub strike: StrikeKind,
    /// Lower strike.
    pub floor: Money,
    /// Upper strike.
    pub cap: Money,
    /// First time it takes orders.
    pub open: Nanos,
    /// Last.
    pub close: Nanos,
    /// Legal prices.
    pub grid: PriceGrid,
    /// The book of YES prices.
    pub book: Box<LevelBook>,
    /// Whether the book may be used.
    pub book_valid: bool,
    /// When a frame last touched it.
    pub book_ts: Nanos,
    /// Two sources told two strikes.
    pub strike_disagrees: bool,
    /// Its evaluation, until the result is known.
    pub judged: Option<Judged>,
}

impl Market {
    fn new(market: MarketId, event: EventId, grid: PriceGrid) -> Market {
        Market {
            market,
            event,
            strike: StrikeKind::Unknown,
            floor: Money::ZERO,
            cap: Money::ZERO,
            open: Nanos(0),
            close: Nanos::NEVER,
            grid,
            book: Box::new(LevelBook::new(&grid)),
            book_valid: false,
            book_ts: Nanos(0),
            strike_disagrees: false,
            judged: None,
        }
    }

    /// Gives the slot to another market, keeping the book's memory.
    fn take_over(&mut self, market: MarketId, event: EventId) {
        self.book.clear();
        self.market = market;
        self.event = event;
        self.strike = StrikeKind::Unknown;
        self.floor = Money::ZERO;
        self.cap = Money::ZERO;
        self.open = Nanos(0);
        self.close = Nanos::NEVER;
        self.book_valid = false;
        self.book_ts = Nanos(0);
        self.strike_disagrees = false;
        self.judged = None;
    }

    /// Middle of the best bid and ask; `None` unless both sides have one.
    #[must_use]
    pub fn mid(&self) -> Option<Price> {
        let bid = self.book.best(Side::Bid)?.price;
        let ask = self.book.best(Side::Ask)?.price;
        Some(Price((bid.0 + ask.0) / 2))
    }

    /// Contracts resting on `side` at `limit` or better for who takes them.
    #[must_use]
    pub fn depth_within(&self, side: Side, limit: Price) -> Count {
        self.book.depth_within(side, limit)
    }

    fn hash_into(&self, hash: &mut StateHash) {
        hash.mix(u64::from(self.market.0) << 32 | u64::from(self.event.0));
        hash.mix(self.floor.0 as u64);
        hash.mix(self.cap.0 as u64);
        hash.mix(self.close.0);
        hash.mix(self.book_ts.0);
        let flags = u64::from(self.strike as u8) << 2 | u64::from(self.book_valid) << 1;
        hash.mix(flags | u64::from(self.strike_disagrees));
        if let Some(judged) = self.judged {
            hash.mix(u64::from(judged.q_yes_e9) << 16 | u64::from(judged.mid.0));
        }
        self.book.hash_into(hash);
    }
}

/// The tables.
#[derive(Debug)]
pub struct Tables {
    series: [Option<Series>; SERIES_MAX],
    grids: [Option<PriceGrid>; GRIDS_MAX],
    events: Vec<Option<Listed>>,
    markets: Vec<Option<Market>>,
}

impl Tables {
    /// Room for `events` events and `markets` markets.
    #[must_use]
    pub fn new(events: usize, markets: usize) -> Tables {
        let mut tables = Tables {
            series: [None; SERIES_MAX],
            grids: [None; GRIDS_MAX],
            events: Vec::with_capacity(events),
            markets: Vec::with_capacity(markets),
        };
        tables.events.resize_with(events, || None);
        tables.markets.resize_with(markets, || None);
        tables
    }

    /// Learns a series.
    pub fn set_series(&mut self, series: SeriesId, terms: Series) {
        if let Some(slot) = self.series.get_mut(series.0 as usize) {
            *slot = Some(terms);
        }
    }

    /// A series, if it was told.
    #[must_use]
    pub fn series(&self, series: SeriesId) -> Option<Series> {
        self.series.get(series.0 as usize).copied().flatten()
    }

    /// Learns a grid; one that is not legal is not learnt, and its markets stay unpriced.
    pub fn set_grid(&mut self, grid: u8, ranges: &[GridRange]) {
        if let Some(slot) = self.grids.get_mut(usize::from(grid)) {
            *slot = PriceGrid::from_ranges(ranges).ok();
        }
    }

    /// Learns an event, unless its slot holds one that has not closed yet.
    pub fn name_event(&mut self, event: EventId, series: SeriesId, now: Nanos) {
        let slot = slot_of(event.0, self.events.len());
        let Some(held) = self.events.get_mut(slot) else { return };
        match held {
            Some(listed) if listed.event == event => listed.series = series,
            Some(listed) if listed.close > now && listed.close != Nanos::NEVER => {}
            free => *free = Some(Listed::new(event, series)),
        }
    }

    /// Learns a market of an event, unless its slot holds one that has not closed yet.
    pub fn name_market(&mut self, market: MarketId, event: EventId, now: Nanos) {
        let slot = slot_of(market.0, self.markets.len());
        let Some(held) = self.markets.get_mut(slot) else { return };
        match held {
            Some(known) if known.market == market => return,
            Some(known) if known.close > now && known.close != Nanos::NEVER => return,
            Some(known) => known.take_over(market, event),
            None => *held = Some(Market::new(market, event, PriceGrid::LINEAR_CENT)),
        }
        if let Some(listed) = self.event_mut(event)
            && listed.markets_used < LEGS_MAX
        {
            listed.markets[listed.markets_used] = market;
            listed.markets_used += 1;
        }
    }

    /// Learns a market's terms. A strike that was known and changes is a disagreement of sources.
    pub fn set_terms(&mut self, market: MarketId, terms: &Terms) {
        let grid = self.grids.get(usize::from(terms.grid)).copied().flatten();
        let Some(known) = self.market_mut(market) else { return };
        let had_strike = known.strike != StrikeKind::Unknown;
        let moved = known.strike != terms.strike || known.floor != terms.floor || known.cap != terms.cap;
        known.strike_disagrees |= had_strike && moved;
        (known.strike, known.floor, known.cap) = (terms.strike, terms.floor, terms.cap);
        (known.open, known.close) = (terms.open, terms.close);
        if let Some(grid) = grid
            && known.grid != grid
        {
            known.grid = grid;
            known.book.regrid(&grid);
            known.book_valid = false;
        }
        if let Some(listed) = self.event_mut(terms.event) {
            (listed.open, listed.close) = (terms.open, terms.close);
        }
    }

    /// A market, if it is in its slot.
    #[must_use]
    pub fn market(&self, market: MarketId) -> Option<&Market> {
        let slot = slot_of(market.0, self.markets.len());
        self.markets.get(slot)?.as_ref().filter(|known| known.market == market)
    }

    /// A market to be changed, if it is in its slot.
    pub fn market_mut(&mut self, market: MarketId) -> Option<&mut Market> {
        let slot = slot_of(market.0, self.markets.len());
        self.markets.get_mut(slot)?.as_mut().filter(|known| known.market == market)
    }

    /// An event to be changed, if it is in its slot.
    pub fn event_mut(&mut self, event: EventId) -> Option<&mut Listed> {
        let slot = slot_of(event.0, self.events.len());
        self.events.get_mut(slot)?.as_mut().filter(|known| known.event == event)
    }

    /// Every event that has not been evaluated yet, in slot order.
    pub fn waiting(&self) -> impl Iterator<Item = &Listed> {
        self.events.iter().flatten().filter(|listed| !listed.done)
    }

    /// Every market.
    pub fn markets(&self) -> impl Iterator<Item = &Market> {
        self.markets.iter().flatten()
    }

    /// Every market, to be changed.
    pub fn markets_mut(&mut self) -> impl Iterator<Item = &mut Market> {
        self.markets.iter_mut().flatten()
    }

    /// Mixes all that later decisions depend on.
    pub fn hash_into(&self, hash: &mut StateHash) {
        for listed in self.events.iter().flatten() {
            hash.mix(u64::from(listed.event.0) << 32 | listed.markets_used as u64);
            hash.mix(listed.close.0 ^ u64::from(listed.done));
        }
        for market in self.markets() {
            market.hash_into(hash);
        }
    }
}

/// A market's terms as its event tells them.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Its event.
    pub event: EventId,
    /// How the value is compared.
    pub strike: StrikeKind,
    /// Number of its grid.
    pub grid: u8,
    /// Lower strike.
    pub floor: Money,
    /// Upper strike.
    pub cap: Money,
    /// First time it takes orders.
    pub open: Nanos,
    /// Last.
    pub close: Nanos,
}

fn slot_of(id: u32, capacity: usize) -> usize {
    if capacity == 0 { 0 } else { id as usize % capacity }
}
