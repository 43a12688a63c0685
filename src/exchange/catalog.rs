//! Every market the exchange has listed: its names, its terms, and how it ended.

use super::schedule::{EventListing, Family};
use super::wire::{MarketCard, MarketStatus};
use std::collections::HashMap;
use trader_exec::venue::{self, VenueMarket};
use trader_journal::event::{Outcome, StrikeKind};
use trader_journal::fee::{FeeRates, FeeType, Multiplier};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos, Price};

/// A market as the outside knows it. Its place in the catalogue is the venue's number of it.
pub(super) struct Market {
    pub(super) ticker: String,
    pub(super) event: String,
    pub(super) family: Family,
    pub(super) strike: StrikeKind,
    /// Lower strike; zero until it is told.
    pub(super) floor: Money,
    pub(super) cap: Money,
    pub(super) strike_is_told: bool,
    pub(super) open: Nanos,
    pub(super) close: Nanos,
    pub(super) outcome: Outcome,
    /// The average it settled on, once determined.
    pub(super) settlement: Option<Money>,
    /// When it was listed.
    pub(super) created: Nanos,
    /// When its metadata last changed.
    pub(super) updated: Nanos,
    /// When it was paid, once it was.
    pub(super) settled: Option<Nanos>,
    /// The last trade's price, and all contracts traded.
    pub(super) last_price: Price,
    pub(super) volume: Count,
    /// Connections that subscribe to its book.
    pub(super) readers: u32,
    /// Its book was asked for by REST; the makers quote it until then.
    pub(super) asked_until: Nanos,
}

/// Markets by number and by ticker.
#[derive(Default)]
pub(super) struct Catalog {
    markets: Vec<Market>,
    by_ticker: HashMap<String, u32>,
    /// Every market before this one is final.
    first_alive: usize,
}

impl Catalog {
    /// Adds an event's markets; the venue numbers them in the same order.
    pub(super) fn add(&mut self, event: EventListing, now: Nanos) {
        for listed in event.markets {
            self.by_ticker.insert(listed.ticker.clone(), self.markets.len() as u32);
            self.markets.push(Market {
                ticker: listed.ticker,
                event: event.ticker.clone(),
                family: event.family,
                strike: listed.strike,
                floor: listed.floor,
                cap: listed.cap,
                strike_is_told: event.family == Family::Ladder,
                open: event.open,
                close: event.close,
                outcome: Outcome::Open,
                settlement: None,
                created: now,
                updated: now,
                settled: None,
                last_price: Price::ZERO,
                volume: Count::ZERO,
                readers: 0,
                asked_until: Nanos(0),
            });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.markets.len()
    }

    /// # Panics
    /// Never: the venue has numbered no market that is not here.
    pub(super) fn market(&self, market: VenueMarket) -> &Market {
        &self.markets[market.0 as usize]
    }

    /// As [`market`](Self::market).
    pub(super) fn market_mut(&mut self, market: VenueMarket) -> &mut Market {
        &mut self.markets[market.0 as usize]
    }

    pub(super) fn find(&self, ticker: &str) -> Option<VenueMarket> {
        self.by_ticker.get(ticker).copied().map(VenueMarket)
    }

    /// All markets with their numbers, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (VenueMarket, &Market)> + ExactSizeIterator {
        self.markets.iter().enumerate().map(|(number, market)| (VenueMarket(number as u32), market))
    }

    /// As [`iter`](Self::iter), the oldest ones left out that are final.
    pub(super) fn alive(&self) -> impl DoubleEndedIterator<Item = (VenueMarket, &Market)> + ExactSizeIterator {
        let numbered = self.markets.iter().enumerate().skip(self.first_alive);
        numbered.map(|(number, market)| (VenueMarket(number as u32), market))
    }

    /// A market was paid.
    pub(super) fn finish(&mut self, market: VenueMarket, is_final: impl Fn(VenueMarket) -> bool) {
        if market.0 as usize == self.first_alive {
            while self.first_alive < self.markets.len() && is_final(VenueMarket(self.first_alive as u32)) {
                self.first_alive += 1;
            }
        }
    }
}

impl Market {
    /// What REST tells of it.
    pub(super) fn card<'a>(&'a self, status: MarketStatus, shard: u8) -> MarketCard<'a> {
        MarketCard {
            ticker: &self.ticker,
            event: &self.event,
            family: self.family,
            status,
            strike: self.strike_is_told.then_some(self.strike),
            floor: self.floor,
            cap: self.cap,
            created: self.created,
            open: self.open,
            close: self.close,
            grid: grid(self.family),
            shard,
            settlement_timer_s: self.family.settlement_timer_s(),
            outcome: self.outcome,
            settlement: self.settlement,
            settled: self.settled,
            updated: self.updated,
            bid: None,
            ask: None,
            last_price: self.last_price,
            volume: self.volume,
        }
    }

    /// Whether the makers quote it.
    pub(super) fn is_watched(&self, now: Nanos) -> bool {
        self.readers > 0 || self.asked_until > now
    }
}

/// Legal prices of a family's markets (kalshi.md §4).
pub(super) const fn grid(family: Family) -> &'static PriceGrid {
    match family {
        Family::UpDown => &PriceGrid::TAPERED_DECI_CENT,
        Family::Ladder => &PriceGrid::LINEAR_CENT,
    }
}

/// What every series here charges: takers 7 %, makers nothing (kalshi.md §4).
///
/// # Panics
/// Never: 7 % is below the highest rate there is.
pub(super) fn rates() -> FeeRates {
    FeeType::Quadratic.rates(Multiplier::ONE).expect("a rate of 7 %")
}

/// The word for where the venue has a market; one that it no longer has is final.
pub(super) const fn status_word(status: Option<venue::MarketStatus>) -> MarketStatus {
    match status {
        Some(venue::MarketStatus::Initialized) => MarketStatus::Initialized,
        Some(venue::MarketStatus::Active) => MarketStatus::Active,
        Some(venue::MarketStatus::Inactive) => MarketStatus::Inactive,
        Some(venue::MarketStatus::Closed) => MarketStatus::Closed,
        Some(venue::MarketStatus::Determined) => MarketStatus::Determined,
        None => MarketStatus::Finalized,
    }
}
