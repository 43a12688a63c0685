//! What a mock exchange is made with.

use crate::config::Fault;
use crate::config::{Config, MakerSettings, dollars};
use trader_journal::fee::Precision;
use trader_journal::units::{Money, Nanos};

/// Everything that decides what a mock exchange says, beside its market path and what it is asked.
#[derive(Clone, Debug)]
pub struct ExchangeSettings {
    /// Decides the makers' errors and depths, and the venue's jitter.
    pub seed: u64,
    /// Where market time begins: a whole second, at least a minute after the path's first candle.
    pub start: Nanos,
    /// No event that closes later is listed.
    pub last_close: Nanos,
    /// Series listed; those that the calendar does not know are not.
    pub series: Vec<String>,
    /// The exchange shard of the markets and of the money.
    pub shard: u8,
    /// The account's cash at the start.
    pub cash: Money,
    /// What balances are kept to.
    pub fee_precision: Precision,
    /// From a request's sending to the matching engine.
    pub entry_latency_ns: u64,
    /// From the engine to the reply's arrival.
    pub reply_latency_ns: u64,
    /// From the engine, or the market, to a stream frame's arrival.
    pub stream_latency_ns: u64,
    /// Standard deviation of the makers' error of ln σ.
    pub noise: f64,
    /// How the makers quote.
    pub maker: MakerSettings,
    /// What goes wrong, by market time since `start`.
    pub faults: Vec<Fault>,
}

impl ExchangeSettings {
    /// The settings of a configuration, for a session whose market time begins at `start` and whose
    /// last event closes at `last_close`.
    #[must_use]
    pub fn new(config: &Config, start: Nanos, last_close: Nanos) -> ExchangeSettings {
        let sim = &config.sim;
        let millis = |ms: u64| ms.saturating_mul(Nanos::MILLI);
        ExchangeSettings {
            seed: sim.seed,
            start,
            last_close,
            series: config.series.iter().map(|series| series.ticker.clone()).collect(),
            shard: sim.shard as u8,
            cash: dollars(sim.account_usd),
            fee_precision: config.account.precision(),
            entry_latency_ns: millis(sim.entry_latency_ms),
            reply_latency_ns: millis(sim.reply_latency_ms),
            stream_latency_ns: millis(sim.stream_latency_ms),
            noise: sim.noise(),
            maker: sim.maker.clone(),
            // The configuration was checked.
            faults: crate::config::parse_faults(&sim.faults).unwrap_or_default(),
        }
    }
}
