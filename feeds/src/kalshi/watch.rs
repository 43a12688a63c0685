//! Which markets are watched: each has a book and is subscribed.
//!
//! Of a digital series every open market; of a bracket or threshold series, once the event
//! closes soon, the market that holds the index and its neighbours. A market once watched
//! stays so until it closes: the index wanders back, and there may be a position in it.

use super::catalog::VenueEvent;
use super::words::Phase;
use super::{Session, Step};
use trader_journal::event::SeriesMode;
use trader_journal::units::Nanos;

impl Session {
    /// Watches what should be watched and is not.
    pub(super) fn choose_watched(&mut self, step: &mut Step<'_>) {
        self.centred = i64::MIN..i64::MAX;
        for event in 0..self.catalog.events.len() as u32 {
            match self.policy(event, step.ts) {
                Policy::None => {}
                Policy::All => self.watch_all(event, step),
                Policy::Centre => self.watch_centre(event, step),
            }
        }
    }

    /// Whether the index has left the markets it was in when they were last looked at.
    pub(super) fn centre_moved(&self) -> bool {
        !self.centred.contains(&self.index.0)
    }

    /// When the next event comes near enough to its close.
    pub(super) fn next_watch(&self, now: Nanos) -> Nanos {
        let by_centre = |event: &&VenueEvent| {
            let mode = self.catalog.series[event.series as usize].mode;
            !event.is_free() && matches!(mode, SeriesMode::Bracket | SeriesMode::Threshold)
        };
        let starts = self.catalog.events.iter().filter(by_centre);
        starts.map(|event| self.watch_from(event.close)).filter(|start| *start > now).min().unwrap_or(Nanos::NEVER)
    }

    fn policy(&self, event: u32, now: Nanos) -> Policy {
        let event = self.catalog.event(event);
        let series = &self.catalog.series[event.series as usize];
        if event.is_free() || series.told.is_none() || event.close <= now {
            return Policy::None;
        }
        let near = self.watch_from(event.close) <= now && self.index.0 > 0;
        match series.mode {
            SeriesMode::Ignored => Policy::None,
            SeriesMode::Digital => Policy::All,
            SeriesMode::Bracket | SeriesMode::Threshold if near => Policy::Centre,
            SeriesMode::Bracket | SeriesMode::Threshold => Policy::None,
        }
    }

    const fn watch_from(&self, close: Nanos) -> Nanos {
        close.minus(self.settings.watch_before_close_s as u64 * Nanos::SECOND)
    }

    fn watch_all(&mut self, event: u32, step: &mut Step<'_>) {
        self.collect_open(event);
        self.watch_places(0, self.places.len(), step);
    }

    fn watch_centre(&mut self, event: u32, step: &mut Step<'_>) {
        let (from, to) = self.centre(event);
        self.watch_places(from, to, step);
    }

    fn watch_places(&mut self, from: usize, to: usize, step: &mut Step<'_>) {
        for at in from..to {
            let (_, row) = self.places[at];
            if self.catalog.market(row).slot.is_none() {
                self.watch(row, step);
            }
        }
    }

    /// The event's open markets with known terms, lowest place first.
    fn collect_open(&mut self, event: u32) {
        self.places.clear();
        for row in self.catalog.markets_of(event) {
            let market = self.catalog.market(row);
            if market.phase == Phase::Open && market.terms.grid != 0 {
                self.places.push((market.place(), row));
            }
        }
        self.places.sort_unstable();
    }

    /// The stretch of `places` around the market that holds the index: the last one whose place
    /// is not above it.
    fn centre(&mut self, event: u32) -> (usize, usize) {
        self.collect_open(event);
        let index = self.index.0;
        let holding = self.places.partition_point(|(place, _)| *place <= index).saturating_sub(1);
        let radius = self.settings.bracket_radius as usize;
        let place = |at: usize| self.places.get(at).map(|(place, _)| *place);
        let lowest = if holding == 0 { i64::MIN } else { place(holding).unwrap_or(i64::MIN) };
        let next = place(holding + 1).unwrap_or(i64::MAX);
        self.centred = self.centred.start.max(lowest)..self.centred.end.min(next);
        (holding.saturating_sub(radius), self.places.len().min(holding + radius + 1))
    }

    /// Gives a market a place and tells the line of it.
    fn watch(&mut self, row: u32, step: &mut Step<'_>) {
        let free = self.slots.iter().position(|slot| slot.market.is_none() && slot.member == [false; 2]);
        let Some(slot) = free.filter(|_| self.catalog.tell_market(row, step.ts, step.out)) else {
            self.counts.unwatched += 1;
            return;
        };
        let market = self.catalog.market_mut(row);
        let (Some(id), ticker, grid) = (market.id, market.ticker, market.terms.grid) else { return };
        market.slot = Some(slot as u32);
        self.catalog.tell_terms(row, step.ts, step.out);
        if let Some(grid) = self.catalog.grids.get(grid) {
            self.slots[slot].assign(row, id, ticker, grid);
        }
    }

    /// A market is not watched any more. Its place is free once it is out of the subscriptions.
    pub(super) fn leave_slot(&mut self, slot: usize, step: &mut Step<'_>) {
        self.slots[slot].release(step.ts, step.out);
    }
}

/// What of an event is watched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    None,
    All,
    Centre,
}
