//! Events in, an opinion out.
//!
//! Floats live here and nowhere else on the line; every transcendental is `libm`'s, so the
//! bits are equal in debug and release and on every platform, and none of them enters an event.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

pub mod settings;
pub mod stage;
pub mod probability;
pub mod volatility;
pub mod direction;
pub mod kelly;
pub mod model;
pub mod scorecard;
pub mod rooms;
mod tables;
mod spot;
mod target;
mod leg;
mod evaluate;

pub use settings::Settings;
pub use stage::Pricing;
