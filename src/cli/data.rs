//! `data import`: dumps of candles joined into one checked file. `data download`: the dumps
//! themselves, from where Binance publishes them, each against its checksum.

use super::{Failure, SettingArgs, output};
use crate::candles::{CandleSeries, Gap, read_candles, write_candles};
use crate::scout::{Api, AskSettings, Asker, Failure as Fault, Question, SYMBOL};
use crate::socket::tls::client_config;
use aws_lc_rs::digest::{SHA256, digest};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use miette::miette;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trader_journal::units::Nanos;

/// Where the dumps are published.
const DUMPS: &str = "https://data.binance.vision";
/// A day's dump has some 100 kB.
const DUMP_BYTES_MAX: u64 = 16 << 20;
const DUMP_TIMEOUT: Duration = Duration::from_secs(60);
/// Where systems keep the certificates that they trust.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// Gaps that are told one by one.
const GAPS_SHOWN_MAX: usize = 20;
const DAYS_MAX: usize = 4_000;

#[derive(Debug, Subcommand)]
pub(super) enum DataVerb {
    /// Join dumps of one-minute candles into one file: with or without header, ms or µs, plain, gzip or zip.
    Import(ImportArgs),
    /// Fetch daily dumps of one-minute candles from Binance, each checked against its checksum.
    Download(DownloadArgs),
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The dumps, in any order.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The file to write, CSV in gzip; one that is there is replaced when the new one is whole.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct DownloadArgs {
    /// First day, UTC (YYYY-MM-DD).
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// Last day, UTC (YYYY-MM-DD).
    #[arg(long, value_name = "DATE")]
    to: Date,
    /// Where the dumps go; those that are there are not fetched again.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Fetch from another server that has the same files.
    #[arg(long, value_name = "URL", default_value = DUMPS)]
    url: String,
    /// The certificates to trust, PEM; those of the system if not given.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

pub(super) fn run(verb: &DataVerb, settings: &SettingArgs) -> Result<(), Failure> {
    match verb {
        DataVerb::Import(args) => import(args),
        DataVerb::Download(args) => download(args, settings),
    }
}

// ---- joining ------------------------------------------------------------------------------

fn import(args: &ImportArgs) -> Result<(), Failure> {
    let series = read_candles(&args.files).map_err(|error| miette!("{error}"))?;
    write_candles(&args.out, series.candles()).map_err(|error| miette!("{}: {error}", args.out.display()))?;
    tell(&series, &args.out);
    Ok(())
}

fn tell(series: &CandleSeries, out: &Path) {
    let notes = series.notes();
    let (count, from, until) = (series.candles().len(), time(series.start()), time(series.end()));
    output::tell(format_args!("{count} minutes, {from} to {until}, in {}", out.display()));
    let missing: u64 = notes.gaps.iter().map(Gap::minutes).sum();
    output::tell(format_args!("{} gaps, {missing} minutes missing", notes.gaps.len()));
    for gap in notes.gaps.iter().take(GAPS_SHOWN_MAX) {
        output::tell(format_args!("  {} to {}: {} minutes", time(gap.from), time(gap.until), gap.minutes()));
    }
    if notes.gaps.len() > GAPS_SHOWN_MAX {
        output::tell(format_args!("  and {} more", notes.gaps.len() - GAPS_SHOWN_MAX));
    }
    output::tell(format_args!("{} rows twice, {} out of order", notes.duplicates, notes.out_of_order));
}

fn time(at: Nanos) -> String {
    let at = i64::try_from(at.seconds()).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

// ---- fetching -----------------------------------------------------------------------------

fn download(args: &DownloadArgs, settings: &SettingArgs) -> Result<(), Failure> {
    let days: Vec<Date> =
        args.from.series(jiff::Span::new().days(1)).take_while(|day| *day <= args.to).take(DAYS_MAX + 1).collect();
    if days.is_empty() || days.len() > DAYS_MAX {
        let help = format!("both days are fetched, and at most {DAYS_MAX} at once");
        return Err(Failure::Input(miette!(
            help = help,
            "--from {} --to {} names {} days",
            args.from,
            args.to,
            days.len()
        )));
    }
    let asker = asker(args, settings)?;
    fs::create_dir_all(&args.out).map_err(|error| miette!("{}: {error}", args.out.display()))?;
    let bar = ProgressBar::new(days.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} days · {eta} left") {
        bar.set_style(style);
    }
    for day in &days {
        fetch(&asker, *day, &args.out).map_err(|error| {
            let help = "what was fetched stays: the same command goes on there; without a network take the dumps by hand and `data import` them";
            miette!(help = help, "{day}: {error}")
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    output::tell(format_args!("{} dumps in {}; join them with `data import`", days.len(), args.out.display()));
    Ok(())
}

fn asker(args: &DownloadArgs, settings: &SettingArgs) -> Result<Asker, Failure> {
    let config = super::config::layers(settings)?.finish()?;
    let system = || SYSTEM_ROOTS.iter().map(PathBuf::from).find(|roots| roots.exists());
    let roots = args.ca.clone().or_else(system);
    let tls = client_config(roots.as_deref())
        .map_err(|error| miette!(help = "--ca FILE names certificates to trust", "{error}"))?;
    let asked = AskSettings::of(&config, [&args.url, &args.url], tls);
    Ok(Asker::new(AskSettings { answer_bytes_max: DUMP_BYTES_MAX, timeout: DUMP_TIMEOUT, ..asked }))
}

/// One day's dump, unless it is there; a name is given only to what agrees with its checksum.
fn fetch(asker: &Asker, day: Date, folder: &Path) -> Result<(), String> {
    let name = format!("{SYMBOL}-1m-{day}.zip");
    let place = folder.join(&name);
    if place.exists() {
        return Ok(());
    }
    let target = format!("/data/spot/daily/klines/{SYMBOL}/1m/{name}");
    let dump = get(asker, &target)?;
    let checksum = get(asker, &format!("{target}.CHECKSUM"))?;
    let found = hex(digest(&SHA256, &dump).as_ref());
    let said = String::from_utf8_lossy(&checksum);
    let said = said.split_whitespace().next().unwrap_or_default();
    if !found.eq_ignore_ascii_case(said) {
        return Err(format!("{name} has SHA-256 {found}, its checksum says `{said}`: fetched wrongly, or changed"));
    }
    let part = folder.join(format!("{name}.new"));
    fs::write(&part, dump)
        .and_then(|()| fs::rename(&part, &place))
        .map_err(|error| format!("{}: {error}", place.display()))
}

fn get(asker: &Asker, target: &str) -> Result<Vec<u8>, String> {
    let question = Question { api: Api::Binance, target: target.to_owned() };
    let answer = asker.ask(&question).map_err(|failure| match failure {
        // Nobody asks again here.
        Fault::Transport { host, why } => format!("no answer from {host}: {why}"),
        Fault::Server { host, status } => format!("{host} answers {status}"),
        other => other.to_string(),
    })?;
    match answer.status {
        200 => Ok(answer.body),
        404 => Err(format!("no such dump ({target}): a day is published some hours after it ends")),
        status => Err(format!("{target}: answered {status}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
