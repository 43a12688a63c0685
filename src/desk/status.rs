//! How a run stands, folded from what its journal tells: small enough to be asked for at any time.

use super::amounts::{Currency, bought, contracts, span, when};
use super::fills::Fills;
use super::follow::Told;
use super::memory::Fading;
use super::story::label_sentence;
use super::{Tally, amounts, is_told_by};
use crate::record::RecordKind;
use crate::show;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use trader_journal::book::Side;
use trader_journal::event::{
    Agent, ClientId, Event, Feed, FeedState, Gate, LifecycleKind, MarketId, Mode, OperatorVerb, OrderStatus,
};
use trader_journal::units::{Count, Money, Nanos, Price};

/// An order that may still be filled.
#[derive(Clone, Copy, Debug)]
struct Live {
    market: MarketId,
    side: Side,
    price: Price,
    remaining: Count,
    is_unknown: bool,
}

impl Live {
    /// What it may cost, fees left out.
    fn cost(&self) -> Money {
        bought(self.side, self.price).1.notional(self.remaining).unwrap_or(Money(i64::MAX))
    }
}

/// What is held of a market.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// Negative: NO.
    net: Count,
    /// Cash that went into it, fees included, as if every trade were one of YES.
    paid: Money,
}

impl Held {
    fn fill(&mut self, side: Side, price: Price, count: Count, fee: Money) {
        let cash = price.notional(count).unwrap_or_default();
        let (net, cash) = match side {
            Side::Bid => (count.0, cash.0),
            Side::Ask => (-count.0, -cash.0),
        };
        self.net.0 = self.net.0.saturating_add(net);
        self.paid.0 = self.paid.0.saturating_add(cash).saturating_add(fee.0);
    }

    /// What is lost at the worse of both results.
    fn worst_loss(&self) -> Money {
        let payout = self.net.payout().unwrap_or_default();
        Money(self.paid.0.max(self.paid.0.saturating_sub(payout.0)).max(0))
    }
}

/// A feed as it stands.
#[derive(Clone, Copy, Debug, Default)]
struct FeedStatus {
    state: Option<FeedState>,
    epoch: u32,
    /// When anything of it was last heard.
    heard: Nanos,
}

/// The state of a run.
#[derive(Debug, Default)]
pub struct Status {
    label: Map<String, Value>,
    label_line: Option<String>,
    mode: Option<Mode>,
    epoch: u32,
    market_time: Nanos,
    feeds: [FeedStatus; Feed::ALL.len()],
    is_paused: bool,
    is_killed: bool,
    stopped_by: Option<Gate>,
    tickers: Fading<MarketId, String>,
    live: BTreeMap<ClientId, Live>,
    held: BTreeMap<MarketId, Held>,
    fills: Fills,
    updating: ClientId,
    tally: Tally,
    commands_heard: u64,
    last_line: String,
    beside: Vec<Beside>,
}

/// What a running process knows beside its journal: its name, and who says it as JSON and for people.
struct Beside {
    name: &'static str,
    ask: Box<dyn Fn() -> (Value, String) + Send>,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Status {
    /// Takes one entry in.
    pub fn see(&mut self, told: &Told<'_>) {
        self.tally.see(told);
        match *told {
            Told::Record { kind, agent, ts, bytes, .. } => self.see_record(kind, agent, ts, bytes),
            Told::Event { agent, origin, event, .. } => {
                self.market_time = self.market_time.max(event.ts());
                if is_told_by(agent, origin, &event) {
                    self.hear(&event);
                }
            }
        }
    }

    /// Shows as `name` what `ask` says whenever the status is shown.
    pub fn show_beside(&mut self, name: &'static str, ask: impl Fn() -> (Value, String) + Send + 'static) {
        self.beside.push(Beside { name, ask: Box::new(ask) });
    }

    /// The last sentence of the story.
    pub fn tell(&mut self, line: &str) {
        line.clone_into(&mut self.last_line);
    }

    /// The counts so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Orders that rest, are on their way, or of which nobody knows whether they exist.
    #[must_use]
    pub fn orders_open(&self) -> usize {
        self.live.len()
    }

    /// Commands of people that exec has heard.
    #[must_use]
    pub const fn commands_heard(&self) -> u64 {
        self.commands_heard
    }

    /// Whether a feed's connection is up.
    #[must_use]
    pub fn is_up(&self, feed: Feed) -> bool {
        self.feeds[feed as usize].state == Some(FeedState::Up)
    }

    fn see_record(&mut self, kind: RecordKind, agent: Agent, ts: Nanos, bytes: &[u8]) {
        let feed = match agent {
            Agent::Kalshi => Some(Feed::Kalshi),
            Agent::Binance => Some(Feed::BinanceSpot),
            _ => None,
        };
        match (kind, feed) {
            (RecordKind::FrameHeard, Some(feed)) => self.feeds[feed as usize].heard = ts,
            (RecordKind::Label, _) => {
                self.label_line = label_sentence(bytes);
                if let Ok(Value::Object(label)) = serde_json::from_slice(bytes) {
                    self.label = label;
                }
            }
            _ => {}
        }
    }

    fn hear(&mut self, event: &Event) {
        match *event {
            Event::RunStarted { mode, epoch, .. } => (self.mode, self.epoch) = (Some(mode), epoch),
            Event::Operator { verb, .. } => self.hear_operator(verb),
            Event::MarketNamed { market, ticker, .. } => {
                self.tickers.insert(market, amounts::text(&ticker));
            }
            Event::Lifecycle { kind: LifecycleKind::Finalized, market, .. } => {
                self.live.retain(|_, order| order.market != market);
                self.tickers.finish(market);
            }
            Event::IndexTick { ts, .. } => self.feeds[Feed::Index as usize].heard = ts,
            Event::FeedChanged { feed, state, epoch, .. } => {
                let told = &mut self.feeds[feed as usize];
                (told.state, told.epoch) = (Some(state), epoch);
            }
            Event::Refused { gate: gate @ (Gate::ForeignActivity | Gate::Contradiction), .. } => {
                self.stopped_by = Some(gate);
            }
            _ => self.hear_order(event),
        }
    }

    fn hear_operator(&mut self, verb: OperatorVerb) {
        self.commands_heard += 1;
        match verb {
            OperatorVerb::Pause => self.is_paused = true,
            OperatorVerb::Resume => (self.is_paused, self.stopped_by) = (false, None),
            OperatorVerb::Kill => self.is_killed = true,
            OperatorVerb::Clear => self.is_killed = false,
            OperatorVerb::CancelAll => {}
        }
    }

    fn hear_order(&mut self, event: &Event) {
        self.fills.hear(event);
        match *event {
            Event::OrderIntent { side, market, client, count, price, .. } => {
                self.live.insert(client, Live { market, side, price, remaining: count, is_unknown: false });
            }
            Event::OrderAccepted { client, remaining, .. } => self.keep(client, Count(i64::from(remaining))),
            Event::OrderUnknown { client, .. } => {
                if let Some(order) = self.live.get_mut(&client) {
                    order.is_unknown = true;
                }
            }
            Event::OrderRejected { client, .. }
            | Event::OrderReleased { client, .. }
            | Event::CancelAccepted { client, .. } => {
                self.live.remove(&client);
            }
            Event::OrderIds { client, .. } => self.updating = client,
            Event::OrderUpdate { status, remaining, .. } => {
                let left = if status == OrderStatus::Resting { remaining } else { Count::ZERO };
                let client = std::mem::take(&mut self.updating);
                self.keep(client, left);
            }
            Event::Fill { side, market, order, count, fee, price, .. } => {
                let Some(client) = self.fills.whose(order) else { return };
                self.held.entry(market).or_default().fill(side, price, count, fee);
                let left = self.live.get(&client).map(|order| Count(order.remaining.0 - count.0));
                left.into_iter().for_each(|left| self.keep(client, left));
            }
            Event::PositionSettled { market, .. } => {
                self.held.remove(&market);
            }
            _ => {}
        }
    }

    /// The venue said what is left of an order.
    fn keep(&mut self, client: ClientId, remaining: Count) {
        if remaining <= Count::ZERO {
            self.live.remove(&client);
        } else if let Some(order) = self.live.get_mut(&client) {
            order.remaining = remaining.min(order.remaining);
            order.is_unknown = false;
        }
    }

    // ---- as it is shown ------------------------------------------------------------------------

    fn currency(&self) -> Currency {
        self.mode.map_or(Currency::UNKNOWN, Currency::of)
    }

    /// What is held at the worse of both results, and every live order at full size.
    fn exposure(&self) -> Money {
        let held = self.held.values().map(Held::worst_loss);
        let live = self.live.values().map(Live::cost);
        Money(held.chain(live).fold(0i64, |sum, loss| sum.saturating_add(loss.0)))
    }

    /// Whether it trades, in one word, and why not.
    fn trading(&self) -> String {
        match (self.is_killed, self.stopped_by, self.is_paused) {
            (true, ..) => "KILLED".to_owned(),
            (false, Some(gate), _) => format!("STOPPED ({})", gate.word()),
            (false, None, true) => "PAUSED".to_owned(),
            (false, None, false) => "trading".to_owned(),
        }
    }

    /// One object; ages are taken at `now`, market time.
    #[must_use]
    pub fn json(&self, now: Nanos) -> Value {
        let feeds = Feed::ALL.iter().map(|feed| (*feed, self.feeds[*feed as usize]));
        let feeds = feeds.filter(|(_, told)| told.state.is_some() || told.heard.0 > 0).map(|(feed, told)| {
            let age = (told.heard.0 > 0).then(|| now.since(told.heard) / Nanos::MILLI);
            let state = told.state.map(FeedState::word);
            (feed.word().to_owned(), json!({ "state": state, "epoch": told.epoch, "age_ms": age }))
        });
        let positions = self.held.iter().map(|(market, held)| {
            json!({
                "ticker": self.ticker(*market),
                "contracts": decimal(&held.net),
                "worst_loss_usd": decimal(&held.worst_loss()),
            })
        });
        let mut object = self.label.clone();
        let more = json!({
            "mode": self.mode.map(Mode::word),
            "epoch": self.epoch,
            "market_time": show::time(self.market_time),
            "trading": self.trading(),
            "paused": self.is_paused,
            "killed": self.is_killed,
            "stopped_by": self.stopped_by.map(Gate::word),
            "feeds": feeds.collect::<Map<_, _>>(),
            "orders_live": self.live.len(),
            "orders_unknown": self.unknown(),
            "positions": positions.collect::<Vec<_>>(),
            "exposure_usd": decimal(&self.exposure()),
            "evaluations": self.tally.evaluations(),
            "windows_settled": self.tally.events_settled(),
            "orders_sent": self.tally.orders_sent(),
            "orders_filled": self.tally.orders_filled(),
            "contracts": decimal(&self.tally.contracts()),
            "fees_usd": decimal(&self.tally.fees()),
            "result_usd": decimal(&self.tally.result()),
            "last": self.last_line,
        });
        if let Value::Object(more) = more {
            object.extend(more);
        }
        object.extend(self.beside.iter().map(|beside| (beside.name.to_owned(), (beside.ask)().0)));
        Value::Object(object)
    }

    /// A few lines, with the run's label first.
    #[must_use]
    pub fn text(&self, now: Nanos) -> String {
        let money = self.currency();
        let mut text = String::new();
        if let Some(label) = &self.label_line {
            let _ = writeln!(text, "{label}");
        }
        let mode = self.mode.map_or("not started", Mode::word);
        let _ =
            writeln!(text, "run {} ({mode}): {}, market time {}", self.epoch, self.trading(), when(self.market_time));
        let feeds: Vec<_> = Feed::ALL.iter().filter_map(|feed| self.feed_text(*feed, now)).collect();
        let _ = writeln!(text, "feeds    {}", if feeds.is_empty() { "none yet".to_owned() } else { feeds.join(", ") });
        let tally = &self.tally;
        let (evaluations, sent, filled) = (tally.evaluations(), tally.orders_sent(), tally.orders_filled());
        let _ = writeln!(text, "so far   {evaluations} evaluations, {sent} orders sent, {filled} filled");
        let _ = writeln!(text, "open     {} orders, {} of them unknown", self.live.len(), self.unknown());
        for (market, held) in &self.held {
            let side = if held.net.0 < 0 { "NO" } else { "YES" };
            let (count, loss) = (contracts(Count(held.net.0.abs())), money.amount(held.worst_loss()));
            let _ = writeln!(text, "holding  {count} {side} of {}, worst loss {loss}", self.ticker(*market));
        }
        let _ = writeln!(
            text,
            "exposure {}, fees {}, result {}",
            money.amount(self.exposure()),
            money.amount(tally.fees()),
            money.change(tally.result())
        );
        for Beside { name, ask } in &self.beside {
            let _ = writeln!(text, "{name:8} {}", ask().1);
        }
        if !self.last_line.is_empty() {
            let _ = writeln!(text, "last     {}", self.last_line);
        }
        text
    }

    fn feed_text(&self, feed: Feed, now: Nanos) -> Option<String> {
        let told = self.feeds[feed as usize];
        let state = told.state?;
        let age = match told.heard {
            Nanos(0) => "nothing heard".to_owned(),
            heard => format!("heard {} ago", span(now.since(heard))),
        };
        Some(format!("{} {} ({age})", feed.word(), state.word()))
    }

    fn unknown(&self) -> usize {
        self.live.values().filter(|order| order.is_unknown).count()
    }

    fn ticker(&self, market: MarketId) -> String {
        self.tickers.get(&market).cloned().unwrap_or_else(|| format!("market {}", market.0))
    }
}

/// A decimal as the JSON number with the same digits.
fn decimal(exact: &impl std::fmt::Display) -> Value {
    serde_json::from_str(&exact.to_string()).unwrap_or(Value::Null)
}
