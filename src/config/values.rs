//! The values of a configuration, typed, and the ranges they may have.
//!
//! One struct per section of `config/default.toml`, one field per key; the meaning and unit of a
//! key are written once, in that file.
#![expect(missing_docs, reason = "a field is a key of config/default.toml, which says what it does")]

use super::threads::Threads;
use serde::{Deserialize, Serialize};

/// A whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub bankroll: Bankroll,
    pub edge: Edge,
    pub direction: Direction,
    pub volatility: Volatility,
    pub probability: Probability,
    pub strategies: Strategies,
    pub window: Window,
    pub freshness: Freshness,
    pub limits: Limits,
    pub orders: Orders,
    pub polls: Polls,
    pub account: Account,
    pub series: Vec<Series>,
    pub sim: Sim,
    pub capacity: Capacity,
    pub journal: Journal,
    pub threads: Threads,
    pub link: super::outside::Link,
    pub signer: super::outside::Signer,
    pub gateway: super::outside::Gateway,
    pub scout: super::outside::Scout,
    pub exchange: super::exchange::Exchange,
}

/// What Kelly sizes against.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bankroll {
    pub bankroll_usd: f64,
}

/// Edges, Kelly and the price asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    pub edge_gross_min_cents: f64,
    pub edge_net_min_cents: f64,
    pub full_kelly_edge_cents: f64,
    pub kelly_multiplier: f64,
    pub kelly_ramp_floor: f64,
    pub kelly_fraction_max: f64,
    pub disagreement_max_cents: f64,
    pub near_strike_min_bp: f64,
    pub limit_beyond_touch_cents: f64,
    pub depth_share_max: f64,
}

/// The direction model, which may drift the fair value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Direction {
    pub enabled: bool,
    pub shrinkage: f64,
    pub clip_low: f64,
    pub clip_high: f64,
    pub drift_b: f64,
}

/// The volatility model and the regime cuts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volatility {
    pub model: String,
    pub b0: f64,
    pub b10: f64,
    pub b60: f64,
    pub b720: f64,
    pub ranges_b0: f64,
    pub ranges_b3: f64,
    pub ranges_b10: f64,
    pub ranges_b60: f64,
    pub ranges_b720: f64,
    pub warmup_minutes: u64,
    pub missing_max: u64,
    pub regime_low: f64,
    pub regime_high: f64,
    pub regime_history_days: u64,
}

/// The distribution of the closing average.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probability {
    pub distribution: String,
    pub tail_s0: f64,
    pub tail_kappa: f64,
    pub tail_z0: f64,
    pub student_nu: f64,
    pub average: String,
}

/// The numbers of the directional strategies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strategies {
    pub momentum_candles: u64,
    pub reversion_z: f64,
    pub imbalance_min: f64,
    pub funding_contrarian_percent_8h: f64,
}

/// When an event is evaluated and which of its markets are watched.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub evaluate_from_s: u64,
    pub evaluate_to_s: u64,
    pub after_open_min_s: u64,
    pub bracket_radius: u64,
    pub watch_before_close_s: u64,
    pub brier_evaluations: u64,
    pub brier_evaluations_min: u64,
}

/// How old data may be before it counts as gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    pub book_age_ms_max: u64,
    pub index_age_ms_max: u64,
    pub source_age_ms_max: u64,
    pub reconcile_age_ms_max: u64,
    pub clock_skew_ms_max: u64,
    pub opinion_age_ms_max: u64,
}

/// The money limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub position_max_usd: f64,
    pub close_exposure_max_usd: f64,
    pub exposure_max_usd: f64,
    pub daily_loss_max_usd: f64,
    pub daily_loss_rule: DailyLossRule,
    pub day_starts_utc_s: u64,
    pub collar_cents: f64,
    pub order_contracts_max: u64,
    pub order_usd_max: f64,
}

/// Order rates, counts and lives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    pub orders_per_s_max: u64,
    pub orders_per_min_max: u64,
    pub orders_per_window_max: u64,
    pub orders_live_max: u64,
    pub orders_identical_max: u64,
    pub trades_per_ticker_hour_max: u64,
    pub trades_per_ticker_day_max: u64,
    pub retries_max: u64,
    pub near_close_min_s: u64,
    pub cancel_before_close_s: u64,
    pub count_step_contracts: f64,
    pub time_in_force: String,
    pub style: String,
    pub maker_pull_bps: f64,
    pub maker_stop_before_close_s: u64,
}

/// How often slow sources are asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polls {
    pub binance_s: u64,
    pub kalshi_s: u64,
    pub settlement_s: u64,
    pub reconcile_s: u64,
}

/// The account at the venue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub fee_precision_usd: f64,
    pub subaccount: u64,
    pub arming_windows_min: u64,
}

/// A series and how it is traded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    pub ticker: String,
    pub mode: Mode,
}

/// The mock exchange and the made day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sim {
    pub seed: u64,
    pub market: Difficulty,
    pub start_date: String,
    pub start_price_usd: f64,
    pub account_usd: f64,
    pub shard: u64,
    pub windows: u64,
    pub speed: u64,
    pub spot_ticks_per_s: u64,
    pub entry_latency_ms: u64,
    pub reply_latency_ms: u64,
    pub stream_latency_ms: u64,
    pub faults: String,
    pub easy: Market,
    pub normal: Market,
    pub hard: Market,
    pub maker: MakerSettings,
}

/// Sizes of the fixed tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    pub markets: u64,
    pub events: u64,
    pub orders: u64,
    pub listed_markets: u64,
    pub frame_bytes_max: u64,
}

/// The journal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    pub segment_mib: u64,
    pub sync: JournalSync,
    pub sync_ms: u64,
    pub lag_lines_max: u64,
    pub directory: String,
}

/// When what is committed is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalSync {
    /// When the operating system likes.
    Off,
    /// Every `journal.sync_ms`, on a thread of its own.
    Interval,
}

/// What a difficulty means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Market {
    pub noise: f64,
}

/// How the simulated makers quote.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakerSettings {
    pub noise_rho: f64,
    pub price_lag_ms: u64,
    pub half_spread_cents: f64,
    pub tail_half_spread_cents: f64,
    pub last_minute_half_spread_cents: f64,
    pub depth_median_contracts: u64,
    pub depth_sigma: f64,
    pub depth_min_contracts: u64,
    pub depth_max_contracts: u64,
    pub requote_ms: u64,
}

/// How a series is traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Ignored,
    Digital,
    Bracket,
    Threshold,
}

/// Which promise the daily loss limit makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DailyLossRule {
    /// `Cap` in live, `Stop` elsewhere.
    Auto,
    /// Never exceeded: realised loss plus worst open loss after the order stays within it.
    Cap,
    /// No new order once the realised loss reaches it; can overshoot by the open exposure.
    Stop,
}

/// How good the simulated makers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    Easy,
    Normal,
    Hard,
}

impl Difficulty {
    /// The word people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Difficulty::Easy => "easy",
            Difficulty::Normal => "normal",
            Difficulty::Hard => "hard",
        }
    }
}

impl Sim {
    /// The maker noise of the difficulty asked for (standard deviation of ln σ).
    #[must_use]
    pub fn noise(&self) -> f64 {
        match self.market {
            Difficulty::Easy => self.easy.noise,
            Difficulty::Normal => self.normal.noise,
            Difficulty::Hard => self.hard.noise,
        }
    }
}

/// Above these no configuration is accepted, whatever a file says.
mod ceiling {
    pub(super) const POSITION_USD: f64 = 5_000.0;
    pub(super) const EXPOSURE_USD: f64 = 20_000.0;
    pub(super) const DAILY_LOSS_USD: f64 = 5_000.0;
}

/// One value's legal range.
#[derive(Clone, Copy)]
pub(super) struct Range {
    key: &'static str,
    value: f64,
    from: f64,
    to: f64,
}

impl Config {
    /// The first value out of range, as its key and what is wrong with it.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let out_of_range = self.ranges().into_iter().find(|range| !(range.from..=range.to).contains(&range.value));
        out_of_range
            .map(|range| (range.key, format!("{} is outside {} ..= {}", range.value, range.from, range.to)))
            .or_else(|| self.relation_problem())
            .or_else(|| self.threads_problem())
    }

    fn relation_problem(&self) -> Option<(&'static str, String)> {
        if let Err(problem) = super::parse_faults(&self.sim.faults) {
            return Some(("sim.faults", problem));
        }
        if self.edge.full_kelly_edge_cents <= self.edge.edge_net_min_cents {
            return Some(("edge.full_kelly_edge_cents", "must be above edge.edge_net_min_cents".into()));
        }
        if self.window.evaluate_from_s <= self.window.evaluate_to_s {
            return Some(("window.evaluate_from_s", "must be above window.evaluate_to_s".into()));
        }
        if self.limits.exposure_max_usd < self.limits.position_max_usd {
            return Some(("limits.exposure_max_usd", "must not be below limits.position_max_usd".into()));
        }
        if self.series.is_empty() || self.series.len() > 16 {
            return Some(("series", "name 1 to 16 series".into()));
        }
        if let Some(series) = self.series.iter().find(|series| series.ticker.is_empty() || series.ticker.len() > 16) {
            return Some(("series", format!("the ticker `{}` must have 1 to 16 characters", series.ticker)));
        }
        if ![0.0001, 0.01].contains(&self.account.fee_precision_usd) {
            return Some(("account.fee_precision_usd", "is 0.0001 for a direct member, 0.01 through a broker".into()));
        }
        // The map of the tails must rise everywhere: see `pricing`.
        if self.probability.tail_kappa * self.probability.tail_z0 >= 1.0 {
            return Some(("probability.tail_kappa", "times probability.tail_z0 must be below 1".into()));
        }
        // 56 of a line's 64 bytes are the frame's; a tenth more for seals and heads.
        if self.capacity.frame_bytes_max * 5 / 4 > self.journal.segment_mib << 20 {
            return Some(("capacity.frame_bytes_max", "and a quarter more must fit journal.segment_mib".into()));
        }
        if self.sim.maker.depth_min_contracts > self.sim.maker.depth_max_contracts {
            return Some(("sim.maker.depth_min_contracts", "must not be above sim.maker.depth_max_contracts".into()));
        }
        let twice = |at: &usize| self.series[..*at].iter().any(|other| other.ticker == self.series[*at].ticker);
        if let Some(at) = (0..self.series.len()).find(twice) {
            return Some(("series", format!("`{}` is named twice", self.series[at].ticker)));
        }
        known_word("volatility.model", &self.volatility.model, &["ewma3", "ranges"])
            .or_else(|| {
                let known = ["tail_adjusted", "student_t", "normal"];
                known_word("probability.distribution", &self.probability.distribution, &known)
            })
            .or_else(|| known_word("probability.average", &self.probability.average, &["prints", "continuous"]))
            .or_else(|| known_word("orders.style", &self.orders.style, &["taker", "maker"]))
            .or_else(|| {
                let known = ["immediate_or_cancel", "fill_or_kill", "good_till_canceled"];
                known_word("orders.time_in_force", &self.orders.time_in_force, &known)
            })
    }

    fn ranges(&self) -> Vec<Range> {
        let inside = [self.opinion_ranges(), self.watch_ranges(), self.money_ranges(), self.sim_ranges()];
        [inside.concat(), self.outside_ranges(), self.exchange_ranges()].concat()
    }

    #[rustfmt::skip]
    fn opinion_ranges(&self) -> Vec<Range> {
        vec![
            range("bankroll.bankroll_usd", self.bankroll.bankroll_usd, 1.0, 1e6),
            range("edge.edge_gross_min_cents", self.edge.edge_gross_min_cents, 0.0, 99.0),
            range("edge.edge_net_min_cents", self.edge.edge_net_min_cents, 0.0, 99.0),
            range("edge.full_kelly_edge_cents", self.edge.full_kelly_edge_cents, 0.01, 100.0),
            range("edge.kelly_multiplier", self.edge.kelly_multiplier, 0.0, 1.0),
            range("edge.kelly_ramp_floor", self.edge.kelly_ramp_floor, 0.0, 1.0),
            range("edge.kelly_fraction_max", self.edge.kelly_fraction_max, 0.0, 1.0),
            range("edge.disagreement_max_cents", self.edge.disagreement_max_cents, 0.0, 100.0),
            range("edge.near_strike_min_bp", self.edge.near_strike_min_bp, 0.0, 1000.0),
            range("edge.limit_beyond_touch_cents", self.edge.limit_beyond_touch_cents, 0.0, 50.0),
            range("edge.depth_share_max", self.edge.depth_share_max, 0.01, 1.0),
            range("direction.shrinkage", self.direction.shrinkage, 0.0, 1.0),
            range("direction.clip_low", self.direction.clip_low, 0.0, 0.5),
            range("direction.clip_high", self.direction.clip_high, 0.5, 1.0),
            range("direction.drift_b", self.direction.drift_b, 0.0, 2.0),
            range("volatility.b0", self.volatility.b0, -12.0, 6.0),
            range("volatility.b10", self.volatility.b10, -1.0, 2.0),
            range("volatility.b60", self.volatility.b60, -1.0, 2.0),
            range("volatility.b720", self.volatility.b720, -1.0, 2.0),
            range("volatility.ranges_b0", self.volatility.ranges_b0, -12.0, 6.0),
            range("volatility.ranges_b3", self.volatility.ranges_b3, -1.0, 2.0),
            range("volatility.ranges_b10", self.volatility.ranges_b10, -1.0, 2.0),
            range("volatility.ranges_b60", self.volatility.ranges_b60, -1.0, 2.0),
            range("volatility.ranges_b720", self.volatility.ranges_b720, -1.0, 2.0),
            whole("volatility.warmup_minutes", self.volatility.warmup_minutes, 60, 43_200),
            whole("volatility.missing_max", self.volatility.missing_max, 0, 60),
            range("volatility.regime_low", self.volatility.regime_low, 0.1, 1.0),
            range("volatility.regime_high", self.volatility.regime_high, 1.0, 10.0),
            whole("volatility.regime_history_days", self.volatility.regime_history_days, 1, 90),
            range("probability.tail_s0", self.probability.tail_s0, 0.1, 2.0),
            range("probability.tail_kappa", self.probability.tail_kappa, 0.0, 1.0),
            range("probability.tail_z0", self.probability.tail_z0, 0.0, 5.0),
            range("probability.student_nu", self.probability.student_nu, 2.01, 1000.0),
            whole("strategies.momentum_candles", self.strategies.momentum_candles, 1, 64),
            range("strategies.reversion_z", self.strategies.reversion_z, 0.1, 10.0),
            range("strategies.imbalance_min", self.strategies.imbalance_min, 0.0, 1.0),
            range("strategies.funding_contrarian_percent_8h", self.strategies.funding_contrarian_percent_8h, 0.0, 10.0),
        ]
    }

    #[rustfmt::skip]
    fn watch_ranges(&self) -> Vec<Range> {
        vec![
            whole("window.evaluate_from_s", self.window.evaluate_from_s, 1, 86_400),
            whole("window.evaluate_to_s", self.window.evaluate_to_s, 1, 86_400),
            whole("window.after_open_min_s", self.window.after_open_min_s, 0, 900),
            whole("window.bracket_radius", self.window.bracket_radius, 0, 3),
            whole("window.watch_before_close_s", self.window.watch_before_close_s, 60, 86_400),
            whole("window.brier_evaluations", self.window.brier_evaluations, 1, 4096),
            whole("window.brier_evaluations_min", self.window.brier_evaluations_min, 1, self.window.brier_evaluations),
            whole("freshness.book_age_ms_max", self.freshness.book_age_ms_max, 1, 600_000),
            whole("freshness.index_age_ms_max", self.freshness.index_age_ms_max, 1, 600_000),
            whole("freshness.source_age_ms_max", self.freshness.source_age_ms_max, 1, 600_000),
            whole("freshness.reconcile_age_ms_max", self.freshness.reconcile_age_ms_max, 1, 86_400_000),
            whole("freshness.clock_skew_ms_max", self.freshness.clock_skew_ms_max, 1, 60_000),
            whole("freshness.opinion_age_ms_max", self.freshness.opinion_age_ms_max, 1, 60_000),
            whole("polls.binance_s", self.polls.binance_s, 1, 3600),
            whole("polls.kalshi_s", self.polls.kalshi_s, 1, 3600),
            whole("polls.settlement_s", self.polls.settlement_s, 1, 3600),
            whole("polls.reconcile_s", self.polls.reconcile_s, 1, 3600),
            whole("capacity.markets", self.capacity.markets, 8, 8192),
            whole("capacity.events", self.capacity.events, 8, 8192),
            whole("capacity.orders", self.capacity.orders, 16, 65_536),
            whole("capacity.listed_markets", self.capacity.listed_markets, 256, 65_536),
            whole("capacity.frame_bytes_max", self.capacity.frame_bytes_max, 4096, 67_108_864),
            whole("journal.segment_mib", self.journal.segment_mib, 1, 1024),
            whole("journal.sync_ms", self.journal.sync_ms, 1, 60_000),
            whole("journal.lag_lines_max", self.journal.lag_lines_max, 1, 1_000_000),
        ]
    }

    #[rustfmt::skip]
    fn money_ranges(&self) -> Vec<Range> {
        vec![
            range("limits.position_max_usd", self.limits.position_max_usd, 0.01, ceiling::POSITION_USD),
            range("limits.close_exposure_max_usd", self.limits.close_exposure_max_usd, 0.01, ceiling::EXPOSURE_USD),
            range("limits.exposure_max_usd", self.limits.exposure_max_usd, 0.01, ceiling::EXPOSURE_USD),
            range("limits.daily_loss_max_usd", self.limits.daily_loss_max_usd, 0.01, ceiling::DAILY_LOSS_USD),
            whole("limits.day_starts_utc_s", self.limits.day_starts_utc_s, 0, 86_399),
            range("limits.collar_cents", self.limits.collar_cents, 0.1, 100.0),
            whole("limits.order_contracts_max", self.limits.order_contracts_max, 1, 100_000),
            range("limits.order_usd_max", self.limits.order_usd_max, 0.01, ceiling::POSITION_USD),
            whole("orders.orders_per_s_max", self.orders.orders_per_s_max, 1, 64),
            whole("orders.orders_per_min_max", self.orders.orders_per_min_max, 1, 512),
            whole("orders.orders_per_window_max", self.orders.orders_per_window_max, 1, 512),
            whole("orders.orders_live_max", self.orders.orders_live_max, 1, u64::from(trader_exec::LIVE_MAX)),
            whole("orders.orders_identical_max", self.orders.orders_identical_max, 1, 128),
            whole("orders.trades_per_ticker_hour_max", self.orders.trades_per_ticker_hour_max, 1, 1000),
            whole("orders.trades_per_ticker_day_max", self.orders.trades_per_ticker_day_max, 1, 1000),
            whole("orders.retries_max", self.orders.retries_max, 0, 2),
            whole("orders.near_close_min_s", self.orders.near_close_min_s, 1, 86_400),
            whole("orders.cancel_before_close_s", self.orders.cancel_before_close_s, 1, 86_400),
            range("orders.count_step_contracts", self.orders.count_step_contracts, 0.01, 100.0),
            range("orders.maker_pull_bps", self.orders.maker_pull_bps, 0.1, 100.0),
            whole("orders.maker_stop_before_close_s", self.orders.maker_stop_before_close_s, 1, 900),
            whole("account.arming_windows_min", self.account.arming_windows_min, 1, 100_000),
        ]
    }

    #[rustfmt::skip]
    fn sim_ranges(&self) -> Vec<Range> {
        vec![
            range("sim.start_price_usd", self.sim.start_price_usd, 1.0, 1e7),
            range("sim.account_usd", self.sim.account_usd, 0.0, 1e6),
            whole("sim.shard", self.sim.shard, 0, 7),
            whole("sim.windows", self.sim.windows, 1, 35_040),
            whole("sim.speed", self.sim.speed, 1, 3600),
            whole("sim.spot_ticks_per_s", self.sim.spot_ticks_per_s, 1, 50),
            whole("sim.entry_latency_ms", self.sim.entry_latency_ms, 0, 60_000),
            whole("sim.reply_latency_ms", self.sim.reply_latency_ms, 0, 60_000),
            whole("sim.stream_latency_ms", self.sim.stream_latency_ms, 0, 60_000),
            range("sim.easy.noise", self.sim.easy.noise, 0.0, 2.0),
            range("sim.normal.noise", self.sim.normal.noise, 0.0, 2.0),
            range("sim.hard.noise", self.sim.hard.noise, 0.0, 2.0),
            range("sim.maker.noise_rho", self.sim.maker.noise_rho, 0.0, 1.0),
            whole("sim.maker.price_lag_ms", self.sim.maker.price_lag_ms, 0, 600_000),
            range("sim.maker.half_spread_cents", self.sim.maker.half_spread_cents, 0.1, 50.0),
            range("sim.maker.tail_half_spread_cents", self.sim.maker.tail_half_spread_cents, 0.1, 50.0),
            range("sim.maker.last_minute_half_spread_cents", self.sim.maker.last_minute_half_spread_cents, 0.1, 50.0),
            whole("sim.maker.depth_median_contracts", self.sim.maker.depth_median_contracts, 1, 1_000_000),
            range("sim.maker.depth_sigma", self.sim.maker.depth_sigma, 0.0, 5.0),
            whole("sim.maker.depth_min_contracts", self.sim.maker.depth_min_contracts, 1, 1_000_000),
            whole("sim.maker.depth_max_contracts", self.sim.maker.depth_max_contracts, 1, 1_000_000),
            whole("sim.maker.requote_ms", self.sim.maker.requote_ms, 100, 60_000),
        ]
    }
}

fn range(key: &'static str, value: f64, from: f64, to: f64) -> Range {
    Range { key, value, from, to }
}

pub(super) fn whole(key: &'static str, value: u64, from: u64, to: u64) -> Range {
    range(key, value as f64, from as f64, to as f64)
}

fn known_word(key: &'static str, word: &str, known: &[&str]) -> Option<(&'static str, String)> {
    (!known.contains(&word)).then(|| (key, format!("`{word}` is not one of: {}", known.join(", "))))
}
