//! A [`Disk`] on plain memory: for lockstep runs that keep nothing, and for tests.

use super::disk::{Disk, DiskFile};
use super::segment::Memory;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files in memory. Clones are the same disk; [`Ram::image`] is another one.
#[derive(Clone, Debug, Default)]
pub struct Ram {
    files: Arc<Mutex<BTreeMap<String, Arc<RamFile>>>>,
    locked: Arc<AtomicBool>,
}

impl Ram {
    /// The whole content of a file; `None` when it is not there.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        Some(self.file(name).ok()?.content().bytes())
    }

    /// Puts a file in place of whatever has that name.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        hold(&self.files).insert(name.to_owned(), Arc::new(RamFile::holding(bytes)));
    }

    /// A copy of what is there now, without the lock: what another machine would find.
    #[must_use]
    pub fn image(&self) -> Ram {
        let image = Ram::default();
        for (name, file) in &*hold(&self.files) {
            image.put(name, &file.content().bytes());
        }
        image
    }

    fn file(&self, name: &str) -> io::Result<Arc<RamFile>> {
        hold(&self.files).get(name).cloned().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Disk for Ram {
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        let taken = self.locked.swap(true, Ordering::Acquire);
        Ok((!taken).then(|| Box::new(RamLock(Arc::clone(&self.locked))) as Box<dyn Send + Sync>))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(hold(&self.files).keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        if self.file(name).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.put(name, &[]);
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.file(name)?)
    }

    fn open_mut(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = hold(&self.files);
        let file = files.remove(from).ok_or(ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        hold(&self.files).remove(name).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

struct RamLock(Arc<AtomicBool>);

impl Drop for RamLock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[derive(Debug, Default)]
struct RamFile(Mutex<Content>);

/// Words that a mapping may share; `len` bytes of them are the file.
#[derive(Debug, Default)]
struct Content {
    words: Arc<[AtomicU64]>,
    len: usize,
}

impl RamFile {
    fn holding(bytes: &[u8]) -> RamFile {
        let mut content = Content::default();
        content.write(0, bytes);
        RamFile(Mutex::new(content))
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        hold(&self.0)
    }
}

impl Content {
    fn byte(&self, at: usize) -> u8 {
        self.words[at / 8].load(Ordering::Acquire).to_le_bytes()[at % 8]
    }

    fn set_byte(&self, at: usize, byte: u8) {
        let cell = &self.words[at / 8];
        let mut bytes = cell.load(Ordering::Acquire).to_le_bytes();
        bytes[at % 8] = byte;
        cell.store(u64::from_le_bytes(bytes), Ordering::Release);
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len];
        self.read(0, &mut bytes);
        bytes
    }

    /// Whole words where the offset allows it: verifying a flipped byte reads every line.
    fn read(&self, offset: usize, into: &mut [u8]) -> usize {
        let filled = into.len().min(self.len.saturating_sub(offset));
        if filled == 0 {
            return 0;
        }
        let into = &mut into[..filled];
        let (words, rest) = if offset.is_multiple_of(8) { into.as_chunks_mut() } else { (&mut [][..], into) };
        for (bytes, cell) in words.iter_mut().zip(&self.words[offset / 8..]) {
            *bytes = cell.load(Ordering::Acquire).to_le_bytes();
        }
        let rest_at = offset + words.len() * 8;
        for (at, byte) in rest.iter_mut().enumerate() {
            *byte = self.byte(rest_at + at);
        }
        filled
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.resize(self.len.max(offset + bytes.len()));
        let (words, rest) = if offset.is_multiple_of(8) { bytes.as_chunks() } else { (&[][..], bytes) };
        for (cell, word) in self.words.iter().skip(offset / 8).zip(words) {
            cell.store(u64::from_le_bytes(*word), Ordering::Release);
        }
        let rest_at = offset + words.len() * 8;
        for (at, &byte) in rest.iter().enumerate() {
            self.set_byte(rest_at + at, byte);
        }
    }

    /// Longer: new words, so a mapping of the shorter file is left behind. Shorter: what is cut reads as zero later.
    fn resize(&mut self, len: usize) {
        let whole = len.next_multiple_of(8);
        for at in len..whole.min(self.len) {
            self.set_byte(at, 0);
        }
        for cell in self.words.iter().take(self.len.div_ceil(8)).skip(whole / 8) {
            cell.store(0, Ordering::Release);
        }
        if len.div_ceil(8) > self.words.len() {
            let old = self.words.iter().map(|word| word.load(Ordering::Acquire));
            self.words = old.chain(std::iter::repeat(0)).take(len.div_ceil(8)).map(AtomicU64::new).collect();
        }
        self.len = len;
    }
}

impl DiskFile for RamFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content().len as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.content().read(offset as usize, into))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.content().write(offset as usize, bytes);
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.content().resize(len as usize);
        Ok(())
    }

    fn map(&self, len: usize) -> io::Result<Memory> {
        let content = self.content();
        if content.len < len {
            Err(ErrorKind::InvalidInput.into())
        } else {
            Ok(Memory::shared(Arc::clone(&content.words)))
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.content().resize(len as usize);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A panic while holding cannot leave the map half changed.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
