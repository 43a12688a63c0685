//! The words every stage speaks, and the log they are kept in.
//!
//! The words (units, events, price grid, fee schedule, level book) are `no_std`
//! and import nothing of ours. The log is behind the feature `std`.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod units;
pub mod grid;
pub mod fee;
pub mod book;
pub mod hash;
pub mod event;
pub mod stage;

#[cfg(feature = "std")]
pub mod log;
