//! How the threads of a line learn that it ends, and whoever ends it why.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

const RUNNING: u8 = 0;
const STOPPING: u8 = 1;
const DEAD: u8 = 2;

/// One per line, seen by all its threads.
#[derive(Debug, Default)]
pub struct Halt {
    phase: AtomicU8,
    /// The first reason to die.
    reason: Mutex<Option<String>>,
}

impl Halt {
    /// Everybody is to finish: nothing new is taken, what is on the way is brought to its end.
    pub fn stop(&self) {
        let _ = self.phase.compare_exchange(RUNNING, STOPPING, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Everybody is to leave at once, because of `reason`; of several the first is kept.
    pub fn die(&self, reason: String) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.phase.store(DEAD, Ordering::Release);
    }

    /// Whether the line ends, in order or not.
    #[must_use]
    #[inline]
    pub fn is_stopping(&self) -> bool {
        self.phase.load(Ordering::Acquire) != RUNNING
    }

    /// Whether the line ends because something is wrong.
    #[must_use]
    #[inline]
    pub fn is_dead(&self) -> bool {
        self.phase.load(Ordering::Acquire) == DEAD
    }

    /// What was wrong.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
