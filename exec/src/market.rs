//! What is known of markets: their terms, where they stand, and what we did in them.

use crate::position::Position;
use alloc::vec;
use alloc::vec::Vec;
use trader_journal::event::{EvalId, EventId, LifecycleKind, MarketId, Outcome, SeriesId, SeriesMode};
use trader_journal::fee::{FeeRates, Role};
use trader_journal::grid::PriceGrid;
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Nanos};

/// Where a market stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    #[default]
    Unopened,
    Open,
    Halted,
    Closed,
    /// The result is known and may still be replaced: as much risk as before.
    Determined,
    Final,
}

impl Phase {
    /// Where a word of the feed leads: back from a halt and from a close that moved, never back
    /// from a result.
    pub(crate) const fn after(self, kind: LifecycleKind) -> Phase {
        let next = match kind {
            LifecycleKind::Created => Phase::Unopened,
            LifecycleKind::Opened | LifecycleKind::Activated => Phase::Open,
            LifecycleKind::Deactivated => Phase::Halted,
            LifecycleKind::CloseMoved => self,
            LifecycleKind::Closed => Phase::Closed,
            LifecycleKind::Determined | LifecycleKind::Disputed | LifecycleKind::Amended => Phase::Determined,
            LifecycleKind::Finalized => Phase::Final,
        };
        match self {
            Phase::Unopened | Phase::Open | Phase::Halted | Phase::Closed => next,
            Phase::Determined => match next {
                Phase::Final => Phase::Final,
                Phase::Unopened | Phase::Open | Phase::Halted | Phase::Closed | Phase::Determined => Phase::Determined,
            },
            Phase::Final => Phase::Final,
        }
    }
}

/// The orders of a market that were filled at least once: the hour's, and the day's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trades {
    hour: u64,
    in_hour: u32,
    day: u64,
    in_day: u32,
}

impl Trades {
    pub(crate) fn add(&mut self, hour: u64, day: u64) {
        *self = Trades { hour, in_hour: self.in_hour(hour) + 1, day, in_day: self.in_day(day) + 1 };
    }

    pub(crate) const fn in_hour(&self, hour: u64) -> u32 {
        if self.hour == hour { self.in_hour } else { 0 }
    }

    pub(crate) const fn in_day(&self, day: u64) -> u32 {
        if self.day == day { self.in_day } else { 0 }
    }
}

/// How a market was settled: kept, because the venue may replace it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    pub position: Position,
    pub payout: Money,
}

/// One market.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Market {
    pub id: MarketId,
    pub event: EventId,
    pub series: Option<SeriesId>,
    pub grid: u8,
    pub has_strike: bool,
    pub open: Nanos,
    /// Zero until told.
    pub close: Nanos,
    pub phase: Phase,
    pub verdict: Verdict,
    pub position: Position,
    pub orders_sent: u32,
    pub trades: Trades,
    /// The last evaluation whose opinion was heard.
    pub eval: EvalId,
    pub settled: Option<Settled>,
    /// When it was final while something of ours in it was not sure yet: paid once that is. Zero else.
    pub final_at: Nanos,
    pub held: Held,
}

/// What the venue says we hold, against what we say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// Our last own movement: what was read before says nothing.
    moved: Nanos,
    /// The venue's position less ours, when it was last compared.
    pub gap: Count,
    /// A gap that a person knows of.
    accepted: Count,
    /// Readings in a row with a gap nobody knows of.
    pub misses: u8,
    /// The walk it was last told in.
    pub walk: u32,
}

impl Held {
    /// Something of ours moved: the next reading that is late enough compares anew.
    pub(crate) fn moved(&mut self, now: Nanos) {
        *self = Held { moved: now, gap: Count::ZERO, misses: 0, ..*self };
    }

    /// The venue's position less ours, as read at `as_of`; what was read too early says nothing.
    pub(crate) fn compare(&mut self, gap: Count, as_of: Nanos, margin_ns: u64) {
        if as_of < self.moved.plus(margin_ns) {
            return;
        }
        let is_known = gap == Count::ZERO || gap == self.accepted;
        self.gap = gap;
        self.misses = if is_known { 0 } else { self.misses.saturating_add(1) };
    }

    /// A person goes on as it is.
    pub(crate) const fn accept(&mut self) {
        self.accepted = self.gap;
        self.misses = 0;
    }
}

/// A result and what YES pays under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub outcome: Outcome,
    pub value: Money,
}

impl Default for Verdict {
    fn default() -> Verdict {
        Verdict { outcome: Outcome::Open, value: Money::ZERO }
    }
}

impl Market {
    /// Whether it can still cost anything.
    pub(crate) const fn is_risk(&self) -> bool {
        (self.orders_sent > 0 || self.held.gap.0 != 0) && self.settled.is_none()
    }

    /// Whether nothing would be lost with it: no order was ever sent, or all of it is paid.
    const fn is_over(&self, now: Nanos) -> bool {
        let untouched = self.orders_sent == 0 && self.held.gap.0 == 0 && self.close.0 != 0 && self.close.0 <= now.0;
        untouched || (self.settled.is_some() && self.position.net.0 == Count::ZERO.0)
    }

    fn mix(&self, hash: &mut StateHash) {
        let series = self.series.map_or(u64::MAX, |series| u64::from(series.0));
        let small = u64::from(self.grid) << 16 | (self.phase as u64) << 8 | u64::from(self.has_strike);
        let ids = [u64::from(self.id.0), u64::from(self.event.0), series, small, u64::from(self.eval.0)];
        let times = [self.open.0, self.close.0, self.verdict.outcome as u64, self.verdict.value.0 as u64];
        let Trades { hour, in_hour, day, in_day } = self.trades;
        let counts = [hour, u64::from(in_hour), day, u64::from(in_day), u64::from(self.orders_sent)];
        let paid = self.settled.map_or(u64::MAX, |settled| settled.payout.0 as u64);
        ids.iter().chain(&times).chain(&counts).for_each(|word| hash.mix(*word));
        let Held { moved, gap, accepted, misses, walk } = self.held;
        let held = [moved.0, gap.0 as u64, accepted.0 as u64, u64::from(walk) << 8 | u64::from(misses)];
        held.iter().chain(&[paid, self.final_at.0]).for_each(|word| hash.mix(*word));
        self.position.mix(hash);
    }
}

/// A series' rates and where its cash is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series {
    pub id: SeriesId,
    pub mode: SeriesMode,
    pub shard: u8,
    /// `None` when they are above what a schedule takes.
    pub rates: Option<FeeRates>,
}

/// The known markets, with the events and series they belong to and the grids they use.
#[derive(Debug)]
pub(crate) struct Markets {
    /// By number, rising.
    markets: Vec<Market>,
    events: Vec<(EventId, SeriesId)>,
    series: Vec<Series>,
    grids: Vec<Option<PriceGrid>>,
    /// The highest number of a market that was forgotten.
    forgotten: MarketId,
    markets_max: usize,
    events_max: usize,
    series_max: usize,
}

impl Markets {
    pub(crate) fn new(markets_max: usize, events_max: usize, series_max: usize) -> Markets {
        Markets {
            markets: Vec::with_capacity(markets_max),
            events: Vec::with_capacity(events_max),
            series: Vec::with_capacity(series_max),
            grids: vec![None; 256],
            forgotten: MarketId::default(),
            markets_max,
            events_max,
            series_max,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Market> {
        self.markets.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Market> {
        self.markets.iter_mut()
    }

    /// Whether it was known once, and forgotten when it was over: numbers rise.
    pub(crate) fn was_forgotten(&self, id: MarketId) -> bool {
        id <= self.forgotten && self.find(id).is_err()
    }

    pub(crate) fn get(&self, id: MarketId) -> Option<&Market> {
        self.find(id).ok().map(|at| &self.markets[at])
    }

    pub(crate) fn get_mut(&mut self, id: MarketId) -> Option<&mut Market> {
        self.find(id).ok().map(|at| &mut self.markets[at])
    }

    fn find(&self, id: MarketId) -> Result<usize, usize> {
        self.markets.binary_search_by_key(&id, |market| market.id)
    }

    pub(crate) fn series(&self, id: SeriesId) -> Option<&Series> {
        self.series.iter().find(|series| series.id == id)
    }

    pub(crate) fn grid(&self, number: u8) -> Option<&PriceGrid> {
        self.grids[usize::from(number)].as_ref()
    }

    /// Takes a series' terms; says whether there was room.
    pub(crate) fn learn_series(&mut self, told: Series) -> bool {
        if let Some(known) = self.series.iter_mut().find(|series| series.id == told.id) {
            *known = told;
            return true;
        }
        let has_room = self.series.len() < self.series_max;
        if has_room {
            self.series.push(told);
        }
        has_room
    }

    pub(crate) fn learn_grid(&mut self, number: u8, grid: Option<PriceGrid>) {
        self.grids[usize::from(number)] = grid;
    }

    /// Remembers an event's series until the tables need the room; a market keeps it by itself.
    pub(crate) fn learn_event(&mut self, event: EventId, series: SeriesId) {
        if self.events.len() == self.events_max {
            self.events.remove(0);
        }
        if self.events.len() < self.events_max {
            self.events.push((event, series));
        }
    }

    /// The market of that number, new if it was not known. `None` when there is no room, or it was
    /// forgotten already. Also tells which market was forgotten for it.
    pub(crate) fn learn_market(
        &mut self,
        id: MarketId,
        event: EventId,
        now: Nanos,
    ) -> (Option<MarketId>, Option<&mut Market>) {
        if self.was_forgotten(id) {
            return (None, None);
        }
        let mut forgotten = None;
        if self.find(id).is_err() && self.markets.len() == self.markets_max {
            forgotten = self.markets.iter().position(|market| market.is_over(now)).map(|at| self.markets.remove(at).id);
            self.forgotten = self.forgotten.max(forgotten.unwrap_or_default());
        }
        let series = self.events.iter().rev().find(|(known, _)| *known == event).map(|(_, series)| *series);
        let market = match self.find(id) {
            Ok(at) => Some(&mut self.markets[at]),
            Err(at) if self.markets.len() < self.markets_max => {
                self.markets.insert(at, Market { id, event, series, ..Market::default() });
                Some(&mut self.markets[at])
            }
            Err(_) => None,
        };
        (forgotten, market)
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        hash.mix(u64::from(self.forgotten.0));
        self.markets.iter().for_each(|market| market.mix(hash));
        for (event, series) in &self.events {
            hash.mix(u64::from(event.0) << 32 | u64::from(series.0));
        }
        for series in &self.series {
            let rates = series
                .rates
                .map_or(u64::MAX, |rates| u64::from(rates.ppm(Role::Taker)) << 32 | u64::from(rates.ppm(Role::Maker)));
            hash.mix(u64::from(series.id.0) << 16 | (series.mode as u64) << 8 | u64::from(series.shard));
            hash.mix(rates);
        }
        for range in self.grids.iter().flatten().flat_map(PriceGrid::ranges) {
            hash.mix(u64::from(range.start) << 32 | u64::from(range.end) << 16 | u64::from(range.step));
        }
    }
}
