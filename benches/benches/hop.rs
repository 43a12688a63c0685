//! What a message costs between two cores, and a line of the journal: ratios, measured interleaved in one run.
//!
//! `cargo bench -p trader-benches --bench hop` takes about two minutes, `-- --quick` some ten seconds.

#![allow(clippy::print_stdout, reason = "a bench's report is its output")]

#[path = "hop/latency.rs"]
mod latency;
#[path = "hop/throughput.rs"]
mod throughput;
#[path = "hop/append.rs"]
mod append;
#[path = "hop/stamp.rs"]
mod stamp;

use trader_benches::conditions::{Conditions, Effort};
use trader_benches::report::Table;

/// What takes two cores, and what one is enough for.
const BETWEEN_CORES: [fn(&Conditions) -> Table; 3] =
    [latency::measure, latency::measure_with_pause, throughput::measure];
const ON_ONE: [fn(&Conditions) -> Table; 2] = [append::measure, stamp::measure];

fn main() {
    let conditions = Conditions::here(Effort::from_args());
    println!("{conditions}");
    if conditions.has_two_cores() {
        BETWEEN_CORES.iter().for_each(|measure| println!("{}", measure(&conditions)));
    } else {
        println!("\nONE CORE: nothing between cores was measured");
    }
    ON_ONE.iter().for_each(|measure| println!("{}", measure(&conditions)));
}
