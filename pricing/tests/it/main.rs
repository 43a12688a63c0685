//! Everything about `pricing` that a fresh clone can ask.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/oracles.rs"]
mod oracles;

mod golden;
mod distribution;
mod vol;
mod joint;
mod models;
mod score;
mod script;
mod gates;
mod legs;
mod stage;
