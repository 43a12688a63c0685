//! Everything about `pricing` that a fresh clone can ask.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/oracles.rs"]
mod oracles;

mod golden;
