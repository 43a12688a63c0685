//! How the gateway talks to the venue.

use trader_journal::units::Nanos;

/// Deadlines, connections and rates of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewaySettings {
    /// The venue's shard the orders are on.
    pub shard: u8,
    /// How many connections are kept open.
    pub connections: usize,
    /// A request without a whole reply for so long has an unknown outcome, ns of the wall.
    pub reply_timeout_ns: u64,
    /// A create that could not leave for so long is refused, ns of the wall.
    pub intent_age_ns_max: u64,
    /// The same of a cancel.
    pub cancel_age_ns_max: u64,
    /// A connection idle for so long is asked something, so that it stays, ns of the wall.
    pub keep_warm_ns: u64,
    /// The largest reply, bytes: what the journal's ring must have room for.
    pub reply_bytes_max: usize,
    /// Tokens a second of market time.
    pub write_tokens_per_s: u64,
    /// Tokens of a full bucket.
    pub write_tokens_burst: u64,
    /// The part of a full bucket that creates leave for cancels.
    pub cancel_share_percent: u64,
}

impl GatewaySettings {
    /// The settings of a configuration, for the orders of one shard.
    #[must_use]
    pub fn of(config: &crate::config::Config, shard: u8) -> GatewaySettings {
        let gateway = &config.gateway;
        GatewaySettings {
            shard,
            connections: gateway.connections as usize,
            reply_timeout_ns: gateway.reply_timeout_ms * Nanos::MILLI,
            intent_age_ns_max: gateway.intent_age_ms_max * Nanos::MILLI,
            cancel_age_ns_max: gateway.cancel_age_ms_max * Nanos::MILLI,
            keep_warm_ns: gateway.keep_warm_s * Nanos::SECOND,
            reply_bytes_max: gateway.reply_bytes_max as usize,
            write_tokens_per_s: gateway.write_tokens_per_s,
            write_tokens_burst: gateway.write_tokens_burst,
            cancel_share_percent: gateway.cancel_share_percent,
        }
    }
}
