//! Scouts over HTTPS: what fails is asked again and told, what is answered reaches the feed.

use crate::server::{Asked, Does, Server};
use crate::{known_key, wait_until};
use kalshi_trader::clock::{MarketClock, Stopwatch};
use kalshi_trader::line::split_answer;
use kalshi_trader::scout::caller::{CallerSettings, Pace, ScoutThread, start};
use kalshi_trader::scout::{AskSettings, Failure, Part, Scout, ScoutSettings};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use trader_journal::units::Nanos;
use trader_ring::bytes::{self, ByteConsumer};

/// What is asked of the account first: how far its lists have come.
const FIRST: &str = "/trade-api/v2/exchange/user_data_timestamp";
const SOON: Duration = Duration::from_secs(10);
const PACE: Pace = Pace {
    between_calls_ns: Nanos::MILLI,
    backoff_ns_min: 5 * Nanos::MILLI,
    backoff_ns_max: 40 * Nanos::MILLI,
    refused_pause_ns: 80 * Nanos::MILLI,
};

fn schedule(part: Part, now: Nanos) -> Scout {
    let settings = ScoutSettings {
        series: vec!["KXBTC15M".into()],
        markets_every_ns: 3_600 * Nanos::SECOND,
        account_every_ns: 3_600 * Nanos::SECOND,
        warmup_minutes: 60,
        candles_every_ns: None,
        symbol: "BTCUSDT".into(),
        part,
    };
    Scout::new(settings, now)
}

struct Rig {
    scout: ScoutThread,
    answers: ByteConsumer,
    candles: ByteConsumer,
}

fn rig(server: &Server, part: Part, ring_bytes: usize) -> Rig {
    let clock = MarketClock::real();
    let (kalshi, answers) = bytes::ring(ring_bytes).unwrap();
    let (binance, candles) = bytes::ring(1 << 16).unwrap();
    let ask = AskSettings {
        kalshi_url: server.url(),
        binance_url: server.url(),
        tls: Arc::clone(&server.tls),
        key: (part == Part::Account).then(|| Arc::new(known_key())),
        timeout: Duration::from_millis(300),
        answer_bytes_max: 1 << 15,
    };
    let scout = schedule(part, clock.now());
    let settings = CallerSettings { name: "scout", scout, ask, pace: PACE, clock, kalshi, binance: Some(binance) };
    Rig { scout: start(settings).unwrap(), answers, candles }
}

/// The next answer as status, target and body.
fn next(ring: &mut ByteConsumer, what: &str) -> (u16, String, String) {
    let mut found = None;
    wait_until(what, SOON, || {
        found = ring.pop().map(|record| {
            let (target, body) = split_answer(record.bytes).unwrap();
            (record.tag, target.to_owned(), String::from_utf8(body.to_vec()).unwrap())
        });
        found.is_some()
    });
    found.unwrap()
}

/// A server whose first replies are `first`, and every later one a whole 200.
fn after(first: Vec<Does>) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |_| {
        let at = count.fetch_add(1, Ordering::SeqCst);
        first.get(at).cloned().unwrap_or_else(|| Does::Replies(200, r#"{"balance":1}"#.into()))
    })
}

fn balance(server: &Server) -> Rig {
    rig(server, Part::Account, 1 << 16)
}

#[test]
fn every_kind_of_failure_is_told_and_the_same_question_is_asked_until_it_is_answered() {
    let cut = crate::server::reply(200, r#"{"balance":1}"#);
    let failures: [(Does, &str); 12] = [
        (Does::Cuts(Vec::new()), "asked again"),
        (Does::Cuts(cut[..cut.len() - 1].to_vec()), "asked again"),
        (Does::Cuts(b"HTTP/1.1 200 OK\r\n".to_vec()), "asked again"),
        (Does::Cuts(b"garbage\r\n\r\n".to_vec()), "asked again"),
        (Does::Nothing, "call_timeout_ms"),
        (Does::Replies(500, "{}".into()), "answers 500"),
        (Does::Replies(502, "<html>".into()), "answers 502"),
        (Does::Replies(503, "{}".into()), "answers 503"),
        (Does::Replies(408, "{}".into()), "answers 408"),
        (Does::Replies(301, "{}".into()), "it has moved"),
        (Does::Replies(401, r#"{"error":{"details":"NOT_FOUND"}}"#.into()), "the key id is not known there"),
        (Does::Replies(200, "x".repeat(1 << 15 | 1)), "raise capacity.frame_bytes_max"),
    ];
    for (failure, expected) in failures {
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, does) = (Arc::clone(&is_over), failure.clone());
        let server = Server::start(move |_| match over.load(Ordering::SeqCst) {
            true => Does::Replies(200, r#"{"balance":1}"#.into()),
            false => does.clone(),
        });
        let mut rig = balance(&server);
        wait_until("it failed twice", SOON, || rig.scout.health().report().failed >= 2);
        let told = rig.scout.health().report().troubles[0].clone().unwrap().1;
        assert!(told.contains(expected), "{failure:?}: {told}");
        is_over.store(true, Ordering::SeqCst);
        let (status, target, body) = next(&mut rig.answers, &format!("after {failure:?}"));
        assert_eq!((status, target.as_str(), body.as_str()), (200, FIRST, r#"{"balance":1}"#));
        wait_until("it is over", SOON, || rig.scout.health().report().troubles[0].is_none());
        let report = rig.scout.health().report();
        let asked = server.asked();
        assert!(asked.iter().take(report.failed as usize + 1).all(|asked| asked.target == FIRST), "{asked:?}");
    }
}

#[test]
fn a_definite_answer_reaches_the_feed_whatever_its_status() {
    for status in [200, 404, 400] {
        let server = Server::start(move |_| Does::Replies(status, "{}".into()));
        let mut rig = balance(&server);
        assert_eq!(next(&mut rig.answers, "the answer").0, status);
        assert_eq!(rig.scout.health().report().failed, 0);
    }
}

#[test]
fn the_account_is_asked_with_a_signature_and_the_market_without() {
    let server = Server::start(|_| Does::Replies(200, "{}".into()));
    let mut account = balance(&server);
    next(&mut account.answers, "the balance");
    let asked = server.asked().remove(0);
    let header = |name| asked.header(name).unwrap();
    let path = FIRST;
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", path));
    let at = header("KALSHI-ACCESS-TIMESTAMP");
    assert!(known_key().public().verify(at, "GET", path, header("KALSHI-ACCESS-SIGNATURE")));
    // The server's Date is of 2023.
    wait_until("the clocks are compared", SOON, || account.scout.health().report().skew_ns.is_some());
    let skew_ns = account.scout.health().report().skew_ns.unwrap();
    assert!(skew_ns > 365 * 86_400 * 1_000_000_000, "{skew_ns}");

    let mut market = rig(&server, Part::Market, 1 << 16);
    next(&mut market.answers, "a series");
    let unsigned =
        server.asked().into_iter().filter(|asked| !asked.target.contains("/portfolio/") && asked.target != path);
    assert!(unsigned.clone().count() > 0);
    assert!(unsigned.into_iter().all(|asked| asked.header("KALSHI-ACCESS-KEY").is_none()));
}

#[test]
fn a_server_that_comes_up_late_is_found() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Nobody listens there yet; the certificate is made when it starts, so the rig trusts it later.
    let late = Server::start(|_| Does::Replies(200, "{}".into()));
    let clock = MarketClock::real();
    let (kalshi, mut answers) = bytes::ring(1 << 16).unwrap();
    let forward = forwarder(port);
    let ask = AskSettings {
        kalshi_url: format!("https://127.0.0.1:{port}"),
        binance_url: String::new(),
        tls: Arc::clone(&late.tls),
        key: None,
        timeout: Duration::from_millis(300),
        answer_bytes_max: 1 << 15,
    };
    let scout = schedule(Part::Account, clock.now());
    let settings = CallerSettings { name: "scout", scout, ask, pace: PACE, clock, kalshi, binance: None };
    let scout = start(settings).unwrap();
    wait_until("several failures", SOON, || scout.health().report().failed >= 3);
    assert!(scout.health().report().troubles[0].clone().unwrap().1.contains("no answer from 127.0.0.1"));
    forward(late.port);
    next(&mut answers, "the answer of a server that came up");
}

/// Joins a port nobody listens on yet to one where somebody does, when it is called.
fn forwarder(from: u16) -> impl FnOnce(u16) {
    move |to| {
        let listener = TcpListener::bind(("127.0.0.1", from)).unwrap();
        kalshi_trader::thread::spawn("forward", move || {
            for near in listener.incoming().flatten() {
                let far = std::net::TcpStream::connect(("127.0.0.1", to)).unwrap();
                for (mut a, mut b) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    kalshi_trader::thread::spawn("copy", move || std::io::copy(&mut a, &mut b)).unwrap();
                }
            }
        })
        .unwrap();
    }
}

#[test]
fn too_many_questions_pause_for_as_long_as_the_server_says() {
    let busy = b"HTTP/1.1 429 Too Many\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    let server = after(vec![Does::Writes(busy)]);
    let watch = Stopwatch::start();
    let mut rig = balance(&server);
    next(&mut rig.answers, "the answer after the pause");
    assert!(watch.millis() >= 1_000, "{} ms", watch.millis());
    let asked = server.asked();
    assert_eq!(asked[0].target, asked[1].target);
}

#[test]
fn pauses_double_up_to_their_limit_and_follow_what_the_failure_is() {
    let host = || "h".to_owned();
    let server = Failure::Server { host: host(), status: 500 };
    let pauses: Vec<_> = [1, 2, 3, 4, 5, 60, u32::MAX].map(|failures| PACE.pause_ns(&server, failures)).into();
    assert_eq!(pauses, [5, 10, 20, 40, 40, 40, 40].map(|ms| ms * Nanos::MILLI));
    let busy = |pause_s| Failure::Busy { host: host(), status: 429, pause_s };
    assert_eq!(PACE.pause_ns(&busy(None), 1), Nanos::SECOND);
    assert_eq!(PACE.pause_ns(&busy(Some(7)), 1), 7 * Nanos::SECOND);
    let refused = Failure::Refused { host: host(), status: 401, why: "" };
    assert_eq!(PACE.pause_ns(&refused, 1), 80 * Nanos::MILLI);
}

fn market_reply(asked: &Asked) -> Does {
    let body = match asked.target.as_str() {
        target if target.contains("cursor=two") => r#"{"cursor":"","markets":[3]}"#,
        target if target.contains("cursor=one") => r#"{"cursor":"two","markets":[2]}"#,
        target if target.contains("status=open") => r#"{"cursor":"one","markets":[1]}"#,
        _ => "{}",
    };
    Does::Replies(200, body.into())
}

#[test]
fn a_list_is_followed_to_its_last_page_and_candles_go_to_their_own_feed() {
    let server = Server::start(market_reply);
    let mut rig = rig(&server, Part::Market, 1 << 16);
    let (_, target, _) = next(&mut rig.candles, "candles");
    assert!(target.starts_with("/api/v3/klines?symbol=BTCUSDT"), "{target}");
    let pages: Vec<_> = (0..5).map(|_| next(&mut rig.answers, "a page")).map(|(_, target, _)| target).collect();
    let list = "/trade-api/v2/markets?series_ticker=KXBTC15M&status=open&limit=1000";
    assert_eq!(pages[0], "/trade-api/v2/series/KXBTC15M");
    assert_eq!(pages[1..4], [list.to_owned(), format!("{list}&cursor=one"), format!("{list}&cursor=two")]);
    assert!(pages[4].contains("status=unopened"), "{}", pages[4]);
}

/// Binance being away does not keep Kalshi from being asked.
#[test]
fn one_api_that_fails_does_not_hold_up_the_other() {
    let server = Server::start(|asked| match asked.target.contains("klines") {
        true => Does::Replies(503, "{}".into()),
        false => market_reply(asked),
    });
    let mut rig = rig(&server, Part::Market, 1 << 16);
    for _ in 0..5 {
        next(&mut rig.answers, "an answer of Kalshi");
    }
    wait_until("candles are asked for again", SOON, || {
        server.asked().iter().filter(|asked| asked.target.contains("klines")).count() >= 3
    });
    let report = rig.scout.health().report();
    assert!(report.troubles[0].is_none());
    assert!(report.troubles[1].clone().unwrap().1.contains("answers 503"));
}

#[test]
fn a_scout_stops_at_once_in_a_call_and_in_front_of_a_full_ring() {
    let silent = Server::start(|_| Does::Nothing);
    let full = Server::start(|_| Does::Replies(200, "x".repeat(100)));
    for (server, ring_bytes, asked) in [(&silent, 1 << 16, 1), (&full, 256, 2)] {
        let mut rig = rig(server, Part::Market, ring_bytes);
        if asked == 2 {
            // The candles' ring is large; the second answer of Kalshi finds no room.
            wait_until("the ring is full", SOON, || server.asked().len() >= 3);
        } else {
            wait_until("it is asked", SOON, || server.asked().len() == 1);
        }
        let watch = Stopwatch::start();
        drop(rig.scout);
        assert!(watch.millis() < 200, "{} ms", watch.millis());
        let _ = rig.answers.pop();
    }
}

#[test]
fn the_account_is_read_when_somebody_wishes_it_and_as_far_back_as_any_wish_goes() {
    let server = Server::start(|_| Does::Replies(200, "{}".into()));
    let rig = balance(&server);
    let whole = |rounds: usize| {
        let asked = server.asked();
        asked.iter().filter(|asked| asked.target.ends_with("/portfolio/balance")).count() == rounds
    };
    wait_until("the first round is over", SOON, || whole(1));
    let wish = rig.scout.wish();
    wish.read_account(Nanos(2_000 * Nanos::SECOND));
    wait_until("a round that was wished for", SOON, || whole(2));
    let has = |since: &str| server.asked().iter().any(|asked| asked.target.contains(since));
    assert!(has("/portfolio/orders?min_ts=2000&"));
    assert!(!has("min_ts=1000&"));
    wish.read_account(Nanos(1_000 * Nanos::SECOND));
    wait_until("another", SOON, || has("/portfolio/fills?min_ts=1000&"));
}
