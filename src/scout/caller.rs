//! The thread that asks: one question at a time, each with a deadline, answers into the feeds' rings.
//!
//! A failure is told and the same question is asked again later; nothing ends the thread but being told to
//! stop. Polls are due in market time; deadlines, pauses and backoff are the wall's.

use super::ask::{Answer, AskSettings, Asker, Failure};
use super::health::ScoutHealth;
use super::{Api, Question, Scout};
use crate::clock::MarketClock;
use crate::skew::SkewEstimate;
use crate::thread;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use trader_journal::units::Nanos;
use trader_ring::bytes::{ByteProducer, RecordError};

/// How long the thread rests before it looks again whether it is to stop.
const REST_MAX: Duration = Duration::from_millis(5);
/// How long it rests when a feed does not take its answer.
const REST_FULL: Duration = Duration::from_millis(2);
/// The least pause after too many questions: buckets refill by the second.
const BUSY_PAUSE_NS: u64 = Nanos::SECOND;

/// How often to ask, and how long to leave a server alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two calls, ns of market time.
    pub between_calls_ns: u64,
    /// After the first failure, ns.
    pub backoff_ns_min: u64,
    /// The longest backoff, ns.
    pub backoff_ns_max: u64,
    /// After a refusal of the key, ns.
    pub refused_pause_ns: u64,
}

impl Pace {
    /// The pace of a configuration.
    #[must_use]
    pub fn of(config: &crate::config::Config) -> Pace {
        let scout = &config.scout;
        Pace {
            between_calls_ns: Nanos::SECOND / scout.calls_per_s_max,
            backoff_ns_min: scout.backoff_ms_min * Nanos::MILLI,
            backoff_ns_max: scout.backoff_ms_max * Nanos::MILLI,
            refused_pause_ns: scout.refused_pause_s * Nanos::SECOND,
        }
    }

    /// How long to leave a server alone after its `failures`th failure in a row.
    #[must_use]
    pub fn pause_ns(&self, failure: &Failure, failures: u32) -> u64 {
        let doubled = self.backoff_ns_min.saturating_mul(1 << failures.saturating_sub(1).min(32));
        let backoff_ns = doubled.min(self.backoff_ns_max);
        match failure {
            Failure::Transport { .. } | Failure::Server { .. } => backoff_ns,
            Failure::Busy { pause_s, .. } => {
                backoff_ns.max(pause_s.map_or(BUSY_PAUSE_NS, |pause_s| pause_s * Nanos::SECOND))
            }
            Failure::Refused { .. } | Failure::Moved { .. } => self.refused_pause_ns,
        }
    }
}

/// All that a scout's thread needs.
pub struct CallerSettings {
    /// The thread's name.
    pub name: &'static str,
    /// What is asked, and when.
    pub scout: Scout,
    /// Where and how.
    pub ask: AskSettings,
    /// How often.
    pub pace: Pace,
    /// Market time.
    pub clock: MarketClock,
    /// Where answers of Kalshi go: the tag is the status, the bytes are the target, a line feed and the body.
    pub kalshi: ByteProducer,
    /// Where those of Binance go, in the same form; `None` when it is not asked.
    pub binance: Option<ByteProducer>,
}

/// Asks a scout to read the account: the wish of whoever holds it, of any thread, without waiting.
#[derive(Clone, Debug)]
pub struct AccountWish(Arc<AtomicU64>);

const NO_WISH: u64 = u64::MAX;

impl AccountWish {
    /// The account is to be read now, its orders and fills from `since` on. Wishes that were not taken up yet
    /// become one, which goes back as far as any of them.
    pub fn read_account(&self, since: Nanos) {
        self.0.fetch_min(since.0, Ordering::AcqRel);
    }

    fn take(&self) -> Option<Nanos> {
        Some(self.0.swap(NO_WISH, Ordering::AcqRel)).filter(|since| *since != NO_WISH).map(Nanos)
    }
}

/// A scout's thread. It is told to stop, and waited for, when this is dropped.
pub struct ScoutThread {
    stop: Arc<AtomicBool>,
    end_calls: Box<dyn Fn() + Send + Sync>,
    health: Arc<ScoutHealth>,
    wish: AccountWish,
    thread: Option<JoinHandle<()>>,
}

/// Starts the thread.
///
/// # Errors
/// The system has no room for another thread.
pub fn start(settings: CallerSettings) -> io::Result<ScoutThread> {
    let CallerSettings { name, scout, ask, pace, clock, kalshi, binance } = settings;
    let (stop, health) = (Arc::new(AtomicBool::new(false)), Arc::new(ScoutHealth::default()));
    let asker = Asker::new(ask);
    let end_calls = Box::new(asker.breaker());
    let wish = AccountWish(Arc::new(AtomicU64::new(NO_WISH)));
    let caller = Caller {
        scout,
        asker,
        pace,
        clock,
        outlets: [Some(kalshi), binance],
        failures: [0; 2],
        next_call: Nanos(0),
        record: Vec::new(),
        health: Arc::clone(&health),
        skew: SkewEstimate::default(),
        wish: wish.clone(),
        stop: Arc::clone(&stop),
    };
    let thread = Some(thread::spawn(name, move || caller.run())?);
    Ok(ScoutThread { stop, end_calls, health, wish, thread })
}

impl ScoutThread {
    /// How the asking goes.
    #[must_use]
    pub const fn health(&self) -> &Arc<ScoutHealth> {
        &self.health
    }

    /// What asks it to read the account.
    #[must_use]
    pub fn wish(&self) -> AccountWish {
        self.wish.clone()
    }

    /// Tells it to stop, the call on its way too. It ends within 200 ms; a connection that is just being made
    /// may hold it until the deadline of the call.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        (self.end_calls)();
    }
}

impl Drop for ScoutThread {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // A scout that panicked has been silent; the feeds know that by the age of its answers.
            let _ = thread.join();
        }
    }
}

struct Caller {
    scout: Scout,
    asker: Asker,
    pace: Pace,
    clock: MarketClock,
    /// By the number of the API.
    outlets: [Option<ByteProducer>; 2],
    failures: [u32; 2],
    next_call: Nanos,
    record: Vec<u8>,
    health: Arc<ScoutHealth>,
    skew: SkewEstimate,
    wish: AccountWish,
    stop: Arc<AtomicBool>,
}

impl Caller {
    fn run(mut self) {
        while !self.is_told_to_stop() {
            let now = self.clock.now();
            if let Some(since) = self.wish.take() {
                self.scout.read_account(now, since);
            }
            let due = self.scout.next_deadline().max(self.next_call);
            if due > now {
                thread::rest(self.clock.wall_until(due).min(REST_MAX));
            } else if let Some(question) = self.scout.next(now) {
                self.ask(question);
                self.next_call = now.plus(self.pace.between_calls_ns);
            }
        }
    }

    fn ask(&mut self, question: Question) {
        let api = question.api;
        self.health.asked();
        match self.asker.ask(&question).and_then(|answer| self.deliver(&question, answer)) {
            Ok(Some(answer)) => {
                self.failures[api as usize] = 0;
                self.scout.answered(&question, answer.status, &answer.body);
                self.health.answered(api, self.clock.wall_now());
                if let (Api::Kalshi, Some(range)) = (api, answer.skew) {
                    self.health.told_skew(self.skew.see(range).middle_ns());
                }
            }
            Ok(None) => {}
            Err(failure) => {
                self.failures[api as usize] = self.failures[api as usize].saturating_add(1);
                let pause_ns = self.pace.pause_ns(&failure, self.failures[api as usize]);
                self.health.failed(api, self.clock.wall_now(), failure.to_string());
                let pause_ns = pause_ns.saturating_mul(u64::from(self.clock.speed()));
                self.scout.failed(question, self.clock.now().plus(pause_ns));
            }
        }
    }

    /// Hands an answer to the feed, waiting for room; `None` when nobody will take it any more.
    fn deliver(&mut self, question: &Question, answer: Answer) -> Result<Option<Answer>, Failure> {
        self.record.clear();
        self.record.extend_from_slice(question.target.as_bytes());
        self.record.push(b'\n');
        self.record.extend_from_slice(&answer.body);
        loop {
            let ts = self.clock.now();
            let Some(outlet) = &mut self.outlets[question.api as usize] else { return Ok(None) };
            match outlet.push(ts.0, answer.status, &self.record) {
                Ok(()) => return Ok(Some(answer)),
                Err(RecordError::Full) if outlet.is_abandoned() => self.stop.store(true, Ordering::Release),
                Err(RecordError::Full) => thread::rest(REST_FULL),
                Err(RecordError::TooLong { max_bytes }) => {
                    let why = format!("it has more than {max_bytes} bytes; raise capacity.frame_bytes_max");
                    return Err(Failure::Transport { host: question.target.clone(), why });
                }
            }
            if self.is_told_to_stop() {
                return Ok(None);
            }
        }
    }

    fn is_told_to_stop(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}
