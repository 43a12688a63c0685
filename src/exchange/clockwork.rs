//! What happens by itself, in the order in which it happens.
//!
//! At one instant: the index prints, markets are listed, spot trades, the engine does what is due,
//! then the makers quote. Nothing here depends on how far the caller steps.

use super::calendar::SeriesCalendar;
use super::catalog::Catalog;
use super::lists::Traded;
use super::makers::Makers;
use super::orders::{Batches, ClientNames};
use super::path::MarketPath;
use super::prints::Prints;
use super::shards::Shards;
use super::spot::Spot;
use super::streams::Streams;
use super::trouble::Trouble;
use super::{ExchangeError, ExchangeSettings, MockExchange};
use std::collections::BTreeMap;
use trader_exec::venue::{Venue, VenueSettings};
use trader_journal::units::Nanos;

/// Prints before the start that the averages, and the first window's strike, are made of.
const PRINTS_BEFORE_START_S: u64 = 120;
/// Two hourly ladders, one of them waiting for its payment, and a few windows.
const MARKETS_MAX: usize = 512;

/// An exchange that has lived through the minutes before its start.
pub(super) fn begin(settings: ExchangeSettings, mut path: MarketPath) -> Result<MockExchange, ExchangeError> {
    let start = Nanos(settings.start.0.next_multiple_of(Nanos::SECOND));
    let from = start.minus(PRINTS_BEFORE_START_S * Nanos::SECOND);
    let begins = path.series().start();
    if begins > from {
        return Err(ExchangeError::NoHistory { start_s: start.seconds(), candles_s: begins.seconds() });
    }
    path.seek(from);
    let makers = Makers::new(&settings, path.series().split_at(from).0);
    let mut exchange = MockExchange {
        now: from,
        next_second: from,
        prints: Prints::new(),
        spot: Spot::default(),
        calendars: Vec::new(),
        catalog: Catalog::default(),
        venue: Venue::new(venue_settings(&settings)),
        makers,
        traded: Traded::default(),
        streams: Streams::default(),
        replies: BTreeMap::new(),
        tickets: 0,
        names: ClientNames::default(),
        batches: Batches::default(),
        shards: Shards::default(),
        said: Vec::new(),
        text: String::new(),
        trouble: Trouble::new(&settings.faults, start),
        fault: None,
        settings,
        path,
    };
    exchange.turn(start.minus(1));
    exchange.spot.forget_frames();
    exchange.calendars = SeriesCalendar::all(&exchange.settings.series, start);
    exchange.list_due(start)?;
    Ok(exchange)
}

fn venue_settings(settings: &ExchangeSettings) -> VenueSettings {
    VenueSettings {
        seed: settings.seed,
        entry_latency_ns: settings.entry_latency_ns,
        entry_jitter_ns: 0,
        shard: settings.shard,
        cash: settings.cash,
        fee_precision: settings.fee_precision,
        markets_max: MARKETS_MAX,
        ..VenueSettings::default()
    }
}

impl MockExchange {
    /// Everything that is due by `now` happens.
    pub(super) fn turn(&mut self, now: Nanos) {
        loop {
            let at = self.next_event();
            if at > now {
                break;
            }
            self.happen(at);
        }
        self.now = self.now.max(now);
    }

    pub(super) fn next_event(&self) -> Nanos {
        let engine = self.venue.next_deadline().max(self.now);
        self.next_second
            .min(self.spot.next_tick())
            .min(engine)
            .min(self.makers.next_turn())
            .min(self.trouble.next_cut(self.now))
    }

    fn happen(&mut self, at: Nanos) {
        self.now = at;
        if self.trouble.is_cut(at) {
            (0..self.streams.len()).rev().for_each(|conn| self.hang_up(conn));
        }
        if at == self.next_second {
            self.begin_second(at);
        }
        self.spot.trade(at, self.settings.stream_latency_ns);
        self.run_engine(at);
        if self.makers.next_turn() <= at {
            self.quote_all(at);
        }
    }

    fn begin_second(&mut self, at: Nanos) {
        self.next_second = at.plus(Nanos::SECOND);
        let index = match self.path.next_second() {
            Some(second) => {
                self.spot.take_ticks(second.timed_ticks());
                second.index
            }
            None => None,
        };
        if let Some(candle) = self.spot.end_minute(at, self.path.series(), self.settings.stream_latency_ns) {
            self.makers.hear_minute(&candle);
        }
        let Some(value) = index.or(self.prints.last()) else { return };
        let print = self.prints.take(at, value);
        self.venue.index_print(at, value);
        self.makers.hear_print(&print);
        self.tell_print(&print);
        if let Err(error) = self.list_due(at) {
            self.fault.get_or_insert(error);
        }
    }
}
