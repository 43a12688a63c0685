//! One agent as a thread drives it: its ends of the rings, its pen, and what it has of the outside.

use super::agent::{StageAgent, Word};
use super::feed::{FeedAgent, FeedInput, FeedSession, answer_bytes_max, split_answer};
use super::flight::Flights;
use super::latency::Hop;
use super::pen::{Pen, PenError};
use super::port::{FeedPort, OrderPort, OrderTurn, PortEvent, PortStats, ReadAccount, Signatures};
use super::scribe::Committed;
use super::stages::is_command;
use super::standing::Standing;
use crate::clock::{MarketClock, Ticker};
use crate::socket::reactor::Reactor;
use std::sync::Arc;
use trader_exec::Exec;
use trader_journal::event::{Agent, Event, Ring};
use trader_journal::stage::Stage;
use trader_journal::units::Nanos;
use trader_pricing::Pricing;
use trader_ring::bytes::ByteConsumer;
use trader_ring::spsc::Producer;

/// Inputs a feed takes in one round: whoever shares its thread is to have its turn.
const FEED_INPUTS_MAX: usize = 256;
/// Answers of one scout that it takes in one round.
const ANSWERS_MAX: usize = 16;
/// A stage that was not on its core for so long, market time, is told the time before it hears anything.
const PAUSE_NS: u64 = 100 * Nanos::MILLI;
/// How long, wall time, replies are waited for at the end.
const REPLIES_NS_MAX: u64 = Nanos::SECOND;

/// What a thread lends its agents for one round.
pub(super) struct Round<'a> {
    /// The sockets of the thread.
    pub reactor: &'a mut Reactor,
    /// The time.
    pub clock: &'a MarketClock,
    /// Whether the line is to end.
    pub is_stopping: bool,
}

/// What an agent did in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worked {
    /// So much.
    Did(usize),
    /// It was the last time.
    Done,
}

/// What is known of an agent when its thread ends.
pub(super) struct PartEnd {
    pub agent: Agent,
    pub state_hash: u64,
    pub hops: Vec<Hop>,
    pub port: Option<PortStats>,
    pub signatures: Option<Signatures>,
}

/// One agent, as its thread drives it.
pub(super) trait Part: Send {
    /// Does what there is to do, and never waits.
    fn work(&mut self, round: &mut Round<'_>) -> Result<Worked, PenError>;

    /// When it has to be asked again, whatever arrives: market time, wall time.
    fn deadlines(&self) -> (Nanos, Nanos);

    /// Ends it: those who hear it see that nobody speaks any more.
    fn end(self: Box<Self>) -> PartEnd;
}

/// Time as one agent sees it: it never goes back.
#[derive(Clone, Copy, Debug)]
struct Stamp(Nanos);

impl Stamp {
    fn now(&mut self, clock: &MarketClock) -> Nanos {
        self.0 = self.0.max(clock.now());
        self.0
    }
}

/// A feed with its stream and the scouts' answers.
pub(super) struct FeedPart<S> {
    pub agent: FeedAgent<S>,
    pub pen: Pen,
    pub port: Box<dyn FeedPort>,
    pub answers: Vec<ByteConsumer>,
    /// Answers that must be heard before the stream is asked for the first time.
    pub answers_first: usize,
    /// The longest frame or answer.
    pub frame_bytes_max: usize,
    stamp: Stamp,
    epoch: Option<u32>,
    state_hash: u64,
}

impl<S: FeedSession> FeedPart<S> {
    pub(super) fn new(agent: FeedAgent<S>, pen: Pen, port: Box<dyn FeedPort>, frame_bytes_max: usize) -> FeedPart<S> {
        FeedPart {
            agent: agent.with_timer_again_ns(PAUSE_NS),
            pen,
            port,
            answers: Vec::new(),
            answers_first: 0,
            frame_bytes_max,
            stamp: Stamp(Nanos(0)),
            epoch: None,
            state_hash: 0,
        }
    }

    fn hear_answers(&mut self, clock: &MarketClock) -> Result<usize, PenError> {
        let FeedPart { agent, pen, port, answers, answers_first, frame_bytes_max, stamp, .. } = self;
        let bytes_max = answer_bytes_max(*frame_bytes_max);
        let mut heard = 0;
        for ring in answers {
            for _ in 0..ANSWERS_MAX {
                if !agent.has_room(bytes_max, pen) {
                    break;
                }
                let Some(record) = ring.pop() else { break };
                // No room was asked for a longer one; the scout asks again.
                let Some((target, body)) = split_answer(record.bytes).filter(|_| record.bytes.len() <= bytes_max)
                else {
                    continue;
                };
                let now = stamp.now(clock);
                agent.hear(now, &FeedInput::Answer { target, status: record.tag, body }, pen, &mut |_| ())?;
                agent.send(now, pen, &mut |frame| port.send(frame))?;
                *answers_first = answers_first.saturating_sub(usize::from(record.tag == 200));
                heard += 1;
            }
        }
        Ok(heard)
    }

    fn hear_stream(&mut self, round: &mut Round<'_>) -> Result<usize, PenError> {
        let FeedPart { agent, pen, port, frame_bytes_max, stamp, epoch: newest, .. } = self;
        let wall = round.clock.wall_now();
        let mut heard = 0;
        while heard < FEED_INPUTS_MAX
            && agent.has_room(*frame_bytes_max, pen)
            && let Some(event) = port.next(round.reactor, wall)
        {
            heard += 1;
            let input = match event {
                PortEvent::Up { epoch } => {
                    *newest = Some(epoch);
                    // The journal keeps 16 bits of it, and a replay has no others.
                    FeedInput::Connected { epoch: epoch & 0xFFFF }
                }
                PortEvent::Frame { epoch, bytes } if *newest == Some(epoch) => {
                    FeedInput::Frame { epoch: epoch & 0xFFFF, bytes }
                }
                PortEvent::Down { epoch } if *newest == Some(epoch) => {
                    *newest = None;
                    FeedInput::Disconnected
                }
                // What an older connection still brings was replaced by the newer one.
                PortEvent::Frame { .. } | PortEvent::Down { .. } | PortEvent::Failed => continue,
            };
            let now = stamp.now(round.clock);
            agent.hear(now, &input, pen, &mut |_| ())?;
            agent.send(now, pen, &mut |frame| port.send(frame))?;
        }
        Ok(heard)
    }
}

impl<S: FeedSession + Send> Part for FeedPart<S> {
    fn work(&mut self, round: &mut Round<'_>) -> Result<Worked, PenError> {
        if round.is_stopping {
            if !self.agent.has_room(0, &mut self.pen) {
                return Ok(Worked::Did(0));
            }
            self.port.close(round.reactor);
            self.state_hash = self.agent.say_hash(self.stamp.now(round.clock), &mut self.pen)?;
            return Ok(Worked::Done);
        }
        let mut did = self.hear_answers(round.clock)?;
        if self.answers_first == 0 {
            did += self.hear_stream(round)?;
        }
        let FeedPart { agent, pen, port, stamp, .. } = self;
        let now = stamp.now(round.clock);
        did += usize::from(agent.wake(now, pen, &mut |_| ())?);
        agent.send(now, pen, &mut |frame| port.send(frame))?;
        Ok(Worked::Did(did))
    }

    fn deadlines(&self) -> (Nanos, Nanos) {
        let port = if self.answers_first == 0 { self.port.next_deadline() } else { Nanos::NEVER };
        (self.agent.next_deadline(), port)
    }

    fn end(self: Box<Self>) -> PartEnd {
        let port = Some(self.port.stats());
        let FeedPart { agent, state_hash, .. } = *self;
        PartEnd { agent: S::AGENT, state_hash, hops: vec![agent.into_hop()], port, signatures: None }
    }
}

/// A stage that was away tells itself the time before it hears what waited meanwhile: what is old by
/// now must not look fresh. Gives the time of this round.
fn after_a_pause<S: Stage>(
    agent: &mut StageAgent<S>,
    (stamp, last): (&mut Stamp, &mut Nanos),
    pen: &mut Pen,
    clock: &MarketClock,
    sees: &mut impl FnMut(Word<'_>),
) -> Result<Nanos, PenError> {
    let now = stamp.now(clock);
    let was_away = now.since(*last) > PAUSE_NS;
    *last = now;
    if was_away && agent.has_input() && agent.has_room(pen) {
        agent.wake(now, pen, sees)?;
    }
    Ok(now)
}

/// Pricing.
pub(super) struct PricingPart {
    agent: StageAgent<Pricing>,
    pen: Pen,
    stamp: Stamp,
    last_round: Nanos,
    ticker: Ticker,
    of_binance: Hop,
    of_kalshi: Hop,
    state_hash: u64,
}

impl PricingPart {
    pub(super) fn new(agent: StageAgent<Pricing>, pen: Pen, ticker: Ticker) -> PricingPart {
        PricingPart {
            ticker,
            agent: agent.with_timer_again_ns(PAUSE_NS),
            pen,
            stamp: Stamp(Nanos(0)),
            last_round: Nanos::NEVER,
            of_binance: Hop::new("binance->pricing"),
            of_kalshi: Hop::new("kalshi->pricing"),
            state_hash: 0,
        }
    }
}

impl Part for PricingPart {
    fn work(&mut self, round: &mut Round<'_>) -> Result<Worked, PenError> {
        let PricingPart { agent, pen, stamp, last_round, ticker, of_binance, of_kalshi, state_hash } = self;
        let clock = round.clock;
        let is_last = round.is_stopping && agent.is_left_alone(&[Ring::KalshiPricing, Ring::BinancePricing]);
        let mut sees = |word: Word<'_>| {
            let Word::Heard { ring, times: Some(times), .. } = word else { return };
            match ring {
                Ring::BinancePricing => of_binance.record(ticker.nanos_since(times.pushed)),
                Ring::KalshiPricing => of_kalshi.record(ticker.nanos_since(times.pushed)),
                _ => {}
            }
        };
        let now = after_a_pause(agent, (stamp, last_round), pen, clock, &mut sees)?;
        let did = agent.work(now, pen, &mut sees)?;
        if is_last && did == 0 && !agent.has_input() && agent.has_room(pen) {
            *state_hash = agent.say_hash(now, pen)?;
            return Ok(Worked::Done);
        }
        Ok(Worked::Did(did))
    }

    fn deadlines(&self) -> (Nanos, Nanos) {
        (self.agent.next_deadline(), Nanos::NEVER)
    }

    fn end(self: Box<Self>) -> PartEnd {
        let PricingPart { of_binance, of_kalshi, state_hash, .. } = *self;
        let hops = vec![of_binance, of_kalshi];
        PartEnd { agent: Agent::Pricing, state_hash, hops, port: None, signatures: None }
    }
}

/// Exec and the way of its orders.
pub(super) struct ExecPart {
    agent: StageAgent<Exec>,
    pen: Pen,
    shell: Pen,
    orders: Box<dyn OrderPort>,
    read_account: ReadAccount,
    replies: Producer<Event>,
    committed: Arc<Committed>,
    standing: Standing,
    stamp: Stamp,
    last_round: Nanos,
    flights: Flights,
    /// When it began to wait for the last replies, wall time.
    waits_since: Option<Nanos>,
    state_hash: u64,
}

impl ExecPart {
    pub(super) fn new(
        agent: StageAgent<Exec>,
        (pen, shell): (Pen, Pen),
        (orders, read_account): (Box<dyn OrderPort>, ReadAccount),
        replies: Producer<Event>,
        (committed, standing, ticker): (Arc<Committed>, Standing, Ticker),
    ) -> ExecPart {
        ExecPart {
            agent: agent.with_timer_again_ns(PAUSE_NS),
            pen,
            shell,
            orders,
            read_account,
            replies,
            committed,
            standing,
            stamp: Stamp(Nanos(0)),
            last_round: Nanos::NEVER,
            flights: Flights::new(ticker),
            waits_since: None,
            state_hash: 0,
        }
    }

    fn hear(&mut self, clock: &MarketClock) -> Result<(Nanos, usize), PenError> {
        let ExecPart { agent, pen, orders, read_account, standing, stamp, last_round, flights, .. } = self;
        let mut sees = |word: Word<'_>| {
            match word {
                Word::Heard { event, .. } => orders.hear(event),
                Word::Said { event, line } if is_command(event) => orders.accept(event, line),
                Word::Said { event: Event::ReconcileWanted { since, .. }, .. } => read_account(*since),
                Word::Said { .. } => {}
            }
            flights.see(word, clock);
        };
        let now = after_a_pause(agent, (stamp, last_round), pen, clock, &mut sees)?;
        let mut told = 0;
        while agent.has_room(pen)
            && let Some((ring, event)) = standing.news(now, clock.wall_now(), pen.lines())
        {
            agent.tell(ring, &event, pen, &mut sees)?;
            told += 1;
        }
        Ok((now, told + agent.work(now, pen, &mut sees)?))
    }

    fn send(&mut self, now: Nanos, round: &mut Round<'_>) -> Result<usize, PenError> {
        let ExecPart { shell, orders, replies, committed, flights, .. } = self;
        if committed.is_dead() {
            return Ok(0);
        }
        let wall = round.clock.wall_now();
        let committed = committed.of(Agent::Exec);
        flights.committed(committed, wall);
        let did = orders.work(OrderTurn { now, wall, reactor: round.reactor, committed, pen: shell, replies })?;
        orders.left(&mut |left| flights.left(left, round.clock));
        Ok(did)
    }

    /// Whether nothing is on its way any more, or was waited for long enough.
    fn is_at_rest(&mut self, wall: Nanos) -> bool {
        let since = *self.waits_since.get_or_insert(wall);
        self.orders.open() == 0 || wall.since(since) > REPLIES_NS_MAX
    }
}

impl Part for ExecPart {
    fn work(&mut self, round: &mut Round<'_>) -> Result<Worked, PenError> {
        let is_last = round.is_stopping && self.agent.is_left_alone(&[Ring::KalshiExec, Ring::PricingExec]);
        let (now, heard) = self.hear(round.clock)?;
        let did = heard + self.send(now, round)?;
        if is_last && did == 0 && !self.agent.has_input() && self.is_at_rest(round.clock.wall_now()) {
            if !self.agent.has_room(&mut self.pen) {
                return Ok(Worked::Did(0));
            }
            self.state_hash = self.agent.say_hash(now, &mut self.pen)?;
            return Ok(Worked::Done);
        }
        Ok(Worked::Did(did))
    }

    fn deadlines(&self) -> (Nanos, Nanos) {
        (self.agent.next_deadline(), self.orders.next_deadline())
    }

    fn end(self: Box<Self>) -> PartEnd {
        let ExecPart { orders, flights, state_hash, .. } = *self;
        let signatures = Some(orders.signatures());
        PartEnd { agent: Agent::Exec, state_hash, hops: flights.into_hops(), port: None, signatures }
    }
}
