//! A simulated session from its configuration to its report: prices, exchange, line, journal.
//!
//! What comes out is labelled where it is made: a simulation proves nothing about a market.

use super::lockstep::{Lockstep, LockstepError, RunOutcome, RunPlan};
use super::pen::PenError;
use super::scribe::{PenSizes, Pens, Scribe, ScribeError};
use super::stages::Stages;
use crate::candles::{MINUTE_NANOS, QUARTER_HOUR_NANOS};
use crate::config::{Config, ConfigError, Layers};
use crate::desk::Tally;
use crate::exchange::path::{MarketPath, Source, date};
use crate::exchange::setup::{Day, DayError, DayRequest, LEAD_NS};
use crate::exchange::{ExchangeError, ExchangeSettings, MockExchange};
use crate::record::RecordKind;
use crate::scout::ScoutSettings;
use jiff::civil::Date;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use thiserror::Error;
use trader_journal::event::Mode;
use trader_journal::hash::StateHash;
use trader_journal::log::{Damage, Identity, OpenError, Options, Writer};
use trader_journal::units::Nanos;
use trader_ring::CapacityError;

pub use super::report::{Label, RunReport};

/// The slowest settlement of the family: a minute's timer and a few seconds to determine.
const SETTLE_NS: u64 = 2 * MINUTE_NANOS;
/// Blocks of 64 KiB in a MiB of journal.
const BLOCKS_PER_MIB: u64 = 16;

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

impl SimRun {
    /// Reads or makes the prices and settles what is traded from when to when.
    ///
    /// # Errors
    /// [`SimError`] names what to change.
    pub fn prepare(layers: &mut Layers, request: &SimRequest) -> Result<SimRun, SimError> {
        let config = layers.finish()?;
        if journal_dir(&request.data_dir).exists() {
            return Err(SimError::Taken { dir: request.data_dir.display().to_string() });
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

    /// Runs it to its end, writing journal and ledger. `progress` is told each instant reached.
    ///
    /// # Errors
    /// [`SimError`]; the journal keeps what happened before.
    pub fn trade(self, progress: impl FnMut(Nanos)) -> Result<RunReport, SimError> {
        let (label, starts_at) = (self.label(), self.starts_at());
        let stages = Stages::of(&self.config, starts_at);
        let journal = self.open_journal(&label, starts_at, &stages.pen_sizes())?;
        let exchange_settings = ExchangeSettings::new(&self.config, starts_at, self.plan.last_close);
        let exchange = MockExchange::new(exchange_settings, self.path)?;
        let scout = ScoutSettings::of(&self.config);
        let line = Lockstep::new(stages, scout, exchange, journal, starts_at)?;
        let outcome = line.run(&self.plan, progress)?;
        let ledger_path = self.data_dir.join("ledger.jsonl");
        write_ledger(&outcome, &ledger_path)?;
        let journal_dir = journal_dir(&self.data_dir);
        let tally = Tally::of_journal(&journal_dir)?;
        Ok(RunReport::new(label, &self.source, &outcome, &tally, journal_dir, ledger_path))
    }

    /// Makes the log's folder: of two runs that ask for the same one, one gets it.
    fn claim(&self, dir: &Path) -> Result<(), SimError> {
        std::fs::create_dir_all(&self.data_dir).map_err(|error| disk_error(dir, &error))?;
        std::fs::create_dir(dir).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => SimError::Taken { dir: self.data_dir.display().to_string() },
            _ => disk_error(dir, &error),
        })
    }

    fn open_journal(&self, label: &Label, now: Nanos, sizes: &PenSizes) -> Result<(Scribe, Pens), SimError> {
        let dir = journal_dir(&self.data_dir);
        self.claim(&dir)?;
        let blocks = u32::try_from(self.config.journal.segment_mib * BLOCKS_PER_MIB).unwrap_or(u32::MAX);
        let identity = Identity {
            epoch_nonce: self.plan.nonce,
            salt_seed: self.plan.seed,
            created: now,
            config_hash: hash_of(&self.configuration),
            build_hash: hash_of(BUILD),
        };
        let writer = Writer::open(&dir, Options::with_blocks(blocks).unwrap_or_default().without_sync(), identity)?;
        let (mut scribe, mut pens) = Scribe::new(writer, sizes)?;
        pens.shell.record(RecordKind::Build, 0, now, BUILD.as_bytes())?;
        pens.shell.record(RecordKind::Label, 0, now, label.json().to_string().as_bytes())?;
        pens.shell.record(RecordKind::Configuration, 0, now, self.configuration.as_bytes())?;
        scribe.work()?;
        Ok((scribe, pens))
    }
}

/// Which program this is.
const BUILD: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// The log's folder in a data directory.
fn journal_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

/// In lockstep nothing is drawn from outside: the nonce follows from the seed.
fn nonce_of(seed: u64) -> u32 {
    let mut hash = StateHash::EMPTY;
    hash.mix(seed);
    hash.value() as u32
}

/// 32 bytes that tell two texts apart.
fn hash_of(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (place, part) in bytes.chunks_exact_mut(8).enumerate() {
        let mut hash = StateHash::EMPTY;
        hash.mix(place as u64);
        hash.mix_bytes(text.as_bytes());
        part.copy_from_slice(&hash.value().to_le_bytes());
    }
    bytes
}

fn write_ledger(outcome: &RunOutcome, path: &Path) -> Result<(), SimError> {
    let write = || {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        outcome.exchange.write_ledger(&mut file)?;
        file.flush()
    };
    write().map_err(|error| disk_error(path, &error))
}

fn disk_error(path: &Path, error: &std::io::Error) -> SimError {
    SimError::Disk { path: path.display().to_string(), reason: error.to_string() }
}
