//! The whole line on one thread in virtual time, with the mock exchange in process: no socket,
//! no clock, the same seed the same bytes.
//!
//! Time jumps from one thing that happens to the next. At each instant every agent works until
//! none has anything to do; then the earliest of all deadlines is the next instant.

use super::agent::{Input, Output, StageAgent, Word};
use super::feed::{FeedAgent, FeedInput, FeedSession as _, Route};
use super::pen::PenError;
use super::resume::{LastWords, Links};
use super::scribe::{Committed, Pens, Scribe, ScribeError};
use super::stages::{Stages, is_command, is_for_exec};
use super::standing::Standing;
use crate::exchange::{ConnId, MockExchange};
use crate::gateway::{Gateway, Outgoing, Request, write_reply};
use crate::record::RecordKind;
use crate::scout::{Api, Scout, ScoutSettings};
use crate::skew::SkewGauge;
use std::sync::Arc;
use thiserror::Error;
use trader_exec::Exec;
use trader_feeds::kalshi::reply::not_sent;
use trader_feeds::{binance, kalshi};
use trader_journal::event::{Agent, Event, Mode, Ring, pad};
use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;
use trader_pricing::Pricing;
use trader_ring::CapacityError;
use trader_ring::spsc::{self, Producer};

/// Why a run ended early.
#[derive(Debug, Error)]
pub enum LockstepError {
    /// The journal refused a line.
    #[error(transparent)]
    Journal(#[from] ScribeError),
    /// An agent could not write down what it was to hear.
    #[error(transparent)]
    Pen(#[from] PenError),
    /// A ring cannot be made as large as its producer's worst case asks: lower the capacities.
    #[error("a ring of the line cannot be made: {0}")]
    Ring(#[from] CapacityError),
    /// The mock exchange could not list what it should: the session is not the one asked for.
    #[error("the mock exchange failed: {0}")]
    Exchange(String),
    /// A ring that carries one thing at a time was full: a bug in the line.
    #[error("a ring of the line was full at {0:?}")]
    RingFull(Nanos),
}

/// What a run is started with.
pub struct RunPlan {
    /// What the run is for.
    pub mode: Mode,
    /// First instant of trading.
    pub start: Nanos,
    /// The last close; settlements after it are still waited for.
    pub last_close: Nanos,
    /// The venue's settlement takes at most this long.
    pub settle_ns: u64,
    /// The run's seed.
    pub seed: u64,
    /// Drawn for this opening of the journal.
    pub nonce: u32,
}

/// The line in virtual time.
pub struct Lockstep {
    exchange: MockExchange,
    scribe: Scribe,
    pens: Pens,
    committed: Arc<Committed>,
    standing: Standing,
    /// Our clock less the exchange's, as its answers show it.
    skew: Arc<SkewGauge>,
    kalshi: FeedAgent<kalshi::Session>,
    binance: FeedAgent<binance::Session>,
    pricing: StageAgent<Pricing>,
    exec: StageAgent<Exec>,
    replies: Producer<Event>,
    models: Producer<Event>,
    model: Vec<Event>,
    gateway: Gateway,
    scout: Scout,
    link: Link,
    /// Number of the last connection to Binance.
    spot_epoch: u32,
    /// What a line before this one said last and did not write down.
    last_words: LastWords,
    now: Nanos,
    bytes: Vec<u8>,
    /// The longest frame or answer.
    frame_bytes_max: usize,
    /// Bytes of a reply's record.
    scratch: Vec<u8>,
}

/// The connection to the Kalshi stream.
#[derive(Clone, Copy, Debug)]
struct Link {
    /// Number of the last connection; rises by one with each.
    epoch: u32,
    /// `None` while it is down.
    conn: Option<ConnId>,
    /// When the next attempt is made while it is down.
    retry: Nanos,
}

impl Link {
    /// Without a connection nobody hears it.
    fn send(&self, exchange: &mut MockExchange, now: Nanos, frame: &[u8]) {
        if let Some(conn) = self.conn {
            exchange.command(now, conn, frame);
        }
    }
}

/// What a run came to.
pub struct RunOutcome {
    /// Hash of the state of every agent at the end.
    pub state_hash: u64,
    /// Events in the journal.
    pub events: u64,
    /// The exchange, for its ledger.
    pub exchange: MockExchange,
}

/// How a run that was to be cut ended.
pub enum Ended {
    /// Before it was cut.
    ByItself(Box<RunOutcome>),
    /// As a kill ends it.
    Cut {
        /// The exchange, which does not know of it.
        exchange: Box<MockExchange>,
        /// When.
        at: Nanos,
    },
}

/// Smallest ring.
const RING_SLOTS_MIN: usize = 1024;
/// Between two attempts to connect.
const RETRY_NS: u64 = Nanos::SECOND;
/// Slots of the rings that carry little.
const SMALL_RING_SLOTS: usize = 256;

impl Lockstep {
    /// Joins stages, exchange and journal.
    ///
    /// # Errors
    /// [`LockstepError::Ring`] for capacities no ring can have.
    pub fn new(
        stages: Stages,
        scout: ScoutSettings,
        exchange: MockExchange,
        (scribe, pens): (Scribe, Pens),
        now: Nanos,
    ) -> Result<Lockstep, LockstepError> {
        let kalshi_slots = ring_slots(stages.kalshi.says_max());
        let (to_pricing, kalshi_pricing) = spsc::ring(kalshi_slots)?;
        let (to_exec, kalshi_exec) = spsc::ring(kalshi_slots)?;
        let (spot, binance_pricing) = spsc::ring(ring_slots(stages.binance.says_max()))?;
        let (opinions, pricing_exec) = spsc::ring(RING_SLOTS_MIN)?;
        let (replies, gateway_exec) = spsc::ring(SMALL_RING_SLOTS)?;
        let (models, model_pricing) = spsc::ring(SMALL_RING_SLOTS)?;
        let input = |ring, events| Input { ring, events };
        let kalshi_routes = vec![
            Route { hears: |hearers| hearers.pricing, events: to_pricing },
            Route { hears: |hearers| hearers.exec, events: to_exec },
        ];
        let binance_routes = vec![Route { hears: |hearers| hearers.pricing, events: spot }];
        let pricing_inputs = vec![
            input(Ring::ModelPricing, model_pricing),
            input(Ring::KalshiPricing, kalshi_pricing),
            input(Ring::BinancePricing, binance_pricing),
        ];
        let exec_inputs = vec![
            input(Ring::KalshiExec, kalshi_exec),
            input(Ring::GatewayExec, gateway_exec),
            input(Ring::PricingExec, pricing_exec),
        ];
        let to_exec = Output { takes: is_for_exec, events: opinions };
        let Stages { kalshi, binance, pricing, exec, model, shard, frame_bytes_max, limits } = stages;
        let skew = Arc::new(SkewGauge::default());
        let gauge = Arc::clone(&skew);
        let standing = Standing::new(scribe.state(), scribe.committed(), Box::new(move || gauge.skew_ns()), limits);
        Ok(Lockstep {
            exchange,
            committed: scribe.committed(),
            standing,
            skew,
            scribe,
            pens,
            kalshi: FeedAgent::new(kalshi, kalshi_routes),
            binance: FeedAgent::new(binance, binance_routes),
            pricing: StageAgent::new(Agent::Pricing, pricing, pricing_inputs, Some(to_exec)),
            exec: StageAgent::new(Agent::Exec, exec, exec_inputs, None),
            replies,
            models,
            model,
            gateway: Gateway::new(shard),
            scout: Scout::new(scout, now),
            link: Link { epoch: 0, conn: None, retry: now },
            spot_epoch: 0,
            last_words: LastWords::default(),
            now,
            bytes: Vec::new(),
            frame_bytes_max,
            scratch: Vec::new(),
        })
    }

    /// Goes on after a line that was killed at `since`: what it did not write down is written first.
    #[must_use]
    pub fn going_on(self, since: Nanos, links: Links, last_words: LastWords) -> Lockstep {
        let Lockstep { mut exchange, mut scout, link, now, mut bytes, .. } = self;
        // What was on its way to it is nobody's.
        while exchange.next_binance_frame(now, &mut bytes) {}
        while exchange.next_reply(now, &mut bytes).is_some() {}
        scout.catch_up(now, since);
        let link = Link { epoch: links.kalshi, ..link };
        Lockstep { exchange, scout, link, spot_epoch: links.binance, last_words, bytes, ..self }
    }

    /// Trades until the last close is paid. `progress` is told each instant that was reached.
    ///
    /// # Errors
    /// [`LockstepError`]; the journal holds all that happened before.
    pub fn run(mut self, plan: &RunPlan, progress: impl FnMut(Nanos)) -> Result<RunOutcome, LockstepError> {
        self.trade(plan, progress)?;
        self.finish()
    }

    /// The same, but after `entries` more entries of the journal it ends as if killed: the journal is not
    /// sealed, the exchange lives on. `Ok` when it came to its own end before.
    ///
    /// # Errors
    /// As [`Lockstep::run`].
    pub fn run_until_cut(mut self, plan: &RunPlan, entries: u64) -> Result<Ended, LockstepError> {
        self.scribe.cut_after(entries);
        match self.trade(plan, |_| ()) {
            Ok(()) => Ok(Ended::ByItself(Box::new(self.finish()?))),
            Err(LockstepError::Journal(ScribeError::Cut)) => {
                if let Some(conn) = self.link.conn {
                    self.exchange.disconnect(self.now, conn);
                }
                Ok(Ended::Cut { exchange: Box::new(self.exchange), at: self.now })
            }
            Err(error) => Err(error),
        }
    }

    fn trade(&mut self, plan: &RunPlan, mut progress: impl FnMut(Nanos)) -> Result<(), LockstepError> {
        self.start(plan)?;
        let end = plan.last_close.plus(plan.settle_ns).max(self.now);
        while self.now < end {
            self.work()?;
            progress(self.now);
            self.now = self.next_instant().min(end);
        }
        self.work()
    }

    fn start(&mut self, plan: &RunPlan) -> Result<(), LockstepError> {
        let RunPlan { mode, seed, nonce, .. } = *plan;
        let epoch = self.scribe.epoch();
        let ts = self.now;
        self.say_last_words()?;
        let started = Event::RunStarted { mode, pad: pad(), epoch, ts, seed, nonce, pad2: pad() };
        self.hear_kalshi(&FeedInput::Timer(&started))?;
        self.hear_binance(&FeedInput::Timer(&started))?;
        self.pricing.inject(&started, &mut self.pens.pricing, &mut |_| ())?;
        let Lockstep { exec, pens, scout, .. } = self;
        exec.inject(&started, &mut pens.exec, &mut |word| ask_account(scout, word))?;
        for event in std::mem::take(&mut self.model) {
            self.models.push(event).map_err(|_| LockstepError::RingFull(ts))?;
        }
        self.exchange.advance(ts);
        self.mend_link()?;
        self.spot_epoch += 1;
        self.hear_binance(&FeedInput::Connected { epoch: self.spot_epoch })?;
        self.warm_up()
    }

    /// They were said before; nobody acts on them now.
    fn say_last_words(&mut self) -> Result<(), LockstepError> {
        let mut words = std::mem::take(&mut self.last_words);
        for (agent, pen) in self.pens.by_agent() {
            for event in words[agent as usize].drain(..) {
                pen.said(&event)?;
            }
        }
        self.scribe.work()?;
        Ok(())
    }

    /// The candles of the past are asked for and heard before the stream's first one, however fast
    /// that is: a model does not take a minute older than one it knows.
    fn warm_up(&mut self) -> Result<(), LockstepError> {
        while self.scout.asks_candles() {
            self.ask()?;
            self.work_stages()?;
            self.scribe.work()?;
        }
        Ok(())
    }

    /// Everybody works at this instant until nobody has anything to do.
    fn work(&mut self) -> Result<(), LockstepError> {
        self.exchange.advance(self.now);
        loop {
            let mut did = self.mend_link()?;
            did += self.deliver_frames()?;
            did += self.ask()?;
            did += self.wake_feeds()?;
            did += self.work_stages()?;
            did += self.scribe.work()?;
            did += self.send_orders()?;
            did += self.deliver_replies()?;
            if did == 0 {
                return Ok(());
            }
        }
    }

    /// Hears that the connection is gone, and makes another when the exchange takes it.
    fn mend_link(&mut self) -> Result<usize, LockstepError> {
        if self.link.conn.is_some_and(|conn| !self.exchange.is_connected(conn)) {
            self.link.conn = None;
            self.link.retry = self.now.plus(RETRY_NS);
            self.hear_kalshi(&FeedInput::Disconnected)?;
            return Ok(1);
        }
        if self.link.conn.is_some() || self.link.retry > self.now {
            return Ok(0);
        }
        self.link.retry = self.now.plus(RETRY_NS);
        self.link.conn = self.exchange.connect(self.now);
        if self.link.conn.is_none() {
            return Ok(0);
        }
        self.link.epoch += 1;
        self.hear_kalshi(&FeedInput::Connected { epoch: self.link.epoch })?;
        Ok(1)
    }

    fn next_instant(&self) -> Nanos {
        let deadlines = [
            if self.link.conn.is_some() { Nanos::NEVER } else { self.link.retry },
            self.exchange.next_deadline(),
            self.scout.next_deadline(),
            self.kalshi.next_deadline(),
            self.binance.next_deadline(),
            self.pricing.next_deadline(),
            self.exec.next_deadline(),
        ];
        // What is due at this instant was done; who did not move a deadline is not asked again for it.
        deadlines.into_iter().filter(|deadline| *deadline > self.now).min().unwrap_or(Nanos::NEVER)
    }

    fn deliver_frames(&mut self) -> Result<usize, LockstepError> {
        let mut delivered = 0;
        let mut bytes = std::mem::take(&mut self.bytes);
        while self.kalshi.has_room(self.frame_bytes_max, &mut self.pens.kalshi)
            && let Some(conn) = self.link.conn
            && self.exchange.next_kalshi_frame(self.now, conn, &mut bytes)
        {
            self.hear_kalshi(&FeedInput::Frame { epoch: self.link.epoch, bytes: &bytes })?;
            delivered += 1;
        }
        while self.binance.has_room(self.frame_bytes_max, &mut self.pens.binance)
            && self.exchange.next_binance_frame(self.now, &mut bytes)
        {
            self.hear_binance(&FeedInput::Frame { epoch: self.spot_epoch, bytes: &bytes })?;
            delivered += 1;
        }
        self.bytes = bytes;
        Ok(delivered)
    }

    /// Asks one question of the schedule: what an answer leads to comes before the next.
    fn ask(&mut self) -> Result<usize, LockstepError> {
        let bytes_max = self.frame_bytes_max;
        let Lockstep { kalshi, binance, pens, .. } = self;
        if !kalshi.has_room(bytes_max, &mut pens.kalshi) || !binance.has_room(bytes_max, &mut pens.binance) {
            return Ok(0);
        }
        let Some(question) = self.scout.next(self.now) else { return Ok(0) };
        let mut body = std::mem::take(&mut self.bytes);
        let status = self.exchange.get(self.now, &question.target, &mut body);
        if question.api == Api::Kalshi {
            self.skew.tell(-(self.exchange.clock_ahead_ns(self.now) as i64));
        }
        self.scout.answered(&question, status, &body);
        let answer = FeedInput::Answer { target: &question.target, status, body: &body };
        match question.api {
            Api::Kalshi => self.hear_kalshi(&answer)?,
            Api::Binance => self.hear_binance(&answer)?,
        }
        self.bytes = body;
        Ok(1)
    }

    fn hear_kalshi(&mut self, input: &FeedInput<'_>) -> Result<(), LockstepError> {
        let Lockstep { kalshi, pens, exchange, link, now, .. } = self;
        kalshi.hear(*now, input, &mut pens.kalshi, &mut |_| ())?;
        kalshi.send(*now, &mut pens.kalshi, &mut |frame| link.send(exchange, *now, frame))?;
        Ok(())
    }

    fn hear_binance(&mut self, input: &FeedInput<'_>) -> Result<(), LockstepError> {
        let Lockstep { binance, pens, now, .. } = self;
        binance.hear(*now, input, &mut pens.binance, &mut |_| ())?;
        binance.send(*now, &mut pens.binance, &mut |_| ())?;
        Ok(())
    }

    fn wake_feeds(&mut self) -> Result<usize, LockstepError> {
        let Lockstep { kalshi, binance, pens, exchange, link, now, .. } = self;
        let woken = usize::from(kalshi.wake(*now, &mut pens.kalshi, &mut |_| ())?)
            + usize::from(binance.wake(*now, &mut pens.binance, &mut |_| ())?);
        kalshi.send(*now, &mut pens.kalshi, &mut |frame| link.send(exchange, *now, frame))?;
        binance.send(*now, &mut pens.binance, &mut |_| ())?;
        Ok(woken)
    }

    fn work_stages(&mut self) -> Result<usize, LockstepError> {
        let Lockstep { pricing, exec, pens, gateway, standing, now, .. } = self;
        let mut did = pricing.work(*now, &mut pens.pricing, &mut |_| ())?;
        let mut sees = |word: Word<'_>| match word {
            Word::Heard { event, .. } => gateway.hear(event),
            Word::Said { event, line } if is_command(event) => gateway.accept(event, line),
            Word::Said { .. } => {}
        };
        while exec.has_room(&mut pens.exec)
            && let Some((ring, event)) = standing.news(*now, *now, pens.exec.lines())
        {
            exec.tell(ring, &event, &mut pens.exec, &mut sees)?;
            did += 1;
        }
        did += exec.work(*now, &mut pens.exec, &mut sees)?;
        Ok(did)
    }

    /// Sends every request whose intent is kept by a recovery.
    fn send_orders(&mut self) -> Result<usize, LockstepError> {
        let mut sent = 0;
        while let Some(outgoing) = self.gateway.next_request(self.committed.of(Agent::Exec)) {
            sent += 1;
            let (request, asked) = match outgoing {
                Outgoing::Send(request, asked) => (request, asked),
                Outgoing::Refused { asked, reason } => {
                    write_reply(&mut self.scratch, Some(asked), &[]);
                    self.pens.shell.record(RecordKind::OrderKept, reason as u16, self.now, &self.scratch)?;
                    self.reply(not_sent(self.now, asked, reason))?;
                    continue;
                }
            };
            self.pens.shell.record(RecordKind::OrderSent, 0, self.now, request.text())?;
            let ticket = match &request {
                Request::Create(body) => self.exchange.create(self.now, body),
                Request::Cancel(path) => self.exchange.cancel(self.now, path),
            };
            self.gateway.sent(ticket, asked);
        }
        Ok(sent)
    }

    fn deliver_replies(&mut self) -> Result<usize, LockstepError> {
        let mut delivered = 0;
        let mut body = std::mem::take(&mut self.bytes);
        while self.replies.has_room(1)
            && let Some((ticket, status)) = self.exchange.next_reply(self.now, &mut body)
        {
            write_reply(&mut self.scratch, self.gateway.asked(ticket), &body);
            self.pens.shell.record(RecordKind::OrderReply, status, self.now, &self.scratch)?;
            if let Some(event) = self.gateway.answered(self.now, ticket, status, &body) {
                self.reply(event)?;
            }
            delivered += 1;
        }
        self.bytes = body;
        Ok(delivered)
    }

    fn reply(&mut self, event: Event) -> Result<(), LockstepError> {
        self.replies.push(event).map_err(|_| LockstepError::RingFull(self.now))
    }

    fn finish(self) -> Result<RunOutcome, LockstepError> {
        if let Some(fault) = self.exchange.fault() {
            return Err(LockstepError::Exchange(fault.to_string()));
        }
        let Lockstep { kalshi, binance, pricing, exec, mut pens, mut scribe, now, exchange, .. } = self;
        let mut hash = StateHash::EMPTY;
        hash.mix(kalshi.say_hash(now, &mut pens.kalshi)?);
        hash.mix(binance.say_hash(now, &mut pens.binance)?);
        hash.mix(pricing.say_hash(now, &mut pens.pricing)?);
        hash.mix(exec.say_hash(now, &mut pens.exec)?);
        scribe.work()?;
        let events = scribe.events();
        scribe.close()?;
        Ok(RunOutcome { state_hash: hash.value(), events, exchange })
    }
}

/// Execution wants the account read: it is asked for at once.
fn ask_account(scout: &mut Scout, word: Word<'_>) {
    if let Word::Said { event: Event::ReconcileWanted { ts, since, .. }, .. } = word {
        scout.read_account(*ts, *since);
    }
}

/// A ring that holds twice the worst case of its producer, so that one input never waits for an empty ring.
fn ring_slots(says_max: usize) -> usize {
    (2 * says_max).next_power_of_two().max(RING_SLOTS_MIN)
}
