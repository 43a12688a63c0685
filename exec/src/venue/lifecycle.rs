//! A market's life (kalshi.md §5.3): opened, strike told, closed, determined, paid; halted in between.

use super::market::{Market, MarketStatus, Step, StrikeRule, VenueMarket, Verdict};
use super::matching::Shown;
use super::said::Said;
use super::{Venue, chance};
use alloc::vec::Vec;
use trader_journal::event::UpdateReason;
use trader_journal::units::Nanos;

/// Which place of the table a market has, and when its life goes on.
pub(super) struct Lives {
    /// By market number.
    slots: Vec<u32>,
    /// By place. Kept apart from the markets so that the search for the next one touches nothing else.
    due: Vec<(Nanos, VenueMarket)>,
    free: Vec<u32>,
    next: Nanos,
}

/// A market that is final.
const RETIRED: u32 = u32::MAX;

impl Lives {
    pub(super) fn new(markets_max: usize) -> Lives {
        Lives {
            slots: Vec::with_capacity(markets_max),
            due: Vec::with_capacity(markets_max),
            free: Vec::with_capacity(markets_max),
            next: Nanos::NEVER,
        }
    }

    /// A place and a number for a new market; `None` when all places are taken.
    pub(super) fn begin(&mut self, open: Nanos, markets_max: usize) -> Option<(usize, VenueMarket)> {
        let market = VenueMarket(u32::try_from(self.slots.len()).ok()?);
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.due.len() < markets_max => {
                self.due.push((Nanos::NEVER, market));
                u32::try_from(self.due.len() - 1).ok()?
            }
            None => return None,
        };
        self.slots.push(slot);
        self.due[slot as usize] = (open, market);
        self.next = self.next.min(open);
        Some((slot as usize, market))
    }

    /// The place of a market that is not final.
    pub(super) fn slot(&self, market: VenueMarket) -> Option<usize> {
        self.slots.get(market.0 as usize).filter(|slot| **slot != RETIRED).map(|slot| *slot as usize)
    }

    /// Whether the venue ever listed it.
    pub(super) fn knows(&self, market: VenueMarket) -> bool {
        (market.0 as usize) < self.slots.len()
    }

    pub(super) const fn next(&self) -> Nanos {
        self.next
    }

    /// The place whose life goes on at or before `at`: the earliest, among equals the first listed.
    pub(super) fn due(&self, at: Nanos) -> Option<usize> {
        if self.next > at {
            return None;
        }
        self.due.iter().enumerate().min_by_key(|(_, due)| **due).map(|(slot, _)| slot)
    }

    fn again(&mut self, slot: usize, due: Nanos) {
        self.due[slot].0 = due;
        self.refresh();
    }

    fn retire(&mut self, slot: usize) {
        let (due, market) = &mut self.due[slot];
        *due = Nanos::NEVER;
        self.slots[market.0 as usize] = RETIRED;
        // As many places as there is room for.
        self.free.push(slot as u32);
        self.refresh();
    }

    fn refresh(&mut self) {
        self.next = self.due.iter().map(|(due, _)| *due).min().unwrap_or(Nanos::NEVER);
    }
}

impl Venue {
    /// The market in this place does what its life does next.
    pub(super) fn live(&mut self, slot: usize) {
        match self.markets[slot].next {
            Step::Open => self.open(slot),
            Step::TellStrike => self.tell_strike(slot),
            Step::Close => self.close(slot),
            Step::Determine => self.determine(slot),
            Step::Settle => self.settle(slot),
        }
    }

    fn open(&mut self, slot: usize) {
        let at = self.clock;
        let market = &mut self.markets[slot];
        market.status = MarketStatus::Active;
        self.said.push(Said::Opened { market: market.id, at });
        let (next, due) = match market.listing.strike_rule {
            StrikeRule::Given => (Step::Close, market.listing.close),
            StrikeRule::PreviousAverage => (Step::TellStrike, market.listing.open.plus(self.settings.strike_delay_ns)),
        };
        self.then(slot, next, due);
    }

    fn tell_strike(&mut self, slot: usize) {
        let market = &mut self.markets[slot];
        if let Some(average) = self.index.average(market.listing.open) {
            market.listing.floor = average.value;
            market.strike_told = true;
            self.counts.prints_held += u64::from(average.missing);
            self.said.push(Said::StrikeTold { market: market.id, strike: average.value, at: self.clock });
        }
        let close = market.listing.close;
        self.then(slot, Step::Close, close);
    }

    fn close(&mut self, slot: usize) {
        let market = &mut self.markets[slot];
        market.status = MarketStatus::Closed;
        self.said.push(Said::Closed { market: market.id, at: self.clock });
        let due = determined_at(market, &self.settings);
        self.empty_book(slot, UpdateReason::CloseCancel);
        self.then(slot, Step::Determine, due);
    }

    fn determine(&mut self, slot: usize) {
        let at = self.clock;
        let average = self.index.average(self.markets[slot].listing.close);
        self.counts.prints_held += average.map_or(0, |average| u64::from(average.missing));
        let market = &mut self.markets[slot];
        market.status = MarketStatus::Determined;
        market.verdict = market.verdict_on(average);
        let Verdict { outcome, value, settlement } = market.verdict;
        self.said.push(Said::Determined { market: market.id, outcome, value, settlement, at });
        let due = at.plus(market.listing.settlement_timer_ns);
        self.then(slot, Step::Settle, due);
    }

    fn settle(&mut self, slot: usize) {
        let at = self.clock;
        let Market { id, verdict, .. } = self.markets[slot];
        self.account.settle(slot, verdict, self.settings.fee_precision.units(), at);
        let Verdict { outcome, value, settlement } = verdict;
        self.said.push(Said::Settled { market: id, outcome, value, settlement, at });
        self.lives.retire(slot);
    }

    fn then(&mut self, slot: usize, next: Step, due: Nanos) {
        self.markets[slot].next = next;
        self.lives.again(slot, due);
    }

    /// Cancels all that rests in a market. The public is told once, not level by level.
    fn empty_book(&mut self, slot: usize, reason: UpdateReason) {
        let market = &mut self.markets[slot];
        market.clear_book();
        self.said.push(Said::BookCleared { market: market.id, at: self.clock });
        while let Some(row) = self.first_resting(slot, |_| true) {
            self.withdraw(row, reason, Shown::Hidden);
        }
    }

    /// Stops trading in a market: orders are refused, cancels are not, and orders that asked for it
    /// are cancelled. Ignored unless the market is active.
    pub fn halt(&mut self, now: Nanos, market: VenueMarket) {
        self.run_until(now);
        let Some(slot) = self.active(market) else { return };
        self.markets[slot].status = MarketStatus::Inactive;
        self.said.push(Said::Halted { market, at: self.clock });
        while let Some(row) = self.first_resting(slot, |asked| asked.cancel_on_pause) {
            self.withdraw(row, UpdateReason::HaltCancel, Shown::Public(None));
        }
        self.refresh();
    }

    /// Resumes a halted market; everything that rested in it is cancelled (kalshi.md §5.3).
    /// Ignored unless the market is halted.
    pub fn resume(&mut self, now: Nanos, market: VenueMarket) {
        self.run_until(now);
        let Some(slot) = self.lives.slot(market) else { return };
        if self.markets[slot].status != MarketStatus::Inactive {
            return;
        }
        self.markets[slot].status = MarketStatus::Active;
        self.said.push(Said::Resumed { market, at: self.clock });
        self.empty_book(slot, UpdateReason::HaltCancel);
        self.refresh();
    }

    /// Decides a market's result beforehand, whatever the index does. Too late once it is determined.
    pub fn settle_as(&mut self, market: VenueMarket, verdict: Verdict) {
        if let Some(slot) = self.lives.slot(market) {
            self.markets[slot].decided = Some(verdict);
        }
    }
}

/// Markets of one close and one settlement timer are of one event: determined at one moment.
fn determined_at(market: &Market, settings: &super::VenueSettings) -> Nanos {
    let close = market.listing.close;
    let span = settings.determination_ns_max.saturating_sub(settings.determination_ns_min);
    let key = close.0.wrapping_add(market.listing.settlement_timer_ns);
    close.plus(settings.determination_ns_min).plus(chance::Chance::new(chance::of(settings.seed, key)).up_to(span))
}
