//! The oracle rows that are copied into this repository (mpmath, 50 digits; computed, not market data).

use crate::oracles;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn brackets_agree_with_fifty_digits() {
    oracles::brackets(&folder());
}

#[test]
fn averages_agree() {
    oracles::averages(&folder());
}

#[test]
fn kelly_agrees() {
    oracles::kelly(&folder());
}
