//! When which event is listed: what the venue's staff does, by the clock.

use super::MockExchange;
use super::catalog::{grid, rates};
use super::schedule::{EventListing, Family, Listing, event};
use super::{ExchangeError, wire};
use trader_exec::venue::{self, StrikeRule};
use trader_journal::units::Nanos;

/// Windows listed beside the one that is open.
const WINDOWS_AHEAD: u64 = 2;

/// One series and the close of its next event that is not listed.
pub(super) struct SeriesCalendar {
    ticker: String,
    family: Family,
    next_close_s: u64,
}

impl SeriesCalendar {
    /// The calendars of the series that this exchange lists; events that opened before `start` are not.
    pub(super) fn all(series: &[String], start: Nanos) -> Vec<SeriesCalendar> {
        let known = series.iter().filter_map(|ticker| Some((ticker, Family::of_series(ticker)?)));
        known
            .map(|(ticker, family)| SeriesCalendar {
                ticker: ticker.clone(),
                family,
                next_close_s: family.first_close_s(start),
            })
            .collect()
    }

    pub(super) const fn family(&self) -> Family {
        self.family
    }

    pub(super) fn ticker(&self) -> &str {
        &self.ticker
    }

    /// When the next event is listed, seconds. A ladder is centred on spot, so it comes as it opens.
    fn next_listing_s(&self) -> u64 {
        let ahead = match self.family {
            Family::UpDown => WINDOWS_AHEAD,
            Family::Ladder => 0,
        };
        self.next_close_s.saturating_sub((1 + ahead) * self.family.lifetime_s())
    }
}

impl MockExchange {
    /// Lists what is due at `at`.
    pub(super) fn list_due(&mut self, at: Nanos) -> Result<(), ExchangeError> {
        let Some(spot) = self.prints.last() else { return Ok(()) };
        for series in 0..self.calendars.len() {
            while self.calendars[series].next_listing_s() <= at.seconds() {
                let calendar = &mut self.calendars[series];
                if calendar.next_close_s > self.settings.last_close.seconds() {
                    break;
                }
                let listed = event(&calendar.ticker, calendar.family, calendar.next_close_s, spot)?;
                calendar.next_close_s += calendar.family.lifetime_s();
                self.list_event(listed, at)?;
            }
        }
        Ok(())
    }

    fn list_event(&mut self, listed: EventListing, at: Nanos) -> Result<(), ExchangeError> {
        for market in &listed.markets {
            self.venue.list(at, &venue_listing(&listed, market)).map_err(ExchangeError::Listing)?;
        }
        let first = self.catalog.len();
        self.catalog.add(listed, at);
        for market in first..self.catalog.len() {
            self.tell_created(venue::VenueMarket(market as u32), at);
        }
        Ok(())
    }

    fn tell_created(&mut self, market: venue::VenueMarket, at: Nanos) {
        let due = at.plus(self.settings.stream_latency_ns);
        let card = self.catalog.market(market).card(wire::MarketStatus::Initialized, self.settings.shard);
        self.streams.tell_lifecycle(due, |out, head| wire::market_created(out, head, &card));
    }
}

fn venue_listing(event: &EventListing, market: &Listing) -> venue::Listing {
    venue::Listing {
        strike: market.strike,
        floor: market.floor,
        cap: market.cap,
        strike_rule: match event.family {
            Family::UpDown => StrikeRule::PreviousAverage,
            Family::Ladder => StrikeRule::Given,
        },
        open: event.open,
        close: event.close,
        grid: *grid(event.family),
        rates: rates(),
        settlement_timer_ns: event.family.settlement_timer_s() * Nanos::SECOND,
    }
}
