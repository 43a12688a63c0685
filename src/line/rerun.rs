//! One agent being run again, apart from its rings.

use super::feed::{FeedInput, FeedSession};
use std::collections::VecDeque;
use trader_feeds::frames::Frames;
use trader_journal::event::Event;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::Nanos;

/// A feed being run again.
pub(super) struct Feed<S> {
    pub(super) session: S,
    pub(super) outbox: Outbox,
    frames: Frames,
    pub(super) sent: VecDeque<Vec<u8>>,
}

impl<S: FeedSession> Feed<S> {
    pub(super) fn new(session: S) -> Feed<S> {
        Feed { outbox: Outbox::new(session.says_max()), frames: session.frames(), session, sent: VecDeque::new() }
    }

    pub(super) fn hear(&mut self, ts: Nanos, input: &FeedInput<'_>) {
        self.outbox.clear();
        self.session.hear(ts, input, &mut self.outbox, &mut self.frames);
        self.sent.extend(self.frames.iter().map(<[u8]>::to_vec));
        self.frames.clear();
    }
}

/// A stage being run again.
pub(super) struct Staged<S> {
    pub(super) stage: S,
    pub(super) outbox: Outbox,
}

impl<S: Stage> Staged<S> {
    pub(super) fn new(stage: S) -> Staged<S> {
        Staged { stage, outbox: Outbox::new(S::SAYS_MAX) }
    }

    pub(super) fn hear(&mut self, event: &Event) {
        self.outbox.clear();
        self.stage.on(event, &mut self.outbox);
    }
}
