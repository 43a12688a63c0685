//! What stands between two agents of the line: rings, and the patience to wait on them.
//!
//! * [`spsc`]: a ring of slots, each exactly one 64-byte cache line. 56 bytes are the message,
//!   8 bytes the stamp that says which message it is.
//! * [`bytes`]: a ring of records of any length with a small header, for raw frames.
//! * [`wait`]: what a thread does when its agents found nothing to do.
//!
//! One producer, one consumer, each a value of its own that can be moved to its thread; or both
//! kept in one thread, where they work just as well.
//!
//! # What it never does
//!
//! * It **never blocks**: every call returns at once and tells what it did.
//! * It **never overwrites and never drops**: a full ring refuses, and the message stays with the caller.
//! * It **never shows half**: a group of slots, or a record, is seen whole or not at all.
//! * It **never allocates** after it was made, and it **never makes a system call**; only
//!   [`wait::Idle::idle`] gives the core away, and nobody is woken by a push.
//! * It **never reads a clock**: waiting is counted in rounds.
//!
//! # Example
//!
//! ```
//! let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(1024)?;
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
//! # Why the stamp is in the line
//!
//! A ring with indexes hands over two cache lines a message: the index, then the slot. Here the
//! consumer polls the very line the message will arrive in, so one transfer brings both. The way
//! back, free room, is an index on a line of its own: the producer keeps a copy that may be stale
//! and reads it anew only when the copy says "full", about once a lap.
//!
//! # How it is proven
//!
//! Every interleaving of small runs is explored with loom (`tests/loom.rs`); random commands are
//! compared with a `VecDeque`, and millions of messages are checked between two threads and on one
//! (`tests/it`). `unsafe` lives in `slot.rs` alone.

#![deny(unsafe_code, missing_docs, missing_debug_implementations)]

pub mod spsc;
pub mod bytes;
pub mod wait;

mod capacity;
mod sync;
#[expect(unsafe_code, reason = "the one place where two threads share a message; every block says why it may")]
mod slot;

pub use capacity::{BYTES_MAX, CapacityError, SLOTS_MAX};
