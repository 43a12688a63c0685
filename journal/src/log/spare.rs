//! A segment before its first line and after its last: both are slow, so both can be done on
//! another thread than the one that appends.

use super::DiskError;
use super::disk::{Disk, DiskFile};
use super::format::{BLOCK_LINES, BLOCK_ROOM, Header, UNFINISHED_SUFFIX, line_offset, segment_bytes, segment_name};
use super::segment::Memory;
use super::writer::Options;
use std::io;
use std::sync::Arc;

/// What is needed to prepare the next segment, on any thread.
#[must_use = "until its result is delivered the writer cannot begin another segment"]
pub struct SpareOrder {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) epoch: u32,
    pub(super) segment: u32,
    pub(super) options: Options,
}

impl SpareOrder {
    /// Reserves, names and maps the next segment. Blocks for milliseconds.
    ///
    /// It is made under a temporary name, so that a segment's name never stands for less than
    /// a whole blank segment. It is mapped last: a page that is synced after it was made
    /// writable is protected again, and then every page costs the appender a fault.
    ///
    /// # Errors
    /// The call that failed; what was made until then is removed, because half of a file that
    /// did not fit would keep the disk full.
    pub fn prepare(self) -> Result<Spare, DiskError> {
        let name = segment_name(self.epoch, self.segment);
        let unfinished = format!("{name}{UNFINISHED_SUFFIX}");
        let failed = |doing, error| DiskError::new(doing, &name, error);
        let file = self.disk.create(&unfinished).map_err(|error| failed("create", error))?;
        let undone = |doing, made: &str, error| {
            // The first error is the one to report; a file that stays is removed by recovery.
            let _ = self.disk.remove(made);
            failed(doing, error)
        };
        let len = segment_bytes(self.options.blocks);
        file.allocate(len).map_err(|error| undone("reserve space for", &unfinished, error))?;
        if self.options.syncs {
            file.sync().map_err(|error| undone("sync", &unfinished, error))?;
        }
        self.disk.rename(&unfinished, &name).map_err(|error| undone("rename", &unfinished, error))?;
        if self.options.syncs {
            self.disk.sync().map_err(|error| undone("sync the directory of", &name, error))?;
        }
        let memory = file.map(len as usize).map_err(|error| undone("map", &name, error))?;
        Ok(Spare { name, file, memory, segment: self.segment, options: self.options })
    }
}

/// A segment that is reserved, zeroed, mapped and has its name, but no header yet.
pub struct Spare {
    pub(super) name: String,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) memory: Memory,
    segment: u32,
    options: Options,
}

impl Spare {
    /// From here on the segment is part of the log. Stores to memory only.
    pub(super) fn begin(&mut self, header: &Header) {
        self.memory.store_header(&header.encode());
    }

    pub(super) fn segment(&self) -> u32 {
        self.segment
    }

    /// Lines, seals included.
    pub(super) fn lines(&self) -> u32 {
        self.options.blocks * BLOCK_LINES
    }

    /// Entry lines.
    pub(super) fn room(&self) -> u32 {
        self.options.blocks * BLOCK_ROOM
    }

    pub(super) fn sync(&self) -> Result<(), DiskError> {
        if !self.options.syncs {
            return Ok(());
        }
        let synced = self.memory.write_back().and_then(|()| self.file.sync());
        synced.map_err(|error| DiskError::new("sync", &self.name, error))
    }

    /// After its last line: nothing is appended to it any more.
    pub(super) fn retire(self, lines: u32) -> Retired {
        Retired { spare: self, lines }
    }
}

/// A sealed segment that still has to be made durable, on any thread.
#[must_use = "the segment is cut and durable only after `finish`"]
pub struct Retired {
    spare: Spare,
    lines: u32,
}

impl Retired {
    /// Unmaps the segment, cuts the file to its content and makes it durable, unless the log
    /// is one [without sync](Options::without_sync).
    ///
    /// # Errors
    /// The call that failed: the segment is whole for every process that runs, but may not
    /// survive a power cut. Stop trading.
    pub fn finish(self) -> Result<(), DiskError> {
        let Retired { spare: Spare { name, file, memory, options, .. }, lines } = self;
        let failed = |doing, error: io::Error| DiskError::new(doing, &name, error);
        if options.syncs {
            memory.write_back().map_err(|error| failed("write back", error))?;
        }
        drop(memory);
        file.set_len(line_offset(lines)).map_err(|error| failed("cut", error))?;
        if options.syncs { file.sync().map_err(|error| failed("sync", error)) } else { Ok(()) }
    }
}
