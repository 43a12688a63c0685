//! A recorded session as a list of inputs: what both paths hear, in the order it was heard.
//!
//! The session is simulated and its journal read back. Frames arrive on whole seconds, a second late, so that an
//! event's evaluation falls on a frame and not on a timer between two. The makers err more than even an easy market's:
//! orders are what is measured, and whether they earn is of no interest here.

use kalshi_trader::config::{Config, Layers};
use kalshi_trader::line::sim::{SimRequest, SimRun};
use kalshi_trader::line::split_answer;
use kalshi_trader::record::RecordKind;
use std::fmt;
use std::path::Path;
use trader_benches::conditions::Effort;
use trader_journal::event::{Agent, Event, Ring};
use trader_journal::log::{Entry, Reader};
use trader_journal::units::Nanos;

const SETTINGS: [&str; 5] =
    ["sim.start_date=2026-11-02", "sim.market=easy", "sim.easy.noise=0.5", "sim.stream_latency_ms=1000", "sim.seed=14"];

/// Whose words they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Venue {
    /// The exchange.
    Kalshi,
    /// The spot market.
    Binance,
}

/// One thing that was heard.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heard {
    /// A connection came up.
    Connected(Venue),
    /// A text frame.
    Frame(Venue, &'static [u8]),
    /// The answer to a `GET` of the target.
    Answer { venue: Venue, target: &'static str, status: u16, body: &'static [u8] },
    /// A deadline of a feed session.
    Timer(Venue, Event),
    /// The shell's word to pricing: the start, the model.
    Pricing(Event),
    /// The shell's word to exec: the start, and the venue's replies to orders.
    Exec(Event),
}

/// One input and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    pub(crate) ts: Nanos,
    pub(crate) kind: Kind,
    pub(crate) heard: Heard,
}

/// What sort of thing an input is, by what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A change of one level of a book.
    Delta,
    /// A tick of the settlement index.
    Index,
    /// A trade of the spot market.
    Spot,
    /// The life of any market.
    Life,
    /// Another frame: snapshots, replies to commands, fills.
    OtherFrame,
    /// Answers to questions, deadlines, the shell's words.
    NoFrame,
}

impl Kind {
    /// All of them, and how they are called.
    pub(crate) const ALL: [(Kind, &'static str); 6] = [
        (Kind::Delta, "book delta"),
        (Kind::Index, "index tick"),
        (Kind::Spot, "spot trade"),
        (Kind::Life, "market lifecycle"),
        (Kind::OtherFrame, "any other frame"),
        (Kind::NoFrame, "REST answer, timer, reply"),
    ];

    fn of(heard: &Heard) -> Kind {
        let Heard::Frame(_, text) = heard else { return Kind::NoFrame };
        let begins = |with: &str| text.starts_with(with.as_bytes());
        match () {
            () if begins("{\"type\":\"orderbook_delta\"") => Kind::Delta,
            () if begins("{\"type\":\"cfbenchmarks_value\"") => Kind::Index,
            () if begins("{\"stream\":\"btcusdt@trade\"") => Kind::Spot,
            () if begins("{\"type\":\"market_lifecycle_v2\"") => Kind::Life,
            () => Kind::OtherFrame,
        }
    }
}

/// The bytes of one request, as it leaves.
pub(crate) type Body = Vec<u8>;

/// A path from what is heard to the orders that leave.
pub(crate) trait Contender {
    /// Hears one input; appends the bodies of the orders it leads to.
    fn hear(&mut self, input: &Input, orders: &mut Vec<Body>);
}

/// A session, read back.
pub(crate) struct Session {
    pub(crate) config: Config,
    pub(crate) inputs: Vec<Input>,
    /// The orders that left in it: replies and fills among the inputs are theirs.
    pub(crate) orders: Vec<Body>,
    pub(crate) started: Nanos,
    windows: u64,
}

impl Session {
    /// Simulates a session and reads its journal.
    ///
    /// # Panics
    /// When it cannot be made, or nobody ordered anything in it: then there is nothing to measure.
    pub(crate) fn make(effort: Effort) -> Session {
        let windows = match effort {
            Effort::Smoke => 4,
            Effort::Quick | Effort::Full => 12,
        };
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut layers = Layers::defaults().expect("the shipped configuration");
        for setting in SETTINGS {
            layers.add_setting(setting).expect("a setting there is");
        }
        let data_dir = dir.path().join("session");
        let request = SimRequest { candles: Vec::new(), from: None, to: None, windows: Some(windows), data_dir };
        let run = SimRun::prepare(&mut layers, &request).expect("a session that can be run");
        let started = run.starts_at();
        run.trade(|_| ()).expect("a session that runs to its end");
        let config = layers.finish().expect("it was finished before");
        let (inputs, orders) = read_back(&request.data_dir.join("journal"));
        assert!(!orders.is_empty(), "nothing was ordered in this session: choose another seed");
        Session { config, inputs, orders, started, windows }
    }

    /// Text frames among the inputs.
    pub(crate) fn frames(&self) -> impl Iterator<Item = &'static [u8]> + '_ {
        self.inputs.iter().filter_map(|input| match input.heard {
            Heard::Frame(_, bytes) => Some(bytes),
            _ => None,
        })
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frames = self.frames().count();
        let bytes: usize = self.frames().map(<[u8]>::len).sum();
        write!(f, "input: a SIMULATED session ({}), {} quarter hours: ", SETTINGS.join(" "), self.windows)?;
        write!(f, "{frames} frames of {} bytes on average, ", bytes / frames.max(1))?;
        write!(f, "{} other inputs, {} orders", self.inputs.len() - frames, self.orders.len())
    }
}

/// An input whose bytes are a stretch of the text read so far.
struct Draft {
    ts: Nanos,
    kind: DraftKind,
}

enum DraftKind {
    Ready(Heard),
    Frame(Venue, std::ops::Range<usize>),
    Answer(Venue, u16, std::ops::Range<usize>),
}

/// Inputs and orders of a journal. The text is kept for as long as the bench runs, in one piece and in the order
/// heard, so that reading it costs both paths the same.
fn read_back(journal: &Path) -> (Vec<Input>, Vec<Body>) {
    let mut reader = Reader::open(journal).expect("the journal just written");
    let (mut text, mut drafts, mut orders) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(entry) = reader.next().expect("an undamaged journal") {
        match entry {
            Entry::Line { stream, origin, body, .. } => {
                let event = Event::from_bytes(body).expect("an event of this version");
                let agent = Agent::from_stream(stream.number()).expect("a stream of this version");
                let ring = origin.ring().and_then(Ring::from_number);
                let kind = ring.and_then(|ring| of_the_shell(agent, ring, event));
                drafts.extend(kind.map(|kind| Draft { ts: event.ts(), kind: DraftKind::Ready(kind) }));
            }
            Entry::Record { stream, kind, tag, ts, bytes, .. } => {
                let agent = Agent::from_stream(stream.number()).expect("a stream of this version");
                let kind = RecordKind::from_number(kind).expect("a record of this version");
                if kind == RecordKind::OrderSent {
                    orders.push(bytes.to_vec());
                }
                let venue = if agent == Agent::Kalshi { Venue::Kalshi } else { Venue::Binance };
                let place = text.len()..text.len() + bytes.len();
                let kind = match kind {
                    RecordKind::Connected => DraftKind::Ready(Heard::Connected(venue)),
                    RecordKind::FrameHeard => DraftKind::Frame(venue, place),
                    RecordKind::AnswerHeard => DraftKind::Answer(venue, tag, place),
                    _ => continue,
                };
                text.extend_from_slice(bytes);
                drafts.push(Draft { ts, kind });
            }
        }
    }
    let text: &'static [u8] = text.leak();
    (drafts.into_iter().map(|draft| draft.finish(text)).collect(), orders)
}

/// What no other input leads to: deadlines of the feeds, and the shell's own words. The stages' deadlines are left
/// out, so that frames alone wake them.
fn of_the_shell(agent: Agent, ring: Ring, event: Event) -> Option<Heard> {
    let is_timer = matches!(event, Event::Timer { .. });
    match (agent, ring) {
        (Agent::Kalshi, Ring::Shell) if is_timer => Some(Heard::Timer(Venue::Kalshi, event)),
        (Agent::Binance, Ring::Shell) if is_timer => Some(Heard::Timer(Venue::Binance, event)),
        (Agent::Pricing, Ring::Shell | Ring::ModelPricing) if !is_timer => Some(Heard::Pricing(event)),
        (Agent::Exec, Ring::Shell | Ring::GatewayExec) if !is_timer => Some(Heard::Exec(event)),
        _ => None,
    }
}

impl Draft {
    fn finish(self, text: &'static [u8]) -> Input {
        let heard = match self.kind {
            DraftKind::Ready(heard) => heard,
            DraftKind::Frame(venue, place) => Heard::Frame(venue, &text[place]),
            DraftKind::Answer(venue, status, place) => {
                let (target, body) = split_answer(&text[place]).expect("what was asked, and the answer");
                Heard::Answer { venue, target, status, body }
            }
        };
        Input { ts: self.ts, kind: Kind::of(&heard), heard }
    }
}
