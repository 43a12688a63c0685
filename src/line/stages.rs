//! The stages as a configuration makes them, and the route of pricing's words.

use super::agent::StageAgent;
use super::feed::{FeedCost, answer_bytes_max};
use super::pen::room_cost_bytes;
use super::scribe::PenSizes;
use super::standing::StandingLimits;
use crate::config::{Config, DailyLossRule as Rule, Mode as SeriesWord, cents, contracts, dollars};
use crate::scout::SYMBOL;
use trader_exec::{DailyLossRule, Exec, Reconciliation};
use trader_feeds::binance::Stream;
use trader_feeds::{binance, kalshi};
use trader_journal::event::{Event, Feed, Interval, SeriesMode, TimeInForce};
use trader_journal::units::Nanos;
use trader_pricing::Pricing;
use trader_pricing::kelly::KellyRule;
use trader_pricing::model;
use trader_pricing::probability::{Average, Distribution, StudentT, Tail};
use trader_pricing::volatility::{Coefficients, LogLinear};

/// Seconds the settlement averages over.
const AVERAGE_SECONDS: f64 = 60.0;

/// Everything of a line that a configuration decides.
pub struct Stages {
    /// The Kalshi session.
    pub kalshi: kalshi::Session,
    /// The spot session.
    pub binance: binance::Session,
    /// The opinion.
    pub pricing: Pricing,
    /// The orders.
    pub exec: Exec,
    /// The volatility model, as pricing hears it.
    pub model: Vec<Event>,
    /// The exchange shard that is traded on.
    pub shard: u8,
    /// The longest frame or answer that is read, bytes.
    pub frame_bytes_max: usize,
    /// Beyond these exec opens nothing.
    pub(super) limits: StandingLimits,
}

impl Stages {
    /// The stages of a configuration; the model is told at `ts`.
    #[must_use]
    pub fn of(config: &Config, ts: Nanos) -> Stages {
        Stages {
            kalshi: kalshi::Session::new(kalshi_settings(config)),
            binance: binance::Session::new(binance_settings(config)),
            pricing: Pricing::new(pricing_settings(config)),
            exec: Exec::new(exec_settings(config)),
            model: model_events(config, ts),
            shard: config.sim.shard as u8,
            frame_bytes_max: config.capacity.frame_bytes_max as usize,
            limits: StandingLimits {
                lag_lines_max: config.journal.lag_lines_max,
                skew_ns_max: millis(config.freshness.clock_skew_ms_max),
            },
        }
    }

    /// How much each agent's ring to the journal must hold: twice the worst case of one input, so that an
    /// input never waits for an empty ring.
    #[must_use]
    pub fn pen_sizes(&self) -> PenSizes {
        let step = |lines| 2 * room_cost_bytes(0, lines);
        PenSizes {
            shell: SHELL_RING_BYTES,
            kalshi: FeedCost::of(&self.kalshi).ring_bytes(answer_bytes_max(self.frame_bytes_max)),
            binance: FeedCost::of(&self.binance).ring_bytes(answer_bytes_max(self.frame_bytes_max)),
            pricing: step(StageAgent::<Pricing>::LINES_MAX).max(STAGE_RING_BYTES_MIN),
            exec: step(StageAgent::<Exec>::LINES_MAX).max(STAGE_RING_BYTES_MIN),
        }
    }
}

/// Requests and replies, of 64 KiB at most, and the configuration of the run.
const SHELL_RING_BYTES: usize = 1 << 20;
/// Some hundreds of events: a stage does not wait for the journal in a burst.
const STAGE_RING_BYTES_MIN: usize = 1 << 16;

/// What of pricing's words exec hears.
pub(super) const fn is_for_exec(event: &Event) -> bool {
    matches!(event, Event::OpinionBasis { .. } | Event::Opinion { .. })
}

/// What of exec's words leaves the program.
pub(super) const fn is_command(event: &Event) -> bool {
    matches!(event, Event::OrderIntent { .. } | Event::CancelIntent { .. })
}

fn kalshi_settings(config: &Config) -> kalshi::Settings {
    let series = config.series.iter().map(|series| kalshi::SeriesSettings {
        ticker: series.ticker.clone(),
        mode: match series.mode {
            SeriesWord::Ignored => SeriesMode::Ignored,
            SeriesWord::Digital => SeriesMode::Digital,
            SeriesWord::Bracket => SeriesMode::Bracket,
            SeriesWord::Threshold => SeriesMode::Threshold,
        },
    });
    kalshi::Settings {
        shard: config.sim.shard as u8,
        bracket_radius: config.window.bracket_radius as u32,
        watch_before_close_s: config.window.watch_before_close_s as u32,
        watched_max: config.capacity.markets as u32,
        markets_max: config.capacity.listed_markets as u32,
        frame_bytes_max: config.capacity.frame_bytes_max as u32,
        ..kalshi::Settings::for_series(series.collect())
    }
}

/// What pricing hears of spot: trades, and the closed minutes of the volatility model.
fn binance_settings(config: &Config) -> binance::Settings {
    binance::Settings {
        feed: Feed::BinanceSpot,
        streams: vec![Stream::Trade, Stream::Kline(Interval::Minute)],
        frame_bytes_max: config.capacity.frame_bytes_max as u32,
        ..binance::Settings::spot(SYMBOL)
    }
}

fn pricing_settings(config: &Config) -> trader_pricing::Settings {
    let Config { edge, window, freshness, volatility, .. } = config;
    trader_pricing::Settings {
        edge_gross_min: cents(edge.edge_gross_min_cents),
        edge_net_min: cents(edge.edge_net_min_cents),
        kelly: KellyRule {
            edge_min: edge.edge_net_min_cents / 100.0,
            edge_full: edge.full_kelly_edge_cents / 100.0,
            ramp_floor: edge.kelly_ramp_floor,
            multiplier: edge.kelly_multiplier,
            fraction_max: edge.kelly_fraction_max,
        },
        disagreement_max: cents(edge.disagreement_max_cents),
        near_strike_min: edge.near_strike_min_bp * 1e-4,
        limit_beyond_touch: (edge.limit_beyond_touch_cents * 100.0).round() as u16,
        depth_share_ppm: (edge.depth_share_max * 1e6).round() as u32,
        distribution: distribution(config),
        average: average(config),
        warmup_minutes: volatility.warmup_minutes as u32,
        missing_minutes_max: volatility.missing_max as u32,
        evaluate_from_ns: seconds(window.evaluate_from_s),
        evaluate_to_ns: seconds(window.evaluate_to_s),
        after_open_min_ns: seconds(window.after_open_min_s),
        bracket_radius: window.bracket_radius as usize,
        score_evaluations: window.brier_evaluations as usize,
        score_evaluations_min: window.brier_evaluations_min as usize,
        book_age_ns_max: millis(freshness.book_age_ms_max),
        index_age_ns_max: millis(freshness.index_age_ms_max),
        source_age_ns_max: millis(freshness.source_age_ms_max),
        fee_precision: config.account.precision(),
        markets: config.capacity.markets as usize,
        events: config.capacity.events as usize,
        ..trader_pricing::Settings::default()
    }
}

fn exec_settings(config: &Config) -> trader_exec::Settings {
    let Config { limits, orders, freshness, .. } = config;
    trader_exec::Settings {
        bankroll: dollars(config.bankroll.bankroll_usd),
        position_max: dollars(limits.position_max_usd),
        close_exposure_max: dollars(limits.close_exposure_max_usd),
        exposure_max: dollars(limits.exposure_max_usd),
        daily_loss_max: dollars(limits.daily_loss_max_usd),
        daily_loss_rule: match limits.daily_loss_rule {
            Rule::Cap => DailyLossRule::Cap,
            // Only the simulation is here: what `auto` means in live comes with live.
            Rule::Stop | Rule::Auto => DailyLossRule::Stop,
        },
        day_starts_ns: seconds(limits.day_starts_utc_s),
        collar: cents(limits.collar_cents),
        order_count_max: contracts(limits.order_contracts_max as f64),
        order_cost_max: dollars(limits.order_usd_max),
        order_count_min: contracts(orders.count_step_contracts),
        count_step: contracts(orders.count_step_contracts),
        near_close_ns_min: seconds(orders.near_close_min_s),
        opinion_age_ns_max: millis(freshness.opinion_age_ms_max),
        book_age_ns_max: millis(freshness.book_age_ms_max),
        index_age_ns_max: millis(freshness.index_age_ms_max),
        source_age_ns_max: millis(freshness.source_age_ms_max),
        orders_per_second_max: orders.orders_per_s_max as u32,
        orders_per_minute_max: orders.orders_per_min_max as u32,
        orders_per_window_max: orders.orders_per_window_max as u32,
        orders_live_max: orders.orders_live_max as u32,
        orders_identical_max: orders.orders_identical_max as u32,
        trades_per_hour_max: orders.trades_per_ticker_hour_max as u32,
        trades_per_day_max: orders.trades_per_ticker_day_max as u32,
        time_in_force: time_in_force(&orders.time_in_force),
        cancel_before_close_ns: seconds(orders.cancel_before_close_s),
        fee_precision: config.account.precision(),
        reconcile: Some(reconciliation(config)),
        journal_lag_lines_max: config.journal.lag_lines_max,
        clock_skew_ns_max: millis(freshness.clock_skew_ms_max),
        shard: config.sim.shard as u8,
        markets: config.capacity.markets as usize,
        events: config.capacity.events as usize,
        orders: config.capacity.orders as usize,
        ..trader_exec::Settings::default()
    }
}

/// The account is read at the polls of the configuration; what proves an absence is not for a file to say.
fn reconciliation(config: &Config) -> Reconciliation {
    Reconciliation {
        every_ns: seconds(config.polls.reconcile_s),
        age_ns_max: millis(config.freshness.reconcile_age_ms_max),
        skew_ns_max: millis(config.freshness.clock_skew_ms_max),
        ..Reconciliation::default()
    }
}

/// The model of the configured coefficients, as pricing hears it.
fn model_events(config: &Config, ts: Nanos) -> Vec<Event> {
    let chosen = &config.volatility;
    if chosen.model == "ranges" {
        let slopes = [chosen.ranges_b3, chosen.ranges_b10, chosen.ranges_b60, chosen.ranges_b720];
        let coefficients = LogLinear { intercept: chosen.ranges_b0, slopes };
        return model::events(&model::encode_ranges(&coefficients), ts).collect();
    }
    let coefficients = Coefficients { b0: chosen.b0, b10: chosen.b10, b60: chosen.b60, b720: chosen.b720 };
    model::events(&model::encode(&coefficients), ts).collect()
}

/// The configuration was checked: a word or number no distribution has falls back to the default one.
fn distribution(config: &Config) -> Distribution {
    let chosen = &config.probability;
    let tail = Tail::new(chosen.tail_s0, chosen.tail_kappa, chosen.tail_z0).unwrap_or(Tail::DEFAULT);
    match chosen.distribution.as_str() {
        "normal" => Distribution::Normal,
        "student_t" => StudentT::new(chosen.student_nu).map_or(Distribution::Normal, Distribution::StudentT),
        _ => Distribution::TailAdjusted(tail),
    }
}

fn average(config: &Config) -> Average {
    match config.probability.average.as_str() {
        "continuous" => Average::Continuous { seconds: AVERAGE_SECONDS },
        _ => Average::Prints,
    }
}

fn time_in_force(word: &str) -> TimeInForce {
    TimeInForce::ALL.iter().copied().find(|known| known.word() == word).unwrap_or(TimeInForce::ImmediateOrCancel)
}

const fn seconds(seconds: u64) -> u64 {
    seconds * Nanos::SECOND
}

const fn millis(millis: u64) -> u64 {
    millis * Nanos::MILLI
}
