//! `config show` and `config check`.

use super::{Failure, SettingArgs, output};
use crate::config::{ConfigError, Layers, WAITING, waits_for};
use clap::Subcommand;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Print every setting with its value and where it came from.
    Show {
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Read the configuration, say whether it can be used, and stop.
    Check,
}

/// Reads the layers a command line names.
pub(super) fn layers(settings: &SettingArgs) -> Result<Layers, ConfigError> {
    let mut layers = Layers::defaults()?;
    for path in &settings.config {
        layers.add_file(path)?;
    }
    for setting in &settings.set {
        layers.add_setting(setting)?;
    }
    Ok(layers)
}

pub(super) fn run(verb: &ConfigVerb, settings: &SettingArgs) -> Result<(), Failure> {
    let layers = layers(settings)?;
    layers.finish()?;
    match verb {
        ConfigVerb::Show { json: true } => show_json(&layers),
        ConfigVerb::Show { json: false } => show_lines(&layers),
        ConfigVerb::Check => {
            for (keys, why) in WAITING {
                output::say(format_args!("note: {}: {why}", keys.join(", ")));
            }
            set_in_vain(&layers, None)?.iter().for_each(output::say);
            output::say("the configuration can be used");
            Ok(())
        }
    }
}

/// What of the simulation is the line's own.
const OURS: [&str; 2] = ["sim.windows", "sim.shard"];

/// What somebody asked for and will not get in this version, or of the exchange of another process, with its place.
pub(super) fn set_in_vain(layers: &Layers, exchange: Option<&Path>) -> Result<Vec<String>, ConfigError> {
    let shipped = Layers::defaults()?;
    let shipped: BTreeMap<_, _> = shipped.entries().map(|(key, value, _)| (key.to_owned(), value)).collect();
    let changed = layers.entries().filter(|(key, value, _)| shipped.get(*key) != Some(value));
    let of_exchange = exchange.map(|file| format!("the exchange of {} decides it", file.display()));
    let is_of_exchange = |key: &str| key.starts_with("exchange.") || (key.starts_with("sim.") && !OURS.contains(&key));
    let why =
        |key: &str| waits_for(key).map(str::to_owned).or_else(|| of_exchange.clone().filter(|_| is_of_exchange(key)));
    let in_vain = changed.filter_map(|(key, value, origin)| Some((key, value, origin, why(key)?)));
    Ok(in_vain
        .map(|(key, value, origin, why)| {
            format!("warning: {key} = {value} ({}:{}) changes nothing: {why}", origin.source, origin.line)
        })
        .collect())
}

fn show_lines(layers: &Layers) -> Result<(), Failure> {
    output::print(|out| {
        for (key, value, origin) in layers.entries() {
            writeln!(out, "{key} = {value}  # {}:{}", origin.source, origin.line)?;
        }
        Ok(())
    })
}

fn show_json(layers: &Layers) -> Result<(), Failure> {
    let entries = layers.entries().map(|(key, value, origin)| {
        let entry = serde_json::json!({ "value": value, "source": origin.source, "line": origin.line });
        (key.to_owned(), entry)
    });
    let object: serde_json::Map<_, _> = entries.collect();
    output::print(|out| Ok(writeln!(out, "{}", serde_json::Value::Object(object))?))
}
