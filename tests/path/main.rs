//! Candles, and the market path they are opened into.

mod bridge;
mod generator;
mod reader;
mod statistics;
