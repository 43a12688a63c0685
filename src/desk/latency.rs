//! How long things took, as a table with the conditions it was measured under: without those a
//! time says nothing.

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};
use std::fmt;

/// What the machine and the run were like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Cores the process may use.
    pub cores: usize,
    /// Threads the four stages ran on.
    pub threads: usize,
    /// What a thread does while it has nothing to do.
    pub waiting: String,
    /// How many times as fast as the wall market time ran.
    pub speed: u32,
    /// What one look at the clock costs, ns: it is in every time.
    pub stamp_cost_ns: u64,
    /// What a stamp, the difference and its place in the histogram cost, ns: its hearer pays it for each event.
    pub record_cost_ns: u64,
}

impl Conditions {
    /// One object.
    #[must_use]
    pub fn json(&self) -> Value {
        let Conditions { cores, threads, waiting, speed, stamp_cost_ns, record_cost_ns } = self;
        json!({
            "cores": cores, "threads": threads, "waiting": waiting, "speed": speed, "stamp_cost_ns": stamp_cost_ns,
            "record_cost_ns": record_cost_ns,
        })
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Conditions { cores, threads, waiting, speed, stamp_cost_ns, record_cost_ns } = self;
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        write!(
            f,
            "measured on {cores} core{} with the stages on {threads} thread{} ({waiting}), market time {speed} times as \
             fast as the wall's; times are the wall's, from push to pop; a stamp costs {} and is in every time, with its \
             place in a histogram {} an event",
            plural(*cores),
            plural(*threads),
            time(*stamp_cost_ns),
            time(*record_cost_ns)
        )
    }
}

/// One hop's numbers, wall nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
    count: u64,
}

impl Row {
    fn of(histogram: &Histogram<u64>) -> Row {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Row { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: histogram.max(), count: histogram.len() }
    }

    const fn times(&self) -> [u64; 5] {
        [self.p50, self.p90, self.p99, self.p999, self.max]
    }
}

/// The hops of a run with their conditions.
#[derive(Clone, Debug)]
pub struct Latency {
    rows: Vec<(String, Row)>,
    conditions: Conditions,
}

impl Latency {
    /// The table of some hops, in the order given; a hop that nothing took is left out.
    #[must_use]
    pub fn of<'a>(hops: impl IntoIterator<Item = (&'a str, &'a Histogram<u64>)>, conditions: Conditions) -> Latency {
        let taken = hops.into_iter().filter(|(_, histogram)| !histogram.is_empty());
        let rows = taken.map(|(name, histogram)| (name.to_owned(), Row::of(histogram))).collect();
        Latency { rows, conditions }
    }

    /// `{hop: {p50, p90, p99, p999, max, count}}`, all in ns of the wall.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|(name, row)| {
            let Row { p50, p90, p99, p999, max, count } = row;
            let row = json!({ "p50": p50, "p90": p90, "p99": p99, "p999": p999, "max": max, "count": count });
            (name.clone(), row)
        });
        Value::Object(rows.collect::<Map<_, _>>())
    }

    /// What it was measured under.
    #[must_use]
    pub const fn conditions(&self) -> &Conditions {
        &self.conditions
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(7);
        write!(f, "{:widest$}", "latency")?;
        for head in ["p50", "p90", "p99", "p99.9", "max", "count"] {
            write!(f, " {head:>9}")?;
        }
        writeln!(f)?;
        for (name, row) in &self.rows {
            write!(f, "{name:widest$}")?;
            for ns in row.times() {
                write!(f, " {:>9}", time(ns))?;
            }
            writeln!(f, " {:>9}", row.count)?;
        }
        writeln!(f, "{}", self.conditions)
    }
}

/// A time with three digits and its unit.
fn time(ns: u64) -> String {
    let (unit, name) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, tenths, hundredths) = (ns / unit, ns * 10 / unit % 10, ns * 100 / unit % 100);
    match whole {
        0..10 => format!("{whole}.{hundredths:02} {name}"),
        10..100 => format!("{whole}.{tenths} {name}"),
        _ => format!("{whole} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions() -> Conditions {
        Conditions {
            cores: 2,
            threads: 1,
            waiting: "park".to_owned(),
            speed: 60,
            stamp_cost_ns: 10,
            record_cost_ns: 25,
        }
    }

    #[test]
    fn a_table_has_its_units_and_its_conditions() {
        let mut ring: Histogram<u64> = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        (1..=1000u64).for_each(|at| ring.record(at * 10).unwrap());
        let nothing: Histogram<u64> = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        let latency = Latency::of([("kalshi->pricing", &ring), ("never", &nothing)], conditions());
        let shown = latency.to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.len(), 3, "{shown}");
        let head = "latency               p50       p90       p99     p99.9       max     count";
        let row = "kalshi->pricing   5.00 µs   9.00 µs   9.90 µs   9.99 µs   10.0 µs      1000";
        assert_eq!(lines[..2], [head, row]);
        let told = "measured on 2 cores with the stages on 1 thread (park), market time 60 times as fast as the wall's; \
                    times are the wall's, from push to pop; a stamp costs 10 ns and is in every time, with its place \
                    in a histogram 25 ns an event";
        assert_eq!(lines[2], told);
        assert_eq!(latency.json()["kalshi->pricing"]["count"], 1000);
        assert!(latency.json().get("never").is_none());
    }

    #[test]
    fn times_have_three_digits() {
        let shown = [0, 999, 1_000, 12_345, 999_999, 1_234_567, 61_000_000_000].map(time);
        assert_eq!(shown, ["0 ns", "999 ns", "1.00 µs", "12.3 µs", "999 µs", "1.23 ms", "61.0 s"]);
    }
}
