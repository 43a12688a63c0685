//! The entries of a directory, across its segments.

use super::disk::{Disk, Folder};
use super::format::{
    BLOCK_ROOM, BODY_BYTES, Header, ORIGIN_CONTINUATION, ORIGIN_RECORD, Origin, Position, Prefix, RecordHead, Stream,
    is_zero, record_lines,
};
use super::walk::{SegmentFile, Tail, Walk, segment_files};
use super::{Damage, Reason};
use crate::units::Nanos;
use std::path::Path;
use std::sync::Arc;

/// One thing that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// One line.
    Line {
        /// Where it is.
        position: Position,
        /// Which agent wrote it.
        stream: Stream,
        /// Where that agent has it from.
        origin: Origin,
        /// Low 16 bits of the sequence given when it was appended.
        seq: u16,
        /// The event.
        body: &'a [u8; BODY_BYTES],
    },
    /// Several lines that are one run of bytes.
    Record {
        /// Where its head is.
        position: Position,
        /// Which agent wrote it.
        stream: Stream,
        /// The writer's kind.
        kind: u8,
        /// The writer's tag.
        tag: u16,
        /// When the bytes arrived.
        ts: Nanos,
        /// The bytes.
        bytes: &'a [u8],
    },
}

/// A record whose lines are not all read yet.
#[derive(Clone, Copy)]
struct Pending {
    position: Position,
    stream: Stream,
    head: RecordHead,
    lines: u64,
}

/// An [`Entry`] without its bytes.
enum Found {
    Line { position: Position, stream: Stream, origin: Origin, seq: u16 },
    Record(Pending),
}

/// Reads a log from its start, also while it is written or after its writer was killed.
///
/// It takes no lock and changes nothing. Only what is committed is seen: at the end
/// [`Reader::next`] returns `None`, and something again when more has come.
pub struct Reader {
    disk: Arc<dyn Disk>,
    walk: Option<Walk>,
    pending: Option<Pending>,
    record: Vec<u8>,
    damage: Option<Damage>,
    /// Whether what stands behind a segment's end is checked when it is left.
    checks_tails: bool,
    segments: u32,
    cut_records: u32,
}

impl Reader {
    /// Opens the log in `dir`.
    ///
    /// # Errors
    /// [`Damage`] when the directory cannot be read.
    pub fn open(dir: &Path) -> Result<Reader, Damage> {
        Self::open_on(Arc::new(Folder::existing(dir)))
    }

    /// The same on any [`Disk`].
    ///
    /// # Errors
    /// [`Damage`] when the directory cannot be read.
    pub fn open_on(disk: Arc<dyn Disk>) -> Result<Reader, Damage> {
        segment_files(&*disk)?;
        Ok(Reader {
            disk,
            walk: None,
            pending: None,
            record: Vec::new(),
            damage: None,
            checks_tails: false,
            segments: 0,
            cut_records: 0,
        })
    }

    /// One that also finds what no entry shows: bytes behind a segment's end.
    pub(super) fn strict(disk: Arc<dyn Disk>) -> Result<Reader, Damage> {
        Ok(Reader { checks_tails: true, ..Self::open_on(disk)? })
    }

    /// The next entry; `None` when nothing more is committed for now.
    ///
    /// # Errors
    /// [`Damage`]; the reader stays there and says the same when asked again.
    #[expect(clippy::should_implement_trait, reason = "an entry borrows the reader, which no Iterator can say")]
    pub fn next(&mut self) -> Result<Option<Entry<'_>>, Damage> {
        if let Some(damage) = &self.damage {
            return Err(damage.clone());
        }
        match self.advance() {
            Ok(found) => Ok(found.map(|found| self.entry(&found))),
            Err(damage) => {
                self.damage = Some(damage.clone());
                Err(damage)
            }
        }
    }

    /// The next line that will be read; the start when nothing was.
    #[must_use]
    pub fn position(&self) -> Position {
        self.walk
            .as_ref()
            .map_or(Position::default(), |walk| Position { segment: walk.header.segment, line: walk.line })
    }

    /// The header of the segment being read; `None` before the first entry.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.walk.as_ref().map(|walk| &*walk.header)
    }

    pub(super) fn walk_mut(&mut self) -> Option<&mut Walk> {
        self.walk.as_mut()
    }

    pub(super) fn segments(&self) -> u32 {
        self.segments
    }

    /// Records that a kill cut short, the one at the end included.
    pub(super) fn cut_records(&self) -> u32 {
        self.cut_records + u32::from(self.pending.is_some())
    }

    fn entry(&self, found: &Found) -> Entry<'_> {
        match *found {
            Found::Line { position, stream, origin, seq } => {
                let body = self.walk.as_ref().map_or(&[0; BODY_BYTES], Walk::body);
                Entry::Line { position, stream, origin, seq, body }
            }
            Found::Record(Pending { position, stream, head: RecordHead { tag, kind, ts, .. }, .. }) => {
                Entry::Record { position, stream, kind, tag, ts, bytes: &self.record }
            }
        }
    }

    fn advance(&mut self) -> Result<Option<Found>, Damage> {
        loop {
            let line = match &mut self.walk {
                Some(walk) => walk.next_line()?,
                None => None,
            };
            match line {
                Some(prefix) => {
                    if let Some(found) = self.take(prefix)? {
                        return Ok(Some(found));
                    }
                }
                None if self.enter_next()? => {}
                None => return Ok(None),
            }
        }
    }

    /// Takes the line that was just read; something is found unless it is part of a record.
    fn take(&mut self, prefix: Prefix) -> Result<Option<Found>, Damage> {
        let Some(walk) = &self.walk else { return Ok(None) };
        let position = Position { segment: walk.header.segment, line: walk.line - 1 };
        let Some(stream) = Stream::new(prefix.stream) else {
            return Err(walk.damage(position.line, Reason::Stream(prefix.stream)));
        };
        let taken = match (prefix.origin, self.pending.take()) {
            (ORIGIN_RECORD, None) => self.begin_record(position, stream, prefix.seq),
            (ORIGIN_CONTINUATION, Some(pending)) => self.continue_record(pending, prefix),
            (code, None) => match Origin::from_code(code) {
                Some(origin) => Ok(Some(Found::Line { position, stream, origin, seq: prefix.seq })),
                None => Err(Reason::RecordOrder),
            },
            (_, Some(_)) => Err(Reason::RecordOrder),
        };
        taken.map_err(|reason| self.damage_at(position.line, reason))
    }

    fn begin_record(&mut self, position: Position, stream: Stream, seq: u16) -> Result<Option<Found>, Reason> {
        let Some(walk) = &self.walk else { return Ok(None) };
        let head = RecordHead::decode(walk.body()).ok_or(Reason::RecordHead)?;
        let room = walk.header.blocks * BLOCK_ROOM;
        if seq != 0 || record_lines(head.len as usize) > room as usize {
            return Err(Reason::RecordHead);
        }
        self.record.clear();
        Ok(self.record_so_far(Pending { position, stream, head, lines: 1 }))
    }

    fn continue_record(&mut self, pending: Pending, prefix: Prefix) -> Result<Option<Found>, Reason> {
        if prefix.stream != pending.stream.number() || prefix.seq != pending.lines as u16 {
            return Err(Reason::RecordOrder);
        }
        let Some(walk) = &self.walk else { return Ok(None) };
        let missing = pending.head.len as usize - self.record.len();
        let (part, padding) = walk.body().split_at(missing.min(BODY_BYTES));
        if !is_zero(padding) {
            return Err(Reason::RecordPadding);
        }
        self.record.extend_from_slice(part);
        Ok(self.record_so_far(Pending { lines: pending.lines + 1, ..pending }))
    }

    fn record_so_far(&mut self, pending: Pending) -> Option<Found> {
        if self.record.len() == pending.head.len as usize {
            return Some(Found::Record(pending));
        }
        self.pending = Some(pending);
        None
    }

    fn damage_at(&self, line: u32, reason: Reason) -> Damage {
        match &self.walk {
            Some(walk) => walk.damage(line, reason),
            None => Damage::of_file("the directory", 0, reason),
        }
    }

    /// Goes on to the next segment; `false` when there is none.
    fn enter_next(&mut self) -> Result<bool, Damage> {
        let Some(next) = self.find_next()? else { return Ok(false) };
        if let Some(walk) = &mut self.walk {
            // The segment may have grown between the last look and the birth of the next one.
            if !walk.closed && walk.look()?.is_some() {
                return Ok(true);
            }
            if self.checks_tails && walk.tail()? == Tail::Unfinished {
                return Err(walk.damage(walk.line, Reason::UnfinishedLine));
            }
            check_link(walk, &next)?;
            if self.pending.take().is_some() {
                check_cut(walk)?;
                self.cut_records += 1;
            }
        }
        self.walk = Some(next);
        self.segments += 1;
        Ok(true)
    }

    fn find_next(&self) -> Result<Option<Walk>, Damage> {
        let files = segment_files(&*self.disk)?;
        let last = self.walk.as_ref().map(|walk| walk.header.segment);
        let later = files.iter().filter(|file| last.is_none_or(|last| file.segment > last));
        let mut next: Option<Walk> = None;
        for file in later {
            match &next {
                Some(found) if found.header.segment != file.segment => break,
                _ => {}
            }
            if let Some(walk) = Walk::open(&*self.disk, file)? {
                check_place(last, next.as_ref(), file)?;
                next = Some(walk);
            }
        }
        Ok(next)
    }
}

/// A number is there once, and none is left out.
fn check_place(last: Option<u32>, twin: Option<&Walk>, file: &SegmentFile) -> Result<(), Damage> {
    if twin.is_some() {
        return Err(Damage::of_file(&file.name, 16, Reason::SegmentTwice { segment: file.segment }));
    }
    match last {
        Some(last) if file.segment != last + 1 => {
            Err(Damage::of_file(&file.name, 16, Reason::SegmentMissing { segment: last + 1 }))
        }
        _ => Ok(()),
    }
}

/// The next segment continues this one.
fn check_link(walk: &Walk, next: &Walk) -> Result<(), Damage> {
    let (before, after) = (&walk.header, &next.header);
    let refused = |offset, reason| Err(Damage::of_file(next.name(), offset, reason));
    let same_epoch = after.epoch == before.epoch;
    if after.epoch < before.epoch || (same_epoch && !walk.closed) {
        return refused(20, Reason::Order);
    }
    if same_epoch && after.nonce != before.nonce {
        return refused(24, Reason::Nonce);
    }
    let end = (walk.end_chain(), walk.line, walk.counts);
    if (after.previous_chain, after.previous_lines, after.counts) != end {
        return refused(48, Reason::Link);
    }
    Ok(())
}

/// Only a kill cuts a record, and a kill leaves no closing seal.
fn check_cut(walk: &Walk) -> Result<(), Damage> {
    if walk.closed { Err(walk.damage(walk.line, Reason::RecordOrder)) } else { Ok(()) }
}
