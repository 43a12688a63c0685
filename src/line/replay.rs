//! Every agent run again on its own stream of a journal, and all it says compared with what
//! it said then.
//!
//! Inputs are what the journal says was heard. Outputs are compared where they were written
//! down: in the agent's own stream when nobody heard them, in the hearer's stream otherwise;
//! frames, state hashes and the deadlines of timers too. The gateway is run again as well: each
//! request that left is the one exec's intent makes, each reply means what exec heard. Nothing
//! here knows in which mode the run was made.
//!
//! A journal that was opened again goes on with the agents as they were. What one of them had told
//! another who did not hear it is dropped at that border, and counted as in flight; what it had said to
//! nobody and not written down is the first thing it writes.
//!
//! It relies on the order of lines **within** a stream; between streams on two things only: the
//! configuration comes first, and an intent stands before the request it became, which is the rule
//! of the commit. What crossed a ring is compared whichever of its two sides is read first.

use super::feed::{FeedInput, split_answer};
use super::rerun::{Feed, Staged};
use super::resume::Links;
use super::stages::{Stages, is_command, is_for_exec};
use crate::config::{ConfigError, Layers};
use crate::gateway::{Gateway, Outgoing, split_reply};
use crate::record::RecordKind;
use std::collections::VecDeque;
use std::path::Path;
use thiserror::Error;
use trader_exec::Exec;
use trader_feeds::kalshi::reply::{Asked, no_reply, not_sent, read_reply};
use trader_feeds::{binance, kalshi};
use trader_journal::event::{Agent, Event, RejectReason, Ring, UnknownReason};
use trader_journal::log::{Damage, Entry, Origin, Position, Reader, verify};
use trader_journal::stage::Stage;
use trader_journal::units::Nanos;
use trader_pricing::Pricing;

/// Why a journal cannot be replayed, or is not what its agents would say again.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A byte of the journal is not what was written.
    #[error("the journal is damaged: {0}")]
    Damaged(#[from] Damage),
    /// The configuration it was made with is not one this version reads.
    #[error("the recorded configuration cannot be used: {0}")]
    Configuration(#[from] ConfigError),
    /// Something other than a run of the line, or of another version.
    #[error("{at}: {what}")]
    Unreadable {
        /// Where.
        at: Place,
        /// What is there.
        what: String,
    },
    /// The first difference.
    #[error("{at}: {agent:?} says something else today.\n  then: {then}\n  now:  {now}")]
    Differs {
        /// Where the journal says what was said then.
        at: Place,
        /// Who.
        agent: Agent,
        /// What the journal holds.
        then: String,
        /// What the agent says now.
        now: String,
    },
}

/// A position as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub Position);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "segment {} line {}", self.0.segment, self.0.line)
    }
}

/// What was compared of one agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Inputs it was given again.
    pub heard: u64,
    /// Outputs found as they were.
    pub outputs: u64,
    /// Frames it wanted sent, found as they were.
    pub frames: u64,
    /// State hashes found as they were.
    pub hashes: u64,
    /// Outputs nobody had taken yet when the journal ends.
    pub in_flight: u64,
}

/// What was compared of all of them, in the order of [`Agent::ALL`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayReport {
    /// Per agent number.
    pub agents: [Compared; Agent::ALL.len()],
    /// Entries read.
    pub entries: u64,
    /// Time of the last one.
    pub last_ts: Nanos,
    /// What the run says it is: one line of JSON.
    pub label: Option<String>,
}

/// What an agent says now and the journal has not shown yet, or the other way round.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) now: VecDeque<Event>,
    then: VecDeque<(Position, Event)>,
}

impl Expected {
    /// Compares what both sides have; gives how many were equal.
    fn settle(&mut self, agent: Agent) -> Result<u64, ReplayError> {
        let mut equal = 0;
        while let (Some(now), Some((position, then))) = (self.now.front(), self.then.front()) {
            if now != then {
                return Err(differs(*position, agent, then, now));
            }
            self.now.pop_front();
            self.then.pop_front();
            equal += 1;
        }
        Ok(equal)
    }
}

/// The agents of a run, being run again.
pub(super) struct Line {
    pub(super) configuration: String,
    pub(super) links: Links,
    pub(super) kalshi: Feed<kalshi::Session>,
    pub(super) binance: Feed<binance::Session>,
    pub(super) pricing: Staged<Pricing>,
    pub(super) exec: Staged<Exec>,
    gateway: Gateway,
    /// Commands whose requests are to leave, and the requests; `None` for one that cannot be written.
    requests: Vec<(Asked, Option<Vec<u8>>)>,
    /// Whose request was written down last: its connection may turn out to be gone a moment later.
    last_sent: Option<Asked>,
    /// What crossed each ring.
    rings: [Expected; Ring::ALL.len()],
    /// What each agent said to nobody.
    pub(super) said: [Expected; Agent::ALL.len()],
    pub(super) report: ReplayReport,
}

/// Replays the journal in `dir`, `altered` settings laid over those it was made with.
///
/// # Errors
/// [`ReplayError`] names the first difference, or why there is nothing to compare.
pub fn replay(dir: &Path, altered: &[String]) -> Result<ReplayReport, ReplayError> {
    let (line, label, entries, at) = run_again(dir, altered)?;
    let report = line.finish(entries, at)?;
    Ok(ReplayReport { label, ..report })
}

/// The line at the journal's end, its label, how many entries that took, and where that is.
pub(super) fn run_again(dir: &Path, altered: &[String]) -> Result<(Line, Option<String>, u64, Place), ReplayError> {
    // The reader checks what it reads; verify also checks what it never shows: blanks, spares, the tail.
    verify(dir)?;
    let mut reader = Reader::open(dir)?;
    let mut line: Option<Line> = None;
    let (mut entries, mut label) = (0, None);
    while let Some(entry) = reader.next()? {
        entries += 1;
        label = label_of(&entry).or(label);
        match &mut line {
            Some(line) => line.take(&entry, altered)?,
            None => line = configured(&entry, altered)?,
        }
    }
    let at = Place(reader.position());
    let line = line.ok_or_else(|| unreadable(at, "no configuration is recorded: this is not the journal of a run"))?;
    Ok((line, label, entries, at))
}

fn label_of(entry: &Entry<'_>) -> Option<String> {
    match entry {
        Entry::Record { kind, bytes, .. } if RecordKind::from_number(*kind) == Some(RecordKind::Label) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        Entry::Record { .. } | Entry::Line { .. } => None,
    }
}

/// The line that a recorded configuration makes; `None` for any other entry.
fn configured(entry: &Entry<'_>, altered: &[String]) -> Result<Option<Line>, ReplayError> {
    let Entry::Record { position, kind, ts, bytes, .. } = entry else { return Ok(None) };
    if RecordKind::from_number(*kind) != Some(RecordKind::Configuration) {
        return Ok(None);
    }
    let at = Place(*position);
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable(at, "the configuration is not text"))?;
    Ok(Some(Line::new(stages_of(text, altered, *ts)?, text)))
}

pub(super) fn stages_of(configuration: &str, altered: &[String], ts: Nanos) -> Result<Stages, ReplayError> {
    let mut layers = Layers::defaults()?;
    layers.add_text("journal", configuration, false)?;
    for setting in altered {
        layers.add_setting(setting)?;
    }
    Ok(Stages::of(&layers.finish()?, ts))
}

impl Line {
    fn new(stages: Stages, configuration: &str) -> Line {
        let Stages { kalshi, binance, pricing, exec, model, shard, .. } = stages;
        let mut rings: [Expected; Ring::ALL.len()] = Default::default();
        // The configured model is the shell's word: an altered coefficient is an altered output.
        rings[Ring::ModelPricing as usize].now.extend(model);
        Line {
            configuration: configuration.to_owned(),
            links: Links::default(),
            kalshi: Feed::new(kalshi),
            binance: Feed::new(binance),
            pricing: Staged::new(pricing),
            exec: Staged::new(exec),
            gateway: Gateway::new(shard),
            requests: Vec::new(),
            last_sent: None,
            rings,
            said: Default::default(),
            report: ReplayReport::default(),
        }
    }

    fn take(&mut self, entry: &Entry<'_>, altered: &[String]) -> Result<(), ReplayError> {
        match *entry {
            Entry::Line { position, stream, origin, body, .. } => {
                let agent = agent_of(stream.number(), position)?;
                let event = Event::from_bytes(body)
                    .ok_or_else(|| unreadable(Place(position), "an event this version does not know"))?;
                self.report.last_ts = event.ts();
                self.take_line(agent, origin, position, &event)
            }
            Entry::Record { position, stream, kind, tag, ts, bytes } => {
                let agent = agent_of(stream.number(), position)?;
                let kind = RecordKind::from_number(kind)
                    .ok_or_else(|| unreadable(Place(position), "a record this version does not know"))?;
                self.report.last_ts = ts;
                match kind {
                    // The first record of every opening of the journal.
                    RecordKind::Build => self.drop_unheard(),
                    RecordKind::Configuration => self.configured_again(bytes, altered, ts, Place(position)),
                    _ => self.take_record(agent, Bytes { kind, tag, ts, bytes, position }),
                }
            }
        }
    }

    /// The program ended and began anew. What was told to one who did not hear it, what was to be sent
    /// and did not leave: nobody will ever know of it.
    pub(super) fn drop_unheard(&mut self) -> Result<(), ReplayError> {
        for ring in Ring::ALL {
            if let Some(producer) = producer_of(ring) {
                let unheard = &mut self.rings[ring as usize];
                self.report.agents[producer as usize].in_flight += leftover(unheard, producer)?;
                unheard.now.clear();
            }
        }
        self.report.agents[Agent::Shell as usize].in_flight += self.requests.len() as u64;
        self.requests.clear();
        self.kalshi.sent.clear();
        self.binance.sent.clear();
        Ok(())
    }

    /// Who goes on does so with the same configuration, and tells pricing its model again.
    fn configured_again(&mut self, bytes: &[u8], altered: &[String], ts: Nanos, at: Place) -> Result<(), ReplayError> {
        if bytes != self.configuration.as_bytes() {
            return Err(unreadable(at, "the run went on with another configuration"));
        }
        let model = stages_of(&self.configuration, altered, ts)?.model;
        self.rings[Ring::ModelPricing as usize].now.extend(model);
        Ok(())
    }

    fn take_line(
        &mut self,
        agent: Agent,
        origin: Origin,
        position: Position,
        event: &Event,
    ) -> Result<(), ReplayError> {
        let Some(number) = origin.ring() else { return self.said_then(agent, position, event) };
        let ring = Ring::from_number(number)
            .ok_or_else(|| unreadable(Place(position), "a ring this version does not know"))?;
        self.report.agents[agent as usize].heard += 1;
        if let Some(producer) = producer_of(ring) {
            self.rings[ring as usize].then.push_back((position, *event));
            let equal = self.rings[ring as usize].settle(producer)?;
            self.report.agents[producer as usize].outputs += equal;
        }
        if let Event::Timer { due, .. } = event {
            self.compare_deadline(agent, position, *due)?;
        }
        match agent {
            Agent::Kalshi => self.hear_kalshi(event.ts(), &FeedInput::Timer(event)),
            Agent::Binance => self.hear_binance(event.ts(), &FeedInput::Timer(event)),
            Agent::Pricing => self.hear_pricing(event),
            Agent::Exec => self.hear_exec(event),
            Agent::Shell | Agent::Venue | Agent::Control => Ok(()),
        }
    }

    /// A timer tells the deadline its agent asked for.
    fn compare_deadline(&self, agent: Agent, position: Position, then: Nanos) -> Result<(), ReplayError> {
        let now = match agent {
            Agent::Kalshi => self.kalshi.session.next_deadline(),
            Agent::Binance => self.binance.session.next_deadline(),
            Agent::Pricing => self.pricing.stage.next_deadline(),
            Agent::Exec => self.exec.stage.next_deadline(),
            Agent::Shell | Agent::Venue | Agent::Control => then,
        };
        if now == then {
            return Ok(());
        }
        let (then, now) = (format!("asked for a timer at {}", then.0), format!("asks for one at {}", now.0));
        Err(ReplayError::Differs { at: Place(position), agent, then, now })
    }

    fn said_then(&mut self, agent: Agent, position: Position, event: &Event) -> Result<(), ReplayError> {
        if let Event::StateHash { hash, .. } = event {
            return self.compare_hash(agent, position, *hash);
        }
        self.said[agent as usize].then.push_back((position, *event));
        self.settle_said(agent)
    }

    fn compare_hash(&mut self, agent: Agent, position: Position, then: u64) -> Result<(), ReplayError> {
        let now = match agent {
            Agent::Kalshi => self.kalshi.session.state_hash(),
            Agent::Binance => self.binance.session.state_hash(),
            Agent::Pricing => self.pricing.stage.state_hash(),
            Agent::Exec => self.exec.stage.state_hash(),
            Agent::Shell | Agent::Venue | Agent::Control => then,
        };
        if now != then {
            let (then, now) = (format!("state hash {then:016x}"), format!("state hash {now:016x}"));
            return Err(ReplayError::Differs { at: Place(position), agent, then, now });
        }
        self.report.agents[agent as usize].hashes += 1;
        Ok(())
    }

    fn take_record(&mut self, agent: Agent, record: Bytes<'_>) -> Result<(), ReplayError> {
        let at = Place(record.position);
        let epoch = u32::from(record.tag);
        let input = match record.kind {
            RecordKind::Connected => {
                let link = if agent == Agent::Kalshi { &mut self.links.kalshi } else { &mut self.links.binance };
                *link = epoch;
                FeedInput::Connected { epoch }
            }
            RecordKind::Disconnected => FeedInput::Disconnected,
            RecordKind::FrameHeard => FeedInput::Frame { epoch, bytes: record.bytes },
            RecordKind::AnswerHeard => {
                let (target, body) = split_answer(record.bytes).ok_or_else(|| unreadable(at, "not an answer"))?;
                FeedInput::Answer { target, status: record.tag, body }
            }
            RecordKind::FrameSent => return self.frame_sent(agent, &record),
            RecordKind::OrderSent => return self.order_sent(agent, &record),
            RecordKind::OrderReply => return self.order_reply(agent, &record),
            RecordKind::OrderLost => return self.order_lost(agent, &record),
            RecordKind::OrderKept => return self.order_kept(agent, &record),
            RecordKind::Configuration | RecordKind::Build | RecordKind::Label => return Ok(()),
        };
        self.report.agents[agent as usize].heard += 1;
        match agent {
            Agent::Kalshi => self.hear_kalshi(record.ts, &input),
            Agent::Binance => self.hear_binance(record.ts, &input),
            _ => Err(unreadable(at, "bytes heard by an agent that is no feed")),
        }
    }

    fn frame_sent(&mut self, agent: Agent, record: &Bytes<'_>) -> Result<(), ReplayError> {
        let sent = if agent == Agent::Kalshi { &mut self.kalshi.sent } else { &mut self.binance.sent };
        compare_bytes(agent, record, sent.pop_front())?;
        self.report.agents[agent as usize].frames += 1;
        Ok(())
    }

    /// What left for the venue is what the gateway makes of one of exec's commands: of the next one, unless a
    /// cancel went before a create.
    fn order_sent(&mut self, agent: Agent, record: &Bytes<'_>) -> Result<(), ReplayError> {
        let is_it = |(_, text): &(Asked, Option<Vec<u8>>)| text.as_deref() == Some(record.bytes);
        match self.requests.iter().position(is_it) {
            Some(at) => self.last_sent = Some(self.requests.remove(at).0),
            None => compare_bytes(agent, record, self.requests.first().and_then(|(_, text)| text.clone()))?,
        }
        self.report.agents[agent as usize].frames += 1;
        Ok(())
    }

    /// No reply came; exec is to hear that the outcome is not known, and why.
    fn order_lost(&mut self, agent: Agent, record: &Bytes<'_>) -> Result<(), ReplayError> {
        let asked = asked_of(record)?;
        let reason = UnknownReason::ALL.iter().find(|reason| **reason as u16 == record.tag);
        let reason =
            *reason.ok_or_else(|| unreadable(Place(record.position), "a reason this version does not know"))?;
        self.report.agents[agent as usize].heard += 1;
        self.rings[Ring::GatewayExec as usize].now.push_back(no_reply(record.ts, asked, reason));
        Ok(())
    }

    /// A command of exec that never left; exec is to hear that it was refused here.
    fn order_kept(&mut self, agent: Agent, record: &Bytes<'_>) -> Result<(), ReplayError> {
        let asked = asked_of(record)?;
        let reason = RejectReason::ALL.iter().find(|reason| **reason as u16 == record.tag);
        let reason =
            *reason.ok_or_else(|| unreadable(Place(record.position), "a reason this version does not know"))?;
        match self.requests.iter().position(|(of, _)| *of == asked) {
            Some(at) => drop(self.requests.remove(at)),
            None if self.last_sent.take() == Some(asked) => {}
            None => compare_bytes(agent, record, None)?,
        }
        self.report.agents[agent as usize].heard += 1;
        self.rings[Ring::GatewayExec as usize].now.push_back(not_sent(record.ts, asked, reason));
        Ok(())
    }

    /// A reply is read again; exec is to hear what it means.
    fn order_reply(&mut self, agent: Agent, record: &Bytes<'_>) -> Result<(), ReplayError> {
        let (asked, body) =
            split_reply(record.bytes).ok_or_else(|| unreadable(Place(record.position), "not a reply"))?;
        self.report.agents[agent as usize].heard += 1;
        let told = asked.map(|asked| read_reply(record.ts, asked, record.tag, body));
        self.rings[Ring::GatewayExec as usize].now.extend(told);
        Ok(())
    }

    fn hear_kalshi(&mut self, ts: Nanos, input: &FeedInput<'_>) -> Result<(), ReplayError> {
        self.kalshi.hear(ts, input);
        for event in self.kalshi.outbox.events() {
            let hearers = event.hearers();
            if hearers.pricing {
                self.rings[Ring::KalshiPricing as usize].now.push_back(*event);
            }
            if hearers.exec {
                self.rings[Ring::KalshiExec as usize].now.push_back(*event);
            }
            if !hearers.pricing && !hearers.exec {
                self.said[Agent::Kalshi as usize].now.push_back(*event);
            }
        }
        self.settle_said(Agent::Kalshi)
    }

    fn hear_binance(&mut self, ts: Nanos, input: &FeedInput<'_>) -> Result<(), ReplayError> {
        self.binance.hear(ts, input);
        for event in self.binance.outbox.events() {
            if event.hearers().pricing {
                self.rings[Ring::BinancePricing as usize].now.push_back(*event);
            } else {
                self.said[Agent::Binance as usize].now.push_back(*event);
            }
        }
        self.settle_said(Agent::Binance)
    }

    fn hear_pricing(&mut self, event: &Event) -> Result<(), ReplayError> {
        self.pricing.hear(event);
        for event in self.pricing.outbox.events() {
            if is_for_exec(event) {
                self.rings[Ring::PricingExec as usize].now.push_back(*event);
            } else {
                self.said[Agent::Pricing as usize].now.push_back(*event);
            }
        }
        self.settle_said(Agent::Pricing)
    }

    fn hear_exec(&mut self, event: &Event) -> Result<(), ReplayError> {
        self.gateway.hear(event);
        self.exec.hear(event);
        self.said[Agent::Exec as usize].now.extend(self.exec.outbox.events());
        for event in self.exec.outbox.events() {
            if is_command(event) {
                self.gateway.accept(event, 0);
            }
        }
        while let Some(outgoing) = self.gateway.next_request(0) {
            match outgoing {
                Outgoing::Send(request, asked) => self.requests.push((asked, Some(request.text().to_vec()))),
                Outgoing::Refused { asked, .. } => self.requests.push((asked, None)),
            }
        }
        self.settle_said(Agent::Exec)
    }

    fn settle_said(&mut self, agent: Agent) -> Result<(), ReplayError> {
        let equal = self.said[agent as usize].settle(agent)?;
        self.report.agents[agent as usize].outputs += equal;
        Ok(())
    }

    /// At the end nothing may be in the journal that no agent says again; what was said and not
    /// yet written down is in flight when a run is killed.
    fn finish(mut self, entries: u64, at: Place) -> Result<ReplayReport, ReplayError> {
        self.drop_unheard()?;
        for agent in Agent::ALL {
            self.report.agents[agent as usize].in_flight += leftover(&self.said[agent as usize], agent)?;
        }
        self.report.entries = entries;
        if self.report.agents.iter().all(|compared| compared.outputs == 0) {
            return Err(unreadable(at, "nothing was compared: no agent said anything"));
        }
        Ok(self.report)
    }
}

/// One record of the journal.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    kind: RecordKind,
    tag: u16,
    ts: Nanos,
    bytes: &'a [u8],
    position: Position,
}

/// What a record of the gateway is about.
fn asked_of(record: &Bytes<'_>) -> Result<Asked, ReplayError> {
    let split = split_reply(record.bytes).and_then(|(asked, _)| asked);
    split.ok_or_else(|| unreadable(Place(record.position), "not a command"))
}

fn compare_bytes(agent: Agent, record: &Bytes<'_>, now: Option<Vec<u8>>) -> Result<(), ReplayError> {
    if now.as_deref() == Some(record.bytes) {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (then, now) = (text(record.bytes), now.map_or("nothing".to_owned(), |bytes| text(&bytes)));
    Err(ReplayError::Differs { at: Place(record.position), agent, then, now })
}

pub(super) fn leftover(expected: &Expected, agent: Agent) -> Result<u64, ReplayError> {
    match expected.then.front() {
        Some((position, then)) => {
            let (at, then) = (Place(*position), format!("{then:?}"));
            Err(ReplayError::Differs { at, agent, then, now: "nothing".to_owned() })
        }
        None => Ok(expected.now.len() as u64),
    }
}

/// Which agent's words a ring carries; `None` for what comes from outside.
const fn producer_of(ring: Ring) -> Option<Agent> {
    match ring {
        Ring::KalshiPricing | Ring::KalshiExec => Some(Agent::Kalshi),
        Ring::BinancePricing => Some(Agent::Binance),
        Ring::PricingExec => Some(Agent::Pricing),
        Ring::ModelPricing | Ring::GatewayExec => Some(Agent::Shell),
        Ring::Shell | Ring::ControlExec | Ring::JournalExec | Ring::ShellExec => None,
    }
}

fn agent_of(stream: u8, position: Position) -> Result<Agent, ReplayError> {
    Agent::from_stream(stream).ok_or_else(|| unreadable(Place(position), "a stream this version does not know"))
}

fn unreadable(at: Place, what: &str) -> ReplayError {
    ReplayError::Unreadable { at, what: what.to_owned() }
}

fn differs(position: Position, agent: Agent, then: &Event, now: &Event) -> ReplayError {
    ReplayError::Differs { at: Place(position), agent, then: format!("{then:?}"), now: format!("{now:?}") }
}
