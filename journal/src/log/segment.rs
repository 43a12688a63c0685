//! Mapped memory and the checksum instruction: the only `unsafe` of this crate.
//!
//! A mapping is seen as 64-bit atomics, so that what another process reads is never torn
//! within a word and the commit can be one release store. Everything built on it is safe.
#![expect(unsafe_code, reason = "a mapping is a pointer, and the checksum instruction is an intrinsic")]

use super::format::{BODY_BYTES, HEADER_BYTES, LINE_BYTES};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const HEADER_WORDS: usize = HEADER_BYTES / 8;
const LINE_WORDS: usize = LINE_BYTES / 8;
/// No system has smaller pages.
const PAGE_WORDS: usize = 4096 / 8;

/// The bytes of one segment, as memory that can be written.
#[derive(Debug)]
pub struct Memory(Owner);

#[derive(Debug)]
enum Owner {
    Mapped(MmapRaw),
    Shared(Arc<[AtomicU64]>),
}

impl Memory {
    /// Plain memory, shared with whoever keeps it as the "file".
    #[must_use]
    pub fn shared(words: Arc<[AtomicU64]>) -> Memory {
        Memory(Owner::Shared(words))
    }

    /// Maps `len` bytes of a file that is at least as long and whose space is reserved, and
    /// makes every page writable now, so that no append waits for a page fault.
    pub(super) fn map(file: &File, len: usize) -> io::Result<Memory> {
        let memory = Memory(Owner::Mapped(MmapOptions::new().len(len).map_raw(file)?));
        memory.populate()?;
        Ok(memory)
    }

    #[cfg(target_os = "linux")]
    fn populate(&self) -> io::Result<()> {
        match &self.0 {
            Owner::Mapped(map) => map.advise(memmap2::Advice::PopulateWrite).or_else(|_| self.touch(PAGE_WORDS)),
            Owner::Shared(_) => Ok(()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn populate(&self) -> io::Result<()> {
        self.touch(PAGE_WORDS)
    }

    /// Writes to each page what is there: a fault now instead of at the first append.
    fn touch(&self, stride: usize) -> io::Result<()> {
        for word in self.words().iter().step_by(stride) {
            word.fetch_or(0, Ordering::Relaxed);
        }
        Ok(())
    }

    fn words(&self) -> &[AtomicU64] {
        match &self.0 {
            Owner::Shared(words) => words,
            Owner::Mapped(map) => {
                let words = map.as_ptr().cast::<AtomicU64>();
                // SAFETY: the mapping starts on a page, so it is aligned for u64; it is `len`
                // bytes long, readable and writable, and lives as long as `self`. All access
                // through it is atomic. The file is not shortened while it is mapped: only its
                // writer, who holds LOCK, shortens it, after dropping this value.
                unsafe { std::slice::from_raw_parts(words, map.len() / 8) }
            }
        }
    }

    /// Stores a line: the body, then the prefix as one release store, which commits it.
    ///
    /// # Panics
    /// If the line lies outside the segment; the writer's room count excludes it.
    #[inline]
    pub(super) fn store_line(&mut self, line: u32, prefix: u64, body: &[u8; BODY_BYTES]) {
        let at = HEADER_WORDS + line as usize * LINE_WORDS;
        let cells = &self.words()[at..at + LINE_WORDS];
        for (cell, bytes) in cells[1..].iter().zip(body.as_chunks().0) {
            cell.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
        cells[0].store(prefix, Ordering::Release);
    }

    /// Stores the header page, its magic last: before that the segment is not there.
    pub(super) fn store_header(&mut self, page: &[u8; HEADER_BYTES]) {
        let words = page.as_chunks().0;
        let cells = &self.words()[..HEADER_WORDS];
        for (cell, bytes) in cells.iter().zip(words).skip(1) {
            cell.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
        cells[0].store(u64::from_le_bytes(words[0]), Ordering::Release);
    }

    /// Shows `count` lines from `first` on as bytes, for the hash of a block.
    pub(super) fn with_lines<T>(&self, first: u32, count: u32, see: impl FnOnce(&[u8]) -> T) -> T {
        let at = HEADER_WORDS + first as usize * LINE_WORDS;
        let cells = &self.words()[at..at + count as usize * LINE_WORDS];
        match &self.0 {
            // Plain memory may have other owners that write to it, so it is copied out.
            Owner::Shared(_) => {
                let mut copy = vec![0; size_of_val(cells)];
                for (bytes, cell) in copy.as_chunks_mut().0.iter_mut().zip(cells) {
                    *bytes = cell.load(Ordering::Relaxed).to_le_bytes();
                }
                see(&copy)
            }
            Owner::Mapped(_) => {
                // SAFETY: `cells` was just bounds-checked. In this process nothing stores to
                // the mapping while `self` is borrowed, because the storing methods take
                // `&mut self` and the mapping has no other owner; other processes only read a
                // log whose LOCK they do not hold.
                see(unsafe { std::slice::from_raw_parts(cells.as_ptr().cast::<u8>(), size_of_val(cells)) })
            }
        }
    }

    /// Hands dirty pages to the operating system where syncing the file does not do that.
    pub(super) fn write_back(&self) -> io::Result<()> {
        match &self.0 {
            Owner::Mapped(map) if cfg!(windows) => map.flush(),
            Owner::Mapped(_) | Owner::Shared(_) => Ok(()),
        }
    }
}

/// Proof that this processor has the CRC32C instruction.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(super) struct CrcInstruction(());

#[cfg(target_arch = "x86_64")]
impl CrcInstruction {
    pub(super) fn detect() -> Option<CrcInstruction> {
        std::arch::is_x86_feature_detected!("sse4.2").then_some(CrcInstruction(()))
    }

    /// Continues the CRC `state` (not inverted) over one word and a body.
    #[inline]
    pub(super) fn fold(self, state: u32, first: u64, body: &[u8; BODY_BYTES]) -> u32 {
        // SAFETY: a value of this type exists only where `detect` found SSE 4.2.
        unsafe { fold_sse42(state, first, body) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn fold_sse42(state: u32, first: u64, body: &[u8; BODY_BYTES]) -> u32 {
    use std::arch::x86_64::_mm_crc32_u64;
    let state = _mm_crc32_u64(u64::from(state), first);
    let folded = body.as_chunks().0.iter().fold(state, |state, word| _mm_crc32_u64(state, u64::from_le_bytes(*word)));
    folded as u32
}

/// Other processors go through the `crc32c` crate: there is no such proof to be had.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Clone, Copy, Debug)]
pub(super) enum CrcInstruction {}

#[cfg(not(target_arch = "x86_64"))]
impl CrcInstruction {
    pub(super) fn detect() -> Option<CrcInstruction> {
        None
    }

    pub(super) fn fold(self, _state: u32, _first: u64, _body: &[u8; BODY_BYTES]) -> u32 {
        match self {}
    }
}
