//! `train`, and `model show` and `diff`: a model from candles into a file, and what is in one.

use super::{Failure, output};
use crate::candles::read_candles;
use crate::clock::Stopwatch;
use crate::research::card::Card;
use crate::research::train::{TRAINERS, Trainer, check, ewma3, ranges};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use miette::miette;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// Which model.
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(TRAINERS.iter().map(|trainer| trainer.kind)))]
    model: String,
    /// Recorded Binance one-minute candles; the last 180 days are learnt from.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    candles: Vec<PathBuf>,
    /// The model file; one that is there is replaced when the new one is whole.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(super) enum ModelVerb {
    /// Print a model's card.
    Show {
        /// The model file.
        file: PathBuf,
        /// As one JSON object.
        #[arg(long, conflicts_with = "toml")]
        json: bool,
        /// As settings that a run takes: `model show --toml FILE > vol.toml`, `run --config vol.toml`.
        #[arg(long)]
        toml: bool,
    },
    /// Print what differs between two models. Exit code 1 if anything does.
    Diff {
        /// The one.
        before: PathBuf,
        /// The other.
        after: PathBuf,
    },
}

pub(super) fn train(args: &TrainArgs) -> Result<(), Failure> {
    let trainer: &Trainer = TRAINERS
        .iter()
        .find(|trainer| trainer.kind == args.model)
        .ok_or_else(|| miette!("no model `{}` can be trained", args.model))?;
    let series = read_candles(&args.candles).map_err(|error| miette!("{error}"))?;
    let watch = Stopwatch::start();
    let card = (trainer.train)(series.candles(), trainer).map_err(|error| miette!("{error}"))?;
    let took = watch.millis();
    card.write(&args.out).map_err(|error| miette!("{error}"))?;
    output::say(format_args!("trained in {took} ms on {} candles: {}", series.candles().len(), args.out.display()));
    show_lines(&card)
}

pub(super) fn model(verb: &ModelVerb) -> Result<(), Failure> {
    match verb {
        ModelVerb::Show { file, json: true, .. } => {
            let card = read(file)?;
            output::print(|out| Ok(writeln!(out, "{}", card.model())?))
        }
        ModelVerb::Show { file, toml: true, .. } => settings(&read(file)?),
        ModelVerb::Show { file, .. } => show_lines(&read(file)?),
        ModelVerb::Diff { before, after } => diff(&read(before)?, &read(after)?),
    }
}

fn read(file: &Path) -> Result<Card, Failure> {
    let card = Card::read(file).map_err(|error| miette!("{error}"))?;
    check(&card).map_err(|error| miette!("{}: {error}", file.display()))?;
    Ok(card)
}

fn show_lines(card: &Card) -> Result<(), Failure> {
    let lines = lines(card);
    output::print(|out| {
        for (key, value) in &lines {
            writeln!(out, "{key} = {value}")?;
        }
        Ok(())
    })
}

fn settings(card: &Card) -> Result<(), Failure> {
    let old = ewma3(card)
        .map(|fitted| vec![("b0", fitted.b0), ("b10", fitted.b10), ("b60", fitted.b60), ("b720", fitted.b720)]);
    let new = ranges(card).map(|fitted| {
        let slopes = ["ranges_b3", "ranges_b10", "ranges_b60", "ranges_b720"].into_iter().zip(fitted.slopes);
        std::iter::once(("ranges_b0", fitted.intercept)).chain(slopes).collect()
    });
    let Some(keys) = old.or(new) else {
        let help = "a run uses ewma3 or ranges; the others can be trained and judged";
        return Err(Failure::Input(miette!(help = help, "`{}` has no settings", card.kind)));
    };
    output::print(|out| {
        writeln!(out, "# model {}\n[volatility]\nmodel = \"{}\"", card.hash(), card.kind)?;
        for (key, value) in keys {
            writeln!(out, "{key} = {value:?}")?;
        }
        Ok(())
    })
}

fn diff(before: &Card, after: &Card) -> Result<(), Failure> {
    let (before, after) = (lines(before), lines(after));
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing: Vec<_> = keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).collect();
    output::print(|out| {
        for key in &differing {
            let side = |lines: &BTreeMap<String, String>| lines.get(*key).cloned().unwrap_or_else(|| "-".to_owned());
            writeln!(out, "{key}: {} → {}", side(&before), side(&after))?;
        }
        Ok(())
    })?;
    if differing.is_empty() { Ok(()) } else { Err(Failure::NotRight(format!("{} lines differ", differing.len()))) }
}

/// A card as `key.of.part = value`.
fn lines(card: &Card) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::from([("hash".to_owned(), card.hash())]);
    flatten("", &card.model(), &mut lines);
    lines
}

fn flatten(key: &str, value: &Value, lines: &mut BTreeMap<String, String>) {
    let under = |part: &dyn std::fmt::Display| if key.is_empty() { part.to_string() } else { format!("{key}.{part}") };
    match value {
        Value::Object(parts) => parts.iter().for_each(|(part, value)| flatten(&under(part), value, lines)),
        Value::Array(parts) => parts.iter().enumerate().for_each(|(part, value)| flatten(&under(&part), value, lines)),
        Value::String(text) => _ = lines.insert(key.to_owned(), text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => _ = lines.insert(key.to_owned(), value.to_string()),
    }
}
