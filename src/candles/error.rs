//! Why candle files were refused: the file, the row, the column, what was read and what would be right.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A candle file that cannot be used. Rows are counted from 1, a header line included.
#[derive(Debug, Error)]
pub enum CandleError {
    /// The file cannot be opened: check the path and its permissions.
    #[error("{}: cannot be opened: {source}", file.display())]
    Open {
        /// As given.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file breaks off or is damaged: fetch it again.
    #[error("{}: row {row} cannot be read, the file may be cut off: {source}", file.display())]
    Read {
        /// As given.
        file: PathBuf,
        /// The row that could not be read.
        row: u64,
        /// What the system or the decompressor said.
        source: io::Error,
    },
    /// A zip archive that does not give one file.
    #[error("{}: a zip archive: {source}", file.display())]
    Zip {
        /// As given.
        file: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The first line is neither numbers nor the header of candles: check that the file holds candles.
    #[error("{}: row 1: the header reads `{read}`; it must begin with `{expected}`", file.display())]
    Header {
        /// As given.
        file: PathBuf,
        /// The header found, cut to a readable length.
        read: String,
        /// What a header of candles begins with.
        expected: &'static str,
    },
    /// A row with the wrong number of columns.
    #[error("{}: row {row}: {read} columns; a candle has 11, or 12 with Binance's last unused one", file.display())]
    Columns {
        /// As given.
        file: PathBuf,
        /// The row.
        row: u64,
        /// How many columns it has.
        read: usize,
    },
    /// A value that cannot be, alone or beside the others of its row.
    #[error("{}: row {row}, column {column}: `{read}`; expected {expected}", file.display())]
    Field {
        /// As given.
        file: PathBuf,
        /// The row.
        row: u64,
        /// Name of the column.
        column: &'static str,
        /// The text found, cut to a readable length.
        read: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Two rows for one minute that differ: one of the files is wrong, leave it out.
    #[error(
        "{}: row {row}: minute {open_time_ms} differs from {}: row {other_row}; leave one of the two out",
        file.display(),
        other_file.display()
    )]
    Conflict {
        /// As given.
        file: PathBuf,
        /// The later row.
        row: u64,
        /// The file of the earlier row.
        other_file: PathBuf,
        /// The earlier row.
        other_row: u64,
        /// The minute both describe, Unix milliseconds.
        open_time_ms: u64,
    },
    /// A row with more or fewer columns than those before it: the file was cut off there, or joined from two.
    #[error("{}: row {row}: {read} columns, unlike the rows before it; the file may be cut off", file.display())]
    Ragged {
        /// As given.
        file: PathBuf,
        /// The row.
        row: u64,
        /// How many columns it has.
        read: usize,
    },
    /// No candle in a file: fetch it again, or leave it out.
    #[error("{}: no candles in this file", file.display())]
    Empty {
        /// As given.
        file: PathBuf,
    },
    /// No file: give at least one.
    #[error("no candle files were given")]
    None,
}
