//! Where may the next writer go on?
//!
//! A killed writer leaves committed lines, then at most one line that it had begun, then
//! zeros; a spare without header; files under temporary names. All of that is cleared.
//! Anything else is not what a kill leaves, and is refused by name: nothing is ever cut away.

use super::disk::{Disk, Folder};
use super::format::{
    BODY_BYTES, EPOCH_NAME, LINE_BYTES, Position, STREAMS, UNFINISHED_SUFFIX, line_offset, parse_segment_name,
};
use super::verify::{Report, blank_segments, check_epoch, read_all};
use super::walk::{Tail, segment_files};
use super::{Damage, DiskError, OpenError};
use std::path::Path;
use std::sync::Arc;

/// What recovery found and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The log as readers see it.
    pub report: Report,
    /// A line that was begun and not committed was cleared there.
    pub cleared_line: Option<Position>,
    /// Spares and temporary files that were removed.
    pub files_removed: u32,
}

/// Where a log ends: what the next segment's header continues.
pub(super) struct End {
    pub(super) epoch: u32,
    /// `None` when the numbers are used up.
    pub(super) next_segment: Option<u32>,
    pub(super) chain: u64,
    pub(super) lines: u32,
    pub(super) counts: [u64; STREAMS],
}

/// Clears what a killed writer left in `dir`. Doing it twice, or again after being killed
/// in the middle, gives the same log. [`Writer::open`](super::Writer::open) begins with it.
///
/// # Errors
/// [`OpenError`]: another writer lives, the log is damaged, or the system refused.
pub fn recover(dir: &Path) -> Result<Recovered, OpenError> {
    recover_on(&(Arc::new(Folder::existing(dir)) as Arc<dyn Disk>))
}

/// The same on any [`Disk`].
///
/// # Errors
/// [`OpenError`]: another writer lives, the log is damaged, or the system refused.
pub fn recover_on(disk: &Arc<dyn Disk>) -> Result<Recovered, OpenError> {
    let _lock = lock(&**disk)?;
    Ok(run(disk, true)?.0)
}

/// The writer's lock.
pub(super) fn lock(disk: &dyn Disk) -> Result<Box<dyn Send + Sync>, OpenError> {
    let lock = disk.lock().map_err(|error| DiskError::new("lock", "the directory", error))?;
    lock.ok_or_else(|| OpenError::Locked { place: disk.place() })
}

/// Recovery under the lock: first everything that may refuse, then everything that changes.
pub(super) fn run(disk: &Arc<dyn Disk>, syncs: bool) -> Result<(Recovered, End), OpenError> {
    if syncs {
        // What an earlier process left in the page cache must not be believed and then lost.
        sync_all(&**disk)?;
    }
    let (mut reader, report) = read_all(disk)?;
    let epoch = check_epoch(&**disk, reader.header())?;
    let blanks = blank_segments(&**disk)?;
    let Some(walk) = reader.walk_mut() else {
        let files_removed = remove_leftovers(&**disk, blanks.into_iter().map(|blank| blank.name))?;
        let end = End { epoch, next_segment: Some(0), chain: 0, lines: 0, counts: [0; STREAMS] };
        return Ok((Recovered { report, cleared_line: None, files_removed }, end));
    };
    let end = End {
        epoch,
        next_segment: walk.header.segment.checked_add(1),
        chain: walk.end_chain(),
        lines: walk.line,
        counts: walk.counts,
    };
    let unfinished = walk.tail()? == Tail::Unfinished;
    if unfinished {
        clear_line(&**disk, walk.name(), walk.line)?;
    }
    let files_removed = remove_leftovers(&**disk, blanks.into_iter().map(|blank| blank.name))?;
    Ok((Recovered { report, cleared_line: unfinished.then_some(report.end), files_removed }, end))
}

fn sync_all(disk: &dyn Disk) -> Result<(), OpenError> {
    for file in segment_files(disk)? {
        let synced = disk.open_mut(&file.name).and_then(|handle| handle.sync());
        synced.map_err(|error| DiskError::new("sync", &file.name, error))?;
    }
    Ok(disk.sync().map_err(|error| DiskError::new("sync", "the directory", error))?)
}

/// The prefix of such a line is zero; its body becomes zero.
fn clear_line(disk: &dyn Disk, name: &str, line: u32) -> Result<(), DiskError> {
    let body = line_offset(line) + (LINE_BYTES - BODY_BYTES) as u64;
    let cleared = disk.open_mut(name).and_then(|file| file.write_at(body, &[0; BODY_BYTES]).and_then(|()| file.sync()));
    cleared.map_err(|error| DiskError::new("clear a line of", name, error))
}

/// Removes blank segments and temporary files; returns how many.
fn remove_leftovers(disk: &dyn Disk, blanks: impl Iterator<Item = String>) -> Result<u32, OpenError> {
    let names = disk.names().map_err(|error| Damage::unreadable("the directory", &error))?;
    let unfinished = names.into_iter().filter(|name| {
        let made_for = name.strip_suffix(UNFINISHED_SUFFIX);
        made_for.is_some_and(|name| name == EPOCH_NAME || parse_segment_name(name).is_some())
    });
    let mut removed = 0;
    for name in blanks.chain(unfinished) {
        disk.remove(&name).map_err(|error| DiskError::new("remove", &name, error))?;
        removed += 1;
    }
    if removed > 0 {
        disk.sync().map_err(|error| DiskError::new("sync", "the directory", error))?;
    }
    Ok(removed)
}
