//! Reads Binance dumps of one-minute candles: plain, gzip or zip, with or without a header line,
//! times in milliseconds, microseconds (spot dumps since 2025-01-01) or nanoseconds.
//!
//! Rows are streamed and become integers at once; nothing but the candles is kept.

use super::archive;
use super::{Candle, CandleError, CandleNotes, CandleSeries, MINUTE_NANOS};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use trader_journal::units::{DecimalError, Money, Nanos, parse_decimal};

/// What the header line of candles begins with. The names after it vary (`count` or `trades`), the order does not.
const HEADER: &str = "open_time,open,high,low,close,volume,close_time,quote_volume";
/// Columns with and without Binance's last unused one.
const COLUMNS: std::ops::RangeInclusive<usize> = COLUMNS_MAX - 1..=COLUMNS_MAX;
const COLUMNS_MAX: usize = 12;
/// From here up an open time is in microseconds (as milliseconds it would be the year 5138).
const MICROS_FROM: i64 = 100_000_000_000_000;
/// From here up an open time is in nanoseconds.
const NANOS_FROM: i64 = 100_000_000_000_000_000;
/// Volumes and values are kept in 1e-8.
const VOLUME_DECIMALS: u32 = 8;
/// No coin has cost more, and what is summed from here on has room for a thousand such prices.
const PRICE_MAX: Money = Money(10_000_000 * Money::DOLLAR.0);
/// What a person is shown of a wrong value, characters.
const SHOWN_MAX: usize = 80;
const READ_BUFFER_BYTES: usize = 1 << 18;
/// Longer lines are no candles; a file without line ends must not be read into memory whole.
const LINE_BYTES_MAX: u64 = 4096;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads candle files in any order into one series.
///
/// Rows that repeat another exactly are dropped and counted; rows out of order are sorted and counted;
/// missing minutes are listed as gaps.
///
/// # Errors
/// [`CandleError`] names the file, row and column, what was read and what would be right.
pub fn read_candles(files: &[PathBuf]) -> Result<CandleSeries, CandleError> {
    let mut load = Load { rows: Vec::new(), out_of_order: 0 };
    for (number, file) in files.iter().enumerate() {
        load.read_file(number, file)?;
    }
    load.into_series(files)
}

/// A candle and where it came from, so that a conflict can name both rows.
struct Row {
    candle: Candle,
    file: u32,
    row: u32,
}

struct Load {
    rows: Vec<Row>,
    out_of_order: u64,
}

impl Load {
    fn read_file(&mut self, number: usize, file: &Path) -> Result<(), CandleError> {
        let mut text = open(file)?;
        let mut line = Vec::new();
        let mut latest = Nanos(0);
        let mut columns_before = None;
        let rows_before = self.rows.len();
        for row in 1.. {
            line.clear();
            let read = text.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
            if read.map_err(|source| CandleError::Read { file: file.to_owned(), row, source })? == 0 {
                break;
            }
            let columns = Columns::split(line.trim_ascii_end());
            if row == 1 && columns.is_header() {
                columns.check_header(file)?;
            } else if !columns.is_blank() {
                let read = columns.count;
                let candle = Fields { file, row, columns }.candle()?;
                if *columns_before.get_or_insert(read) != read {
                    return Err(CandleError::Ragged { file: file.to_owned(), row, read });
                }
                self.out_of_order += u64::from(candle.open_time < latest);
                latest = latest.max(candle.open_time);
                self.rows.push(Row { candle, file: number as u32, row: row as u32 });
            }
        }
        if self.rows.len() == rows_before {
            return Err(CandleError::Empty { file: file.to_owned() });
        }
        Ok(())
    }

    fn into_series(mut self, files: &[PathBuf]) -> Result<CandleSeries, CandleError> {
        // A stable sort: of two equal minutes the one read first stays first, so a conflict blames the later row.
        self.rows.sort_by_key(|row| row.candle.open_time);
        let mut candles: Vec<Candle> = Vec::with_capacity(self.rows.len());
        let mut duplicates = 0;
        for at in 0..self.rows.len() {
            let repeats = at > 0 && self.rows[at - 1].candle.open_time == self.rows[at].candle.open_time;
            if !repeats {
                candles.push(self.rows[at].candle);
            } else if self.rows[at - 1].candle == self.rows[at].candle {
                duplicates += 1;
            } else {
                return Err(conflict(files, &self.rows[at - 1], &self.rows[at]));
            }
        }
        if candles.is_empty() {
            return Err(CandleError::None);
        }
        let notes =
            CandleNotes { files: files.to_vec(), gaps: Vec::new(), duplicates, out_of_order: self.out_of_order };
        Ok(CandleSeries::from_sorted(candles, notes))
    }
}

/// Opens a file by what its first bytes say it is, not by its name.
fn open(file: &Path) -> Result<Box<dyn BufRead>, CandleError> {
    let opened = |source| CandleError::Open { file: file.to_owned(), source };
    let mut bytes = BufReader::with_capacity(READ_BUFFER_BYTES, File::open(file).map_err(opened)?);
    match bytes.fill_buf().map_err(opened)? {
        [0x1f, 0x8b, ..] => Ok(Box::new(BufReader::with_capacity(READ_BUFFER_BYTES, MultiGzDecoder::new(bytes)))),
        [b'P', b'K', 3, 4, ..] => {
            let unpacked =
                archive::unpack(bytes).map_err(|source| CandleError::Zip { file: file.to_owned(), source })?;
            Ok(Box::new(unpacked))
        }
        _ => Ok(Box::new(bytes)),
    }
}

/// The columns of one line; a comma always parts them, for no dump quotes anything.
struct Columns<'a> {
    texts: [&'a [u8]; COLUMNS_MAX],
    /// How many there are, which may be more than are kept.
    count: usize,
}

impl<'a> Columns<'a> {
    fn split(line: &'a [u8]) -> Columns<'a> {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        let mut columns = Columns { texts: [&[]; COLUMNS_MAX], count: 0 };
        for text in line.split(|byte| *byte == b',') {
            if let Some(kept) = columns.texts.get_mut(columns.count) {
                *kept = text;
            }
            columns.count += 1;
        }
        columns
    }

    fn is_blank(&self) -> bool {
        self.count == 1 && self.texts[0].is_empty()
    }

    /// A header begins with a letter; a row of numbers, even a wrong one, does not.
    fn is_header(&self) -> bool {
        self.texts[0].first().is_some_and(u8::is_ascii_alphabetic)
    }

    fn check_header(&self, file: &Path) -> Result<(), CandleError> {
        let read = self.texts.join(&b',');
        if read.starts_with(HEADER.as_bytes()) && COLUMNS.contains(&self.count) {
            return Ok(());
        }
        let read = shown(&read).trim_end_matches(',').to_owned();
        Err(CandleError::Header { file: file.to_owned(), read, expected: HEADER })
    }
}

fn conflict(files: &[PathBuf], earlier: &Row, later: &Row) -> CandleError {
    CandleError::Conflict {
        file: files[later.file as usize].clone(),
        row: u64::from(later.row),
        other_file: files[earlier.file as usize].clone(),
        other_row: u64::from(earlier.row),
        open_time_ms: later.candle.open_time.millis(),
    }
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(SHOWN_MAX).collect()
}

/// One row on its way to becoming a candle.
struct Fields<'a> {
    file: &'a Path,
    row: u64,
    columns: Columns<'a>,
}

impl Fields<'_> {
    fn candle(&self) -> Result<Candle, CandleError> {
        if !COLUMNS.contains(&self.columns.count) {
            return Err(CandleError::Columns { file: self.file.to_owned(), row: self.row, read: self.columns.count });
        }
        let candle = Candle {
            open_time: self.open_time()?,
            open: self.price(1, "open")?,
            high: self.price(2, "high")?,
            low: self.price(3, "low")?,
            close: self.price(4, "close")?,
            volume: self.amount(5, "volume")?,
            quote_volume: self.amount(7, "quote_volume")?,
            trades: self.trades()?,
            taker_base: self.amount(9, "taker_base")?,
            taker_quote: self.amount(10, "taker_quote")?,
        };
        self.check_shape(&candle)?;
        Ok(candle)
    }

    fn open_time(&self) -> Result<Nanos, CandleError> {
        let nanos = self.time(0).filter(|time| time.0 % MINUTE_NANOS == 0);
        nanos.ok_or_else(|| self.field(0, "open_time", "the start of a minute in Unix ms, µs or ns"))
    }

    /// A time whose digits say its unit.
    fn time(&self, at: usize) -> Option<Nanos> {
        let number = parse_decimal(self.text(at), 0).ok()?;
        let nanos_per_unit = match number {
            NANOS_FROM.. => 1,
            MICROS_FROM.. => 1_000,
            _ => Nanos::MILLI,
        };
        u64::try_from(number).ok()?.checked_mul(nanos_per_unit).map(Nanos)
    }

    fn price(&self, at: usize, column: &'static str) -> Result<Money, CandleError> {
        match Money::parse(self.text(at)) {
            Ok(price) if Money::ZERO < price && price <= PRICE_MAX => Ok(price),
            Err(DecimalError::TooFine) => Err(self.field(at, column, "at most six decimals")),
            _ => Err(self.field(at, column, "a price above 0 and at most 10000000, as a plain decimal")),
        }
    }

    fn amount(&self, at: usize, column: &'static str) -> Result<i64, CandleError> {
        match parse_decimal(self.text(at), VOLUME_DECIMALS) {
            Ok(amount) if amount >= 0 => Ok(amount),
            Err(DecimalError::TooFine) => Err(self.field(at, column, "at most eight decimals")),
            _ => Err(self.field(at, column, "an amount of 0 or more, as a plain decimal")),
        }
    }

    fn trades(&self) -> Result<u32, CandleError> {
        let number = parse_decimal(self.text(8), 0).ok().and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| self.field(8, "trades", "a whole number of 0 or more"))
    }

    fn check_shape(&self, candle: &Candle) -> Result<(), CandleError> {
        let range = candle.low..=candle.high;
        // Whoever writes no close time writes a small number; a longer candle names its own end.
        if self.time(6).is_some_and(|close| close > candle.end_time()) {
            Err(self.field(6, "close_time", "the end of the minute: a candle of one minute"))
        } else if range.is_empty() {
            Err(self.field(2, "high", "a high that is not below the low"))
        } else if !range.contains(&candle.open) {
            Err(self.field(1, "open", "an open between low and high"))
        } else if !range.contains(&candle.close) {
            Err(self.field(4, "close", "a close between low and high"))
        } else if candle.taker_base > candle.volume {
            Err(self.field(9, "taker_base", "at most the volume"))
        } else {
            Ok(())
        }
    }

    fn text(&self, at: usize) -> &[u8] {
        self.columns.texts[at]
    }

    fn field(&self, at: usize, column: &'static str, expected: &'static str) -> CandleError {
        let read = shown(self.text(at));
        CandleError::Field { file: self.file.to_owned(), row: self.row, column, read, expected }
    }
}
