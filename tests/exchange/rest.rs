//! REST reads.

use super::client::{Client, WINDOW, at, settings, text};
use serde_json::Value;

fn tickers(body: &Value) -> Vec<&str> {
    body["markets"].as_array().expect("a list").iter().map(|market| text(&market["ticker"])).collect()
}

#[test]
fn lists_are_paged_to_an_empty_cursor() {
    let mut client = Client::new(settings(0));
    let (_, whole) = client.get("/trade-api/v2/markets?limit=1000");
    assert_eq!(whole["cursor"], "");
    let whole = tickers(&whole).join(",");
    assert_eq!(whole.split(',').count(), 188 + 3);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    for page in 0.. {
        let (_, body) = client.get(&format!("/trade-api/v2/markets?limit=50&cursor={cursor}"));
        paged.extend(tickers(&body).into_iter().map(str::to_owned));
        cursor = text(&body["cursor"]).to_owned();
        if cursor.is_empty() {
            assert_eq!(page, 3);
            break;
        }
    }
    assert_eq!(paged.join(","), whole);
}

#[test]
fn filters_keep_what_they_say() {
    let mut client = Client::new(settings(0));
    client.run_to(at(910));
    let list = |client: &mut Client, query: &str| {
        let (status, body) = client.get(&format!("/trade-api/v2/markets?{query}"));
        assert_eq!(status, 200, "{body}");
        tickers(&body).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list(&mut client, "series_ticker=KXBTC15M&status=settled"), [WINDOW]);
    assert_eq!(list(&mut client, "series_ticker=KXBTC15M&status=open"), ["KXBTC15M-26NOV020730-30"]);
    assert_eq!(list(&mut client, "event_ticker=KXBTC15M-26NOV020715"), [WINDOW]);
    assert_eq!(list(&mut client, &format!("tickers=X,{WINDOW}")), [WINDOW]);
    assert_eq!(list(&mut client, "series_ticker=KXBTC&limit=1000").len(), 188);
    let updated = list(&mut client, &format!("min_updated_ts={}", at(899).seconds()));
    assert_eq!(updated, ["KXBTC15M-26NOV020800-00", "KXBTC15M-26NOV020730-30", WINDOW]);
    assert!(list(&mut client, "status=nonsense").is_empty());
    assert_eq!(client.get("/trade-api/v2/markets?limit=1001").0, 400);
    assert_eq!(client.get("/trade-api/v2/markets?min_updated_ts=1.5").0, 400);
}

#[test]
fn a_book_by_rest_is_bids_only_and_best_last() {
    let mut client = Client::new(settings(0));
    client.run_to(at(5));
    let (_, before) = client.get(&format!("/trade-api/v2/markets/{WINDOW}"));
    assert_eq!(
        (&before["market"]["yes_bid_dollars"], &before["market"]["yes_ask_dollars"]),
        (&"0.0000".into(), &"1.0000".into())
    );
    let (status, body) = client.get(&format!("/trade-api/v2/markets/{WINDOW}/orderbook"));
    assert_eq!(status, 200);
    let book = &body["orderbook_fp"];
    let best =
        |side: &str| book[side].as_array().and_then(|levels| levels.last()).map(|level| text(&level[0]).to_owned());
    let (yes, no) = (best("yes_dollars").expect("a bid"), best("no_dollars").expect("a NO bid"));
    let units = |price: &str| price.replace('.', "").parse::<u32>().expect("a price");
    assert!(units(&yes) + units(&no) < 10_000, "YES bid {yes} and NO bid {no}");
    let (_, after) = client.get(&format!("/trade-api/v2/markets/{WINDOW}"));
    assert_eq!(text(&after["market"]["yes_bid_dollars"]), yes);
    client.run_to(at(30));
    let (_, later) = client.get(&format!("/trade-api/v2/markets/{WINDOW}"));
    assert_eq!(text(&later["market"]["yes_bid_dollars"]), "0.0000", "nobody looks, nobody quotes");
}

#[test]
fn series_events_and_strangers() {
    let mut client = Client::new(settings(0));
    let (status, body) = client.get("/trade-api/v2/series/KXBTC15M");
    assert_eq!((status, text(&body["series"]["fee_type"])), (200, "quadratic"));
    let (status, body) = client.get("/trade-api/v2/events/KXBTC15M-26NOV020715");
    assert_eq!((status, tickers(&body)), (200, vec![WINDOW]));
    for target in ["/trade-api/v2/series/KXDOG", "/trade-api/v2/markets/KXDOG-1", "/trade-api/v2/nothing", "/", ""] {
        let (status, body) = client.get(target);
        assert_eq!((status, text(&body["error"]["code"])), (404, "not_found"), "{target}");
    }
}

#[test]
fn klines_are_paged_by_start_and_limit() {
    let mut client = Client::new(settings(0));
    let start_ms = at(0).millis() - 240 * 60_000;
    let rows = |client: &mut Client, query: &str| {
        let (status, body) = client.get(&format!("/api/v3/klines?symbol=BTCUSDT&interval=1m&{query}"));
        assert_eq!(status, 200);
        body.as_array().expect("rows").iter().map(|row| row[0].as_u64().expect("ms")).collect::<Vec<_>>()
    };
    let first = rows(&mut client, &format!("startTime={start_ms}&limit=100"));
    assert_eq!((first.len(), first[0]), (100, start_ms));
    let rest = rows(&mut client, &format!("startTime={}&limit=1000", first[99] + 60_000));
    assert_eq!(rest.len(), 140, "closed minutes only");
    assert_eq!(rest[139], at(0).millis() - 60_000);
    assert_eq!(rows(&mut client, "limit=3").len(), 3);
    assert_eq!(client.get("/api/v3/klines?symbol=DOGE&interval=1m").1["code"], -1121);
    assert_eq!(client.get("/api/v3/klines?symbol=BTCUSDT&interval=7m").1["code"], -1120);
}

#[test]
fn times_keep_what_a_naive_filter_keeps_one_kind_at_a_time() {
    let mut client = Client::new(settings(0));
    client.run_to(at(1000));
    let (_, whole) = client.get("/trade-api/v2/markets?limit=1000");
    let seconds = |market: &Value, key: &str| {
        let time: jiff::Timestamp = text(market.get(key)?).parse().expect("a time");
        u64::try_from(time.as_second()).ok()
    };
    let kinds = [("created", "created_time"), ("close", "close_time"), ("settled", "settlement_ts")];
    for (kind, key) in kinds {
        for at_s in [0, 899, 900, 910, 1800, 3600].map(|s| at(s).seconds()) {
            for (bound, keeps) in [("min", u64::ge as fn(&u64, &u64) -> bool), ("max", u64::le)] {
                let (status, body) = client.get(&format!("/trade-api/v2/markets?limit=1000&{bound}_{kind}_ts={at_s}"));
                assert_eq!(status, 200);
                let naive = whole["markets"].as_array().expect("a list").iter();
                let naive = naive.filter(|market| seconds(market, key).is_some_and(|time| keeps(&time, &at_s)));
                assert_eq!(
                    tickers(&body),
                    naive.map(|market| text(&market["ticker"])).collect::<Vec<_>>(),
                    "{bound} {kind} {at_s}"
                );
            }
        }
    }
    let (status, body) = client.get("/trade-api/v2/markets?min_close_ts=1&max_settled_ts=2");
    assert_eq!((status, body["msg"].is_string()), (400, true), "{body}");
    assert_eq!(client.get("/trade-api/v2/markets?min_close_ts=1.5").0, 400);
    let (_, body) = client.get(&format!("/trade-api/v2/markets?tickers=X%2C{WINDOW}"));
    assert_eq!(tickers(&body), [WINDOW]);
}

#[test]
fn trades_are_listed_newest_first_as_the_stream_told_them() {
    let mut client = Client::new(settings(0));
    client.subscribe(&["trade"]);
    client.subscribe_books(&[WINDOW], true);
    client.run_to(at(10));
    for number in 1..=3 {
        let order = format!(
            r#"{{"ticker":"{WINDOW}","client_order_id":"k1-1-0000002a-{number}","side":"bid","price":"0.9900","count":"20.00","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross"}}"#
        );
        client.exchange.create(at(10), order.as_bytes());
    }
    client.run_to(at(20));
    let told: Vec<String> =
        client.of_type("trade").iter().map(|frame| text(&frame["msg"]["trade_id"]).to_owned()).collect();
    assert!(told.len() >= 3, "{} trades", told.len());
    let (_, whole) = client.get("/trade-api/v2/markets/trades");
    let ids = |body: &Value| {
        let rows = body["trades"].as_array().expect("a list").iter();
        rows.map(|row| text(&row["trade_id"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&whole), told.iter().rev().cloned().collect::<Vec<_>>());
    let (_, first) = client.get(&format!("/trade-api/v2/markets/trades?limit=1&ticker={WINDOW}"));
    let (_, rest) = client.get(&format!("/trade-api/v2/markets/trades?cursor={}", text(&first["cursor"])));
    assert_eq!([ids(&first), ids(&rest)].concat(), ids(&whole));
    assert!(ids(&client.get("/trade-api/v2/markets/trades?ticker=KXDOG").1).is_empty());
    assert_eq!(client.get("/trade-api/v2/markets/trades?limit=1001").0, 400);
}

#[test]
fn events_are_listed_once_each_and_page_by_page() {
    let mut client = Client::new(settings(0));
    let events = |body: &Value| {
        let rows = body["events"].as_array().expect("a list").iter();
        rows.map(|row| text(&row["event_ticker"]).to_owned()).collect::<Vec<_>>()
    };
    let (_, whole) = client.get("/trade-api/v2/events?with_nested_markets=true");
    let whole_events = events(&whole);
    assert_eq!(whole_events.len(), 4, "three windows and a ladder: {whole_events:?}");
    let nested: usize = whole["events"].as_array().into_iter().flatten().map(|event| tickers(event).len()).sum();
    assert_eq!(nested, 188 + 3);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, body) = client.get(&format!("/trade-api/v2/events?limit=1&cursor={cursor}"));
        paged.extend(events(&body));
        cursor = text(&body["cursor"]).to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole_events);
    assert_eq!(events(&client.get("/trade-api/v2/events?series_ticker=KXBTC&status=open").1).len(), 1);
    assert_eq!(client.get("/trade-api/v2/events?limit=201").0, 400);
}
