//! Events in, an opinion out.
//!
//! Floats live here and nowhere else on the line; every transcendental is `libm`'s, so the
//! bits are equal in debug and release and on every platform, and none of them enters an event.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

pub mod probability;
pub mod volatility;
pub mod kelly;
