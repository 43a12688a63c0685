//! From a text frame to the bytes of an order: the line beside a plain path that does the same work, fed the
//! same frames in the same order, in one run. The bench fails unless both write the same orders.
//!
//! `cargo bench -p trader-benches --bench line` takes about a minute and a half, `-- --quick` some ten seconds.

#![allow(clippy::print_stdout, reason = "a bench's report is its output")]

#[path = "line/session.rs"]
mod session;
#[path = "line/ours.rs"]
mod ours;
#[path = "../peers/plain/mod.rs"]
mod plain;
#[path = "line/stream.rs"]
mod stream;
#[path = "line/decode.rs"]
mod decode;

use session::Session;
use trader_benches::conditions::{Conditions, Effort};

fn main() {
    let conditions = Conditions::here(Effort::from_args());
    println!("{conditions}");
    println!("NOT MEASURED: signing is not in this version, so it is in neither path");
    conditions.pin(0);
    let session = Session::make(conditions.effort());
    println!("{session}");
    stream::measure(&conditions, &session).iter().for_each(|table| println!("{table}"));
    decode::measure(&conditions, &session).iter().for_each(|table| println!("{table}"));
}
