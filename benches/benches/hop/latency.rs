//! Round trips: a message to the other core and back, one at a time.
//!
//! The limit is two bare cache lines, one a direction, with nothing but a counter in them. Means come
//! from blocks without a clock inside; percentiles from blocks with a clock reading at each return.

use crate::conditions::{Conditions, now, pin};
use crate::report::{Bound, Goal, Table};
use crate::statistics::{median, median_ratio, percentile};
use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trader_ring::spsc;

const TRIPS_PER_BLOCK: u64 = 1_000;
const BLOCKS: usize = 400;

type Message = [u64; 7];

/// One end of a link.
trait End: Send {
    fn send(&mut self, number: u64);
    fn poll(&mut self) -> Option<u64>;
}

/// The limit: one line per direction.
struct Lines {
    out: Arc<CachePadded<AtomicU64>>,
    back: Arc<CachePadded<AtomicU64>>,
    seen: u64,
}

impl End for Lines {
    #[inline(always)]
    fn send(&mut self, number: u64) {
        self.out.store(number, Ordering::Release);
    }

    #[inline(always)]
    fn poll(&mut self) -> Option<u64> {
        let number = self.back.load(Ordering::Acquire);
        let fresh = number != self.seen;
        self.seen = number;
        fresh.then_some(number)
    }
}

struct Ours(spsc::Producer<Message>, spsc::Consumer<Message>);

impl End for Ours {
    #[inline(always)]
    fn send(&mut self, number: u64) {
        self.0.push(black_box([number; 7])).expect("one message is on its way at a time");
    }

    #[inline(always)]
    fn poll(&mut self) -> Option<u64> {
        self.1.pop().map(|message| black_box(message)[0])
    }
}

struct Rtrb(rtrb::Producer<Message>, rtrb::Consumer<Message>);

impl End for Rtrb {
    #[inline(always)]
    fn send(&mut self, number: u64) {
        self.0.push(black_box([number; 7])).expect("one message is on its way at a time");
    }

    #[inline(always)]
    fn poll(&mut self) -> Option<u64> {
        self.1.pop().ok().map(|message| black_box(message)[0])
    }
}

fn lines() -> (Lines, Lines) {
    let (out, back) = (Arc::default(), Arc::default());
    let far = Lines { out: Arc::clone(&back), back: Arc::clone(&out), seen: 0 };
    (Lines { out, back, seen: 0 }, far)
}

fn ours(capacity: usize) -> (Ours, Ours) {
    let (out, out_end) = spsc::ring(capacity).expect("a power of two");
    let (back, back_end) = spsc::ring(capacity).expect("a power of two");
    (Ours(out, back_end), Ours(back, out_end))
}

fn rtrb(capacity: usize) -> (Rtrb, Rtrb) {
    let (out, out_end) = rtrb::RingBuffer::new(capacity);
    let (back, back_end) = rtrb::RingBuffer::new(capacity);
    (Rtrb(out, back_end), Rtrb(back, out_end))
}

/// An end that is polled without a break, with a PAUSE between two looks or without.
struct Busy<E, const PAUSE: bool>(E);

impl<E: End, const PAUSE: bool> Busy<E, PAUSE> {
    #[inline(always)]
    fn receive(&mut self) -> u64 {
        loop {
            if let Some(number) = self.0.poll() {
                return number;
            }
            if PAUSE {
                std::hint::spin_loop();
            }
        }
    }
}

/// What a thread does with its end for one block: one monomorphic loop behind each call.
trait Station: Send {
    fn ping(&mut self) -> f64;
    fn ping_timed(&mut self, trips_ns: &mut Vec<f64>);
    fn echo(&mut self);
}

impl<E: End, const PAUSE: bool> Station for Busy<E, PAUSE> {
    fn ping(&mut self) -> f64 {
        let start = now();
        for number in 1..=TRIPS_PER_BLOCK {
            self.0.send(number);
            assert_eq!(self.receive(), number);
        }
        start.elapsed().as_nanos() as f64 / TRIPS_PER_BLOCK as f64
    }

    fn ping_timed(&mut self, trips_ns: &mut Vec<f64>) {
        let mut before = now();
        for number in 1..=TRIPS_PER_BLOCK {
            self.0.send(number);
            assert_eq!(self.receive(), number);
            let after = now();
            trips_ns.push((after - before).as_nanos() as f64);
            before = after;
        }
    }

    fn echo(&mut self) {
        for _ in 0..TRIPS_PER_BLOCK {
            let number = self.receive();
            self.0.send(number);
        }
    }
}

struct Contender {
    name: &'static str,
    near: Box<dyn Station>,
    far: Box<dyn Station>,
}

fn contender<E: End + 'static, const PAUSE: bool>(name: &'static str, (near, far): (E, E)) -> Contender {
    Contender { name, near: Box::new(Busy::<E, PAUSE>(near)), far: Box::new(Busy::<E, PAUSE>(far)) }
}

fn contenders<const PAUSE: bool>() -> Vec<Contender> {
    vec![
        contender::<_, PAUSE>("two-line limit", lines()),
        contender::<_, PAUSE>("ours, 1024 slots", ours(1024)),
        contender::<_, PAUSE>("rtrb, 1024 slots", rtrb(1024)),
        contender::<_, PAUSE>("ours, 64 slots", ours(64)),
        contender::<_, PAUSE>("rtrb, 64 slots", rtrb(64)),
    ]
}

/// Samples of one contender.
struct Samples {
    name: &'static str,
    means_ns: Vec<f64>,
    trips_ns: Vec<f64>,
}

/// Runs every contender's block in turn, `blocks` times over: those of one turn are milliseconds apart.
fn run(contenders: Vec<Contender>, blocks: usize) -> Vec<Samples> {
    let names: Vec<_> = contenders.iter().map(|contender| contender.name).collect();
    let (mut near, mut far): (Vec<_>, Vec<_>) = contenders.into_iter().map(|one| (one.near, one.far)).unzip();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            for _ in 0..blocks {
                far.iter_mut().for_each(|station| station.echo());
                far.iter_mut().for_each(|station| station.echo());
            }
        });
        pin(0);
        let mut samples: Vec<_> =
            names.into_iter().map(|name| Samples { name, means_ns: Vec::new(), trips_ns: Vec::new() }).collect();
        for _ in 0..blocks {
            for (station, samples) in near.iter_mut().zip(&mut samples) {
                samples.means_ns.push(station.ping());
            }
            for (station, samples) in near.iter_mut().zip(&mut samples) {
                station.ping_timed(&mut samples.trips_ns);
            }
        }
        samples
    })
}

/// Mean, p50 and p99 of a round trip with 56-byte messages, beside the bare limit and rtrb.
pub fn measure(conditions: &Conditions) -> Table {
    table("round trip, busy poll", run(contenders::<false>(), conditions.rounds(BLOCKS)))
}

/// The same with a PAUSE between two looks, as a waiting thread polls.
pub fn measure_with_pause(conditions: &Conditions) -> Table {
    table("round trip, PAUSE in the poll", run(contenders::<true>(), conditions.rounds(BLOCKS)))
}

fn table(title: &'static str, mut samples: Vec<Samples>) -> Table {
    let limit_means = samples[0].means_ns.clone();
    let mut row = |samples: &mut Samples| {
        let trips = &mut samples.trips_ns;
        let tails = (percentile(trips, 50), percentile(trips, 99));
        (samples.name, vec![median_ratio(&samples.means_ns, &limit_means), median(&samples.means_ns), tails.0, tails.1])
    };
    let rows: Vec<_> = samples.iter_mut().map(&mut row).collect();
    let goals = vec![
        Goal { what: "mean / limit, 1024 slots", ratio: rows[1].1[0], bound: Bound::AtMost(1.45) },
        Goal { what: "p99 / limit p99, 1024 slots", ratio: rows[1].1[3] / rows[0].1[3], bound: Bound::AtMost(1.4) },
        Goal {
            what: "rtrb mean / ours, 1024 slots",
            ratio: median_ratio(&samples[2].means_ns, &samples[1].means_ns),
            bound: Bound::AtLeast(1.5),
        },
    ];
    Table { title, columns: &["x limit", "mean ns", "p50 ns", "p99 ns"], rows, goals }
}
