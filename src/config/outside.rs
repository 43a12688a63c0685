//! The values of the tables that say how the venues are talked to: sockets, keys, orders, slow questions.
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

/// Sockets: how long they may take, be silent and live.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub connect_ms_max: u64,
    pub silence_ms_max: u64,
    pub ping_after_ms: u64,
    pub renew_after_s: u64,
    pub proven_after_ms: u64,
    pub backoff_ms_min: u64,
    pub backoff_ms_max: u64,
    pub unsent_bytes_max: u64,
}

/// Orders on their way to the venue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    pub connections: u64,
    pub connect_timeout_ms: u64,
    pub reconnect_ms_min: u64,
    pub reconnect_ms_max: u64,
    pub reply_timeout_ms: u64,
    pub intent_age_ms_max: u64,
    pub cancel_age_ms_max: u64,
    pub keep_warm_s: u64,
    pub reply_bytes_max: u64,
    pub write_tokens_per_s: u64,
    pub write_tokens_burst: u64,
    pub cancel_share_percent: u64,
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
            whole("link.connect_ms_max", self.link.connect_ms_max, 10, 60_000),
            whole("link.silence_ms_max", self.link.silence_ms_max, 100, 600_000),
            whole("link.ping_after_ms", self.link.ping_after_ms, 50, self.link.silence_ms_max.saturating_sub(1)),
            whole("link.renew_after_s", self.link.renew_after_s, 1, 604_800),
            whole("link.proven_after_ms", self.link.proven_after_ms, 1, 600_000),
            whole("link.backoff_ms_min", self.link.backoff_ms_min, 10, 60_000),
            whole("link.backoff_ms_max", self.link.backoff_ms_max, self.link.backoff_ms_min, 600_000),
            whole("link.unsent_bytes_max", self.link.unsent_bytes_max, 65_536, 67_108_864),
            whole("signer.signatures_ready", self.signer.signatures_ready, 1, 64),
            whole("signer.signature_age_ms_max", self.signer.signature_age_ms_max, 200, 8_000),
            whole("gateway.connections", self.gateway.connections, 1, 8),
            whole("gateway.connect_timeout_ms", self.gateway.connect_timeout_ms, 10, 60_000),
            whole("gateway.reconnect_ms_min", self.gateway.reconnect_ms_min, 10, 60_000),
            whole("gateway.reconnect_ms_max", self.gateway.reconnect_ms_max, self.gateway.reconnect_ms_min, 600_000),
            whole("gateway.reply_timeout_ms", self.gateway.reply_timeout_ms, 10, 60_000),
            whole("gateway.intent_age_ms_max", self.gateway.intent_age_ms_max, 1, 10_000),
            whole("gateway.cancel_age_ms_max", self.gateway.cancel_age_ms_max, 1, 60_000),
            whole("gateway.keep_warm_s", self.gateway.keep_warm_s, 1, 600),
            whole("gateway.reply_bytes_max", self.gateway.reply_bytes_max, 1_024, 1_048_576),
            whole("gateway.write_tokens_per_s", self.gateway.write_tokens_per_s, 10, 10_000),
            // A create costs 10, and nine tenths may be left to cancels.
            whole("gateway.write_tokens_burst", self.gateway.write_tokens_burst, 100, 30_000),
            whole("gateway.cancel_share_percent", self.gateway.cancel_share_percent, 0, 90),
            whole("scout.call_timeout_ms", self.scout.call_timeout_ms, 10, 60_000),
            whole("scout.backoff_ms_min", self.scout.backoff_ms_min, 10, 60_000),
            whole("scout.backoff_ms_max", self.scout.backoff_ms_max, self.scout.backoff_ms_min, 600_000),
            whole("scout.refused_pause_s", self.scout.refused_pause_s, 1, 3_600),
            whole("scout.calls_per_s_max", self.scout.calls_per_s_max, 1, 100),
        ]
    }
}
