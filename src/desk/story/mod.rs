//! A run as a trader would tell it: one sentence an event, and only for events that matter.
//!
//! A pure function of what stands in a journal: the same journal, the same story. About half a
//! dozen lines a window; a ladder of brackets is one market here, whatever it has of strikes.

mod evaluation;
mod orders;
mod words;

use super::amounts::{Currency, bitcoin, span, text, time_of_day, when};
use super::follow::Told;
use super::is_told_by;
use super::memory::Fading;
use crate::record::RecordKind;
use evaluation::Evaluation;
use orders::Orders;
use std::collections::BTreeMap;
use trader_journal::event::{
    BookFault, Event, EventId, Feed, FeedState, LifecycleKind, MarketId, OperatorVerb, Outcome, SeriesId, SeriesMode,
    StrikeKind,
};
use trader_journal::units::{Money, Nanos};

/// What the story knows of a venue event: all markets that settle on one number.
#[derive(Clone, Debug, Default)]
struct Window {
    ticker: String,
    is_ladder: bool,
    opened: bool,
    settled: bool,
    value_told: bool,
    last_life: Option<LifecycleKind>,
}

/// What it knows of a market.
#[derive(Clone, Debug)]
struct Market {
    ticker: String,
    event: EventId,
    close: Nanos,
    /// How it is decided, once announced.
    strike: Option<String>,
    /// When its book broke.
    broken: Option<Nanos>,
}

/// A feed as it was last told.
#[derive(Clone, Copy, Debug, Default)]
struct FeedTold {
    state: Option<FeedState>,
    epoch: u32,
    down_since: Nanos,
}

/// Tells a run, entry by entry.
#[derive(Debug)]
pub struct Story {
    currency: Currency,
    index: Option<Money>,
    /// The last whole closing average: of which close, and its value.
    average: Option<(Nanos, Money)>,
    ladders: BTreeMap<SeriesId, bool>,
    windows: Fading<EventId, Window>,
    markets: Fading<MarketId, Market>,
    feeds: [FeedTold; Feed::ALL.len()],
    evaluation: Option<Evaluation>,
    orders: Orders,
    lines: Vec<String>,
}

impl Default for Story {
    fn default() -> Story {
        Story {
            currency: Currency::UNKNOWN,
            index: None,
            average: None,
            ladders: BTreeMap::new(),
            windows: Fading::default(),
            markets: Fading::default(),
            feeds: [FeedTold::default(); Feed::ALL.len()],
            evaluation: None,
            orders: Orders::default(),
            lines: Vec::new(),
        }
    }
}

impl Story {
    /// The sentences that an entry is worth, mostly none.
    pub fn see(&mut self, told: &Told<'_>) -> &[String] {
        self.lines.clear();
        match *told {
            Told::Record { kind: RecordKind::Label, bytes, .. } => self.lines.extend(label_sentence(bytes)),
            Told::Record { .. } => {}
            Told::Event { agent, origin, event, .. } if is_told_by(agent, origin, &event) => self.hear(&event),
            Told::Event { .. } => {}
        }
        &self.lines
    }

    fn say(&mut self, ts: Nanos, sentence: &str) {
        self.lines.push(format!("{}  {sentence}", when(ts)));
    }

    fn hear(&mut self, event: &Event) {
        match *event {
            Event::RunStarted { mode, epoch, ts, .. } => {
                self.currency = Currency::of(mode);
                let date = date_of(ts);
                self.say(
                    ts,
                    &format!(
                        "run {epoch} starts: {}, market time {date}, amounts in {}",
                        mode.word(),
                        self.currency.sign()
                    ),
                );
            }
            Event::Operator { verb, ts, why, .. } => self.hear_operator(verb, &text(&why), ts),
            Event::SeriesTerms { series, mode, .. } => {
                self.ladders.insert(series, matches!(mode, SeriesMode::Bracket | SeriesMode::Threshold));
            }
            Event::EventNamed { event, ticker, series, .. } => {
                let window = self.windows.entry(event).or_default();
                window.ticker = text(&ticker);
                window.is_ladder = self.ladders.get(&series).copied().unwrap_or(false);
            }
            Event::MarketNamed { market, ticker, event, .. } => {
                let ticker = text(&ticker);
                let market_told = Market { ticker, event, close: Nanos::NEVER, strike: None, broken: None };
                self.markets.entry(market).or_insert(market_told);
            }
            Event::MarketTerms { market, close, strike, floor, cap, ts, .. } => {
                self.hear_terms(market, close, (strike, floor, cap), ts);
            }
            Event::Lifecycle { kind, outcome, market, ts, close, settlement, .. } => {
                self.hear_life(market, kind, (outcome, settlement), close, ts);
                if kind == LifecycleKind::Finalized {
                    self.forget_later(market);
                }
            }
            Event::IndexTick { closing_prints, venue_ts, value, closing_average, .. } => {
                self.index = Some(value);
                if closing_prints == 60 {
                    self.average = Some((venue_ts, closing_average));
                }
            }
            Event::FeedChanged { feed, state, epoch, ts, .. } => self.hear_feed(feed, state, epoch, ts),
            Event::BookInvalid { fault, market, ts, .. } => self.hear_broken(market, fault, ts),
            Event::BookEnd { market, ts, .. } => self.hear_whole(market, ts),
            Event::EvalBasis { .. } | Event::EvalLeg { .. } => self.hear_evaluation(event),
            _ => self.hear_order(event),
        }
    }

    fn hear_operator(&mut self, verb: OperatorVerb, why: &str, ts: Nanos) {
        let what = match verb {
            OperatorVerb::Pause => "PAUSED: no new orders until somebody resumes",
            OperatorVerb::Resume => "RESUMED",
            OperatorVerb::CancelAll => "CANCEL ALL: everything of ours is taken back",
            OperatorVerb::Kill => "KILLED: everything is taken back, nothing is sent until somebody clears it",
            OperatorVerb::Clear => "the kill is CLEARED",
        };
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        self.say(ts, &format!("{what}{why}"));
    }

    // ---- markets -------------------------------------------------------------------------------

    fn hear_terms(&mut self, market: MarketId, close: Nanos, strike: (StrikeKind, Money, Money), ts: Nanos) {
        let Some(told) = self.markets.get_mut(&market) else { return };
        told.close = close;
        let announced = words::strike(strike.0, &bitcoin(strike.1), &bitcoin(strike.2));
        if announced.is_none() || told.strike == announced {
            return;
        }
        told.strike = announced.clone();
        let Some(window) = self.windows.get(&told.event).filter(|window| window.opened && !window.is_ladder) else {
            return;
        };
        let ticker = window.ticker.clone();
        self.say(ts, &format!("{ticker} strike: YES if the closing average is {}", announced.unwrap_or_default()));
    }

    fn hear_life(&mut self, market: MarketId, kind: LifecycleKind, result: (Outcome, Money), close: Nanos, ts: Nanos) {
        let Some(told) = self.markets.get_mut(&market) else { return };
        let Some(window) = self.windows.get_mut(&told.event) else { return };
        let is_news = window.last_life.replace(kind) != Some(kind);
        let (ticker, until) = (window.ticker.clone(), time_of_day(close));
        match kind {
            LifecycleKind::Opened if !window.opened => {
                window.opened = true;
                let what = if window.is_ladder { "ladder" } else { "up or down" };
                let strike = told.strike.as_ref().filter(|_| !window.is_ladder);
                let strike = strike.map(|strike| format!(", YES if the closing average is {strike}"));
                let index =
                    self.index.map_or_else(|| "no index yet".to_owned(), |index| format!("BTC {}", bitcoin(index)));
                self.say(
                    ts,
                    &format!("{ticker} ({what}) is open until {until}: {index}{}", strike.unwrap_or_default()),
                );
            }
            LifecycleKind::Deactivated if is_news => self.say(ts, &format!("{ticker} is halted by the venue")),
            LifecycleKind::Activated if is_news => self.say(ts, &format!("{ticker} trades again")),
            LifecycleKind::CloseMoved if is_news => self.say(ts, &format!("{ticker} now closes at {until}")),
            LifecycleKind::Disputed if is_news => self.say(ts, &format!("{ticker} is disputed: still risk")),
            LifecycleKind::Amended if is_news => self.say(ts, &format!("{ticker}: the result was replaced")),
            LifecycleKind::Finalized => self.hear_final(market, result, close, ts),
            _ => {}
        }
    }

    /// The result once per window; the venue's own value once more where it is not our average.
    fn hear_final(&mut self, market: MarketId, (outcome, value): (Outcome, Money), close: Nanos, ts: Nanos) {
        let Some(told) = self.markets.get(&market) else { return };
        let Some(window) = self.windows.get_mut(&told.event) else { return };
        let average = self.average.filter(|(of, _)| *of == close).map(|(_, average)| average);
        let ticker = window.ticker.clone();
        if !std::mem::replace(&mut window.settled, true) {
            let result = if window.is_ladder { String::new() } else { format!(" {}", outcome.word().to_uppercase()) };
            let strike = told.strike.as_ref().filter(|_| !window.is_ladder);
            let strike = strike.map(|strike| format!(", YES was {strike}")).unwrap_or_default();
            let ours = average.map(|average| format!(": closing average {}", bitcoin(average))).unwrap_or_default();
            return self.say(ts, &format!("{ticker} settled{result}{ours}{strike}"));
        }
        let differs = average.is_none_or(|average| bitcoin(average) != bitcoin(value));
        if value != Money::ZERO && differs && !std::mem::replace(&mut window.value_told, true) {
            self.say(ts, &format!("{ticker}: the venue settled on {}, which is not our average", bitcoin(value)));
        }
    }

    /// What is over is forgotten, a while after it.
    fn forget_later(&mut self, market: MarketId) {
        if let Some(event) = self.markets.get(&market).map(|told| told.event) {
            self.windows.finish(event);
        }
        self.markets.finish(market);
    }

    // ---- connections ---------------------------------------------------------------------------

    fn hear_feed(&mut self, feed: Feed, state: FeedState, epoch: u32, ts: Nanos) {
        // The index comes with Kalshi's connection.
        if feed == Feed::Index || state == FeedState::Connecting {
            return;
        }
        let told = &mut self.feeds[feed as usize];
        let before = told.state.replace(state);
        let epoch_before = std::mem::replace(&mut told.epoch, epoch);
        let name = words::feed(feed);
        match (before, state) {
            (Some(FeedState::Up) | None, FeedState::Down) => {
                told.down_since = ts;
                self.say(ts, &format!("{name} DISCONNECTED: nothing that needs it is sent"));
            }
            (None, FeedState::Up) => self.say(ts, &format!("{name} connected")),
            (Some(FeedState::Down), FeedState::Up) => {
                let away = span(ts.since(told.down_since));
                self.say(ts, &format!("{name} connected again after {away} (connection {epoch})"));
            }
            (Some(FeedState::Up), FeedState::Up) if epoch != epoch_before => {
                self.say(ts, &format!("{name} renewed (connection {epoch})"));
            }
            _ => {}
        }
    }

    fn hear_broken(&mut self, market: MarketId, fault: BookFault, ts: Nanos) {
        // The end of a subscription is the end of a market; that a connection went was said already.
        if matches!(fault, BookFault::Unsubscribed | BookFault::Disconnected) {
            return;
        }
        let Some(told) = self.markets.get_mut(&market).filter(|told| told.broken.is_none()) else { return };
        told.broken = Some(ts);
        let ticker = told.ticker.clone();
        self.say(ts, &format!("the book of {ticker} is thrown away: {}", words::book_fault(fault)));
    }

    fn hear_whole(&mut self, market: MarketId, ts: Nanos) {
        let Some(told) = self.markets.get_mut(&market) else { return };
        let Some(since) = told.broken.take() else { return };
        let sentence = format!("the book of {} is whole again after {}", told.ticker, span(ts.since(since)));
        self.say(ts, &sentence);
    }

    fn ticker(&self, market: MarketId) -> String {
        self.markets.get(&market).map_or_else(|| format!("market {}", market.0), |told| told.ticker.clone())
    }

    fn window_ticker(&self, event: EventId) -> String {
        self.windows.get(&event).map_or_else(|| format!("event {}", event.0), |window| window.ticker.clone())
    }
}

/// The label of a simulation as one line; nothing for a text that is none.
pub(super) fn label_sentence(bytes: &[u8]) -> Option<String> {
    let label: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let word = |key: &str| label.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    if label.get("evidence") != Some(&serde_json::Value::Bool(false)) {
        return word("mode").map(|mode| mode.to_uppercase());
    }
    let (mode, market) = (word("mode")?.to_uppercase(), word("market")?);
    let (difficulty, noise, seed) = (word("difficulty")?, word("noise")?, word("seed")?);
    Some(format!("{mode} · {market} market ({difficulty}), noise {noise}, seed {seed} · NOT EVIDENCE"))
}

fn date_of(ts: Nanos) -> String {
    crate::show::time(ts).chars().take(10).collect()
}
