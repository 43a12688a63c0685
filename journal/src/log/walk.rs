//! The lines of one segment, in order, each checked before it is believed.

use super::checksum::Checksum;
use super::disk::{Disk, DiskFile};
use super::format::{
    BLOCK_BYTES, BLOCK_LINES, BLOCK_ROOM, BODY_BYTES, HEADER_BYTES, Header, LINE_BYTES, ORIGIN_CONTINUATION,
    ORIGIN_RECORD, ORIGIN_SEAL, Origin, Page, Prefix, STREAMS, Seal, array_at, chain, is_zero, line_offset,
    parse_segment_name, segment_bytes, tag,
};
use super::{Damage, Reason};
use std::io;
use std::sync::Arc;

/// The name of a segment's file and what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentFile {
    pub(super) segment: u32,
    pub(super) epoch: u32,
    pub(super) name: String,
}

/// The segments of a directory by number, blank ones included.
pub(super) fn segment_files(disk: &dyn Disk) -> Result<Vec<SegmentFile>, Damage> {
    let names = disk.names().map_err(|error| Damage::unreadable("the directory", &error))?;
    let parsed = names.into_iter().filter_map(|name| {
        let (epoch, segment) = parse_segment_name(&name)?;
        Some(SegmentFile { segment, epoch, name })
    });
    let mut files: Vec<_> = parsed.collect();
    files.sort();
    Ok(files)
}

/// Opens a segment that was listed; `None` when it is gone since, as a spare is whose writer closed the log.
pub(super) fn open_listed(disk: &dyn Disk, name: &str) -> Result<Option<Arc<dyn DiskFile>>, Damage> {
    match disk.open(name) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Damage::unreadable(name, &error)),
    }
}

/// Reads a segment's header page.
pub(super) fn read_page(file: &dyn DiskFile, name: &str) -> Result<Page, Damage> {
    let mut page = [0; HEADER_BYTES];
    let found = file.read_at(0, &mut page).map_err(|error| Damage::unreadable(name, &error))?;
    if found < HEADER_BYTES {
        return Err(Damage::of_file(name, found as u64, Reason::Length { found: found as u64 }));
    }
    Header::decode(&page).map_err(|reason| Damage::of_file(name, 0, reason))
}

/// Offset of the first byte from `start` on that is not zero.
pub(super) fn first_stray(file: &dyn DiskFile, name: &str, start: u64) -> Result<Option<u64>, Damage> {
    let mut bytes = vec![0; BLOCK_BYTES];
    let mut offset = start;
    loop {
        let found = file.read_at(offset, &mut bytes).map_err(|error| Damage::unreadable(name, &error))?;
        if found == 0 {
            return Ok(None);
        }
        if !is_zero(&bytes[..found]) {
            let stray = bytes[..found].iter().take_while(|&&byte| byte == 0).count();
            return Ok(Some(offset + stray as u64));
        }
        offset += found as u64;
    }
}

/// What stands behind the last valid line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Zeros, or the end of the file.
    Clean,
    /// One line that was begun and not committed, then zeros.
    Unfinished,
    /// A line that was committed since: the writer is alive.
    More,
}

/// What the bytes of a line are.
enum State {
    Valid(Prefix),
    Empty,
    Bad,
    /// The file ends before or in it.
    Cut,
}

/// A segment being read.
pub(super) struct Walk {
    file: Arc<dyn DiskFile>,
    name: String,
    pub(super) header: Box<Header>,
    checksum: Checksum,
    /// The next line.
    pub(super) line: u32,
    /// Its last seal was read: nothing follows.
    pub(super) closed: bool,
    chain: u64,
    pub(super) counts: [u64; STREAMS],
    total: u64,
    block: Vec<u8>,
    block_loaded: Option<u32>,
}

impl Walk {
    /// Opens a segment; `None` when it has not begun, or is gone.
    pub(super) fn open(disk: &dyn Disk, of: &SegmentFile) -> Result<Option<Walk>, Damage> {
        let Some(file) = open_listed(disk, &of.name)? else { return Ok(None) };
        let Page::Written(header) = read_page(&*file, &of.name)? else { return Ok(None) };
        if (header.epoch, header.segment) != (of.epoch, of.segment) {
            let reason = Reason::Renamed { epoch: header.epoch, segment: header.segment };
            return Err(Damage::of_file(&of.name, 16, reason));
        }
        let walk = Walk {
            file,
            name: of.name.clone(),
            checksum: Checksum::new(header.salt),
            line: 0,
            closed: false,
            chain: header.first_chain(),
            counts: header.counts,
            total: header.first_line(),
            block: Vec::with_capacity(BLOCK_BYTES),
            block_loaded: None,
            header,
        };
        // The writer cuts a file behind its closing seal, which is not read yet.
        let found = walk.len()?;
        let full = segment_bytes(walk.header.blocks);
        if found <= full && found.is_multiple_of(LINE_BYTES as u64) {
            return Ok(Some(walk));
        }
        Err(Damage::of_file(&walk.name, found.min(full), Reason::Length { found }))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The next entry line, past seals; `None` when nothing more is committed.
    pub(super) fn next_line(&mut self) -> Result<Option<Prefix>, Damage> {
        while !self.closed {
            let Some(prefix) = self.look()? else { return Ok(None) };
            if prefix.origin != ORIGIN_SEAL {
                self.take_entry(prefix)?;
                return Ok(Some(prefix));
            }
            self.take_seal(prefix)?;
        }
        Ok(None)
    }

    /// The body of the line that [`Walk::next_line`] returned.
    pub(super) fn body(&self) -> &[u8; BODY_BYTES] {
        body_of(line_in(&self.block, self.line.saturating_sub(1)).unwrap_or(&[0; LINE_BYTES]))
    }

    /// The chain that the next segment continues. Only after [`Walk::next_line`] returned `None`.
    pub(super) fn end_chain(&self) -> u64 {
        let open = (self.line % BLOCK_LINES) as usize * LINE_BYTES;
        if self.closed || open == 0 { self.chain } else { chain(self.chain, &self.block[..open]) }
    }

    /// Damage at a line of this segment.
    pub(super) fn damage(&self, line: u32, reason: Reason) -> Damage {
        Damage { file: self.name.clone(), offset: line_offset(line), line: Some(line), reason }
    }

    /// The line that is next, if it is committed, without taking it.
    pub(super) fn look(&mut self) -> Result<Option<Prefix>, Damage> {
        if self.block_loaded == Some(self.line / BLOCK_LINES)
            && let State::Valid(prefix) = self.state()
        {
            return Ok(Some(prefix));
        }
        // The writer may have gone on since the block was read: bytes that end the log or
        // damage it are read again before they are believed.
        self.load()?;
        if let State::Bad = self.state() {
            self.load()?;
        }
        match self.state() {
            State::Valid(prefix) => Ok(Some(prefix)),
            State::Empty => Ok(None),
            State::Bad => Err(self.damage(self.line, Reason::Checksum)),
            State::Cut => Err(self.damage(self.line, Reason::Length { found: self.len()? })),
        }
    }

    /// What stands behind the end. Only after [`Walk::next_line`] returned `None`.
    pub(super) fn tail(&mut self) -> Result<Tail, Damage> {
        let length = self.check_length();
        let end = line_offset(self.line);
        let mut unfinished = [0; LINE_BYTES];
        let mut behind = end;
        if !self.closed {
            self.file.read_at(end, &mut unfinished).map_err(|error| Damage::unreadable(&self.name, &error))?;
            behind += LINE_BYTES as u64;
        }
        let stray = first_stray(&*self.file, &self.name, behind)?;
        // All of this is also what a writer leaves that has gone on, or has closed the log and cut it.
        let is_more = length.is_err() || stray.is_some() || !is_zero(&unfinished);
        if !self.closed && is_more && self.look()?.is_some() {
            return Ok(Tail::More);
        }
        length?;
        match stray {
            Some(offset) => Err(Damage::at_byte(&self.name, offset, Reason::Tail)),
            None if is_zero(&unfinished) => Ok(Tail::Clean),
            None => Ok(Tail::Unfinished),
        }
    }

    fn take_entry(&mut self, prefix: Prefix) -> Result<(), Damage> {
        let known =
            matches!(prefix.origin, ORIGIN_RECORD | ORIGIN_CONTINUATION) || Origin::from_code(prefix.origin).is_some();
        if self.line % BLOCK_LINES == BLOCK_ROOM {
            return Err(self.damage(self.line, Reason::SealMissing));
        }
        if !known {
            return Err(self.damage(self.line, Reason::Origin(prefix.origin)));
        }
        let Some(count) = self.counts.get_mut(usize::from(prefix.stream)) else {
            return Err(self.damage(self.line, Reason::Stream(prefix.stream)));
        };
        *count += 1;
        self.total += 1;
        self.line += 1;
        Ok(())
    }

    fn take_seal(&mut self, prefix: Prefix) -> Result<(), Damage> {
        let lines = self.line % BLOCK_LINES;
        let body = line_in(&self.block, self.line).map(body_of);
        let seal = body.and_then(Seal::decode).filter(|seal| {
            let is_place_of_last = self.line + 1 == self.header.blocks * BLOCK_LINES;
            prefix.tag() == tag(0, ORIGIN_SEAL, 0)
                && (seal.block, seal.lines, seal.total) == (self.line / BLOCK_LINES, lines, self.total)
                && (seal.last || (lines == BLOCK_ROOM && !is_place_of_last))
        });
        let Some(seal) = seal else { return Err(self.damage(self.line, Reason::Seal)) };
        if seal.chain != chain(self.chain, &self.block[..lines as usize * LINE_BYTES]) {
            return Err(self.damage(self.line, Reason::Chain));
        }
        self.chain = seal.chain;
        self.closed = seal.last;
        self.line += 1;
        Ok(())
    }

    fn state(&self) -> State {
        let Some(line) = line_in(&self.block, self.line) else { return State::Cut };
        let prefix = Prefix::from_word(u64::from_le_bytes(array_at(line, 0)));
        if prefix.crc == self.checksum.of(self.line, prefix.tag(), body_of(line)) {
            State::Valid(prefix)
        } else if is_zero(&line[..LINE_BYTES - BODY_BYTES]) {
            State::Empty
        } else {
            State::Bad
        }
    }

    fn load(&mut self) -> Result<(), Damage> {
        let block = self.line / BLOCK_LINES;
        self.block.resize(BLOCK_BYTES, 0);
        let found = self.file.read_at(line_offset(block * BLOCK_LINES), &mut self.block);
        let found = found.map_err(|error| Damage::unreadable(&self.name, &error))?;
        self.block.truncate(found);
        self.block_loaded = Some(block);
        Ok(())
    }

    fn len(&self) -> Result<u64, Damage> {
        self.file.len().map_err(|error| Damage::unreadable(&self.name, &error))
    }

    /// A file is as long as its segment, or cut behind the seal that closes it.
    fn check_length(&self) -> Result<(), Damage> {
        let found = self.len()?;
        let (end, full) = (line_offset(self.line), segment_bytes(self.header.blocks));
        if found == full || (self.closed && found == end) {
            return Ok(());
        }
        Err(Damage::of_file(&self.name, found.min(full), Reason::Length { found }))
    }
}

/// The bytes of a line in the block that holds it.
fn line_in(block: &[u8], line: u32) -> Option<&[u8; LINE_BYTES]> {
    block.as_chunks().0.get((line % BLOCK_LINES) as usize)
}

fn body_of(line: &[u8; LINE_BYTES]) -> &[u8; BODY_BYTES] {
    let [_, _, _, _, _, _, _, _, body @ ..] = line;
    body
}
