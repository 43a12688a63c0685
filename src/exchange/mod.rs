//! The mock exchange: what the market does, and the wire servers that say so.

pub mod path;
pub mod schedule;
pub mod wire;
