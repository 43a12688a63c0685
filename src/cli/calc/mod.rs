//! `calc fee`, `bracket`, `kelly` and `vol`: the formulas alone, for one set of numbers or a file.
//!
//! A file has the columns of the oracle files this program is tested against, found by name in its
//! header; lines that begin with `#` are comments. Every computed column is appended as
//! `got_` and the name of the oracle's column, so that one difference checks a file. What a file
//! does not have a flag may say, and what neither says comes from the configuration.

mod bracket;
mod fee;
mod kelly;
mod table;
mod vol;

use super::{Failure, SettingArgs};
use crate::config::Config;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use table::{Given, Table};
use trader_journal::fee::Precision;
use trader_pricing::probability::Average;

#[derive(Debug, Subcommand)]
pub(super) enum CalcVerb {
    /// The venue's fee of an order: `--price-cents 50 --contracts 100`.
    Fee(fee::FeeArgs),
    /// The probability that the closing average ends in a bracket.
    Bracket(bracket::BracketArgs),
    /// The Kelly fraction of a contract, fee and ramp included.
    Kelly(kelly::KellyArgs),
    /// The default volatility model over one-minute closes.
    Vol(vol::VolArgs),
}

/// Where numbers come from and how they are printed.
#[derive(Clone, Debug, Args)]
struct Form {
    /// Compute every row of a CSV file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// One JSON object per row.
    #[arg(long)]
    json: bool,
}

/// What a fee is rounded up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Rounding {
    /// Whole cents: the venue's table, and accounts through a broker. The default for a file.
    Cent,
    /// $0.0001: direct members.
    Centicent,
}

impl Rounding {
    /// As asked; otherwise cents for a file, as the oracles have it, and the account's own precision.
    fn precision(asked: Option<Rounding>, form: &Form, config: &Config) -> Precision {
        match asked {
            Some(Rounding::Cent) => Precision::Cent,
            Some(Rounding::Centicent) => Precision::Centicent,
            None if form.csv.is_some() => Precision::Cent,
            None => config.account.precision(),
        }
    }
}

/// Which closing average is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AverageForm {
    /// Over time. The default for a file.
    Continuous,
    /// Sixty prints, one a second: what the venue does.
    Prints,
}

impl AverageForm {
    fn asked(asked: Option<AverageForm>, form: &Form, config: &Config) -> AverageForm {
        let configured =
            if config.probability.average == "prints" { AverageForm::Prints } else { AverageForm::Continuous };
        asked.unwrap_or(if form.csv.is_some() { AverageForm::Continuous } else { configured })
    }

    /// An average over `seconds`; `None` where there is none of that length.
    fn over(self, seconds: f64) -> Option<Average> {
        match self {
            _ if seconds == 0.0 => Some(Average::None),
            AverageForm::Continuous if seconds > 0.0 => Some(Average::Continuous { seconds }),
            AverageForm::Prints if seconds == 60.0 => Some(Average::Prints),
            AverageForm::Continuous | AverageForm::Prints => None,
        }
    }
}

pub(super) fn run(verb: &CalcVerb, settings: &SettingArgs) -> Result<(), Failure> {
    let config = super::config::layers(settings)?.finish()?;
    match verb {
        CalcVerb::Fee(args) => fee::run(args, &config),
        CalcVerb::Bracket(args) => bracket::run(args, &config),
        CalcVerb::Kelly(args) => kelly::run(args, &config),
        CalcVerb::Vol(args) => vol::run(args),
    }
}

/// The rows a form names: a file's, or the one that the flags are.
fn rows(form: &Form, given: Given) -> Result<Table, Failure> {
    match &form.csv {
        None => Ok(Table::single(given)),
        Some(path) => Table::read(path, given),
    }
}
