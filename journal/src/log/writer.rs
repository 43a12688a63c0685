//! The one that appends.

use super::checksum::Checksum;
use super::disk::{Disk, DiskFile, Folder};
use super::format::{
    BLOCK_LINES, BLOCK_ROOM, BLOCKS_MAX, BODY_BYTES, EPOCH_NAME, Epoch, Header, ORIGIN_CONTINUATION, ORIGIN_RECORD,
    ORIGIN_SEAL, Origin, Position, RecordHead, STREAMS, Seal, Stream, UNFINISHED_SUFFIX, chain, record_lines, salt,
    tag,
};
use super::recover::{self, End, Recovered};
use super::spare::{Retired, Spare, SpareOrder};
use super::{AppendError, DiskError, OpenError};
use crate::units::Nanos;
use std::path::Path;
use std::sync::Arc;

/// Who opens the log: the clock reading, random numbers and hashes it cannot get itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Random: tells two openings apart that a power cut gave the same number.
    pub epoch_nonce: u32,
    /// Random: every segment's salt is made from it.
    pub salt_seed: u64,
    /// Now.
    pub created: Nanos,
    /// Hash of the configuration.
    pub config_hash: [u8; 32],
    /// Hash of the program.
    pub build_hash: [u8; 32],
}

/// How large a segment is, and what the log outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub(super) blocks: u32,
    pub(super) syncs: bool,
}

impl Options {
    /// Segments of this many blocks of 64 KiB; `None` for 0 and above 65 536 (4 GiB).
    #[must_use]
    pub const fn with_blocks(blocks: u32) -> Option<Options> {
        if blocks >= 1 && blocks <= BLOCKS_MAX { Some(Options { blocks, syncs: true }) } else { None }
    }

    /// Leaves it to the operating system when bytes reach the disk, in [`Writer::flush`] too:
    /// for runs that can be repeated, whose segments then begin and end without waiting.
    ///
    /// What is committed outlives `kill -9` all the same. A power cut may leave a log that
    /// cannot be opened.
    #[must_use]
    pub const fn without_sync(self) -> Options {
        Options { syncs: false, ..self }
    }
}

impl Default for Options {
    /// 64 MiB of lines: an hour or more of events, and a prepared spare fits any machine.
    fn default() -> Self {
        Options { blocks: 1024, syncs: true }
    }
}

/// Appends to a log, alone: it holds the directory's lock as long as it lives.
///
/// Dropping it without [`Writer::close`] is what a kill is: everything committed stays.
pub struct Writer {
    live: Spare,
    checksum: Checksum,
    /// The next line of the live segment.
    line: u32,
    /// Entry lines the open block still takes. 0 when dead, so that a line costs one test.
    block_room: u32,
    counts: [u64; STREAMS],
    /// The hash chain up to the last seal.
    chain: u64,
    dead: bool,
    spare: Option<Spare>,
    spare_is_ordered: bool,
    retired: Option<Retired>,
    disk: Arc<dyn Disk>,
    options: Options,
    identity: Identity,
    epoch: u32,
    recovered: Recovered,
    _lock: Box<dyn Send + Sync>,
}

impl Writer {
    /// Opens the log in `dir` (made if missing), recovers it, and begins a new epoch.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was appended then.
    pub fn open(dir: &Path, options: Options, identity: Identity) -> Result<Writer, OpenError> {
        let name = || dir.display().to_string();
        let folder = Folder::made(dir).map_err(|error| DiskError::new("make the directory", &name(), error))?;
        Self::open_on(Arc::new(folder), options, identity)
    }

    /// The same on any [`Disk`].
    ///
    /// # Errors
    /// [`OpenError`]; nothing was appended then.
    pub fn open_on(disk: Arc<dyn Disk>, options: Options, identity: Identity) -> Result<Writer, OpenError> {
        let lock = recover::lock(&*disk)?;
        let (recovered, end) = recover::run(&disk, options.syncs)?;
        let epoch = end.epoch.checked_add(1).ok_or(OpenError::Exhausted)?;
        write_epoch(&*disk, Epoch { number: epoch, nonce: identity.epoch_nonce }, options)?;
        let segment = end.next_segment.ok_or(OpenError::Exhausted)?;
        let mut live = SpareOrder { disk: Arc::clone(&disk), epoch, segment, options }.prepare()?;
        let header = header(&identity, options, epoch, segment, &end);
        live.begin(&header);
        Ok(Writer {
            live,
            checksum: Checksum::new(header.salt),
            line: 0,
            block_room: BLOCK_ROOM,
            counts: end.counts,
            chain: header.first_chain(),
            dead: false,
            spare: None,
            spare_is_ordered: false,
            retired: None,
            disk,
            options,
            identity,
            epoch,
            recovered,
            _lock: lock,
        })
    }

    /// Appends one line. When this returns, the line survives the death of the process.
    ///
    /// `seq` is the position in the source ring (heard) or the stream's own count (said); its
    /// low 16 bits are kept.
    ///
    /// # Errors
    /// [`AppendError`]; the line is not in the log.
    #[inline]
    pub fn append(
        &mut self,
        stream: Stream,
        origin: Origin,
        seq: u64,
        body: &[u8; BODY_BYTES],
    ) -> Result<(), AppendError> {
        if self.block_room == 0 {
            self.open_block()?;
        }
        self.commit(stream, origin.code(), seq as u16, body);
        Ok(())
    }

    /// Appends a record of any length, within one segment, in [`record_lines`] lines.
    ///
    /// `kind` and `tag` are the caller's; `ts` is when the bytes arrived. A kill in the middle
    /// leaves nothing of it for readers.
    ///
    /// # Errors
    /// [`AppendError`]; the record is not in the log.
    pub fn append_record(
        &mut self,
        stream: Stream,
        kind: u8,
        tag: u16,
        ts: Nanos,
        bytes: &[u8],
    ) -> Result<(), AppendError> {
        self.make_room(bytes.len())?;
        let head = RecordHead { len: bytes.len() as u32, tag, kind, ts };
        self.append_part(stream, ORIGIN_RECORD, 0, &head.encode())?;
        for (index, part) in (1u64..).zip(bytes.chunks(BODY_BYTES)) {
            let mut body = [0; BODY_BYTES];
            body[..part.len()].copy_from_slice(part);
            self.append_part(stream, ORIGIN_CONTINUATION, index as u16, &body)?;
        }
        Ok(())
    }

    /// Lines of a stream that are committed, counted since the log began.
    #[must_use]
    pub fn committed(&self, stream: Stream) -> u64 {
        self.counts[stream.index()]
    }

    /// Lines of all streams that are committed, counted since the log began.
    #[must_use]
    pub fn committed_lines(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Where the next line goes, unless a seal comes first.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { segment: self.live.segment(), line: self.line }
    }

    /// Lines that the live segment still takes, seals among them, and how many it has in all.
    #[must_use]
    pub fn lines_left(&self) -> (u32, u32) {
        (self.live.lines() - self.line, self.live.lines())
    }

    /// Number of this opening of the log.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What was found when the log was opened.
    #[must_use]
    pub fn recovered(&self) -> &Recovered {
        &self.recovered
    }

    /// Whether an error has ended this writer.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Makes everything committed so far durable, unless the log is one
    /// [without sync](Options::without_sync). Blocks for milliseconds.
    ///
    /// # Errors
    /// The call that failed. It is not tried again, because the system may have thrown the
    /// data away and then report success: the writer is dead.
    pub fn flush(&mut self) -> Result<(), AppendError> {
        self.check_alive()?;
        self.finish_retired()?;
        self.live.sync().map_err(|error| self.die(error))
    }

    /// A handle with which another thread makes the live segment durable.
    #[must_use]
    pub fn syncer(&self) -> Syncer {
        Syncer { segment: self.live.segment(), name: self.live.name.clone(), file: Arc::clone(&self.live.file) }
    }

    /// Prepares the next segment on this thread, unless there is one or it is ordered.
    ///
    /// # Errors
    /// The call that failed. The writer lives: the current segment still has its room.
    pub fn prepare_next(&mut self) -> Result<(), AppendError> {
        match self.order_spare()? {
            Some(order) => Ok(self.deliver_spare(order.prepare())?),
            None => Ok(()),
        }
    }

    /// What another thread needs to prepare the next segment; `None` when there is one or it is
    /// ordered. The result must come back through [`Writer::deliver_spare`].
    ///
    /// # Errors
    /// [`AppendError::Dead`] or [`AppendError::Exhausted`]; the latter does not end the writer.
    pub fn order_spare(&mut self) -> Result<Option<SpareOrder>, AppendError> {
        self.check_alive()?;
        if self.spare.is_some() || self.spare_is_ordered {
            return Ok(None);
        }
        let segment = self.live.segment().checked_add(1).ok_or(AppendError::Exhausted)?;
        self.spare_is_ordered = true;
        let disk = Arc::clone(&self.disk);
        Ok(Some(SpareOrder { disk, epoch: self.epoch, segment, options: self.options }))
    }

    /// Takes what [`SpareOrder::prepare`] returned.
    ///
    /// # Errors
    /// The preparation's own error, passed on: no spare is there, and another may be ordered.
    pub fn deliver_spare(&mut self, prepared: Result<Spare, DiskError>) -> Result<(), DiskError> {
        self.spare_is_ordered = false;
        self.spare = Some(prepared?);
        Ok(())
    }

    /// Whether the next segment is ready.
    #[must_use]
    pub fn has_spare(&self) -> bool {
        self.spare.is_some()
    }

    /// The segment before this one, if it still has to be finished; the next roll does it otherwise.
    pub fn take_retired(&mut self) -> Option<Retired> {
        self.retired.take()
    }

    /// Seals the log, cuts the last segment to its content, and makes everything durable,
    /// unless the log is one [without sync](Options::without_sync).
    ///
    /// # Errors
    /// The call that failed: everything committed is there for recovery to find.
    pub fn close(mut self) -> Result<(), AppendError> {
        self.check_alive()?;
        self.finish_retired()?;
        self.seal(true);
        let Writer { live, line, spare, disk, options, .. } = self;
        live.retire(line).finish()?;
        if let Some(Spare { name, file, memory, .. }) = spare {
            // A mapped or open file cannot be removed everywhere.
            drop((file, memory));
            disk.remove(&name).map_err(|error| DiskError::new("remove", &name, error))?;
        }
        if options.syncs {
            disk.sync().map_err(|error| DiskError::new("sync", "the directory", error))?;
        }
        Ok(())
    }

    #[inline]
    fn commit(&mut self, stream: Stream, origin: u8, seq: u16, body: &[u8; BODY_BYTES]) {
        self.store(tag(stream.number(), origin, seq), body);
        self.block_room -= 1;
        self.counts[stream.index()] += 1;
    }

    #[inline]
    fn store(&mut self, tag: u32, body: &[u8; BODY_BYTES]) {
        let crc = self.checksum.of(self.line, tag, body);
        self.live.memory.store_line(self.line, u64::from(crc) | u64::from(tag) << 32, body);
        self.line += 1;
    }

    fn append_part(
        &mut self,
        stream: Stream,
        origin: u8,
        seq: u16,
        body: &[u8; BODY_BYTES],
    ) -> Result<(), AppendError> {
        if self.block_room == 0 {
            self.open_block()?;
        }
        self.commit(stream, origin, seq, body);
        Ok(())
    }

    /// Makes sure that a record of this many bytes fits into what is left of the segment.
    fn make_room(&mut self, bytes: usize) -> Result<(), AppendError> {
        self.check_alive()?;
        let room = self.live.room() as usize;
        let lines = record_lines(bytes);
        if lines > room {
            return Err(AppendError::RecordTooLong { bytes, bytes_max: (room - 1) * BODY_BYTES });
        }
        // Every block before the open one ends with a seal.
        let used = self.line - self.line / BLOCK_LINES;
        if lines > room - used as usize { self.roll() } else { Ok(()) }
    }

    #[cold]
    fn open_block(&mut self) -> Result<(), AppendError> {
        self.check_alive()?;
        if self.line + 1 == self.live.lines() {
            return self.roll();
        }
        self.seal(false);
        self.block_room = BLOCK_ROOM;
        Ok(())
    }

    /// Hashes the open block onto the chain and stores its seal. Memory only.
    fn seal(&mut self, last: bool) {
        let lines = self.line % BLOCK_LINES;
        let first = self.line - lines;
        self.chain = self.live.memory.with_lines(first, lines, |bytes| chain(self.chain, bytes));
        let block = first / BLOCK_LINES;
        let seal = Seal { chain: self.chain, total: self.committed_lines(), block, lines, last };
        self.store(tag(0, ORIGIN_SEAL, 0), &seal.encode());
    }

    /// Ends the segment and begins the next one: with a spare at hand, by storing to memory.
    fn roll(&mut self) -> Result<(), AppendError> {
        let mut next = self.take_spare()?;
        self.finish_retired()?;
        self.seal(true);
        let end = End {
            epoch: self.epoch,
            next_segment: Some(next.segment()),
            chain: self.chain,
            lines: self.line,
            counts: self.counts,
        };
        let header = header(&self.identity, self.options, self.epoch, next.segment(), &end);
        next.begin(&header);
        self.checksum = Checksum::new(header.salt);
        self.chain = header.first_chain();
        let full = std::mem::replace(&mut self.live, next);
        self.retired = Some(full.retire(self.line));
        self.line = 0;
        self.block_room = BLOCK_ROOM;
        Ok(())
    }

    fn take_spare(&mut self) -> Result<Spare, AppendError> {
        if let Some(spare) = self.spare.take() {
            return Ok(spare);
        }
        match self.order_spare()? {
            None => Err(AppendError::SpareLate),
            Some(order) => {
                self.spare_is_ordered = false;
                order.prepare().map_err(|error| self.die(error))
            }
        }
    }

    fn finish_retired(&mut self) -> Result<(), AppendError> {
        match self.retired.take() {
            Some(retired) => retired.finish().map_err(|error| self.die(error)),
            None => Ok(()),
        }
    }

    fn check_alive(&self) -> Result<(), AppendError> {
        if self.dead { Err(AppendError::Dead) } else { Ok(()) }
    }

    fn die(&mut self, error: DiskError) -> AppendError {
        self.dead = true;
        self.block_room = 0;
        AppendError::Disk(error)
    }
}

/// Makes one segment durable from another thread than the writer's.
///
/// Read [`Writer::committed`] before the call: that is what is durable after it. On Windows
/// only [`Writer::flush`] covers what is mapped.
pub struct Syncer {
    segment: u32,
    name: String,
    file: Arc<dyn DiskFile>,
}

impl Syncer {
    /// The segment it is for; get another handle when the writer's position is in the next one.
    #[must_use]
    pub fn segment(&self) -> u32 {
        self.segment
    }

    /// Blocks until the segment's content is durable.
    ///
    /// # Errors
    /// What the system said. Do not try again: stop, and open the log anew.
    pub fn sync(&self) -> Result<(), DiskError> {
        self.file.sync().map_err(|error| DiskError::new("sync", &self.name, error))
    }
}

fn header(identity: &Identity, options: Options, epoch: u32, segment: u32, end: &End) -> Header {
    Header {
        segment,
        epoch,
        nonce: identity.epoch_nonce,
        blocks: options.blocks,
        salt: salt(identity.salt_seed, epoch, identity.epoch_nonce, segment),
        created: identity.created,
        previous_chain: end.chain,
        previous_lines: end.lines,
        counts: end.counts,
        config_hash: identity.config_hash,
        build_hash: identity.build_hash,
    }
}

/// Replaces the EPOCH file so that a kill or a power cut leaves the old one or the new one.
fn write_epoch(disk: &dyn Disk, epoch: Epoch, options: Options) -> Result<(), DiskError> {
    let failed = |error| DiskError::new("write", EPOCH_NAME, error);
    let unfinished = format!("{EPOCH_NAME}{UNFINISHED_SUFFIX}");
    let file = disk.create(&unfinished).map_err(failed)?;
    let written = file.write_at(0, &epoch.encode()).and_then(|()| if options.syncs { file.sync() } else { Ok(()) });
    let renamed = written.and_then(|()| disk.rename(&unfinished, EPOCH_NAME));
    renamed.and_then(|()| if options.syncs { disk.sync() } else { Ok(()) }).map_err(|error| {
        // After a rename there is nothing to remove; recovery removes it otherwise.
        let _ = disk.remove(&unfinished);
        failed(error)
    })
}
