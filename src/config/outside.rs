//! The values of the tables that say how the venues are talked to: keys, orders, slow questions.
#![expect(missing_docs, reason = "a field is a key of config/default.toml, which says what it does")]

use super::values::{Config, Range, whole};
use serde::Deserialize;

/// Signatures made ahead of their use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    pub signatures_ready: u64,
    pub signature_age_ms_max: u64,
}

impl Config {
    #[rustfmt::skip]
    pub(super) fn outside_ranges(&self) -> Vec<Range> {
        vec![
            whole("signer.signatures_ready", self.signer.signatures_ready, 1, 64),
            whole("signer.signature_age_ms_max", self.signer.signature_age_ms_max, 200, 8_000),
        ]
    }
}
