//! Messages per second when the producer never rests.
//!
//! The limit is a bulk hand-off: half a buffer of lines is written with plain stores and shown by one
//! index, while the other half is read. It has no message, only lines.

use crate::conditions::{Conditions, now, pin};
use crate::report::{Bound, Goal, Table};
use crate::statistics::{median, median_ratio};
use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trader_ring::spsc;

const LINES_PER_BLOCK: u64 = 1 << 17;
const BLOCKS: usize = 600;
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

struct BulkEnd {
    bulk: Arc<Bulk>,
    chunk: u64,
    at: u64,
}

impl BulkEnd {
    fn wait(index: &AtomicU64, at_least: u64) {
        while index.load(Ordering::Acquire) < at_least {
            std::hint::spin_loop();
        }
    }

    fn chunk(&self) -> &[Line] {
        let start = (self.at % self.bulk.lines.len() as u64) as usize;
        &self.bulk.lines[start..start + self.chunk as usize]
    }
}

impl Source for BulkEnd {
    fn produce(&mut self, count: u64) {
        for _ in 0..count / self.chunk {
            let end = self.at + self.chunk;
            BulkEnd::wait(&self.bulk.tail, end.saturating_sub(self.bulk.lines.len() as u64));
            self.chunk().iter().zip(self.at..).for_each(|(line, number)| line.write(number));
            self.at = end;
            self.bulk.head.store(end, Ordering::Release);
        }
    }
}

impl Sink for BulkEnd {
    fn consume(&mut self, count: u64) -> u64 {
        let mut sum = 0;
        for _ in 0..count / self.chunk {
            let end = self.at + self.chunk;
            BulkEnd::wait(&self.bulk.head, end);
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

fn batch(first: u64) -> [Message; BATCH] {
    std::array::from_fn(|index| message(first + index as u64))
}

/// Ours, `BATCH` slots at a time on both sides.
struct OursBatch<End>(End);

impl Source for OursBatch<spsc::Producer<Message>> {
    fn produce(&mut self, count: u64) {
        for first in (0..count).step_by(BATCH) {
            let group = batch(first);
            while self.0.push_group(&group).is_err() {
                std::hint::spin_loop();
            }
        }
    }
}

impl Sink for OursBatch<spsc::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let (mut sum, mut left) = (0u64, count);
        while left > 0 {
            let heard = self.0.drain(BATCH, |message| sum = sum.wrapping_add(sum_of(&message)));
            left -= heard as u64;
            if heard == 0 {
                std::hint::spin_loop();
            }
        }
        sum
    }
}

/// Ours, message by message.
struct OursSingle<End>(End);

impl Source for OursSingle<spsc::Producer<Message>> {
    fn produce(&mut self, count: u64) {
        for number in 0..count {
            while self.0.push(message(number)).is_err() {
                std::hint::spin_loop();
            }
        }
    }
}

impl Sink for OursSingle<spsc::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let (mut sum, mut left) = (0u64, count);
        while left > 0 {
            match self.0.pop() {
                Some(message) => (sum, left) = (sum.wrapping_add(sum_of(&message)), left - 1),
                None => std::hint::spin_loop(),
            }
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
            loop {
                if let Ok(chunk) = self.0.write_chunk_uninit(BATCH) {
                    chunk.fill_from_iter(group);
                    break;
                }
                std::hint::spin_loop();
            }
        }
    }
}

impl Sink for RtrbBatch<rtrb::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let (mut sum, mut left) = (0u64, count);
        while left > 0 {
            let Ok(chunk) = self.0.read_chunk(BATCH) else {
                std::hint::spin_loop();
                continue;
            };
            let (first, second) = chunk.as_slices();
            sum = first.iter().chain(second).map(sum_of).fold(sum, u64::wrapping_add);
            chunk.commit_all();
            left -= BATCH as u64;
        }
        sum
    }
}

/// rtrb message by message.
struct RtrbSingle<End>(End);

impl Source for RtrbSingle<rtrb::Producer<Message>> {
    fn produce(&mut self, count: u64) {
        for number in 0..count {
            while self.0.push(message(number)).is_err() {
                std::hint::spin_loop();
            }
        }
    }
}

impl Sink for RtrbSingle<rtrb::Consumer<Message>> {
    fn consume(&mut self, count: u64) -> u64 {
        let (mut sum, mut left) = (0u64, count);
        while left > 0 {
            match self.0.pop() {
                Ok(message) => (sum, left) = (sum.wrapping_add(sum_of(&message)), left - 1),
                Err(_) => std::hint::spin_loop(),
            }
        }
        sum
    }
}

struct Contender {
    name: &'static str,
    source: Box<dyn Source>,
    sink: Box<dyn Sink>,
}

fn contender(name: &'static str, source: impl Source + 'static, sink: impl Sink + 'static) -> Contender {
    Contender { name, source: Box::new(source), sink: Box::new(sink) }
}

fn bulk(lines: usize, chunk: u64) -> (BulkEnd, BulkEnd) {
    let bulk = Arc::new(Bulk { lines: (0..lines).map(|_| Line::default()).collect(), ..Bulk::default() });
    (BulkEnd { bulk: Arc::clone(&bulk), chunk, at: 0 }, BulkEnd { bulk, chunk, at: 0 })
}

fn contenders() -> Vec<Contender> {
    let ours = || spsc::ring::<Message>(SLOTS).expect("a power of two");
    let rtrb = || rtrb::RingBuffer::<Message>::new(SLOTS);
    let b = |n, l, c| { let (bulk_in, bulk_out) = bulk(l, c); contender(n, bulk_in, bulk_out) };
    let (ours_in, ours_out) = ours();
    let (single_in, single_out) = ours();
    let (rtrb_in, rtrb_out) = rtrb();
    let (rtrb_single_in, rtrb_single_out) = rtrb();
    vec![
        b("bulk 1024 256", 1024, 256),
        contender("ours, batch 16", OursBatch(ours_in), OursBatch(ours_out)),
        contender("rtrb, batch 16", RtrbBatch(rtrb_in), RtrbBatch(rtrb_out)),
        contender("ours, single", OursSingle(single_in), OursSingle(single_out)),
        contender("rtrb, single", RtrbSingle(rtrb_single_in), RtrbSingle(rtrb_single_out)),
        b("bulk 1024 16", 1024, 16),
        b("bulk 1024 64", 1024, 64),
        b("bulk 512 256", 512, 256),
        b("bulk 2048 1024", 2048, 1024),
        b("bulk 2048 512", 2048, 512),
        b("bulk 8192 2048", 8192, 2048),
    ]
}

/// Runs every contender's block in turn, `blocks` times over; lines per microsecond of each block.
fn run(contenders: Vec<Contender>, blocks: usize) -> Vec<(&'static str, Vec<f64>)> {
    let done = CachePadded::new(AtomicU64::new(0));
    let mut rates: Vec<_> = contenders.iter().map(|contender| (contender.name, Vec::new())).collect();
    let (mut sources, mut sinks): (Vec<_>, Vec<_>) = contenders.into_iter().map(|one| (one.source, one.sink)).unzip();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            for _ in 0..blocks {
                for sink in &mut sinks {
                    black_box(sink.consume(LINES_PER_BLOCK));
                    done.fetch_add(1, Ordering::Release);
                }
            }
        });
        pin(0);
        let mut finished = 0;
        for _ in 0..blocks {
            for (source, (_, rates)) in sources.iter_mut().zip(&mut rates) {
                let start = now();
                source.produce(LINES_PER_BLOCK);
                finished += 1;
                BulkEnd::wait(&done, finished);
                rates.push(LINES_PER_BLOCK as f64 / start.elapsed().as_nanos() as f64 * 1_000.0);
            }
        }
    });
    rates
}

/// Lines per second, batch 16 and single, beside the bulk hand-off.
pub fn measure(conditions: &Conditions) -> Table {
    let rates = run(contenders(), conditions.rounds(BLOCKS));
    let limit = &rates[0].1;
    let rows: Vec<_> =
        rates.iter().map(|(name, rates)| (*name, vec![median_ratio(rates, limit), median(rates)])).collect();
    let goals = vec![Goal { what: "batch 16 / bulk hand-off", ratio: rows[1].1[0], bound: Bound::AtLeast(0.85) }];
    Table { title: "throughput, 1024 slots", columns: &["x limit", "M lines/s"], rows, goals }
}
