//! The series, events and markets the session knows, in tables of fixed size.
//!
//! A row is used again when its event is over; a number that was told to the line never is.

use super::settings::Settings;
use super::terms::StrikeTold;
use super::ticker::{Ticker, TickerIndex, series_part};
use super::words::Phase;
use crate::json::Read;
use trader_journal::event::{EventId, FrameFault, MarketId, Outcome, SeriesId, SeriesMode, StrikeKind};
use trader_journal::fee::{FeeRates, Role};
use trader_journal::grid::PriceGrid;
use trader_journal::hash::StateHash;
use trader_journal::units::{Money, Nanos};

/// A final market is kept this long for the value it settled on, which may come late.
const KEEP_FINAL: u64 = 3_600 * Nanos::SECOND;

/// A market the line knows is kept this long after it was final: lists of fills and orders name it.
const KEEP_NAMED: u64 = 900 * Nanos::SECOND;

/// A market that never becomes final is given up: the venue's own latest expiration.
const KEEP_CLOSED: u64 = 7 * 86_400 * Nanos::SECOND;

/// Grids known at a time; today there are three.
const GRIDS_MAX: usize = 32;

/// A series of the configuration.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) id: SeriesId,
    pub(crate) ticker: Ticker,
    pub(crate) mode: SeriesMode,
    pub(crate) shard: u8,
    /// `None` until `/series` was read.
    pub(crate) rates: Option<FeeRates>,
    pub(crate) settlement_timer_s: u32,
    /// What the line was told last: rates, shard and timer.
    pub(crate) told: Option<(FeeRates, u8, u32)>,
}

/// A venue event: the markets that settle on one number.
#[derive(Debug)]
pub(crate) struct VenueEvent {
    /// Empty in a free row.
    pub(crate) ticker: Ticker,
    pub(crate) series: u32,
    pub(crate) id: Option<EventId>,
    /// The latest close of its markets; zero until one is told.
    pub(crate) close: Nanos,
    /// Fees that replace those of the series.
    pub(crate) fees: Option<FeeRates>,
    first: Option<u32>,
}

/// A market's terms as the line is told them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) strike: Strike,
    pub(crate) open: Nanos,
    /// Zero until told.
    pub(crate) close: Nanos,
    /// Number of the grid; zero until told.
    pub(crate) grid: u8,
}

/// When YES pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) kind: StrikeKind,
    pub(crate) floor: Money,
    pub(crate) cap: Money,
}

impl Default for Strike {
    fn default() -> Self {
        Strike { kind: StrikeKind::Unknown, floor: Money::ZERO, cap: Money::ZERO }
    }
}

/// A market.
#[derive(Debug)]
pub(crate) struct Market {
    /// Empty in a free row.
    pub(crate) ticker: Ticker,
    pub(crate) event: u32,
    next: Option<u32>,
    /// `None` until the line was told of it.
    pub(crate) id: Option<MarketId>,
    /// The place of its book; `None` while it is not watched.
    pub(crate) slot: Option<u32>,
    pub(crate) phase: Phase,
    /// The strike as the messages told it so far, whole or not.
    pub(crate) strike_told: StrikeTold,
    pub(crate) terms: Terms,
    pub(crate) told: Option<Terms>,
    pub(crate) result: Settlement,
    /// The result the line was told.
    pub(crate) result_told: Settlement,
    /// The REST answer it was last named in.
    pub(crate) answer: u64,
    /// When the stream last told of a halt or of a moved close: REST is cached, the stream is not.
    pub(crate) stream_ts: Nanos,
    /// When it was first known to be final; zero before.
    pub(crate) final_ts: Nanos,
}

/// What a market paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settlement {
    pub(crate) outcome: Outcome,
    /// What YES pays.
    pub(crate) value: Money,
    /// What the event settled on; zero until told.
    pub(crate) underlying: Money,
}

impl Settlement {
    /// Nothing told yet.
    pub(crate) const NONE: Settlement =
        Settlement { outcome: Outcome::Open, value: Money::ZERO, underlying: Money::ZERO };
}

impl Market {
    const FREE: Market = Market {
        ticker: Ticker::EMPTY,
        event: 0,
        next: None,
        id: None,
        slot: None,
        phase: Phase::Unopened,
        strike_told: StrikeTold { kind: None, floor: None, cap: None },
        terms: Terms {
            strike: Strike { kind: StrikeKind::Unknown, floor: Money::ZERO, cap: Money::ZERO },
            open: Nanos(0),
            close: Nanos(0),
            grid: 0,
        },
        told: None,
        result: Settlement::NONE,
        result_told: Settlement::NONE,
        answer: 0,
        stream_ts: Nanos(0),
        final_ts: Nanos(0),
    };

    pub(crate) fn is_free(&self) -> bool {
        self.ticker.is_empty()
    }

    /// Adds what later events depend on to a state hash.
    fn hash_into(&self, hash: &mut StateHash) {
        hash.mix_bytes(self.ticker.as_bytes());
        hash.mix(u64::from(self.id.unwrap_or_default().0) << 8 | self.phase as u64);
        let is_told = [self.told == Some(self.terms), self.result_told == self.result].map(u64::from);
        hash.mix(u64::from(self.slot.map_or(0, |slot| slot + 1)) << 2 | is_told[0] << 1 | is_told[1]);
        hash.mix(self.stream_ts.0);
        hash.mix(self.final_ts.0);
        let Terms { strike, open, close, grid } = self.terms;
        let Settlement { outcome, value, underlying } = self.result;
        for word in [strike.floor.0, strike.cap.0, value.0, underlying.0] {
            hash.mix(word.cast_unsigned());
        }
        for word in [open.0, close.0, u64::from(grid), strike.kind as u64, outcome as u64] {
            hash.mix(word);
        }
    }

    /// Whether nothing more is expected of it.
    fn is_done(&self, now: Nanos) -> bool {
        let since_close = now.since(self.terms.close);
        let never_told = self.id.is_none() && self.phase.is_over();
        let is_left = self.id.is_none() || now.since(self.final_ts) > KEEP_NAMED;
        let told_all =
            self.phase == Phase::Final && is_left && (self.result.underlying.0 != 0 || since_close > KEEP_FINAL);
        self.slot.is_none() && (never_told || told_all || since_close > KEEP_CLOSED)
    }

    /// Where the market stands among those of its event: the lowest value it speaks of.
    pub(crate) const fn place(&self) -> i64 {
        match self.terms.strike.kind {
            StrikeKind::Less | StrikeKind::LessOrEqual => i64::MIN,
            _ => self.terms.strike.floor.0,
        }
    }
}

impl VenueEvent {
    const FREE: VenueEvent =
        VenueEvent { ticker: Ticker::EMPTY, series: 0, id: None, close: Nanos(0), fees: None, first: None };

    pub(crate) fn is_free(&self) -> bool {
        self.ticker.is_empty()
    }
}

/// Price grids by number, from 1.
#[derive(Debug, Default)]
pub(crate) struct Grids {
    grids: Vec<(PriceGrid, bool)>,
}

impl Grids {
    /// The grid's number; `None` when there are too many different ones.
    pub(crate) fn number(&mut self, grid: &PriceGrid) -> Option<u8> {
        if let Some(at) = self.grids.iter().position(|(known, _)| known == grid) {
            return Some(at as u8 + 1);
        }
        if self.grids.len() == GRIDS_MAX {
            return None;
        }
        self.grids.push((*grid, false));
        Some(self.grids.len() as u8)
    }

    pub(crate) fn get(&self, number: u8) -> Option<&PriceGrid> {
        self.grids.get(usize::from(number).checked_sub(1)?).map(|(grid, _)| grid)
    }

    /// All of them are to be told again.
    pub(crate) fn forget_told(&mut self) {
        self.grids.iter_mut().for_each(|(_, told)| *told = false);
    }

    /// The grid, the first time it is asked for to be told.
    pub(crate) fn untold(&mut self, number: u8) -> Option<&PriceGrid> {
        let (grid, told) = self.grids.get_mut(usize::from(number).checked_sub(1)?)?;
        if std::mem::replace(told, true) { None } else { Some(grid) }
    }
}

/// All that is known of series, events and markets.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) series: Vec<Series>,
    pub(crate) events: Vec<VenueEvent>,
    pub(crate) markets: Vec<Market>,
    pub(crate) grids: Grids,
    event_index: TickerIndex,
    market_index: TickerIndex,
    free_events: Vec<u32>,
    free_markets: Vec<u32>,
    /// Markets told to the line and still in the table.
    pub(crate) named: u32,
    pub(crate) named_max: u32,
    pub(crate) last_market: u32,
    pub(crate) last_event: u32,
}

impl Catalog {
    pub(crate) fn new(settings: &Settings) -> Catalog {
        let events_max = settings.events_max as usize;
        let markets_max = settings.markets_max as usize;
        Catalog {
            series: settings.series.iter().enumerate().map(|(at, told)| series_row(at, told, settings)).collect(),
            events: (0..events_max).map(|_| VenueEvent::FREE).collect(),
            markets: (0..markets_max).map(|_| Market::FREE).collect(),
            grids: Grids { grids: Vec::with_capacity(GRIDS_MAX) },
            event_index: TickerIndex::new(events_max),
            market_index: TickerIndex::new(markets_max),
            free_events: (0..settings.events_max).rev().collect(),
            free_markets: (0..settings.markets_max).rev().collect(),
            named: 0,
            named_max: settings.watched_max * 2,
            last_market: 0,
            last_event: 0,
        }
    }

    /// Adds what later events depend on to a state hash.
    pub(crate) fn hash_into(&self, hash: &mut StateHash) {
        for series in &self.series {
            hash.mix(rates_word(series.rates));
            hash.mix(u64::from(series.settlement_timer_s) << 1 | u64::from(series.told.is_some()));
        }
        for event in self.events.iter().filter(|event| !event.is_free()) {
            hash.mix(u64::from(event.id.unwrap_or_default().0));
            hash.mix(event.close.0);
            hash.mix(rates_word(event.fees));
        }
        self.markets.iter().filter(|market| !market.is_free()).for_each(|market| market.hash_into(hash));
    }

    /// The configured series a market or event ticker belongs to.
    pub(crate) fn series_of(&self, ticker: &[u8]) -> Option<u32> {
        let part = series_part(ticker);
        self.series.iter().position(|series| series.ticker.as_bytes() == part).map(|at| at as u32)
    }

    pub(crate) fn find_market(&self, ticker: &[u8]) -> Option<u32> {
        self.market_index.find(ticker, |row| &self.markets[row as usize].ticker)
    }

    pub(crate) fn find_event(&self, ticker: &[u8]) -> Option<u32> {
        self.event_index.find(ticker, |row| &self.events[row as usize].ticker)
    }

    pub(crate) fn market(&self, row: u32) -> &Market {
        &self.markets[row as usize]
    }

    pub(crate) fn market_mut(&mut self, row: u32) -> &mut Market {
        &mut self.markets[row as usize]
    }

    pub(crate) fn event(&self, row: u32) -> &VenueEvent {
        &self.events[row as usize]
    }

    pub(crate) fn series_of_market(&self, row: u32) -> &Series {
        &self.series[self.event(self.market(row).event).series as usize]
    }

    /// The rows of an event's markets.
    pub(crate) fn markets_of(&self, event: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(self.event(event).first, |row| self.market(*row).next)
    }

    /// The row of a market of a configured series, made if need be.
    ///
    /// # Errors
    /// `BadField` for a ticker that cannot be one, `TooMany` when a table is full.
    pub(crate) fn list(&mut self, ticker: &[u8], event_ticker: &[u8], series: u32) -> Read<u32> {
        if let Some(row) = self.find_market(ticker) {
            return Ok(row);
        }
        let ticker = Ticker::new(ticker).ok_or(FrameFault::BadField)?;
        let event = self.list_event(event_ticker, series)?;
        let row = self.free_markets.pop().ok_or(FrameFault::TooMany)?;
        let next = self.events[event as usize].first.replace(row);
        self.markets[row as usize] = Market { ticker, event, next, ..Market::FREE };
        self.market_index.insert(ticker.as_bytes(), row);
        Ok(row)
    }

    fn list_event(&mut self, ticker: &[u8], series: u32) -> Read<u32> {
        if let Some(row) = self.find_event(ticker) {
            return Ok(row);
        }
        let ticker = Ticker::new(ticker).ok_or(FrameFault::BadField)?;
        let row = self.free_events.pop().ok_or(FrameFault::TooMany)?;
        self.events[row as usize] = VenueEvent { ticker, series, ..VenueEvent::FREE };
        self.event_index.insert(ticker.as_bytes(), row);
        Ok(row)
    }

    /// Frees the rows of events of which nothing more is expected.
    pub(crate) fn purge(&mut self, now: Nanos) {
        let mut freed = false;
        for event in 0..self.events.len() as u32 {
            let over = self.markets_of(event).all(|row| self.market(row).is_done(now));
            if over && !self.event(event).is_free() {
                self.free_event(event);
                freed = true;
            }
        }
        if freed {
            self.rebuild_indexes();
        }
    }

    fn free_event(&mut self, event: u32) {
        let mut next = self.events[event as usize].first;
        while let Some(row) = next {
            let market = std::mem::replace(&mut self.markets[row as usize], Market::FREE);
            self.named -= u32::from(market.id.is_some());
            self.free_markets.push(row);
            next = market.next;
        }
        self.events[event as usize] = VenueEvent::FREE;
        self.free_events.push(event);
    }

    fn rebuild_indexes(&mut self) {
        self.market_index.clear();
        self.event_index.clear();
        for (row, market) in self.markets.iter().enumerate().filter(|(_, market)| !market.is_free()) {
            self.market_index.insert(market.ticker.as_bytes(), row as u32);
        }
        for (row, event) in self.events.iter().enumerate().filter(|(_, event)| !event.is_free()) {
            self.event_index.insert(event.ticker.as_bytes(), row as u32);
        }
    }
}

fn series_row(at: usize, told: &super::settings::SeriesSettings, settings: &Settings) -> Series {
    Series {
        id: SeriesId(at as u32 + 1),
        ticker: Ticker::new(told.ticker.as_bytes()).unwrap_or(Ticker::EMPTY),
        mode: told.mode,
        shard: settings.shard,
        rates: None,
        settlement_timer_s: 0,
        told: None,
    }
}

fn rates_word(rates: Option<FeeRates>) -> u64 {
    rates.map_or(u64::MAX, |rates| u64::from(rates.ppm(Role::Taker)) << 32 | u64::from(rates.ppm(Role::Maker)))
}
