//! A forger: events with every word in its list and every number out of this world.

use kalshi_trader::config::Layers;
use kalshi_trader::line::sim::{SimRequest, SimRun};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::path::{Path, PathBuf};
use trader_journal::event::{Agent, EVENT_BYTES, Event};
use trader_journal::log::{Entry, Identity, Options, Origin, Reader, Stream, Writer};
use trader_journal::units::Nanos;

/// Numbers that arithmetic stumbles over, as the eight bytes of a field.
const ABSURD: [u64; 12] = [
    0,
    1,
    u64::MAX,
    i64::MAX as u64,
    i64::MIN as u64,
    i64::MAX as u64 - 1,
    1 << 32,
    u32::MAX as u64,
    0x7fff_ffff_7fff_ffff,
    0x8000_0000_8000_0000,
    0x0001_0001_0001_0001,
    1_000_000_000_000_000_000,
];

/// Where a field's range ends, signed or not.
const ENDS: [u64; 4] = [0, u64::MAX, i64::MAX as u64, i64::MIN as u64];

pub(crate) struct Forger {
    random: Xoshiro256PlusPlus,
    numbers: Vec<u16>,
}

impl Forger {
    pub(crate) fn new(seed: u64) -> Forger {
        let zeroed = |number: &u16| {
            let mut bytes = [0; EVENT_BYTES];
            bytes[..2].copy_from_slice(&number.to_le_bytes());
            Event::from_bytes(&bytes).is_some()
        };
        let numbers = (0..=u16::MAX).filter(zeroed).collect();
        Forger { random: Xoshiro256PlusPlus::seed_from_u64(seed), numbers }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.random.next_u64() % end as u64) as usize
    }

    /// An event of any kind, its fields drawn from the absurd, the small and the random.
    pub(crate) fn event(&mut self) -> Event {
        let pick = self.below(self.numbers.len());
        let number = self.numbers[pick];
        let mut wanted = [0; EVENT_BYTES];
        for field in wanted.chunks_exact_mut(8) {
            field.copy_from_slice(&self.field().to_le_bytes());
        }
        let mut bytes = [0; EVENT_BYTES];
        bytes[..2].copy_from_slice(&number.to_le_bytes());
        write_where_allowed(&mut bytes, &wanted, 2..EVENT_BYTES);
        Event::from_bytes(&bytes).expect("written only where it stays an event")
    }

    /// `event` with one of its eight-byte fields, or a byte of one, replaced.
    pub(crate) fn altered(&mut self, event: &Event) -> Event {
        let mut bytes = event.to_bytes();
        let (at, field) = (self.below(EVENT_BYTES / 8), self.field().to_le_bytes());
        let mut wanted = bytes;
        wanted[at * 8..at * 8 + 8].copy_from_slice(&field);
        let range = match self.below(3) {
            0 => at * 8..at * 8 + 8,
            1 => at * 8 + 4 * self.below(2)..at * 8 + 8,
            _ => {
                let byte = at * 8 + self.below(8);
                byte..byte + 1
            }
        };
        write_where_allowed(&mut bytes, &wanted, range.start.max(2)..range.end);
        Event::from_bytes(&bytes).expect("written only where it stays an event")
    }

    fn field(&mut self) -> u64 {
        match self.below(4) {
            0 => self.below(4) as u64,
            1 => self.random.next_u64(),
            _ => {
                let pick = self.below(ABSURD.len());
                ABSURD[pick]
            }
        }
    }
}

/// Copies byte by byte, leaving out or dividing down what would make it no event.
fn write_where_allowed(bytes: &mut [u8; EVENT_BYTES], wanted: &[u8; EVENT_BYTES], range: std::ops::Range<usize>) {
    for at in range {
        let before = bytes[at];
        let fits = [256u16, 32, 8, 4, 2].into_iter().any(|words| {
            bytes[at] = (u16::from(wanted[at]) % words) as u8;
            Event::from_bytes(bytes).is_some()
        });
        if !fits {
            bytes[at] = before;
        }
    }
}

/// One entry of a journal.
pub(crate) enum Part {
    Line(Stream, Origin, u64, Event),
    Record(Stream, u8, u16, Nanos, Vec<u8>),
}

/// What an auditor reads of a journal: all but the feeds' and pricing's own streams.
fn story(journal: &Path) -> Vec<Part> {
    let mut reader = Reader::open(journal).unwrap();
    let mut story = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        match entry {
            Entry::Line { stream, origin, seq, body, .. } => {
                if !matches!(Agent::from_stream(stream.number()), Some(Agent::Kalshi | Agent::Binance | Agent::Pricing))
                {
                    story.push(Part::Line(stream, origin, u64::from(seq), Event::from_bytes(body).unwrap()));
                }
            }
            Entry::Record { stream, kind, tag, ts, bytes, .. } => {
                if !matches!(Agent::from_stream(stream.number()), Some(Agent::Kalshi | Agent::Binance | Agent::Pricing))
                {
                    story.push(Part::Record(stream, kind, tag, ts, bytes.to_vec()));
                }
            }
        }
    }
    story
}

impl Forger {
    /// Writes the story with whole checksums and some of its events forged, repeated, moved or left out.
    pub(crate) fn write_story(&mut self, dir: &Path, story: &[Part]) {
        std::fs::create_dir_all(dir).unwrap();
        let identity =
            Identity { epoch_nonce: 1, salt_seed: 1, created: Nanos(0), config_hash: [0; 32], build_hash: [0; 32] };
        let options = Options::with_blocks(8).unwrap_or_default().without_sync();
        let mut writer = Writer::open(dir, options, identity).unwrap();
        let one_in = [3, 20, 100, 400][self.below(4)];
        for part in story {
            match part {
                Part::Line(stream, origin, seq, event) => {
                    let mut put = |event: &Event| writer.append(*stream, *origin, *seq, &event.to_bytes()).unwrap();
                    match self.below(one_in * 6) {
                        0 => put(&self.event()),
                        1 => {
                            put(event);
                            put(event);
                        }
                        2 => {}
                        3..=5 => put(&self.altered(event)),
                        _ => put(event),
                    }
                }
                Part::Record(stream, kind, tag, ts, bytes) => {
                    let mut bytes = bytes.clone();
                    if self.below(one_in * 10) == 0 && !bytes.is_empty() {
                        let at = self.below(bytes.len());
                        bytes[at] = self.below(256) as u8;
                    }
                    writer.append_record(*stream, *kind, *tag, *ts, &bytes).unwrap();
                }
            }
        }
        writer.close().unwrap();
    }
}

/// Each field of an event at the ends of its range: `event` with one of them.
pub(crate) fn fields_of(event: &Event) -> impl Iterator<Item = Event> {
    let whole = event.to_bytes();
    let spans =
        (0..EVENT_BYTES / 4).map(|at| at * 4..at * 4 + 4).chain((0..EVENT_BYTES / 8).map(|at| at * 8..at * 8 + 8));
    spans.flat_map(move |span| {
        ENDS.into_iter().filter_map(move |number| {
            let (mut bytes, mut wanted) = (whole, whole);
            wanted[span.clone()].copy_from_slice(&number.to_le_bytes()[8 - span.len()..]);
            write_where_allowed(&mut bytes, &wanted, span.start.max(2)..span.end);
            Event::from_bytes(&bytes).filter(|_| bytes != whole)
        })
    })
}

/// Two hours of a session that trades: what its stages heard, and what an auditor reads.
pub(crate) struct Session {
    pub(crate) pricing: Vec<Event>,
    pub(crate) exec: Vec<Event>,
    pub(crate) story: Vec<Part>,
    pub(crate) ledger: PathBuf,
    _folder: tempfile::TempDir,
}

/// Runs a session with the given settings.
pub(crate) fn session(settings: &[&str], windows: u64) -> Session {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = Layers::defaults().unwrap();
    for setting in ["sim.start_date=2026-11-02", "sim.seed=14", "sim.market=easy"].iter().chain(settings) {
        layers.add_setting(setting).unwrap();
    }
    let data_dir = folder.path().join("run");
    let request =
        SimRequest { candles: vec![], from: None, to: None, windows: Some(windows), data_dir: data_dir.clone() };
    SimRun::prepare(&mut layers, &request).unwrap().trade(|_| ()).unwrap();
    let journal = data_dir.join("journal");
    Session {
        pricing: heard(&journal, Agent::Pricing),
        exec: heard(&journal, Agent::Exec),
        story: story(&journal),
        ledger: data_dir.join("ledger.jsonl"),
        _folder: folder,
    }
}

fn heard(journal: &Path, by: Agent) -> Vec<Event> {
    let mut reader = Reader::open(journal).unwrap();
    let mut heard = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        if let Entry::Line { stream, origin, body, .. } = entry
            && Agent::from_stream(stream.number()) == Some(by)
            && origin.ring().is_some()
        {
            heard.push(Event::from_bytes(body).unwrap());
        }
    }
    heard
}
