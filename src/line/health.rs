//! How the journal stands, as its scribe says it and others see it without asking him.

use crate::clock::Stopwatch;
use serde_json::{Value, json};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One per journal: written by the scribe alone, seen by exec's thread and by whoever shows it.
#[derive(Debug)]
pub struct JournalState {
    /// Rounds of the scribe: while it stands still, so does he.
    rounds: AtomicU64,
    lag_lines: AtomicU64,
    lacks_spare: AtomicBool,
    room_bytes: AtomicU64,
    prepared: AtomicU64,
    /// Lines of all streams, and those of them that a finished sync covers.
    committed: AtomicU64,
    durable: AtomicU64,
    syncs: AtomicU64,
    sync_us_max: AtomicU64,
    /// When the last finished sync began, ms after `began`.
    durable_at_ms: AtomicU64,
    is_synced: AtomicBool,
    began: Stopwatch,
    trouble: Mutex<Option<String>>,
}

impl Default for JournalState {
    fn default() -> JournalState {
        JournalState {
            rounds: AtomicU64::new(0),
            lag_lines: AtomicU64::new(0),
            lacks_spare: AtomicBool::new(false),
            room_bytes: AtomicU64::new(0),
            prepared: AtomicU64::new(0),
            committed: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            sync_us_max: AtomicU64::new(0),
            durable_at_ms: AtomicU64::new(0),
            is_synced: AtomicBool::new(false),
            began: Stopwatch::start(),
            trouble: Mutex::new(None),
        }
    }
}

/// How a journal stands at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalReport {
    /// Lines that waited for the scribe when he last looked.
    pub lag_lines: u64,
    /// Whether the next segment is there, or can still be made in time.
    pub has_spare: bool,
    /// Bytes that are taken without asking the disk for more.
    pub room_bytes: u64,
    /// Segments prepared ahead so far.
    pub segments_prepared: u64,
    /// What is durable; `None` when that is left to the operating system.
    pub sync: Option<SyncReport>,
    /// Why the next segment is not there.
    pub trouble: Option<String>,
}

/// How far what is durable is behind what is committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Lines that a loss of power would take.
    pub lag_lines: u64,
    /// Age of the oldest of them at most, ms; 0 when there are none.
    pub lag_ms: u64,
    /// Syncs so far.
    pub syncs: u64,
    /// The longest of them, µs.
    pub sync_us_max: u64,
}

impl JournalState {
    /// Everything as it is now.
    #[must_use]
    pub fn report(&self) -> JournalReport {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let sync = self.is_synced.load(Ordering::Relaxed).then(|| {
            // In this order: what is durable never seems more than what is committed.
            let durable = self.durable.load(Ordering::Acquire);
            let lag_lines = load(&self.committed).saturating_sub(durable);
            let age_ms = self.began.millis().saturating_sub(load(&self.durable_at_ms));
            let lag_ms = if lag_lines == 0 { 0 } else { age_ms };
            SyncReport { lag_lines, lag_ms, syncs: load(&self.syncs), sync_us_max: load(&self.sync_us_max) }
        });
        JournalReport {
            lag_lines: load(&self.lag_lines),
            has_spare: self.has_spare(),
            room_bytes: load(&self.room_bytes),
            segments_prepared: load(&self.prepared),
            sync,
            trouble: self.trouble().clone(),
        }
    }

    /// How many rounds the scribe did.
    #[must_use]
    pub fn rounds(&self) -> u64 {
        self.rounds.load(Ordering::Relaxed)
    }

    /// Whether the next segment is there, or can still be made in time.
    #[must_use]
    pub fn has_spare(&self) -> bool {
        !self.lacks_spare.load(Ordering::Relaxed)
    }

    /// Lines that waited when the scribe last looked.
    #[must_use]
    pub fn lag_lines(&self) -> u64 {
        self.lag_lines.load(Ordering::Relaxed)
    }

    /// Bytes that are taken without asking the disk for more.
    #[must_use]
    pub fn room_bytes(&self) -> u64 {
        self.room_bytes.load(Ordering::Relaxed)
    }

    // ---- what the scribe says ----------------------------------------------------------------

    /// He looks, and so many lines wait.
    pub(super) fn looked(&self, lag_lines: u64) {
        self.lag_lines.store(lag_lines, Ordering::Relaxed);
        self.rounds.store(self.rounds() + 1, Ordering::Relaxed);
    }

    pub(super) fn stands(&self, has_spare: bool, room_bytes: u64, committed: u64) {
        self.lacks_spare.store(!has_spare, Ordering::Relaxed);
        self.room_bytes.store(room_bytes, Ordering::Relaxed);
        self.committed.store(committed, Ordering::Relaxed);
    }

    /// A segment was prepared, or could not be.
    pub(super) fn prepared(&self, trouble: Option<String>) {
        self.prepared.fetch_add(u64::from(trouble.is_none()), Ordering::Relaxed);
        *self.trouble() = trouble;
    }

    /// From now on syncs are made.
    pub(super) fn will_be_synced(&self) {
        self.is_synced.store(true, Ordering::Relaxed);
    }

    /// What was committed `took_us` ago, `lines` in all, is durable now.
    pub(super) fn synced(&self, lines: u64, took_us: u64) {
        self.durable.store(lines, Ordering::Release);
        self.durable_at_ms.store(self.began.millis().saturating_sub(took_us / 1000), Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.sync_us_max.fetch_max(took_us, Ordering::Relaxed);
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalReport {
    /// One object.
    #[must_use]
    pub fn json(&self) -> Value {
        let sync = self.sync.map(|sync| {
            let SyncReport { lag_lines, lag_ms, syncs, sync_us_max } = sync;
            json!({ "lag_lines": lag_lines, "lag_ms": lag_ms, "count": syncs, "longest_us": sync_us_max })
        });
        json!({
            "lag_lines": self.lag_lines,
            "has_spare": self.has_spare,
            "room_bytes": self.room_bytes,
            "segments_prepared": self.segments_prepared,
            "sync": sync,
            "trouble": self.trouble,
        })
    }
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spare = if self.has_spare { "the next segment is in time" } else { "NO NEXT SEGMENT" };
        write!(f, "{} lines behind, {spare} ({} made)", self.lag_lines, self.segments_prepared)?;
        match self.sync {
            Some(sync) => write!(f, ", {} lines of {} ms not durable", sync.lag_lines, sync.lag_ms)?,
            None => write!(f, ", durable when the system likes")?,
        }
        self.trouble.as_ref().map_or(Ok(()), |trouble| write!(f, ": {trouble}"))
    }
}
