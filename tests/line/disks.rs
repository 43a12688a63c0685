//! Disks that can be full for a while, and that remember which thread asked for what.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use trader_journal::log::{Disk, DiskFile, Memory};

/// Room for as many segments as nobody has taken yet.
#[derive(Clone)]
pub(crate) struct FullDisk {
    disk: Arc<dyn Disk>,
    pub(crate) segments_left: Arc<AtomicU64>,
    /// What was done to segments, by the name of the thread.
    pub(crate) done: Arc<Mutex<Vec<(String, &'static str)>>>,
}

impl FullDisk {
    pub(crate) fn with_room_for(segments: u64, disk: Arc<dyn Disk>) -> FullDisk {
        FullDisk { disk, segments_left: Arc::new(AtomicU64::new(segments)), done: Arc::new(Mutex::new(Vec::new())) }
    }

    /// The threads that did `what` to a segment.
    pub(crate) fn who(&self, what: &str) -> Vec<String> {
        let done = self.done.lock().expect("a list");
        done.iter().filter(|(_, did)| *did == what).map(|(thread, _)| thread.clone()).collect()
    }

    fn note(&self, what: &'static str) {
        let name = std::thread::current().name().unwrap_or("no name").to_owned();
        self.done.lock().expect("a list").push((name, what));
    }
}

impl Disk for FullDisk {
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        self.disk.lock()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.disk.names()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        if !name.starts_with("seg") {
            return self.disk.create(name);
        }
        self.note("create");
        let took = |left: u64| left.checked_sub(1);
        if self.segments_left.fetch_update(Ordering::AcqRel, Ordering::Acquire, took).is_err() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(Arc::new(Watched { file: self.disk.create(name)?, of: self.clone() }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(name)
    }

    fn open_mut(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open_mut(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync()
    }
}

struct Watched {
    file: Arc<dyn DiskFile>,
    of: FullDisk,
}

impl DiskFile for Watched {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, into)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.file.allocate(len)
    }

    fn map(&self, len: usize) -> io::Result<Memory> {
        self.file.map(len)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.of.note("cut");
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.of.note("sync");
        self.file.sync()
    }
}
