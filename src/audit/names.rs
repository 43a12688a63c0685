//! What execution was told about series, events and markets.

use std::collections::BTreeMap;
use trader_journal::event::{Event, EventId, LifecycleKind, MarketId, Outcome, SeriesId};
use trader_journal::units::{Money, Nanos};

/// One market as told.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) ticker: String,
    pub(super) event: Option<EventId>,
    pub(super) close: Option<Nanos>,
    pub(super) outcome: Outcome,
    /// What YES pays per contract; meaningful once the outcome is known.
    pub(super) value: Money,
    pub(super) is_final: bool,
}

impl Market {
    /// Whether it can still cost anything: a result that is paid cannot.
    pub(super) fn is_over(&self) -> bool {
        self.is_final && self.outcome != Outcome::Open
    }
}

impl Default for Market {
    fn default() -> Market {
        Market {
            ticker: String::new(),
            event: None,
            close: None,
            outcome: Outcome::Open,
            value: Money::ZERO,
            is_final: false,
        }
    }
}

/// Fee rates of a series, in 1e-6 of C·P·(1−P).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    taker: u32,
    maker: u32,
}

impl Rates {
    /// What an order is charged: one that may only rest is never a taker.
    pub(super) const fn of(self, post_only: bool) -> u32 {
        if post_only || self.maker > self.taker { self.maker } else { self.taker }
    }
}

/// Everything named in one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    markets: BTreeMap<MarketId, Market>,
    series_of: BTreeMap<EventId, SeriesId>,
    rates: BTreeMap<SeriesId, Rates>,
}

impl Names {
    pub(super) fn market(&self, market: MarketId) -> Option<&Market> {
        self.markets.get(&market)
    }

    /// The market's ticker, or its number where none was told.
    pub(super) fn ticker(&self, market: MarketId) -> String {
        match self.markets.get(&market) {
            Some(Market { ticker, .. }) if !ticker.is_empty() => ticker.clone(),
            Some(_) | None => format!("market {}", market.0),
        }
    }

    pub(super) fn find(&self, ticker: &str) -> Option<MarketId> {
        self.markets.iter().find(|(_, market)| market.ticker == ticker).map(|(id, _)| *id)
    }

    /// The fee rates of a market's series, once all of that was told.
    pub(super) fn rates(&self, market: MarketId) -> Option<Rates> {
        let event = self.markets.get(&market)?.event?;
        self.rates.get(self.series_of.get(&event)?).copied()
    }

    pub(super) fn hear(&mut self, heard: &Event) {
        match *heard {
            Event::SeriesTerms { series, taker_rate_ppm, maker_rate_ppm, .. } => {
                self.rates.insert(series, Rates { taker: taker_rate_ppm, maker: maker_rate_ppm });
            }
            Event::EventNamed { event, series, .. } => {
                self.series_of.insert(event, series);
            }
            Event::MarketNamed { market, ticker, ticker_len, event, .. } => {
                let known = self.markets.entry(market).or_default();
                let named = &ticker[..usize::from(ticker_len).min(ticker.len())];
                known.ticker = String::from_utf8_lossy(named).into_owned();
                known.event = Some(event);
            }
            Event::MarketTerms { market, event, close, .. } => {
                let known = self.markets.entry(market).or_default();
                known.event = Some(event);
                known.close = Some(close);
            }
            Event::Lifecycle { kind, outcome, market, close, value, .. } => {
                self.live(kind, market, close, (outcome, value));
            }
            _ => {}
        }
    }

    fn live(&mut self, kind: LifecycleKind, market: MarketId, close: Nanos, result: (Outcome, Money)) {
        let known = self.markets.entry(market).or_default();
        match kind {
            LifecycleKind::CloseMoved => known.close = Some(close),
            LifecycleKind::Determined | LifecycleKind::Amended | LifecycleKind::Finalized => {
                if result.0 != Outcome::Open {
                    (known.outcome, known.value) = result;
                }
                known.is_final = kind == LifecycleKind::Finalized;
            }
            LifecycleKind::Created
            | LifecycleKind::Opened
            | LifecycleKind::Deactivated
            | LifecycleKind::Activated
            | LifecycleKind::Closed
            | LifecycleKind::Disputed => {}
        }
    }
}
