//! The simulated makers: our own default pipeline with an error of σ, quoting around what it says
//! (trading.md §9: a profit against them proves nothing).
//!
//! A maker sees the index late, takes its fair value from it, and stands half a spread to either
//! side of it with a random depth. What would have to be quoted below one cent or above 99 is not
//! quoted at all: a maker that clips its bid up to a cent buys worthless contracts.

mod fair;
mod noise;

use super::catalog::{Catalog, Market, grid};
use super::prints::Print;
use super::{ExchangeSettings, MockExchange};
use crate::candles::Candle;
use crate::config::MakerSettings;
use fair::Model;
use noise::{Depths, ErrorWalk};
use std::collections::VecDeque;
use trader_exec::venue::{MarketStatus, Venue, VenueMarket};
use trader_journal::book::{Level, Side};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Nanos, Price};

const CENT: f64 = 0.01;
/// The lowest price anyone bids and, from $1, the highest anyone asks.
const EDGE: f64 = 0.01;
/// Below this and above its complement the tail's half spread is used.
const TAIL: f64 = 0.10;
const LAST_MINUTE_NS: u64 = 60 * Nanos::SECOND;

/// Everyone who quotes.
pub(super) struct Makers {
    settings: MakerSettings,
    seed: u64,
    lag_ns: u64,
    requote_ns: u64,
    model: Model,
    errors: ErrorWalk,
    /// Prints not older than the lag, and the newest that is.
    prints: VecDeque<Print>,
    watched: Vec<Watched>,
    next_turn: Nanos,
}

/// A market that is quoted.
struct Watched {
    market: VenueMarket,
    depths: Depths,
    quoted_at: Nanos,
    fair: f64,
    sides: [Standing; 2],
}

/// What stands on one side since it was last quoted.
#[derive(Default)]
struct Standing {
    levels: Vec<Level>,
    /// Somebody took from it.
    taken: bool,
}

impl Makers {
    /// Makers that have heard `candles`, all closed.
    pub(super) fn new(settings: &ExchangeSettings, candles: &[Candle]) -> Makers {
        let mut makers = Makers {
            settings: settings.maker.clone(),
            seed: settings.seed,
            lag_ns: settings.maker.price_lag_ms * Nanos::MILLI,
            requote_ns: settings.maker.requote_ms * Nanos::MILLI,
            model: Model::new(),
            errors: ErrorWalk::new(settings.seed, settings.noise, settings.maker.noise_rho, settings.start),
            prints: VecDeque::new(),
            watched: Vec::new(),
            next_turn: Nanos::NEVER,
        };
        candles.iter().for_each(|candle| makers.hear_minute(candle));
        makers
    }

    /// A minute of spot closed.
    pub(super) fn hear_minute(&mut self, candle: &Candle) {
        self.model.hear_minute(candle);
    }

    /// The index printed.
    pub(super) fn hear_print(&mut self, print: &Print) {
        self.prints.push_back(*print);
        while self.prints.get(1).is_some_and(|next| next.at.plus(self.lag_ns) <= print.at) {
            self.prints.pop_front();
        }
    }

    /// Somebody took from `side` of a market: it comes back at the next quote only.
    pub(super) fn hear_take(&mut self, market: VenueMarket, side: Side) {
        if let Some(watched) = self.watched.iter_mut().find(|watched| watched.market == market) {
            watched.sides[side as usize].taken = true;
        }
    }

    /// When they look at their quotes next.
    pub(super) const fn next_turn(&self) -> Nanos {
        self.next_turn
    }

    /// The print that has reached them by `at`.
    fn known(&self, at: Nanos) -> Option<Print> {
        self.prints.iter().rev().find(|print| print.at.plus(self.lag_ns) <= at).copied()
    }

    /// Turns fall on a fixed beat: the arrival of each print, and between them where quotes are renewed faster.
    fn turn_after(&self, at: Nanos) -> Nanos {
        if self.watched.is_empty() {
            return Nanos::NEVER;
        }
        let beat = self.requote_ns.min(Nanos::SECOND);
        let phase = self.lag_ns % beat;
        Nanos((at.0 + beat - phase) / beat * beat + phase)
    }

    fn is_watching(&self, market: VenueMarket) -> bool {
        self.watched.iter().any(|watched| watched.market == market)
    }

    fn add(&mut self, market: VenueMarket) {
        self.watched.push(Watched {
            market,
            depths: Depths::new(self.seed, market.0, &self.settings),
            quoted_at: Nanos(0),
            fair: f64::NAN,
            sides: [Standing::default(), Standing::default()],
        });
    }

    /// Renews the quotes that are due; withdraws those that nobody looks at any more.
    fn quote(&mut self, at: Nanos, venue: &mut Venue, catalog: &Catalog) {
        let mut place = 0;
        while place < self.watched.len() {
            let market = self.watched[place].market;
            if catalog.market(market).is_watched(at) && is_alive(venue, market) {
                self.quote_market(at, place, venue, catalog.market(market));
                place += 1;
            } else {
                Side::ALL.iter().for_each(|side| venue.quote(at, market, *side, &[]));
                self.watched.swap_remove(place);
            }
        }
    }

    fn quote_market(&mut self, at: Nanos, place: usize, venue: &mut Venue, market: &Market) {
        let is_open = venue.status(self.watched[place].market) == Some(MarketStatus::Active);
        let Some(print) = self.known(at).filter(|_| is_open && market.strike_is_told) else { return };
        let error = self.errors.at(at);
        let Some(outlook) = self.model.outlook(&print, market.close, error) else { return };
        let Some(fair) = outlook.yes(market) else { return };
        let watched = &mut self.watched[place];
        // A fair value never quoted is NaN, and NaN is not near anything.
        let is_near = (fair - watched.fair).abs() < CENT;
        if is_near && at.since(watched.quoted_at) < self.requote_ns {
            return;
        }
        (watched.fair, watched.quoted_at) = (fair, at);
        let half_spread = half_spread(&self.settings, fair, market.close.since(at));
        let prices = touch(fair, half_spread, grid(market.family));
        for side in Side::ALL {
            watched.stand(at, venue, *side, prices[*side as usize]);
        }
    }
}

impl Watched {
    /// Stands at `price` on one side, with the depth that stood there if nobody took from it.
    fn stand(&mut self, at: Nanos, venue: &mut Venue, side: Side, price: Option<Price>) {
        let standing = &mut self.sides[side as usize];
        let stands = standing.levels.first().map(|level| level.price);
        if stands == price && !standing.taken {
            return;
        }
        standing.taken = false;
        standing.levels.clear();
        standing.levels.extend(price.map(|price| Level { price, size: self.depths.draw() }));
        venue.quote(at, self.market, side, &standing.levels);
    }
}

fn is_alive(venue: &Venue, market: VenueMarket) -> bool {
    match venue.status(market) {
        Some(MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive) => true,
        Some(MarketStatus::Closed | MarketStatus::Determined) | None => false,
    }
}

/// In dollars.
fn half_spread(settings: &MakerSettings, fair: f64, to_close_ns: u64) -> f64 {
    let cents = if to_close_ns <= LAST_MINUTE_NS {
        settings.last_minute_half_spread_cents
    } else if (TAIL..=1.0 - TAIL).contains(&fair) {
        settings.half_spread_cents
    } else {
        settings.tail_half_spread_cents
    };
    cents * CENT
}

/// Bid and ask around a fair value, by side number: on the grid, never nearer than the half spread,
/// and none where it would be below a cent or above 99.
fn touch(fair: f64, half_spread: f64, grid: &PriceGrid) -> [Option<Price>; 2] {
    let units = f64::from(Price::ONE.0);
    let (low, high) = (fair - half_spread, fair + half_spread);
    let bid = if low < EDGE { None } else { grid.floor(Price(libm::floor(low * units) as u16)) };
    let ask = if high > 1.0 - EDGE { None } else { grid.ceil(Price(libm::ceil(high * units) as u16)) };
    [bid, ask]
}

impl MockExchange {
    /// The makers look at their quotes.
    pub(super) fn quote_all(&mut self, at: Nanos) {
        self.makers.quote(at, &mut self.venue, &self.catalog);
        self.makers.next_turn = self.makers.turn_after(at);
        self.run_engine(at);
    }

    /// The makers begin to quote a market somebody wants to see, at once.
    pub(super) fn watch(&mut self, now: Nanos, market: VenueMarket) {
        if self.makers.is_watching(market) || !is_alive(&self.venue, market) {
            return;
        }
        self.makers.add(market);
        let place = self.makers.watched.len() - 1;
        self.makers.quote_market(now, place, &mut self.venue, self.catalog.market(market));
        self.makers.next_turn = self.makers.next_turn.min(self.makers.turn_after(now));
        self.run_engine(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quotes_are_on_the_grid_outside_the_half_spread_and_never_clipped(
            fair in 0.0..=1.0f64, cents in 0.1..=5.0f64, tapered: bool
        ) {
            let grid = if tapered { PriceGrid::TAPERED_DECI_CENT } else { PriceGrid::LINEAR_CENT };
            let half_spread = cents * CENT;
            let [bid, ask] = touch(fair, half_spread, &grid);
            let dollars = |price: Price| f64::from(price.0) / 1e4;
            match bid {
                Some(bid) => {
                    prop_assert!(grid.contains(bid) && bid >= Price(100));
                    prop_assert!(dollars(bid) <= fair - half_spread + 1e-12);
                    prop_assert!(grid.next_up(bid).is_none_or(|up| dollars(up) > fair - half_spread - 1e-4));
                }
                None => prop_assert!(fair - half_spread < 0.01),
            }
            match ask {
                Some(ask) => {
                    prop_assert!(grid.contains(ask) && ask <= Price(9_900));
                    prop_assert!(dollars(ask) >= fair + half_spread - 1e-12);
                }
                None => prop_assert!(fair + half_spread > 0.99),
            }
        }
    }
}
