//! `exchange`: serve the mock exchange alone. One JSON line says how to come in; then it serves until
//! it is told to end.

use super::config::layers;
use super::run::{MarketArg, SEED_MAX};
use super::{Failure, SettingArgs, output};
use crate::clock::MarketClock;
use crate::control::signals::EXIT_INTERRUPTED;
use crate::exchange::MockExchange;
use crate::exchange::path::date;
use crate::exchange::server::{RunningServer, Server, ServerError, ServerSettings, write_ledger_of};
use crate::exchange::setup::{Day, DayRequest, WINDOWS_MAX};
use crate::line::sim::Label;
use crate::thread::rest;
use clap::{Args, ValueEnum};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use trader_journal::units::Nanos;

/// Between two looks at the signals.
const LOOK: Duration = Duration::from_millis(20);
const SPEED_MAX: i64 = 100_000;

#[derive(Debug, Args)]
pub(super) struct ExchangeArgs {
    /// How hard the simulated makers are.
    #[arg(long, value_enum)]
    market: Option<MarketArg>,
    /// Seed of everything drawn: the same seed gives the same market.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: Option<u64>,
    /// Market time runs so many times as fast as the wall's.
    #[arg(long, value_name = "X", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=SPEED_MAX))]
    speed: u32,
    /// Quarter hours that are traded; after the last one the index stands still.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=WINDOWS_MAX))]
    windows: Option<u64>,
    /// Recorded Binance one-minute candles (dump CSV, optionally .gz); two days warm up, the rest is traded.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    candles: Vec<PathBuf>,
    /// What goes wrong, as in `run --fault`; times from the market's start.
    #[arg(long, value_name = "FAULTS")]
    fault: Option<String>,
    /// Where the venue's own record goes, at the end and on SIGUSR1; `ledger.jsonl` in the folder if not given.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Where certificate and keys go; a fresh temporary folder if not given.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Port of Kalshi REST on 127.0.0.1; any that is free if not given.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    rest_port: u16,
    /// Port of the Kalshi stream.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    ws_port: u16,
    /// Port of Binance REST.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    binance_rest_port: u16,
    /// Port of the Binance stream.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    binance_ws_port: u16,
}

pub(super) fn run(arguments: &ExchangeArgs, settings: &SettingArgs) -> Result<(), Failure> {
    let signals = Signals::listen().map_err(ServerError::from)?;
    let config = layers(&with_flags(arguments, settings))?.finish()?;
    let request =
        DayRequest { candles: arguments.candles.clone(), windows: arguments.windows, ..DayRequest::default() };
    let day = Day::prepare(&config, &request)?;
    let sim = &config.sim;
    let label = Label { difficulty: sim.market.word(), noise: sim.noise(), seed: sim.seed };
    output::say(label);
    output::say(&day.source);
    output::say(format_args!("trading: {} to {} UTC", date(day.start), date(day.last_close)));
    let (starts_at, ends_at) = (day.starts_at(), day.candles_end());
    let exchange = MockExchange::new(day.exchange_settings(&config), day.path).map_err(miette::Report::from_err)?;
    let serving = ServerSettings {
        directory: arguments.dir.clone(),
        ports: [arguments.rest_port, arguments.ws_port, arguments.binance_rest_port, arguments.binance_ws_port],
        // Clients follow the clock from what they were told of it.
        others_follow: true,
        ..ServerSettings::of(&config)
    };
    let server = Server::start(exchange, serving, MarketClock::scaled(starts_at, arguments.speed))?;
    let ledger = ledger_path(arguments, &server);
    // A record that cannot be written is found now, and one of an earlier start is not taken for this one's.
    server.write_ledger(&ledger)?;
    let line = server.description().line()?;
    output::print(|out| Ok(writeln!(out, "{line}")?))?;
    watch(&server, &signals, &ledger, (ends_at, &label))?;
    let exchange = server.stop()?;
    write_ledger_of(&exchange, &ledger)?;
    output::say(format_args!("{label}: the venue's record is in {}", ledger.display()));
    Ok(())
}

/// Waits for the end, writing the ledger when asked.
fn watch(
    server: &RunningServer,
    signals: &Signals,
    ledger: &Path,
    (ends_at, label): (Nanos, &Label),
) -> Result<(), ServerError> {
    let mut has_ended = false;
    while !signals.is_to_end() {
        if !server.is_running() {
            return Err(ServerError::Gone);
        }
        if signals.wants_ledger()
            && let Err(error) = server.write_ledger(ledger)
        {
            output::say(error);
        }
        if !has_ended && server.clock().now() >= ends_at {
            has_ended = true;
            output::say(format_args!("{label}: the market has ended, {} UTC; the index stands still", date(ends_at)));
        }
        rest(LOOK);
    }
    Ok(())
}

fn ledger_path(arguments: &ExchangeArgs, server: &RunningServer) -> PathBuf {
    let beside = || server.description().ca_path.with_file_name("ledger.jsonl");
    arguments.ledger.clone().unwrap_or_else(beside)
}

/// The flags as settings.
fn with_flags(arguments: &ExchangeArgs, settings: &SettingArgs) -> SettingArgs {
    let mut settings = settings.clone();
    let mut lay = |key: &str, value: String| settings.set.push(format!("{key}={value}"));
    if let Some(seed) = arguments.seed {
        lay("sim.seed", seed.to_string());
    }
    if let Some(faults) = &arguments.fault {
        lay("sim.faults", faults.clone());
    }
    if let Some(market) = arguments.market.and_then(|market| market.to_possible_value()) {
        lay("sim.market", market.get_name().to_owned());
    }
    settings
}

/// What the system tells this process.
struct Signals {
    end: Arc<AtomicBool>,
    ledger: Arc<AtomicBool>,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        let signals = Signals { end: Arc::default(), ledger: Arc::default() };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag down, the second one up.
            flag::register_conditional_shutdown(signal, EXIT_INTERRUPTED, Arc::clone(&signals.end))?;
            flag::register(signal, Arc::clone(&signals.end))?;
        }
        #[cfg(unix)]
        flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&signals.ledger))?;
        Ok(signals)
    }

    fn is_to_end(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    fn wants_ledger(&self) -> bool {
        self.ledger.swap(false, Ordering::Relaxed)
    }
}
