//! What is slow about the journal's disk, on a thread of its own: the next segment is prepared, the
//! last one finished, and what is committed made durable, while the scribe goes on.
//!
//! A segment that cannot be prepared ends nothing yet: the live one has its room, it is said that there is
//! no next one, and it is tried again. Only when the live one is full too does the journal take no more.

use super::health::JournalState;
use super::scribe::ScribeError;
use crate::clock::Stopwatch;
use crate::config::{Config, JournalSync};
use crate::thread;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use trader_journal::log::{AppendError, DiskError, LINE_BYTES, Retired, Spare, SpareOrder, Syncer, Writer};

/// After a segment that could not be prepared, ms.
const RETRY_MS: u64 = 500;
/// The same where nobody looks at a clock, in parts of a segment.
const RETRY_PARTS: u32 = 16;

/// How the disk thread keeps a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskPlan {
    /// Between two syncs of the live segment, milliseconds; `None` leaves it to the operating system.
    pub sync_every_ms: Option<u64>,
}

impl DiskPlan {
    /// The plan of a configuration.
    #[must_use]
    pub const fn of(config: &Config) -> DiskPlan {
        let sync_every_ms = match config.journal.sync {
            JournalSync::Off => None,
            JournalSync::Interval => Some(config.journal.sync_ms),
        };
        DiskPlan { sync_every_ms }
    }
}

/// What the disk thread is asked to do.
enum Task {
    Prepare(SpareOrder),
    Finish(Retired),
    Sync(Syncer),
}

/// What it did.
enum Done {
    Prepared(Result<Spare, DiskError>),
    Finished(Result<(), DiskError>),
    Synced(Result<(), DiskError>),
}

/// Who does the slow things.
pub(super) enum DiskDesk {
    /// The writer itself: the next segment when half of this one is used, the rest when it comes to it.
    Inline(InlineDesk),
    /// A thread of its own.
    Thread(DiskThread),
}

/// What is remembered where there is no thread.
#[derive(Default)]
pub(super) struct InlineDesk {
    /// Segment and line at which preparing failed.
    failed_at: Option<(u32, u32)>,
}

pub(super) struct DiskThread {
    tasks: Sender<Task>,
    done: Receiver<Done>,
    thread: JoinHandle<()>,
    sync_every_ms: Option<u64>,
    /// Since the last sync began, and how many lines were committed then; in the tasks' order.
    since_sync: Stopwatch,
    syncing: Option<u64>,
    /// Since preparing failed.
    failed: Option<Stopwatch>,
}

impl DiskDesk {
    pub(super) fn inline() -> DiskDesk {
        DiskDesk::Inline(InlineDesk::default())
    }

    pub(super) fn start(plan: &DiskPlan, state: &JournalState) -> Result<DiskDesk, ScribeError> {
        let (tasks, asked) = channel();
        let (answer, done) = channel();
        let keep = move || {
            for task in asked {
                let answered = match task {
                    Task::Prepare(order) => Done::Prepared(order.prepare()),
                    Task::Finish(retired) => Done::Finished(retired.finish()),
                    Task::Sync(syncer) => Done::Synced(syncer.sync()),
                };
                if answer.send(answered).is_err() {
                    return;
                }
            }
        };
        let thread = thread::spawn("disk", keep).map_err(|error| ScribeError::DiskThread(error.to_string()))?;
        if plan.sync_every_ms.is_some() {
            state.will_be_synced();
        }
        Ok(DiskDesk::Thread(DiskThread {
            tasks,
            done,
            thread,
            sync_every_ms: plan.sync_every_ms,
            since_sync: Stopwatch::start(),
            syncing: None,
            failed: None,
        }))
    }

    /// Takes what was done, gives what there is to do, and says how the journal stands.
    pub(super) fn tend(&mut self, writer: &mut Writer, state: &JournalState) -> Result<(), ScribeError> {
        let has_failed = match self {
            DiskDesk::Inline(desk) => desk.tend(writer, state)?,
            DiskDesk::Thread(desk) => desk.tend(writer, state)?,
        };
        let (left, lines) = writer.lines_left();
        // While half of the segment is left a spare on its way comes in time.
        let has_spare = writer.has_spare() || (!has_failed && left > lines / 2);
        let spare = if writer.has_spare() { lines } else { 0 };
        let room_bytes = (u64::from(left) + u64::from(spare)) * LINE_BYTES as u64;
        state.stands(has_spare, room_bytes, writer.committed_lines());
        Ok(())
    }

    /// Waits until the next segment is there.
    pub(super) fn await_spare(&mut self, writer: &mut Writer, state: &JournalState) -> Result<(), ScribeError> {
        let DiskDesk::Thread(desk) = self else { return Err(AppendError::SpareLate.into()) };
        while !writer.has_spare() {
            desk.order(writer)?;
            let done = desk.done.recv().map_err(|_| gone())?;
            if let Some(refused) = desk.take(writer, state, done)? {
                // The live segment is full: this was the last chance.
                return Err(refused.into());
            }
        }
        Ok(())
    }

    /// Lets the thread finish what it was given, and ends it.
    pub(super) fn stop(&mut self, writer: &mut Writer, state: &JournalState) -> Result<(), ScribeError> {
        let DiskDesk::Thread(mut desk) = std::mem::replace(self, DiskDesk::inline()) else { return Ok(()) };
        desk.tasks = channel().0;
        let mut kept = Ok(());
        // A spare on its way is taken too: the writer removes what it did not need.
        while let Ok(done) = desk.done.recv() {
            // One that could not be made is not needed any more.
            kept = kept.and(desk.take(writer, state, done).map(|_| ()));
        }
        match desk.thread.join() {
            Ok(()) => kept,
            Err(_) => Err(gone()),
        }
    }
}

impl InlineDesk {
    /// Says whether the next segment could not be made.
    fn tend(&mut self, writer: &mut Writer, state: &JournalState) -> Result<bool, ScribeError> {
        let (left, lines) = writer.lines_left();
        let at = (writer.position().segment, writer.position().line);
        let is_again = |(segment, line): (u32, u32)| segment != at.0 || at.1 >= line + lines / RETRY_PARTS;
        if left > lines / 2 || writer.has_spare() || !self.failed_at.is_none_or(is_again) {
            return Ok(self.failed_at.is_some() && !writer.has_spare());
        }
        match writer.prepare_next() {
            Ok(()) => {
                self.failed_at = None;
                state.prepared(None);
            }
            Err(AppendError::Disk(refused)) => {
                self.failed_at = Some(at);
                state.prepared(Some(refused.to_string()));
            }
            Err(AppendError::Exhausted) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.failed_at.is_some())
    }
}

impl DiskThread {
    fn tend(&mut self, writer: &mut Writer, state: &JournalState) -> Result<bool, ScribeError> {
        while let Ok(done) = self.done.try_recv() {
            self.take(writer, state, done)?;
        }
        if self.failed.is_none_or(|failed| failed.millis() >= RETRY_MS) {
            self.order(writer)?;
        }
        if let Some(retired) = writer.take_retired() {
            self.ask(Task::Finish(retired))?;
        }
        self.sync(writer)?;
        Ok(self.failed.is_some())
    }

    /// Has the next segment prepared, unless it is there or on its way.
    fn order(&mut self, writer: &mut Writer) -> Result<(), ScribeError> {
        match writer.order_spare() {
            Ok(Some(order)) => self.ask(Task::Prepare(order)),
            // The current segment still has its room.
            Ok(None) | Err(AppendError::Exhausted) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn ask(&self, task: Task) -> Result<(), ScribeError> {
        self.tasks.send(task).map_err(|_| gone())
    }

    /// Gives why the next segment could not be prepared.
    fn take(
        &mut self,
        writer: &mut Writer,
        state: &JournalState,
        done: Done,
    ) -> Result<Option<DiskError>, ScribeError> {
        match done {
            Done::Prepared(spare) => {
                let refused = writer.deliver_spare(spare).err();
                state.prepared(refused.as_ref().map(ToString::to_string));
                self.failed = refused.is_some().then(Stopwatch::start);
                return Ok(refused);
            }
            Done::Finished(finished) => finished?,
            Done::Synced(synced) => {
                let lines = self.syncing.take();
                synced?;
                state.synced(lines.unwrap_or(0), self.since_sync.micros());
            }
        }
        Ok(None)
    }

    fn sync(&mut self, writer: &Writer) -> Result<(), ScribeError> {
        let Some(every_ms) = self.sync_every_ms else { return Ok(()) };
        if self.syncing.is_some() || self.since_sync.millis() < every_ms {
            return Ok(());
        }
        self.since_sync = Stopwatch::start();
        // A segment that was retired before is finished before: tasks are done in their order.
        self.syncing = Some(writer.committed_lines());
        self.ask(Task::Sync(writer.syncer()))
    }
}

fn gone() -> ScribeError {
    ScribeError::DiskThread("it ended before the journal was closed".to_owned())
}
