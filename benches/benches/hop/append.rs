//! A line of the journal beside plain stores of the same bytes, and beside files.
//!
//! Every append is the writer's own: checksum, commit, and the seal of each block with its hash.
//! Segments are made ready between blocks, as another thread does on the line.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use trader_benches::conditions::{Conditions, file_system, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio};
use trader_benches::turns::{elapsed_ns, rounds};
use trader_journal::log::{BODY_BYTES, Identity, LINE_BYTES, Options, Origin, Stream, Writer};
use trader_journal::units::Nanos;

/// As many as a default segment of 64 MiB holds, less the seals.
const LINES_PER_SEGMENT: usize = LINES_PER_BLOCK * BLOCKS_PER_SEGMENT;
const LINES_PER_BLOCK: usize = 8 * LINES_PER_SEAL;
const LINES_PER_SEAL: usize = 1_023;
const BLOCKS_PER_SEGMENT: usize = 127;

/// A system call a line: fewer of them take as long.
const CALLS_PER_BLOCK: usize = 256;

type Body = [u8; BODY_BYTES];
type Line = [u64; LINE_BYTES / 8];

/// One way to keep lines; `keep` keeps a block of them and says how many.
trait Keeper {
    /// What is done before a block and not timed.
    fn prepare(&mut self) {}
    fn keep(&mut self, bodies: &[Body]) -> usize;
}

/// The limit: stores to memory that is there, on and on.
struct Plain {
    memory: Vec<Line>,
    at: usize,
}

impl Keeper for Plain {
    fn keep(&mut self, bodies: &[Body]) -> usize {
        let lines = &mut self.memory[self.at..self.at + LINES_PER_BLOCK];
        for ((number, line), body) in (self.at as u64..).zip(lines.iter_mut()).zip(bodies.iter().cycle()) {
            line[0] = number;
            for (word, bytes) in line[1..].iter_mut().zip(body.as_chunks().0) {
                *word = u64::from_le_bytes(*bytes);
            }
        }
        black_box(lines);
        self.at = (self.at + LINES_PER_BLOCK) % LINES_PER_SEGMENT;
        LINES_PER_BLOCK
    }
}

struct Journal {
    writer: Writer,
    stream: Stream,
    appended: u64,
}

impl Journal {
    #[inline(always)]
    fn append(&mut self, body: &Body) {
        self.writer.append(self.stream, Origin::SAID, self.appended, body).expect("the segment has room");
        self.appended += 1;
    }
}

impl Keeper for Journal {
    fn keep(&mut self, bodies: &[Body]) -> usize {
        bodies.iter().cycle().take(LINES_PER_BLOCK).for_each(|body| self.append(body));
        LINES_PER_BLOCK
    }
}

/// Between two seals: the hash of the last block is not timed.
struct Unsealed(Journal);

impl Keeper for Unsealed {
    fn prepare(&mut self) {
        self.0.append(&[0; BODY_BYTES]); // it finds no room in the block and seals it
    }

    fn keep(&mut self, bodies: &[Body]) -> usize {
        bodies.iter().cycle().take(LINES_PER_SEAL - 1).for_each(|body| self.0.append(body));
        LINES_PER_SEAL - 1
    }
}

/// `write(2)` of each line.
struct Calls(File);

impl Keeper for Calls {
    fn keep(&mut self, bodies: &[Body]) -> usize {
        for body in bodies.iter().cycle().take(CALLS_PER_BLOCK) {
            self.0.write_all(&as_line(body)).expect("the disk has room");
        }
        CALLS_PER_BLOCK
    }
}

/// Lines gathered in a buffer of 8 KiB, which a kill loses.
struct Buffered(BufWriter<File>);

impl Keeper for Buffered {
    fn keep(&mut self, bodies: &[Body]) -> usize {
        for body in bodies.iter().cycle().take(LINES_PER_BLOCK) {
            self.0.write_all(&as_line(body)).expect("the disk has room");
        }
        LINES_PER_BLOCK
    }
}

#[inline(always)]
fn as_line(body: &Body) -> [u8; LINE_BYTES] {
    let mut line = [0; LINE_BYTES];
    line[LINE_BYTES - BODY_BYTES..].copy_from_slice(body);
    line
}

fn journal(dir: &Path) -> Journal {
    let identity = Identity {
        epoch_nonce: 1,
        salt_seed: 2,
        created: Nanos(1_780_000_000_000_000_000),
        config_hash: [3; 32],
        build_hash: [4; 32],
    };
    let writer = Writer::open(dir, Options::default(), identity).expect("a new log");
    Journal { writer, stream: Stream::new(1).expect("below 16"), appended: 0 }
}

/// The contenders of one segment; its files end with `dir`.
fn keepers(dir: &Path) -> [Box<dyn Keeper>; 5] {
    let file = |name: &str| File::create(dir.join(name)).expect("a new file");
    [
        Box::new(Plain { memory: vec![[u64::MAX; LINE_BYTES / 8]; LINES_PER_SEGMENT], at: 0 }),
        Box::new(journal(&dir.join("log"))),
        Box::new(Unsealed(journal(&dir.join("unsealed")))),
        Box::new(Buffered(BufWriter::new(file("buffered")))),
        Box::new(Calls(file("calls"))),
    ]
}

const NAMES: [&str; 5] =
    ["plain stores", "journal append", "journal append between seals", "BufWriter, 8 KiB", "write(2) a line"];

/// Nanoseconds a line: plain stores, the journal's append, a buffered file, a call a line.
pub(crate) fn measure(conditions: &Conditions) -> Table {
    conditions.pin(0);
    let bodies: Vec<Body> = (0..64_u8).map(|seed| std::array::from_fn(|at| seed ^ at as u8)).collect();
    let mut lines_ns = vec![Vec::new(); NAMES.len()];
    let home = std::env::temp_dir();
    let mut segment = None;
    for round in rounds(conditions) {
        if round % BLOCKS_PER_SEGMENT == 0 {
            segment = None; // its files go before the next ones come
        }
        let (_dir, keepers) = segment.get_or_insert_with(|| {
            let dir = tempfile::tempdir_in(&home).expect("a temporary directory");
            let keepers = keepers(dir.path());
            (dir, keepers)
        });
        for (keeper, lines_ns) in keepers.iter_mut().zip(&mut lines_ns) {
            keeper.prepare();
            let start = now();
            let kept = keeper.keep(black_box(&bodies));
            lines_ns.push(elapsed_ns(start) / kept as f64);
        }
    }
    table(&lines_ns, &file_system(&home))
}

fn table(lines_ns: &[Vec<f64>], file_system: &str) -> Table {
    let rows: Vec<_> = NAMES
        .into_iter()
        .zip(lines_ns)
        .map(|(name, of_one)| (name, vec![median_ratio(of_one, &lines_ns[0]), median(of_one)]))
        .collect();
    let goals = vec![
        Goal { what: "append / plain stores", ratio: rows[1].1[0], bound: Bound::AtMost(1.25) },
        Goal {
            what: "write(2) / append",
            ratio: median_ratio(&lines_ns[4], &lines_ns[1]),
            bound: Bound::AtLeast(80.0),
        },
    ];
    let conditions = format!(
        "each row: {} blocks of {LINES_PER_BLOCK} lines, between seals {}, write(2) {CALLS_PER_BLOCK}; {file_system}, no sync",
        lines_ns[0].len(),
        LINES_PER_SEAL - 1,
    );
    Table { title: "a 64-byte line", conditions, columns: &["x limit", "ns a line"], rows, goals }
}
