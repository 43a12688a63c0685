//! What is slow about the journal's disk, on a thread of its own: the next segment is prepared, the
//! last one finished, and what is committed made durable, while the scribe goes on.

use super::scribe::ScribeError;
use crate::clock::Stopwatch;
use crate::thread;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use trader_journal::log::{AppendError, DiskError, Retired, Spare, SpareOrder, Syncer, Writer};

/// How the disk thread keeps a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskPlan {
    /// Between two syncs of the live segment, milliseconds; `None` leaves it to the operating system.
    pub sync_every_ms: Option<u64>,
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
    /// The writer itself, when it comes to them.
    Inline,
    /// A thread of its own.
    Thread(DiskThread),
}

pub(super) struct DiskThread {
    tasks: Sender<Task>,
    done: Receiver<Done>,
    thread: JoinHandle<()>,
    sync_every_ms: Option<u64>,
    since_sync: Stopwatch,
    is_syncing: bool,
}

impl DiskDesk {
    pub(super) fn start(plan: &DiskPlan) -> Result<DiskDesk, ScribeError> {
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
        Ok(DiskDesk::Thread(DiskThread {
            tasks,
            done,
            thread,
            sync_every_ms: plan.sync_every_ms,
            since_sync: Stopwatch::start(),
            is_syncing: false,
        }))
    }

    /// Takes what the thread has done, and gives it what there is to do.
    pub(super) fn tend(&mut self, writer: &mut Writer) -> Result<(), ScribeError> {
        let DiskDesk::Thread(thread) = self else { return Ok(()) };
        while let Ok(done) = thread.done.try_recv() {
            thread.take(writer, done)?;
        }
        if !writer.has_spare() {
            match writer.order_spare() {
                Ok(Some(order)) => thread.ask(Task::Prepare(order))?,
                // The current segment still has its room.
                Ok(None) | Err(AppendError::Exhausted) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(retired) = writer.take_retired() {
            thread.ask(Task::Finish(retired))?;
        }
        thread.sync(writer)
    }

    /// Waits until the spare that was ordered is there.
    pub(super) fn await_spare(&mut self, writer: &mut Writer) -> Result<(), ScribeError> {
        let DiskDesk::Thread(thread) = self else { return Err(AppendError::SpareLate.into()) };
        while !writer.has_spare() {
            let done = thread.done.recv().map_err(|_| gone())?;
            thread.take(writer, done)?;
        }
        Ok(())
    }

    /// Lets the thread finish what it was given, and ends it.
    pub(super) fn stop(&mut self, writer: &mut Writer) -> Result<(), ScribeError> {
        let DiskDesk::Thread(mut desk) = std::mem::replace(self, DiskDesk::Inline) else { return Ok(()) };
        desk.tasks = channel().0;
        let mut kept = Ok(());
        // A spare on its way is taken too: the writer removes what it did not need.
        while let Ok(done) = desk.done.recv() {
            kept = kept.and(desk.take(writer, done));
        }
        match desk.thread.join() {
            Ok(()) => kept,
            Err(_) => Err(gone()),
        }
    }
}

impl DiskThread {
    fn ask(&self, task: Task) -> Result<(), ScribeError> {
        self.tasks.send(task).map_err(|_| gone())
    }

    fn take(&mut self, writer: &mut Writer, done: Done) -> Result<(), ScribeError> {
        match done {
            Done::Prepared(spare) => writer.deliver_spare(spare)?,
            Done::Finished(finished) => finished?,
            Done::Synced(synced) => {
                self.is_syncing = false;
                synced?;
            }
        }
        Ok(())
    }

    fn sync(&mut self, writer: &Writer) -> Result<(), ScribeError> {
        let Some(every_ms) = self.sync_every_ms else { return Ok(()) };
        if self.is_syncing || self.since_sync.millis() < every_ms {
            return Ok(());
        }
        self.since_sync = Stopwatch::start();
        self.is_syncing = true;
        self.ask(Task::Sync(writer.syncer()))
    }
}

fn gone() -> ScribeError {
    ScribeError::DiskThread("it ended before the journal was closed".to_owned())
}
