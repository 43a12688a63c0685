//! Subscriptions, numbers, snapshots and changes on the Kalshi stream.

use super::client::{Book, Client, NEXT_WINDOW, START, WINDOW, at, exchange, settings, text};
use kalshi_trader::exchange::{ConnId, MockExchange};
use serde_json::{Value, json};
use trader_exec::venue::VenueMarket;
use trader_journal::book::Side;
use trader_journal::units::{Count, Nanos, Price};

/// The window that is open at the start is the venue's first market.
const FIRST: VenueMarket = VenueMarket(0);

#[test]
fn a_naive_book_is_the_venues_book_at_every_moment() {
    for use_yes_price in [true, false] {
        let mut client = Client::new(settings(0));
        client.run_to(at(3));
        client.subscribe_books(&[WINDOW, NEXT_WINDOW], use_yes_price);
        let mut compared = 0;
        client.run(at(960), |client| {
            assert_eq!(client.books[WINDOW], client.book_of(FIRST), "at {:?}", client.now);
            compared += 1;
        });
        assert!(compared > 1_000);
        assert!(client.of_type("orderbook_delta").len() > 500, "the book moved");
        assert_eq!(client.books[WINDOW], Book::default(), "nothing rests after the close");
    }
}

#[test]
fn the_first_book_message_is_snapshot_one_and_frames_arrive_by_the_latency() {
    let mut client = Client::new(settings(6));
    client.run_to(at(5));
    client.subscribe_books(&[WINDOW], true);
    assert!(client.frames.is_empty(), "nothing has arrived yet");
    client.run_to(at(5).plus(6 * Nanos::MILLI));
    let kinds: Vec<_> = client.frames.iter().map(|frame| text(&frame["type"])).collect();
    assert_eq!(kinds, ["subscribed", "orderbook_snapshot"]);
    assert_eq!(client.frames[1]["seq"], 1);
    assert!(client.frames[1]["msg"].get("yes_dollars_fp").is_some(), "the makers stand in it");
}

#[test]
fn a_market_without_quotes_has_a_snapshot_without_sides() {
    let mut client = Client::new(settings(0));
    client.subscribe_books(&[NEXT_WINDOW], true);
    let message = &client.of_type("orderbook_snapshot")[0]["msg"];
    assert!(message.get("yes_dollars_fp").is_none() && message.get("no_dollars_fp").is_none());
}

#[test]
fn markets_are_added_snapshotted_and_deleted_on_one_subscription() {
    let mut client = Client::new(settings(0));
    client.run_to(at(2));
    client.subscribe_books(&[WINDOW], true);
    let sid = client.of_type("subscribed")[0]["msg"]["sid"].clone();
    let add = json!({"sids": [sid], "action": "add_markets", "market_tickers": [NEXT_WINDOW]});
    let id = client.send("update_subscription", &add);
    let ok = client.of_type("ok")[0];
    assert_eq!((&ok["id"], &ok["sid"]), (&json!(id), &sid));
    assert_eq!(ok["msg"]["market_tickers"], json!([WINDOW, NEXT_WINDOW]), "the whole list");
    assert!(client.books.contains_key(NEXT_WINDOW));

    let snapshots = client.of_type("orderbook_snapshot").len();
    client.send("update_subscription", &json!({"sid": sid, "action": "get_snapshot", "market_tickers": [WINDOW]}));
    assert_eq!(client.of_type("orderbook_snapshot").len(), snapshots + 1);

    client.send("update_subscription", &json!({"sid": sid, "action": "delete_markets", "market_tickers": [WINDOW]}));
    let before = client.of_type("orderbook_delta").len();
    client.run_to(at(60));
    assert_eq!(client.of_type("orderbook_delta").len(), before, "a market left says no more");
}

#[test]
fn a_second_subscription_to_a_channel_is_the_first_one() {
    let mut client = Client::new(settings(0));
    client.subscribe_books(&[WINDOW], true);
    client.subscribe_books(&[NEXT_WINDOW], true);
    client.subscribe(&["trade"]);
    let sids: Vec<_> = client.of_type("subscribed").iter().map(|frame| frame["msg"]["sid"].as_u64()).collect();
    assert_eq!(sids, [Some(1), Some(1), Some(2)]);
}

#[test]
fn garbage_is_answered_with_the_venues_codes() {
    let mut client = Client::new(settings(0));
    let code = |client: &mut Client, cmd: &str, params: Value| {
        client.send(cmd, &params);
        client.frames.last().expect("an answer")["msg"]["code"].as_u64()
    };
    assert_eq!(code(&mut client, "dance", json!({})), Some(5));
    assert_eq!(code(&mut client, "subscribe", json!({"channels": []})), Some(3));
    assert_eq!(code(&mut client, "subscribe", json!({"channels": ["gossip"]})), Some(8));
    assert_eq!(code(&mut client, "subscribe", json!({"channels": ["orderbook_delta"]})), Some(14));
    assert_eq!(code(&mut client, "subscribe", json!({"channels": ["cfbenchmarks_value"]})), Some(24));
    assert_eq!(code(&mut client, "unsubscribe", json!({"sids": [99]})), Some(7));
    let unknown = json!({"channels": ["orderbook_delta"], "market_tickers": ["KXDOG-1"]});
    assert_eq!(code(&mut client, "subscribe", unknown), Some(11));
    client.exchange.command(START, client.conn, b"\xff{");
    client.run_to(START);
    assert_eq!(client.frames.last().expect("an answer")["msg"]["code"], 1);
}

#[test]
fn a_new_connection_has_nothing_and_an_old_one_delivers_nothing() {
    let mut client = Client::new(settings(6));
    client.subscribe(&["cfbenchmarks_value", "market_lifecycle_v2"]);
    client.run_to(at(10));
    let heard = client.frames.len();
    assert!(heard > 5);
    client.exchange.disconnect(at(10), client.conn);
    assert!(!client.exchange.is_connected(client.conn));
    client.run_to(at(20));
    client.conn = client.exchange.connect(at(20)).expect("nothing is cut");
    client.run_to(at(30));
    assert_eq!(client.frames.len(), heard);
}

#[test]
fn unsubscribed_channels_are_silent_and_listed_no_more() {
    let mut client = Client::new(settings(0));
    client.subscribe(&["cfbenchmarks_value", "fill"]);
    client.run_to(at(2));
    client.send("unsubscribe", &json!({"sids": [1]}));
    let heard = client.of_type("cfbenchmarks_value").len();
    client.run_to(at(5));
    assert_eq!(client.of_type("cfbenchmarks_value").len(), heard);
    client.send("list_subscriptions", &json!({}));
    assert_eq!(client.frames.last().expect("an answer")["msg"], json!([{"channel": "fill", "sid": 2}]));
}

#[test]
fn nobody_who_is_not_connected_is_answered() {
    let mut exchange = exchange(settings(0));
    let gone = exchange.connect(START).expect("nothing is cut");
    exchange.disconnect(START, gone);
    exchange.command(START, gone, br#"{"id":1,"cmd":"subscribe","params":{"channels":["fill"]}}"#);
    let mut out = Vec::new();
    assert!(!exchange.next_kalshi_frame(at(1), gone, &mut out));
}

/// A second client beside the first: its own numbers, its own scale, a book of its own.
struct Reader {
    conn: ConnId,
    use_yes_price: bool,
    seq: u64,
    book: Book,
}

impl Reader {
    /// Subscribes to one book; the trades before it, so that the book is subscription 2.
    fn new(exchange: &mut MockExchange, use_yes_price: bool) -> Reader {
        let conn = exchange.connect(START).expect("nothing is cut");
        exchange.command(START, conn, br#"{"id":1,"cmd":"subscribe","params":{"channels":["trade"]}}"#);
        let params =
            json!({"channels": ["orderbook_delta"], "market_tickers": [WINDOW], "use_yes_price": use_yes_price});
        exchange.command(START, conn, json!({"id": 2, "cmd": "subscribe", "params": params}).to_string().as_bytes());
        Reader { conn, use_yes_price, seq: 0, book: Book::default() }
    }

    fn hear(&mut self, exchange: &mut MockExchange, now: Nanos) {
        let mut out = Vec::new();
        while exchange.next_kalshi_frame(now, self.conn, &mut out) {
            let frame: Value = serde_json::from_slice(&out).expect("JSON");
            let message = &frame["msg"];
            match frame["type"].as_str() {
                Some("orderbook_snapshot") => {
                    self.book = Book::default();
                    for (side, key) in ["yes_dollars_fp", "no_dollars_fp"].into_iter().enumerate() {
                        for level in message[key].as_array().into_iter().flatten() {
                            self.change(side, &level[0], &level[1]);
                        }
                    }
                }
                Some("orderbook_delta") => {
                    let side = usize::from(message["side"] == "no");
                    self.change(side, &message["price_dollars"], &message["delta_fp"]);
                }
                _ => continue,
            }
            self.seq += 1;
            assert_eq!((frame["sid"].as_u64(), frame["seq"].as_u64()), (Some(2), Some(self.seq)), "{frame}");
        }
    }

    fn change(&mut self, side: usize, price: &Value, change: &Value) {
        let price = Price::parse(text(price).as_bytes()).expect("a price");
        let price = if side == 1 && !self.use_yes_price { price.complement() } else { price };
        *self.book[side].entry(price.0).or_insert(0) += Count::parse(text(change).as_bytes()).expect("a count").0;
        self.book[side].retain(|_, size| *size != 0);
    }
}

#[test]
fn two_connections_see_the_same_book_each_in_its_own_scale_and_numbers() {
    let mut exchange = exchange(settings(0));
    let mut readers = [Reader::new(&mut exchange, false), Reader::new(&mut exchange, true)];
    // A refusal changes nothing of what is subscribed to.
    let refused = br#"{"id":3,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"use_yes_price":true}}"#;
    exchange.command(START, readers[0].conn, refused);
    let (mut now, mut out) = (START, Vec::new());
    while now < at(200) {
        now = exchange.next_deadline().min(at(200));
        exchange.advance(now);
        readers.iter_mut().for_each(|reader| reader.hear(&mut exchange, now));
        while exchange.next_binance_frame(now, &mut out) {}
    }
    let [one, other] = readers;
    assert!(one.seq > 10, "{} messages", one.seq);
    assert_eq!((one.seq, &one.book), (other.seq, &other.book));
    let venue = exchange.venue().book(FIRST);
    let side = |side| venue.levels(side).map(|level| (level.price.0, level.size.0)).collect();
    assert_eq!(one.book, [side(Side::Bid), side(Side::Ask)]);
}
