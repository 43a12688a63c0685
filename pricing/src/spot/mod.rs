//! Where the settlement index is now: its last tick, moved on by the fastest spot source since.
//!
//! The index comes once a second, spot sources in between, in another currency or at another
//! venue: their level is off, their move is right. How right is measured: at every tick, what
//! the estimate had been for that moment is compared with what the index then said.
//!
//! Without an index stream the level comes from the strike: the venue publishes the index's
//! average over the minute before a window opens, and a source's own average over that minute
//! gives its offset.

mod minute;
mod trail;

use crate::probability::{Observed, dollars};
use libm::{exp, log, sqrt};
use minute::Minute;
use trader_journal::event::Feed;
use trader_journal::hash::StateHash;
use trader_journal::units::{Money, Nanos};
use trail::Trail;

/// What the error is taken to be before it was measured: 1 bp. A choice.
const ERROR_PRIOR: f64 = 1e-4;
/// The offset by strike before two windows have shown how it moves: 2.5 bp. A choice.
const OFFSET_ERROR_PRIOR: f64 = 2.5e-4;
/// Share of the newest measured error; half is forgotten in about 60 ticks. A choice.
const ERROR_GAIN: f64 = 0.0115;
/// The same for offsets, one a window.
const OFFSET_GAIN: f64 = 0.16;
/// Ticks farther apart say nothing about the error of one second.
const PAIR_NANOS_MAX: u64 = 3 * Nanos::SECOND;
/// After this long even an older stamp is a tick.
const FORGIVEN_NANOS: u64 = 10 * Nanos::SECOND;
/// Prints of a whole closing average.
const CLOSING_PRINTS: u8 = 60;

/// The settlement index as we believe it to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// Dollars.
    pub(crate) value: f64,
    /// Standard deviation of its error, log return.
    pub(crate) error: f64,
    /// Arrival of the index tick it starts from; zero without an index stream.
    pub(crate) index_ts: Nanos,
    /// Arrival of the newest spot tick in it.
    pub(crate) source_ts: Nanos,
}

#[derive(Clone, Copy, Debug)]
struct Tick {
    ts: Nanos,
    venue_ts: Nanos,
    value: f64,
    closing_average: f64,
    closing_prints: u8,
}

/// Index and spot sources.
#[derive(Debug)]
pub(crate) struct Spot {
    /// Binance spot, Binance perpetual.
    sources: [Trail; 2],
    minute: Minute,
    tick: Option<Tick>,
    before: Option<Tick>,
    /// Mean squared error of the estimate, log return.
    error_squared: f64,
    /// ln(index / source) by the last strike, and the mean squared change of it.
    offset: Option<f64>,
    offset_squared: f64,
    /// A strike with the open it belongs to, until a source's average of that minute is there.
    strike: Option<(Nanos, Money)>,
    /// The last whole closing average and its close.
    closed: Option<(Nanos, Money)>,
}

impl Spot {
    pub(crate) fn new(source_age_ns_max: u64) -> Spot {
        Spot {
            sources: [Trail::new(), Trail::new()],
            minute: Minute::new(source_age_ns_max),
            tick: None,
            before: None,
            error_squared: ERROR_PRIOR * ERROR_PRIOR,
            offset: None,
            offset_squared: OFFSET_ERROR_PRIOR * OFFSET_ERROR_PRIOR,
            strike: None,
            closed: None,
        }
    }

    /// A price of a spot source; `venue_ts` where the message tells one.
    pub(crate) fn hear_source(&mut self, feed: Feed, ts: Nanos, venue_ts: Option<Nanos>, price: Money) {
        let Some(place) = place_of(feed) else { return };
        if price.0 <= 0 {
            return;
        }
        let price = dollars(price);
        self.sources[place].hear(ts, venue_ts, price);
        if place == 0 && self.minute.hear(ts, price) {
            self.measure_offset();
        }
    }

    /// A source is not connected: what it said last is worth nothing.
    pub(crate) fn forget_source(&mut self, feed: Feed) {
        if let Some(place) = place_of(feed) {
            self.sources[place].forget();
        }
    }

    /// The index stream is not connected.
    pub(crate) fn forget_index(&mut self) {
        if let Some(tick) = &mut self.tick {
            tick.ts = Nanos(0);
        }
        self.before = None;
    }

    /// A tick of the index.
    pub(crate) fn hear_index(&mut self, ts: Nanos, venue_ts: Nanos, value: Money, closing: (Money, u8)) {
        // A stamp from the future must not silence all later ones for good.
        let repeated = |tick: &Tick| venue_ts <= tick.venue_ts && ts.since(tick.ts) < FORGIVEN_NANOS;
        if value.0 <= 0 || self.tick.as_ref().is_some_and(repeated) {
            return;
        }
        self.measure_error();
        let (closing_average, closing_prints) = (dollars(closing.0), closing.1);
        if closing_prints == CLOSING_PRINTS {
            self.closed = Some((whole_second(venue_ts), closing.0));
        }
        self.before = self.tick;
        self.tick = Some(Tick { ts, venue_ts, value: dollars(value), closing_average, closing_prints });
    }

    /// A window that opened at `open` has this strike: the index's average over the minute before.
    pub(crate) fn hear_strike(&mut self, open: Nanos, strike: Money) {
        self.strike = Some((open, strike));
        self.measure_offset();
    }

    /// The error of the last pair of ticks, now that the sources have told of its second moment too.
    fn measure_error(&mut self) {
        let (Some(from), Some(to)) = (self.before, self.tick) else { return };
        let Some(source) = self.freshest() else { return };
        if to.venue_ts.since(from.venue_ts) > PAIR_NANOS_MAX {
            return;
        }
        if let (Some(then), Some(now)) = (source.at_venue(from.venue_ts), source.at_venue(to.venue_ts)) {
            let error = log(to.value / from.value * (then / now));
            self.error_squared += ERROR_GAIN * (error * error - self.error_squared);
        }
    }

    fn measure_offset(&mut self) {
        let Some((open, strike)) = self.strike else { return };
        let Some(average) = self.minute.average_before(open) else { return };
        self.strike = None;
        let measured = log(dollars(strike) / average);
        if let Some(known) = self.offset {
            let change = measured - known;
            self.offset_squared += OFFSET_GAIN * (change * change - self.offset_squared);
        }
        self.offset = Some(measured);
    }

    fn freshest(&self) -> Option<&Trail> {
        self.sources.iter().filter(|source| source.ts().0 > 0).max_by_key(|source| source.ts())
    }

    /// Whether the level comes from an index stream.
    pub(crate) const fn has_index(&self) -> bool {
        self.tick.is_some()
    }

    /// Arrival of the last index tick; zero when it is worth nothing.
    pub(crate) fn index_ts(&self) -> Nanos {
        self.tick.map_or(Nanos(0), |tick| tick.ts)
    }

    /// Arrival of the newest tick of any source.
    pub(crate) fn source_ts(&self) -> Nanos {
        self.freshest().map_or(Nanos(0), Trail::ts)
    }

    /// The index now, as well as it can be known; says nothing of how old that is.
    pub(crate) fn estimate(&self) -> Option<Estimate> {
        let source = self.freshest();
        let source_ts = self.source_ts();
        if let Some(tick) = self.tick {
            let moved = source.and_then(|source| Some(source.last()? / source.at_venue(tick.venue_ts)?));
            let value = tick.value * moved.unwrap_or(1.0);
            return Some(Estimate { value, error: sqrt(self.error_squared), index_ts: tick.ts, source_ts });
        }
        // The offset is the spot market's, not the perpetual's.
        let value = self.sources[0].last()? * exp(self.offset?);
        let source_ts = self.sources[0].ts();
        Some(Estimate { value, error: sqrt(self.offset_squared), index_ts: Nanos(0), source_ts })
    }

    /// What was seen of the average that ends at `close`; `None` before its first print.
    pub(crate) fn closing(&self, close: Nanos) -> Option<Observed> {
        let tick = self.tick.filter(|tick| tick.closing_prints > 0)?;
        let inside = tick.venue_ts <= close && close.since(tick.venue_ts) < 60 * Nanos::SECOND;
        let share = f64::from(tick.closing_prints) / f64::from(CLOSING_PRINTS);
        inside.then_some(Observed { average: tick.closing_average, share })
    }

    /// The index's own average over the minute that ended at `close`, if it was the last one told.
    pub(crate) fn closed(&self, close: Nanos) -> Option<Money> {
        self.closed.filter(|(at, _)| *at == close).map(|(_, average)| average)
    }

    pub(crate) fn hash_into(&self, hash: &mut StateHash) {
        for source in &self.sources {
            source.hash_into(hash);
        }
        self.minute.hash_into(hash);
        for tick in [self.tick, self.before].into_iter().flatten() {
            hash.mix(tick.ts.0);
            hash.mix(tick.venue_ts.0);
            hash.mix(tick.value.to_bits());
            hash.mix(tick.closing_average.to_bits());
            hash.mix(u64::from(tick.closing_prints));
        }
        hash.mix(self.error_squared.to_bits());
        hash.mix(self.offset.map_or(0, f64::to_bits));
        hash.mix(self.offset_squared.to_bits());
        for (at, money) in [self.strike, self.closed].into_iter().flatten() {
            hash.mix(at.0);
            hash.mix(money.0.cast_unsigned());
        }
    }
}

/// A feed's place among the sources; the venue and its index are none.
const fn place_of(feed: Feed) -> Option<usize> {
    match feed {
        Feed::BinanceSpot => Some(0),
        Feed::BinancePerp => Some(1),
        Feed::Kalshi | Feed::Index => None,
    }
}

const fn whole_second(at: Nanos) -> Nanos {
    Nanos(at.plus(Nanos::SECOND / 2).seconds() * Nanos::SECOND)
}
