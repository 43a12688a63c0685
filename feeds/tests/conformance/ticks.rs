//! Six recorded minutes of Binance, spot and perpetual, frame by frame.

use crate::{binance, files, folder};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader};
use trader_feeds::binance::{Session, Settings, Stream};
use trader_feeds::frames::Frames;
use trader_journal::event::{Event, Feed, FrameFault};
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;

/// What a recording held, counted by its text.
#[derive(Default, Debug, PartialEq, Eq)]
struct Tally {
    trades: u64,
    quotes: u64,
    depths: u64,
    snapshots: u64,
    missed: u64,
}

#[test]
fn every_recorded_tick_is_what_a_full_parser_reads() {
    let mut recordings = 0;
    for (name, path) in files(&folder("DATA_DIR").join("binance_ticks")) {
        let feed = match name.as_str() {
            "hftbacktest_spot_btcusdt_20240808.jsonl.gz" => Feed::BinanceSpot,
            "hftbacktest_usdm_btcusdt_20240808.jsonl.gz" => Feed::BinancePerp,
            other => panic!("{other}: say what is expected of it"),
        };
        recordings += 1;
        let lines = BufReader::new(GzDecoder::new(File::open(path).expect("a recording")));
        follow(feed, lines.lines().map(|line| line.expect("a line")));
    }
    assert_eq!(recordings, 2);
}

fn follow(feed: Feed, lines: impl Iterator<Item = String>) {
    let settings = Settings { feed, streams: vec![Stream::Trade, Stream::BookTicker], ..Settings::spot("BTCUSDT") };
    let (mut out, mut frames) = (Outbox::new(settings.says_max()), Frames::new(1, settings.frames_bytes_max()));
    let mut session = Session::new(settings);
    session.on_connected(Nanos(1), 1, &mut out, &mut frames);
    let mut tally = Tally::default();
    let mut last_trade = None;
    let mut told = 0;
    for line in lines {
        let (ts, frame) = line.split_once(' ').expect("a stamp");
        let ts = Nanos(ts.parse().expect("nanoseconds"));
        if frame.contains("@trade\"") || frame.contains("@bookTicker\"") {
            binance::check("a tick", frame);
        }
        count(frame, &mut tally, &mut last_trade);
        out.clear();
        session.on_frame(ts, 1, frame.as_bytes(), &mut out, &mut frames);
        told += out.events().iter().filter(|event| is_tick(event)).count() as u64;
    }
    let counts = session.counts();
    assert!(tally.trades > 9_000 && tally.quotes > 28_000, "{tally:?}");
    assert_eq!(told, tally.trades + tally.quotes, "none is a repeat");
    assert_eq!(counts.repeats, 0);
    assert_eq!(counts.trades_missed, tally.missed);
    assert_eq!(counts.faults_of(FrameFault::UnknownKind), tally.depths);
    assert_eq!(counts.faults_of(FrameFault::MissingField), tally.snapshots);
    assert_eq!(counts.faults_total(), tally.depths + tally.snapshots);
}

const fn is_tick(event: &Event) -> bool {
    matches!(event, Event::SpotTrade { .. } | Event::SpotQuote { .. })
}

fn count(frame: &str, tally: &mut Tally, last_trade: &mut Option<u64>) {
    if frame.contains("@trade\"") {
        tally.trades += 1;
        let (_, id) = frame.split_once("\"t\":").expect("a number");
        let id: u64 = id.split(',').next().and_then(|digits| digits.parse().ok()).expect("digits");
        tally.missed += last_trade.replace(id).map_or(0, |last| id - last - 1);
    } else if frame.contains("@bookTicker\"") {
        tally.quotes += 1;
    } else if frame.contains("@depth") {
        tally.depths += 1;
    } else {
        tally.snapshots += 1;
    }
}
