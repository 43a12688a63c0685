//! What a message costs between two cores: ratios, measured interleaved in one run.
//!
//! `cargo bench -p trader-benches --bench hop` takes about a minute, `-- --quick` a second or two.
//! Absolute times move between machines and minutes; each ratio compares blocks that ran milliseconds
//! apart on the same two cores, and the median over the blocks is what is printed.

#![allow(clippy::print_stdout, reason = "a bench's report is its output")]

#[path = "hop/conditions.rs"]
mod conditions;
#[path = "hop/latency.rs"]
mod latency;
#[path = "hop/throughput.rs"]
mod throughput;
#[path = "hop/statistics.rs"]
mod statistics;
#[path = "hop/report.rs"]
mod report;

use conditions::{Conditions, Effort};
use report::Table;

/// A measurement is a module with one function like these; its line here puts it into the report.
const MEASUREMENTS: [fn(&Conditions) -> Table; 3] =
    [latency::measure, latency::measure_with_pause, throughput::measure];

fn main() {
    let effort = if std::env::args().any(|argument| argument == "--quick") { Effort::Quick } else { Effort::Full };
    let conditions = Conditions::here(effort);
    println!("{conditions}");
    for measure in MEASUREMENTS {
        println!("{}", measure(&conditions));
    }
}
