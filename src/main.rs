//! kalshi-trader.
fn main() {}
