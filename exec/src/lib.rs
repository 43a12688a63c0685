//! Opinions and reports in, commands out; and the simulated venue.
//!
//! [`Exec`] is the stage: told what contracts are worth and what became of its orders, it says
//! which order is to be made, at most one for an opinion, and only inside the limits of
//! [`Settings`]. Integers only, no clock, no memory after the start.
//!
//! To read in this order: `risk` (every limit, one function), `act` (an opinion becomes an
//! order), `report` (what became of it), `settle`, `account` (what proves an absence), `control`.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

#[cfg(all(feature = "planted", not(debug_assertions)))]
compile_error!("the deliberate faults of the feature `planted` never go into a release");

mod stage;
mod act;
mod risk;
mod report;
mod settle;
mod account;
mod control;
mod market;
mod order;
pub mod life;
mod position;
mod exposure;
mod ledger;
mod money;
mod settings;
#[cfg(feature = "planted")]
mod plant;
pub mod venue;

pub use exposure::{Corners, price_bought};
pub use ledger::Ledger;
#[cfg(feature = "planted")]
pub use plant::Plant;
pub use position::Position;
pub use settings::{DailyLossRule, Reconciliation, Settings};
pub use stage::{Counts, Exec, LIVE_MAX};
