//! A log is read while its writer lives: between any two calls to the operating system the
//! writer may go on, and nothing it does is taken for damage or missed.

use super::common::{IDENTITY, Owned, blocks, disk, entry};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use trader_journal::log::{Disk, DiskFile, Memory, Options, Ram, Reader, Writer, verify_on};

type Action = Box<dyn FnOnce() + Send>;

/// Reads a disk, and before its n-th call lets the writer do something.
#[derive(Clone)]
struct Meanwhile {
    ram: Ram,
    calls: Arc<AtomicU64>,
    at: u64,
    act: Arc<Mutex<Option<Action>>>,
}

impl Meanwhile {
    fn call(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) == self.at {
            let act = self.act.lock().unwrap().take();
            act.into_iter().for_each(|act| act());
        }
    }

    fn acted(&self) -> bool {
        self.act.lock().unwrap().is_none()
    }
}

impl Disk for Meanwhile {
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        unreachable!("a reader takes no lock")
    }
    fn names(&self) -> io::Result<Vec<String>> {
        self.call();
        self.ram.names()
    }
    fn create(&self, _name: &str) -> io::Result<Arc<dyn DiskFile>> {
        unreachable!("a reader changes nothing")
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.call();
        Ok(Arc::new(MeanwhileFile { disk: self.clone(), file: self.ram.open(name)? }))
    }
    fn open_mut(&self, _name: &str) -> io::Result<Arc<dyn DiskFile>> {
        unreachable!("a reader changes nothing")
    }
    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        unreachable!("a reader changes nothing")
    }
    fn remove(&self, _name: &str) -> io::Result<()> {
        unreachable!("a reader changes nothing")
    }
    fn sync(&self) -> io::Result<()> {
        unreachable!("a reader changes nothing")
    }
}

struct MeanwhileFile {
    disk: Meanwhile,
    file: Arc<dyn DiskFile>,
}

impl DiskFile for MeanwhileFile {
    fn len(&self) -> io::Result<u64> {
        self.disk.call();
        self.file.len()
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.disk.call();
        self.file.read_at(offset, into)
    }
    fn write_at(&self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        unreachable!("a reader changes nothing")
    }
    fn allocate(&self, _len: u64) -> io::Result<()> {
        unreachable!("a reader changes nothing")
    }
    fn map(&self, _len: usize) -> io::Result<Memory> {
        unreachable!("a reader maps nothing")
    }
    fn set_len(&self, _len: u64) -> io::Result<()> {
        unreachable!("a reader changes nothing")
    }
    fn sync(&self) -> io::Result<()> {
        unreachable!("a reader changes nothing")
    }
}

/// What the writer does meanwhile; numbers of entries it has then.
#[derive(Clone, Copy, Debug)]
enum Act {
    Append(u64),
    PrepareAndAppend(u64),
    Close,
    AppendAndClose(u64),
    CloseAndOpen,
    KillAndOpen(u64),
}

const ACTS: [Act; 11] = [
    Act::Append(1),
    Act::Append(70),
    Act::Append(1100),
    Act::Append(3000),
    Act::PrepareAndAppend(0),
    Act::PrepareAndAppend(1500),
    Act::Close,
    Act::AppendAndClose(3),
    Act::AppendAndClose(2200),
    Act::CloseAndOpen,
    Act::KillAndOpen(5),
];

fn append(writer: &mut Writer, from: u64, count: u64) {
    (from..from + count).for_each(|number| entry(number).append(writer).unwrap());
}

impl Act {
    /// Entries it adds.
    fn count(self) -> u64 {
        match self {
            Act::Append(count)
            | Act::PrepareAndAppend(count)
            | Act::AppendAndClose(count)
            | Act::KillAndOpen(count) => count,
            Act::Close | Act::CloseAndOpen => 0,
        }
    }

    fn run(self, ram: &Ram, options: Options, mut writer: Writer, from: u64) -> Option<Writer> {
        let again = || Writer::open_on(disk(ram), options, IDENTITY).unwrap();
        match self {
            Act::Append(count) => {
                append(&mut writer, from, count);
                Some(writer)
            }
            Act::PrepareAndAppend(count) => {
                writer.prepare_next().unwrap();
                append(&mut writer, from, count);
                Some(writer)
            }
            Act::Close => {
                writer.close().unwrap();
                None
            }
            Act::AppendAndClose(count) => {
                append(&mut writer, from, count);
                writer.close().unwrap();
                None
            }
            Act::CloseAndOpen => {
                writer.close().unwrap();
                Some(again())
            }
            Act::KillAndOpen(count) => {
                append(&mut writer, from, count);
                drop(writer);
                Some(again())
            }
        }
    }
}

/// Runs `see` on a log of `count` entries, with a spare if `is_prepared`, whose writer acts at every call in turn.
fn at_every_call(count: u64, is_prepared: bool, act: Act, see: impl Fn(&Meanwhile, u64)) {
    for at in 0.. {
        let ram = Ram::default();
        let options = blocks(1 + (count % 2) as u32);
        let mut writer = Writer::open_on(disk(&ram), options, IDENTITY).unwrap();
        append(&mut writer, 0, count);
        if is_prepared {
            writer.prepare_next().unwrap();
        }
        let kept = Arc::new(Mutex::new(None));
        let acting = {
            let (ram, kept) = (ram.clone(), Arc::clone(&kept));
            move || *kept.lock().unwrap() = act.run(&ram, options, writer, count)
        };
        let acting: Action = Box::new(acting);
        let meanwhile = Meanwhile { ram, calls: Arc::default(), at, act: Arc::new(Mutex::new(Some(acting))) };
        see(&meanwhile, at);
        if !meanwhile.acted() {
            return;
        }
    }
}

const COUNTS: [u64; 6] = [0, 1, 900, 901, 1600, 2611];

fn cases() -> impl Iterator<Item = (u64, bool, Act)> {
    let starts = COUNTS.into_iter().flat_map(|count| [(count, false), (count, true)]);
    starts.flat_map(|(count, is_prepared)| ACTS.map(|act| (count, is_prepared, act)))
}

#[test]
fn verify_of_a_living_log_finds_some_moment_of_it() {
    for (count, is_prepared, act) in cases() {
        at_every_call(count, is_prepared, act, |meanwhile, at| {
            let verified = verify_on(&(Arc::new(meanwhile.clone()) as Arc<dyn Disk>));
            let found = verified.unwrap_or_else(|damage| panic!("{count} {act:?} at call {at}: {damage}")).entries;
            assert!((count..=count + act.count()).contains(&found), "{count} {act:?} at call {at}: {found}");
        });
    }
}

#[test]
fn a_reader_of_a_living_log_misses_nothing() {
    for (count, is_prepared, act) in cases() {
        at_every_call(count, is_prepared, act, |meanwhile, at| {
            let mut reader = Reader::open_on(Arc::new(meanwhile.clone())).unwrap();
            let mut number = 0;
            // What was the end for one pass is not for the next: a pass after the act sees all of it.
            for _ in 0..3 {
                let is_last = meanwhile.acted();
                while let Some(found) =
                    reader.next().unwrap_or_else(|damage| panic!("{count} {act:?} at call {at}: {damage}"))
                {
                    assert_eq!(Owned::of(&found), entry(number), "{count} {act:?} at call {at}");
                    number += 1;
                }
                if is_last {
                    assert_eq!(number, count + act.count(), "{count} {act:?} at call {at}");
                }
            }
            assert!(number >= count, "{count} {act:?} at call {at}");
        });
    }
}
