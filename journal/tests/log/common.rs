//! Shared by the tests: a writer's identity, entries that own their bytes, a sample log.

use std::sync::Arc;
use trader_journal::log::{Disk, Entry, Identity, Options, Origin, Ram, Reader, Stream, Writer};
use trader_journal::units::Nanos;

pub(crate) const IDENTITY: Identity = Identity {
    epoch_nonce: 0x1122_3344,
    salt_seed: 0x0123_4567_89ab_cdef,
    created: Nanos(1_780_000_000_000_000_000),
    config_hash: [0xc0; 32],
    build_hash: [0xb1; 32],
};

pub(crate) fn blocks(count: u32) -> Options {
    Options::with_blocks(count).unwrap()
}

pub(crate) fn stream(number: u8) -> Stream {
    Stream::new(number).unwrap()
}

/// An [`Entry`] that owns its bytes, without its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owned {
    Line { stream: u8, ring: Option<u8>, seq: u16, body: [u8; 56] },
    Record { stream: u8, kind: u8, tag: u16, ts: u64, bytes: Vec<u8> },
}

impl Owned {
    pub(crate) fn of(entry: &Entry<'_>) -> Owned {
        match *entry {
            Entry::Line { stream, origin, seq, body, .. } => {
                Owned::Line { stream: stream.number(), ring: origin.ring(), seq, body: *body }
            }
            Entry::Record { stream, kind, tag, ts, bytes, .. } => {
                Owned::Record { stream: stream.number(), kind, tag, ts: ts.0, bytes: bytes.to_vec() }
            }
        }
    }

    pub(crate) fn append(&self, writer: &mut Writer) -> Result<(), trader_journal::log::AppendError> {
        match self {
            Owned::Line { stream: number, ring, seq, body } => {
                let origin = ring.map_or(Origin::SAID, |ring| Origin::heard(ring).unwrap());
                writer.append(stream(*number), origin, u64::from(*seq), body)
            }
            Owned::Record { stream: number, kind, tag, ts, bytes } => {
                writer.append_record(stream(*number), *kind, *tag, Nanos(*ts), bytes)
            }
        }
    }

    pub(crate) fn stream(&self) -> u8 {
        match self {
            Owned::Line { stream, .. } | Owned::Record { stream, .. } => *stream,
        }
    }

    pub(crate) fn lines(&self) -> u64 {
        match self {
            Owned::Line { .. } => 1,
            Owned::Record { bytes, .. } => 1 + bytes.len().div_ceil(56) as u64,
        }
    }
}

/// A line that says its number and has no zero byte, so that an alteration anywhere shows.
pub(crate) fn line(number: u64) -> Owned {
    let mut body = [0x5a; 56];
    body[..8].copy_from_slice(&(number | 0x0101_0101_0101_0101).to_le_bytes());
    body[8..16].copy_from_slice(&number.to_le_bytes());
    let ring = (!number.is_multiple_of(3)).then_some((number % 128) as u8);
    Owned::Line { stream: (number % 16) as u8, ring, seq: number as u16, body }
}

pub(crate) fn record(number: u64, len: usize) -> Owned {
    let bytes = (0..len).map(|at| (number as usize + at) as u8 | 1).collect();
    Owned::Record { stream: (number % 16) as u8, kind: 7, tag: number as u16, ts: number, bytes }
}

/// Entry `number` of a log in which every 97th is a record.
pub(crate) fn entry(number: u64) -> Owned {
    if number.is_multiple_of(97) { record(number, (number % 400) as usize) } else { line(number) }
}

pub(crate) fn disk(ram: &Ram) -> Arc<dyn Disk> {
    Arc::new(ram.clone())
}

pub(crate) fn open(ram: &Ram, options: Options) -> Writer {
    Writer::open_on(disk(ram), options, IDENTITY).unwrap()
}

pub(crate) fn read(disk: Arc<dyn Disk>) -> Vec<Owned> {
    let mut reader = Reader::open_on(disk).unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        entries.push(Owned::of(&entry));
    }
    entries
}

/// A log with a full sealed segment of two blocks, and one of a block and a half left by a kill.
pub(crate) fn killed_log() -> (Ram, Vec<Owned>) {
    killed_at(blocks(2), 1500)
}

/// One whose alterations are quickly asked: a full sealed segment of one block, and 100 lines left by a kill.
pub(crate) fn small_killed_log() -> (Ram, Vec<Owned>) {
    killed_at(blocks(1), 100)
}

fn killed_at(options: Options, line: u32) -> (Ram, Vec<Owned>) {
    let ram = Ram::default();
    let mut writer = open(&ram, options);
    let mut entries = Vec::new();
    while (writer.position().segment, writer.position().line) < (1, line) {
        let entry = entry(entries.len() as u64);
        entry.append(&mut writer).unwrap();
        entries.push(entry);
    }
    drop(writer);
    (ram, entries)
}

/// Two segments of two blocks, closed.
pub(crate) fn closed_log() -> (Ram, Vec<Owned>) {
    closed_after(blocks(2), 2500)
}

/// Two segments of one block, closed.
pub(crate) fn small_closed_log() -> (Ram, Vec<Owned>) {
    closed_after(blocks(1), 1050)
}

fn closed_after(options: Options, count: u64) -> (Ram, Vec<Owned>) {
    let ram = Ram::default();
    let mut writer = open(&ram, options);
    let entries: Vec<_> = (0..count).map(entry).collect();
    entries.iter().for_each(|entry| entry.append(&mut writer).unwrap());
    writer.close().unwrap();
    (ram, entries)
}

pub(crate) const FIRST: &str = "seg-00000001-00000000.jrn";
pub(crate) const SECOND: &str = "seg-00000001-00000001.jrn";
