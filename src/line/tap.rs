//! Where agents write down what they hear and say: before they act on it, in the order taken.

use crate::record::RecordKind;
use thiserror::Error;
use trader_journal::event::{Agent, Event, Ring};
use trader_journal::log::{AppendError, Origin, Stream, Writer};
use trader_journal::units::Nanos;

/// An agent says its state's hash after this many heard events.
pub const HASH_EVERY_EVENTS: u64 = 1024;

/// The journal would not take a line: the run must stop.
#[derive(Debug, Error)]
#[error("the journal does not take any more: {0}")]
pub struct TapError(#[from] pub AppendError);

/// The journal of one process, all agents' streams in it.
///
/// It counts what each agent heard on each ring and said, because those counts are the
/// sequence numbers on disk. After a failed append it takes nothing more.
pub struct Tap {
    writer: Writer,
    /// Per agent and ring: every agent has a shell ring of its own.
    heard: [[u64; Ring::ALL.len()]; Agent::ALL.len()],
    said: [u64; Agent::ALL.len()],
    events: u64,
}

impl Tap {
    /// Writes into `writer`.
    #[must_use]
    pub fn new(writer: Writer) -> Tap {
        Tap { writer, heard: [[0; Ring::ALL.len()]; Agent::ALL.len()], said: [0; Agent::ALL.len()], events: 0 }
    }

    /// `agent` took `event` from `ring`.
    ///
    /// # Errors
    /// [`TapError`]: the event is not in the journal and must not be acted on.
    pub fn heard(&mut self, agent: Agent, ring: Ring, event: &Event) -> Result<(), TapError> {
        let count = &mut self.heard[agent as usize][ring as usize];
        let seq = *count;
        *count += 1;
        self.append(agent, origin(ring), seq, event)
    }

    /// `agent` says `event`, and nobody else on the line hears it.
    ///
    /// # Errors
    /// As [`Tap::heard`].
    pub fn said(&mut self, agent: Agent, event: &Event) -> Result<(), TapError> {
        let count = &mut self.said[agent as usize];
        let seq = *count;
        *count += 1;
        self.append(agent, Origin::SAID, seq, event)
    }

    /// `agent` heard or sent bytes.
    ///
    /// # Errors
    /// As [`Tap::heard`].
    pub fn record(
        &mut self,
        agent: Agent,
        kind: RecordKind,
        tag: u16,
        ts: Nanos,
        bytes: &[u8],
    ) -> Result<(), TapError> {
        Ok(self.writer.append_record(stream(agent), kind as u8, tag, ts, bytes)?)
    }

    /// Lines of `agent` that a recovery would keep.
    #[must_use]
    pub fn committed(&self, agent: Agent) -> u64 {
        self.writer.committed(stream(agent))
    }

    /// Lines of `agent` written so far.
    #[must_use]
    pub fn lines(&self, agent: Agent) -> u64 {
        // One writer on one thread: what is written is committed.
        self.committed(agent)
    }

    /// Events written so far, records not counted.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Number of this opening of the journal.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.writer.epoch()
    }

    /// Seals the journal.
    ///
    /// # Errors
    /// As [`Tap::heard`].
    pub fn close(self) -> Result<(), TapError> {
        Ok(self.writer.close()?)
    }

    fn append(&mut self, agent: Agent, origin: Origin, seq: u64, event: &Event) -> Result<(), TapError> {
        self.events += 1;
        Ok(self.writer.append(stream(agent), origin, seq, &event.to_bytes())?)
    }
}

/// An agent's stream has the agent's number.
fn stream(agent: Agent) -> Stream {
    const STREAM_OF: [Option<Stream>; Agent::ALL.len()] = {
        let mut streams = [None; Agent::ALL.len()];
        let mut number = 0;
        while number < streams.len() {
            streams[number] = Stream::new(number as u8);
            number += 1;
        }
        streams
    };
    const { assert!(STREAM_OF[Agent::ALL.len() - 1].is_some(), "more agents than streams") };
    STREAM_OF[agent as usize].expect("asserted when this was compiled")
}

/// A ring's events are heard from the origin of its number.
fn origin(ring: Ring) -> Origin {
    const { assert!(Origin::heard(Ring::ALL.len() as u8 - 1).is_some(), "more rings than origins") };
    Origin::heard(ring as u8).expect("asserted when this was compiled")
}
