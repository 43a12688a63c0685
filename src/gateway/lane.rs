//! Commands of one kind that wait to leave, oldest first.

use std::collections::VecDeque;
use trader_journal::event::Event;
use trader_journal::units::Nanos;

/// A command that is not on the wire yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub command: Event,
    /// Lines of exec's stream that must be committed before it may leave.
    pub line: u64,
    /// When it was accepted, wall time.
    pub since: Nanos,
}

/// Those of one kind, and how old they may get.
#[derive(Debug)]
pub(super) struct Lane {
    waiting: VecDeque<Waiting>,
    age_ns_max: u64,
}

impl Lane {
    pub(super) const fn new(age_ns_max: u64) -> Lane {
        Lane { waiting: VecDeque::new(), age_ns_max }
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// The oldest, if its intent is kept: nothing is done about one before, not even a refusal.
    pub(super) fn front(&self, committed: u64) -> Option<&Waiting> {
        self.waiting.front().filter(|waiting| waiting.line <= committed)
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    pub(super) fn is_too_old(&self, waiting: &Waiting, wall: Nanos) -> bool {
        wall.since(waiting.since) > self.age_ns_max
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// When the oldest gets too old, wall time.
    pub(super) fn next_deadline(&self) -> Nanos {
        self.waiting.front().map_or(Nanos::NEVER, |waiting| waiting.since.plus(self.age_ns_max).plus(1))
    }
}
