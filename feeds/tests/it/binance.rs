//! The Binance session: trades counted, quotes and candles told, pages of history read.

use crate::rig::{faults, kinds};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use trader_feeds::binance::message::{Data, Message, decode};
use trader_feeds::binance::{RestAnswer, RestRequest, Session, Settings, Stream, next_start_ms};
use trader_feeds::frames::Frames;
use trader_journal::event::{Event, Feed, FeedState, FrameFault, Interval, pad};
use trader_journal::stage::Outbox;
use trader_journal::units::{Money, Nanos};

const START: Nanos = Nanos(1_795_366_800 * Nanos::SECOND);

struct Bench {
    session: Session,
    now: Nanos,
    out: Outbox,
    frames: Frames,
    sent: Vec<String>,
}

impl Bench {
    fn new(settings: Settings) -> Bench {
        Bench {
            out: Outbox::new(settings.says_max()),
            frames: Frames::new(Settings::FRAMES_MAX, settings.frames_bytes_max()),
            session: Session::new(settings),
            now: START,
            sent: Vec::new(),
        }
    }

    fn up() -> Bench {
        let mut bench = Bench::new(Settings::spot("BTCUSDT"));
        bench.step(|session, now, out, frames| session.on_connected(now, 1, out, frames));
        bench
    }

    fn step(&mut self, step: impl FnOnce(&mut Session, Nanos, &mut Outbox, &mut Frames)) -> Vec<Event> {
        self.out.clear();
        self.frames.clear();
        step(&mut self.session, self.now, &mut self.out, &mut self.frames);
        self.sent.extend(self.frames.iter().map(|frame| String::from_utf8(frame.to_vec()).expect("commands are text")));
        for event in self.out.events() {
            assert_eq!(event.ts(), self.now);
            assert_eq!(Event::from_bytes(&event.to_bytes()), Some(*event));
        }
        self.out.events().to_vec()
    }

    fn frame(&mut self, frame: impl AsRef<[u8]>) -> Vec<Event> {
        self.now = self.now.plus(Nanos::MILLI);
        self.step(|session, now, out, frames| session.on_frame(now, 1, frame.as_ref(), out, frames))
    }

    fn klines(&mut self, body: &str) -> Vec<Event> {
        let request = RestRequest::Klines(Interval::Minute);
        let answer = RestAnswer { request, status: 200, body: body.as_bytes() };
        self.step(|session, now, out, frames| session.on_rest(now, &answer, out, frames))
    }

    fn wait(&mut self) -> Vec<Event> {
        self.now = self.session.next_deadline();
        let timer = Event::Timer { pad: pad(), ts: self.now, due: self.now, pad2: pad() };
        self.step(|session, _, out, frames| session.on(&timer, out, frames))
    }
}

fn trade(id: u64) -> String {
    format!(
        r#"{{"stream":"btcusdt@trade","data":{{"e":"trade","E":1795366800343,"s":"BTCUSDT","t":{id},"p":"61837.63000000","q":"0.02000000","T":1795366800342,"m":true,"M":true}}}}"#
    )
}

fn agg_trade(id: u64) -> String {
    format!(
        r#"{{"stream":"btcusdt@aggTrade","data":{{"e":"aggTrade","E":1795366800696,"a":{id},"s":"BTCUSDT","p":"83143.00","q":"0.035","nq":"0.035","f":8153673401,"l":8153673403,"T":1795366800545,"m":false,"st":1}}}}"#
    )
}

fn quote(update_id: u64) -> String {
    format!(
        r#"{{"stream":"btcusdt@bookTicker","data":{{"u":{update_id},"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}}}"#
    )
}

fn kline(interval: &str, open_ms: u64, close_ms: u64, closed: bool) -> String {
    format!(
        r#"{{"stream":"btcusdt@kline_{interval}","data":{{"e":"kline","E":1795366860003,"s":"BTCUSDT","k":{{"t":{open_ms},"T":{close_ms},"s":"BTCUSDT","i":"{interval}","f":100,"L":200,"o":"61800.10","c":"61837.63","h":"61840.00","l":"61790.00","v":"86.568","n":2723,"x":{closed},"q":"7193689.13750","V":"55.410","Q":"4604044.96780","B":"0"}}}}}}"#
    )
}

fn mark_price() -> String {
    r#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1795366800000,"s":"BTCUSDT","p":"83134.61729710","ap":"83134.61729710","P":"83143.84436135","i":"83165.64673913","r":"-0.00000253","T":1795392000000,"st":1}}"#.to_owned()
}

fn frames() -> Vec<String> {
    let open = START.millis();
    vec![
        trade(2),
        quote(2),
        kline("1m", open, open + 59_999, true),
        kline("15m", open, open + 899_999, false),
        r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1795366800000}}"#.to_owned(),
        r#"{"result":null,"id":1}"#.to_owned(),
    ]
}

fn row(minute: u64) -> String {
    let open = START.millis() + minute * 60_000;
    format!(
        r#"[{open},"61800.10","61840.00","61790.00","61837.63","116.857",{},"9709518.16030",3885,"83.949","6975456.42970","0"]"#,
        open + 59_999
    )
}

fn page(minutes: impl Iterator<Item = u64>) -> String {
    format!("[{}]", minutes.map(row).collect::<Vec<_>>().join(","))
}

#[test]
fn a_connection_subscribes_in_lower_case_and_is_up_when_data_comes() {
    let mut bench = Bench::new(Settings::spot("BTCUSDT"));
    let said = bench.step(|session, now, out, frames| session.on_connected(now, 1, out, frames));
    let [Event::FeedChanged { feed, state, epoch, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((feed, state, epoch), (Feed::BinanceSpot, FeedState::Connecting, 1));
    assert_eq!(
        bench.sent,
        [
            r#"{"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@bookTicker","btcusdt@kline_1m","btcusdt@kline_15m"],"id":1}"#
        ]
    );
    assert_eq!(kinds(&bench.frame(r#"{"result":null,"id":1}"#)), [""; 0], "an acknowledgement proves nothing");
    assert_eq!(kinds(&bench.frame(trade(1))), ["feed", "spot trade"]);
    assert_eq!(kinds(&bench.frame(trade(2))), ["spot trade"]);
    let said = bench.step(|session, now, out, frames| session.on_disconnected(now, out, frames));
    let [Event::FeedChanged { state, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!(state, FeedState::Down);
    assert_eq!(faults(&bench.frame(trade(3))), [FrameFault::UnknownSubscription]);
    bench.step(|session, now, out, frames| session.on_connected(now, 2, out, frames));
    assert_eq!(faults(&bench.frame(trade(3))), [FrameFault::UnknownSubscription], "of the old connection");
}

#[test]
fn a_trade_is_told_in_its_units() {
    let mut bench = Bench::up();
    let said = bench.frame(trade(7));
    let Event::SpotTrade { feed, buyer_is_maker, venue_ts, price, quantity, trade_id, .. } = said[1] else { panic!() };
    assert_eq!((feed, buyer_is_maker, trade_id), (Feed::BinanceSpot, 1, 7));
    assert_eq!((price, quantity), (Money(61_837_630_000), 2_000_000));
    assert_eq!(venue_ts, START.plus(342 * Nanos::MILLI));
    let micros = trade(8).replace("1795366800342", "1795366800342567");
    let Event::SpotTrade { venue_ts, .. } = bench.frame(micros)[0] else { panic!() };
    assert_eq!(venue_ts, Nanos(1_795_366_800_342_567_000));
}

#[test]
fn trades_that_are_skipped_are_counted_and_repeats_dropped() {
    let mut bench = Bench::up();
    for (id, kind) in [(10, "told"), (11, "told"), (14, "told"), (14, ""), (12, ""), (15, "told")] {
        assert_eq!(!bench.frame(trade(id)).is_empty(), kind == "told", "{id}");
    }
    let counts = *bench.session.counts();
    assert_eq!((counts.trade_gaps, counts.trades_missed, counts.repeats), (1, 2, 2));
    bench.step(|session, now, out, frames| session.on_connected(now, 1, out, frames));
    assert_eq!(kinds(&bench.frame(trade(3))), ["feed", "spot trade"], "a new connection begins anew");
}

#[test]
fn the_perpetual_speaks_in_aggregates_and_funding() {
    let mut bench = Bench::new(Settings::perp("BTCUSDT"));
    bench.step(|session, now, out, frames| session.on_connected(now, 1, out, frames));
    assert!(bench.sent[0].contains(r#"["btcusdt@aggTrade","btcusdt@kline_1m","btcusdt@markPrice@1s"]"#));
    let said = bench.frame(agg_trade(5));
    let Event::SpotTrade { feed, quantity, trade_id, buyer_is_maker, .. } = said[1] else { panic!("{said:?}") };
    assert_eq!((feed, quantity, trade_id, buyer_is_maker), (Feed::BinancePerp, 3_500_000, 5, 0));
    let said = bench.frame(mark_price());
    let [Event::Funding { settled, rate_e8, next, venue_ts, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((settled, rate_e8, venue_ts), (0, -253, START));
    assert_eq!(next, Nanos(1_795_392_000 * Nanos::SECOND));
    assert_eq!(faults(&bench.frame(trade(1))), [FrameFault::UnknownSubscription]);
}

#[test]
fn a_quote_is_told_and_an_older_one_dropped() {
    let mut bench = Bench::up();
    let said = bench.frame(quote(9));
    let Event::SpotQuote { bid, ask, bid_quantity, ask_quantity, update_id, .. } = said[1] else { panic!() };
    assert_eq!((bid, ask), (Money(61_837_630_000), Money(61_837_640_000)));
    assert_eq!((bid_quantity, ask_quantity, update_id), (378_826_000, 154_698_000, 9));
    assert_eq!(kinds(&bench.frame(quote(9))), [""; 0]);
    assert_eq!(kinds(&bench.frame(quote(8))), [""; 0]);
    assert_eq!(kinds(&bench.frame(quote(20))), ["spot quote"], "quotes are not contiguous");
    let crossed = quote(21).replace("61837.64", "61837.63");
    assert_eq!(faults(&bench.frame(crossed)), [FrameFault::BadField]);
}

#[test]
fn a_candle_is_told_open_and_closed() {
    let mut bench = Bench::up();
    let open = START.millis();
    bench.frame(trade(1));
    for (interval, length, told, closed) in
        [("1m", 60_000, Interval::Minute, true), ("15m", 900_000, Interval::Quarter, false)]
    {
        let said = bench.frame(kline(interval, open, open + length - 1, closed));
        let [Event::Candle { interval, closed: is, open_time, open, high, low, close, .. }] = said[..] else {
            panic!("{said:?}")
        };
        assert_eq!((interval, is, open_time), (told, u8::from(closed), START));
        let dollars = [61_800_100_000, 61_840_000_000, 61_790_000_000, 61_837_630_000].map(Money);
        assert_eq!([open, high, low, close], dollars);
    }
}

#[test]
fn what_cannot_be_is_not_told() {
    let open = START.millis();
    let minute = kline("1m", open, open + 59_999, true);
    for (good, from, to) in [
        (trade(2), r#""61837.63000000""#, r#""0.00000000""#),
        (trade(2), r#""61837.63000000""#, r#""-1.00""#),
        (trade(2), r#""61837.63000000""#, "61837.63"),
        (trade(2), r#""61837.63000000""#, r#""1e5""#),
        (trade(2), r#""61837.63000000""#, r#""NaN""#),
        (trade(2), r#""61837.63000000""#, r#""61837.63000001""#),
        (trade(2), r#""0.02000000""#, r#""-0.02000000""#),
        (trade(2), r#""0.02000000""#, r#""0.020000001""#),
        (trade(2), r#""e":"trade""#, r#""e":"aggTrade""#),
        (trade(2), "BTCUSDT", "ETHUSDT"),
        (trade(2), r#""t":2"#, r#""t":-2"#),
        (trade(2), r#""t":2"#, r#""t":2,"t":3"#),
        (trade(2), r#""m":true"#, r#""m":1"#),
        (minute.clone(), r#""h":"61840.00""#, r#""h":"61830.00""#),
        (minute.clone(), r#""l":"61790.00""#, r#""l":"61801.00""#),
        (minute.clone(), &format!(r#""t":{open}"#), &format!(r#""t":{}"#, open + 1)),
        (minute.clone(), &format!(r#""T":{}"#, open + 59_999), &format!(r#""T":{}"#, open + 60_001)),
        (minute, r#""i":"1m""#, r#""i":"15m""#),
    ] {
        let mut bench = Bench::up();
        let bad = good.replacen(from, to, 9);
        assert_ne!(bad, good);
        assert_eq!(kinds(&bench.frame(&bad)), ["rejected"], "{bad}");
    }
}

#[test]
fn other_symbols_and_streams_are_counted_by_what_they_are() {
    let mut bench = Bench::up();
    let other = trade(1).replace("BTCUSDT", "ETHUSDT").replace("btcusdt", "ethusdt");
    for (frame, fault) in [
        (other, FrameFault::UnknownMarket),
        (agg_trade(1), FrameFault::UnknownSubscription),
        (r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate"}}"#.to_owned(), FrameFault::UnknownKind),
        (r#"{"stream":"!ticker@arr","data":[]}"#.to_owned(), FrameFault::UnknownKind),
        (r#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#.to_owned(), FrameFault::VenueError),
        (r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned(), FrameFault::VenueError),
        (r#"{"stream":"btcusdt@trade"}"#.to_owned(), FrameFault::MissingField),
        (r#"{"e":"trade","s":"BTCUSDT"}"#.to_owned(), FrameFault::MissingField),
        ("{}".to_owned(), FrameFault::MissingField),
        ("".to_owned(), FrameFault::Malformed),
    ] {
        assert_eq!(faults(&bench.frame(&frame)), [fault], "{frame}");
    }
}

#[test]
fn a_server_that_ends_is_left() {
    for frame in [
        r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#,
        r#"{"e":"serverShutdown","E":1770123456789}"#,
    ] {
        let mut bench = Bench::up();
        assert!(!bench.session.is_ending());
        assert_eq!(kinds(&bench.frame(frame)), [""; 0]);
        assert!(bench.session.is_ending());
        bench.step(|session, now, out, frames| session.on_connected(now, 1, out, frames));
        assert!(!bench.session.is_ending(), "the new connection is another server's");
        assert_eq!(bench.session.counts().shutdowns, 1);
    }
}

#[test]
fn a_stream_that_says_nothing_is_subscribed_again() {
    let mut bench = Bench::up();
    bench.sent.clear();
    bench.now = START.plus(20 * Nanos::SECOND);
    bench.frame(trade(1));
    assert_eq!(bench.session.next_deadline(), START.plus(30 * Nanos::SECOND));
    assert_eq!(kinds(&bench.wait()), [""; 0]);
    let again =
        r#"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","btcusdt@kline_1m","btcusdt@kline_15m"],"id":2}"#;
    assert_eq!(bench.sent, [again]);
    assert_eq!(bench.session.counts().silences, 3);
    assert!(bench.session.next_deadline() > bench.now);
    bench.step(|session, now, out, frames| session.on_disconnected(now, out, frames));
    assert_eq!(bench.session.next_deadline(), Nanos::NEVER);
}

#[test]
fn a_page_of_history_is_told_without_the_candle_that_is_open() {
    let mut bench = Bench::up();
    bench.now = START.plus((999 * 60 + 30) * Nanos::SECOND);
    let body = page(0..1000);
    let said = bench.klines(&body);
    assert_eq!(said.len(), 999);
    for (minute, event) in said.iter().enumerate() {
        let Event::Candle { closed, open_time, interval, .. } = *event else { panic!() };
        assert_eq!((closed, interval), (1, Interval::Minute));
        assert_eq!(open_time, START.plus(minute as u64 * 60 * Nanos::SECOND));
    }
    assert_eq!(next_start_ms(body.as_bytes(), Interval::Minute), Some(START.millis() + 1000 * 60_000));
    bench.now = START.plus(1000 * 60 * Nanos::SECOND).minus(1);
    assert_eq!(bench.klines(&body).len(), 1000, "over since the last nanosecond but 999 999");
    assert_eq!(bench.klines("[]").len(), 0);
    assert_eq!(next_start_ms(b"[]", Interval::Minute), None);
}

#[test]
fn a_page_that_is_not_one_tells_nothing() {
    for body in [
        String::new(),
        "{}".to_owned(),
        "[[]]".to_owned(),
        page([0, 1, 1].into_iter()),
        page([1, 0].into_iter()),
        page(0..2001),
        page(0..2) + "x",
        page(0..2).replace(r#""61840.00""#, r#""61700.00""#),
        page(0..2).replace(&START.millis().to_string(), &(START.millis() + 1).to_string()),
        r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned(),
    ] {
        let mut bench = Bench::up();
        bench.now = START.plus(86_400 * Nanos::SECOND);
        assert_eq!(kinds(&bench.klines(&body)), ["rejected"], "{}", &body[..body.len().min(80)]);
    }
    let mut bench = Bench::up();
    let answer = RestAnswer { request: RestRequest::Klines(Interval::Minute), status: 451, body: b"[]" };
    let said = bench.step(|session, now, out, frames| session.on_rest(now, &answer, out, frames));
    assert_eq!(faults(&said), [FrameFault::VenueError]);
}

#[test]
fn every_damage_is_refused_or_means_what_it_says() {
    for frame in frames() {
        for end in 0..frame.len() {
            let said = Bench::up().frame(&frame[..end]);
            assert_eq!(faults(&said).len(), 1, "{}", &frame[..end]);
        }
        let mut bytes = frame.into_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                let said = Bench::up().frame(&bytes);
                if kinds(&said).contains(&"spot trade") {
                    let twin: TradeTwin =
                        serde_json::from_str(&String::from_utf8_lossy(&bytes)).expect("twin reads it");
                    assert!(twin.is(&said[1]), "{}", String::from_utf8_lossy(&bytes));
                }
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

#[derive(Deserialize)]
struct TradeTwin {
    data: TradeData,
}

#[derive(Deserialize)]
struct TradeData {
    t: u64,
    p: String,
    q: String,
    #[serde(rename = "T")]
    time: u64,
    m: bool,
}

fn e8(text: &str) -> u64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{:0<8}", decimals.trim_end_matches('0')).parse().expect("a decimal")
}

impl TradeTwin {
    fn is(&self, event: &Event) -> bool {
        let Event::SpotTrade { buyer_is_maker, venue_ts, price, quantity, trade_id, .. } = *event else { return false };
        let TradeData { t, p, q, time, m } = &self.data;
        let scale = if *time >= 100_000_000_000_000 { 1_000 } else { Nanos::MILLI };
        (trade_id, u64::try_from(price.0).ok(), quantity) == (*t, Some(e8(p) / 100), e8(q))
            && venue_ts.0 == time * scale
            && (buyer_is_maker == 1) == *m
    }
}

proptest! {
    #[test]
    fn a_trade_is_what_the_twin_reads(
        id: u64, cents in 1u64..100_000_000, quantity in 0u64..1_000_000_000_000, time in 0u64..1 << 43, m: bool,
        order in Just([0usize, 1, 2, 3, 4, 5, 6]).prop_shuffle(), data_first: bool,
    ) {
        let (price, size) = (format!("{}.{:02}000000", cents / 100, cents % 100), format!("{}.{:08}", quantity / 100_000_000, quantity % 100_000_000));
        let members = [
            r#""e":"trade""#.to_owned(), r#""s":"BTCUSDT""#.to_owned(), format!(r#""t":{id}"#), format!(r#""p":"{price}""#),
            format!(r#""q":"{size}""#), format!(r#""T":{time}"#), format!(r#""m":{m},"X":{}"#, json!({"a": [null]})),
        ];
        let data = order.map(|at| members[at].clone()).join(",");
        let (stream, data) = (r#""stream":"btcusdt@trade""#, format!(r#""data":{{{data}}}"#));
        let frame = if data_first { format!("{{{data},{stream}}}") } else { format!("{{{stream},{data}}}") };
        let Ok(Message::Market { stream: Stream::Trade, symbol: b"BTCUSDT", data: Data::Trade(trade) }) = decode(frame.as_bytes()) else {
            panic!("{frame}")
        };
        prop_assert_eq!((trade.id, trade.price.0.unsigned_abs(), trade.quantity), (id, cents * 10_000, quantity));
        prop_assert_eq!((trade.venue_ts.millis(), trade.buyer_is_maker), (time, m));
    }
}
