//! What people write, in the line's units: the one place where dollars, cents and contracts with
//! decimals become integers.

use super::values::Account;
use trader_journal::fee::Precision;
use trader_journal::units::{Count, Money};

/// Dollars, to the nearest $0.000001.
#[must_use]
pub fn dollars(usd: f64) -> Money {
    Money((usd * Money::DOLLAR.0 as f64).round() as i64)
}

/// Cents, to the nearest $0.000001.
#[must_use]
pub fn cents(cents: f64) -> Money {
    Money((cents * Money::CENT.0 as f64).round() as i64)
}

/// Contracts, to the nearest 0.01.
#[must_use]
pub fn contracts(contracts: f64) -> Count {
    Count((contracts * 100.0).round() as i64)
}

impl Account {
    /// What balances are rounded to. The venue knows two kinds of accounts, direct members' and
    /// brokers' (kalshi.md §4), and a configuration with any other number is refused.
    #[must_use]
    pub fn precision(&self) -> Precision {
        if dollars(self.fee_precision_usd) == Money::CENT { Precision::Cent } else { Precision::Centicent }
    }
}
