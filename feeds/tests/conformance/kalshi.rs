//! Frames of Kalshi's WebSocket.

use crate::{each_by_table, folder, kalshi_rest, text, units, word};
use serde_json::{Value, json};
use std::path::Path;
use trader_feeds::frames::Frames;
use trader_feeds::kalshi::message::{Body, Scratch, decode};
use trader_feeds::kalshi::rest::{RestAnswer, RestRequest};
use trader_feeds::kalshi::{SeriesSettings, Session, Settings};
use trader_journal::book::Side;
use trader_journal::event::{AccountList, ClientId, Event, RejectReason, SeriesMode};
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;

/// What is expected of a sample.
pub(crate) enum Expect {
    /// A frame, read and held against a full parser's reading of the kind it names.
    Frame,
    /// The `msg` of a frame of this kind, without its envelope.
    Message(&'static str),
    /// A frame of a kind that is known and not needed.
    Ignored,
    /// A series object: its rates and shard are told.
    Series,
    /// One market object, bare or as an answer: its terms are told.
    Market,
    /// A list of market objects.
    Markets,
    /// A balance; whether it has a row of our shard.
    Balance(bool),
    /// A page of a list of the account, or one row of it.
    Account(AccountList),
    /// The answer to a create that was done.
    Created,
    /// The answer to a cancel that was done.
    Cancelled,
    /// A definite refusal with this status.
    Refused(u16, RejectReason),
    /// An answer that leaves it open whether the order exists.
    Conflict,
    /// An order as we would write it.
    Request,
    /// Nothing of ours reads it, and why.
    NotRead(&'static str),
}

use Expect::*;

const TABLE: &[(&str, Expect)] = &[
    ("README.md", NotRead("about the samples")),
    ("auth_vectors.json", NotRead("vectors of the signer")),
    ("fee_vectors.json", NotRead("vectors of the fee schedule")),
    // ---- frames
    ("ws_cmd_*", NotRead("what we send is fixed word for word in tests/it")),
    ("ws_handshake_err_401_live.json", NotRead("an answer to the upgrade, read by the socket")),
    ("ws_orderbook_delta_kxbtc15m_msg_live.json", Message("orderbook_delta")),
    ("ws_ticker.json", Ignored),
    ("ws_market_position.json", Ignored),
    ("ws_order_group_updates.json", Ignored),
    ("ws_event_lifecycle.json", Ignored),
    ("ws_cfbenchmarks_indexlist.json", Ignored),
    ("ws_*", Frame),
    // ---- market data by REST
    ("rest_series_kxbtc15m_200.json", Series),
    ("rest_series_fee_changes_200_empty.json", NotRead("changes come by the stream and with the series")),
    ("rest_event_kxbtc15m_200.json", Markets),
    ("rest_markets_page_200.json", Markets),
    ("rest_market_orderbook_200.json", NotRead("the books come by the stream")),
    ("rest_orderbook_live_shape.json", NotRead("the books come by the stream")),
    ("rest_market_*", Market),
    ("rest_candlestick_*", NotRead("prices of contracts are not modelled")),
    ("rest_trade*", NotRead("trades come by the stream")),
    ("rest_exchange_*", NotRead("pauses are heard as refusals")),
    ("rest_historical_cutoff_200_live.json", NotRead("for readers of history")),
    // ---- the account
    ("rest_balance_200.json", Balance(false)),
    ("rest_balance_200_sharded.json", Balance(true)),
    ("rest_account_*", NotRead("limits are configured")),
    ("rest_intra_transfer_*", NotRead("no transfer without a person")),
    ("rest_get_orders_resp_200.json", Account(AccountList::Orders)),
    ("rest_get_fills_resp_200.json", Account(AccountList::Fills)),
    ("rest_get_positions_resp_200.json", Account(AccountList::Positions)),
    ("rest_get_settlements_resp_200_empty.json", Account(AccountList::Settlements)),
    ("rest_get_order_*", NotRead("orders are read by their list")),
    ("rest_fill_kxbtc15m.json", Account(AccountList::Fills)),
    ("rest_position_*", Account(AccountList::Positions)),
    ("rest_settlement_yes.json", Account(AccountList::Settlements)),
    ("rest_queue_positions_200.json", NotRead("a taker has no place in a queue")),
    ("rest_order_group_*", NotRead("groups are not used")),
    ("rest_amend_*", NotRead("orders are cancelled, not amended")),
    ("rest_decrease_*", NotRead("orders are cancelled, not decreased")),
    ("rest_batch_*", NotRead("orders go one by one")),
    // ---- orders
    ("rest_create_order_req_bad_numeric.json", NotRead("a request that was refused")),
    ("rest_create_order_req_*", Request),
    ("rest_create_order_resp_*", Created),
    ("rest_cancel_order_resp_*", Cancelled),
    ("rest_err_400_flat_bad_request_numeric_count.json", Refused(400, RejectReason::Other)),
    ("rest_err_400_insufficient_balance.json", Refused(400, RejectReason::InsufficientBalance)),
    ("rest_err_400_invalid_parameters.json", Refused(400, RejectReason::Other)),
    ("rest_err_400_invalid_price.json", Refused(400, RejectReason::InvalidPrice)),
    ("rest_err_400_market_inactive.json", Refused(400, RejectReason::MarketInactive)),
    ("rest_err_400_msg_param_validation.json", Refused(400, RejectReason::Other)),
    ("rest_err_400_post_only_cross.json", Refused(400, RejectReason::PostOnlyCross)),
    ("rest_err_401_*", Refused(401, RejectReason::Unauthorized)),
    ("rest_err_404_cancel_*", Refused(404, RejectReason::OrderNotFound)),
    ("rest_err_404_market_not_found.json", Refused(404, RejectReason::MarketNotFound)),
    ("rest_err_409_duplicate_client_order_id.json", Conflict),
    ("rest_err_409_reused_canceled_client_order_id.json", Conflict),
    ("rest_err_409_exchange_paused.json", Refused(409, RejectReason::ExchangePaused)),
    ("rest_err_409_fok.json", Refused(409, RejectReason::FillOrKill)),
    ("rest_err_409_trading_paused.json", Refused(409, RejectReason::TradingPaused)),
    ("rest_err_410_v1_orders.json", Refused(410, RejectReason::Other)),
    ("rest_err_429_*", Refused(429, RejectReason::RateLimited)),
];

/// A sample. Its tennis markets have tickers longer than an event can name (BTC's have at most
/// 27 bytes), so they are shortened.
fn sample(path: &Path) -> String {
    text(path).replace("KXWTACHALLENGERMATCH", "KXWTAMATCH")
}

#[test]
fn every_sample_is_read_or_has_a_reason_not_to_be() {
    each_by_table(&folder("SAMPLES_DIR").join("kalshi_samples"), TABLE, |name, path, expect| {
        let text = sample(path);
        match expect {
            Frame => check_frame(name, &text),
            Message(kind) => {
                check_frame(name, &format!(r#"{{"type":"{kind}","sid":1,"seq":1,"msg":{}}}"#, text.trim_end()));
            }
            Ignored => {
                let mut scratch = Scratch::new(0);
                let message = decode(text.as_bytes(), &mut scratch).unwrap_or_else(|error| panic!("{name}: {error:?}"));
                assert!(matches!(message.body, Body::Ignored(_)), "{name}: {message:?}");
            }
            NotRead(why) => assert!(!why.is_empty(), "{name}"),
            other => kalshi_rest::check(name, &text, other),
        }
    });
}

/// Reads a frame and holds each field against a full parser's.
fn check_frame(name: &str, text: &str) {
    let mut scratch = Scratch::new(2_000);
    let message = decode(text.as_bytes(), &mut scratch).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let twin: Value = serde_json::from_str(text).expect("a sample is JSON");
    let msg = &twin["msg"];
    assert_eq!(message.envelope.id, twin["id"].as_u64(), "{name}");
    assert_eq!(message.envelope.sid.map(u64::from), twin["sid"].as_u64(), "{name}");
    assert_eq!(message.envelope.seq, twin["seq"].as_u64(), "{name}");
    assert_eq!(message.envelope.sent.millis(), twin["sending_ts_ms"].as_u64().unwrap_or(0), "{name}");
    let ticker = |told: &[u8], key: &str| assert_eq!(told, word(msg, key).as_bytes(), "{name}");
    match (word(&twin, "type"), message.body) {
        ("orderbook_delta", Body::Delta(delta)) => {
            ticker(delta.ticker, "market_ticker");
            assert_eq!(i64::from(delta.price.0), units(&msg["price_dollars"], 4), "{name}");
            assert_eq!(delta.change.0, units(&msg["delta_fp"], 2), "{name}");
            assert_eq!(delta.side == Side::Bid, word(msg, "side") == "yes", "{name}");
            assert_eq!(Some(delta.venue_ts.millis()), msg["ts_ms"].as_u64(), "{name}");
        }
        ("orderbook_snapshot", Body::Snapshot { ticker: told }) => {
            ticker(told, "market_ticker");
            for (side, key) in [(Side::Bid, "yes_dollars_fp"), (Side::Ask, "no_dollars_fp")] {
                let levels = scratch.levels().iter().filter(|level| level.0 == side);
                let told: Vec<_> = levels.map(|(_, price, size)| (i64::from(price.0), size.0)).collect();
                let twin = msg[key].as_array().cloned().unwrap_or_default();
                let twin: Vec<_> = twin.iter().map(|row| (units(&row[0], 4), units(&row[1], 2))).collect();
                assert_eq!(told, twin, "{name}");
            }
        }
        ("trade", Body::Trade(trade)) => {
            ticker(trade.ticker, "market_ticker");
            assert_eq!(i64::from(trade.price.0), units(&msg["yes_price_dollars"], 4), "{name}");
            assert_eq!(trade.count.0, units(&msg["count_fp"], 2), "{name}");
            assert_eq!(trade.taker.word(), word(msg, "taker_book_side"), "{name}");
        }
        ("cfbenchmarks_value", Body::Index(index)) => {
            let data: Value = serde_json::from_str(word(msg, "data")).expect("JSON in JSON");
            ticker(index.id, "index_id");
            assert_eq!(index.value.0, units(&data["value"], 6), "{name}");
            assert_eq!(Some(index.venue_ts.millis()), data["time"].as_u64(), "{name}");
            assert_eq!(index.average_60s.0, units(&msg["avg_60s_data"]["value"], 6), "{name}");
            let closing = &msg["last_60s_windowed_average_15min"];
            assert_eq!(u64::from(index.closing_prints), closing["window_size"].as_u64().unwrap_or(0), "{name}");
        }
        ("fill", Body::Fill(fill)) => {
            ticker(fill.ticker, "market_ticker");
            assert_eq!(fill.trade.to_string(), word(msg, "trade_id"), "{name}");
            assert_eq!(fill.order.to_string(), word(msg, "order_id"), "{name}");
            assert_eq!(fill.client, ClientId::FOREIGN, "{name}");
            assert_eq!(fill.side.word(), word(msg, "book_side"), "{name}");
            assert_eq!(i64::from(fill.price.0), units(&msg["yes_price_dollars"], 4), "{name}");
            assert_eq!(fill.count.0, units(&msg["count_fp"], 2), "{name}");
            assert_eq!(fill.fee.0, units(&msg["fee_cost"], 6), "{name}");
            assert_eq!(fill.post_position.0, units(&msg["post_position_fp"], 2), "{name}");
            assert_eq!(Some(fill.is_taker), msg["is_taker"].as_bool(), "{name}");
        }
        ("user_order", Body::UserOrder(order)) => {
            ticker(order.ticker, "ticker");
            assert_eq!(order.order.to_string(), word(msg, "order_id"), "{name}");
            assert_eq!(order.status.word(), word(msg, "status"), "{name}");
            assert_eq!(order.side.word(), word(msg, "book_side"), "{name}");
            assert_eq!(i64::from(order.price.0), units(&msg["yes_price_dollars"], 4), "{name}");
            assert_eq!(order.filled.0, units(&msg["fill_count_fp"], 2), "{name}");
            assert_eq!(order.remaining.0, units(&msg["remaining_count_fp"], 2), "{name}");
            let reason = msg["last_update_reason"].as_str().unwrap_or("none");
            assert_eq!(order.reason.word(), reason, "{name}");
        }
        ("market_lifecycle_v2", Body::Lifecycle { ticker: told, word: happening, details }) => {
            ticker(told, "market_ticker");
            ticker(happening, "event_type");
            assert_eq!(&serde_json::from_slice::<Value>(details).expect("an object"), msg, "{name}");
            hear_lifecycle(name, text, word(msg, "market_ticker"));
        }
        ("event_fee_update", Body::FeeUpdate { event_ticker, fees }) => {
            ticker(event_ticker, "event_ticker");
            let told = fees.map(|(fee_type, _)| fee_type);
            assert_eq!(told, msg["fee_type_override"].as_str().map(str::as_bytes), "{name}");
        }
        ("subscribed", Body::Subscribed { channel, sid }) => {
            assert_eq!(channel.map(|channel| channel.word()), msg["channel"].as_str(), "{name}");
            assert_eq!(Some(u64::from(sid)), msg["sid"].as_u64(), "{name}");
        }
        ("ok", Body::Ok { tickers }) => {
            let told = tickers.map(|array| serde_json::from_slice::<Value>(array).expect("an array"));
            assert_eq!(told.as_ref(), msg.get("market_tickers"), "{name}");
        }
        ("unsubscribed", Body::Unsubscribed) => {}
        ("error", Body::Error { code }) => assert_eq!(Some(code), msg["code"].as_u64(), "{name}"),
        (kind, body) => panic!("{name}: {kind} was read as {body:?}"),
    }
}

/// A session that trades the series of a ticker, with room for what it says.
pub(crate) struct Line {
    pub(crate) session: Session,
    pub(crate) out: Outbox,
    pub(crate) frames: Frames,
    sent: Vec<Value>,
}

impl Line {
    pub(crate) fn trading(ticker: &str) -> Line {
        let series = ticker.split('-').next().expect("a series").to_owned();
        let settings = Settings {
            watched_max: 4,
            ..Settings::for_series(vec![SeriesSettings { ticker: series.clone(), mode: SeriesMode::Digital }])
        };
        let mut line = Line {
            out: Outbox::new(settings.says_max()),
            frames: Frames::new(Settings::FRAMES_MAX, settings.frames_bytes_max()),
            session: Session::new(settings),
            sent: Vec::new(),
        };
        let body = json!({"series": {"ticker": series, "fee_type": "quadratic", "fee_multiplier": 1}}).to_string();
        line.answer(Nanos(0), RestRequest::Series, &body);
        line
    }

    pub(crate) fn answer(&mut self, now: Nanos, request: RestRequest, body: &str) -> Vec<Event> {
        self.out.clear();
        self.frames.clear();
        let answer = RestAnswer { request, status: 200, body: body.as_bytes() };
        self.session.on_rest(now, &answer, &mut self.out, &mut self.frames);
        self.said()
    }

    fn frame(&mut self, now: Nanos, frame: &str) -> Vec<Event> {
        self.out.clear();
        self.frames.clear();
        self.session.on_frame(now, 1, frame.as_bytes(), &mut self.out, &mut self.frames);
        self.said()
    }

    fn connect(&mut self, now: Nanos) {
        self.out.clear();
        self.frames.clear();
        self.session.on_connected(now, 1, &mut self.out, &mut self.frames);
        self.said();
    }

    fn said(&mut self) -> Vec<Event> {
        self.sent.extend(self.frames.iter().map(|frame| serde_json::from_slice::<Value>(frame).expect("a command")));
        self.out.events().to_vec()
    }

    /// The number of the command that subscribes to a channel.
    fn command_for(&self, channel: &str) -> u64 {
        let asks = |command: &&Value| {
            command["params"]["channels"].as_array().is_some_and(|all| all.contains(&json!(channel)))
        };
        self.sent.iter().find(asks).and_then(|command| command["id"].as_u64()).expect("the channel is asked for")
    }
}

/// A market object of any ticker, open at `now`.
pub(crate) fn open_market(ticker: &str) -> String {
    json!({"markets": [{
        "ticker": ticker, "event_ticker": ticker.rsplit_once('-').expect("an event").0, "status": "active",
        "open_time": "2020-01-01T00:00:00Z", "close_time": "2030-01-01T00:00:00Z",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
    }]})
    .to_string()
}

pub(crate) const NOW: Nanos = Nanos(1_781_159_387_000_000_000);

fn hear_lifecycle(name: &str, text: &str, ticker: &str) {
    let mut line = Line::trading(ticker);
    line.answer(NOW, RestRequest::Markets, &open_market(ticker));
    line.connect(NOW);
    line.frame(NOW, text);
    assert_eq!(line.session.counts().faults_total(), 0, "{name}");
}

/// The recorded session with NO levels in YES prices, frame by frame.
#[test]
fn a_recorded_session_is_followed() {
    let samples = folder("SAMPLES_DIR").join("kalshi_samples");
    let mut line = Line::trading("KXWTAMATCH-26JUN11JIMLEP-LEP");
    line.answer(NOW, RestRequest::Markets, &open_market("KXWTAMATCH-26JUN11JIMLEP-LEP"));
    line.connect(NOW);
    let id = format!("\"id\":{}", line.command_for("orderbook_delta"));
    let mut said = Vec::new();
    for frame in ["01_subscribed", "02_subscribed", "03_orderbook_snapshot", "04_orderbook_delta", "05_orderbook_delta"]
    {
        let frame = sample(&samples.join(format!("ws_rec_yesleg_{frame}.json")));
        said.extend(line.frame(NOW, &frame.replace("\"id\":1", &id)));
    }
    let asks: Vec<_> = said
        .iter()
        .filter_map(|event| match event {
            Event::BookLevel { side: Side::Ask, price, size, .. } => Some((price.0, size.0)),
            _ => None,
        })
        .collect();
    assert_eq!(asks, [(5_200, 100), (5_200, 0), (5_200, 200)]);
    assert_eq!(line.session.counts().faults_total(), 0);
}
