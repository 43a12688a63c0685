//! `config show` and `config check`.

use super::{Failure, SettingArgs, output};
use crate::config::{Config, ConfigError, Layers};
use clap::Subcommand;

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
    let config = layers.finish()?;
    match verb {
        ConfigVerb::Show { json: true } => show_json(&layers),
        ConfigVerb::Show { json: false } => show_lines(&layers),
        ConfigVerb::Check => {
            for note in notes(&config) {
                eprintln!("note: {note}");
            }
            eprintln!("the configuration can be used");
            Ok(())
        }
    }
}

/// What is accepted but does nothing in this version: silence here would be a promise.
fn notes(config: &Config) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if config.direction.enabled {
        notes.push("direction.enabled: no direction model is in this version; the drift stays 0");
    }
    if config.orders.style == "maker" {
        notes.push(
            "orders.style = \"maker\": needs continuous re-evaluation, not in this version; nothing will be quoted",
        );
    }
    notes
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
