//! Round trips: a message to the other core and back, one at a time.
//!
//! The limit is two bare cache lines, one a direction, with nothing but a counter in them. Means come
//! from blocks without a clock inside; percentiles from blocks with a clock reading at each return,
//! which is part of what they say, for the limit as for the rings.

use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trader_benches::conditions::{Conditions, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio, percentile};
use trader_benches::turns;
use trader_ring::spsc;

const TRIPS_PER_BLOCK: u64 = 1_000;

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

/// An end that is polled all the time, with a PAUSE between two looks or without.
struct Busy<E, const PAUSE: bool>(E);

impl<E: End, const PAUSE: bool> Busy<E, PAUSE> {
    #[inline(always)]
    fn receive(&mut self) -> u64 {
        loop {
            for _ in 0..turns::PATIENT_LOOKS {
                if let Some(number) = self.0.poll() {
                    return number;
                }
                if PAUSE {
                    std::hint::spin_loop();
                }
            }
            std::thread::yield_now(); // the other end has lost its core
        }
    }
}

/// What a thread does with its end for one block: one monomorphic loop behind each call.
trait Station: Send {
    fn ping(&mut self);
    fn ping_timed(&mut self, trips_ns: &mut Vec<f64>);
    fn echo(&mut self);
}

impl<E: End, const PAUSE: bool> Station for Busy<E, PAUSE> {
    fn ping(&mut self) {
        for number in 1..=TRIPS_PER_BLOCK {
            self.0.send(number);
            assert_eq!(self.receive(), number);
        }
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

/// One row: its near end with the trips it timed, and its far end.
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
        contender::<_, PAUSE>("ours, 128 slots", ours(128)),
        contender::<_, PAUSE>("ours, 16 slots", ours(16)),
        contender::<_, PAUSE>("rtrb, 16 slots", rtrb(16)),
    ]
}

/// Samples of one contender: a mean per plain block, and every trip of the timed ones.
struct Samples {
    name: &'static str,
    means_ns: Vec<f64>,
    trips_ns: Vec<f64>,
}

/// Plain blocks in even rounds, timed ones in odd rounds.
fn run(conditions: &Conditions, contenders: Vec<Contender>) -> Vec<Samples> {
    let names: Vec<_> = contenders.iter().map(|contender| contender.name).collect();
    let (mut near, mut far): (Vec<_>, Vec<_>) =
        contenders.into_iter().map(|one| ((one.near, Vec::new()), one.far)).unzip();
    let near_block = |round: usize, (station, trips_ns): &mut (Box<dyn Station>, Vec<f64>)| {
        if round.is_multiple_of(2) { station.ping() } else { station.ping_timed(trips_ns) }
    };
    let blocks_ns = turns::in_turns(conditions, &mut near, &mut far, near_block, |station| station.echo());
    let samples = names.into_iter().zip(near).zip(blocks_ns).map(|((name, (_, trips_ns)), blocks_ns)| {
        let means_ns = blocks_ns.into_iter().step_by(2).map(|block_ns| block_ns / TRIPS_PER_BLOCK as f64).collect();
        Samples { name, means_ns, trips_ns }
    });
    samples.collect()
}

/// Mean, p50 and p99 of a round trip with 56-byte messages, beside the bare limit and rtrb.
pub(crate) fn measure(conditions: &Conditions) -> Table {
    let mut samples = run(conditions, contenders::<false>());
    let rows = rows(&mut samples);
    let goals = vec![
        Goal { what: "mean / limit, 1024 slots", ratio: rows[1].1[0], bound: Bound::AtMost(1.45) },
        Goal { what: "p99 / limit p99, 1024 slots", ratio: rows[1].1[3] / rows[0].1[3], bound: Bound::AtMost(1.4) },
        Goal {
            what: "rtrb mean / ours, 1024 slots",
            ratio: median_ratio(&samples[2].means_ns, &samples[1].means_ns),
            bound: Bound::AtLeast(1.5),
        },
    ];
    table("round trip, busy poll", &samples, rows, goals)
}

/// The same with a PAUSE between two looks, as a waiting thread polls: here what counts is whether the
/// slots of both directions stay in the first cache, which 128 do and 1024 do not.
pub(crate) fn measure_with_pause(conditions: &Conditions) -> Table {
    let mut samples = run(conditions, contenders::<true>());
    let rows = rows(&mut samples);
    let goals = vec![Goal { what: "mean / limit, 128 slots", ratio: rows[3].1[0], bound: Bound::AtMost(1.45) }];
    table("round trip, PAUSE in the poll", &samples, rows, goals)
}

fn rows(samples: &mut [Samples]) -> Vec<(&'static str, Vec<f64>)> {
    let limit_means = samples[0].means_ns.clone();
    let row = |one: &mut Samples| {
        let tails = [50, 99].map(|percent| percentile(&mut one.trips_ns, percent));
        (one.name, vec![median_ratio(&one.means_ns, &limit_means), median(&one.means_ns), tails[0], tails[1]])
    };
    samples.iter_mut().map(row).collect()
}

fn table(title: &'static str, samples: &[Samples], rows: Vec<(&'static str, Vec<f64>)>, goals: Vec<Goal>) -> Table {
    let blocks = samples[0].means_ns.len();
    let conditions = format!("each row: {blocks} plain and {blocks} timed blocks of {TRIPS_PER_BLOCK} round trips");
    Table { title, conditions, columns: &["x limit", "mean ns", "p50 ns", "p99 ns"], rows, goals }
}
