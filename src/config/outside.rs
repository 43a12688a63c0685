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

/// The slow questions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scout {
    pub call_timeout_ms: u64,
    pub backoff_ms_min: u64,
    pub backoff_ms_max: u64,
    pub refused_pause_s: u64,
    pub calls_per_s_max: u64,
}

impl Config {
    #[rustfmt::skip]
    pub(super) fn outside_ranges(&self) -> Vec<Range> {
        vec![
            whole("signer.signatures_ready", self.signer.signatures_ready, 1, 64),
            whole("signer.signature_age_ms_max", self.signer.signature_age_ms_max, 200, 8_000),
            whole("scout.call_timeout_ms", self.scout.call_timeout_ms, 10, 60_000),
            whole("scout.backoff_ms_min", self.scout.backoff_ms_min, 10, 60_000),
            whole("scout.backoff_ms_max", self.scout.backoff_ms_max, self.scout.backoff_ms_min, 600_000),
            whole("scout.refused_pause_s", self.scout.refused_pause_s, 1, 3_600),
            whole("scout.calls_per_s_max", self.scout.calls_per_s_max, 1, 100),
        ]
    }
}
