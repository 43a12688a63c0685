//! What a person types, and the exit code they get back.
//!
//! stdout is data, stderr is talk. Exit codes: 0 done, 1 the thing checked is not right
//! (a replay that differs, an audit that found something), 2 the command or its input is wrong.

mod run;
mod control;
mod exchange;
mod replay;
mod journal;
mod config;
mod calc;
mod data;
mod evaluate;
mod train;
mod output;
mod watch;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// An algorithmic trading system for Kalshi's short-dated BTC markets.
#[derive(Debug, Parser)]
#[command(name = "kalshi-trader", version, about)]
pub struct Cli {
    #[command(flatten)]
    settings: SettingArgs,
    /// None: `run`, the simulation.
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Where settings come from: the shipped file, then these.
#[derive(Clone, Debug, Args)]
pub struct SettingArgs {
    /// Lay a configuration file over the defaults; may be given several times.
    #[arg(long, global = true, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Lay one setting over everything, as in `--set limits.position_max_usd=25`.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Trade, in this version in the simulation; the same as no command at all.
    Run(run::RunArgs),
    /// Send no new orders until resumed.
    Pause(control::CommandArgs),
    /// Go on after a pause, or after a stop of its own.
    Resume(control::CommandArgs),
    /// Take back every order of ours.
    CancelAll(control::CommandArgs),
    /// Take back every order and send none until cleared.
    Kill(control::CommandArgs),
    /// Clear a kill.
    Clear(control::CommandArgs),
    /// How a run stands: feeds, orders, positions, exposure.
    Status(control::ToArgs),
    /// Serve the mock exchange alone, for any client on this machine.
    Exchange(exchange::ExchangeArgs),
    /// Run a journal's agents again and compare what they say.
    Replay(replay::ReplayArgs),
    /// Look into a journal, check it, audit what was done.
    #[command(subcommand)]
    Journal(journal::JournalVerb),
    /// Show or check the configuration.
    #[command(subcommand)]
    Config(config::ConfigVerb),
    /// Import or fetch recorded candles.
    #[command(subcommand)]
    Data(data::DataVerb),
    /// Judge every volatility model on recorded candles, side by side.
    Evaluate(evaluate::EvaluateArgs),
    /// Train a model on recorded candles, into a file.
    Train(train::TrainArgs),
    /// Look at model files.
    #[command(subcommand)]
    Model(train::ModelVerb),
    /// Compute a fee, a probability, a Kelly fraction or a volatility.
    #[command(subcommand)]
    Calc(calc::CalcVerb),
}

/// Why a command ended badly; the text is already for people.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 1: what was checked is not right.
    NotRight(String),
    /// Exit code 2: the command or its input is wrong.
    Input(miette::Report),
}

impl<E: Into<miette::Report>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Input(error.into())
    }
}

/// Runs one command to its end.
#[must_use]
pub fn dispatch(cli: Cli) -> ExitCode {
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::NotRight(what)) => {
            output::say(what);
            ExitCode::from(1)
        }
        Err(Failure::Input(report)) => {
            output::say(format_args!("{report:?}"));
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let settings = &cli.settings;
    match cli.verb.unwrap_or_else(|| Verb::Run(run::RunArgs::default_ones())) {
        Verb::Run(arguments) => run::run(&arguments, settings),
        Verb::Exchange(arguments) => exchange::run(&arguments, settings),
        Verb::Pause(arguments) => control::command("pause", &arguments, settings),
        Verb::Resume(arguments) => control::command("resume", &arguments, settings),
        Verb::CancelAll(arguments) => control::command("cancel-all", &arguments, settings),
        Verb::Kill(arguments) => control::command("kill", &arguments, settings),
        Verb::Clear(arguments) => control::command("clear", &arguments, settings),
        Verb::Status(arguments) => control::status(&arguments, settings),
        Verb::Replay(arguments) => replay::run(&arguments, &settings.set),
        Verb::Journal(verb) => journal::run(&verb),
        Verb::Config(verb) => config::run(&verb, settings),
        Verb::Data(verb) => data::run(&verb, settings),
        Verb::Evaluate(arguments) => evaluate::run(&arguments),
        Verb::Train(arguments) => train::train(&arguments),
        Verb::Model(verb) => train::model(&verb),
        Verb::Calc(verb) => calc::run(&verb, settings),
    }
}
