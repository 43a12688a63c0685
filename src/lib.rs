//! kalshi-trader.

pub mod config;
pub mod cli;
pub mod record;
pub mod candles;
pub mod exchange;
