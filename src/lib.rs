//! kalshi-trader.

pub mod config;
pub mod cli;
pub mod candles;
pub mod exchange;
