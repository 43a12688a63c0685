//! Is every byte what a writer wrote?

use super::disk::{Disk, Folder};
use super::format::{EPOCH_BYTES, EPOCH_NAME, Epoch, HEADER_BYTES, Header, Page, Position, STREAMS};
use super::reader::{Entry, Reader};
use super::walk::{Tail, first_stray, open_listed, read_page, segment_files};
use super::{Damage, Reason};
use std::path::Path;
use std::sync::Arc;

/// What a sound log holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segments that were begun.
    pub segments: u32,
    /// Epoch of the last segment; 0 when there is none.
    pub epoch: u32,
    /// Where the next line would go.
    pub end: Position,
    /// Whether the last segment was closed, not left by a kill.
    pub closed: bool,
    /// Lines per stream since the log began, those of deleted segments included.
    pub lines: [u64; STREAMS],
    /// Entries in the segments that are there: lines alone and whole records.
    pub entries: u64,
    /// Whole records among the entries.
    pub records: u64,
    /// Records that a kill cut short, which readers do not see.
    pub cut_records: u32,
}

/// Checks every byte of the log in `dir`: headers, lines, seals, chain, padding, zero tails and
/// the epoch file. Changes nothing and takes no lock.
///
/// Segments before the first one that is there may have been deleted on purpose; whether the
/// *last* ones were deleted, a log alone cannot tell.
///
/// # Errors
/// The first [`Damage`]. A killed writer can leave one thing that is reported here and that
/// [`recover`](super::recover()) clears: a line that was not committed.
pub fn verify(dir: &Path) -> Result<Report, Damage> {
    verify_on(&(Arc::new(Folder::existing(dir)) as Arc<dyn Disk>))
}

/// The same on any [`Disk`].
///
/// # Errors
/// The first [`Damage`].
pub fn verify_on(disk: &Arc<dyn Disk>) -> Result<Report, Damage> {
    let (mut reader, report) = read_all(disk)?;
    if let Some(walk) = reader.walk_mut()
        && walk.tail()? == Tail::Unfinished
    {
        return Err(walk.damage(walk.line, Reason::UnfinishedLine));
    }
    for blank in blank_segments(&**disk)? {
        if blank.header_begun {
            return Err(Damage::of_file(&blank.name, 0, Reason::NotBlank));
        }
    }
    check_epoch(&**disk, reader.header())?;
    Ok(report)
}

/// Reads to the end; on a log that is being written, to some moment of it.
pub(super) fn read_all(disk: &Arc<dyn Disk>) -> Result<(Reader, Report), Damage> {
    let mut reader = Reader::strict(Arc::clone(disk))?;
    let mut report = Report::default();
    while let Some(entry) = reader.next()? {
        report.entries += 1;
        report.records += u64::from(matches!(entry, Entry::Record { .. }));
    }
    report.segments = reader.segments();
    report.cut_records = reader.cut_records();
    report.end = reader.position();
    if let Some(walk) = reader.walk_mut() {
        report.epoch = walk.header.epoch;
        report.closed = walk.closed;
        report.lines = walk.counts;
    }
    Ok((reader, report))
}

/// A segment that was prepared and not begun.
pub(super) struct Blank {
    pub(super) name: String,
    /// Some of its header was stored, without the magic: the writer died there.
    pub(super) header_begun: bool,
}

/// The segments without header; damage when one of them holds anything else.
pub(super) fn blank_segments(disk: &dyn Disk) -> Result<Vec<Blank>, Damage> {
    let mut blanks = Vec::new();
    for file in segment_files(disk)? {
        let name = file.name;
        let Some(handle) = open_listed(disk, &name)? else { continue };
        let page = read_page(&*handle, &name)?;
        if let Page::Written(_) = page {
            continue;
        }
        let stray = first_stray(&*handle, &name, HEADER_BYTES as u64)?;
        // A living writer may have begun it meanwhile; then it is a segment after the end.
        match (stray, read_page(&*handle, &name)?) {
            (_, Page::Written(_)) => {}
            (Some(offset), _) => return Err(Damage::at_byte(&name, offset, Reason::NotBlank)),
            (None, page) => blanks.push(Blank { name, header_begun: matches!(page, Page::Unfinished) }),
        }
    }
    Ok(blanks)
}

/// The number of the latest epoch, 0 when there was none; the segments must agree with it.
pub(super) fn check_epoch(disk: &dyn Disk, last: Option<&Header>) -> Result<u32, Damage> {
    let refused = |reason| Err(Damage::of_file(EPOCH_NAME, 0, reason));
    let epoch = match (read_epoch(disk)?, last) {
        (Some(epoch), _) => epoch,
        (None, None) => return Ok(0),
        (None, Some(_)) => return refused(Reason::EpochMissing),
    };
    match last {
        Some(last) if last.epoch > epoch.number => {
            refused(Reason::EpochBehind { segment: last.epoch, file: epoch.number })
        }
        Some(last) if last.epoch == epoch.number && last.nonce != epoch.nonce => refused(Reason::Nonce),
        _ => Ok(epoch.number),
    }
}

fn read_epoch(disk: &dyn Disk) -> Result<Option<Epoch>, Damage> {
    let unreadable = |error: std::io::Error| Damage::unreadable(EPOCH_NAME, &error);
    if !disk.names().map_err(unreadable)?.iter().any(|name| name == EPOCH_NAME) {
        return Ok(None);
    }
    let mut bytes = [0; EPOCH_BYTES + 1];
    let found = disk.open(EPOCH_NAME).and_then(|file| file.read_at(0, &mut bytes)).map_err(unreadable)?;
    match Epoch::decode(&bytes[..found]) {
        Some(epoch) => Ok(Some(epoch)),
        None => Err(Damage::of_file(EPOCH_NAME, 0, Reason::EpochDamaged)),
    }
}
