//! What dumps are read, and what a wrong one is told.

use flate2::Compression;
use flate2::write::GzEncoder;
use kalshi_trader::candles::{CandleError, CandleSeries, Gap, MINUTE_NANOS, read_candles};
use proptest::prelude::*;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;
use trader_journal::units::{Money, Nanos};

/// Minute 0 of the fixtures, Unix milliseconds.
const START_MS: u64 = 1_735_689_600_000;

/// The row of minute `minute` in the untouched twelve-column form, times in milliseconds.
fn row(minute: u64) -> String {
    row_at(START_MS + minute * 60_000)
}

fn row_at(open_time: u64) -> String {
    format!("{open_time},100.50000000,102.00000000,99.25000000,101.00000000,1.5,0,150.75,3,0.50000000,50.25,0\n")
}

fn files(contents: &[&[u8]]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |(number, content): (usize, &&[u8])| {
        let path = folder.path().join(format!("{number}.csv"));
        fs::write(&path, content).expect("a fixture is written");
        path
    };
    let paths = contents.iter().enumerate().map(write).collect();
    (folder, paths)
}

fn read(contents: &[&[u8]]) -> Result<CandleSeries, CandleError> {
    let (_folder, paths) = files(contents);
    read_candles(&paths)
}

/// Reads one file of these rows.
fn read_text(text: &str) -> Result<CandleSeries, CandleError> {
    read(&[text.as_bytes()])
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory does not refuse");
    encoder.finish().expect("memory does not refuse")
}

fn minute(number: u64) -> Nanos {
    Nanos(START_MS * Nanos::MILLI + number * MINUTE_NANOS)
}

#[test]
fn a_row_becomes_integers() {
    let series = read_text(&row(0)).expect("a good row");
    let candle = series.candles()[0];
    assert_eq!(candle.open_time, minute(0));
    assert_eq!(candle.open, Money(100_500_000));
    assert_eq!(candle.high, Money(102_000_000));
    assert_eq!(candle.low, Money(99_250_000));
    assert_eq!(candle.close, Money(101_000_000));
    assert_eq!((candle.volume, candle.quote_volume, candle.trades), (150_000_000, 15_075_000_000, 3));
    assert_eq!((candle.taker_base, candle.taker_quote), (50_000_000, 5_025_000_000));
}

#[test]
fn every_form_of_a_dump_reads_the_same() {
    let plain = format!("{}{}", row(0), row(1));
    let expected = read_text(&plain).expect("plain rows");
    let futures = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,\
                   taker_buy_quote_volume,ignore\n";
    let named = "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_base,taker_quote\n";
    let eleven = plain.replace(",0\n", "\n");
    let micros = format!("{}{}", row_at(START_MS * 1_000), row_at((START_MS + 60_000) * 1_000));
    let nanos = format!("{}{}", row_at(START_MS * 1_000_000), row_at((START_MS + 60_000) * 1_000_000));
    let forms: [Vec<u8>; 9] = [
        format!("{futures}{plain}").into_bytes(),
        format!("{named}{eleven}").into_bytes(),
        format!("\u{feff}{named}{eleven}").into_bytes(),
        plain.replace('\n', "\r\n").into_bytes(),
        plain.trim_end().as_bytes().to_vec(),
        micros.into_bytes(),
        nanos.into_bytes(),
        gzip(&plain),
        [gzip(&row(0)), gzip(&row(1))].concat(),
    ];
    for form in &forms {
        let series = read(&[form]).expect("a known form");
        assert_eq!(series.candles(), expected.candles());
    }
}

#[test]
fn files_come_in_any_order_and_gaps_are_listed() {
    let late = format!("{}{}", row(7), row(8));
    let early = format!("{}{}{}", row(0), row(2), row(1));
    let series = read(&[late.as_bytes(), &gzip(&early)]).expect("two files");
    let times: Vec<_> = series.candles().iter().map(|candle| candle.open_time).collect();
    assert_eq!(times, [0, 1, 2, 7, 8].map(minute));
    assert_eq!(series.notes().gaps, [Gap { from: minute(3), until: minute(7) }]);
    assert_eq!(series.notes().gaps[0].minutes(), 4);
    assert_eq!(series.notes().out_of_order, 1, "only within a file");
    assert_eq!((series.start(), series.end()), (minute(0), minute(9)));
}

#[test]
fn an_equal_row_is_counted_and_a_different_one_refused() {
    let twice = format!("{}{}", row(0), row(1));
    let series = read(&[twice.as_bytes(), row(1).as_bytes()]).expect("an equal row");
    assert_eq!((series.candles().len(), series.notes().duplicates), (2, 1));

    let other = row(1).replace("101.0", "101.1");
    let (_folder, paths) = files(&[twice.as_bytes(), other.as_bytes()]);
    match read_candles(&paths) {
        Err(CandleError::Conflict { file, row: 1, other_file, other_row: 2, open_time_ms }) => {
            assert_eq!((file, other_file), (paths[1].clone(), paths[0].clone()));
            assert_eq!(open_time_ms, START_MS + 60_000);
        }
        other => panic!("{other:?}"),
    }
}

/// One good row, then `bad`: the refusal must name row 2, `column` and what was read.
fn refused(bad: &str, column: &str, read: &str) {
    match read_text(&format!("{}{bad}", row(0))) {
        Err(CandleError::Field { row: 2, column: named, read: found, .. }) => {
            assert_eq!((named, found.as_str()), (column, read), "{bad}");
        }
        other => panic!("{bad}: {other:?}"),
    }
}

#[test]
fn every_wrong_value_names_its_row_and_column() {
    let good = row(1);
    let with = |from: &str, to: &str| good.replacen(from, to, 1);
    for text in ["NaN", "", "-100.5", "0", "0.00", "1e2", "+100.5", " 100.5", "100,5".split_at(0).0, "inf", "\"100\""] {
        refused(&with("100.50000000", text), "open", text);
    }
    refused(&with("102.00000000", "99.00000000"), "high", "99.00000000");
    refused(&with("100.50000000", "102.00000001"), "open", "102.00000001");
    refused(&with("100.50000000", "102.01"), "open", "102.01");
    refused(&with("100.50000000", "99.24"), "open", "99.24");
    refused(&with("101.00000000", "102.01"), "close", "102.01");
    refused(&with("101.00000000", "99.24"), "close", "99.24");
    refused(&with("101.00000000", "101.0000001"), "close", "101.0000001");
    refused(&with(",1.5,", ",-1.5,"), "volume", "-1.5");
    refused(&with(",1.5,", ",1.123456789,"), "volume", "1.123456789");
    refused(&with("150.75", "x"), "quote_volume", "x");
    refused(&with(",3,", ",-3,"), "trades", "-3");
    refused(&with(",3,", ",3.5,"), "trades", "3.5");
    refused(&with(",0.50000000,", ",1.6,"), "taker_base", "1.6");
    refused(&with(",50.25,", ",,"), "taker_quote", "");
    let half_minute = (START_MS + 30_000).to_string();
    refused(&row_at(START_MS + 30_000), "open_time", &half_minute);
    refused(&with("1735689660000", "99999999999999"), "open_time", "99999999999999");
    refused(&with("1735689660000", "-1735689660000"), "open_time", "-1735689660000");
}

#[test]
fn a_wrong_file_is_told_what_is_wrong_with_it() {
    assert!(matches!(read_text("price,size\n1,2\n"), Err(CandleError::Header { .. })));
    assert!(matches!(read_text(&format!("{}1,2,3\n", row(0))), Err(CandleError::Columns { row: 2, read: 3, .. })));
    assert!(matches!(read(&[b"PK\x03\x04rest"]), Err(CandleError::Zip { .. })));
    assert!(matches!(read(&[b""]), Err(CandleError::Empty { .. })));
    assert!(matches!(read_candles(&[]), Err(CandleError::None)));
    assert!(matches!(read_candles(&["/nowhere/at/all.csv".into()]), Err(CandleError::Open { .. })));
    let rows: String = (0..500).map(row).collect();
    let whole = gzip(&rows);
    let cut = read(&[&whole[..whole.len() / 2]]);
    assert!(matches!(cut, Err(CandleError::Read { row: 1.., .. })), "{cut:?}");
}

/// A zip archive of one deflated file, as `zip` writes it.
fn zip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let mut sum = flate2::Crc::new();
    sum.update(text.as_bytes());
    let sizes = [sum.sum(), packed.len() as u32, text.len() as u32].map(u32::to_le_bytes).concat();
    let times = [0; 4];
    let names = [5, 0, 0, 0];
    let local = [b"PK\x03\x04\x14\0\0\0\x08\0".as_slice(), &times, &sizes, &names, b"a.csv", &packed].concat();
    let directory = [b"PK\x01\x02".as_slice(), &[0; 42], b"a.csv"].concat();
    [local, directory].concat()
}

#[test]
fn a_zip_archive_of_one_file_is_read_and_any_other_is_told_why_not() {
    let rows: String = (0..300).map(row).collect();
    let whole = zip(&rows);
    assert_eq!(read(&[&whole]).expect("an archive").candles(), read_text(&rows).expect("rows").candles());
    for length in 4..whole.len() - 47 {
        let cut = read(&[&whole[..length]]);
        assert!(matches!(cut, Err(CandleError::Zip { .. })), "{length}: {cut:?}");
    }
    let mut altered = whole.clone();
    altered[14] ^= 1;
    let error = read(&[&altered]).unwrap_err().to_string();
    assert!(error.contains("checksum"), "{error}");
    let two = [&whole[..whole.len() - 51], whole.as_slice()].concat();
    let error = read(&[&two]).unwrap_err().to_string();
    assert!(error.contains("more than one"), "{error}");
}

#[test]
fn what_is_written_is_read_back() {
    let series = read_text(&(0..90).filter(|minute| *minute != 40).map(row).collect::<String>()).expect("rows");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("joined.csv.gz");
    kalshi_trader::candles::write_candles(&file, series.candles()).unwrap();
    let again = read_candles(&[file]).expect("what was written");
    assert_eq!(again.candles(), series.candles());
    assert_eq!(again.notes().gaps.len(), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn blank_lines_do_not_move_the_row_number() {
    let text = format!("{}\n\n{}", row(0), row(1).replace("100.5", "abc"));
    match read_text(&text) {
        Err(error @ CandleError::Field { row: 4, .. }) => {
            let message = error.to_string();
            assert!(message.contains("0.csv: row 4, column open: `abc0000000`"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn trading_starts_after_two_days_at_a_quarter_hour() {
    let rows = |minutes: std::ops::Range<u64>| read_text(&minutes.map(row).collect::<String>()).expect("good rows");
    let warm = 2 * 24 * 60;
    assert_eq!(rows(0..warm + 15).trade_start(), Ok(minute(warm)));
    assert_eq!(rows(1..warm + 30).trade_start(), Ok(minute(warm + 15)));
    let short = rows(1..warm + 29).trade_start().expect_err("one minute short");
    assert_eq!((short.minutes_have, short.minutes_needed), (warm + 28, warm + 29));
    let short = rows(0..40).trade_start().expect_err("no warm-up");
    assert_eq!((short.minutes_have, short.minutes_needed), (40, warm + 15));
    let gap = read_text(&(0..warm).chain(warm + 7..warm + 40).map(row).collect::<String>()).expect("good rows");
    assert_eq!(gap.trade_start(), Ok(minute(warm)));
    let early_gap = read_text(&(0..9).chain(20..warm + 60).map(row).collect::<String>()).expect("good rows");
    assert_eq!(early_gap.trade_start(), Ok(minute(warm + 15)), "eleven more minutes until two days were heard");
    let series = rows(0..warm + 15);
    let (before, after) = series.split_at(minute(warm));
    assert_eq!((before.len() as u64, after.len()), (warm, 15));
}

proptest! {
    /// Whatever the bytes, reading answers or refuses; it never panics.
    #[test]
    fn garbage_never_panics(lines in prop::collection::vec("[0-9.,a-z\"\\-]{0,60}", 0..20), cut in 0usize..200) {
        let text = lines.join("\n");
        let _ = read_text(&text);
        let packed = gzip(&text);
        let _ = read(&[&packed[..cut.min(packed.len())]]);
    }

    /// Rows in any order, in any number of files, are the same series.
    #[test]
    fn order_and_files_do_not_matter(
        minutes in prop::collection::btree_set(0u64..200, 2..40).prop_map(Vec::from_iter),
        shuffled in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let sorted = read_text(&minutes.iter().copied().map(row).collect::<String>()).expect("good rows");
        let mut turned = minutes.clone();
        turned.rotate_left(shuffled.index(minutes.len()));
        let (first, second) = turned.split_at(1 + cut.index(minutes.len() - 1));
        let text = |part: &[u64]| part.iter().copied().map(row).collect::<String>();
        let split = read(&[text(first).as_bytes(), text(second).as_bytes()]).expect("good rows");
        prop_assert_eq!(split.candles(), sorted.candles());
        prop_assert_eq!(&split.notes().gaps, &sorted.notes().gaps);
    }
}
