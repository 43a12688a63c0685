//! `evaluate`: every volatility model side by side on recorded candles, each walking forward.

use super::{Failure, output};
use crate::candles::read_candles;
use crate::research::direction::DirectionScore;
use crate::research::exam::{DECISIONS_MIN, Exam, TRAILING_WINDOWS_MIN};
use crate::research::metrics::Reliability;
use crate::research::panel::{DEFAULT, Panel, judge_all, windows_to_judge};
use crate::research::score::{Estimate, Score};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use miette::miette;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use trader_journal::units::Nanos;

#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    /// Recorded Binance one-minute candles (dump CSV, optionally .gz).
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    candles: Vec<PathBuf>,
    /// First day to judge, UTC (YYYY-MM-DD); candles before it are history. The first that has a
    /// week before it if not given.
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day to judge, UTC (YYYY-MM-DD).
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Everything that was measured, as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let (from, until) = span(args)?;
    let series = read_candles(&args.candles).map_err(|error| miette!("{error}"))?;
    let exam = Arc::new(Exam::new(&series, &[], from, until));
    if exam.sittings.is_empty() {
        let help = format!(
            "a window is judged when all its minutes are there and {TRAILING_WINDOWS_MIN} whole windows (a week) came before it"
        );
        return Err(Failure::Input(miette!(help = help, "no quarter hour of these candles can be judged")));
    }
    let bar = ProgressBar::new(windows_to_judge(&exam));
    if let Ok(style) = ProgressStyle::with_template("judging {bar:40} {percent:>3} % · {eta} left") {
        bar.set_style(style);
    }
    let shown = bar.clone();
    let told: Arc<dyn Fn(u64) + Send + Sync> = Arc::new(move |windows| shown.inc(windows));
    let panel = judge_all(&exam, &told).map_err(|error| miette!("the judging broke off: {error}"))?;
    bar.finish_and_clear();
    output::print(
        |out| {
            if args.json { Ok(writeln!(out, "{}", as_json(&exam, &panel))?) } else { table(out, &exam, &panel) }
        },
    )
}

fn span(args: &EvaluateArgs) -> Result<(Nanos, Nanos), Failure> {
    let from = args.from.map_or(Some(Nanos(0)), midnight);
    let until = args.to.map_or(Some(Nanos::NEVER), |day| midnight(day.tomorrow().ok()?));
    match (from, until) {
        (Some(from), Some(until)) if from < until => Ok((from, until)),
        _ => Err(Failure::Input(miette!(help = "dates are UTC days, the last one included", "--from lies after --to"))),
    }
}

fn midnight(day: Date) -> Option<Nanos> {
    let seconds = day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Nanos::from_seconds(u64::try_from(seconds).ok()?)
}

// ---- for people ---------------------------------------------------------------------------

fn table(out: &mut dyn Write, exam: &Exam, panel: &Panel) -> Result<(), output::Stop> {
    let day = |at: Option<Nanos>| at.map(date).unwrap_or_default();
    let first = day(exam.sittings.first().map(|sitting| sitting.start()));
    let last = day(exam.sittings.last().map(|sitting| sitting.start()));
    writeln!(out, "{} windows, {first} to {last}; each model knew only what was past", exam.sittings.len())?;
    writeln!(out)?;
    let head = "| model | windows | QLIKE [95 %] | MAE bp | corr | log loss t0 [95 %] | t5 | t10 | t14 | Brier t0 | t5 | t10 | t14 | ECE t0 |";
    writeln!(out, "{head}\n|{}", "---|".repeat(head.matches('|').count() - 1))?;
    for score in &panel.scores {
        let Score { name, windows, correlation, brier, log_loss, .. } = score;
        write!(
            out,
            "| {name} | {windows} | {} | {:.2} | {correlation:.3} | {}",
            with_interval(&score.qlike, 4),
            score.mae_bp.mean,
            with_interval(&log_loss[0], 5)
        )?;
        for estimate in &log_loss[1..] {
            write!(out, " | {:.5}", estimate.mean)?;
        }
        for brier in brier {
            write!(out, " | {brier:.5}")?;
        }
        writeln!(out, " | {:.4} |", score.reliability[0].ece())?;
    }
    beside(out, panel)?;
    reliability(out, panel)?;
    direction(out, panel)
}

fn direction(out: &mut dyn Write, panel: &Panel) -> Result<(), output::Stop> {
    let Some(score) = &panel.direction else { return Ok(()) };
    let milli = |estimate: &Estimate| {
        let scaled = estimate.interval.map(|[low, high]| [low * 1e3, high * 1e3]);
        with_interval(&Estimate { mean: estimate.mean * 1e3, interval: scaled }, 2)
    };
    writeln!(out, "\nUp or down (`logit`), log loss less ln 2 in thousandths, below zero is better than a coin:\n")?;
    writeln!(out, "| calls | base rate | AUC | as fitted [95 %] | shrunk and clipped [95 %] |\n|---|---|---|---|---|")?;
    let (fitted, used) = (milli(&score.as_fitted), milli(&score.as_used));
    writeln!(out, "| {} | {:.4} | {:.4} | {fitted} | {used} |", score.calls, score.base_rate, score.auc)?;
    Ok(())
}

fn beside(out: &mut dyn Write, panel: &Panel) -> Result<(), output::Stop> {
    writeln!(out, "\nLess {DEFAULT}, over the windows of both (below zero is better):\n")?;
    writeln!(out, "| model | QLIKE [95 %] | log loss t0 [95 %] |\n|---|---|---|")?;
    for score in &panel.scores {
        if let Some([qlike, log_loss]) = &score.beside_default {
            writeln!(out, "| {} | {} | {} |", score.name, with_interval(qlike, 4), with_interval(log_loss, 5))?;
        }
    }
    Ok(())
}

fn reliability(out: &mut dyn Write, panel: &Panel) -> Result<(), output::Stop> {
    let Some(score) = panel.scores.iter().find(|score| score.name == DEFAULT) else { return Ok(()) };
    writeln!(out, "\nWhat {DEFAULT} said at the open, and what happened:\n")?;
    writeln!(out, "| said | forecasts | on average | happened |\n|---|---|---|---|")?;
    for (at, bin) in score.reliability[0].bins.iter().enumerate() {
        let count = bin.count as f64;
        let (said, happened) = (bin.said / count * 100.0, bin.happened as f64 / count * 100.0);
        writeln!(out, "| {} to {} % | {} | {said:.2} % | {happened:.2} % |", at * 10, at * 10 + 10, bin.count)?;
    }
    Ok(())
}

fn with_interval(estimate: &Estimate, decimals: usize) -> String {
    let mean = format!("{:.decimals$}", estimate.mean);
    estimate.interval.map_or(mean.clone(), |[low, high]| format!("{mean} [{low:.decimals$}, {high:.decimals$}]"))
}

fn date(at: Nanos) -> String {
    let at = i64::try_from(at.seconds()).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map(|at| at.to_zoned(TimeZone::UTC).date().to_string()).unwrap_or_default()
}

// ---- for programs -------------------------------------------------------------------------

fn as_json(exam: &Exam, panel: &Panel) -> Value {
    let models: Map<String, Value> =
        panel.scores.iter().map(|score| (score.name.to_owned(), model_json(score))).collect();
    json!({ "windows": exam.sittings.len(), "models": models, "direction": panel.direction.map(direction_json) })
}

fn direction_json(score: DirectionScore) -> Value {
    json!({
        "calls": score.calls, "base_rate": score.base_rate, "auc": score.auc,
        "log_loss_less_ln2": score.as_fitted.mean, "log_loss_less_ln2_interval": score.as_fitted.interval,
        "used_less_ln2": score.as_used.mean, "used_less_ln2_interval": score.as_used.interval,
    })
}

fn model_json(score: &Score) -> Value {
    let mut model = json!({
        "windows": score.windows,
        "qlike": score.qlike.mean,
        "qlike_interval": score.qlike.interval,
        "qlike_left": moments(|at| json!(score.qlike_left[at])),
        "mae_bp": score.mae_bp.mean,
        "mae_bp_interval": score.mae_bp.interval,
        "corr": score.correlation,
        "r2": score.r2,
        "log_loss": moments(|at| json!(score.log_loss[at].mean)),
        "log_loss_interval": moments(|at| json!(score.log_loss[at].interval)),
        "brier": moments(|at| json!(score.brier[at])),
        "ece": moments(|at| json!(score.reliability[at].ece())),
        "reliability": moments(|at| bins(&score.reliability[at])),
    });
    if let Some([qlike, log_loss]) = &score.beside_default {
        model["less_default"] = json!({
            "qlike": qlike.mean, "qlike_interval": qlike.interval,
            "log_loss_t0": log_loss.mean, "log_loss_t0_interval": log_loss.interval,
        });
    }
    model
}

fn moments(what: impl Fn(usize) -> Value) -> Value {
    (0..DECISIONS_MIN.len()).map(|at| (format!("t{}", DECISIONS_MIN[at]), what(at))).collect::<Map<_, _>>().into()
}

fn bins(table: &Reliability) -> Value {
    let bin = |bin: &crate::research::metrics::Bin| json!({ "count": bin.count, "said": bin.said / bin.count as f64, "happened": bin.happened as f64 / bin.count as f64 });
    table.bins.iter().map(bin).collect::<Vec<_>>().into()
}
