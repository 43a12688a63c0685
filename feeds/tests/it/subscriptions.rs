//! Subscriptions and connections: asked for, confirmed, lost, asked for again.

use crate::fixtures::{self, TICKER};
use crate::rig::{Rig, faults, kinds, settings};
use trader_feeds::kalshi::rest::RestRequest;
use trader_journal::event::{BookFault, Event, Feed, FeedState, FrameFault};
use trader_journal::units::Nanos;

fn states(events: &[Event]) -> Vec<(Feed, FeedState)> {
    let state = |event: &Event| match event {
        Event::FeedChanged { feed, state, .. } => Some((*feed, *state)),
        _ => None,
    };
    events.iter().filter_map(state).collect()
}

#[test]
fn everything_wanted_is_asked_for_with_the_connection() {
    let mut rig = Rig::new(settings());
    rig.rest(RestRequest::Series, &fixtures::series("KXBTC15M"));
    rig.list(&[fixtures::market("active")]);
    assert_eq!(rig.take_sent(), [""; 0], "nothing is sent without a connection");
    let said = rig.connect();
    assert_eq!(states(&said), [(Feed::Kalshi, FeedState::Connecting), (Feed::Index, FeedState::Connecting)]);
    assert_eq!(
        rig.take_sent(),
        [
            r#"{"id":1,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}"#.to_owned(),
            r#"{"id":2,"cmd":"subscribe","params":{"channels":["fill","user_orders"]}}"#.to_owned(),
            r#"{"id":3,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}}"#
                .to_owned(),
            format!(
                r#"{{"id":4,"cmd":"subscribe","params":{{"channels":["orderbook_delta","trade"],"market_tickers":["{TICKER}"],"use_yes_price":true}}}}"#
            ),
        ]
    );
}

#[test]
fn a_feed_is_up_when_all_of_it_is_confirmed() {
    let mut rig = Rig::new(settings());
    rig.rest(RestRequest::Series, &fixtures::series("KXBTC15M"));
    rig.list(&[fixtures::market("active")]);
    rig.connect();
    let said = rig.serve();
    assert_eq!(states(&said), [(Feed::Index, FeedState::Up), (Feed::Kalshi, FeedState::Up)]);
    assert_eq!(states(&rig.disconnect()), [(Feed::Kalshi, FeedState::Down), (Feed::Index, FeedState::Down)]);
}

#[test]
fn a_market_that_comes_later_is_added() {
    let mut rig = Rig::new(settings());
    rig.rest(RestRequest::Series, &fixtures::series("KXBTC15M"));
    rig.list(&[fixtures::market("active")]);
    rig.connect();
    rig.serve();
    let next = fixtures::market_of(
        "KXBTC15M-26NOV221230-30",
        "KXBTC15M-26NOV221230",
        "2026-11-22T17:15:00Z",
        "2026-11-22T17:30:00Z",
        r#","status":"initialized""#,
    );
    rig.list(&[next]);
    assert_eq!(rig.take_sent(), [""; 0], "not before it opens");
    rig.wait_until(fixtures::CLOSE);
    let sent = rig.take_sent();
    for (action, ticker) in [("add_markets", "KXBTC15M-26NOV221230-30"), ("delete_markets", TICKER)] {
        for sid in [5, 6] {
            let command = format!(r#""sids":[{sid}],"market_tickers":["{ticker}"],"action":"{action}""#);
            assert_eq!(sent.iter().filter(|sent| sent.contains(&command)).count(), 1, "{command} in {sent:?}");
        }
    }
}

#[test]
fn a_market_that_closes_last_ends_the_subscription() {
    let mut rig = Rig::with_book();
    rig.take_sent();
    let said = rig.wait_until(fixtures::CLOSE);
    assert_eq!(kinds(&said), ["life", "invalid"]);
    assert_eq!(
        rig.take_sent(),
        [
            r#"{"id":5,"cmd":"unsubscribe","params":{"sids":[5]}}"#,
            r#"{"id":6,"cmd":"unsubscribe","params":{"sids":[6]}}"#
        ]
    );
    assert_eq!(faults(&rig.delta("yes", "0.4700", "1.00")), [FrameFault::UnknownSubscription]);
}

#[test]
fn an_unanswered_subscription_is_asked_for_again() {
    let mut rig = Rig::new(settings());
    rig.connect();
    assert_eq!(rig.take_sent().len(), 3);
    let connected = rig.now;
    rig.wait();
    assert_eq!(rig.now, connected.plus(Nanos::SECOND));
    let again = rig.take_sent();
    assert_eq!(again.len(), 3);
    assert!(again[0].starts_with(r#"{"id":4,"#), "under another number: {again:?}");
    let late = r#"{"type":"subscribed","id":1,"msg":{"channel":"market_lifecycle_v2","sid":1}}"#;
    assert_eq!(faults(&rig.frame(late)), [FrameFault::UnknownSubscription]);
}

#[test]
fn an_error_that_ends_the_subscription_has_it_made_anew() {
    for code in [10, 25] {
        let mut rig = Rig::with_book();
        rig.now = rig.now.plus(5 * Nanos::SECOND);
        rig.take_sent();
        let error = format!(r#"{{"type":"error","sid":5,"seq":2,"msg":{{"code":{code},"msg":"broken"}}}}"#);
        let said = rig.frame(error);
        assert_eq!(kinds(&said), ["invalid", "rejected", "feed"], "code {code}");
        let Event::BookInvalid { fault, .. } = said[0] else { panic!() };
        assert_eq!(fault, BookFault::Unsubscribed);
        let sent = rig.take_sent();
        assert_eq!(sent.len(), 1, "trades go on: {sent:?}");
        assert!(sent[0].contains(r#""channels":["orderbook_delta"],"#), "{sent:?}");
        assert_eq!(faults(&rig.delta("yes", "0.4700", "1.00")), [FrameFault::UnknownSubscription]);
    }
}

#[test]
fn a_subscription_that_breaks_at_once_is_not_asked_for_in_a_loop() {
    let mut rig = Rig::with_book();
    rig.take_sent();
    rig.frame(r#"{"type":"error","sid":5,"seq":2,"msg":{"code":10,"msg":"broken"}}"#);
    assert_eq!(rig.take_sent(), [""; 0]);
    rig.wait();
    assert!(rig.take_sent()[0].contains(r#""channels":["orderbook_delta"],"#));
}

#[test]
fn an_unknown_subscription_is_made_anew() {
    let mut rig = Rig::with_book();
    rig.seq += 1;
    rig.delta("yes", "0.4700", "1.00");
    rig.now = rig.now.plus(5 * Nanos::SECOND);
    rig.take_sent();
    rig.frame(r#"{"id":5,"type":"error","msg":{"code":7,"msg":"Unknown subscription ID"}}"#);
    assert!(rig.take_sent()[0].contains(r#""channels":["orderbook_delta"],"#));
}

#[test]
fn an_error_of_another_command_ends_nothing() {
    let mut rig = Rig::with_book();
    rig.take_sent();
    let said = rig.frame(r#"{"id":77,"type":"error","msg":{"code":8,"msg":"Unknown channel name"}}"#);
    assert_eq!(faults(&said), [FrameFault::VenueError]);
    assert_eq!(kinds(&said), ["rejected"]);
    assert_eq!(rig.take_sent(), [""; 0]);
    assert!(rig.told_book().is_some());
}

#[test]
fn a_market_the_venue_left_out_is_added_again() {
    let mut rig = Rig::with_book();
    let other = fixtures::market_of(
        "KXBTC15M-26NOV221230-30",
        "KXBTC15M-26NOV221230",
        "2026-11-22T17:00:00Z",
        "2026-11-22T17:30:00Z",
        r#","status":"active""#,
    );
    rig.list(&[other]);
    let sent = rig.take_sent();
    assert!(sent[0].starts_with(r#"{"id":5,"cmd":"update_subscription","params":{"sids":[5]"#), "{sent:?}");
    rig.seq += 1;
    rig.frame(format!(r#"{{"id":5,"sid":5,"seq":2,"type":"ok","msg":{{"market_tickers":["{TICKER}"]}}}}"#));
    let sent = rig.take_sent();
    assert!(sent.iter().any(|sent| sent.contains("add_markets") && sent.contains("1230-30")), "{sent:?}");
    assert!(rig.told_book().is_some(), "the answer's number is the next one");
}

#[test]
fn a_new_connection_has_new_books_and_the_old_one_is_not_heard() {
    let mut rig = Rig::with_book();
    let said = rig.disconnect();
    assert_eq!(kinds(&said), ["invalid", "feed", "feed"]);
    let Event::BookInvalid { fault, .. } = said[0] else { panic!() };
    assert_eq!(fault, BookFault::Disconnected);
    assert_eq!(
        faults(&rig.frame_of(1, fixtures::delta(2, "yes", "0.4700", "1.00"))),
        [FrameFault::UnknownSubscription]
    );
    rig.connect();
    rig.serve();
    assert_eq!(
        faults(&rig.frame_of(1, fixtures::delta(2, "yes", "0.4700", "1.00"))),
        [FrameFault::UnknownSubscription]
    );
    assert_eq!(
        faults(&rig.frame_of(3, fixtures::delta(2, "yes", "0.4700", "1.00"))),
        [FrameFault::UnknownSubscription]
    );
    let said = rig.snapshot(r#""yes_dollars_fp":[["0.4500","1.00"]]"#);
    let Event::BookBegin { epoch, .. } = said[0] else { panic!() };
    assert_eq!(epoch, 2);
    assert_eq!(rig.told_book().map(|book| book.len()), Some(1), "no ghost levels");
}

#[test]
fn a_connection_that_replaces_another_without_a_word_is_a_new_one() {
    let mut rig = Rig::with_book();
    let said = rig.connect();
    assert_eq!(kinds(&said), ["invalid", "feed", "feed", "feed", "feed"]);
    assert_eq!(rig.told_book(), None);
    assert_eq!(rig.take_sent().len(), 4);
}

#[test]
fn the_state_hash_tells_states_apart() {
    let (mut a, mut b) = (Rig::with_book(), Rig::with_book());
    assert_eq!(a.session.state_hash(), b.session.state_hash());
    a.delta("yes", "0.4700", "1.00");
    assert_ne!(a.session.state_hash(), b.session.state_hash());
    b.delta("yes", "0.4700", "1.00");
    assert_eq!(a.session.state_hash(), b.session.state_hash());
    // The same book by another way: what is expected next is another number.
    for change in ["2.00", "-2.00"] {
        a.delta("yes", "0.4600", change);
    }
    for change in ["2.00", "-1.00", "-1.00"] {
        b.delta("yes", "0.4600", change);
    }
    assert_ne!(a.session.state_hash(), b.session.state_hash());
    let (mut a, mut b) = (Rig::with_book(), Rig::with_book());
    b.delta("yes", "0.4700", "1.00");
    a.delta("yes", "0.4700", "1.00");
    a.seq += 1;
    a.delta("yes", "0.4700", "1.00");
    assert_ne!(a.session.state_hash(), b.session.state_hash());
}

#[test]
fn a_frame_longer_than_a_frame_may_be_is_not_read() {
    let mut rig = Rig::with_book();
    let long = format!("{{\"type\":\"{}\"}}", "x".repeat(settings().frame_bytes_max as usize));
    assert_eq!(faults(&rig.frame(long)), [FrameFault::TooLong]);
    assert_eq!(rig.told_book(), None, "it may have been a change of the book");
}

#[test]
fn kinds_nobody_needs_are_counted() {
    let mut rig = Rig::with_book();
    for kind in ["ticker", "market_position", "event_lifecycle", "order_group_updates", "cfbenchmarks_value_indexlist"]
    {
        assert_eq!(kinds(&rig.frame(format!(r#"{{"type":"{kind}","sid":9,"msg":{{"a":[1]}}}}"#))), [""; 0], "{kind}");
    }
    assert_eq!(rig.session.counts().ignored, 5);
    assert_eq!(faults(&rig.frame(r#"{"type":"novelty","sid":9,"msg":{}}"#)), [FrameFault::UnknownKind]);
    assert!(rig.told_book().is_some());
}
