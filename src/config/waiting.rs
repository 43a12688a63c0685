//! Keys that are read and checked and do nothing yet: silence about them would be a promise.

/// Keys nobody acts on in this version, and what they wait for.
pub const WAITING: &[(&[&str], &str)] = &[
    (
        &["direction.enabled", "direction.shrinkage", "direction.clip_low", "direction.clip_high", "direction.drift_b"],
        "no direction model is in the line in this version; the drift stays 0",
    ),
    (
        &[
            "strategies.momentum_candles",
            "strategies.reversion_z",
            "strategies.imbalance_min",
            "strategies.funding_contrarian_percent_8h",
        ],
        "no directional strategy is in this version",
    ),
    (
        &["volatility.regime_low", "volatility.regime_high", "volatility.regime_history_days"],
        "no regime is measured in this version",
    ),
    (
        &["orders.style", "orders.maker_pull_bps", "orders.maker_stop_before_close_s"],
        "quoting needs continuous re-evaluation, not in this version; every order is a taker's",
    ),
    (&["orders.retries_max"], "a rejected order is not sent again in this version"),
    (&["polls.settlement_s"], "settlements come with the polls of markets and by stream"),
    (&["account.subaccount", "account.arming_windows_min"], "live is not in this version"),
];

/// What a key waits for; `None` for one that is acted on.
#[must_use]
pub fn waits_for(key: &str) -> Option<&'static str> {
    WAITING.iter().find(|(keys, _)| keys.contains(&key)).map(|(_, why)| *why)
}
