//! The mock exchange in process, behind the ports of a threaded line: no sockets, real threads, real time.

use kalshi_trader::clock::MarketClock;
use kalshi_trader::config::{Config, Layers};
use kalshi_trader::exchange::path::{GeneratorSettings, MarketPath, PathSettings, generate_candles};
use kalshi_trader::exchange::{ConnId, ExchangeSettings, MockExchange};
use kalshi_trader::gateway::{Gateway, Outgoing, Request, write_reply};
use kalshi_trader::line::plan::ThreadPlan;
use kalshi_trader::line::port::{
    FeedPort, Left, OrderPort, OrderTurn, PortEvent, PortStats, Ports, Signatures, SkewOf,
};
use kalshi_trader::line::threaded::{Run, Setup, Threaded};
use kalshi_trader::line::{PenError, Scribe, Stages};
use kalshi_trader::record::RecordKind;
use kalshi_trader::scout::{Api, Scout, ScoutSettings};
use kalshi_trader::socket::reactor::Reactor;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;
use trader_feeds::kalshi::reply::not_sent;
use trader_journal::event::{Event, Mode};
use trader_journal::log::{Identity, Writer};
use trader_journal::units::{Money, Nanos};
use trader_ring::bytes;

/// 2026-11-02T12:30:00Z: an hour closes at the end of the second quarter.
const START: Nanos = Nanos(1_793_622_600 * Nanos::SECOND);
const MINUTE: u64 = 60 * Nanos::SECOND;
const WARM_UP_MINUTES: u64 = 2880;
/// Market time per wall time: a quarter of an hour in one and a half seconds.
const SPEED: u32 = 600;
/// A bar so low that orders leave, and ages that fit the speed.
const SETTINGS: [&str; 12] = [
    "edge.edge_gross_min_cents=0",
    "edge.edge_net_min_cents=0",
    "edge.disagreement_max_cents=100",
    "sim.maker.half_spread_cents=0.1",
    "sim.market=easy",
    "sim.maker.price_lag_ms=300000",
    "freshness.reconcile_age_ms_max=86400000",
    "freshness.book_age_ms_max=600000",
    "freshness.index_age_ms_max=600000",
    "freshness.source_age_ms_max=600000",
    "freshness.opinion_age_ms_max=60000",
    "limits.collar_cents=100",
];

/// The exchange, and the time it was told last.
pub(crate) struct World {
    pub(crate) exchange: MockExchange,
    clock: MarketClock,
    last: Nanos,
}

impl World {
    fn now(&mut self) -> Nanos {
        self.last = self.last.max(self.clock.now());
        self.last
    }
}

pub(crate) type Shared = Arc<Mutex<World>>;

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().expect("nobody panics with the world in hand")
}

struct Kalshi {
    world: Shared,
    epoch: u32,
    conn: Option<ConnId>,
    frames: u64,
    bytes: Vec<u8>,
}

impl FeedPort for Kalshi {
    fn next(&mut self, _: &mut Reactor, _: Nanos) -> Option<PortEvent<'_>> {
        let mut world = lock(&self.world);
        let now = world.now();
        world.exchange.advance(now);
        if self.conn.is_some_and(|conn| !world.exchange.is_connected(conn)) {
            self.conn = None;
            return Some(PortEvent::Down { epoch: self.epoch });
        }
        let Some(conn) = self.conn else {
            self.conn = world.exchange.connect(now);
            self.epoch += u32::from(self.conn.is_some());
            return self.conn.map(|_| PortEvent::Up { epoch: self.epoch });
        };
        world.exchange.next_kalshi_frame(now, conn, &mut self.bytes).then_some(())?;
        self.frames += 1;
        Some(PortEvent::Frame { epoch: self.epoch, bytes: &self.bytes })
    }

    fn send(&mut self, frame: &[u8]) {
        let mut world = lock(&self.world);
        let now = world.now();
        if let Some(conn) = self.conn {
            world.exchange.command(now, conn, frame);
        }
    }

    fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }

    fn close(&mut self, _: &mut Reactor) {}

    fn stats(&self) -> PortStats {
        PortStats { frames: self.frames, ..PortStats::default() }
    }
}

struct Binance {
    world: Shared,
    is_up: bool,
    bytes: Vec<u8>,
}

impl FeedPort for Binance {
    fn next(&mut self, _: &mut Reactor, _: Nanos) -> Option<PortEvent<'_>> {
        let mut world = lock(&self.world);
        let now = world.now();
        world.exchange.advance(now);
        if !self.is_up {
            self.is_up = true;
            // What was before it listened is nobody's.
            while world.exchange.next_binance_frame(now, &mut self.bytes) {}
            return Some(PortEvent::Up { epoch: 1 });
        }
        world.exchange.next_binance_frame(now, &mut self.bytes).then_some(())?;
        Some(PortEvent::Frame { epoch: 1, bytes: &self.bytes })
    }

    fn send(&mut self, _: &[u8]) {}

    fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }

    fn close(&mut self, _: &mut Reactor) {}

    fn stats(&self) -> PortStats {
        PortStats::default()
    }
}

/// The gateway without sockets.
struct Orders {
    world: Shared,
    gateway: Gateway,
    open: usize,
    left: Vec<Left>,
    before: Before,
}

/// What a test does on exec's thread before the orders are looked after.
pub(crate) type Before = Box<dyn FnMut() + Send>;

impl OrderPort for Orders {
    fn hear(&mut self, event: &Event) {
        self.gateway.hear(event);
    }

    fn accept(&mut self, command: &Event, line: u64) {
        self.gateway.accept(command, line);
        self.open += 1;
    }

    fn work(&mut self, turn: OrderTurn<'_>) -> Result<usize, PenError> {
        (self.before)();
        let OrderTurn { now, wall, committed, pen, replies, .. } = turn;
        let mut did = 0;
        while let Some(outgoing) = self.gateway.next_request(committed) {
            did += 1;
            let (request, asked) = match outgoing {
                Outgoing::Send(request, asked) => (request, asked),
                Outgoing::Refused { asked, reason } => {
                    self.open -= 1;
                    let mut text = Vec::new();
                    write_reply(&mut text, Some(asked), &[]);
                    pen.record(RecordKind::OrderKept, reason as u16, now, &text)?;
                    replies.push(not_sent(now, asked, reason)).expect("room for a reply");
                    continue;
                }
            };
            pen.record(RecordKind::OrderSent, 0, now, request.text())?;
            let mut world = lock(&self.world);
            let now = world.now();
            let ticket = match &request {
                Request::Create(body) => world.exchange.create(now, body),
                Request::Cancel(path) => world.exchange.cancel(now, path),
            };
            self.gateway.sent(ticket, asked);
            if let trader_feeds::kalshi::reply::Asked::Create { client } = asked {
                self.left.push(Left { client, wall });
            }
        }
        let mut body = Vec::new();
        let mut text = Vec::new();
        loop {
            let reply = {
                let mut world = lock(&self.world);
                let now = world.now();
                world.exchange.next_reply(now, &mut body)
            };
            let Some((ticket, status)) = reply else { return Ok(did) };
            did += 1;
            self.open -= 1;
            write_reply(&mut text, self.gateway.asked(ticket), &body);
            pen.record(RecordKind::OrderReply, status, now, &text)?;
            if let Some(event) = self.gateway.answered(now, ticket, status, &body) {
                replies.push(event).expect("room for a reply");
            }
        }
    }

    fn left(&mut self, each: &mut dyn FnMut(Left)) {
        self.left.drain(..).for_each(each);
    }

    fn open(&self) -> usize {
        self.open
    }

    fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }

    fn signatures(&self) -> Signatures {
        Signatures::default()
    }
}

/// How a run of the line is to be made.
pub(crate) struct Case {
    pub(crate) settings: Vec<String>,
    pub(crate) writer: Box<dyn FnOnce(Identity) -> Writer>,
    /// What is done with the scribe before he writes.
    pub(crate) scribe: Box<dyn FnOnce(Scribe) -> Scribe>,
    pub(crate) before_orders: Before,
    pub(crate) skew: SkewOf,
    pub(crate) quarters: u64,
}

impl Case {
    /// So many threads, a journal in `dir`.
    pub(crate) fn new(threads: u64, dir: &std::path::Path) -> Case {
        let dir = dir.to_owned();
        let mut settings: Vec<String> = SETTINGS.map(str::to_owned).to_vec();
        settings.push(format!("threads.stages={threads}"));
        Case {
            settings,
            writer: Box::new(move |identity| Writer::open(&dir, options(256), identity).expect("a journal")),
            scribe: Box::new(|scribe| scribe),
            before_orders: Box::new(|| ()),
            skew: Box::new(|| None),
            quarters: 2,
        }
    }
}

pub(crate) fn options(blocks: u32) -> trader_journal::log::Options {
    trader_journal::log::Options::with_blocks(blocks).expect("a segment").without_sync()
}

/// A line that runs, and what it is connected to.
pub(crate) struct Running {
    pub(crate) line: Threaded,
    pub(crate) world: Shared,
    pub(crate) clock: MarketClock,
    /// When all its events are paid.
    pub(crate) end: Nanos,
    scout: JoinHandle<()>,
}

impl Running {
    /// Waits until market time is `until`, or the line is dead.
    pub(crate) fn wait(&self, until: Nanos) {
        while self.clock.now() < until && !self.line.is_dead() {
            std::thread::yield_now();
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// Stops it and gives what is left.
    pub(crate) fn stop(self) -> (kalshi_trader::line::threaded::LineEnd, Shared) {
        self.line.stop();
        let end = self.line.join();
        self.scout.join().expect("a scout that ends");
        (end, self.world)
    }
}

pub(crate) fn start(case: Case) -> Running {
    let mut layers = Layers::defaults().unwrap();
    case.settings.iter().for_each(|setting| layers.add_setting(setting).unwrap());
    let config = layers.finish().unwrap();
    let last_close = START.plus(case.quarters * 15 * MINUTE);
    let world_start = START.minus(5 * MINUTE);
    let exchange = exchange(&config, world_start, last_close);
    let stages = Stages::of(&config, world_start);
    let identity =
        Identity { epoch_nonce: 1, salt_seed: 2, created: world_start, config_hash: [0; 32], build_hash: [0; 32] };
    let (scribe, mut pens) = Scribe::new((case.writer)(identity), &stages.pen_sizes()).unwrap();
    let mut scribe = (case.scribe)(scribe);
    pens.shell.record(RecordKind::Configuration, 0, world_start, layers.to_toml().as_bytes()).unwrap();
    scribe.work().unwrap();
    let clock = MarketClock::scaled(world_start, SPEED);
    let world = Arc::new(Mutex::new(World { exchange, clock: clock.clone(), last: world_start }));
    let (kalshi_out, kalshi_answers) = bytes::ring(1 << 24).unwrap();
    let (binance_out, binance_answers) = bytes::ring(1 << 20).unwrap();
    let settings = ScoutSettings::of(&config);
    let history_answers = {
        let mut scout = Scout::new(settings.clone(), world_start);
        std::iter::from_fn(|| scout.asks_candles().then(|| scout.next(world_start))).count()
    };
    let scout = ask(Arc::clone(&world), Scout::new(settings, world_start), [kalshi_out, binance_out]);
    let ports = Ports {
        kalshi: Box::new(Kalshi { world: Arc::clone(&world), epoch: 0, conn: None, frames: 0, bytes: Vec::new() }),
        kalshi_answers: vec![kalshi_answers],
        binance: Box::new(Binance { world: Arc::clone(&world), is_up: false, bytes: Vec::new() }),
        binance_answers: vec![binance_answers],
        history_answers,
        read_account: Box::new(|_| ()),
        skew: case.skew,
        orders: Box::new(Orders {
            world: Arc::clone(&world),
            gateway: Gateway::new(stages.shard),
            open: 0,
            left: Vec::new(),
            before: case.before_orders,
        }),
    };
    let setup = Setup {
        plan: ThreadPlan::of(&config.threads, kalshi_trader::thread::cores()),
        stages,
        journal: (scribe, pens),
        clock: clock.clone(),
        run: Run { mode: Mode::Sim, seed: 1, nonce: 1 },
    };
    let line = Threaded::start(setup, ports).expect("a line");
    Running { line, world, clock, end: last_close.plus(2 * MINUTE), scout }
}

fn exchange(config: &Config, start: Nanos, last_close: Nanos) -> MockExchange {
    let minutes = WARM_UP_MINUTES + last_close.since(start) / MINUTE + 20;
    let generator = GeneratorSettings {
        seed: 5,
        start: start.minus(WARM_UP_MINUTES * MINUTE),
        minutes: NonZeroU32::new(minutes as u32).expect("minutes"),
        open: Money(100_000_000_000),
    };
    let path = PathSettings { seed: 5, ticks_per_second: NonZeroU16::MIN };
    let path = MarketPath::new(generate_candles(&generator), path);
    MockExchange::new(ExchangeSettings::new(config, start, last_close), path).expect("an exchange")
}

/// Asks the schedule's questions until nobody takes the answers any more.
fn ask(world: Shared, mut scout: Scout, [mut kalshi, mut binance]: [bytes::ByteProducer; 2]) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let (mut record, mut body) = (Vec::new(), Vec::new());
        while !kalshi.is_abandoned() {
            let asked = {
                let mut world = lock(&world);
                let now = world.now();
                scout.next(now).map(|question| (world.exchange.get(now, &question.target, &mut body), question))
            };
            let Some((status, question)) = asked else {
                std::thread::park_timeout(Duration::from_millis(1));
                continue;
            };
            scout.answered(&question, status, &body);
            record.clear();
            record.extend_from_slice(question.target.as_bytes());
            record.push(b'\n');
            record.extend_from_slice(&body);
            let ring = if question.api == Api::Kalshi { &mut kalshi } else { &mut binance };
            while !ring.is_abandoned() && ring.push(0, status, &record).is_err() {
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
    })
}
