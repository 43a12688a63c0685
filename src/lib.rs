//! kalshi-trader.

pub mod config;
