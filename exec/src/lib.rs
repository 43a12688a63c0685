//! Opinions and reports in, commands out; and the simulated venue.
//!
//! [`Exec`] is the stage: told what contracts are worth and what became of its orders, it says
//! which order is to be made, at most one for an opinion, and only inside the limits of
//! [`Settings`]. Integers only, no clock, no memory after the start.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

mod stage;
mod settings;
pub mod life;
pub mod venue;

pub use settings::{DailyLossRule, Settings};
pub use stage::{Exec, LIVE_MAX};
