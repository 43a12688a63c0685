//! Where an agent writes down what it hears and says: before it acts on it, in the order taken.
//!
//! A pen is one agent's end of a byte ring to the [scribe](super::scribe), who alone writes the
//! journal. Events and records go through the same ring, so that their order is kept.

use crate::record::RecordKind;
use thiserror::Error;
use trader_journal::event::{Agent, Event, Ring};
use trader_journal::log::record_lines;
use trader_journal::units::Nanos;
use trader_ring::bytes::{ByteProducer, Record, RecordError, cost_bytes};

/// An agent says its state's hash after this many heard events.
pub const HASH_EVERY_EVENTS: u64 = 1024;
/// Bytes of an event.
const EVENT_BYTES: usize = 56;
/// What an event takes of the ring.
const EVENT_COST_BYTES: usize = cost_bytes(EVENT_BYTES);
/// The mark of an event that was said; below it is the ring an event was heard on.
const MARK_SAID: u16 = 0x80;
/// The mark of a record: this and its kind.
const MARK_RECORD: u16 = 0x100;

/// A pen does not take a line: the run must stop, nothing may be done that was not written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PenError {
    /// The agent took an input without asking for room first: a bug of the line.
    #[error("the ring from {agent:?} to the journal is full: it took more than it asked room for")]
    Full {
        /// Whose ring.
        agent: Agent,
    },
    /// A record that no ring of this size takes.
    #[error(
        "{agent:?} has a record of {bytes} bytes, its ring to the journal takes {bytes_max}: raise \
         capacity.frame_bytes_max"
    )]
    TooLong {
        /// Whose record.
        agent: Agent,
        /// Its bytes.
        bytes: usize,
        /// The most one may have.
        bytes_max: usize,
    },
}

/// One agent's stream of the journal, seen from the agent.
///
/// It counts what the agent heard on each ring and said, because those counts are the sequence
/// numbers on disk; and the lines, because a command waits until its line is committed.
#[derive(Debug)]
pub struct Pen {
    agent: Agent,
    out: ByteProducer,
    heard: [u64; Ring::ALL.len()],
    said: u64,
    lines: u64,
    events: u64,
}

impl Pen {
    /// A pen that goes on after `lines` lines of the stream.
    pub(super) fn new(agent: Agent, out: ByteProducer, lines: u64) -> Pen {
        Pen { agent, out, heard: [0; Ring::ALL.len()], said: 0, lines, events: 0 }
    }

    /// Whose it is.
    #[must_use]
    pub const fn agent(&self) -> Agent {
        self.agent
    }

    /// Whether `events` events and, in as many records of their own, `bytes` bytes would be taken
    /// now: what an agent asks before it takes an input, for the input and the worst it may lead to.
    #[must_use]
    pub fn has_room(&mut self, bytes: usize, events: usize) -> bool {
        self.out.has_room_for(room_cost_bytes(bytes, events))
    }

    /// The agent took `event` from `ring`.
    ///
    /// # Errors
    /// [`PenError`]: the event is not written down and must not be acted on.
    #[inline]
    pub fn heard(&mut self, ring: Ring, event: &Event) -> Result<(), PenError> {
        let seq = self.heard[ring as usize];
        self.event(ring as u16, seq, event)?;
        self.heard[ring as usize] += 1;
        Ok(())
    }

    /// The agent says `event`, and nobody else on the line hears it.
    ///
    /// # Errors
    /// As [`Pen::heard`].
    #[inline]
    pub fn said(&mut self, event: &Event) -> Result<(), PenError> {
        self.event(MARK_SAID, self.said, event)?;
        self.said += 1;
        Ok(())
    }

    /// The agent heard or sent bytes.
    ///
    /// # Errors
    /// As [`Pen::heard`].
    pub fn record(&mut self, kind: RecordKind, tag: u16, ts: Nanos, bytes: &[u8]) -> Result<(), PenError> {
        let pushed = self.out.push_marked(ts.0, tag, MARK_RECORD | kind as u16, bytes);
        pushed.map_err(|error| self.refused(error, bytes.len()))?;
        self.lines += record_lines(bytes.len()) as u64;
        Ok(())
    }

    /// Lines of this stream written so far, counted as those that are
    /// [committed](super::scribe::Committed::of).
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Events written so far, records not counted.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    #[inline]
    fn event(&mut self, mark: u16, seq: u64, event: &Event) -> Result<(), PenError> {
        let pushed = self.out.push_marked(0, seq as u16, mark, &event.to_bytes());
        pushed.map_err(|error| self.refused(error, EVENT_BYTES))?;
        self.lines += 1;
        self.events += 1;
        Ok(())
    }

    fn refused(&self, error: RecordError, bytes: usize) -> PenError {
        match error {
            RecordError::Full => PenError::Full { agent: self.agent },
            RecordError::TooLong { max_bytes } => PenError::TooLong { agent: self.agent, bytes, bytes_max: max_bytes },
        }
    }
}

/// Bytes of a ring that `events` events and as many records with `bytes` bytes together may take.
#[must_use]
pub const fn room_cost_bytes(bytes: usize, events: usize) -> usize {
    // A record's header and padding are less than an event.
    bytes + events * EVENT_COST_BYTES
}

/// What came out of a pen's ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written<'a> {
    /// An event; `ring` is `None` when it was said.
    Event { ring: Option<u8>, seq: u16, body: &'a [u8; EVENT_BYTES] },
    /// A record.
    Record { kind: u8, tag: u16, ts: Nanos, bytes: &'a [u8] },
}

/// Reads what a [`Pen`] pushed; `None` for anything else.
pub(super) fn read<'a>(record: &Record<'a>) -> Option<Written<'a>> {
    let &Record { ts_ns, tag, mark, bytes } = record;
    if mark >= MARK_RECORD {
        return Some(Written::Record { kind: mark as u8, tag, ts: Nanos(ts_ns), bytes });
    }
    let ring = (mark != MARK_SAID).then_some(mark as u8);
    Some(Written::Event { ring, seq: tag, body: bytes.try_into().ok()? })
}
