//! Writes candles as the reader reads them: one header, times in milliseconds, gzip.

use super::{Candle, MINUTE_NANOS};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use trader_journal::units::Money;

const HEADER: &str = "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_base,taker_quote";

/// Writes a file; what was there before stays until the new one is whole.
///
/// # Errors
/// The system's.
pub fn write_candles(file: &Path, candles: &[Candle]) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let mut out = GzEncoder::new(BufWriter::new(File::create(&beside)?), Compression::default());
    writeln!(out, "{HEADER}")?;
    for candle in candles {
        writeln!(out, "{}", row(candle))?;
    }
    out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&beside, file)
}

fn row(candle: &Candle) -> String {
    let opens = candle.open_time.millis();
    let closes = candle.open_time.plus(MINUTE_NANOS).millis() - 1;
    let [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close].map(price);
    let [volume, quote, base, taker] =
        [candle.volume, candle.quote_volume, candle.taker_base, candle.taker_quote].map(amount);
    let trades = candle.trades;
    format!("{opens},{open},{high},{low},{close},{volume},{closes},{quote},{trades},{base},{taker}")
}

fn price(price: Money) -> String {
    decimal(price.0, Money::DOLLAR.0, 6)
}

/// An amount in 1e-8.
fn amount(amount: i64) -> String {
    decimal(amount, 100_000_000, 8)
}

/// `value / unit` in full, without zeros at its end; neither is ever below zero.
fn decimal(value: i64, unit: i64, decimals: usize) -> String {
    let text = format!("{}.{:0decimals$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
