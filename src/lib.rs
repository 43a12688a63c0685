//! kalshi-trader.

pub mod config;
pub mod cli;
pub mod record;
pub mod show;
pub mod audit;
pub mod candles;
pub mod exchange;
pub mod scout;
pub mod gateway;
pub mod line;
pub mod clock;
