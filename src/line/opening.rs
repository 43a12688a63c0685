//! How the journal of a run begins: a folder of its own, and what the run is made of.

use super::report::Label;
use super::scribe::{PenSizes, Pens, Scribe};
use super::sim::SimError;
use crate::config::Config;
use crate::record::RecordKind;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use trader_journal::hash::StateHash;
use trader_journal::log::{Identity, Options, Writer};
use trader_journal::units::Nanos;

/// Blocks of 64 KiB in a MiB of journal.
const BLOCKS_PER_MIB: u64 = 16;
/// Which program this is.
const BUILD: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// What a run's journal begins with.
pub(super) struct Opening<'a> {
    /// The run's folder.
    pub data_dir: &'a Path,
    /// Its configuration, and as text.
    pub config: &'a Config,
    pub configuration: &'a str,
    /// What it is.
    pub label: &'a Label,
    /// Drawn for this opening.
    pub nonce: u32,
    /// When it begins.
    pub now: Nanos,
    /// Whether it is to outlive a loss of power: a run that can be repeated need not.
    pub is_durable: bool,
}

impl Opening<'_> {
    /// Opens the journal and writes down what the run is made of.
    pub(super) fn open(&self, sizes: &PenSizes) -> Result<(Scribe, Pens), SimError> {
        self.claim(&journal_dir(self.data_dir))?;
        self.open_again(sizes)
    }

    /// The same with a journal that is there already, under its next epoch.
    pub(super) fn open_again(&self, sizes: &PenSizes) -> Result<(Scribe, Pens), SimError> {
        let dir = journal_dir(self.data_dir);
        let blocks = u32::try_from(self.config.journal.segment_mib * BLOCKS_PER_MIB).unwrap_or(u32::MAX);
        let identity = Identity {
            epoch_nonce: self.nonce,
            salt_seed: self.config.sim.seed,
            created: self.now,
            config_hash: hash_of(self.configuration),
            build_hash: hash_of(BUILD),
        };
        let options = Options::with_blocks(blocks).unwrap_or_default();
        let options = if self.is_durable { options } else { options.without_sync() };
        let writer = Writer::open(&dir, options, identity)?;
        let (mut scribe, mut pens) = Scribe::new(writer, sizes)?;
        pens.shell.record(RecordKind::Build, 0, self.now, BUILD.as_bytes())?;
        pens.shell.record(RecordKind::Label, 0, self.now, self.label.json().to_string().as_bytes())?;
        pens.shell.record(RecordKind::Configuration, 0, self.now, self.configuration.as_bytes())?;
        scribe.work()?;
        Ok((scribe, pens))
    }

    /// Makes the log's folder: of two runs that ask for the same one, one gets it.
    fn claim(&self, dir: &Path) -> Result<(), SimError> {
        std::fs::create_dir_all(self.data_dir).map_err(|error| disk_error(dir, &error))?;
        std::fs::create_dir(dir).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => taken(self.data_dir),
            _ => disk_error(dir, &error),
        })
    }
}

/// The log's folder in a data directory.
pub(super) fn journal_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

/// The venue's ledger in a data directory.
pub(super) fn ledger_path(data_dir: &Path) -> PathBuf {
    data_dir.join("ledger.jsonl")
}

pub(super) fn taken(data_dir: &Path) -> SimError {
    SimError::Taken { dir: data_dir.display().to_string() }
}

pub(super) fn disk_error(path: &Path, error: &std::io::Error) -> SimError {
    SimError::Disk { path: path.display().to_string(), reason: error.to_string() }
}

/// A nonce that follows from a number.
pub(super) fn nonce_of(number: u64) -> u32 {
    let mut hash = StateHash::EMPTY;
    hash.mix(number);
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
