//! A simulated session over real sockets: the threaded line against a mock exchange that is served over
//! TLS, in this process or in another, with market time that runs by itself.

use super::disk::DiskPlan;
use super::health::{JournalReport, JournalState};
use super::opening::{Opening, journal_dir, ledger_path, nonce_of, taken};
use super::outside::{ConnectError, Helpers, Outside, Venue, connect};
use super::plan::ThreadPlan;
use super::report::{Label, RunEnd, RunReport, WireEnd};
use super::settling::Settling;
use super::sim::{SimError, SimParts, SimRun, report};
use super::stages::Stages;
use super::threaded::{LineEnd, Run, Setup, Threaded};
use crate::candles::{MINUTE_NANOS, QUARTER_HOUR_NANOS};
use crate::clock::{self, MarketClock, Stopwatch};
use crate::config::{Config, Layers};
use crate::desk::latency::{Conditions, Latency};
use crate::exchange::path::date;
use crate::exchange::server::{
    Description, DescriptionError, MarketDescription, RunningServer, Server, ServerError, ServerSettings,
};
use crate::exchange::{ExchangeSettings, MockExchange};
use crate::signer::{Key, KeyError};
use crate::socket::tls::{TlsError, client_config};
use crate::thread;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use trader_journal::event::{Event, Mode};
use trader_journal::units::Nanos;
use trader_ring::spsc::Producer;

/// The slowest settlement of the family: a minute's timer and a few seconds to determine.
const SETTLE_NS: u64 = 2 * MINUTE_NANOS;
/// How long, wall time, settlements are waited for after they are all due.
const SETTLE_MS_MAX: u64 = 30_000;
/// Between two looks at the journal.
const LOOK_MS: u64 = 50;

/// Why a session over sockets cannot be run.
#[derive(Debug, Error)]
pub enum WireError {
    /// The file does not describe an exchange on this machine.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// The embedded exchange cannot be served.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// Its certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The line cannot be connected to it.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// When a session begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first window opens.
    pub start: Nanos,
    /// The last window closes.
    pub last_close: Nanos,
}

impl Span {
    /// When everything is settled.
    #[must_use]
    pub const fn ends_at(&self) -> Nanos {
        self.last_close.plus(SETTLE_NS)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let windows = self.last_close.since(self.start) / QUARTER_HOUR_NANOS;
        write!(f, "trading: {windows} quarter hours, {} to {} UTC", date(self.start), date(self.last_close))
    }
}

/// A running session.
pub struct WiredRun {
    line: Threaded,
    helpers: Helpers,
    /// The exchange in this process; `None`: it is somebody else's.
    server: Option<RunningServer>,
    clock: MarketClock,
    span: Span,
    label: Label,
    source: String,
    data_dir: PathBuf,
    plan: ThreadPlan,
    settling: Settling,
    journal_state: Arc<JournalState>,
    looked: Stopwatch,
    /// Since everything is due to be settled.
    due: Option<Stopwatch>,
    remarks: Vec<String>,
}

/// What a session is made of, wherever its exchange is.
struct Parts<'a> {
    config: &'a Config,
    configuration: &'a str,
    label: Label,
    source: String,
    span: Span,
    data_dir: PathBuf,
}

impl WiredRun {
    /// Serves the exchange of a prepared session from this process and starts the line against it.
    ///
    /// # Errors
    /// [`SimError`] names what to change.
    pub fn embedded(run: SimRun) -> Result<WiredRun, SimError> {
        let label = run.label();
        let starts_at = run.starts_at();
        let SimParts { config, configuration, source, path, plan, data_dir } = run.into_parts();
        let exchange = MockExchange::new(ExchangeSettings::new(&config, starts_at, plan.last_close), path)?;
        let clock = MarketClock::scaled(starts_at, config.sim.speed as u32);
        let server = Server::start(exchange, ServerSettings::of(&config), clock.clone()).map_err(WireError::from)?;
        let description = server.description().clone();
        let span = Span { start: plan.start, last_close: plan.last_close };
        let parts = Parts { config: &config, configuration: &configuration, label, source, span, data_dir };
        WiredRun::start(parts, &description, clock, Some(server))
    }

    /// Starts the line against an exchange that another process serves, for so many quarter hours from the
    /// next one on; what the file leads to must be on this machine.
    ///
    /// # Errors
    /// [`SimError`] names what to change.
    pub fn attached(layers: &Layers, file: &Path, windows: u64, data_dir: &Path) -> Result<WiredRun, SimError> {
        let config = layers.finish()?;
        if journal_dir(data_dir).exists() {
            return Err(taken(data_dir));
        }
        let description = Description::read(file).map_err(WireError::from)?;
        let clock = description.market_clock();
        let start = Nanos(clock.now().0.next_multiple_of(QUARTER_HOUR_NANOS));
        let span = Span { start, last_close: start.plus(windows * QUARTER_HOUR_NANOS) };
        let MarketDescription { difficulty, noise, seed } = description.sim;
        let label = Label { difficulty: difficulty.word(), noise, seed };
        let source = format!("prices: of the exchange at {}; no market data", description.rest_url);
        let configuration = layers.to_toml();
        let data_dir = data_dir.to_owned();
        let parts = Parts { config: &config, configuration: &configuration, label, source, span, data_dir };
        WiredRun::start(parts, &description, clock, None)
    }

    fn start(
        parts: Parts<'_>,
        description: &Description,
        clock: MarketClock,
        server: Option<RunningServer>,
    ) -> Result<WiredRun, SimError> {
        let Parts { config, configuration, label, source, span, data_dir } = parts;
        let now = clock.now();
        let nonce = nonce_of(clock::wall().0);
        let stages = Stages::of(config, now);
        // What it leads to is read before anything is written.
        let outside = outside(description, server.is_none())?;
        let disk = DiskPlan::of(config);
        let is_durable = disk.sync_every_ms.is_some();
        let opening = Opening { data_dir: &data_dir, config, configuration, label: &label, nonce, now, is_durable };
        let (scribe, pens) = opening.open(&stages.pen_sizes())?;
        let scribe = scribe.with_disk_thread(&disk)?;
        let (journal_state, journal) = (scribe.state(), (scribe, pens));
        let plan = ThreadPlan::of(&config.threads, thread::cores());
        let (ports, helpers) = connect(&outside, config, &stages, &clock).map_err(WireError::from)?;
        let run = Run { mode: Mode::Sim, seed: label.seed, nonce };
        let line = Threaded::start(Setup { stages, journal, clock: clock.clone(), plan: plan.clone(), run }, ports)?;
        let settling = Settling::new(&journal_dir(&data_dir), span.last_close);
        let remarks = line.remarks().to_vec();
        Ok(WiredRun {
            line,
            helpers,
            server,
            clock,
            span,
            label,
            source,
            data_dir,
            plan,
            settling,
            journal_state,
            looked: Stopwatch::start(),
            due: None,
            remarks,
        })
    }

    /// What must be said of the run wherever something of it is shown.
    #[must_use]
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// Where its prices come from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is traded from when to when.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// Its market time.
    #[must_use]
    pub const fn clock(&self) -> &MarketClock {
        &self.clock
    }

    /// The log's folder.
    #[must_use]
    pub fn journal_dir(&self) -> PathBuf {
        journal_dir(&self.data_dir)
    }

    /// How the journal stands while the line runs.
    #[must_use]
    pub fn journal_state(&self) -> Arc<JournalState> {
        Arc::clone(&self.journal_state)
    }

    /// The ring of the operator's commands to exec; given once.
    pub fn commands(&mut self) -> Option<Producer<Event>> {
        self.line.commands()
    }

    /// Threads that ask and sign, for those who look.
    #[must_use]
    pub const fn helpers(&self) -> &Helpers {
        &self.helpers
    }

    /// Whether there is nothing to wait for any more: all is settled, or was waited for long enough, or the
    /// line stopped by itself. Cheap enough to be asked every few milliseconds.
    ///
    /// # Errors
    /// [`SimError::Damaged`] when its journal cannot be read.
    pub fn is_over(&mut self) -> Result<bool, SimError> {
        if self.line.is_dead() {
            return Ok(true);
        }
        if self.clock.now() < self.span.ends_at() || self.looked.millis() < LOOK_MS {
            return Ok(false);
        }
        self.looked = Stopwatch::start();
        if self.settling.is_done()? {
            return Ok(true);
        }
        let due = self.due.get_or_insert_with(Stopwatch::start);
        if due.millis() < SETTLE_MS_MAX {
            return Ok(false);
        }
        self.remarks.push(format!("{} s after the last was due, {}", SETTLE_MS_MAX / 1000, self.settling));
        Ok(true)
    }

    /// Brings what is under way to its end, seals the journal, writes the ledger of an embedded exchange, and
    /// counts what it came to.
    ///
    /// # Errors
    /// [`SimError`]; the journal keeps what happened before.
    pub fn finish(self) -> Result<RunReport, SimError> {
        let WiredRun { line, helpers, server, clock, label, source, data_dir, plan, remarks, journal_state, .. } = self;
        line.stop();
        let end = line.join();
        drop(helpers);
        let has_ledger = server.is_some();
        if let Some(server) = server {
            server.write_ledger(&ledger_path(&data_dir)).map_err(WireError::from)?;
            server.stop().map_err(WireError::from)?;
        }
        if let Some(reason) = end.error {
            return Err(SimError::Stopped { reason });
        }
        let conditions = Conditions {
            cores: thread::cores(),
            threads: plan.seats.len(),
            waiting: plan.waiting().to_owned(),
            speed: clock.speed(),
            stamp_cost_ns: end.stamp_cost.stamp_ns,
            record_cost_ns: end.stamp_cost.record_ns,
        };
        let end = run_end(&end, conditions, (journal_state.report(), remarks));
        report(&data_dir, (label, source), end, has_ledger)
    }
}

fn run_end(end: &LineEnd, conditions: Conditions, (journal, mut remarks): (JournalReport, Vec<String>)) -> RunEnd {
    for (agent, stats) in &end.links {
        let name = format!("{agent:?}").to_lowercase();
        remarks.extend(stats.last_fault.as_ref().map(|fault| format!("the last fault of the {name} stream: {fault}")));
    }
    let hops = end.latency.iter().map(|hop| (hop.name, &hop.histogram));
    let wire = WireEnd {
        latency: Latency::of(hops, conditions),
        reconnects: end.links.iter().map(|(_, stats)| stats.reconnects).sum(),
        signatures: end.signatures,
        journal,
        remarks,
    };
    RunEnd { state_hash: end.state_hash, events: end.events, wire: Some(wire) }
}

/// How one comes into the exchange of a description.
fn outside(description: &Description, leads_the_clock: bool) -> Result<Outside, WireError> {
    Ok(Outside {
        kalshi: Venue { rest_url: description.rest_url.clone(), ws_url: description.ws_url.clone() },
        binance: Venue { rest_url: description.binance_rest_url.clone(), ws_url: binance_stream(description) },
        tls: client_config(Some(&description.ca_path))?,
        key: Arc::new(Key::read(&description.key_path, &description.key_id)?),
        leads_the_clock,
    })
}

/// Combined frames, which the feed reads; their names are sent when it is up.
fn binance_stream(description: &Description) -> String {
    format!("{}/stream", description.binance_ws_url.trim_end_matches('/'))
}
