//! A stage and a market around it that tests tell one event at a time.
//!
//! One up/down market (id 1 of event 1, series 1) opens at [`OPEN`] and closes a quarter hour
//! later; brackets of series 2 share its close. The index is a spot source without a basis.

use trader_journal::book::Side;
use trader_journal::event::{
    BookFault, EVENT_BYTES, EvalId, Event, EventId, Feed, FeedState, Gate, Interval, LifecycleKind, MarketId, Outcome,
    SeriesId, SeriesMode, StrikeKind, pad,
};
use trader_journal::grid::PriceGrid;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::{Count, Money, Nanos, Price};
use trader_pricing::model::{encode, events};
use trader_pricing::volatility::Coefficients;
use trader_pricing::{Pricing, Settings};

/// 2026-11-02 12:00:00 UTC, a Monday.
pub(crate) const OPEN: Nanos = Nanos(1_793_620_800 * Nanos::SECOND);
pub(crate) const CLOSE: Nanos = Nanos(OPEN.0 + 900 * Nanos::SECOND);
pub(crate) const UP: MarketId = MarketId(1);
pub(crate) const DIGITAL: SeriesId = SeriesId(1);
pub(crate) const BRACKETS: SeriesId = SeriesId(2);
/// Where the index stands.
pub(crate) const SPOT: i64 = 100_000;

pub(crate) fn usd(dollars: i64) -> Money {
    Money(dollars * Money::DOLLAR.0)
}

/// One of the events of an evaluation, in the fields tests look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) gate: Gate,
    pub(crate) waiting_for: Gate,
    pub(crate) event: EventId,
    pub(crate) eval: EvalId,
    pub(crate) legs: u8,
    pub(crate) tau_ms: u32,
}

pub(crate) struct Script {
    pub(crate) pricing: Pricing,
    pub(crate) now: Nanos,
    pub(crate) said: Vec<Event>,
    pub(crate) heard: Vec<Event>,
    out: Outbox,
}

impl Script {
    pub(crate) fn new(settings: Settings) -> Script {
        let out = Outbox::new(Pricing::SAYS_MAX);
        let now = OPEN.minus(60 * Nanos::SECOND);
        Script { pricing: Pricing::new(settings), now, said: Vec::new(), heard: Vec::new(), out }
    }

    /// Model, warm volatility, series, a listed up/down market with its strike at the spot, its book
    /// around 50 cents; the clock 4 s after the open.
    pub(crate) fn ready() -> Script {
        Script::ready_with(Settings::default())
    }

    pub(crate) fn ready_with(settings: Settings) -> Script {
        let mut script = Script::new(settings);
        script.activate(&Coefficients::FROZEN);
        script.warm_up(2880);
        script.list_series();
        script.at(4.0);
        script.list(UP, EventId(1), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
        script.prices(SPOT);
        script.quote(UP, 4_900, 5_100);
        script
    }

    /// Says an event and keeps what follows.
    pub(crate) fn tell(&mut self, event: Event) {
        self.heard.push(event);
        self.pricing.on(&event, &mut self.out);
        self.said.extend_from_slice(self.out.events());
        self.out.clear();
    }

    /// The clock, seconds after the open.
    pub(crate) fn at(&mut self, seconds: f64) {
        self.now = Nanos(OPEN.0.wrapping_add_signed((seconds * 1e9) as i64));
    }

    pub(crate) fn timer(&mut self) {
        self.tell(Event::Timer { pad: pad(), ts: self.now, due: self.now, pad2: pad() });
    }

    pub(crate) fn activate(&mut self, coefficients: &Coefficients) {
        for event in events(&encode(coefficients), self.now) {
            self.tell(event);
        }
    }

    /// Closes of the `minutes` before the open, up and down by five basis points.
    pub(crate) fn warm_up(&mut self, minutes: u64) {
        for back in (1..=minutes).rev() {
            let close = SPOT + if back % 2 == 0 { 0 } else { 50 };
            self.candle(OPEN.minus(back * 60 * Nanos::SECOND), usd(close));
        }
    }

    pub(crate) fn candle(&mut self, open_time: Nanos, close: Money) {
        self.tell(Event::Candle {
            feed: Feed::BinanceSpot,
            interval: Interval::Minute,
            closed: 1,
            pad: pad(),
            ts: self.now,
            open_time,
            open: close,
            high: close,
            low: close,
            close,
        });
    }

    pub(crate) fn list_series(&mut self) {
        self.series(DIGITAL, SeriesMode::Digital, 70_000);
        self.series(BRACKETS, SeriesMode::Bracket, 70_000);
        for (grid, ranges) in [(1, PriceGrid::LINEAR_CENT), (2, PriceGrid::TAPERED_DECI_CENT)] {
            let (ranges_used, ranges) = (ranges.ranges().len() as u8, ranges.table());
            self.tell(Event::GridDefined { grid, ranges_used, pad: pad(), ts: self.now, ranges, pad2: pad() });
        }
    }

    pub(crate) fn series(&mut self, series: SeriesId, mode: SeriesMode, taker_rate_ppm: u32) {
        self.tell(Event::SeriesTerms {
            mode,
            shard: 2,
            series,
            ts: self.now,
            ticker: [0; 16],
            taker_rate_ppm,
            maker_rate_ppm: 0,
            settlement_timer_s: 1,
            pad: pad(),
        });
    }

    /// Names a market (and its event, of the series whose number is 2 for brackets, else 1) and tells its terms.
    pub(crate) fn list(&mut self, market: MarketId, event: EventId, strike: StrikeKind, floor: Money, cap: Money) {
        let series =
            if strike == StrikeKind::GreaterOrEqual || strike == StrikeKind::Unknown { DIGITAL } else { BRACKETS };
        self.name(market, event, series);
        self.terms(market, event, strike, (floor, cap), (OPEN, CLOSE));
    }

    pub(crate) fn name(&mut self, market: MarketId, event: EventId, series: SeriesId) {
        let ts = self.now;
        self.tell(Event::EventNamed { ticker_len: 0, pad: pad(), event, ts, ticker: [0; 36], series });
        self.tell(Event::MarketNamed { ticker_len: 0, pad: pad(), market, ts, ticker: [0; 36], event });
    }

    pub(crate) fn terms(
        &mut self,
        market: MarketId,
        event: EventId,
        strike: StrikeKind,
        (floor, cap): (Money, Money),
        (open, close): (Nanos, Nanos),
    ) {
        let grid = if strike == StrikeKind::GreaterOrEqual { 2 } else { 1 };
        self.tell(Event::MarketTerms {
            strike,
            grid,
            market,
            ts: self.now,
            floor,
            cap,
            open,
            close,
            event,
            pad: pad(),
        });
    }

    /// Index and spot stand at `dollars` now.
    pub(crate) fn prices(&mut self, dollars: i64) {
        self.spot(usd(dollars));
        self.index(usd(dollars));
    }

    pub(crate) fn index(&mut self, value: Money) {
        self.closing_index(value, (Money::ZERO, 0));
    }

    pub(crate) fn closing_index(&mut self, value: Money, (closing_average, closing_prints): (Money, u8)) {
        let ts = self.now;
        let average_60s = value;
        self.tell(Event::IndexTick {
            closing_prints,
            pad: pad(),
            ts,
            venue_ts: ts,
            value,
            average_60s,
            closing_average,
            pad2: pad(),
        });
    }

    pub(crate) fn spot(&mut self, price: Money) {
        let feed = Feed::BinanceSpot;
        let (bid, ask) = (Money(price.0 - 10_000), Money(price.0 + 10_000));
        self.tell(Event::SpotQuote {
            feed,
            pad: pad(),
            ts: self.now,
            bid,
            ask,
            bid_quantity: 1,
            ask_quantity: 1,
            update_id: 1,
        });
    }

    /// A whole book with 100 contracts at each touch; a price of 0 leaves the side empty.
    pub(crate) fn quote(&mut self, market: MarketId, bid: u16, ask: u16) {
        self.book(market, &[(Side::Bid, bid, 100), (Side::Ask, ask, 100)]);
    }

    /// A whole book of (side, price, contracts).
    pub(crate) fn book(&mut self, market: MarketId, levels: &[(Side, u16, i64)]) {
        let (ts, venue_ts) = (self.now, self.now);
        self.tell(Event::BookBegin { pad: pad(), market, ts, venue_ts, epoch: 1, pad2: pad() });
        for (side, price, contracts) in levels.iter().filter(|(_, price, _)| *price > 0) {
            self.level(market, *side, *price, *contracts);
        }
        self.tell(Event::BookEnd { pad: pad(), market, ts, venue_ts, levels: levels.len() as u32, pad2: pad() });
    }

    pub(crate) fn level(&mut self, market: MarketId, side: Side, price: u16, contracts: i64) {
        self.tell(Event::BookLevel {
            side,
            pad: pad(),
            market,
            ts: self.now,
            venue_ts: self.now,
            size: Count(contracts * 100),
            price: Price(price),
            pad2: pad(),
        });
    }

    pub(crate) fn invalid(&mut self, market: MarketId) {
        let (fault, ts) = (BookFault::Gap, self.now);
        self.tell(Event::BookInvalid { fault, pad: pad(), market, ts, pad2: pad() });
    }

    pub(crate) fn feed(&mut self, feed: Feed, state: FeedState) {
        self.tell(Event::FeedChanged { feed, state, epoch: 1, ts: self.now, pad: pad() });
    }

    pub(crate) fn life(&mut self, market: MarketId, kind: LifecycleKind, outcome: Outcome) {
        self.tell(Event::Lifecycle {
            kind,
            outcome,
            market,
            ts: self.now,
            venue_ts: self.now,
            close: CLOSE,
            value: Money::ZERO,
            settlement: Money::ZERO,
            pad: pad(),
        });
    }

    /// Lives a stretch of the window second by second: prices stay, the connection is heard.
    pub(crate) fn live(&mut self, from_s: u32, to_s: u32) {
        for second in from_s..=to_s {
            self.at(f64::from(second));
            self.prices(SPOT);
            self.timer();
        }
    }

    pub(crate) fn evaluations(&self) -> Vec<Basis> {
        let basis = |event: &Event| match *event {
            Event::EvalBasis { gate, waiting_for, event, eval, legs, tau_ms, .. } => {
                Some(Basis { gate, waiting_for, event, eval, legs, tau_ms })
            }
            _ => None,
        };
        self.said.iter().filter_map(basis).collect()
    }

    /// The only evaluation there is.
    pub(crate) fn evaluation(&self) -> Basis {
        let all = self.evaluations();
        assert_eq!(all.len(), 1, "one evaluation: {all:?}");
        all[0]
    }

    pub(crate) fn opinions(&self) -> Vec<Event> {
        self.said.iter().filter(|event| matches!(event, Event::Opinion { .. })).copied().collect()
    }

    pub(crate) fn legs(&self) -> Vec<Leg> {
        self.said.iter().filter_map(Leg::of).collect()
    }

    pub(crate) fn leg(&self, market: MarketId) -> Leg {
        self.legs().into_iter().find(|leg| leg.market == market).expect("a leg of this market")
    }

    pub(crate) fn said_bytes(&self) -> Vec<[u8; EVENT_BYTES]> {
        self.said.iter().map(Event::to_bytes).collect()
    }
}

/// A leg as said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Leg {
    pub(crate) market: MarketId,
    pub(crate) gate: Gate,
    pub(crate) side: Side,
    pub(crate) q: f64,
    pub(crate) limit: u16,
    pub(crate) mid: u16,
    pub(crate) depth: Count,
    pub(crate) gross: i32,
    pub(crate) net: i32,
    pub(crate) fraction: f64,
    pub(crate) needed: i32,
}

impl Leg {
    fn of(event: &Event) -> Option<Leg> {
        let Event::EvalLeg {
            gate,
            side,
            market,
            q_yes_e9,
            depth,
            edge_gross,
            edge_net,
            fraction_e9,
            limit,
            mid,
            needed,
            ..
        } = *event
        else {
            return None;
        };
        let (q, fraction) = (f64::from(q_yes_e9) / 1e9, f64::from(fraction_e9) / 1e9);
        let (limit, mid) = (limit.0, mid.0);
        Some(Leg { market, gate, side, q, limit, mid, depth, gross: edge_gross, net: edge_net, fraction, needed })
    }
}
