//! What a server is told beside the exchange it serves.

use crate::config::{Config, Difficulty, Fault, RateRefusal, Tier};
use std::path::PathBuf;
use trader_journal::units::Nanos;

/// Where a server listens and how it behaves.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where certificate and keys go; `None`: a fresh folder among the system's temporary ones.
    pub directory: Option<PathBuf>,
    /// Ports of the loopback address: Kalshi REST, Kalshi stream, Binance REST, Binance stream. 0: any that is free.
    pub ports: [u16; 4],
    /// Decides the key ids, and is told.
    pub seed: u64,
    /// How hard the makers are to beat, as it is told.
    pub difficulty: Difficulty,
    /// Their noise, as it is told.
    pub noise: f64,
    /// A signature's timestamp may be so far from the wall's.
    pub clock_window_ns: u64,
    /// Which rates a key has.
    pub tier: Tier,
    /// Requests a second of market time from those who do not sign.
    pub unsigned_per_s: u64,
    /// What a refusal for too many requests looks like.
    pub rate_refusal: RateRefusal,
    /// Market time may jump by so much, ns; beyond it the clock is held back.
    pub late_ns_max: u64,
    /// Others go by the wall and by what they were told of the clock: then it is held back only by what our own
    /// work makes late, and that is made up for.
    pub others_follow: bool,
    /// Bytes that may wait for a reader of a stream.
    pub backlog_bytes_max: usize,
    /// Wall time without a request after which a REST connection is closed, and within which a request must be whole.
    pub idle_ns_max: u64,
    /// Wall time between two pings of the Kalshi stream; the Binance stream's are twice as far apart.
    pub ping_ns: u64,
    /// Wall time without a pong after which a stream is closed.
    pub pong_ns_max: u64,
    /// Connections at once.
    pub connections_max: usize,
    /// What goes wrong on the wire, by market time since the clock's start.
    pub faults: Vec<Fault>,
}

impl ServerSettings {
    /// The settings of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> ServerSettings {
        let exchange = &config.exchange;
        ServerSettings {
            directory: None,
            ports: [0; 4],
            seed: config.sim.seed,
            difficulty: config.sim.market,
            noise: config.sim.noise(),
            clock_window_ns: exchange.clock_window_s * Nanos::SECOND,
            tier: exchange.tier,
            unsigned_per_s: exchange.unsigned_per_s_max,
            rate_refusal: exchange.rate_refusal,
            late_ns_max: exchange.late_ms_max * Nanos::MILLI,
            others_follow: false,
            backlog_bytes_max: exchange.backlog_kib_max as usize * 1024,
            idle_ns_max: exchange.idle_s_max * Nanos::SECOND,
            ping_ns: exchange.ping_s * Nanos::SECOND,
            pong_ns_max: exchange.pong_s_max * Nanos::SECOND,
            connections_max: exchange.connections_max as usize,
            // The configuration was checked.
            faults: crate::config::parse_faults(&config.sim.faults).unwrap_or_default(),
        }
    }
}
