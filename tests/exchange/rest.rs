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
