//! One market's book.

use std::collections::BTreeMap;

/// YES prices, in hundredths of a cent because a key must have an order, and contracts at them.
#[derive(Default)]
pub(crate) struct Book {
    bids: BTreeMap<i64, f64>,
    asks: BTreeMap<i64, f64>,
    pub(crate) valid: bool,
}

impl Book {
    /// One that is whole: what a snapshot without levels says.
    pub(crate) fn empty() -> Book {
        Book { valid: true, ..Book::default() }
    }

    /// Adds to a level. A book that cannot be is worth nothing until the next snapshot.
    pub(crate) fn apply(&mut self, side: &str, price: f64, change: f64) {
        let levels = if side == "yes" { &mut self.bids } else { &mut self.asks };
        let key = (price * 1e4).round() as i64;
        let size = levels.entry(key).or_insert(0.0);
        *size += change;
        let left = *size;
        if left < 0.005 {
            levels.remove(&key);
        }
        self.valid &= left > -0.005 && !self.is_crossed();
    }

    pub(crate) fn is_crossed(&self) -> bool {
        matches!((self.best_bid(), self.best_ask()), (Some(bid), Some(ask)) if bid >= ask)
    }

    pub(crate) fn best_bid(&self) -> Option<f64> {
        self.bids.last_key_value().map(|(key, _)| *key as f64 / 1e4)
    }

    pub(crate) fn best_ask(&self) -> Option<f64> {
        self.asks.first_key_value().map(|(key, _)| *key as f64 / 1e4)
    }

    /// Middle of the best bid and ask, to a hundredth of a cent below.
    pub(crate) fn mid(&self) -> Option<f64> {
        Some(((self.best_bid()? + self.best_ask()?) * 5e3 + 1e-6).floor() / 1e4)
    }

    /// Contracts that a buyer of YES finds up to his limit, or a seller down to it.
    pub(crate) fn depth(&self, buys_yes: bool, limit: f64) -> f64 {
        let key = (limit * 1e4).round() as i64;
        if buys_yes {
            self.asks.range(..=key).map(|(_, size)| size).sum()
        } else {
            self.bids.range(key..).map(|(_, size)| size).sum()
        }
    }
}
