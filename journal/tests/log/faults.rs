//! The n-th call to the operating system fails, for every n: once, or as a death from then on.

use super::common::{IDENTITY, Owned, blocks, disk, entry, read};
use super::twin;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trader_journal::log::{
    AppendError, Disk, DiskFile, Memory, OpenError, Options, Ram, Reason, Writer, recover_on, verify_on,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// One call fails; what cleans up after it works.
    Once(ErrorKind),
    /// The process is dead from that call on: nothing after it happens.
    Death,
    /// Whatever makes bytes durable fails.
    EverySync,
}

/// Counts calls and lets the n-th fail.
#[derive(Clone)]
struct Faulty {
    ram: Ram,
    calls: Arc<AtomicU64>,
    fails_at: u64,
    fault: Fault,
}

impl Faulty {
    fn new(ram: &Ram, fails_at: u64, fault: Fault) -> Faulty {
        Faulty { ram: ram.clone(), calls: Arc::default(), fails_at, fault }
    }

    fn call(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Fault::Once(kind) if call == self.fails_at => Err(kind.into()),
            Fault::Death if call >= self.fails_at => Err(ErrorKind::BrokenPipe.into()),
            _ => Ok(()),
        }
    }

    fn sync_call(&self) -> io::Result<()> {
        match self.fault {
            Fault::EverySync => Err(ErrorKind::Other.into()),
            Fault::Once(_) | Fault::Death => self.call(),
        }
    }

    fn fired(&self) -> bool {
        self.calls.load(Ordering::Relaxed) > self.fails_at
    }

    fn file(&self, file: io::Result<Arc<dyn DiskFile>>) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(FaultyFile { disk: self.clone(), file: file? }))
    }
}

impl Disk for Faulty {
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        self.call().and_then(|()| self.ram.lock())
    }
    fn names(&self) -> io::Result<Vec<String>> {
        self.call().and_then(|()| self.ram.names())
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.call()?;
        self.file(self.ram.create(name))
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.call()?;
        self.file(self.ram.open(name))
    }
    fn open_mut(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.call()?;
        self.file(self.ram.open_mut(name))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call().and_then(|()| self.ram.rename(from, to))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.call().and_then(|()| self.ram.remove(name))
    }
    fn sync(&self) -> io::Result<()> {
        self.sync_call().and_then(|()| self.ram.sync())
    }
}

struct FaultyFile {
    disk: Faulty,
    file: Arc<dyn DiskFile>,
}

impl DiskFile for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        self.disk.call().and_then(|()| self.file.len())
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.disk.call().and_then(|()| self.file.read_at(offset, into))
    }
    /// A write that fails may have written half.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let alive = self.disk.calls.load(Ordering::Relaxed) <= self.disk.fails_at;
        self.disk.call().inspect_err(|_| {
            if alive {
                self.file.write_at(offset, &bytes[..bytes.len() / 2]).unwrap();
            }
        })?;
        self.file.write_at(offset, bytes)
    }
    /// An allocation that fails may have taken space.
    fn allocate(&self, len: u64) -> io::Result<()> {
        self.disk.call().inspect_err(|_| self.file.allocate(len / 3).unwrap())?;
        self.file.allocate(len)
    }
    fn map(&self, len: usize) -> io::Result<Memory> {
        self.disk.call().and_then(|()| self.file.map(len))
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.call().and_then(|()| self.file.set_len(len))
    }
    fn sync(&self) -> io::Result<()> {
        self.disk.sync_call().and_then(|()| self.file.sync())
    }
}

/// Everything a writer does, twice; says how far it came.
fn life(disk: &Faulty, options: Options, acknowledged: &mut Vec<Owned>) -> Result<(), String> {
    for _ in 0..2 {
        let opened = Writer::open_on(Arc::new(disk.clone()), options, IDENTITY);
        let mut writer = opened.map_err(|error| error.to_string())?;
        for number in 0..2200 {
            if number == 100 {
                writer.prepare_next().map_err(|error| error.to_string())?;
            }
            if number == 2100 {
                writer.flush().map_err(|error| error.to_string())?;
            }
            let entry = entry(number);
            entry.append(&mut writer).map_err(|error| error.to_string())?;
            acknowledged.push(entry);
        }
        writer.close().map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Runs `check` with the fault at every call of a whole life.
fn at_every_call(fault: Fault, options: Options, check: impl Fn(&Ram, &[Owned], Option<String>)) -> u64 {
    for fails_at in 0.. {
        let ram = Ram::default();
        let disk = Faulty::new(&ram, fails_at, fault);
        let mut acknowledged = Vec::new();
        let error = life(&disk, options, &mut acknowledged).err();
        if !disk.fired() {
            assert_eq!(error, None);
            return fails_at;
        }
        check(&ram, &acknowledged, error);
    }
    0
}

#[test]
fn whatever_call_a_writer_dies_in_everything_acknowledged_is_there() {
    for options in [blocks(1), blocks(1).without_sync()] {
        let calls = at_every_call(Fault::Death, options, |ram, acknowledged, error| {
            assert!(error.is_some());
            recover_on(&disk(ram)).unwrap();
            assert_eq!(read(disk(ram)), acknowledged);
            assert_eq!(twin::read(ram), acknowledged);
            let report = verify_on(&disk(ram)).unwrap();
            Writer::open_on(disk(ram), blocks(1), IDENTITY).unwrap().close().unwrap();
            assert_eq!(verify_on(&disk(ram)).unwrap().entries, report.entries);
        });
        assert!(calls > 70, "{calls} calls");
    }
}

#[test]
fn a_log_without_sync_asks_for_none_and_one_with_it_does() {
    let options = blocks(1).without_sync();
    let ram = Ram::default();
    let disk_without = Faulty::new(&ram, 0, Fault::EverySync);
    let mut writer = Writer::open_on(Arc::new(disk_without), options, IDENTITY).unwrap();
    for number in 0..2200 {
        entry(number).append(&mut writer).unwrap();
    }
    writer.flush().unwrap();
    writer.close().unwrap();
    assert_eq!(verify_on(&disk(&ram)).unwrap().entries, 2200);
    let refused = Writer::open_on(Arc::new(Faulty::new(&Ram::default(), 0, Fault::EverySync)), blocks(1), IDENTITY);
    assert!(matches!(refused, Err(OpenError::Disk(_))));
}

#[test]
fn whatever_call_fails_once_nothing_half_made_stays_and_nothing_acknowledged_is_lost() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        at_every_call(Fault::Once(kind), blocks(1), |ram, acknowledged, error| {
            assert!(error.is_some(), "an error was swallowed");
            let names = ram.names().unwrap();
            assert!(!names.iter().any(|name| name.ends_with(".tmp")), "{names:?} after {error:?}");
            assert_eq!(read(disk(ram)), acknowledged);
            recover_on(&disk(ram)).unwrap();
            assert_eq!(twin::read(ram), acknowledged);
            verify_on(&disk(ram)).unwrap();
        });
    }
}

#[test]
fn a_death_in_recovery_and_another_in_the_next_change_nothing() {
    let (killed, entries) = super::common::killed_log();
    let end = verify_on(&disk(&killed)).unwrap().end;
    let second = killed.open_mut(super::common::SECOND).unwrap();
    second.write_at(end.byte_offset() + 8, &[0xee; 20]).unwrap();
    killed.put("seg-00000001-00000002.jrn.tmp", b"x");
    let size = killed.bytes(super::common::SECOND).unwrap().len();
    killed.put("seg-00000001-00000002.jrn", &vec![0; size]);
    let whole = killed.image();
    recover_on(&disk(&whole)).unwrap();
    for first in 0.. {
        let ram = killed.image();
        let disk_first = Faulty::new(&ram, first, Fault::Death);
        let outcome = recover_on(&(Arc::new(disk_first.clone()) as Arc<dyn Disk>));
        for again in (0..40).step_by(3) {
            let _ = recover_on(&(Arc::new(Faulty::new(&ram, again, Fault::Death)) as Arc<dyn Disk>));
        }
        recover_on(&disk(&ram)).unwrap();
        assert_eq!(ram.names().unwrap(), whole.names().unwrap());
        assert_eq!(ram.bytes(super::common::SECOND), whole.bytes(super::common::SECOND));
        assert_eq!(read(disk(&ram)), entries);
        if !disk_first.fired() {
            assert!(outcome.is_ok());
            return;
        }
    }
}

#[test]
fn a_full_disk_is_said_and_the_open_segment_keeps_its_room() {
    let ram = Ram::default();
    // Count the calls of an opening, then let the first reservation after it fail.
    let counting = Faulty::new(&ram.image(), u64::MAX, Fault::Death);
    Writer::open_on(Arc::new(counting.clone()), blocks(1), IDENTITY).unwrap();
    let create_and_allocate = counting.calls.load(Ordering::Relaxed) + 1;
    let full = Faulty::new(&ram, create_and_allocate, Fault::Once(ErrorKind::StorageFull));
    let mut writer = Writer::open_on(Arc::new(full), blocks(1), IDENTITY).unwrap();
    let names = ram.names().unwrap();
    let Err(AppendError::Disk(error)) = writer.prepare_next() else { panic!("was not refused") };
    assert!(error.is_full() && error.doing == "reserve space for", "{error}");
    assert_eq!(ram.names().unwrap(), names);
    for number in 0..1023 {
        super::common::line(number).append(&mut writer).unwrap();
    }
    // Room was made meanwhile.
    super::common::line(1023).append(&mut writer).unwrap();
    writer.close().unwrap();
    assert_eq!(verify_on(&disk(&ram)).unwrap().entries, 1024);
}

#[test]
fn after_a_failed_sync_the_writer_is_dead_and_says_so() {
    let ram = Ram::default();
    let counting = Faulty::new(&ram.image(), u64::MAX, Fault::Death);
    Writer::open_on(Arc::new(counting.clone()), blocks(1), IDENTITY).unwrap();
    let sync = counting.calls.load(Ordering::Relaxed);
    let failing = Faulty::new(&ram, sync, Fault::Once(ErrorKind::Other));
    let mut writer = Writer::open_on(Arc::new(failing), blocks(1), IDENTITY).unwrap();
    super::common::line(1).append(&mut writer).unwrap();
    assert!(matches!(writer.flush(), Err(AppendError::Disk(_))));
    assert!(writer.is_dead());
    assert!(matches!(writer.flush(), Err(AppendError::Dead)));
    assert!(matches!(super::common::line(2).append(&mut writer), Err(AppendError::Dead)));
    assert!(matches!(super::common::record(2, 9).append(&mut writer), Err(AppendError::Dead)));
    assert!(matches!(writer.prepare_next(), Err(AppendError::Dead)));
    assert!(matches!(writer.close(), Err(AppendError::Dead)));
    assert_eq!(read(disk(&ram)), [super::common::line(1)]);
}

#[test]
fn an_unreadable_file_is_named() {
    let (ram, _) = super::common::closed_log();
    let failing = Faulty::new(&ram, 4, Fault::Once(ErrorKind::PermissionDenied));
    let damage = verify_on(&(Arc::new(failing) as Arc<dyn Disk>)).unwrap_err();
    assert_eq!(damage.reason, Reason::Unreadable(ErrorKind::PermissionDenied));
    let failing = Faulty::new(&ram, 0, Fault::Once(ErrorKind::PermissionDenied));
    let refused = Writer::open_on(Arc::new(failing), blocks(1), IDENTITY).err().unwrap();
    assert!(matches!(refused, OpenError::Disk(error) if error.doing == "lock"));
}
