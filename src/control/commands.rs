//! A command on its way to exec.

use crate::clock::MarketClock;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thiserror::Error;
use trader_journal::event::{Event, OperatorVerb, pad};
use trader_journal::units::Nanos;
use trader_ring::spsc::Producer;

/// Bytes of an event's reason.
const WHY_BYTES: usize = 40;

/// What one line of a client asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `pause`, `resume`, `cancel-all`, `kill`, `clear` or `status`.
    pub verb: String,
    /// Who asks.
    #[serde(default)]
    pub who: String,
    /// Why.
    #[serde(default)]
    pub why: String,
}

/// The verb of a command as people type it; `None` for `status` and what is no verb.
#[must_use]
pub fn verb_named(word: &str) -> Option<OperatorVerb> {
    OperatorVerb::ALL.iter().copied().find(|verb| verb.word().replace('_', "-") == word)
}

/// Through what a command came; its number is the event's `by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum By {
    /// The control socket.
    Socket = 1,
    /// A signal to the process.
    Signal = 2,
}

/// Why a command was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// Exec has not taken the commands before it.
    #[error(
        "the ring to exec is full: the command was NOT given; ask again, and stop the process if that does not help"
    )]
    Full,
    /// Nobody takes commands any more.
    #[error("the line has ended: the command was NOT given")]
    Over,
}

/// The way to exec for all that people decide. Clones are the same way.
#[derive(Clone)]
pub struct Commands {
    ring: Arc<Mutex<Producer<Event>>>,
    clock: MarketClock,
}

impl Commands {
    /// Commands go into `ring`, stamped by `clock`.
    #[must_use]
    pub fn new(ring: Producer<Event>, clock: MarketClock) -> Commands {
        Commands { ring: Arc::new(Mutex::new(ring)), clock }
    }

    /// Gives a command; when this returns, it is on its way. `who` and `why` are cut to what an
    /// event holds.
    ///
    /// # Errors
    /// [`CommandError`]: it was not given.
    pub fn give(&self, verb: OperatorVerb, by: By, who: &str, why: &str) -> Result<Nanos, CommandError> {
        let ts = self.clock.now();
        let why = reason(who, why);
        let event = Event::Operator { verb, pad: pad(), by: by as u32, ts, why };
        let mut ring = hold(&self.ring);
        if ring.is_abandoned() {
            return Err(CommandError::Over);
        }
        ring.push(event).map_err(|_| CommandError::Full)?;
        Ok(ts)
    }

    /// Market time now.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.clock.now()
    }
}

/// A lock whose holder panicked still holds what it held.
pub(super) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `who: why`, cut between characters.
fn reason(who: &str, why: &str) -> [u8; WHY_BYTES] {
    let text = match (who.is_empty(), why.is_empty()) {
        (false, false) => format!("{who}: {why}"),
        _ => format!("{who}{why}"),
    };
    let cut = text.floor_char_boundary(WHY_BYTES);
    let mut bytes = [0; WHY_BYTES];
    bytes[..cut].copy_from_slice(&text.as_bytes()[..cut]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        let cut = reason("ann", "ääääääääääääääääääääääää");
        let end = cut.iter().position(|byte| *byte == 0).unwrap_or(WHY_BYTES);
        assert_eq!(std::str::from_utf8(&cut[..end]), Ok("ann: äääääääääääääääää"));
        assert_eq!(&reason("", "lunch")[..6], b"lunch\0");
        assert_eq!(&reason("ann", "")[..4], b"ann\0");
    }

    #[test]
    fn every_verb_has_a_word_people_type() {
        for (word, verb) in [("pause", OperatorVerb::Pause), ("cancel-all", OperatorVerb::CancelAll)] {
            assert_eq!(verb_named(word), Some(verb));
        }
        assert_eq!([verb_named("cancel_all"), verb_named("status"), verb_named("")], [None; 3]);
    }
}
