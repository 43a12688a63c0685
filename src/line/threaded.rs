//! The line on threads: the same agents, rings and pens as in lockstep, against a world that does
//! not wait.
//!
//! It is started whole and ends in the order of the line: the feeds take nothing new, those who hear
//! them bring what is under way to its end, exec waits a second for the replies it is owed, each says
//! the hash of its state, and the scribe seals the journal when nobody is left to write.

use super::agent::{Input, Output, StageAgent};
use super::feed::{FeedAgent, FeedSession as _, Route};
use super::halt::Halt;
use super::latency::{Hop, StampCost};
use super::part::{ExecPart, FeedPart, Part, PartEnd, PricingPart};
use super::pen::PenError;
use super::plan::ThreadPlan;
use super::port::{PortStats, Ports, Signatures};
use super::scribe::{Pens, Scribe, ScribeError};
use super::seat::{Seat, scribe as write_all};
use super::stages::{Stages, is_for_exec};
use super::standing::Standing;
use super::times::{Beside, Stamping};
use crate::clock::{MarketClock, Stopwatch, Ticker};
use crate::socket::reactor::Reactor;
use crate::thread::{self, rest};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;
use trader_journal::event::{Agent, Event, Mode, Ring, pad};
use trader_journal::hash::StateHash;
use trader_ring::CapacityError;
use trader_ring::spsc::{self, Consumer, Producer};

/// Slots of the rings that carry little.
const SMALL_RING_SLOTS: usize = 256;
/// Smallest ring between two stages.
const RING_SLOTS_MIN: usize = 1024;
/// A thread that does not end within so many ms after it was told to is named, and left.
const END_MS_MAX: u64 = 10_000;
/// Between two looks at whether a thread has ended.
const LOOK: Duration = Duration::from_millis(1);

/// Why a line cannot be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// A ring cannot be made as large as its producer's worst case asks: lower the capacities.
    #[error("a ring of the line cannot be made: {0}")]
    Ring(#[from] CapacityError),
    /// The run's first events could not be written down.
    #[error(transparent)]
    Pen(#[from] PenError),
    /// The journal refused them.
    #[error(transparent)]
    Journal(#[from] ScribeError),
    /// The system gives no more threads or no more file descriptors.
    #[error("the system has no room for the line's threads: {0}; raise its limits on processes and open files")]
    System(#[from] io::Error),
}

/// What the line is made of.
pub struct Setup {
    /// The stages.
    pub stages: Stages,
    /// The journal, with what the run is made of written down already.
    pub journal: (Scribe, Pens),
    /// The time.
    pub clock: MarketClock,
    /// Who shares a thread.
    pub plan: ThreadPlan,
    /// What the run is for.
    pub run: Run,
}

/// What the run's first event says.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// What the run is for.
    pub mode: Mode,
    /// The run's seed.
    pub seed: u64,
    /// Drawn for this opening of the journal.
    pub nonce: u32,
}

/// What is left of a line.
#[derive(Debug, Default)]
pub struct LineEnd {
    /// Times between its places, wall nanoseconds.
    pub latency: Vec<Hop>,
    /// What measuring them cost.
    pub stamp_cost: StampCost,
    /// What became of the streams, by the agent that heard them.
    pub links: Vec<(Agent, PortStats)>,
    /// What became of the signatures.
    pub signatures: Signatures,
    /// Hash of the state of every agent at the end.
    pub state_hash: u64,
    /// Events in the journal.
    pub events: u64,
    /// Why it did not end in order.
    pub error: Option<String>,
}

/// A thread of the line; it leaves nothing when it panicked.
type Handle<T> = JoinHandle<Option<T>>;
/// A thread with its name.
type Seated = (&'static str, Handle<Vec<PartEnd>>);

/// A running line.
pub struct Threaded {
    halt: Arc<Halt>,
    ticker: Ticker,
    seats: Vec<Seated>,
    scribe: Handle<u64>,
    commands: Option<Producer<Event>>,
    /// What could not be had of the machine: said, never fatal.
    remarks: Vec<String>,
}

/// Agents joined by their rings.
struct Joined {
    kalshi: Box<dyn Part>,
    binance: Box<dyn Part>,
    pricing: Box<dyn Part>,
    exec: Box<dyn Part>,
}

impl Threaded {
    /// Starts all threads of the line.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then, and the journal is what a kill leaves.
    pub fn start(setup: Setup, ports: Ports) -> Result<Threaded, StartError> {
        let Setup { stages, journal: (writer, pens), clock, plan, run } = setup;
        let halt = Arc::new(Halt::default());
        let (commands, control) = spsc::ring(SMALL_RING_SLOTS)?;
        let started = Event::RunStarted {
            mode: run.mode,
            pad: pad(),
            epoch: writer.epoch(),
            ts: clock.now(),
            seed: run.seed,
            nonce: run.nonce,
            pad2: pad(),
        };
        let ticker = Ticker::new();
        let joined = join((stages, &ticker), pens, ports, (control, &writer, &started))?;
        let mut remarks = Vec::new();
        if plan.lock_memory
            && let Err(refused) = thread::lock_memory()
        {
            remarks.push(format!("memory is not locked: {refused}"));
        }
        let started = Self::seat_scribe(writer, &plan, &halt)
            .and_then(|scribe| Ok((Self::seat(joined, &plan, &clock, &halt)?, scribe)));
        // Whoever runs already is not left running.
        let (seats, scribe) = started.inspect_err(|error| halt.die(error.to_string()))?;
        Ok(Threaded { halt, ticker, seats, scribe, commands: Some(commands), remarks })
    }

    /// The ring of the operator's commands to exec; given once.
    pub fn commands(&mut self) -> Option<Producer<Event>> {
        self.commands.take()
    }

    /// What could not be had of the machine, for people.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Whether it ends by itself because something is wrong.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.halt.is_dead()
    }

    /// For helpers that have to end the line when they cannot go on.
    #[must_use]
    pub fn halt(&self) -> Arc<Halt> {
        Arc::clone(&self.halt)
    }

    /// Tells everybody to bring what is under way to its end.
    pub fn stop(&self) {
        self.halt.stop();
    }

    /// Waits for the end, which [`Threaded::stop`] or a fault brings, and says what is left.
    #[must_use]
    pub fn join(self) -> LineEnd {
        let Threaded { halt, ticker, seats, scribe, commands, .. } = self;
        drop(commands);
        while !halt.is_stopping() {
            rest(LOOK);
        }
        let ended = Stopwatch::start();
        let mut ends = Vec::new();
        for (name, seat) in seats {
            ends.extend(wait_for(name, seat, &halt, &ended).unwrap_or_default());
        }
        let journal = wait_for("journal", scribe, &halt, &ended);
        let mut end = LineEnd { stamp_cost: StampCost::measured(&ticker), ..LineEnd::default() };
        end.events = journal.unwrap_or(0);
        end.collect(ends);
        end.error = halt.reason();
        end
    }

    fn seat(
        joined: Joined,
        plan: &ThreadPlan,
        clock: &MarketClock,
        halt: &Arc<Halt>,
    ) -> Result<Vec<Seated>, StartError> {
        let Joined { kalshi, binance, pricing, exec } = joined;
        let mut parts = [
            (Agent::Kalshi, Some(kalshi)),
            (Agent::Binance, Some(binance)),
            (Agent::Pricing, Some(pricing)),
            (Agent::Exec, Some(exec)),
        ];
        let mut handles = Vec::with_capacity(plan.seats.len());
        for seat in &plan.seats {
            let here = parts.iter_mut().filter(|(agent, _)| seat.agents.contains(agent));
            let seated = Seat {
                parts: here.filter_map(|(_, part)| part.take()).collect(),
                reactor: Reactor::new()?,
                has_sockets: seat.agents.iter().any(|agent| *agent != Agent::Pricing),
                clock: clock.clone(),
                patience: plan.patience,
                halt: Arc::clone(halt),
            };
            let core = seat.core;
            let body = move || {
                if let Some(core) = core {
                    thread::pin(core);
                }
                seated.run()
            };
            handles.push((seat.name, spawn(seat.name, halt, body)?));
        }
        Ok(handles)
    }

    fn seat_scribe(writer: Scribe, plan: &ThreadPlan, halt: &Arc<Halt>) -> Result<Handle<u64>, StartError> {
        let (seen, patience) = (Arc::clone(halt), plan.patience);
        Ok(spawn("journal", halt, move || write_all(writer, patience, &seen))?)
    }
}

impl LineEnd {
    fn collect(&mut self, ends: Vec<PartEnd>) {
        let mut hash = StateHash::EMPTY;
        for agent in [Agent::Kalshi, Agent::Binance, Agent::Pricing, Agent::Exec] {
            ends.iter().filter(|end| end.agent == agent).for_each(|end| hash.mix(end.state_hash));
        }
        self.state_hash = hash.value();
        for PartEnd { agent, hops, port, signatures, .. } in ends {
            self.latency.extend(hops);
            self.links.extend(port.map(|stats| (agent, stats)));
            self.signatures = signatures.unwrap_or(self.signatures);
        }
    }
}

/// A named thread whose panic ends the line, with its name and what it said.
fn spawn<T: Send + 'static>(
    name: &'static str,
    halt: &Arc<Halt>,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Handle<T>> {
    let halt = Arc::clone(halt);
    thread::spawn(name, move || {
        thread::unless_it_panics(body).map_err(|said| halt.die(format!("the thread {name} panicked: {said}"))).ok()
    })
}

/// What a thread left; a thread that does not end is named, and left behind.
fn wait_for<T>(name: &str, handle: Handle<T>, halt: &Halt, since: &Stopwatch) -> Option<T> {
    while !handle.is_finished() {
        if since.millis() > END_MS_MAX {
            halt.die(format!("the thread {name} does not end"));
            return None;
        }
        rest(LOOK);
    }
    handle.join().ok().flatten()
}

fn join(
    (stages, ticker): (Stages, &Ticker),
    pens: Pens,
    ports: Ports,
    (control, scribe, started): (Consumer<Event>, &Scribe, &Event),
) -> Result<Joined, StartError> {
    let Stages { kalshi, binance, pricing, exec, model, frame_bytes_max, limits, .. } = stages;
    let committed = scribe.committed();
    let standing = Standing::new(scribe.state(), Arc::clone(&committed), ports.skew, limits);
    let Pens { shell, kalshi: kalshi_pen, binance: binance_pen, pricing: mut pricing_pen, exec: mut exec_pen } = pens;
    let kalshi_slots = ring_slots(kalshi.says_max());
    let model_slots = model.len().next_power_of_two().max(SMALL_RING_SLOTS);
    let (to_pricing, kalshi_pricing, of_kalshi) = stamped(kalshi_slots)?;
    let (to_exec, kalshi_exec, kalshi_of_exec) = stamped(kalshi_slots)?;
    let (spot, binance_pricing, of_spot) = stamped(ring_slots(binance.says_max()))?;
    let (opinions, pricing_exec, of_opinions) = stamped(RING_SLOTS_MIN)?;
    let (replies, gateway_exec) = spsc::ring(SMALL_RING_SLOTS)?;
    let (mut models, model_pricing) = spsc::ring(model_slots)?;
    let stamping = |inputs, outputs| Stamping::new(ticker.clone(), inputs, outputs);
    for event in model {
        models.push(event).unwrap_or_else(|_| unreachable!("the ring was made for all of it"));
    }
    let input = |ring, events| Input { ring, events };
    let pricing_inputs = vec![
        input(Ring::ModelPricing, model_pricing),
        input(Ring::KalshiPricing, kalshi_pricing),
        input(Ring::BinancePricing, binance_pricing),
    ];
    let exec_inputs = vec![
        input(Ring::ControlExec, control),
        input(Ring::KalshiExec, kalshi_exec),
        input(Ring::GatewayExec, gateway_exec),
        input(Ring::PricingExec, pricing_exec),
    ];
    let output = Output { takes: is_for_exec, events: opinions };
    let mut pricing = StageAgent::new(Agent::Pricing, pricing, pricing_inputs, Some(output))
        .with_stamping(stamping(vec![None, Some(of_kalshi.clone()), Some(of_spot.clone())], vec![of_opinions.clone()]));
    let mut exec = StageAgent::new(Agent::Exec, exec, exec_inputs, None)
        .with_stamping(stamping(vec![None, Some(kalshi_of_exec.clone()), None, Some(of_opinions)], Vec::new()));
    pricing.inject(started, &mut pricing_pen, &mut |_| ())?;
    exec.inject(started, &mut exec_pen, &mut |_| ())?;
    let routes = vec![
        Route { hears: |hearers| hearers.pricing, events: to_pricing },
        Route { hears: |hearers| hearers.exec, events: to_exec },
    ];
    let spot = vec![Route { hears: |hearers| hearers.pricing, events: spot }];
    let kalshi = FeedAgent::new(kalshi, routes).with_stamping(stamping(Vec::new(), vec![of_kalshi, kalshi_of_exec]));
    let mut kalshi = FeedPart::new(kalshi, kalshi_pen, ports.kalshi, frame_bytes_max);
    kalshi.answers = ports.kalshi_answers;
    let binance = FeedAgent::new(binance, spot).with_stamping(stamping(Vec::new(), vec![of_spot]));
    let mut binance = FeedPart::new(binance, binance_pen, ports.binance, frame_bytes_max);
    binance.answers = ports.binance_answers;
    binance.answers_first = ports.history_answers;
    Ok(Joined {
        kalshi: Box::new(kalshi),
        binance: Box::new(binance),
        pricing: Box::new(PricingPart::new(pricing, pricing_pen, ticker.clone())),
        exec: Box::new(ExecPart::new(
            exec,
            (exec_pen, shell),
            (ports.orders, ports.read_account),
            replies,
            (committed, standing, ticker.clone()),
        )),
    })
}

/// A ring, and what is beside it.
fn stamped(slots: usize) -> Result<(Producer<Event>, Consumer<Event>, Beside), CapacityError> {
    let (producer, consumer) = spsc::ring(slots)?;
    Ok((producer, consumer, Beside::new(slots)))
}

/// A ring that holds twice the worst case of its producer, so that one input never waits for an empty ring.
fn ring_slots(says_max: usize) -> usize {
    (2 * says_max).next_power_of_two().max(RING_SLOTS_MIN)
}
