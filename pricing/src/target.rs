//! Which markets of an event are evaluated: the one that holds the index, and its neighbours.

use crate::probability::Bounds;
use crate::tables::{Listed, Market, Tables, WATCHED_MAX};
use trader_journal::event::{MarketId, SeriesMode};
use trader_journal::units::Money;

/// The most legs of one evaluation: a centre and three on each side.
pub(crate) const LEGS_MAX: usize = 7;
/// A wider radius than this does not fit the legs.
const RADIUS_MAX: usize = (LEGS_MAX - 1) / 2;

/// The markets of an event that an evaluation looks at, lowest strike first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Target {
    legs: [MarketId; LEGS_MAX],
    used: usize,
    centre: Option<MarketId>,
}

impl Target {
    pub(crate) fn legs(&self) -> &[MarketId] {
        &self.legs[..self.used]
    }

    /// The market the event turns on; `None` while the index lies in none that is watched.
    pub(crate) const fn centre(&self) -> Option<MarketId> {
        self.centre
    }
}

#[derive(Clone, Copy)]
struct Candidate {
    market: MarketId,
    bounds: Bounds,
}

impl Candidate {
    /// What it is sorted and, where it has one strike, measured by.
    fn place(&self) -> Money {
        self.bounds.floor.or(self.bounds.cap).unwrap_or(Money::ZERO)
    }

    /// Lower markets first; of two that share a strike the one without a floor lies below.
    fn order(&self) -> (Money, bool, MarketId) {
        (self.place(), self.bounds.floor.is_some(), self.market)
    }

    fn touches(&self, above: &Candidate) -> bool {
        self.bounds.cap.is_some() && self.bounds.cap == above.bounds.floor
    }
}

/// Chooses around `index`, as far as it is known; `None` while no market's strike is.
pub(crate) fn choose(
    tables: &Tables,
    listed: &Listed,
    mode: SeriesMode,
    radius: usize,
    index: Option<Money>,
) -> Option<Target> {
    let mut candidates = [None; WATCHED_MAX];
    let mut used = 0;
    for market in listed.markets().iter().filter_map(|id| tables.market(*id)) {
        if let Some(bounds) = Bounds::of(market.strike, market.floor, market.cap) {
            candidates[used] = Some(Candidate { market: market.market, bounds });
            used += 1;
        }
    }
    let candidates = &mut candidates[..used];
    candidates.sort_unstable_by_key(|candidate| candidate.as_ref().map(Candidate::order));
    let centre = match mode {
        SeriesMode::Ignored => None,
        SeriesMode::Digital => Some(0),
        SeriesMode::Bracket => index.and_then(|index| holding(candidates, index)),
        SeriesMode::Threshold => index.and_then(|index| nearest(candidates, index)),
    };
    if used == 0 {
        return None;
    }
    Some(centre.map_or_else(Target::default, |at| around(candidates, at, mode, radius.min(RADIUS_MAX))))
}

fn holding(candidates: &[Option<Candidate>], index: Money) -> Option<usize> {
    candidates.iter().position(|candidate| candidate.is_some_and(|candidate| candidate.bounds.contain(index)))
}

fn nearest(candidates: &[Option<Candidate>], index: Money) -> Option<usize> {
    let distance = |candidate: &Candidate| candidate.place().0.abs_diff(index.0);
    (0..candidates.len()).min_by_key(|at| candidates[*at].as_ref().map(distance))
}

/// The centre and up to `radius` on each side; brackets only as far as they follow without a gap.
fn around(candidates: &[Option<Candidate>], centre: usize, mode: SeriesMode, radius: usize) -> Target {
    let linked = |low: usize| match (candidates[low], candidates[low + 1]) {
        (Some(low), Some(high)) => mode != SeriesMode::Bracket || low.touches(&high),
        _ => false,
    };
    let lowest = (0..radius).take_while(|step| centre > *step && linked(centre - step - 1)).count();
    let highest = (0..radius).take_while(|step| centre + step + 1 < candidates.len() && linked(centre + step)).count();
    let mut target = Target { centre: candidates[centre].map(|candidate| candidate.market), ..Target::default() };
    for candidate in candidates[centre - lowest..=centre + highest].iter().flatten() {
        target.legs[target.used] = candidate.market;
        target.used += 1;
    }
    target
}

/// Whether the strike of an up/down market agrees with the average the index itself told for the
/// minute before the open, to the cent it is rounded to.
pub(crate) fn strike_agrees(market: &Market, average: Option<Money>) -> bool {
    average.is_none_or(|average| average.0.abs_diff(market.floor.0) <= Money::CENT.0.unsigned_abs())
}
