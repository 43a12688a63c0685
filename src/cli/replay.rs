//! `replay`: run a journal's agents again and compare.

use super::journal::{label_json, log_dir};
use super::{Failure, output};
use crate::line::replay::{ReplayError, ReplayReport, replay};
use clap::Args;
use miette::miette;
use std::io::Write;
use std::path::PathBuf;
use trader_journal::event::Agent;

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The data directory of a run.
    dir: PathBuf,
    /// Compare every output with the journal; exit code 1 at the first difference.
    #[arg(long)]
    verify: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &ReplayArgs, altered: &[String]) -> Result<(), Failure> {
    if !arguments.verify {
        return Err(miette!(help = "add `--verify`", "stepping through a journal comes with the desk").into());
    }
    let report = match replay(&log_dir(&arguments.dir)?, altered) {
        Ok(report) => report,
        Err(error @ (ReplayError::Differs { .. } | ReplayError::Damaged(_))) => {
            return Err(Failure::NotRight(error.to_string()));
        }
        Err(error) => return Err(miette!("{error}").into()),
    };
    output::print(|out| {
        if arguments.json {
            writeln!(out, "{}", json(&report))?;
        } else {
            write_table(out, &report)?;
        }
        Ok(())
    })
}

fn write_table(out: &mut dyn Write, report: &ReplayReport) -> std::io::Result<()> {
    if let Some(label) = &report.label {
        writeln!(out, "label {label}")?;
    }
    writeln!(
        out,
        "{:10} {:>12} {:>12} {:>10} {:>8} {:>10}",
        "agent", "heard", "outputs", "frames", "hashes", "in flight"
    )?;
    for (agent, compared) in running(report) {
        let name = format!("{agent:?}").to_lowercase();
        let [heard, outputs] = [compared.heard, compared.outputs];
        let [frames, hashes, in_flight] = [compared.frames, compared.hashes, compared.in_flight];
        writeln!(out, "{name:10} {heard:>12} {outputs:>12} {frames:>10} {hashes:>8} {in_flight:>10}")?;
    }
    writeln!(out, "{} entries: every output is what it was", report.entries)
}

fn json(report: &ReplayReport) -> serde_json::Value {
    let agents: serde_json::Map<_, _> = running(report)
        .map(|(agent, compared)| {
            let counts = serde_json::json!({
                "heard": compared.heard, "outputs": compared.outputs, "frames": compared.frames,
                "hashes": compared.hashes, "in_flight": compared.in_flight,
            });
            (format!("{agent:?}").to_lowercase(), counts)
        })
        .collect();
    let label = report.label.as_deref().map(label_json);
    serde_json::json!({ "verified": true, "entries": report.entries, "agents": agents, "label": label })
}

/// The agents that a replay runs; the shell's part is the model and the gateway.
fn running(report: &ReplayReport) -> impl Iterator<Item = (Agent, crate::line::replay::Compared)> + '_ {
    let agents = [Agent::Shell, Agent::Kalshi, Agent::Binance, Agent::Pricing, Agent::Exec];
    agents.into_iter().map(|agent| (agent, report.agents[agent as usize]))
}
