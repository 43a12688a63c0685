//! What can be wrong, and where: every error of the log.

use super::format::{LINE_BYTES, line_offset};
use std::io;
use thiserror::Error;

/// A place where the log is not what its writer wrote.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file} at byte {offset}{}: {reason}", line.map(|line| format!(" (line {line})")).unwrap_or_default())]
pub struct Damage {
    /// The file in the log's directory.
    pub file: String,
    /// Byte in the file where the damaged thing starts.
    pub offset: u64,
    /// Line of the segment, when it is a line.
    pub line: Option<u32>,
    /// What is wrong.
    pub reason: Reason,
}

impl Damage {
    pub(super) fn of_file(file: &str, offset: u64, reason: Reason) -> Damage {
        Damage { file: file.to_owned(), offset, line: None, reason }
    }

    /// At a byte behind the header.
    pub(super) fn at_byte(file: &str, offset: u64, reason: Reason) -> Damage {
        let line = (offset - line_offset(0)) / LINE_BYTES as u64;
        Damage { file: file.to_owned(), offset, line: Some(line as u32), reason }
    }

    pub(super) fn unreadable(file: &str, error: &io::Error) -> Damage {
        Damage::of_file(file, 0, Reason::Unreadable(error.kind()))
    }
}

/// What is wrong at a [`Damage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// The operating system refuses to read it: look at permissions and at the disk.
    #[error("cannot be read ({0})")]
    Unreadable(io::ErrorKind),

    /// Segments without the file that numbers their epochs.
    #[error("the epoch file is missing")]
    EpochMissing,
    /// The epoch file does not have its magic, length or checksum.
    #[error("the epoch file is damaged")]
    EpochDamaged,
    /// A segment of an epoch that the epoch file has not heard of: that file is an old copy.
    #[error("segment of epoch {segment}, but the epoch file says {file}")]
    EpochBehind {
        /// Epoch of the segment.
        segment: u32,
        /// Epoch in the file.
        file: u32,
    },
    /// Two files of one epoch carry different random numbers: they are of different logs.
    #[error("the epoch's nonce is another one: the file belongs to another log")]
    Nonce,

    /// Not a segment.
    #[error("not a segment: the magic is wrong")]
    Magic,
    /// Written by another version: use the program that knows it.
    #[error("format version {found}; this program reads {known}")]
    Version {
        /// Version in the header.
        found: u32,
        /// Version this program reads.
        known: u32,
    },
    /// The header page was altered.
    #[error("the header's checksum is wrong")]
    HeaderChecksum,
    /// The header page is whole but says what no writer says.
    #[error("a header field has an impossible value, or its padding is not zero")]
    HeaderField,
    /// A segment without header that is not blank.
    #[error("the segment has no header but is not blank")]
    NotBlank,
    /// Epoch or number in the header are not those of the file's name.
    #[error("the header is of segment {segment} of epoch {epoch}: the file was renamed")]
    Renamed {
        /// Epoch in the header.
        epoch: u32,
        /// Number in the header.
        segment: u32,
    },
    /// The file is longer or shorter than a segment can be, or was cut.
    #[error("the file is {found} bytes long, which no writer leaves")]
    Length {
        /// Bytes the file has.
        found: u64,
    },

    /// A number between two segments has no file.
    #[error("segment {segment} is missing before this one")]
    SegmentMissing {
        /// The number that is missing.
        segment: u32,
    },
    /// Two files hold the same number.
    #[error("two files hold segment {segment}")]
    SegmentTwice {
        /// The number that is there twice.
        segment: u32,
    },
    /// The header's chain, line count or stream counts are not those of the segment before.
    #[error("the header does not continue the segment before")]
    Link,
    /// Epochs must not decrease, and within one epoch a segment is sealed before the next begins.
    #[error("the segment before was not sealed, or is of a later epoch")]
    Order,

    /// A committed line whose bytes are not those that were committed.
    #[error("the line's checksum is wrong")]
    Checksum,
    /// A stream number that does not exist.
    #[error("stream {0} does not exist")]
    Stream(u8),
    /// An origin that does not exist.
    #[error("origin {0:#04x} does not exist")]
    Origin(u8),
    /// An entry stands where the block's seal belongs.
    #[error("an entry stands where the block's seal belongs")]
    SealMissing,
    /// A seal that is misplaced, miscounts, or has padding that is not zero.
    #[error("the seal does not fit its block")]
    Seal,
    /// The block's lines are not those that were sealed.
    #[error("the block's hash chain is broken")]
    Chain,

    /// A record's head has padding that is not zero, or announces more than a segment holds.
    #[error("the record's head is impossible")]
    RecordHead,
    /// A continuation without head, out of order, or of another stream.
    #[error("the record's lines are not in order")]
    RecordOrder,
    /// The bytes after a record's end are not zero.
    #[error("the record's padding is not zero")]
    RecordPadding,

    /// Bytes behind the last committed line.
    #[error("something stands behind the end of the log")]
    Tail,
    /// A line that was begun and not committed: what a killed writer may leave, once.
    #[error("a line was begun and not committed; recovery clears it")]
    UnfinishedLine,
}

/// A call to the operating system that failed.
#[derive(Debug, Error)]
#[error("cannot {doing} {file}: {source}")]
pub struct DiskError {
    /// What was attempted, as a verb.
    pub doing: &'static str,
    /// On which file.
    pub file: String,
    /// What the operating system said.
    pub source: io::Error,
}

impl DiskError {
    pub(super) fn new(doing: &'static str, file: &str, source: io::Error) -> DiskError {
        DiskError { doing, file: file.to_owned(), source }
    }

    /// Whether the disk is full: make room, then open the log again.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

/// Why a log cannot be opened for writing.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another writer has it: there is one writer per directory.
    #[error(
        "{place} is being written by another process: one writer per log; stop that one, or name another directory"
    )]
    Locked {
        /// Which log, as [`Disk::place`](super::Disk::place) says.
        place: String,
    },
    /// It is damaged in a way that a killed writer does not leave: a person decides.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The operating system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Segment or epoch numbers are used up: start a new directory.
    #[error("the log's numbers are used up")]
    Exhausted,
}

/// Why something was not appended.
#[derive(Debug, Error)]
pub enum AppendError {
    /// An earlier error killed this writer. Stop, look at the disk, open the log again.
    #[error("the log's writer is dead after an earlier error")]
    Dead,
    /// The record is larger than an empty segment; nothing was written.
    #[error("a record of {bytes} bytes does not fit a segment, which holds {bytes_max}")]
    RecordTooLong {
        /// Bytes of the record.
        bytes: usize,
        /// Bytes that fit.
        bytes_max: usize,
    },
    /// The segment is full and the spare that was ordered is not there: deliver it, then append again.
    #[error("the next segment was ordered and is not there yet")]
    SpareLate,
    /// The operating system refused; the writer is dead.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Segment numbers are used up. Start a new directory.
    #[error("the log's numbers are used up")]
    Exhausted,
}
