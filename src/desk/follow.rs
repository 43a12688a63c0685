//! Reads a journal that may still grow, and hands on what is in it.

use crate::record::RecordKind;
use crate::thread;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use trader_journal::event::{Agent, Event};
use trader_journal::log::{Damage, Entry, Origin, Position, Reader, Reason};
use trader_journal::units::Nanos;

/// Between two looks at a journal that had nothing new.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One thing a journal told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// An agent heard or said an event.
    Event {
        /// Where it stands.
        at: Position,
        /// Who.
        agent: Agent,
        /// The ring it was heard on, or said.
        origin: Origin,
        /// What.
        event: Event,
    },
    /// An agent heard or sent bytes, or wrote down what the run is.
    Record {
        /// Where its head stands.
        at: Position,
        /// Who.
        agent: Agent,
        /// What they are.
        kind: RecordKind,
        /// The kind's tag.
        tag: u16,
        /// When.
        ts: Nanos,
        /// The bytes.
        bytes: &'a [u8],
    },
}

/// Follows one journal from its start.
///
/// The journal need not be there yet; its writer may be in this process or in another, may die,
/// and may be followed by a new one. The line never notices: nothing is locked or written.
pub struct Follower {
    dir: PathBuf,
    reader: Option<Reader>,
    unknown: u64,
}

impl Follower {
    /// One for the log's folder `dir`.
    #[must_use]
    pub fn new(dir: &Path) -> Follower {
        Follower { dir: dir.to_owned(), reader: None, unknown: 0 }
    }

    /// Hands on all that is committed and was not handed on yet; returns how much that was.
    ///
    /// # Errors
    /// [`Damage`]; the follower stays there and says the same when asked again.
    pub fn catch_up(&mut self, see: &mut impl FnMut(&Told<'_>)) -> Result<u64, Damage> {
        let Some(reader) = open(&mut self.reader, &self.dir)? else { return Ok(0) };
        let mut handed = 0;
        while let Some(entry) = reader.next()? {
            match told(&entry) {
                Some(told) => see(&told),
                None => self.unknown += 1,
            }
            handed += 1;
        }
        Ok(handed)
    }

    /// Entries of another version of the program, which were left out.
    #[must_use]
    pub const fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Where it stands.
    #[must_use]
    pub fn position(&self) -> Position {
        self.reader.as_ref().map_or(Position::default(), Reader::position)
    }
}

/// The reader, opened as soon as there is a folder to read.
fn open<'a>(reader: &'a mut Option<Reader>, dir: &Path) -> Result<Option<&'a mut Reader>, Damage> {
    if reader.is_none() {
        match Reader::open(dir) {
            Ok(opened) => *reader = Some(opened),
            Err(damage) if damage.reason == Reason::Unreadable(io::ErrorKind::NotFound) => return Ok(None),
            Err(damage) => return Err(damage),
        }
    }
    Ok(reader.as_mut())
}

/// What an entry tells; `None` for a stream, a kind or an event this version does not know.
fn told<'a>(entry: &Entry<'a>) -> Option<Told<'a>> {
    match *entry {
        Entry::Line { position: at, stream, origin, body, .. } => {
            let agent = Agent::from_stream(stream.number())?;
            Some(Told::Event { at, agent, origin, event: Event::from_bytes(body)? })
        }
        Entry::Record { position: at, stream, kind, tag, ts, bytes } => {
            let agent = Agent::from_stream(stream.number())?;
            Some(Told::Record { at, agent, kind: RecordKind::from_number(kind)?, tag, ts, bytes })
        }
    }
}

/// Hands on all of a finished journal.
///
/// # Errors
/// [`Damage`]; what stands before it was handed on.
pub fn read_all(dir: &Path, see: &mut impl FnMut(&Told<'_>)) -> Result<u64, Damage> {
    Follower::new(dir).catch_up(see)
}

/// A thread that follows a journal until it is told that nothing more comes.
pub struct Observer<T> {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<(T, Result<u64, Damage>)>,
}

impl<T: Send + 'static> Observer<T> {
    /// Starts it; it keeps `state` and shows it every entry.
    ///
    /// # Errors
    /// The system has no room for another thread.
    pub fn start(
        dir: &Path,
        mut state: T,
        mut see: impl FnMut(&mut T, &Told<'_>) + Send + 'static,
    ) -> io::Result<Observer<T>> {
        let mut follower = Follower::new(dir);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let body = move || {
            let handed = follow(&mut follower, &over, &mut |told| see(&mut state, told));
            (state, handed)
        };
        Ok(Observer { is_over, thread: thread::spawn("observer", body)? })
    }

    /// Tells it that the writer is closed, waits until it has read to the end, and gives its state
    /// back with the number of entries read. `None` when its thread panicked.
    pub fn finish(self) -> Option<(T, Result<u64, Damage>)> {
        self.is_over.store(true, Ordering::Release);
        self.thread.join().ok()
    }
}

/// Follows until `is_over`, and then to the end.
fn follow(follower: &mut Follower, is_over: &AtomicBool, see: &mut impl FnMut(&Told<'_>)) -> Result<u64, Damage> {
    let mut handed = 0;
    loop {
        // Asked before the journal is read: what was committed before it was over is read after it.
        let is_last = is_over.load(Ordering::Acquire);
        let more = follower.catch_up(see)?;
        handed += more;
        match (is_last, more) {
            (true, _) => return Ok(handed),
            (false, 0) => thread::rest(LOOK_EVERY),
            (false, _) => {}
        }
    }
}
