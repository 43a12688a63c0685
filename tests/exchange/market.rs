//! What the market does: index, strikes, settlements, spot, and the makers' quotes.

use super::client::{Client, NEXT_WINDOW, START, WINDOW, at, money, number_as_money, settings, text};
use serde_json::Value;
use std::collections::BTreeMap;
use trader_journal::units::{Money, Nanos};

/// Prints by second after the start, in micro-dollars.
fn prints(client: &Client) -> BTreeMap<i64, i64> {
    let frames = client.of_type("cfbenchmarks_value").into_iter();
    frames
        .map(|frame| {
            let data: Value = serde_json::from_str(text(&frame["msg"]["data"])).expect("JSON inside JSON");
            let second = data["time"].as_i64().expect("ms") / 1000 - START.seconds() as i64;
            (second, money(&data["value"]))
        })
        .collect()
}

/// The mean of the 60 prints that end with this second, to the cent, half a cent up.
fn average(prints: &BTreeMap<i64, i64>, last: i64) -> i64 {
    let window: Vec<i64> = prints.range(last - 59..=last).map(|(_, value)| *value).collect();
    assert_eq!(window.len(), 60);
    let sum: i64 = window.iter().sum();
    (sum + 30 * Money::CENT.0).div_euclid(60 * Money::CENT.0) * Money::CENT.0
}

#[test]
fn windows_settle_on_the_average_of_sixty_prints_and_chain() {
    let mut client = Client::new(settings(0));
    client.subscribe(&["cfbenchmarks_value", "market_lifecycle_v2"]);
    client.run_to(at(1_830));
    let prints = prints(&client);
    assert_eq!(prints.len(), 1_831, "one a second, the start's included");

    let mut strikes = Vec::new();
    for (ticker, close) in [(WINDOW, 900), (NEXT_WINDOW, 1_800)] {
        let life = client.life(ticker);
        let kinds: Vec<_> = life.iter().map(|message| text(&message["event_type"])).collect();
        assert_eq!(kinds, ["metadata_updated", "determined", "settled"], "{ticker}");
        let strike = number_as_money(&life[0]["floor_strike"]);
        let value = average(&prints, close);
        assert_eq!(life[1]["result"], if value >= strike { "yes" } else { "no" });
        strikes.push(strike);
        let (_, body) = client.get(&format!("/trade-api/v2/markets/{ticker}"));
        assert_eq!(money(&body["market"]["expiration_value"]), value);
        assert_eq!(body["market"]["status"], "finalized");
        assert_eq!(number_as_money(&body["market"]["floor_strike"]), strike);
    }
    assert_eq!(strikes[1], average(&prints, 900), "the next strike is this window's value");
}

#[test]
fn the_averages_in_the_index_messages_are_those_of_the_prints() {
    let mut client = Client::new(settings(0));
    client.subscribe(&["cfbenchmarks_value"]);
    client.run_to(at(1_000));
    let prints = prints(&client);
    let mut closing = 0;
    for (second, frame) in client.of_type("cfbenchmarks_value").into_iter().enumerate() {
        let message = &frame["msg"];
        let second = second as i64;
        if second >= 60 {
            let sum: i64 = prints.range(second - 60..second).map(|(_, value)| *value).sum();
            let told = money(&message["avg_60s_data"]["value"]);
            assert!((told - sum / 60).abs() <= 1, "trailing average at {second}");
        }
        let told = message.get("last_60s_windowed_average_15min");
        assert_eq!(told.is_some(), (841..=900).contains(&second) || second == 0, "closing average at {second}");
        if let Some(told) = told.filter(|_| second > 0) {
            assert_eq!(told["window_size"], second - 840);
            let sum: i64 = prints.range(841..=second).map(|(_, value)| *value).sum();
            assert!((money(&told["value"]) - sum / (second - 840)).abs() <= 1);
            closing += 1;
        }
    }
    assert_eq!(closing, 60);
}

#[test]
fn the_strike_comes_after_the_open_and_windows_are_listed_ahead() {
    let mut client = Client::new(settings(0));
    client.subscribe(&["market_lifecycle_v2"]);
    let (_, before) = client.get(&format!("/trade-api/v2/markets/{WINDOW}"));
    assert!(before["market"].get("floor_strike").is_none() && before["market"].get("strike_type").is_none());
    client.run_to(at(0).plus(699 * Nanos::MILLI));
    assert!(client.life(WINDOW).is_empty());
    client.run_to(at(0).plus(700 * Nanos::MILLI));
    assert_eq!(client.life(WINDOW).len(), 1);
    let (_, listed) = client.get("/trade-api/v2/markets?series_ticker=KXBTC15M&status=unopened");
    let unopened: Vec<_> = listed["markets"].as_array().expect("a list").iter().map(|m| text(&m["ticker"])).collect();
    assert_eq!(unopened, ["KXBTC15M-26NOV020745-45", NEXT_WINDOW]);
    client.run_to(at(901));
    assert_eq!(client.life("KXBTC15M-26NOV020800-00")[0]["event_type"], "created");
}

#[test]
fn exactly_one_bracket_of_the_hour_wins() {
    let mut client = Client::new(settings(0));
    client.subscribe(&["market_lifecycle_v2"]);
    client.run_to(at(3_600 + 120));
    let results: Vec<&Value> = client
        .of_type("market_lifecycle_v2")
        .into_iter()
        .map(|frame| &frame["msg"])
        .filter(|message| text(&message["market_ticker"]).starts_with("KXBTC-26NOV0208-"))
        .filter(|message| message["event_type"] == "determined")
        .collect();
    assert_eq!(results.len(), 188);
    assert_eq!(results.iter().filter(|message| message["result"] == "yes").count(), 1);
    let paid =
        client.of_type("market_lifecycle_v2").into_iter().filter(|frame| frame["msg"]["event_type"] == "settled");
    assert_eq!(paid.filter(|frame| text(&frame["msg"]["market_ticker"]).starts_with("KXBTC-")).count(), 188);
}

#[test]
fn makers_stand_on_the_grid_and_are_never_clipped() {
    let mut client = Client::new(settings(0));
    client.run_to(at(2));
    let (_, body) = client.get("/trade-api/v2/markets?series_ticker=KXBTC&status=open&limit=1000");
    let ladder = body["markets"].as_array().expect("a list");
    assert_eq!(ladder.len(), 188);
    let tickers: Vec<String> = ladder.iter().map(|market| text(&market["ticker"]).to_owned()).collect();
    let mut watched: Vec<&str> = tickers.iter().map(String::as_str).collect();
    watched.push(WINDOW);
    client.subscribe_books(&watched, true);
    let (mut quoted, mut one_sided) = (0, 0);
    client.run(at(890), |client| {
        for (ticker, book) in &client.books {
            let [bid, ask] = [book[0].keys().next_back(), book[1].keys().next()];
            assert!(bid.is_none_or(|bid| *bid >= 100), "{ticker}: a bid clipped up to {bid:?}");
            assert!(ask.is_none_or(|ask| *ask <= 9_900), "{ticker}: an ask clipped down to {ask:?}");
            for price in bid.into_iter().chain(ask) {
                let tenths = ticker.starts_with("KXBTC15M") && (*price <= 1_000 || *price >= 9_000);
                assert_eq!(price % if tenths { 10 } else { 100 }, 0, "{ticker} off the grid at {price}");
            }
            if let (Some(bid), Some(ask)) = (bid, ask) {
                assert!(bid < ask, "{ticker} crossed");
                quoted += 1;
            } else if bid.is_some() || ask.is_some() {
                one_sided += 1;
            }
        }
    });
    assert!(quoted > 1_000 && one_sided > 1_000, "{quoted} two-sided and {one_sided} one-sided looks");
    let far = client.books.iter().filter(|(ticker, _)| ticker.starts_with("KXBTC-"));
    let bid_nowhere = far.filter(|(_, book)| book[0].is_empty()).count();
    assert!(bid_nowhere > 100, "brackets far from spot have no bid");
}

#[test]
fn spot_frames_make_the_candles_that_klines_tell() {
    let mut client = Client::new(settings(0));
    client.run_to(at(299));
    let (_, rows) = client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5");
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len(), 5);
    assert!(rows[4][6].as_u64().expect("ms") >= client.now.millis(), "the last one is still open");
    let closed: Vec<&Value> = client.spot.iter().filter(|frame| frame["data"]["e"] == "kline").collect();
    assert_eq!(closed.len(), 5, "the minute that ended at the start, and four more");
    for row in &rows[..4] {
        let open_ms = row[0].as_u64().expect("ms");
        let trades: Vec<i64> = client
            .spot
            .iter()
            .filter(|frame| frame["data"]["e"] == "trade")
            .filter(|frame| frame["data"]["T"].as_u64().expect("ms") / 60_000 * 60_000 == open_ms)
            .map(|frame| money(&frame["data"]["p"]))
            .collect();
        let made = [trades[0], *trades.iter().max().unwrap(), *trades.iter().min().unwrap(), trades[trades.len() - 1]];
        assert_eq!([1, 2, 3, 4].map(|column| money(&row[column])), made);
        let frame = closed.iter().find(|frame| frame["data"]["k"]["t"] == open_ms).expect("a closed candle");
        assert_eq!(["o", "h", "l", "c"].map(|key| money(&frame["data"]["k"][key])), made);
        assert_eq!(frame["data"]["k"]["x"], true);
    }
}

#[test]
fn after_the_last_candle_the_index_stands_still_and_windows_still_settle() {
    let mut client = Client::new(settings(0));
    client.subscribe(&["market_lifecycle_v2", "cfbenchmarks_value"]);
    client.run_to(at(180 * 60 + 20));
    let last = client.life("KXBTC15M-26NOV021000-00");
    assert_eq!(text(&last.last().expect("a life")["event_type"]), "settled");
    let prints = prints(&client);
    assert_eq!(prints[&10_799], prints[&10_815]);
}
