//! kalshi-trader.
