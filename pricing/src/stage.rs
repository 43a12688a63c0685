//! The stage: what it hears, and when it evaluates.

use crate::evaluate::{EVALUATION_SAYS_MAX, Verdict, View, missed_at, ready_at};
use crate::model::ModelSlots;
use crate::scorecard::Scorecard;
use crate::settings::Settings;
use crate::spot::Spot;
use crate::tables::{Judged, Series, Tables, Terms};
use crate::volatility::{Bar, Ewma3, Memory, Profile, Ranges};
use trader_journal::event::{
    EvalId, Event, EventId, Feed, FeedState, Gate, Interval, LifecycleKind, MarketId, Outcome, SeriesMode, StrikeKind,
};
use trader_journal::fee::FeeRates;
use trader_journal::hash::StateHash;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::{Money, Nanos};

/// Hears the market and says, once per event, what its contracts are worth.
///
/// Needs a model before it says anything: see [`model`](crate::model).
#[derive(Debug)]
pub struct Pricing {
    settings: Settings,
    tables: Tables,
    spot: Spot,
    volatility: Ewma3,
    /// The other model's memory: it must be warm when it is put to use.
    ranges: Ranges,
    model: ModelSlots,
    scorecard: Scorecard,
    /// The latest time heard: rings are not ordered among each other.
    now: Nanos,
    /// When the venue's connection was last heard.
    venue_ts: Nanos,
    /// No event is ready before this.
    wake: Nanos,
    /// An evaluation was said in this step; another event may be ready too.
    more: bool,
    last_eval: EvalId,
}

impl Pricing {
    /// Nothing heard yet. All memory is taken here.
    #[must_use]
    pub fn new(settings: Settings) -> Pricing {
        Pricing {
            settings,
            tables: Tables::new(settings.events, settings.markets),
            spot: Spot::new(settings.source_age_ns_max),
            volatility: Ewma3::new(settings.warmup_minutes),
            ranges: Ranges::new(Profile::new_york_known()),
            model: ModelSlots::new(),
            scorecard: Scorecard::new(settings.score_evaluations, settings.score_evaluations_min),
            now: Nanos(0),
            venue_ts: Nanos(0),
            wake: Nanos::NEVER,
            more: false,
            last_eval: EvalId(0),
        }
    }

    /// The settled evaluations: our Brier score against the mid's.
    #[must_use]
    pub const fn scorecard(&self) -> &Scorecard {
        &self.scorecard
    }

    // ---- hearing -----------------------------------------------------------------------------

    fn hear(&mut self, event: &Event) {
        match *event {
            Event::BookLevel { side, market, size, price, .. } => {
                self.venue_ts = self.now;
                if let Some(known) = self.tables.market_mut(market) {
                    known.set_level(side, price, size);
                }
            }
            Event::BookBegin { market, .. } => {
                self.venue_ts = self.now;
                if let Some(known) = self.tables.market_mut(market) {
                    known.begin_book();
                }
            }
            Event::BookEnd { market, .. } => {
                self.venue_ts = self.now;
                if let Some(known) = self.tables.market_mut(market) {
                    known.end_book();
                }
            }
            Event::BookInvalid { market, .. } => {
                if let Some(known) = self.tables.market_mut(market) {
                    known.book_valid = false;
                }
            }
            Event::Trade { .. } => self.venue_ts = self.now,
            Event::IndexTick { closing_prints, venue_ts, value, closing_average, .. } => {
                self.venue_ts = self.now;
                self.spot.hear_index(self.now, venue_ts, value, (closing_average, closing_prints));
            }
            Event::SpotTrade { feed, venue_ts, price, .. } => {
                self.spot.hear_source(feed, self.now, Some(venue_ts), price);
            }
            Event::SpotQuote { feed, bid, ask, .. } if bid.0 > 0 && ask >= bid => {
                self.spot.hear_source(feed, self.now, None, Money(bid.0 / 2 + ask.0 / 2));
            }
            Event::Candle {
                feed: Feed::BinanceSpot,
                interval: Interval::Minute,
                closed: 1,
                open_time,
                open,
                high,
                low,
                close,
                ..
            } => {
                self.volatility.on_close(open_time, close);
                self.ranges.hear_minute(&Bar { open_time, open, high, low, close });
            }
            Event::FeedChanged { feed, state: FeedState::Down, .. } => self.lose_feed(feed),
            Event::ModelChunk { used, index, bytes, .. } => {
                self.model.chunk(index, &bytes[..usize::from(used).min(bytes.len())]);
            }
            Event::ModelActivate { bytes_total, hash, .. } => self.model.activate(bytes_total, hash),
            _ => self.hear_listing(event),
        }
    }

    /// Names, terms and life of markets; everything else is another stage's.
    fn hear_listing(&mut self, event: &Event) {
        match *event {
            Event::SeriesTerms { mode, series, taker_rate_ppm, maker_rate_ppm, .. } => {
                let rates = FeeRates::new(taker_rate_ppm, maker_rate_ppm);
                self.tables.set_series(series, Series { mode, rates });
            }
            Event::GridDefined { grid, ranges_used, ranges, .. } => {
                self.tables.set_grid(grid, &ranges[..usize::from(ranges_used).min(ranges.len())]);
            }
            Event::EventNamed { event, series, .. } => self.tables.name_event(event, series, self.now),
            Event::MarketNamed { market, event, .. } => self.tables.name_market(market, event, self.now),
            Event::MarketTerms { strike, grid, market, floor, cap, open, close, event, .. } => {
                self.hear_terms(&Terms { market, event, strike, grid, floor, cap, open, close });
            }
            Event::Lifecycle { kind, outcome, market, close, .. } => self.hear_life(market, kind, outcome, close),
            _ => {}
        }
    }

    fn hear_terms(&mut self, terms: &Terms) {
        self.tables.set_terms(terms);
        let digital = self.tables.series_of(terms.event).is_some_and(|series| series.mode == SeriesMode::Digital);
        if digital && terms.strike == StrikeKind::GreaterOrEqual {
            self.spot.hear_strike(terms.open, terms.floor);
        }
        self.look_ahead();
    }

    fn hear_life(&mut self, market: MarketId, kind: LifecycleKind, outcome: Outcome, close: Nanos) {
        let Some(known) = self.tables.market_mut(market) else { return };
        match kind {
            LifecycleKind::Deactivated => known.halted = true,
            LifecycleKind::Opened | LifecycleKind::Activated => known.halted = false,
            LifecycleKind::Created
            | LifecycleKind::CloseMoved
            | LifecycleKind::Closed
            | LifecycleKind::Determined
            | LifecycleKind::Disputed
            | LifecycleKind::Amended
            | LifecycleKind::Finalized => {}
        }
        let event = known.event;
        let judged = if outcome == Outcome::Open { None } else { known.judged.take() };
        match (judged, outcome) {
            (Some(judged), Outcome::Yes) => self.settle(judged, true),
            (Some(judged), Outcome::No) => self.settle(judged, false),
            // Neither side was right.
            (_, Outcome::Open | Outcome::Yes | Outcome::No | Outcome::Scalar | Outcome::Void) => {}
        }
        if let Some(listed) = self.tables.event_mut(event) {
            listed.determined |= outcome != Outcome::Open;
            if kind == LifecycleKind::CloseMoved {
                listed.close = close;
                self.look_ahead();
            }
        }
    }

    fn settle(&mut self, judged: Judged, yes: bool) {
        self.scorecard.settle(judged.q_yes_e9 / 1_000, u32::from(judged.mid.0) * 100, yes);
    }

    fn lose_feed(&mut self, feed: Feed) {
        match feed {
            Feed::Kalshi => self.tables.invalidate_books(),
            Feed::Index => self.spot.forget_index(),
            Feed::BinanceSpot | Feed::BinancePerp => self.spot.forget_source(feed),
        }
    }

    // ---- evaluating --------------------------------------------------------------------------

    /// Looks for the next event to become ready.
    fn look_ahead(&mut self) {
        let ready = self.tables.waiting().map(|listed| ready_at(listed, &self.settings));
        self.wake = ready.min().unwrap_or(Nanos::NEVER);
    }

    /// Evaluates, or gives up, the first event that is ready and whose data gates are open or whose
    /// window has passed. One a step, so that what a step says is bounded.
    fn evaluate_due(&mut self, out: &mut Outbox) {
        for slot in 0..self.tables.events().len() {
            let listed = &self.tables.events()[slot];
            if listed.done || ready_at(listed, &self.settings) > self.now {
                continue;
            }
            let (event, close, missed) = (listed.event, listed.close, missed_at(listed, &self.settings));
            let ignored = self.tables.series(listed.series).is_some_and(|series| series.mode == SeriesMode::Ignored);
            if ignored || close <= self.now {
                // Not traded, or over before it was heard of: nobody's window.
                self.finish(event, false);
                continue;
            }
            match self.view().evaluate(listed) {
                Ok(verdict) if self.now < missed => {
                    self.say(slot, &verdict, out);
                    return;
                }
                Ok(_) => {}
                Err(gate) => self.wait_for(event, gate),
            }
            if self.now >= missed {
                self.say_missed(slot, out);
                return;
            }
        }
    }

    fn view(&self) -> View<'_> {
        View {
            settings: &self.settings,
            tables: &self.tables,
            spot: &self.spot,
            volatility: &self.volatility,
            ranges: &self.ranges,
            model: &self.model,
            venue_ts: self.venue_ts,
            behind_market: self.scorecard.is_behind_market(),
            now: self.now,
        }
    }

    fn wait_for(&mut self, event: EventId, gate: Gate) {
        if let Some(listed) = self.tables.event_mut(event) {
            listed.waiting_for = gate;
        }
    }

    fn say(&mut self, slot: usize, verdict: &Verdict, out: &mut Outbox) {
        let eval = self.next_eval();
        let listed = &self.tables.events()[slot];
        let event = listed.event;
        let opined = self.view().say(listed, verdict, eval, out);
        self.judge_centre(verdict);
        self.finish(event, opined);
    }

    /// One score an evaluation: the centre's, since its neighbours win and lose with it.
    fn judge_centre(&mut self, verdict: &Verdict) {
        let Some(leg) = verdict.target.centre().and_then(|centre| verdict.leg(centre)) else { return };
        let (q_yes_e9, mid) = (leg.q_yes_e9, leg.mid);
        if let Some(market) = self.tables.market_mut(leg.market).filter(|_| mid.0 > 0) {
            market.judged = Some(Judged { q_yes_e9, mid });
        }
    }

    fn say_missed(&mut self, slot: usize, out: &mut Outbox) {
        let eval = self.next_eval();
        let listed = &self.tables.events()[slot];
        let event = listed.event;
        self.view().say_missed(listed, eval, out);
        self.finish(event, false);
    }

    fn finish(&mut self, event: EventId, opined: bool) {
        if let Some(listed) = self.tables.event_mut(event) {
            listed.done = true;
            listed.opined = opined;
        }
        self.look_ahead();
    }

    fn next_eval(&mut self) -> EvalId {
        self.more = true;
        self.last_eval = EvalId(self.last_eval.0.wrapping_add(1));
        self.last_eval
    }
}

impl Stage for Pricing {
    const SAYS_MAX: usize = EVALUATION_SAYS_MAX;

    fn on(&mut self, event: &Event, out: &mut Outbox) {
        self.now = self.now.max(event.ts());
        self.more = false;
        self.hear(event);
        if self.now >= self.wake {
            self.evaluate_due(out);
        }
    }

    /// The next moment at which an event becomes ready, or its window passes; at once when one step
    /// was not enough for all that is ready.
    fn next_deadline(&self) -> Nanos {
        if self.now < self.wake {
            return self.wake;
        }
        if self.more {
            return self.now;
        }
        let moments = self.tables.waiting().map(|listed| {
            let ready = ready_at(listed, &self.settings);
            if ready > self.now { ready } else { missed_at(listed, &self.settings) }
        });
        moments.min().unwrap_or(Nanos::NEVER)
    }

    fn state_hash(&self) -> u64 {
        let mut hash = StateHash::EMPTY;
        self.tables.hash_into(&mut hash);
        self.spot.hash_into(&mut hash);
        self.volatility.hash_into(&mut hash);
        self.ranges.hash_into(&mut hash);
        self.model.hash_into(&mut hash);
        self.scorecard.hash_into(&mut hash);
        for word in [self.now.0, self.venue_ts.0, self.wake.0, u64::from(self.last_eval.0)] {
            hash.mix(word);
        }
        hash.value()
    }
}
