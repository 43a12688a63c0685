//! The makers quote our own fair value, late and with an error of σ, and nothing else.

use super::client::{Client, WINDOW, at, money, number_as_money, settings, text};
use kalshi_trader::exchange::ExchangeSettings;
use serde_json::Value;
use trader_journal::book::Side;
use trader_journal::event::StrikeKind;
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Money, Nanos, Price};
use trader_pricing::probability::{Average, ClosingValue, Distribution, Tail};
use trader_pricing::volatility::{Coefficients, Ewma3};

/// Index values by second after the start.
fn prints(client: &Client) -> Vec<i64> {
    let frames = client.of_type("cfbenchmarks_value").into_iter();
    frames
        .map(|frame| {
            let data: Value = serde_json::from_str(text(&frame["msg"]["data"])).expect("JSON inside JSON");
            money(&data["value"])
        })
        .collect()
}

/// What the window is worth after the print of `second`, from what the client was told.
fn fair(client: &mut Client, second: u64, strike: i64) -> f64 {
    let mut model = Ewma3::new(100);
    let (_, rows) = client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1000");
    for row in rows.as_array().expect("rows") {
        let open_time = Nanos(row[0].as_u64().expect("ms") * Nanos::MILLI);
        if open_time.plus(60 * Nanos::SECOND) <= at(second + 1) {
            model.on_close(open_time, Money(money(&row[4])));
        }
    }
    let prints = prints(client);
    let dollars = |micros: f64| micros / 1e6;
    let tau = 900 - second;
    let seen = &prints[841.min(second as usize + 1)..=second as usize];
    let seen_mean = seen.iter().sum::<i64>() as f64 / seen.len().max(1) as f64;
    let whole = model.variance(&Coefficients::FROZEN, at(second), at(900)).expect("heard");
    let value = ClosingValue {
        mean: Average::Prints.mean(tau as f64, dollars(prints[second as usize] as f64), dollars(seen_mean)),
        sigma: (whole * Average::Prints.variance_time_s(tau as f64) / tau as f64).sqrt(),
        drift: 0.0,
        distribution: Distribution::TailAdjusted(Tail::DEFAULT),
    };
    value.yes(StrikeKind::GreaterOrEqual, Money(strike), Money::ZERO).expect("priced")
}

#[test]
fn without_noise_the_touch_is_our_fair_value_of_a_second_ago() {
    let mut client = Client::new(ExchangeSettings { noise: 0.0, ..settings(0) });
    client.subscribe(&["cfbenchmarks_value"]);
    client.run_to(at(3));
    client.subscribe_books(&[WINDOW], true);
    let (_, body) = client.get(&format!("/trade-api/v2/markets/{WINDOW}"));
    let strike = number_as_money(&body["market"]["floor_strike"]);
    let mut two_sided = 0;
    for second in [20, 59, 60, 61, 300, 599, 840, 841, 842, 860, 880, 895] {
        client.run_to(at(second));
        let fair = fair(&mut client, second - 1, strike);
        let half_spread = match fair {
            _ if second >= 840 => 0.03,
            0.1..=0.9 => 0.01,
            _ => 0.007,
        };
        let grid = PriceGrid::TAPERED_DECI_CENT;
        let (low, high) = (fair - half_spread, fair + half_spread);
        let bid = (low >= 0.01).then(|| grid.floor(Price((low * 1e4).floor() as u16))).flatten();
        let ask = (high <= 0.99).then(|| grid.ceil(Price((high * 1e4).ceil() as u16))).flatten();
        let book = &client.books[WINDOW];
        let touch = [book[0].keys().next_back(), book[1].keys().next()].map(|price| price.copied().map(Price));
        assert_eq!(touch, [bid, ask], "second {second}, fair {fair}");
        two_sided += u32::from(bid.is_some() && ask.is_some());
    }
    assert!(two_sided >= 4, "{two_sided} looks with both sides");
}

/// Mean distance between the mids of the middle of the ladder with this noise and without.
fn distance_from_truth(noise: f64) -> f64 {
    let look = |noise: f64| {
        let mut client = Client::new(ExchangeSettings { noise, ..settings(0) });
        client.run_to(at(1_800));
        let (_, body) = client.get("/trade-api/v2/markets?series_ticker=KXBTC&status=open&limit=1000");
        let ladder = body["markets"].as_array().expect("a list").clone();
        let middle: Vec<&str> = ladder[80..110].iter().map(|market| text(&market["ticker"])).collect();
        client.subscribe_books(&middle, true);
        let mid = |ticker: &&str| {
            let book = &client.books[*ticker];
            let touch = [book[Side::Bid as usize].keys().next_back(), book[Side::Ask as usize].keys().next()];
            touch[0].zip(touch[1]).map(|(bid, ask)| f64::from(bid + ask) / 2e4)
        };
        middle.iter().map(mid).collect::<Vec<_>>()
    };
    let pairs: Vec<(f64, f64)> = look(noise).into_iter().zip(look(0.0)).filter_map(|(a, b)| a.zip(b)).collect();
    assert!(pairs.len() >= 5);
    pairs.iter().map(|(wrong, right)| (wrong - right).abs()).sum::<f64>() / pairs.len() as f64
}

#[test]
fn more_noise_is_farther_from_the_truth() {
    let [hard, normal, easy] = [0.05, 0.11, 0.20].map(distance_from_truth);
    assert!(hard <= normal && normal <= easy && hard < easy, "{hard} {normal} {easy}");
}
