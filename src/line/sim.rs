//! A simulated session from its configuration to its report: prices, exchange, line, journal.
//!
//! What comes out is labelled where it is made: a simulation proves nothing about a market.

use super::lockstep::{Lockstep, LockstepError, RunOutcome, RunPlan};
use super::opening::{Opening, disk_error, journal_dir, ledger_path, nonce_of, taken};
use super::pen::PenError;
use super::report::RunEnd;
use super::scribe::ScribeError;
use super::stages::Stages;
use super::threaded::StartError;
use super::wired::WireError;
use crate::candles::{MINUTE_NANOS, QUARTER_HOUR_NANOS};
use crate::config::{Config, ConfigError, Layers};
use crate::desk::Tally;
use crate::exchange::path::{MarketPath, Source, date};
use crate::exchange::setup::{Day, DayError, DayRequest, LEAD_NS};
use crate::exchange::{ExchangeError, ExchangeSettings, MockExchange};
use crate::scout::ScoutSettings;
use jiff::civil::Date;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use thiserror::Error;
use trader_journal::event::Mode;
use trader_journal::log::{Damage, OpenError};
use trader_journal::units::Nanos;
use trader_ring::CapacityError;

pub use super::report::{Label, RunReport};

/// The slowest settlement of the family: a minute's timer and a few seconds to determine.
const SETTLE_NS: u64 = 2 * MINUTE_NANOS;

/// What a person asked for beside the configuration.
#[derive(Clone, Debug)]
pub struct SimRequest {
    /// Recorded candles; none: a generated day.
    pub candles: Vec<PathBuf>,
    /// First day to trade.
    pub from: Option<Date>,
    /// Last day to trade.
    pub to: Option<Date>,
    /// Quarter hours; `None`: all there are, or `sim.windows` of a generated day.
    pub windows: Option<u64>,
    /// Where the journal and the ledger go.
    pub data_dir: PathBuf,
}

/// Why a session cannot be run, or ended early.
#[derive(Debug, Error, miette::Diagnostic)]
pub enum SimError {
    /// As the configuration says.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Configuration(#[from] ConfigError),
    /// The prices or the times.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Day(#[from] DayError),
    /// Something is there already.
    #[error("{dir} already holds a run")]
    #[diagnostic(help("give another --data-dir, or none for a fresh one: a run is never written over another"))]
    Taken {
        /// The data directory.
        dir: String,
    },
    /// The finished journal cannot be read back.
    #[error("the journal was written and cannot be read back: {0}")]
    Damaged(#[from] Damage),
    /// The journal cannot be opened.
    #[error("the journal cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// The journal refused a line.
    #[error(transparent)]
    Journal(#[from] ScribeError),
    /// The run's own records do not fit the ring to the journal.
    #[error(transparent)]
    Pen(#[from] PenError),
    /// A ring to the journal cannot be as large as the capacities ask.
    #[error("a ring to the journal cannot be made: {0}")]
    #[diagnostic(help("lower capacity.frame_bytes_max or capacity.markets"))]
    Ring(#[from] CapacityError),
    /// The exchange cannot be made.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The line stopped.
    #[error(transparent)]
    Line(#[from] LockstepError),
    /// The exchange cannot be reached over sockets.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The threads cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The threaded line ended before it was told to.
    #[error("the line stopped: {reason}")]
    #[diagnostic(help("the journal holds all that happened before, and can be replayed and audited"))]
    Stopped {
        /// Why.
        reason: String,
    },
    /// The disk refused.
    #[error("cannot write {path}: {reason}")]
    #[diagnostic(help("choose a --data-dir that can be written"))]
    Disk {
        /// The file or folder.
        path: String,
        /// What the system said.
        reason: String,
    },
}

/// A session, ready to be traded.
pub struct SimRun {
    config: Config,
    configuration: String,
    source: Source,
    path: MarketPath,
    plan: RunPlan,
    windows_asked: Option<u64>,
    data_dir: PathBuf,
}

/// What a session over sockets is made of.
pub(super) struct SimParts {
    pub config: Config,
    pub configuration: String,
    pub source: String,
    pub path: MarketPath,
    pub plan: RunPlan,
    pub data_dir: PathBuf,
}

impl SimRun {
    /// Reads or makes the prices and settles what is traded from when to when.
    ///
    /// # Errors
    /// [`SimError`] names what to change.
    pub fn prepare(layers: &mut Layers, request: &SimRequest) -> Result<SimRun, SimError> {
        let config = layers.finish()?;
        if journal_dir(&request.data_dir).exists() {
            return Err(taken(&request.data_dir));
        }
        let SimRequest { candles, from, to, windows, data_dir } = request.clone();
        let asked = DayRequest { candles, from, to, windows };
        let Day { source, path, start, last_close } = Day::prepare(&config, &asked)?;
        let plan = RunPlan {
            mode: Mode::Sim,
            start,
            last_close,
            settle_ns: SETTLE_NS,
            seed: config.sim.seed,
            // In lockstep nothing is drawn from outside.
            nonce: nonce_of(config.sim.seed),
        };
        let configuration = layers.to_toml();
        Ok(SimRun { config, configuration, source, path, plan, windows_asked: windows, data_dir })
    }

    /// What must be said of the run wherever something of it is shown.
    #[must_use]
    pub fn label(&self) -> Label {
        let sim = &self.config.sim;
        Label { difficulty: sim.market.word(), noise: sim.noise(), seed: sim.seed }
    }

    /// Where its prices come from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What is traded from when to when, and how much less that is than was asked for.
    #[must_use]
    pub fn span(&self) -> String {
        let RunPlan { start, last_close, .. } = self.plan;
        let windows = last_close.since(start) / QUARTER_HOUR_NANOS;
        let asked = self.windows_asked.filter(|asked| *asked > windows);
        let short = asked.map(|asked| format!(" (of {asked} asked for: the candles end)")).unwrap_or_default();
        format!("trading: {windows} quarter hours{short}, {} to {} UTC", date(start), date(last_close))
    }

    /// When the line starts.
    #[must_use]
    pub const fn starts_at(&self) -> Nanos {
        self.plan.start.minus(LEAD_NS)
    }

    /// When everything is settled.
    #[must_use]
    pub const fn ends_at(&self) -> Nanos {
        self.plan.last_close.plus(self.plan.settle_ns)
    }

    /// What a session over sockets is made of.
    pub(super) fn into_parts(self) -> SimParts {
        let SimRun { config, configuration, source, path, plan, data_dir, .. } = self;
        SimParts { config, configuration, source: source.to_string(), path, plan, data_dir }
    }

    /// Runs it to its end, writing journal and ledger. `progress` is told each instant reached.
    ///
    /// # Errors
    /// [`SimError`]; the journal keeps what happened before.
    pub fn trade(self, progress: impl FnMut(Nanos)) -> Result<RunReport, SimError> {
        let (label, starts_at) = (self.label(), self.starts_at());
        let stages = Stages::of(&self.config, starts_at);
        let opening = Opening {
            data_dir: &self.data_dir,
            config: &self.config,
            configuration: &self.configuration,
            label: &label,
            nonce: self.plan.nonce,
            now: starts_at,
            is_durable: false,
        };
        let journal = opening.open(&stages.pen_sizes())?;
        let exchange_settings = ExchangeSettings::new(&self.config, starts_at, self.plan.last_close);
        let exchange = MockExchange::new(exchange_settings, self.path)?;
        let scout = ScoutSettings::of(&self.config);
        let line = Lockstep::new(stages, scout, exchange, journal, starts_at)?;
        let outcome = line.run(&self.plan, progress)?;
        write_ledger(&outcome, &ledger_path(&self.data_dir))?;
        let end = RunEnd { state_hash: outcome.state_hash, events: outcome.events, wire: None };
        report(&self.data_dir, (label, self.source.to_string()), end, true)
    }
}

/// The report of a run, counted from its journal.
pub(super) fn report(
    data_dir: &Path,
    (label, source): (Label, String),
    end: RunEnd,
    has_ledger: bool,
) -> Result<RunReport, SimError> {
    let tally = Tally::of_journal(&journal_dir(data_dir))?;
    let ledger = has_ledger.then(|| ledger_path(data_dir));
    Ok(RunReport::new(label, source, end, &tally, (journal_dir(data_dir), ledger)))
}

fn write_ledger(outcome: &RunOutcome, path: &Path) -> Result<(), SimError> {
    let write = || {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        outcome.exchange.write_ledger(&mut file)?;
        file.flush()
    };
    write().map_err(|error| disk_error(path, &error))
}
