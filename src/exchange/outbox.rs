//! Messages on their way to the client: what was said, and when it arrives.

use std::collections::VecDeque;
use trader_journal::units::Nanos;

/// Delivered messages are cut off the front of the text once they make up this much of it.
const SPENT_BYTES_MAX: usize = 1 << 20;

/// A first-in-first-out line of texts, each with the time it arrives. Texts lie in one buffer that
/// is used again, so that a message costs its bytes and nothing else.
#[derive(Default)]
pub(super) struct Outbox {
    text: String,
    /// Bytes at the front of `text` that are delivered.
    spent: usize,
    waiting: VecDeque<(Nanos, usize)>,
}

impl Outbox {
    /// Appends what `write` writes, to arrive at `due`, or with the message before it if that is later.
    pub(super) fn push(&mut self, due: Nanos, write: impl FnOnce(&mut String)) {
        let before = self.text.len();
        write(&mut self.text);
        let due = self.waiting.back().map_or(due, |last| last.0.max(due));
        self.waiting.push_back((due, self.text.len() - before));
    }

    /// When the next message arrives.
    pub(super) fn next_due(&self) -> Nanos {
        self.waiting.front().map_or(Nanos::NEVER, |next| next.0)
    }

    /// The next message into `out`, if it has arrived by `now`.
    pub(super) fn pop(&mut self, now: Nanos, out: &mut Vec<u8>) -> bool {
        if self.next_due() > now {
            return false;
        }
        let Some((_, bytes)) = self.waiting.pop_front() else { return false };
        let end = self.spent + bytes;
        out.clear();
        out.extend_from_slice(&self.text.as_bytes()[self.spent..end]);
        self.spent = end;
        self.forget_delivered();
        true
    }

    /// Forgets everything: the connection is gone.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.waiting.clear();
        self.spent = 0;
    }

    fn forget_delivered(&mut self) {
        if self.waiting.is_empty() {
            self.text.clear();
            self.spent = 0;
        } else if self.spent > SPENT_BYTES_MAX {
            self.text.drain(..self.spent);
            self.spent = 0;
        }
    }
}
