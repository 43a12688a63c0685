//! The life of a market and of the index: what the stream, REST and the clock tell, each once.

use crate::fixtures::{self, CLOSE, EVENT, OPEN, TICKER, lifecycle, market, market_with};
use crate::rig::{Rig, before_close, faults, kinds, settings};
use trader_feeds::kalshi::rest::{RestRequest, next_cursor};
use trader_journal::event::{Event, EventId, FrameFault, LifecycleKind, MarketId, Outcome, SeriesMode, StrikeKind};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Money, Nanos};

fn dollars(text: &str) -> Money {
    Money::parse(text.as_bytes()).expect("dollars")
}

fn lives(events: &[Event]) -> Vec<(LifecycleKind, Outcome)> {
    let life = |event: &Event| match event {
        Event::Lifecycle { kind, outcome, .. } => Some((*kind, *outcome)),
        _ => None,
    };
    events.iter().filter_map(life).collect()
}

#[test]
fn a_market_is_named_with_all_its_terms_when_it_opens() {
    let mut rig = Rig::new(settings());
    rig.now = before_close(5 * 3600);
    assert_eq!(kinds(&rig.rest(RestRequest::Series, &fixtures::series("KXBTC15M"))), ["series"]);
    let listed = rig.list(&[market("initialized")]);
    assert_eq!(kinds(&listed), ["series"], "the series' settlement timer is its market's");
    let Event::SeriesTerms { taker_rate_ppm, maker_rate_ppm, settlement_timer_s, shard, mode, ticker, .. } = listed[0]
    else {
        panic!()
    };
    assert_eq!((taker_rate_ppm, maker_rate_ppm, settlement_timer_s, shard), (70_000, 0, 1, 2));
    assert_eq!((mode, &ticker[..9]), (SeriesMode::Digital, &b"KXBTC15M\0"[..]));
    let said = rig.wait();
    assert_eq!(rig.now, OPEN);
    assert_eq!(kinds(&said), ["event", "market", "grid", "terms", "life"]);
    let Event::MarketNamed { ticker, ticker_len, market, event, .. } = said[1] else { panic!() };
    assert_eq!(&ticker[..usize::from(ticker_len)], TICKER.as_bytes());
    assert_eq!((market, event), (MarketId(1), EventId(1)));
    let Event::GridDefined { ranges, ranges_used, .. } = said[2] else { panic!() };
    assert_eq!((ranges, ranges_used), (PriceGrid::TAPERED_DECI_CENT.table(), 3));
    let Event::MarketTerms { strike, open, close, .. } = said[3] else { panic!() };
    assert_eq!((strike, open, close), (StrikeKind::Unknown, OPEN, CLOSE));
    assert_eq!(lives(&said), [(LifecycleKind::Opened, Outcome::Open)]);
}

#[test]
fn a_strike_is_told_once_by_whoever_tells_it_first() {
    let mut rig = Rig::up();
    let said = rig.frame(lifecycle("metadata_updated", r#","strike_type":"greater_or_equal","floor_strike":63441.03"#));
    let [Event::MarketTerms { strike, floor, cap, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((strike, floor, cap), (StrikeKind::GreaterOrEqual, dollars("63441.03"), Money::ZERO));
    let again = market_with("active", r#","strike_type":"greater_or_equal","floor_strike":63441.03"#);
    assert_eq!(kinds(&rig.list(&[again])), [""; 0]);
}

#[test]
fn a_strike_with_a_part_missing_is_unknown() {
    let mut rig = Rig::up();
    rig.frame(lifecycle("metadata_updated", r#","strike_type":"between","floor_strike":63400"#));
    let said = rig.frame(lifecycle("metadata_updated", r#","cap_strike":63499.99"#));
    let [Event::MarketTerms { strike, floor, cap, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((strike, floor, cap), (StrikeKind::Between, dollars("63400"), dollars("63499.99")));
    let said = rig.frame(lifecycle("metadata_updated", r#","strike_type":"functional""#));
    let [Event::MarketTerms { strike, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!(strike, StrikeKind::Unpriced);
}

#[test]
fn a_created_market_is_known_before_rest_lists_it() {
    let mut rig = Rig::up();
    let ticker = "KXBTC15M-26NOV221230-30";
    let created = fixtures::lifecycle_of(
        ticker,
        "created",
        r#","open_ts":1795367700,"close_ts":1795368600,"additional_metadata":{"event_ticker":"KXBTC15M-26NOV221230","can_close_early":true}"#,
    );
    assert_eq!(kinds(&rig.frame(created)), [""; 0], "nothing is told of a market nobody watches");
    let said = rig.wait_until(CLOSE);
    assert!(!kinds(&said).contains(&"market"), "without its grid there is no book");
    let listed = fixtures::market_of(
        ticker,
        "KXBTC15M-26NOV221230",
        "2026-11-22T17:15:00Z",
        "2026-11-22T17:30:00Z",
        r#","status":"active""#,
    );
    assert_eq!(kinds(&rig.list(&[listed])), ["event", "market", "terms", "life", "feed"], "its grid was told before");
}

#[test]
fn a_close_that_moves_takes_the_timers_with_it() {
    let mut rig = Rig::with_book();
    let said = rig.frame(lifecycle("close_date_updated", r#","close_ts":1795367100"#));
    assert_eq!(kinds(&said), ["terms", "life"]);
    let Event::Lifecycle { kind, close, .. } = said[1] else { panic!() };
    assert_eq!((kind, close), (LifecycleKind::CloseMoved, OPEN.plus(300 * Nanos::SECOND)));
    let cached = rig.list(&[market("active")]);
    assert_eq!(kinds(&cached), [""; 0], "a list from the cache does not move it back");
    let said = rig.wait_until(OPEN.plus(300 * Nanos::SECOND));
    assert_eq!(lives(&said), [(LifecycleKind::Closed, Outcome::Open)]);
    assert_eq!(rig.told_book(), None);
}

#[test]
fn a_close_that_moves_on_reopens_the_market() {
    let mut rig = Rig::with_book();
    rig.wait_until(CLOSE);
    let said = rig.frame(lifecycle("close_date_updated", r#","close_ts":1795368600"#));
    assert_eq!(lives(&said), [(LifecycleKind::CloseMoved, Outcome::Open), (LifecycleKind::Opened, Outcome::Open)]);
    assert!(rig.take_sent().iter().any(|sent| sent.contains(r#""channels":["orderbook_delta""#)));
}

#[test]
fn a_result_is_read_as_a_string_and_as_an_integer() {
    for (members, outcome, value) in [
        (r#""result":"yes","settlement_value":"1.0000""#, Outcome::Yes, "1"),
        (r#""result":"no","settlement_value":"0.0000""#, Outcome::No, "0"),
        (r#""result":"yes","settlement_value":100"#, Outcome::Yes, "1"),
        (r#""result":"yes""#, Outcome::Yes, "1"),
        (r#""result":"scalar","settlement_value":"0.3725""#, Outcome::Scalar, "0.3725"),
        (r#""result":"scalar","settlement_value":37"#, Outcome::Scalar, "0.37"),
        (r#""result":"void","settlement_value":null"#, Outcome::Void, "0"),
    ] {
        let mut rig = Rig::with_book();
        rig.wait_until(CLOSE);
        let said = rig.frame(lifecycle("determined", &format!(r#","determination_ts":1795367703,{members}"#)));
        let [Event::Lifecycle { kind, outcome: told, value: paid, venue_ts, .. }] = said[..] else {
            panic!("{members}: {said:?}")
        };
        assert_eq!((kind, told, paid), (LifecycleKind::Determined, outcome, dollars(value)), "{members}");
        assert_eq!(venue_ts, CLOSE.plus(3 * Nanos::SECOND));
        let said = rig.frame(lifecycle("settled", r#","settled_ts":1795367704"#));
        assert_eq!(lives(&said), [(LifecycleKind::Finalized, outcome)], "{members}");
        assert_eq!(lives(&rig.frame(lifecycle("settled", r#","settled_ts":1795367704"#))), [], "told once");
    }
}

#[test]
fn a_result_that_cannot_be_is_not_told() {
    for members in [
        r#""result":"""#,
        r#""result":"maybe""#,
        r#""settlement_value":"1.0000""#,
        r#""result":"scalar""#,
        r#""result":"scalar","settlement_value":"1.5""#,
        r#""result":"scalar","settlement_value":-1"#,
        r#""result":"scalar","settlement_value":1e2"#,
    ] {
        let mut rig = Rig::with_book();
        rig.wait_until(CLOSE);
        let said = rig.frame(lifecycle("determined", &format!(",{members}")));
        assert_eq!(kinds(&said), ["rejected"], "{members}");
    }
}

#[test]
fn the_value_an_event_settled_on_comes_by_rest() {
    let mut rig = Rig::with_book();
    rig.wait_until(CLOSE);
    rig.frame(lifecycle("determined", r#","result":"yes","settlement_value":"1.0000""#));
    let settled = r#","settlement_value_dollars":"1.0000","expiration_value":"79177.08""#;
    let listed = market_with("finalized", settled).replace(r#""result":"""#, r#""result":"yes""#);
    let said = rig.list(&[listed]);
    let [Event::Lifecycle { kind, value, settlement, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((kind, value, settlement), (LifecycleKind::Finalized, Money::DOLLAR, dollars("79177.08")));
}

#[test]
fn an_amended_result_replaces_the_first() {
    let mut rig = Rig::with_book();
    rig.wait_until(CLOSE);
    rig.frame(lifecycle("determined", r#","result":"yes","settlement_value":"1.0000""#));
    let said = rig.list(&[market_with("amended", "").replace(r#""result":"""#, r#""result":"no""#)]);
    let [Event::Lifecycle { kind, outcome, value, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((kind, outcome, value), (LifecycleKind::Amended, Outcome::No, Money::ZERO));
}

#[test]
fn a_halt_is_undone_and_a_close_is_not() {
    let mut rig = Rig::with_book();
    assert_eq!(lives(&rig.frame(lifecycle("deactivated", ""))), [(LifecycleKind::Deactivated, Outcome::Open)]);
    assert_eq!(lives(&rig.frame(lifecycle("deactivated", ""))), [], "told once");
    assert_eq!(lives(&rig.list(&[market("active")])), [], "a cache that lags does not lift it");
    assert_eq!(lives(&rig.frame(lifecycle("activated", ""))), [(LifecycleKind::Activated, Outcome::Open)]);
    rig.wait_until(CLOSE);
    assert_eq!(lives(&rig.frame(lifecycle("activated", ""))), []);
    assert_eq!(lives(&rig.list(&[market("active")])), []);
}

#[test]
fn markets_of_other_series_are_not_ours() {
    let mut rig = Rig::up();
    let before = rig.session.counts().foreign;
    let said = rig.frame(fixtures::lifecycle_of("KXETH15M-26NOV221215-15", "created", r#","open_ts":1"#));
    assert_eq!(kinds(&said), [""; 0]);
    assert_eq!(rig.session.counts().foreign, before + 1);
    let said = rig.frame(lifecycle("renamed", ""));
    assert_eq!(faults(&said), [FrameFault::UnknownKind]);
}

#[test]
fn the_grid_of_a_market_may_change_and_begins_its_book_anew() {
    let mut rig = Rig::with_book();
    let said = rig.frame(lifecycle(
        "price_level_structure_updated",
        r#","price_ranges":[{"start":"0.0000","end":"1.0000","step":"0.0010"}]"#,
    ));
    assert_eq!(kinds(&said), ["invalid", "grid", "terms"]);
    rig.snapshot(r#""yes_dollars_fp":[["0.4750","1.00"]]"#);
    assert!(rig.told_book().is_some());
}

#[test]
fn an_events_own_fees_are_the_series_fees_until_it_is_gone() {
    let mut rig = Rig::up();
    let update = |fee_type: &str, multiplier: &str| {
        format!(
            r#"{{"type":"event_fee_update","sid":1,"msg":{{"event_ticker":"{EVENT}","fee_type_override":{fee_type},"fee_multiplier_override":{multiplier}}}}}"#
        )
    };
    let said = rig.frame(update(r#""quadratic_with_maker_fees""#, "2"));
    let [Event::SeriesTerms { taker_rate_ppm, maker_rate_ppm, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((taker_rate_ppm, maker_rate_ppm), (140_000, 35_000));
    let said = rig.frame(update("null", "null"));
    let [Event::SeriesTerms { taker_rate_ppm, maker_rate_ppm, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((taker_rate_ppm, maker_rate_ppm), (70_000, 0));
    assert_eq!(faults(&rig.frame(update(r#""quadratic""#, "-1"))), [FrameFault::BadField]);
}

#[test]
fn brackets_are_watched_around_the_index_near_their_close() {
    let mut rig = Rig::new(settings());
    rig.now = before_close(1800);
    rig.rest(RestRequest::Series, &fixtures::series("KXBTC"));
    let bracket = |floor: u32| {
        fixtures::market_of(
            &format!("KXBTC-26NOV2212-B{}", floor + 50),
            "KXBTC-26NOV2212",
            "2026-11-22T16:15:00Z",
            "2026-11-22T17:15:00Z",
            &format!(r#","status":"active","strike_type":"between","floor_strike":{floor},"cap_strike":{floor}.99"#),
        )
    };
    let listed: Vec<_> = (850..870).map(|hundred| bracket(hundred * 100)).collect();
    assert_eq!(kinds(&rig.list(&listed)), ["series"]);
    rig.connect();
    rig.serve();
    assert_eq!(kinds(&rig.frame(fixtures::index("85850.67", ""))), ["index"], "half an hour is too early");
    let said = rig.wait_until(before_close(1200));
    let named = |events: &[Event]| {
        let floor = |event: &Event| match event {
            Event::MarketTerms { floor, .. } => Some(floor.0 / 1_000_000),
            _ => None,
        };
        let mut floors: Vec<_> = events.iter().filter_map(floor).collect();
        floors.sort_unstable();
        floors
    };
    assert_eq!(named(&said), [85_600, 85_700, 85_800, 85_900, 86_000]);
    let said = rig.frame(fixtures::index("85910.00", ""));
    assert_eq!(named(&said), [86_100], "the centre moved, and what is watched stays watched");
    rig.frame(fixtures::index("86910.00", ""));
    assert_eq!(rig.session.counts().unwatched, 1, "eight places, and the ninth market is counted");
}

#[test]
fn a_tick_of_the_index_is_read_out_of_its_string() {
    let mut rig = Rig::up();
    let said = rig.frame(fixtures::index("85850.67", ""));
    let [Event::IndexTick { value, average_60s, closing_average, closing_prints, venue_ts, .. }] = said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((value, average_60s), (dollars("85850.67"), dollars("85849.123457")));
    assert_eq!((closing_average, closing_prints), (Money::ZERO, 0));
    assert_eq!(venue_ts, OPEN.plus(60 * Nanos::SECOND));
    let window = r#","last_60s_windowed_average_15min":{"value":"85850.00000000","window_size":14}"#;
    let said = rig.frame(fixtures::index("85850.67", window));
    let [Event::IndexTick { closing_average, closing_prints, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((closing_average, closing_prints), (dollars("85850"), 14));
}

#[test]
fn an_index_that_cannot_be_is_not_told() {
    for (good, bad) in [
        (r#"85850.67"#, "0.00"),
        (r#"85850.67"#, "-85850.67"),
        (r#"85850.67"#, "8.585067e4"),
        (r#"85850.67"#, "NaN"),
        (r#"85850.67"#, ""),
        (r#"\"time\":1795366860000,"#, ""),
        (r#"\"value\":"#, r#"\"price\":"#),
        (r#"\"}""#, r#"\"""#),
        (r#""window_size":60"#, r#""window_size":61"#),
        (r#""index_id":"BRTI""#, r#""index_id":"ETHUSD_RTI""#),
    ] {
        let mut rig = Rig::up();
        let frame = fixtures::index("85850.67", "").replace(good, bad);
        assert_eq!(kinds(&rig.frame(frame)), ["rejected"], "{bad} for {good}");
    }
}

#[test]
fn an_answer_that_is_no_answer_changes_nothing() {
    let mut rig = Rig::with_book();
    for (status, body, fault) in [
        (503, "", FrameFault::VenueError),
        (200, "<html>", FrameFault::Malformed),
        (200, r#"{"markets":[]} x"#, FrameFault::Malformed),
        (200, r#"{"cursor":""}"#, FrameFault::MissingField),
        (200, r#"{"markets":{}}"#, FrameFault::BadField),
    ] {
        let said = rig.rest_with(RestRequest::Markets, status, body.as_bytes());
        assert_eq!(faults(&said), [fault], "{body}");
    }
    assert!(rig.told_book().is_some());
}

#[test]
fn a_list_full_of_rubbish_is_refused_in_few_words() {
    let mut rig = Rig::up();
    let rubbish: Vec<_> = (0..5000).map(|at| if at % 2 == 0 { "{}".to_owned() } else { market("active") }).collect();
    let said = rig.list(&rubbish);
    assert_eq!(faults(&said), [FrameFault::MissingField, FrameFault::BadField]);
    assert_eq!(rig.session.counts().faults_total(), 4999, "and counted in full");
}

#[test]
fn an_unknown_status_or_fee_type_is_counted_and_the_rest_is_heard() {
    let mut rig = Rig::up();
    assert_eq!(kinds(&rig.list(&[market("hibernating")])), [""; 0]);
    assert_eq!(rig.session.counts().unknown_words, 1);
    let series = fixtures::series("KXBTC15M").replace("quadratic", "cubic");
    let said = rig.rest(RestRequest::Series, &series);
    assert_eq!(rig.session.counts().unknown_words, 2);
    let [Event::SeriesTerms { taker_rate_ppm, maker_rate_ppm, .. }] = said[..] else { panic!("{said:?}") };
    assert!(taker_rate_ppm >= 70_000 && maker_rate_ppm > 0, "an unknown fee is taken to be the dearest");
}

#[test]
fn the_balance_is_that_of_our_shard() {
    let mut rig = Rig::up();
    let body = r#"{"balance":123456,"balance_dollars":"1234.5678","portfolio_value":0,"updated_ts":1795366800,"balance_breakdown":[{"exchange_index":0,"balance":"234.5600"},{"exchange_index":2,"balance":"1000.0078"}]}"#;
    let said = rig.rest(RestRequest::Balance, body);
    let [Event::Balance { shard, available, as_of, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((shard, available, as_of), (2, dollars("1000.0078"), OPEN));
    let elsewhere = body.replace(r#""exchange_index":2"#, r#""exchange_index":1"#);
    assert_eq!(faults(&rig.rest(RestRequest::Balance, &elsewhere)), [FrameFault::MissingField]);
}

#[test]
fn a_page_tells_where_the_next_one_begins() {
    assert_eq!(next_cursor(br#"{"cursor":"abc","markets":[]}"#), Some(&b"abc"[..]));
    for last in [r#"{"cursor":"","markets":[]}"#, r#"{"markets":[]}"#, r#"{"cursor":null}"#, "<html>"] {
        assert_eq!(next_cursor(last.as_bytes()), None, "{last}");
    }
}

#[test]
fn rows_of_markets_that_are_over_are_used_again() {
    let mut rig = Rig::new(settings());
    rig.rest(RestRequest::Series, &fixtures::series("KXBTC15M"));
    for window in 0..100u64 {
        let (open, close) = (OPEN.plus(window * 900 * Nanos::SECOND), CLOSE.plus(window * 900 * Nanos::SECOND));
        let ticker = format!("KXBTC15M-W{window}-00");
        let created = format!(
            r#","open_ts":{},"close_ts":{},"additional_metadata":{{"event_ticker":"KXBTC15M-W{window}"}},"price_ranges":[{{"start":"0.0000","end":"1.0000","step":"0.0100"}}]"#,
            open.seconds(),
            close.seconds()
        );
        rig.now = rig.now.max(open);
        if window == 0 {
            rig.connect();
            rig.serve();
        }
        let said = rig.frame(fixtures::lifecycle_of(&ticker, "created", &created));
        assert!(kinds(&said).contains(&"market"), "window {window}: {said:?}");
        rig.wait_until(close);
        rig.frame(fixtures::lifecycle_of(&ticker, "determined", r#","result":"no""#));
        rig.frame(fixtures::lifecycle_of(&ticker, "settled", ""));
        rig.rest(RestRequest::Markets, r#"{"markets":[]}"#);
    }
    assert_eq!(rig.session.counts().faults_total(), 0);
}
