//! The single writer of the journal: it takes what all pens wrote and says what is committed.
//!
//! **No effect stands before its cause.** In each round it first looks how far every pen is, the
//! last hearers before the first speakers, and then takes what it saw in the other order. Whatever
//! an agent wrote because of another's line, that line is in the log before it; so any beginning of
//! the log, a killed run's too, holds the causes of all it holds.

use super::disk::{DiskDesk, DiskPlan};
use super::health::JournalState;
use super::pen::{Pen, Written, read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use thiserror::Error;
use trader_journal::event::{Agent, Ring};
use trader_journal::log::{AppendError, DiskError, LINE_BYTES, Origin, Stream, Writer};
use trader_ring::CapacityError;
use trader_ring::bytes::{self, ByteConsumer, Record};

/// The journal does not take any more: the run must stop.
#[derive(Debug, Error)]
pub enum ScribeError {
    /// A line was refused.
    #[error("the journal does not take any more: {0}")]
    Append(#[from] AppendError),
    /// A segment could not be prepared, finished or synced.
    #[error("the journal does not take any more: {0}")]
    Disk(#[from] DiskError),
    /// The thread that keeps the disk could not be started, or ended.
    #[error("the journal's disk thread is gone: {0}")]
    DiskThread(String),
    /// It was told to stop here, as a kill would.
    #[error("the journal was told to end here")]
    Cut,
}

/// How much each agent's ring to the scribe holds, bytes; each is made a power of two.
#[derive(Clone, Copy, Debug)]
pub struct PenSizes {
    /// Requests, replies, and the records of the run's start.
    pub shell: usize,
    /// Frames, answers, and what a step of the Kalshi feed says.
    pub kalshi: usize,
    /// The same of Binance's.
    pub binance: usize,
    /// Steps of pricing.
    pub pricing: usize,
    /// Steps of exec.
    pub exec: usize,
}

/// The pens of a line's agents.
#[derive(Debug)]
pub struct Pens {
    /// The program itself, and the gateway.
    pub shell: Pen,
    /// `feeds::kalshi`.
    pub kalshi: Pen,
    /// `feeds::binance`.
    pub binance: Pen,
    /// `pricing`.
    pub pricing: Pen,
    /// `exec`.
    pub exec: Pen,
}

impl Pens {
    /// Each with whose it is.
    pub fn by_agent(&mut self) -> impl Iterator<Item = (Agent, &mut Pen)> {
        let Pens { shell, kalshi, binance, pricing, exec } = self;
        [shell, kalshi, binance, pricing, exec].into_iter().map(|pen| (pen.agent(), pen))
    }
}

/// Lines that a recovery would keep, by agent; whether the scribe still writes.
#[derive(Debug, Default)]
pub struct Committed {
    lines: [Line; Agent::ALL.len()],
    dead: AtomicBool,
}

/// Each on a cache line of its own: exec's is polled while the others' are stored.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

impl Committed {
    /// Lines of `agent` that are committed, in the units of [`Pen::lines`].
    #[must_use]
    #[inline]
    pub fn of(&self, agent: Agent) -> u64 {
        self.lines[agent as usize].0.load(Ordering::Acquire)
    }

    /// Whether the scribe has stopped after an error: nothing is committed any more, and nothing may leave.
    #[must_use]
    #[inline]
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    fn publish(&self, agent: Agent, lines: u64) {
        self.lines[agent as usize].0.store(lines, Ordering::Release);
    }

    pub(super) fn die(&self) {
        self.dead.store(true, Ordering::Release);
    }
}

/// Those who speak first come first: what they say is heard only by those behind them. Exec and the
/// shell's gateway hear each other, but a request waits until its intent is in the log.
const ORDER: [Agent; 5] = [Agent::Kalshi, Agent::Binance, Agent::Pricing, Agent::Shell, Agent::Exec];

/// One agent's ring, seen from the scribe.
struct Inkwell {
    agent: Agent,
    stream: Stream,
    written: ByteConsumer,
}

/// The single writer of all streams.
pub struct Scribe {
    /// In [`ORDER`].
    inkwells: Vec<Inkwell>,
    writer: Writer,
    disk: DiskDesk,
    committed: Arc<Committed>,
    state: Arc<JournalState>,
    events: u64,
    /// Entries until it ends as if killed.
    cut: Option<u64>,
}

impl Scribe {
    /// A scribe that writes into `writer`, and the pens whose words it takes.
    ///
    /// # Errors
    /// [`CapacityError`] for a size no ring can have.
    pub fn new(writer: Writer, sizes: &PenSizes) -> Result<(Scribe, Pens), CapacityError> {
        let committed = Arc::new(Committed::default());
        let mut inkwells = Vec::with_capacity(ORDER.len());
        let mut pen = |agent: Agent, bytes: usize| {
            let stream = stream(agent);
            let lines = writer.committed(stream);
            let (pen, written) = bytes::ring(bytes.next_power_of_two())?;
            committed.publish(agent, lines);
            inkwells.push(Inkwell { agent, stream, written });
            Ok(Pen::new(agent, pen, lines))
        };
        let pens = Pens {
            kalshi: pen(Agent::Kalshi, sizes.kalshi)?,
            binance: pen(Agent::Binance, sizes.binance)?,
            pricing: pen(Agent::Pricing, sizes.pricing)?,
            shell: pen(Agent::Shell, sizes.shell)?,
            exec: pen(Agent::Exec, sizes.exec)?,
        };
        debug_assert!(inkwells.iter().map(|inkwell| inkwell.agent).eq(ORDER), "inkwells stand in their order");
        let state = Arc::new(JournalState::default());
        Ok((Scribe { inkwells, writer, disk: DiskDesk::inline(), committed, state, events: 0, cut: None }, pens))
    }

    /// From now on segments are prepared, finished and synced on a thread of their own.
    ///
    /// # Errors
    /// [`ScribeError::DiskThread`] when there can be no thread.
    pub fn with_disk_thread(self, plan: &DiskPlan) -> Result<Scribe, ScribeError> {
        Ok(Scribe { disk: DiskDesk::start(plan, &self.state)?, ..self })
    }

    /// How the journal stands, for those who look.
    #[must_use]
    pub fn state(&self) -> Arc<JournalState> {
        Arc::clone(&self.state)
    }

    /// For tests of what a kill leaves: after so many more entries nothing is written any more, and the
    /// journal is not sealed.
    pub fn cut_after(&mut self, entries: u64) {
        self.cut = Some(entries);
    }

    /// What is committed, for those who wait for it.
    #[must_use]
    pub fn committed(&self) -> Arc<Committed> {
        Arc::clone(&self.committed)
    }

    /// Number of this opening of the journal.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.writer.epoch()
    }

    /// Whether all pens are gone; what they wrote last may still be there.
    #[must_use]
    pub fn is_left_alone(&self) -> bool {
        self.inkwells.iter().all(|inkwell| inkwell.written.is_abandoned())
    }

    /// Events in the journal since it was opened, records not counted.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Takes what the pens wrote so far and commits it; says how many entries that were.
    ///
    /// # Errors
    /// [`ScribeError`]: from now on [`Committed::is_dead`], and nothing is committed any more.
    pub fn work(&mut self) -> Result<usize, ScribeError> {
        let done = self.round();
        if done.is_err() {
            self.committed.die();
        }
        done
    }

    /// Takes what is still there and seals the journal.
    ///
    /// # Errors
    /// As [`Scribe::work`].
    pub fn close(mut self) -> Result<(), ScribeError> {
        while self.work()? > 0 {}
        let Scribe { mut writer, mut disk, committed, state, .. } = self;
        let closed = disk.stop(&mut writer, &state).and_then(|()| Ok(writer.close()?));
        committed.die();
        closed
    }

    fn round(&mut self) -> Result<usize, ScribeError> {
        for inkwell in self.inkwells.iter_mut().rev() {
            inkwell.written.look();
        }
        let waiting: usize = self.inkwells.iter().map(|inkwell| inkwell.written.seen_bytes()).sum();
        self.state.looked((waiting / LINE_BYTES) as u64);
        let mut taken = 0;
        for inkwell in &mut self.inkwells {
            let before = taken;
            while let Some(record) = inkwell.written.pop_seen() {
                if let Some(left) = &mut self.cut {
                    *left = left.checked_sub(1).ok_or(ScribeError::Cut)?;
                }
                let keeper = (&mut self.disk, &*self.state);
                self.events += u64::from(append(&mut self.writer, keeper, inkwell.stream, &record)?);
                taken += 1;
            }
            if taken > before {
                self.committed.publish(inkwell.agent, self.writer.committed(inkwell.stream));
            }
        }
        self.disk.tend(&mut self.writer, &self.state)?;
        Ok(taken)
    }
}

/// Appends one entry, waiting for the spare segment when the last one is full; says whether it is an event.
fn append(
    writer: &mut Writer,
    (disk, state): (&mut DiskDesk, &JournalState),
    stream: Stream,
    record: &Record<'_>,
) -> Result<bool, ScribeError> {
    loop {
        let (is_event, appended) = match read(record) {
            Some(Written::Event { ring, seq, body }) => {
                (true, writer.append(stream, origin(ring), u64::from(seq), body))
            }
            Some(Written::Record { kind, tag, ts, bytes }) => {
                (false, writer.append_record(stream, kind, tag, ts, bytes))
            }
            None => unreachable!("a pen writes events and records, and nobody else has its ring"),
        };
        match appended {
            Ok(()) => return Ok(is_event),
            Err(AppendError::SpareLate) => disk.await_spare(writer, state)?,
            Err(error) => return Err(error.into()),
        }
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

/// A ring's events are heard from the origin of its number; what is said has none.
fn origin(ring: Option<u8>) -> Origin {
    const { assert!(Origin::heard(Ring::ALL.len() as u8 - 1).is_some(), "more rings than origins") };
    ring.map_or(Origin::SAID, |ring| Origin::heard(ring).expect("asserted when this was compiled"))
}
