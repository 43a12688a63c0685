//! The whole stream, and the frames in it that lead to orders.
//!
//! All paths walk through the session together: a thousand inputs each by turns, so that what is compared ran
//! milliseconds apart. Where a frame leads to orders it is timed by itself, from the text to the bytes of the last
//! order, right after the inputs before it: the code that evaluates is as cold as it is in a stream. Then the session
//! begins anew, with new paths.

use crate::ours::{Bare, Journaled};
use crate::plain::Plain;
use crate::session::{Body, Contender, Heard, Input, Kind, Session};
use std::hint::black_box;
use std::ops::Range;
use trader_benches::conditions::{Conditions, file_system, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio};
use trader_benches::turns::rounds;

const NAMES: [&str; 3] = ["line without journal", "line with its journal", "plain path"];
const BARE: usize = 0;
const JOURNALED: usize = 1;
const PLAIN: usize = 2;

const INPUTS_PER_BLOCK: usize = 1_024;

/// Inputs that one path takes before it is another's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    block: Range<usize>,
    /// The frame after it leads to orders, and is timed by itself.
    orders: bool,
}

/// Nanoseconds, by contender.
type Samples = [Vec<f64>; 3];

#[derive(Default)]
struct Times {
    /// An input, mean of each block.
    inputs: Samples,
    /// The same by kind, of each block that has such inputs.
    kinds: [Samples; Kind::ALL.len()],
    /// A frame that led to the order of a market that stands alone.
    alone: Samples,
    /// A frame that led to orders of a ladder, whose markets are evaluated and sized together.
    ladder: Samples,
}

/// What the inputs of a stretch took, by kind.
#[derive(Clone, Copy, Default)]
struct Took {
    inputs: usize,
    ns: f64,
}

/// Time a frame, and time from text to order, of the line and of the plain path.
///
/// # Panics
/// When any path orders anything but what was ordered in the session.
pub(crate) fn measure(conditions: &Conditions, session: &Session) -> [Table; 2] {
    let home = std::env::temp_dir();
    let stretches = cut(session);
    let mut times = Times::default();
    for round in rounds(conditions) {
        let dir = tempfile::tempdir_in(&home).expect("a temporary directory");
        let mut contenders: [Box<dyn Contender>; 3] = [
            Box::new(Bare::new(session)),
            Box::new(Journaled::new(session, dir.path())),
            Box::new(Plain::new(&session.config)),
        ];
        walk(round, session, &stretches, &mut contenders, &mut times);
    }
    [table_of_inputs(&times, &file_system(&home)), table_of_orders(&times)]
}

/// All contenders through the whole session, in every order by turns.
fn walk(
    round: usize,
    session: &Session,
    stretches: &[Stretch],
    contenders: &mut [Box<dyn Contender>; 3],
    times: &mut Times,
) {
    let mut orders: [Vec<Body>; 3] = Default::default();
    for (number, stretch) in stretches.iter().enumerate() {
        for who in TURNS[(number + round) % TURNS.len()] {
            let inputs = &session.inputs[stretch.block.clone()];
            let took = take(inputs, contenders[who].as_mut(), &mut orders[who]);
            if number > 0 {
                times.add(who, &took);
            }
            if stretch.orders {
                let (before, ordering) = (orders[who].len(), stretch.block.end..stretch.block.end + 1);
                let took = take(&session.inputs[ordering], contenders[who].as_mut(), &mut orders[who]);
                let is_ladder = is_of_a_ladder(&orders[who][before..]);
                let times = if is_ladder { &mut times.ladder } else { &mut times.alone };
                times[who].push(whole(&took).ns);
            }
        }
    }
    for (name, orders) in NAMES.iter().zip(&orders) {
        compare(name, &session.orders, orders);
    }
}

const TURNS: [[usize; 3]; 6] = [[0, 1, 2], [1, 0, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0], [2, 1, 0]];

/// How long a contender takes for some inputs, their text being in the cache as after its arrival. The clock is read
/// where one kind of input ends and another begins.
fn take(inputs: &[Input], contender: &mut dyn Contender, orders: &mut Vec<Body>) -> [Took; Kind::ALL.len()] {
    black_box(inputs.iter().map(touch).fold(0, u8::wrapping_add));
    let mut took = [Took::default(); Kind::ALL.len()];
    let mut start = now();
    for alike in inputs.chunk_by(|one, next| one.kind == next.kind) {
        for input in alike {
            contender.hear(black_box(input), orders);
        }
        let end = now();
        let took = &mut took[alike[0].kind as usize];
        took.inputs += alike.len();
        took.ns += end.duration_since(start).as_nanos() as f64;
        start = end;
    }
    took
}

fn whole(took: &[Took]) -> Took {
    took.iter().fold(Took::default(), |sum, one| Took { inputs: sum.inputs + one.inputs, ns: sum.ns + one.ns })
}

impl Times {
    fn add(&mut self, who: usize, took: &[Took; Kind::ALL.len()]) {
        let samples = self.kinds.iter_mut().zip(*took).chain([(&mut self.inputs, whole(took))]);
        for (samples, took) in samples.filter(|(_, took)| took.inputs > 0) {
            samples[who].push(took.ns / took.inputs as f64);
        }
    }
}

fn touch(input: &Input) -> u8 {
    match input.heard {
        Heard::Frame(_, bytes) | Heard::Answer { body: bytes, .. } => bytes.iter().copied().fold(0, u8::wrapping_add),
        Heard::Connected(_) | Heard::Timer(..) | Heard::Pricing(_) | Heard::Exec(_) => 0,
    }
}

fn compare(name: &str, expected: &[Body], orders: &[Body]) {
    let text = |body: Option<&Body>| body.map_or("nothing".into(), |body| String::from_utf8_lossy(body).into_owned());
    for at in 0..expected.len().max(orders.len()) {
        let (then, now) = (expected.get(at), orders.get(at));
        assert!(then == now, "order {at} of the {name} is {}\nand was {}", text(now), text(then));
    }
}

/// Hourly brackets: only their event ticker is that of the series `KXBTC`.
fn is_of_a_ladder(orders: &[Body]) -> bool {
    orders.iter().any(|body| body.windows(6).any(|part| part == b"KXBTC-"))
}

/// Cuts a session at the frames that lead to orders, which one walk of the line shows.
fn cut(session: &Session) -> Vec<Stretch> {
    let mut line = Bare::new(session);
    let mut orders = Vec::new();
    let mut ordering = Vec::new();
    for (at, input) in session.inputs.iter().enumerate() {
        let before = orders.len();
        line.hear(input, &mut orders);
        if orders.len() > before {
            assert!(matches!(input.heard, Heard::Frame(..)), "an order that no frame led to");
            ordering.push(at);
        }
    }
    compare(NAMES[BARE], &session.orders, &orders);
    // Until there are books: pages of candles, lists of markets. It is not timed.
    let start = session.inputs.iter().position(|input| input.kind == Kind::Delta).unwrap_or(0);
    let mut stretches = vec![Stretch { block: 0..start, orders: false }];
    let mut from = start;
    for at in ordering {
        stretches.extend(blocks(from..at));
        stretches.last_mut().expect("there is the start").orders = true;
        from = at + 1;
    }
    stretches.extend(blocks(from..session.inputs.len()));
    stretches
}

fn blocks(place: Range<usize>) -> impl Iterator<Item = Stretch> {
    let end = place.end;
    let block = move |from| Stretch { block: from..end.min(from + INPUTS_PER_BLOCK), orders: false };
    place.step_by(INPUTS_PER_BLOCK).map(block)
}

// ---- what is printed ---------------------------------------------------------------------------

fn table_of_inputs(times: &Times, file_system: &str) -> Table {
    let row = |name: &'static str, samples: &Samples| {
        let ns = [BARE, JOURNALED, PLAIN].map(|who| median_or_nan(&samples[who]));
        (name, [&ns[..], &[plain_over(samples, BARE), plain_over(samples, JOURNALED)]].concat())
    };
    let kinds = Kind::ALL.iter().map(|(kind, name)| row(name, &times.kinds[*kind as usize]));
    let rows = [row("all of them", &times.inputs)].into_iter().chain(kinds).collect();
    let conditions = format!(
        "medians of {} blocks of up to {INPUTS_PER_BLOCK} inputs; journal on {file_system}, no sync",
        times.inputs[BARE].len(),
    );
    let columns = &["no journal", "journal ns", "plain ns", "plain/no j.", "plain/journal"];
    Table { title: "an input, ns", conditions, columns, rows, goals: Vec::new() }
}

fn table_of_orders(times: &Times) -> Table {
    let row = |who: usize| {
        let figures = |samples: &Samples| [median_or_nan(&samples[who]) / 1_000.0, plain_over(samples, who)];
        (NAMES[who], [figures(&times.alone), figures(&times.ladder)].concat())
    };
    let what = "plain / line with its journal, five brackets";
    let goals = vec![Goal { what, ratio: plain_over(&times.ladder, JOURNALED), bound: Bound::AtLeast(15.0) }];
    let conditions = format!(
        "medians of {} + {} frames; all paths the same orders, byte for byte; the model's formulas are the same code",
        times.alone[BARE].len(),
        times.ladder[BARE].len(),
    );
    let columns = &["1 market us", "plain / it", "5 in one us", "plain / it"];
    Table { title: "text to order bytes, p50", conditions, columns, rows: (0..NAMES.len()).map(row).collect(), goals }
}

/// NaN where a short session has nothing of a kind.
fn median_or_nan(ns: &[f64]) -> f64 {
    if ns.is_empty() { f64::NAN } else { median(ns) }
}

fn plain_over(samples: &Samples, who: usize) -> f64 {
    if samples[who].is_empty() { f64::NAN } else { median_ratio(&samples[PLAIN], &samples[who]) }
}
