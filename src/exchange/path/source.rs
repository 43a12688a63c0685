//! Says in words where a session's prices come from, so that nobody takes a simulation for evidence.

use super::generator::GeneratorSettings;
use crate::candles::{CandleSeries, Gap, MINUTE_NANOS};
use jiff::Timestamp;
use std::fmt;
use std::path::PathBuf;
use trader_journal::units::Nanos;

/// How many gaps are spelled out; the rest are counted.
const GAPS_SHOWN_MAX: usize = 5;

/// Where a session's candles come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// No market data: a generator made them.
    Generated {
        /// The generator's seed.
        seed: u64,
        /// Start of the first candle.
        from: Nanos,
        /// End of the last.
        until: Nanos,
    },
    /// Recorded candles of a real market.
    Files {
        /// As given.
        files: Vec<PathBuf>,
        /// Start of the first candle.
        from: Nanos,
        /// End of the last.
        until: Nanos,
        /// Minutes that are there.
        minutes: u64,
        /// Minutes that are not, oldest first.
        gaps: Vec<Gap>,
        /// Rows dropped because they repeat another.
        duplicates: u64,
        /// Rows sorted into place.
        out_of_order: u64,
    },
}

impl Source {
    /// Describes what `generate_candles` makes of `settings`.
    #[must_use]
    pub fn generated(settings: &GeneratorSettings) -> Source {
        let from = settings.start.minus(settings.start.0 % MINUTE_NANOS);
        let until = from.plus(u64::from(settings.minutes.get()) * MINUTE_NANOS);
        Source::Generated { seed: settings.seed, from, until }
    }

    /// Describes what was read from files.
    #[must_use]
    pub fn files(series: &CandleSeries) -> Source {
        let notes = series.notes();
        Source::Files {
            files: notes.files.clone(),
            from: series.start(),
            until: series.end(),
            minutes: series.candles().len() as u64,
            gaps: notes.gaps.clone(),
            duplicates: notes.duplicates,
            out_of_order: notes.out_of_order,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Generated { seed, from, until } => {
                write!(f, "prices: GENERATED from seed {seed}, {} to {} UTC; ", date(*from), date(*until))?;
                write!(f, "no market data (give --candles FILE to use recorded candles)")
            }
            Source::Files { files, from, until, minutes, gaps, duplicates, out_of_order } => {
                let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
                write!(f, "prices: recorded candles of {}, ", names.join(", "))?;
                write!(
                    f,
                    "{} to {} UTC, {minutes} minutes; seconds inside a minute are a ",
                    date(*from),
                    date(*until)
                )?;
                write!(f, "seeded bridge, the index is spot less a seeded basis")?;
                write_count(f, *duplicates, "repeated rows dropped")?;
                write_count(f, *out_of_order, "rows out of order sorted")?;
                write_gaps(f, gaps)
            }
        }
    }
}

fn write_count(f: &mut fmt::Formatter<'_>, count: u64, what: &str) -> fmt::Result {
    if count == 0 { Ok(()) } else { write!(f, "; {count} {what}") }
}

fn write_gaps(f: &mut fmt::Formatter<'_>, gaps: &[Gap]) -> fmt::Result {
    for gap in gaps.iter().take(GAPS_SHOWN_MAX) {
        write!(f, "; GAP of {} minutes, {} to {}", gap.minutes(), date(gap.from), date(gap.until))?;
    }
    match gaps.get(GAPS_SHOWN_MAX..) {
        Some(more @ [_, ..]) => {
            let minutes: u64 = more.iter().map(Gap::minutes).sum();
            write!(f, "; and {} more gaps of {minutes} minutes in all", more.len())
        }
        _ => Ok(()),
    }
}

/// `2025-08-12 13:45`, or the bare number of seconds where the calendar ends.
#[must_use]
pub fn date(at: Nanos) -> String {
    let seconds = at.seconds();
    match i64::try_from(seconds).map(Timestamp::from_second) {
        Ok(Ok(timestamp)) => timestamp.strftime("%Y-%m-%d %H:%M").to_string(),
        _ => format!("second {seconds}"),
    }
}
