//! Messages per second when the producer never rests.
//!
//! The limit is a bulk hand-off: a quarter of a buffer is written with plain stores and shown by one
//! index, while other quarters are read. It has no message, only lines. The second row does the same 16
//! lines at a time: what is left of the limit when both ends meet as often as batches do.

use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trader_benches::conditions::Conditions;
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio, percentile};
use trader_benches::turns;
use trader_ring::spsc;

/// Some 0.2 ms: short enough that most blocks run without another process in between.
const LINES_PER_BLOCK: u64 = 1 << 14;
const SLOTS: usize = 1024;
const BATCH: usize = 16;

type Message = [u64; 7];

/// One line of the bulk hand-off: plain stores, which `Relaxed` ones are.
#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; 8]);

impl Line {
    fn write(&self, number: u64) {
        self.0.iter().for_each(|word| word.store(number, Ordering::Relaxed));
    }

    fn read(&self) -> u64 {
        self.0.iter().map(|word| word.load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
    }
}

/// The producing end: `count` numbers from 0 on.
trait Source: Send {
    fn produce(&mut self, count: u64);
}

/// The consuming end: takes `count` messages and adds up all their words.
trait Sink: Send {
    fn consume(&mut self, count: u64) -> u64;
}

#[derive(Default)]
struct Bulk {
    lines: Vec<Line>,
    head: CachePadded<AtomicU64>,
    tail: CachePadded<AtomicU64>,
}

/// One end; `CHUNK` lines are shown at a time.
struct BulkEnd<const CHUNK: u64> {
    bulk: Arc<Bulk>,
    at: u64,
}

fn wait_for(index: &AtomicU64, at_least: u64) {
    turns::wait_until(|| index.load(Ordering::Acquire) >= at_least);
}

impl<const CHUNK: u64> BulkEnd<CHUNK> {
    fn chunk(&self) -> &[Line] {
        let start = (self.at % SLOTS as u64) as usize;
        &self.bulk.lines[start..start + CHUNK as usize]
    }
}

impl<const CHUNK: u64> Source for BulkEnd<CHUNK> {
    fn produce(&mut self, count: u64) {
        for _ in 0..count / CHUNK {
            let end = self.at + CHUNK;
            wait_for(&self.bulk.tail, end.saturating_sub(SLOTS as u64));
            self.chunk().iter().zip(self.at..).for_each(|(line, number)| line.write(number));
            self.at = end;
            self.bulk.head.store(end, Ordering::Release);
        }
    }
}

impl<const CHUNK: u64> Sink for BulkEnd<CHUNK> {
    fn consume(&mut self, count: u64) -> u64 {
        let mut sum = 0;
        for _ in 0..count / CHUNK {
            let end = self.at + CHUNK;
            wait_for(&self.bulk.head, end);
            sum = self.chunk().iter().map(Line::read).fold(sum, u64::wrapping_add);
            self.at = end;
            self.bulk.tail.store(end, Ordering::Release);
        }
        sum
    }
}

fn message(number: u64) -> Message {
    [number; 7]
}

fn sum_of(message: &Message) -> u64 {
    message.iter().copied().fold(0, u64::wrapping_add)
}

/// Adds a message to the sum; there was one.
fn add(sum: &mut u64, message: &Message) -> bool {
    *sum = sum.wrapping_add(sum_of(message));
    true
}

fn batch(first: u64) -> [Message; BATCH] {
    std::array::from_fn(|index| message(first + index as u64))
}

/// Ours, `BATCH` slots at a time on both sides.
struct OursBatch<End>(End);

impl Source for OursBatch<spsc::Producer<Message>> {
    fn produce(&mut self, count: u64) {
        for first in (0..count).step_by(BATCH) {
            let group = batch(first);
            turns::wait_until(|| self.0.push_group(&group).is_ok());
        }
    }
}

impl Sink for OursBatch<spsc::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let (mut sum, mut left) = (0u64, count);
        while left > 0 {
            turns::wait_until(|| {
                let heard = self.0.drain(BATCH, |message| sum = sum.wrapping_add(sum_of(&message)));
                left -= heard as u64;
                heard > 0
            });
        }
        sum
    }
}

/// Ours, message by message.
struct OursSingle<End>(End);

impl Source for OursSingle<spsc::Producer<Message>> {
    fn produce(&mut self, count: u64) {
        for number in 0..count {
            turns::wait_until(|| self.0.push(message(number)).is_ok());
        }
    }
}

impl Sink for OursSingle<spsc::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let mut sum = 0u64;
        for _ in 0..count {
            turns::wait_until(|| self.0.pop().is_some_and(|message| add(&mut sum, &message)));
        }
        sum
    }
}

/// rtrb by chunks of `BATCH`.
struct RtrbBatch<End>(End);

impl Source for RtrbBatch<rtrb::Producer<Message>> {
    fn produce(&mut self, count: u64) {
        for first in (0..count).step_by(BATCH) {
            let group = batch(first);
            turns::wait_until(|| self.0.write_chunk_uninit(BATCH).map(|chunk| chunk.fill_from_iter(group)).is_ok());
        }
    }
}

impl Sink for RtrbBatch<rtrb::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let mut sum = 0u64;
        for _ in 0..count / BATCH as u64 {
            turns::wait_until(|| {
                let Ok(chunk) = self.0.read_chunk(BATCH) else { return false };
                let (first, second) = chunk.as_slices();
                sum = first.iter().chain(second).map(sum_of).fold(sum, u64::wrapping_add);
                chunk.commit_all();
                true
            });
        }
        sum
    }
}

/// rtrb message by message.
struct RtrbSingle<End>(End);

impl Source for RtrbSingle<rtrb::Producer<Message>> {
    fn produce(&mut self, count: u64) {
        for number in 0..count {
            turns::wait_until(|| self.0.push(message(number)).is_ok());
        }
    }
}

impl Sink for RtrbSingle<rtrb::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let mut sum = 0u64;
        for _ in 0..count {
            turns::wait_until(|| self.0.pop().is_ok_and(|message| add(&mut sum, &message)));
        }
        sum
    }
}

struct Contender {
    name: &'static str,
    source: Box<dyn Source>,
    sink: Box<dyn Sink>,
}

fn contender(name: &'static str, (source, sink): (impl Source + 'static, impl Sink + 'static)) -> Contender {
    Contender { name, source: Box::new(source), sink: Box::new(sink) }
}

fn bulk<const CHUNK: u64>() -> (BulkEnd<CHUNK>, BulkEnd<CHUNK>) {
    let bulk = Arc::new(Bulk { lines: (0..SLOTS).map(|_| Line::default()).collect(), ..Bulk::default() });
    (BulkEnd { bulk: Arc::clone(&bulk), at: 0 }, BulkEnd { bulk, at: 0 })
}

fn contenders() -> Vec<Contender> {
    let ours = || spsc::ring::<Message>(SLOTS).expect("a power of two");
    let rtrb = || rtrb::RingBuffer::<Message>::new(SLOTS);
    let ((ours_in, ours_out), (single_in, single_out)) = (ours(), ours());
    let ((rtrb_in, rtrb_out), (rtrb_single_in, rtrb_single_out)) = (rtrb(), rtrb());
    vec![
        contender("bulk hand-off, 256 lines", bulk::<256>()),
        contender("bulk hand-off, 16 lines", bulk::<16>()),
        contender("ours, batch 16", (OursBatch(ours_in), OursBatch(ours_out))),
        contender("rtrb, batch 16", (RtrbBatch(rtrb_in), RtrbBatch(rtrb_out))),
        contender("ours, single", (OursSingle(single_in), OursSingle(single_out))),
        contender("rtrb, single", (RtrbSingle(rtrb_single_in), RtrbSingle(rtrb_single_out))),
    ]
}

/// Lines per second, batch 16 and single, beside the bulk hand-off.
pub(crate) fn measure(conditions: &Conditions) -> Table {
    let contenders = contenders();
    let names: Vec<_> = contenders.iter().map(|contender| contender.name).collect();
    let (mut sources, mut sinks): (Vec<_>, Vec<_>) = contenders.into_iter().map(|one| (one.source, one.sink)).unzip();
    let source_block = |_, source: &mut Box<dyn Source>| source.produce(LINES_PER_BLOCK);
    let sink_block = |sink: &mut Box<dyn Sink>| {
        black_box(sink.consume(LINES_PER_BLOCK));
    };
    let blocks_ns = turns::in_turns(conditions, &mut sources, &mut sinks, source_block, sink_block);
    let rates: Vec<Vec<f64>> = blocks_ns.iter().map(|blocks_ns| blocks_ns.iter().map(lines_per_us).collect()).collect();
    let rows: Vec<_> = names
        .into_iter()
        .zip(&rates)
        .map(|(name, of_one)| {
            let best = percentile(&mut of_one.clone(), 90);
            (name, vec![median_ratio(of_one, &rates[0]), median(of_one), best])
        })
        .collect();
    let goals = vec![Goal { what: "batch 16 / bulk hand-off", ratio: rows[2].1[0], bound: Bound::AtLeast(0.85) }];
    let conditions = format!("each row: {} blocks of {LINES_PER_BLOCK} lines", rates[0].len());
    Table { title: "throughput, 1024 slots", conditions, columns: &["x limit", "M lines/s", "best tenth"], rows, goals }
}

fn lines_per_us(block_ns: &f64) -> f64 {
    LINES_PER_BLOCK as f64 / block_ns * 1_000.0
}
