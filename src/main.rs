//! `kalshi-trader`: parse, one match on the verb, an exit code.

use clap::Parser;
use kalshi_trader::cli::{Cli, dispatch};
use std::process::ExitCode;

fn main() -> ExitCode {
    dispatch(Cli::parse())
}
