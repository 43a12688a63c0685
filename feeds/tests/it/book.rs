//! The book of a watched market: mirrored, or known to be in doubt in the very step that raises it.

use crate::fixtures::{self, TICKER};
use crate::rig::{Rig, ToldBook, faults, kinds};
use trader_journal::book::Side;
use trader_journal::event::{BookFault, Event, FrameFault, MarketId};
use trader_journal::units::{Count, Nanos, Price};

fn book(bids: &[(u16, i64)], asks: &[(u16, i64)]) -> ToldBook {
    let bids = bids.iter().map(|(price, size)| ((Side::Bid, *price), *size));
    bids.chain(asks.iter().map(|(price, size)| ((Side::Ask, *price), *size))).collect()
}

fn invalid_by(events: &[Event]) -> Vec<BookFault> {
    let fault = |event: &Event| match event {
        Event::BookInvalid { fault, .. } => Some(*fault),
        _ => None,
    };
    events.iter().filter_map(fault).collect()
}

#[test]
fn a_snapshot_is_told_whole_and_stamped() {
    let mut rig = Rig::up();
    let said = rig.book_message(
        "orderbook_snapshot",
        &format!(
            r#""market_ticker":"{TICKER}","yes_dollars_fp":[["0.4700","3.00"]],"no_dollars_fp":[["0.4800","2.00"]]"#
        ),
    );
    assert_eq!(kinds(&said), ["begin", "level", "level", "end"]);
    let Event::BookBegin { market, epoch, .. } = said[0] else { panic!() };
    assert_eq!((market, epoch), (MarketId(1), 1));
    let Event::BookLevel { side, price, size, .. } = said[2] else { panic!() };
    assert_eq!((side, price, size), (Side::Ask, Price(4_800), Count(200)), "a NO bid in YES prices is an ask");
    assert_eq!(rig.told_book(), Some(&book(&[(4_700, 300)], &[(4_800, 200)])));
}

#[test]
fn a_delta_tells_the_size_that_is_there_now() {
    let mut rig = Rig::with_book();
    let said = rig.delta("yes", "0.4700", "-1.50");
    assert_eq!(kinds(&said), ["level"]);
    let Event::BookLevel { side, price, size, venue_ts, .. } = said[0] else { panic!() };
    assert_eq!((side, price, size), (Side::Bid, Price(4_700), Count(150)));
    assert_eq!(venue_ts, Nanos(1_795_366_860_123 * Nanos::MILLI));
    rig.delta("no", "0.4900", "8.27");
    rig.delta("no", "0.4800", "-2.00");
    rig.delta("yes", "0.4700", "-1.50");
    assert_eq!(rig.told_book(), Some(&book(&[(4_600, 1_000)], &[(4_900, 827), (5_000, 500)])));
}

#[test]
fn a_side_that_is_absent_is_empty() {
    let mut rig = Rig::with_book();
    rig.snapshot(r#""no_dollars_fp":[["0.4400","335.00"],["0.9900","26.00"]]"#);
    assert_eq!(rig.told_book(), Some(&book(&[], &[(4_400, 33_500), (9_900, 2_600)])), "no stale bids");
    rig.snapshot("");
    assert_eq!(rig.told_book(), Some(&book(&[], &[])));
    rig.delta("yes", "0.0010", "407266.00");
    assert_eq!(rig.told_book(), Some(&book(&[(10, 40_726_600)], &[])));
}

#[test]
fn an_unasked_snapshot_replaces_the_book() {
    let mut rig = Rig::with_book();
    let said = rig.snapshot(r#""yes_dollars_fp":[["0.1000","1.00"]]"#);
    assert_eq!(kinds(&said), ["begin", "level", "end"]);
    assert_eq!(rig.told_book(), Some(&book(&[(1_000, 100)], &[])));
    assert_eq!(rig.take_sent(), [""; 0]);
}

#[test]
fn a_gap_invalidates_on_that_very_message_and_asks_for_a_snapshot() {
    let mut rig = Rig::with_book();
    rig.take_sent();
    rig.seq += 1;
    let said = rig.delta("yes", "0.4700", "1.00");
    assert_eq!(kinds(&said), ["invalid", "rejected"]);
    assert_eq!(invalid_by(&said), [BookFault::Gap]);
    assert_eq!(rig.session.counts().book_gaps, 1);
    assert_eq!(
        rig.take_sent(),
        [format!(
            r#"{{"id":5,"cmd":"update_subscription","params":{{"sids":[5],"market_tickers":["{TICKER}"],"action":"get_snapshot"}}}}"#
        )]
    );
    let said = rig.delta("yes", "0.4700", "1.00");
    assert_eq!(faults(&said), [FrameFault::BookInvalid], "nothing is applied to a book in doubt");
    assert_eq!(rig.told_book(), None);
    assert_eq!(rig.take_sent(), [""; 0], "one request at a time");
    rig.snapshot(r#""yes_dollars_fp":[["0.4700","7.00"]]"#);
    assert_eq!(rig.told_book(), Some(&book(&[(4_700, 700)], &[])));
    rig.delta("yes", "0.4700", "1.00");
    assert_eq!(rig.told_book(), Some(&book(&[(4_700, 800)], &[])));
}

#[test]
fn a_snapshot_that_does_not_come_is_asked_for_again() {
    let mut rig = Rig::with_book();
    rig.seq += 1;
    rig.delta("yes", "0.4700", "1.00");
    rig.take_sent();
    let asked = rig.now;
    rig.wait();
    assert_eq!(rig.now, asked.plus(Nanos::SECOND));
    assert!(rig.take_sent()[0].contains("get_snapshot"));
    assert_eq!(rig.session.counts().resyncs, 2);
}

#[test]
fn a_repeat_is_never_applied_twice_and_is_a_gap() {
    let mut rig = Rig::with_book();
    rig.delta("yes", "0.4700", "1.00");
    rig.seq -= 1;
    let said = rig.delta("yes", "0.4700", "1.00");
    assert_eq!(kinds(&said), ["invalid", "rejected"]);
    assert_eq!(invalid_by(&said), [BookFault::Gap]);
}

#[test]
fn a_replayed_snapshot_is_not_news() {
    let mut rig = Rig::with_book();
    rig.delta("yes", "0.4700", "1.00");
    rig.delta("yes", "0.4700", "1.00");
    rig.seq = 0;
    rig.snapshot(r#""yes_dollars_fp":[["0.4700","3.00"]]"#);
    rig.delta("yes", "0.4700", "1.00");
    assert_eq!(rig.told_book(), None, "the first two messages again: their book is of the past");
    rig.seq = 3;
    rig.snapshot(r#""yes_dollars_fp":[["0.4700","5.00"]]"#);
    assert_eq!(rig.told_book(), Some(&book(&[(4_700, 500)], &[])));
}

#[test]
fn a_venue_that_counts_from_anew_is_believed_in_the_end() {
    let mut rig = Rig::with_book();
    for _ in 0..100 {
        rig.snapshot(r#""yes_dollars_fp":[["0.4700","3.00"]]"#);
    }
    rig.seq = 0;
    for _ in 0..100 {
        rig.snapshot(r#""yes_dollars_fp":[["0.4600","3.00"]]"#);
    }
    assert_eq!(rig.told_book(), Some(&book(&[(4_600, 300)], &[])));
}

#[test]
fn a_gap_puts_every_book_of_the_subscription_in_doubt() {
    let mut rig = Rig::up();
    let other = "KXBTC15M-26NOV221230-30";
    rig.list(&[fixtures::market_of(
        other,
        "KXBTC15M-26NOV221230",
        "2026-11-22T17:00:00Z",
        "2026-11-22T17:30:00Z",
        r#","status":"active""#,
    )]);
    rig.snapshot("");
    rig.book_message("orderbook_snapshot", &format!(r#""market_ticker":"{other}""#));
    assert!(rig.told_of(MarketId(2)).is_some());
    rig.seq += 1;
    let said = rig.delta("yes", "0.4700", "1.00");
    assert_eq!(kinds(&said), ["invalid", "invalid", "rejected"]);
}

#[test]
fn what_a_book_cannot_be_is_not_a_book() {
    for (side, price, change, fault) in [
        ("yes", "0.4700", "-3.01", BookFault::Negative),
        ("yes", "0.4800", "1.00", BookFault::Crossed),
        ("no", "0.4600", "1.00", BookFault::Crossed),
        ("yes", "0.4750", "1.00", BookFault::Illegal),
        ("yes", "0.4755", "1.00", BookFault::Illegal),
        ("yes", "0.0000", "1.00", BookFault::Illegal),
        ("no", "1.0000", "1.00", BookFault::Illegal),
        ("yes", "1.4700", "1.00", BookFault::Illegal),
        ("yes", "-0.4700", "1.00", BookFault::Illegal),
        ("yes", "0.47005", "1.00", BookFault::Illegal),
        ("yes", "4.7e-1", "1.00", BookFault::Illegal),
        ("yes", "NaN", "1.00", BookFault::Illegal),
        ("yes", "", "1.00", BookFault::Illegal),
        ("yes", "0.4700", "Infinity", BookFault::Illegal),
        ("yes", "0.4700", "1e999", BookFault::Illegal),
        ("yes", "0.4700", "1.005", BookFault::Illegal),
        ("yes", "0.4700", "92233720368547758.07", BookFault::Illegal),
        ("yes", "0.4700", "9223372036854775808.00", BookFault::Illegal),
        ("maybe", "0.4700", "1.00", BookFault::Illegal),
    ] {
        let mut rig = Rig::with_book();
        rig.take_sent();
        let said = rig.delta(side, price, change);
        assert_eq!(invalid_by(&said), [fault], "{side} {price} {change}");
        assert!(rig.take_sent()[0].contains("get_snapshot"), "{side} {price} {change}");
    }
}

#[test]
fn what_a_snapshot_cannot_be_is_not_a_book() {
    for sides in [
        r#""yes_dollars_fp":[["0.4700","3.00"]],"no_dollars_fp":[["0.4700","2.00"]]"#,
        r#""yes_dollars_fp":[["0.4700","3.00"],["0.4700","3.00"]]"#,
        r#""yes_dollars_fp":[["0.4700","-3.00"]]"#,
        r#""yes_dollars_fp":[["0.4700"]]"#,
        r#""yes_dollars_fp":[["0.4700","3.00","1"]]"#,
        r#""yes_dollars_fp":[[0.47,3]]"#,
        r#""yes_dollars_fp":[["0.4705","3.00"]]"#,
        r#""yes_dollars_fp":{"0.4700":"3.00"}"#,
        r#""yes_dollars_fp":[["0.4700","3.00"]],"yes_dollars_fp":[]"#,
    ] {
        let mut rig = Rig::with_book();
        let said = rig.snapshot(sides);
        assert_eq!(invalid_by(&said).len(), 1, "{sides}");
        assert_eq!(rig.told_book(), None, "{sides}");
    }
}

#[test]
fn no_prices_in_a_yes_book_are_noticed_by_their_scale() {
    let mut rig = Rig::up();
    rig.take_sent();
    // Asks 0.53 and 0.55 as NO bids 0.47 and 0.45: the flag was not heeded.
    let said =
        rig.snapshot(r#""yes_dollars_fp":[["0.5000","3.00"]],"no_dollars_fp":[["0.4500","2.00"],["0.4700","1.00"]]"#);
    assert_eq!(faults(&said), [FrameFault::BookInvalid]);
    assert_eq!(rig.session.counts().wrong_scales, 1);
    assert_eq!(rig.told_book(), None);
    assert_eq!(rig.take_sent(), [""; 0], "not at once again: what is sent twice is meant");
    rig.wait();
    assert!(rig.take_sent()[0].contains("get_snapshot"));
}

#[test]
fn a_crossed_snapshot_that_fits_neither_scale_is_not_counted_as_a_scale() {
    let mut rig = Rig::up();
    rig.snapshot(r#""yes_dollars_fp":[["0.9000","3.00"]],"no_dollars_fp":[["0.5000","2.00"]]"#);
    assert_eq!(rig.session.counts().wrong_scales, 0);
    assert_eq!(rig.told_book(), None);
}

#[test]
fn a_frame_of_the_book_subscription_that_says_something_new_puts_the_books_in_doubt() {
    let mut rig = Rig::with_book();
    let said = rig.book_message("orderbook_patch", r#""market_ticker":"X""#);
    assert_eq!(invalid_by(&said), [BookFault::Illegal]);
    assert_eq!(faults(&said), [FrameFault::UnknownKind]);
}

#[test]
fn messages_of_markets_that_are_not_watched_change_no_book() {
    let mut rig = Rig::with_book();
    let said = rig.book_message(
        "orderbook_delta",
        r#""market_ticker":"KXBTC15M-26NOV221300-00","price_dollars":"0.4700","delta_fp":"1.00","side":"yes""#,
    );
    assert_eq!(faults(&said), [FrameFault::UnknownMarket]);
    assert!(rig.told_book().is_some(), "its number was taken, nothing is missing");
    rig.delta("yes", "0.4700", "1.00");
    assert!(rig.told_book().is_some());
}

#[test]
fn a_trade_is_told_by_its_takers_side() {
    let mut rig = Rig::with_book();
    let said = rig.frame(fixtures::trade(TICKER));
    let [Event::Trade { taker, market, count, price, venue_ts, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((taker, market, count, price), (Side::Ask, MarketId(1), Count(13_625), Price(3_600)));
    assert_eq!(venue_ts, Nanos(1_795_366_860_321 * Nanos::MILLI));
    let block = fixtures::trade(TICKER).replace(r#""is_block_trade":false"#, r#""is_block_trade":true"#);
    assert_eq!(kinds(&rig.frame(block)), [""; 0], "a block trade is no trade of the book");
}
