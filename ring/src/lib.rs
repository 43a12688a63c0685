//! What stands between two agents of the line: rings, and the patience to wait on them.
//!
//! | module | what it carries | a full ring |
//! |---|---|---|
//! | [`spsc`] | messages of exactly 56 bytes, alone or in groups | refuses, the message stays with the caller |
//! | [`bytes`] | records of any length with a small header: raw frames | refuses the record whole |
//! | [`wait`] | nothing: it says how a thread whose agents found nothing to do passes the time | |
//!
//! A ring has one producer and one consumer. Each is a value of its own that moves to its thread; or
//! both stay on one thread, where they work just as well and nothing depends on who runs when.
//!
//! # Example
//!
//! ```
//! let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(64)?;
//!
//! producer.push([1; 7])?;
//! producer.push_group(&[[2; 7], [3; 7]])?; // seen together
//!
//! let mut heard = Vec::new();
//! let done = consumer.drain(16, |message| heard.push(message[0]));
//! assert_eq!((done, heard), (3, vec![1, 2, 3]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An agent takes an input only when there is room for the most it may say to it; so nobody waits inside
//! a round, and what is full further down is felt further up:
//!
//! ```
//! # let (mut source, mut input) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
//! # let (mut output, sink) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
//! # source.push_group(&[[1; 7]; 4])?;
//! let mut work = 0;
//! while output.has_room(2)
//!     && let Some(heard) = input.pop()
//! {
//!     output.push_group(&[heard, heard])?;
//!     work += 1;
//! }
//! assert_eq!(work, 2); // two more wait until somebody takes from `output`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Shape
//!
//! ```text
//!             line 0            line 1            line 2            line 3
//! slots   | stamp  message | stamp  message | stamp  message | stamp  message |   written by the producer
//!            5     no. 4       6     no. 5       3     no. 2       4     no. 3
//!                                ^ newest        ^ next to be taken: its stamp is 2 + 1
//! taken   | 2 |                                                                   written by the consumer
//! ```
//!
//! A ring with indexes hands over two cache lines a message: the index, then the slot. Here the
//! consumer polls the very line the message will arrive in, so one transfer brings both. The way
//! back, free room, is an index on a line of its own: the producer keeps a copy that may be stale
//! and reads it anew only when the copy says "full", about once a lap. A group is written from its
//! last slot to its first, so that its first stamp, the one the consumer waits for, comes last.
//!
//! # What it guarantees
//!
//! * Messages and records come out once, whole, and in the order they went in.
//! * A **group** is seen whole or not at all: whoever took its first message finds all others at once.
//!   (A batch may end inside a group; the rest is there for the next.)
//! * Room that `has_room` or `room` promised is there, whatever the consumer does.
//! * Both sides **count**: `produced` and `consumed` number messages from 0 without a gap.
//! * The **last words** of a producer that is gone are kept; a consumer is done when `is_abandoned` was
//!   true *before* it found nothing.
//! * A hearer that panics inside a batch leaves a ring that works.
//!
//! # What it never does
//!
//! * It **never blocks**: every call returns at once and tells what it did.
//! * It **never overwrites and never drops**: a full ring refuses.
//! * It **never allocates** after it was made, and it **never makes a system call**; only
//!   [`wait::Idle::idle`] gives the core away, and nobody is woken by a push.
//! * It **never reads a clock**: waiting is counted in rounds.
//! * It **never looks into a message**: any `Copy` type of 56 bytes will do, and nothing is dropped in
//!   a slot. A type of another size does not compile.
//!
//! # How large a ring
//!
//! A small one is faster: what a lap of the rings that a core polls weighs decides whether their lines
//! stay in its first cache (32 KiB on most machines). Round trips between two cores of an AMD EPYC, both
//! ways through a ring, in multiples of what two bare lines take, measured interleaved in one run, over
//! several runs on a busy machine:
//!
//! | | 16 slots | 128 slots | 1024 slots | rtrb, 1024 slots |
//! |---|---|---|---|---|
//! | busy poll | 1.0-1.1 | 1.1 | 1.1-1.3 | 1.9-2.0 |
//! | PAUSE between two looks | 0.9-1.0, some runs 1.6 | 1.1, some runs 1.6-1.8 | 1.7-2.1 | 1.9-2.2 |
//!
//! The bench tells it for your machine: `cargo bench -p trader-benches --bench hop`.
//!
//! So: as many slots as the consumer may fall behind, and no more. Market data that waits in a deep
//! ring is old when it is read.
//!
//! # How it is proven
//!
//! * `tests/loom.rs` explores every interleaving of small runs; each `Release` and `Acquire` on the
//!   slots, the counts and the flags was weakened once to see it fail (the file names what loom cannot see):
//!   `RUSTFLAGS="--cfg loom" cargo test -p trader-ring --test loom --release`.
//! * `tests/it` compares with a `VecDeque` on random commands, passes millions of messages between two
//!   threads, and runs agents on one thread in any order.
//! * `unsafe` lives in `slot.rs` alone: two blocks and one `impl`, each with its reason.

#![deny(unsafe_code, missing_docs, missing_debug_implementations)]

pub mod spsc;
pub mod bytes;
pub mod wait;

mod capacity;
mod sync;
#[expect(unsafe_code, reason = "the one place where two threads share a message; every block says why it may")]
mod slot;

pub use capacity::{BYTES_MAX, CapacityError, SLOTS_MAX};
