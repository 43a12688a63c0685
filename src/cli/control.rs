//! `pause`, `resume`, `cancel-all`, `kill`, `clear`, `status`: said to a running process.

use super::config::layers;
use super::{Failure, SettingArgs, output};
use crate::control::{AskError, Request, ask, is_alive};
use clap::Args;
use miette::miette;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(Debug, Args)]
pub(super) struct CommandArgs {
    /// Why: it is written down with the command.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    #[command(flatten)]
    to: ToArgs,
}

#[derive(Debug, Args)]
pub(super) struct ToArgs {
    /// The data directory of the run; the newest running one under `journal.directory` if not given.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Gives a command to a run.
pub(super) fn command(verb: &str, arguments: &CommandArgs, settings: &SettingArgs) -> Result<(), Failure> {
    let dir = run_dir(&arguments.to, settings)?;
    let reply = reply(&dir, verb, &arguments.why)?;
    output::print(|out| {
        if arguments.to.json {
            return Ok(writeln!(out, "{reply}")?);
        }
        Ok(writeln!(out, "{verb}: on its way in {}", dir.display())?)
    })
}

/// Asks a run how it stands.
pub(super) fn status(arguments: &ToArgs, settings: &SettingArgs) -> Result<(), Failure> {
    let dir = run_dir(arguments, settings)?;
    let reply = reply(&dir, "status", "")?;
    output::print(|out| match (arguments.json, reply["text"].as_str()) {
        (false, Some(text)) => Ok(write!(out, "{text}")?),
        _ => Ok(writeln!(out, "{}", reply["status"])?),
    })
}

/// The reply of a process that did as it was told; a refusal is exit code 1.
fn reply(dir: &Path, verb: &str, why: &str) -> Result<Value, Failure> {
    let who = ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let request = Request { verb: verb.to_owned(), who, why: why.to_owned() };
    let reply = ask(dir, &request).map_err(|error| match error {
        AskError::Nobody { .. } => Failure::Input(nobody(&error.to_string())),
        AskError::Silent { .. } | AskError::Garbage { .. } => Failure::NotRight(error.to_string()),
    })?;
    if reply["ok"] == true {
        return Ok(reply);
    }
    Err(Failure::NotRight(format!("refused: {}", reply["error"].as_str().unwrap_or("for no reason it gave"))))
}

fn nobody(what: &str) -> miette::Report {
    miette!(
        help = "`kalshi-trader run` starts one; name its data directory with --data-dir, as `run` printed it",
        "{what}"
    )
}

/// The run that is meant: the named one, or the newest that takes connections.
fn run_dir(arguments: &ToArgs, settings: &SettingArgs) -> Result<PathBuf, Failure> {
    if let Some(dir) = &arguments.data_dir {
        return Ok(dir.clone());
    }
    let parent = PathBuf::from(&layers(settings)?.finish()?.journal.directory);
    let mut runs: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(&parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .filter(|(_, path)| path.is_dir())
        .collect();
    runs.sort_unstable();
    let newest = runs.into_iter().rev().map(|(_, path)| path).find(|path| is_alive(path));
    newest.ok_or_else(|| Failure::Input(nobody(&format!("nobody is running under {}", parent.display()))))
}
