//! What is listed: series, grids, events and their markets with their books.
//!
//! Fixed tables, all memory taken at the start; a slot is an id modulo the capacity with an owner
//! check. A new owner takes a slot only when the old one's window has closed: what is still open
//! is never overwritten, and a table that is too small shows as markets without a book.

use alloc::vec::Vec;
use trader_journal::book::{LevelBook, Side};
use trader_journal::event::{EventId, Gate, MarketId, SeriesId, SeriesMode, StrikeKind};
use trader_journal::fee::{FeeRates, Role};
use trader_journal::grid::{GridRange, PriceGrid};
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Nanos, Price};

/// The most markets of one event that can be watched in its life, those included that the index
/// has moved away from.
pub(crate) const WATCHED_MAX: usize = 48;
/// The most series, and one: they are numbered from 1.
const SERIES_MAX: usize = 17;
/// Grids are numbered by a byte; the venue has three.
const GRIDS_MAX: usize = 16;

/// How a series is traded and what it costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series {
    pub(crate) mode: SeriesMode,
    /// `None`: no legal rates were told.
    pub(crate) rates: Option<FeeRates>,
}

/// One venue event: markets that settle on one number.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    named: bool,
    pub(crate) event: EventId,
    pub(crate) series: SeriesId,
    /// When its markets close; [`Nanos::NEVER`] until terms are known.
    pub(crate) close: Nanos,
    /// When they opened.
    pub(crate) open: Nanos,
    /// Evaluated or missed: nothing more will be said of it.
    pub(crate) done: bool,
    /// An opinion was given on it: there may be a position.
    pub(crate) opined: bool,
    /// The result of one of its markets, and so its settlement value, is known.
    pub(crate) determined: bool,
    /// The data gate that was shut when last asked; [`Gate::Sent`] while nobody asked.
    pub(crate) waiting_for: Gate,
    markets: [MarketId; WATCHED_MAX],
    markets_used: usize,
}

impl Listed {
    const FREE: Listed = Listed {
        named: false,
        event: EventId(0),
        series: SeriesId(0),
        close: Nanos::NEVER,
        open: Nanos(0),
        done: true,
        opined: false,
        determined: false,
        waiting_for: Gate::Sent,
        markets: [MarketId(0); WATCHED_MAX],
        markets_used: 0,
    };

    /// The ids of its watched markets, in the order named.
    pub(crate) fn markets(&self) -> &[MarketId] {
        &self.markets[..self.markets_used]
    }

    fn add(&mut self, market: MarketId) {
        if let Some(place) = self.markets.get_mut(self.markets_used) {
            *place = market;
            self.markets_used += 1;
        }
    }
}

/// What was thought of a market when it was evaluated, kept until its result is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    /// Our probability of YES, 1e-9.
    pub(crate) q_yes_e9: u32,
    /// The market's own, its mid.
    pub(crate) mid: Price,
}

/// One market: terms, book, and what is known of its strike.
#[derive(Debug)]
pub(crate) struct Market {
    named: bool,
    pub(crate) market: MarketId,
    pub(crate) event: EventId,
    pub(crate) strike: StrikeKind,
    pub(crate) floor: Money,
    pub(crate) cap: Money,
    open: Nanos,
    close: Nanos,
    /// `None` until its terms name a grid that is known.
    pub(crate) grid: Option<PriceGrid>,
    /// The book of YES prices.
    pub(crate) book: LevelBook,
    /// Whether the book is whole.
    pub(crate) book_valid: bool,
    /// A level of the book being read did not fit.
    book_broken: bool,
    /// Two sources told two strikes.
    pub(crate) strike_disagrees: bool,
    /// The venue has stopped trading in it for now.
    pub(crate) halted: bool,
    /// Its evaluation, until the result is known.
    pub(crate) judged: Option<Judged>,
}

impl Market {
    fn free() -> Market {
        Market {
            named: false,
            market: MarketId(0),
            event: EventId(0),
            strike: StrikeKind::Unknown,
            floor: Money::ZERO,
            cap: Money::ZERO,
            open: Nanos(0),
            close: Nanos::NEVER,
            grid: None,
            book: LevelBook::new(&PriceGrid::LINEAR_CENT),
            book_valid: false,
            book_broken: false,
            strike_disagrees: false,
            halted: false,
            judged: None,
        }
    }

    /// Gives the slot to another market, keeping the book's memory.
    fn take_over(&mut self, market: MarketId, event: EventId) {
        self.book.clear();
        self.named = true;
        (self.market, self.event) = (market, event);
        (self.strike, self.floor, self.cap) = (StrikeKind::Unknown, Money::ZERO, Money::ZERO);
        (self.open, self.close) = (Nanos(0), Nanos::NEVER);
        self.grid = None;
        (self.book_valid, self.book_broken) = (false, false);
        (self.strike_disagrees, self.halted) = (false, false);
        self.judged = None;
    }

    /// A whole book follows.
    pub(crate) fn begin_book(&mut self) {
        self.book.clear();
        (self.book_valid, self.book_broken) = (false, false);
    }

    /// One level's size. A level that cannot be makes the whole book worthless until the next one.
    #[inline]
    pub(crate) fn set_level(&mut self, side: Side, price: Price, size: Count) {
        if self.book.set(side, price, size).is_err() {
            (self.book_valid, self.book_broken) = (false, true);
        }
    }

    /// The book is whole.
    pub(crate) fn end_book(&mut self) {
        self.book_valid = !self.book_broken;
    }

    /// Middle of the best bid and ask; `None` unless both sides have one.
    pub(crate) fn mid(&self) -> Option<Price> {
        let bid = self.book.best(Side::Bid)?.price;
        let ask = self.book.best(Side::Ask)?.price;
        Some(Price((bid.0 + ask.0) / 2))
    }

    fn adopt(&mut self, terms: &Terms, grid: Option<PriceGrid>) {
        let had_strike = self.strike != StrikeKind::Unknown;
        let moved = self.strike != terms.strike || self.floor != terms.floor || self.cap != terms.cap;
        self.strike_disagrees |= had_strike && moved;
        (self.strike, self.floor, self.cap) = (terms.strike, terms.floor, terms.cap);
        (self.open, self.close) = (terms.open, terms.close);
        if self.grid != grid {
            self.grid = grid;
            self.book.regrid(&grid.unwrap_or(PriceGrid::LINEAR_CENT));
            self.book_valid = false;
        }
    }

    fn hash_into(&self, hash: &mut StateHash) {
        hash.mix(u64::from(self.market.0) << 32 | u64::from(self.event.0));
        for word in [self.floor.0.cast_unsigned(), self.cap.0.cast_unsigned(), self.open.0, self.close.0] {
            hash.mix(word);
        }
        let flags = [self.book_valid, self.book_broken, self.strike_disagrees, self.halted, self.grid.is_some()];
        let flags = flags.iter().fold(u64::from(self.strike as u8), |word, flag| word << 1 | u64::from(*flag));
        hash.mix(flags);
        for range in self.grid.iter().flat_map(PriceGrid::ranges) {
            hash.mix(u64::from(range.start) << 32 | u64::from(range.end) << 16 | u64::from(range.step));
        }
        if let Some(judged) = self.judged {
            hash.mix(u64::from(judged.q_yes_e9) << 16 | u64::from(judged.mid.0));
        }
        self.book.hash_into(hash);
    }
}

/// A market's terms as its event tells them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) market: MarketId,
    pub(crate) event: EventId,
    pub(crate) strike: StrikeKind,
    /// Number of its grid.
    pub(crate) grid: u8,
    pub(crate) floor: Money,
    pub(crate) cap: Money,
    pub(crate) open: Nanos,
    pub(crate) close: Nanos,
}

/// The tables.
#[derive(Debug)]
pub(crate) struct Tables {
    series: [Option<Series>; SERIES_MAX],
    grids: [Option<PriceGrid>; GRIDS_MAX],
    events: Vec<Listed>,
    markets: Vec<Market>,
}

impl Tables {
    /// Room for so many events and markets; each at least one.
    pub(crate) fn new(events: usize, markets: usize) -> Tables {
        Tables {
            series: [None; SERIES_MAX],
            grids: [None; GRIDS_MAX],
            events: (0..events.max(1)).map(|_| Listed::FREE).collect(),
            markets: (0..markets.max(1)).map(|_| Market::free()).collect(),
        }
    }

    pub(crate) fn set_series(&mut self, series: SeriesId, terms: Series) {
        if let Some(slot) = self.series.get_mut(series.0 as usize) {
            *slot = Some(terms);
        }
    }

    pub(crate) fn series(&self, series: SeriesId) -> Option<Series> {
        self.series.get(series.0 as usize).copied().flatten()
    }

    /// Learns a grid; one that is not legal is not learnt, and its markets stay unpriced.
    pub(crate) fn set_grid(&mut self, grid: u8, ranges: &[GridRange]) {
        if let Some(slot) = self.grids.get_mut(usize::from(grid)) {
            *slot = PriceGrid::from_ranges(ranges).ok();
        }
    }

    /// Learns an event, unless its slot holds one that has not closed yet.
    pub(crate) fn name_event(&mut self, event: EventId, series: SeriesId, now: Nanos) {
        let slot = slot_of(event.0, self.events.len());
        let listed = &mut self.events[slot];
        if listed.named && listed.event == event {
            listed.series = series;
            return;
        }
        let open = listed.named && listed.close > now && listed.close != Nanos::NEVER;
        if !open {
            *listed = Listed { named: true, event, series, done: false, ..Listed::FREE };
        }
    }

    /// Learns a market of an event, unless its slot holds one that has not closed yet.
    pub(crate) fn name_market(&mut self, market: MarketId, event: EventId, now: Nanos) {
        let slot = slot_of(market.0, self.markets.len());
        let known = &mut self.markets[slot];
        let same = known.named && known.market == market;
        let open = known.named && known.close > now && known.close != Nanos::NEVER;
        if same || open {
            return;
        }
        known.take_over(market, event);
        if let Some(listed) = self.event_mut(event) {
            listed.add(market);
        }
    }

    /// Learns a market's terms. A strike that was known and changes is a disagreement of sources.
    pub(crate) fn set_terms(&mut self, terms: &Terms) {
        let grid = self.grids.get(usize::from(terms.grid)).copied().flatten();
        let Some(known) = self.market_mut(terms.market) else { return };
        known.adopt(terms, grid);
        if let Some(listed) = self.event_mut(terms.event) {
            (listed.open, listed.close) = (terms.open, terms.close);
        }
    }

    /// A market, if it is in its slot.
    pub(crate) fn market(&self, market: MarketId) -> Option<&Market> {
        let known = &self.markets[slot_of(market.0, self.markets.len())];
        (known.named && known.market == market).then_some(known)
    }

    /// A market to be changed, if it is in its slot.
    #[inline]
    pub(crate) fn market_mut(&mut self, market: MarketId) -> Option<&mut Market> {
        let slot = slot_of(market.0, self.markets.len());
        let known = &mut self.markets[slot];
        (known.named && known.market == market).then_some(known)
    }

    /// An event to be changed, if it is in its slot.
    pub(crate) fn event_mut(&mut self, event: EventId) -> Option<&mut Listed> {
        let slot = slot_of(event.0, self.events.len());
        let listed = &mut self.events[slot];
        (listed.named && listed.event == event).then_some(listed)
    }

    /// The series of a market's event.
    pub(crate) fn series_of(&self, event: EventId) -> Option<Series> {
        let listed = &self.events[slot_of(event.0, self.events.len())];
        if listed.named && listed.event == event { self.series(listed.series) } else { None }
    }

    /// Every event, in slot order.
    pub(crate) fn events(&self) -> &[Listed] {
        &self.events
    }

    /// Every event that has been neither evaluated nor missed, in slot order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Listed> {
        self.events.iter().filter(|listed| !listed.done)
    }

    /// The event of the same series that closed when this one opened.
    pub(crate) fn previous(&self, of: &Listed) -> Option<&Listed> {
        self.events.iter().find(|listed| listed.named && listed.series == of.series && listed.close == of.open)
    }

    /// No book can be trusted any more.
    pub(crate) fn invalidate_books(&mut self) {
        for market in &mut self.markets {
            market.book_valid = false;
        }
    }

    /// Mixes all that later decisions depend on.
    pub(crate) fn hash_into(&self, hash: &mut StateHash) {
        for (series, at) in self.series.iter().zip(0..).filter_map(|(series, at)| Some((series.as_ref()?, at))) {
            hash.mix(at << 8 | series.mode as u64);
            hash.mix(series.rates.map_or(u64::MAX, |rates| u64::from(rates.ppm(Role::Taker))));
        }
        for listed in self.events.iter().filter(|listed| listed.named) {
            hash.mix(u64::from(listed.event.0) << 32 | listed.markets_used as u64);
            let flags = u64::from(listed.done) << 2 | u64::from(listed.opined) << 1 | u64::from(listed.determined);
            hash.mix(u64::from(listed.series.0) << 16 | (listed.waiting_for as u64) << 8 | flags);
            hash.mix(listed.open.0);
            hash.mix(listed.close.0);
        }
        for market in self.markets.iter().filter(|market| market.named) {
            market.hash_into(hash);
        }
    }
}

#[inline]
fn slot_of(id: u32, capacity: usize) -> usize {
    // Capacities are a few hundred; 32 bits divide in a third of the time.
    (id % capacity as u32) as usize
}
