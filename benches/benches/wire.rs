//! What TLS sockets cost: an order from its decision to the kernel, and a frame from the server to its reader.
//!
//! `cargo bench -p trader-benches --bench wire` takes about a minute, `-- --quick` some ten seconds.
//! Everything goes over the loopback, TLS 1.3, connections kept alive; the servers are the same for all.

#![allow(clippy::print_stdout, reason = "a bench's report is its output")]

#[path = "wire/papers.rs"]
mod papers;
#[path = "wire/frames.rs"]
mod frames;
#[path = "wire/requests.rs"]
mod requests;

use trader_benches::conditions::{Conditions, Effort};

fn main() {
    let conditions = Conditions::here(Effort::from_args());
    println!("{conditions}");
    if conditions.has_two_cores() {
        println!("{}", requests::measure(&conditions));
        println!("{}", frames::measure(&conditions));
    } else {
        println!("\nONE CORE: nothing between cores was measured");
    }
}
