//! The values of the table that says how the mock exchange is served over sockets.
#![expect(missing_docs, reason = "a field is a key of config/default.toml, which says what it does")]

use super::values::{Config, Range, whole};
use serde::Deserialize;

/// The mock exchange's servers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub clock_window_s: u64,
    pub tier: Tier,
    pub unsigned_per_s_max: u64,
    pub rate_refusal: RateRefusal,
    pub late_ms_max: u64,
    pub backlog_kib_max: u64,
    pub idle_s_max: u64,
    pub ping_s: u64,
    pub pong_s_max: u64,
    pub connections_max: u64,
}

/// A tier of the venue's rate limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Basic,
    Advanced,
    Expert,
    Premier,
    Paragon,
    Prime,
    Prestige,
}

impl Tier {
    /// The venue's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Tier::Basic => "basic",
            Tier::Advanced => "advanced",
            Tier::Expert => "expert",
            Tier::Premier => "premier",
            Tier::Paragon => "paragon",
            Tier::Prime => "prime",
            Tier::Prestige => "prestige",
        }
    }

    /// Reading and writing: tokens a second, and seconds of burst.
    #[must_use]
    pub const fn rates(self) -> ((u64, u64), (u64, u64)) {
        match self {
            Tier::Basic => ((200, 3), (100, 1)),
            Tier::Advanced => ((300, 3), (300, 3)),
            Tier::Expert => ((600, 1), (600, 3)),
            Tier::Premier => ((1_200, 1), (1_200, 3)),
            Tier::Paragon => ((2_400, 1), (2_400, 3)),
            Tier::Prime => ((4_800, 1), (4_800, 3)),
            Tier::Prestige => ((12_000, 1), (9_600, 3)),
        }
    }
}

/// What a refusal for too many requests looks like: the documents and the venue do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateRefusal {
    /// As seen at the venue.
    Live,
    /// As documented.
    Documented,
    /// Both in turn.
    Alternate,
}

impl Config {
    #[rustfmt::skip]
    pub(super) fn exchange_ranges(&self) -> Vec<Range> {
        let exchange = &self.exchange;
        vec![
            whole("exchange.clock_window_s", exchange.clock_window_s, 1, 3_600),
            whole("exchange.unsigned_per_s_max", exchange.unsigned_per_s_max, 0, 100_000),
            whole("exchange.late_ms_max", exchange.late_ms_max, 1, 3_600_000),
            whole("exchange.backlog_kib_max", exchange.backlog_kib_max, 16, 1_048_576),
            whole("exchange.idle_s_max", exchange.idle_s_max, 1, 86_400),
            whole("exchange.ping_s", exchange.ping_s, 1, 3_600),
            whole("exchange.pong_s_max", exchange.pong_s_max, 1, 86_400),
            whole("exchange.connections_max", exchange.connections_max, 1, 10_000),
        ]
    }
}
