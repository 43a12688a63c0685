//! `run`: trade. In this version in the simulation, over sockets or in virtual time.

use super::config::{layers, set_in_vain};
use super::watch::{Ending, Watch};
use super::{Cli, Failure, SettingArgs, Verb, output};
use crate::clock::{Stopwatch, wall};
use crate::config::{Layers, needs_sockets};
use crate::exchange::server::Description;
use crate::exchange::setup::WINDOWS_MAX;
use crate::line::sim::{RunReport, SimError, SimRequest, SimRun};
use crate::line::wired::WiredRun;
use clap::{Args, Parser as _, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use miette::miette;
use std::io;
use std::path::{Path, PathBuf};
use trader_journal::units::Nanos;

/// What to trade against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RunMode {
    /// The mock exchange: no key, no network.
    Sim,
    /// Real feeds, no real orders.
    Paper,
    /// Real money.
    Live,
}

/// How hard the simulated market makers are to beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MarketArg {
    /// Makers with much noise in their volatility.
    Easy,
    /// Makers slightly worse than the model.
    Normal,
    /// Makers about as good as the model.
    Hard,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// What to trade against; this version has `sim`.
    #[arg(long, value_enum, default_value = "sim")]
    mode: RunMode,
    /// One thread, virtual time and no sockets: the same seed gives the same bytes.
    #[arg(long)]
    lockstep: bool,
    /// Recorded Binance one-minute candles (dump CSV, optionally .gz); two days warm up, the rest is traded.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    candles: Vec<PathBuf>,
    /// First day to trade, UTC (YYYY-MM-DD); the two days before it warm up.
    #[arg(long, value_name = "DATE", requires = "candles")]
    from: Option<Date>,
    /// Last day to trade, UTC (YYYY-MM-DD).
    #[arg(long, value_name = "DATE", requires = "candles")]
    to: Option<Date>,
    /// Quarter hours to trade; if not given `sim.windows`, which in lockstep is a day or all there are, and over sockets 8 unless it is set.
    #[arg(long, value_name = "N", conflicts_with = "day", value_parser = clap::value_parser!(u64).range(1..=WINDOWS_MAX))]
    windows: Option<u64>,
    /// One day: 96 quarter hours.
    #[arg(long)]
    day: bool,
    /// Seed of everything drawn: the same seed gives the same run.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: Option<u64>,
    /// How hard the simulated makers are.
    #[arg(long, value_enum)]
    market: Option<MarketArg>,
    /// What goes wrong at the exchange: `cut@30m=10s` (stream gone), `gap@40m` (a book delta lost),
    /// `502x2` (replies to orders lost), `skew@5m=10m` (its clock 5 s ahead), and over sockets `close@5m`, `refuse@5m=10s`, `freeze@5m=10s`, `garbage@5m`,
    /// `unheard@5m`, `unanswered@5m`; separated by commas; times from the session's start.
    #[arg(long, value_name = "FAULTS")]
    fault: Option<String>,
    /// The line that `kalshi-trader exchange` printed: trade against that exchange, not against one in this process.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["candles", "day"])]
    exchange: Option<PathBuf>,
    /// Market time runs so many times as fast as the wall's.
    #[arg(long, value_name = "X", conflicts_with = "lockstep", value_parser = clap::value_parser!(u64).range(1..=SPEED_MAX))]
    speed: Option<u64>,
    /// Tell the story in lines; there is no dashboard yet, so this changes nothing.
    #[arg(long)]
    no_dashboard: bool,
    /// Where the journal and the ledger go; a fresh folder under `journal.directory` if not given.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print one JSON object when done.
    #[arg(long)]
    json: bool,
}

/// The largest whole number a configuration can hold.
pub(super) const SEED_MAX: u64 = i64::MAX as u64;
/// Quarter hours of a day.
const DAY_WINDOWS: u64 = 96;
/// The fastest market time.
const SPEED_MAX: u64 = 3600;
/// Quarter hours of a run over sockets that names no number: two to three minutes at the shipped speed.
const SHORT_WINDOWS: u64 = 8;
/// A run shorter than this shows no progress.
const QUIET_MS: u64 = 1000;

pub(super) fn run(arguments: &RunArgs, settings: &SettingArgs) -> Result<(), Failure> {
    if arguments.mode != RunMode::Sim {
        return Err(miette!(
            help = "this version has `--mode sim`",
            "paper and live come with the venues' connections"
        )
        .into());
    }
    if arguments.lockstep && arguments.exchange.is_some() {
        return Err(miette!(help = "leave out one of the two", "in lockstep the exchange is in this process").into());
    }
    if let Some(file) = &arguments.exchange {
        check_exchange(file, arguments)?;
    }
    let mut layers = layers(&with_flags(arguments, settings))?;
    if arguments.lockstep
        && let Some(fault) = needs_sockets(&layers.finish()?.sim.faults)
    {
        return Err(miette!(
            help = "leave out --lockstep, or the fault",
            "`{fault}` happens to sockets, and in lockstep there are none"
        )
        .into());
    }
    let data_dir = match &arguments.data_dir {
        Some(dir) => dir.clone(),
        None => fresh_dir(Path::new(&layers.finish()?.journal.directory)),
    };
    let made_for_it = arguments.data_dir.is_none().then(|| data_dir.clone());
    if let Some(file) = &arguments.exchange {
        set_in_vain(&layers, Some(file))?.iter().for_each(output::say);
        let windows = asked_windows(arguments, &layers)?.unwrap_or(SHORT_WINDOWS);
        let run = WiredRun::attached(&layers, file, windows, &data_dir);
        return over_sockets(or_leave_no_folder(run, made_for_it)?, &data_dir, arguments);
    }
    let request = SimRequest {
        candles: arguments.candles.clone(),
        from: arguments.from,
        to: arguments.to,
        windows: asked_windows(arguments, &layers)?,
        data_dir: data_dir.clone(),
    };
    let run = or_leave_no_folder(SimRun::prepare(&mut layers, &request), made_for_it)?;
    output::say(run.label());
    output::say(run.source());
    output::say(run.span());
    set_in_vain(&layers, None)?.iter().for_each(output::say);
    if !arguments.lockstep {
        return over_sockets(WiredRun::embedded(run).map_err(miette::Report::from)?, &data_dir, arguments);
    }
    let stopwatch = Stopwatch::start();
    let bar = Progress::new(run.starts_at(), run.ends_at());
    let report = run.trade(|now| bar.reached(now, &stopwatch)).map_err(miette::Report::from)?;
    bar.done();
    print(&report.with_wall_ms(stopwatch.millis()), arguments)
}

/// What the exchange of another process decides cannot be asked of the line.
fn check_exchange(file: &Path, arguments: &RunArgs) -> Result<(), Failure> {
    let RunArgs { seed, market, fault, speed, .. } = arguments;
    let market = market.and_then(|market| market.to_possible_value());
    let flags = [
        ("--seed", seed.map(|seed| seed.to_string())),
        ("--market", market.map(|market| market.get_name().to_owned())),
        ("--fault", fault.clone()),
        ("--speed", speed.map(|speed| speed.to_string())),
    ];
    let asked = flags.into_iter().find_map(|(flag, value)| Some((flag, value?)));
    if let Some((flag, value)) = asked {
        let help = format!("give it to the exchange, `kalshi-trader exchange {flag} {value}`, or leave it out here");
        let file = file.display();
        return Err(
            miette!(help = help, "`{flag}` is for the exchange to decide, and that of {file} runs already").into()
        );
    }
    // Before a folder is made for the run.
    Description::read(file).map_err(|error| miette!("{error}"))?;
    Ok(())
}

/// A folder that was made for a run which is none goes away again.
fn or_leave_no_folder<T>(run: Result<T, SimError>, made_for_it: Option<PathBuf>) -> Result<T, Failure> {
    if let (Err(_), Some(dir)) = (&run, made_for_it) {
        // What somebody put there stays.
        let _ = std::fs::remove_dir(dir);
    }
    Ok(run.map_err(miette::Report::from)?)
}

fn print(report: &RunReport, arguments: &RunArgs) -> Result<(), Failure> {
    output::print(|out| {
        if arguments.json {
            writeln!(out, "{}", report.json())?;
        } else {
            write!(out, "{report}")?;
        }
        Ok(())
    })
}

/// Watches a session over sockets to its end, or until somebody asks for it.
fn over_sockets(mut run: WiredRun, data_dir: &Path, arguments: &RunArgs) -> Result<(), Failure> {
    if arguments.exchange.is_some() {
        output::say(run.label());
        output::say(run.source());
        output::say(run.span());
    }
    let stopwatch = Stopwatch::start();
    let watch = Watch::start(&mut run, data_dir, arguments.json)?;
    if watch.wait(&mut run)? == Ending::Asked {
        output::say("asked to end: everything is taken back, once more ends it at once");
        watch.take_back();
    }
    let report = run.finish();
    watch.end();
    let report = report.map_err(|error| match error {
        SimError::Stopped { .. } => Failure::NotRight(error.to_string()),
        error => Failure::Input(error.into()),
    })?;
    print(&report.with_wall_ms(stopwatch.millis()), arguments)
}

/// The flags as settings, so that the journal records the whole configuration of the run.
fn with_flags(arguments: &RunArgs, settings: &SettingArgs) -> SettingArgs {
    let mut settings = settings.clone();
    let mut lay = |key: &str, value: String| settings.set.push(format!("{key}={value}"));
    if let Some(seed) = arguments.seed {
        lay("sim.seed", seed.to_string());
    }
    if let Some(speed) = arguments.speed {
        lay("sim.speed", speed.to_string());
    }
    if let Some(faults) = &arguments.fault {
        lay("sim.faults", faults.clone());
    }
    if let Some(market) = arguments.market.and_then(|market| market.to_possible_value()) {
        lay("sim.market", market.get_name().to_owned());
    }
    settings
}

impl RunArgs {
    /// Those of a command line that names no command.
    pub(super) fn default_ones() -> RunArgs {
        match Cli::parse_from(["kalshi-trader", "run"]).verb {
            Some(Verb::Run(arguments)) => arguments,
            _ => unreachable!("that is the command `run`"),
        }
    }
}

/// A day of candles, or of a generator, lasts a day in lockstep and would last half an hour over sockets: there
/// the shipped `sim.windows` is not taken, one that somebody set is.
fn asked_windows(arguments: &RunArgs, layers: &Layers) -> Result<Option<u64>, Failure> {
    let asked = if arguments.day { Some(DAY_WINDOWS) } else { arguments.windows };
    if asked.is_some() || arguments.lockstep {
        return Ok(asked);
    }
    let set = layers.is_set("sim.windows").then(|| layers.finish().map(|config| config.sim.windows));
    Ok(set.transpose()?.or(Some(SHORT_WINDOWS)))
}

/// A folder that did not exist, named by the clock and made here, so that of two runs of one
/// second each has its own. Where none can be made the run itself says why.
fn fresh_dir(parent: &Path) -> PathBuf {
    let now = i64::try_from(wall().seconds()).unwrap_or(0);
    let name = match jiff::Timestamp::from_second(now) {
        Ok(time) => time.strftime("sim-%Y%m%dT%H%M%SZ").to_string(),
        Err(_) => "sim".to_owned(),
    };
    let mut candidates = (1..).map(|copy| match copy {
        1 => parent.join(&name),
        copy => parent.join(format!("{name}-{copy}")),
    });
    let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
    let _ = std::fs::create_dir_all(parent);
    let free = candidates.find(|dir| !std::fs::create_dir(dir).is_err_and(|error| is_taken(&error)));
    free.unwrap_or_else(|| parent.join(&name))
}

/// A bar on standard error, if the run takes long enough for anybody to wonder.
struct Progress {
    bar: ProgressBar,
    from: Nanos,
    shown: std::cell::Cell<u64>,
}

impl Progress {
    fn new(from: Nanos, until: Nanos) -> Progress {
        let bar = ProgressBar::hidden();
        bar.set_length(until.since(from) / Nanos::SECOND);
        let style = ProgressStyle::with_template("{bar:40} {percent}% of the market time, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, from, shown: std::cell::Cell::new(0) }
    }

    /// Told every instant, it looks at the clock once a market minute.
    fn reached(&self, now: Nanos, stopwatch: &Stopwatch) {
        let minute = now.seconds() / 60;
        if minute == self.shown.get() {
            return;
        }
        self.shown.set(minute);
        if self.bar.is_hidden() && stopwatch.millis() > QUIET_MS {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        self.bar.set_position(now.since(self.from) / Nanos::SECOND);
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}
