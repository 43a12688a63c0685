//! The life of a market: what the stream tells, what REST tells, and what the clock tells,
//! because the venue announces neither an opening nor a close.

use super::catalog::Settlement;
use super::terms::{Details, MarketObject, StrikeTold};
use super::ticker::event_part;
use super::words::{Happening, Phase};
use super::{Session, Step};
use crate::json::Read;
use trader_journal::event::{BookFault, FrameFault, LifecycleKind, Outcome};
use trader_journal::units::{Money, Nanos};

/// REST lists are served from a cache of 15 s; what the stream told is not undone by them for
/// twice as long.
const REST_CACHE: u64 = 30 * Nanos::SECOND;

impl Settlement {
    /// What a result means for a contract; `None` while there is none, or a scalar without its value.
    pub(crate) fn told(outcome: Outcome, value: Option<Money>) -> Option<Settlement> {
        let value = match outcome {
            Outcome::Open => return None,
            Outcome::Yes => Money::DOLLAR,
            Outcome::No => Money::ZERO,
            Outcome::Scalar => value?,
            Outcome::Void => value.unwrap_or_default(),
        };
        Some(Settlement { outcome, value, underlying: Money::ZERO })
    }
}

impl Session {
    // ---- the stream --------------------------------------------------------------------------

    /// The channel tells of every market of the venue; ours are known by their series.
    pub(super) fn hear_lifecycle(
        &mut self,
        ticker: &[u8],
        word: &[u8],
        details: &[u8],
        step: &mut Step<'_>,
    ) -> Read<()> {
        let Some(series) = self.catalog.series_of(ticker) else {
            self.counts.foreign += 1;
            return Ok(());
        };
        let Some(happening) = Happening::from_word(word) else {
            self.counts.unknown_words += 1;
            return Err(FrameFault::UnknownKind);
        };
        let details = Details::read(details)?;
        if happening == Happening::Created {
            self.catalog.list(ticker, details.event_ticker.unwrap_or(event_part(ticker)), series)?;
        }
        let row = self.catalog.find_market(ticker).ok_or(FrameFault::UnknownMarket)?;
        self.dirty = true;
        self.happen(row, happening, &details, step)
    }

    fn happen(&mut self, row: u32, happening: Happening, details: &Details<'_>, step: &mut Step<'_>) -> Read<()> {
        match happening {
            Happening::Created | Happening::Metadata | Happening::Grid => return self.learn(row, details, step),
            Happening::CloseMoved => self.move_close(row, details.close.ok_or(FrameFault::MissingField)?, step),
            Happening::Deactivated => self.halt(row, Phase::Halted, step),
            Happening::Activated => self.halt(row, Phase::Open, step),
            Happening::Determined => self.determine(row, details, step)?,
            Happening::Settled => self.advance(row, Phase::Final, details.venue_ts, step),
        }
        Ok(())
    }

    fn learn(&mut self, row: u32, details: &Details<'_>, step: &mut Step<'_>) -> Read<()> {
        let grid = match &details.grid {
            Some(grid) => self.catalog.grids.number(grid).ok_or(FrameFault::TooMany)?,
            None => 0,
        };
        if let Some(open) = details.open {
            self.set_open(row, open);
        }
        if let Some(close) = details.close {
            self.set_close(row, close);
        }
        self.adopt_strike(row, details.strike);
        self.adopt_grid(row, grid, step);
        self.catalog.tell_terms(row, step.ts, step.out);
        Ok(())
    }

    fn move_close(&mut self, row: u32, close: Nanos, step: &mut Step<'_>) {
        self.catalog.market_mut(row).stream_ts = step.ts;
        self.set_close(row, close);
        self.catalog.tell_terms(row, step.ts, step.out);
        self.catalog.tell_lifecycle(row, LifecycleKind::CloseMoved, step.ts, Nanos(0), step.out);
        let market = self.catalog.market_mut(row);
        if market.phase == Phase::Closed && close > step.ts {
            market.phase = Phase::Open;
            self.catalog.tell_phase(row, step.ts, Nanos(0), step.out);
        }
    }

    /// A halt, or its end: the one step of a market's life that is undone.
    fn halt(&mut self, row: u32, phase: Phase, step: &mut Step<'_>) {
        let market = self.catalog.market_mut(row);
        if market.phase.is_over() {
            return;
        }
        market.stream_ts = step.ts;
        let was = std::mem::replace(&mut market.phase, phase);
        let kind = match (was, phase) {
            (Phase::Halted, Phase::Open) => LifecycleKind::Activated,
            _ => phase.kind(),
        };
        if was != phase {
            self.catalog.tell_lifecycle(row, kind, step.ts, Nanos(0), step.out);
        }
    }

    fn determine(&mut self, row: u32, details: &Details<'_>, step: &mut Step<'_>) -> Read<()> {
        let outcome = details.outcome.ok_or(FrameFault::MissingField)?;
        let result = Settlement::told(outcome, details.value).ok_or(FrameFault::BadField)?;
        let market = self.catalog.market_mut(row);
        market.result = Settlement { underlying: market.result.underlying, ..result };
        self.advance(row, Phase::Determined, details.venue_ts, step);
        Ok(())
    }

    // ---- REST --------------------------------------------------------------------------------

    pub(super) fn adopt_times(&mut self, row: u32, told: &MarketObject<'_>, now: Nanos) {
        self.set_open(row, told.open);
        let market = self.catalog.market(row);
        let cached = market.terms.close.0 != 0 && now.since(market.stream_ts) < REST_CACHE;
        if !cached {
            self.set_close(row, told.close);
        }
    }

    pub(super) fn adopt_strike(&mut self, row: u32, told: StrikeTold) {
        let market = self.catalog.market_mut(row);
        market.strike_told = market.strike_told.updated_by(told);
        market.terms.strike = market.strike_told.strike();
    }

    /// Takes a grid number; zero is none told. A book on another grid is begun anew.
    pub(super) fn adopt_grid(&mut self, row: u32, grid: u8, step: &mut Step<'_>) {
        let market = self.catalog.market_mut(row);
        if grid == 0 || std::mem::replace(&mut market.terms.grid, grid) == grid {
            return;
        }
        if let (Some(slot), Some(grid)) = (market.slot, self.catalog.grids.get(grid)) {
            let slot = &mut self.slots[slot as usize];
            slot.invalidate(BookFault::Illegal, step.ts, step.out);
            slot.regrid(grid);
        }
    }

    /// A status from a cache: it may lag behind what is known, and then says nothing.
    pub(super) fn adopt_status(&mut self, row: u32, phase: Phase, step: &mut Step<'_>) {
        let market = self.catalog.market(row);
        let fresh = step.ts.since(market.stream_ts) >= REST_CACHE;
        match (market.phase, phase) {
            (Phase::Halted, Phase::Open) if fresh => self.halt(row, Phase::Open, step),
            (Phase::Open, Phase::Halted) if fresh => self.halt(row, Phase::Halted, step),
            (Phase::Halted, Phase::Open) | (Phase::Open, Phase::Halted) => {}
            _ => self.advance(row, phase, Nanos(0), step),
        }
    }

    // ---- the clock ---------------------------------------------------------------------------

    /// Opens and closes what the time has come for.
    pub(super) fn turn_phases(&mut self, step: &mut Step<'_>) {
        if !std::mem::take(&mut self.times_changed) && self.next_turn > step.ts {
            return;
        }
        for row in 0..self.catalog.markets.len() as u32 {
            let market = self.catalog.market(row);
            if market.is_free() || market.phase.is_over() || market.terms.close.0 == 0 {
                continue;
            }
            let (open, close) = (market.terms.open, market.terms.close);
            if close <= step.ts {
                self.advance(row, Phase::Closed, close, step);
            } else if market.phase == Phase::Unopened && open <= step.ts {
                self.advance(row, Phase::Open, open, step);
            }
        }
        self.next_turn = self.find_next_turn(step.ts);
    }

    /// When the next market opens or closes.
    fn find_next_turn(&self, now: Nanos) -> Nanos {
        let alive = self.catalog.markets.iter().filter(|market| !market.phase.is_over() && market.terms.close.0 != 0);
        let turns = alive.map(|market| match market.phase {
            Phase::Unopened if market.terms.open > now => market.terms.open,
            _ => market.terms.close,
        });
        turns.min().unwrap_or(Nanos::NEVER)
    }

    // ---- steps of a life ---------------------------------------------------------------------

    /// Moves a market on, never back, and tells; tells again when only its result is new.
    pub(super) fn advance(&mut self, row: u32, phase: Phase, venue_ts: Nanos, step: &mut Step<'_>) {
        let market = self.catalog.market_mut(row);
        let moved = phase > market.phase;
        market.phase = market.phase.max(phase);
        if moved && phase == Phase::Final {
            market.final_ts = step.ts;
        }
        let news = market.phase.is_over() && market.result != market.result_told;
        if moved || news {
            market.result_told = market.result;
            self.catalog.tell_phase(row, step.ts, venue_ts, step.out);
        }
        self.release_if_over(row, step);
    }

    /// A closed market's book is of no use; its place is free again.
    fn release_if_over(&mut self, row: u32, step: &mut Step<'_>) {
        let market = self.catalog.market_mut(row);
        if let Some(slot) = market.slot.take_if(|_| market.phase.is_over()) {
            self.dirty = true;
            self.leave_slot(slot as usize, step);
        }
    }

    fn set_open(&mut self, row: u32, open: Nanos) {
        let terms = &mut self.catalog.market_mut(row).terms;
        self.times_changed |= std::mem::replace(&mut terms.open, open) != open;
    }

    fn set_close(&mut self, row: u32, close: Nanos) {
        let market = self.catalog.market_mut(row);
        self.times_changed |= std::mem::replace(&mut market.terms.close, close) != close;
        let event = market.event as usize;
        self.catalog.events[event].close = close;
    }
}
