//! A served exchange, and clients of it that block: slow, obvious, made of other code than what they check.

use kalshi_trader::clock::{MarketClock, wall};
use kalshi_trader::config::Layers;
use kalshi_trader::exchange::path::{GeneratorSettings, MarketPath, PathSettings, generate_candles};
use kalshi_trader::exchange::server::{Description, RunningServer, Server, ServerSettings};
use kalshi_trader::exchange::{ExchangeSettings, MockExchange};
use kalshi_trader::signer::Key;
use kalshi_trader::socket::tls::client_config;
use kalshi_trader::socket::url::Url;
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use trader_journal::units::{Money, Nanos};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Message, WebSocket};

/// 2026-11-02T12:00:00Z, a Monday: the first window is KXBTC15M-26NOV020715-15 (EST).
pub(crate) const START: Nanos = Nanos(1_793_620_800 * Nanos::SECOND);
pub(crate) const WINDOW: &str = "KXBTC15M-26NOV020715-15";
pub(crate) const ORDERS: &str = "/trade-api/v2/portfolio/events/orders";
pub(crate) const BALANCE: &str = "/trade-api/v2/portfolio/balance";
const WARM_UP_MINUTES: u64 = 240;
const MINUTES: u32 = 240 + 180;
/// Whoever has to wait longer has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A served exchange with its folder.
pub(crate) struct World {
    pub(crate) server: RunningServer,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) fn new() -> World {
        World::with(1, |_| {})
    }

    /// An exchange whose market runs `speed` times as fast as the wall, served as `change` says.
    pub(crate) fn with(speed: u32, change: impl FnOnce(&mut ServerSettings)) -> World {
        let folder = tempfile::tempdir().unwrap();
        let config = Layers::defaults().unwrap().finish().unwrap();
        let generator = GeneratorSettings {
            seed: 5,
            start: START.minus(WARM_UP_MINUTES * 60 * Nanos::SECOND),
            minutes: NonZeroU32::new(MINUTES).unwrap(),
            open: Money(100_000_000_000),
        };
        let ticks_per_second = NonZeroU16::new(2).unwrap();
        let path = MarketPath::new(generate_candles(&generator), PathSettings { seed: 5, ticks_per_second });
        let exchange = MockExchange::new(ExchangeSettings::new(&config, START, Nanos::NEVER), path).unwrap();
        let mut settings = ServerSettings::of(&config);
        settings.directory = Some(folder.path().join("exchange"));
        change(&mut settings);
        let server = Server::start(exchange, settings, MarketClock::scaled(START, speed)).unwrap();
        World { server, folder }
    }

    pub(crate) fn description(&self) -> &Description {
        self.server.description()
    }

    pub(crate) fn rsa(&self) -> Key {
        Key::read(&self.description().key_path, &self.description().key_id).unwrap()
    }

    pub(crate) fn ed25519(&self) -> Key {
        Key::read(&self.description().ed25519_key_path, &self.description().ed25519_key_id).unwrap()
    }

    pub(crate) fn rest(&self) -> Http {
        Http::connect(&self.description().rest_url, &self.description().ca_path)
    }

    pub(crate) fn spot(&self) -> Http {
        Http::connect(&self.description().binance_rest_url, &self.description().ca_path)
    }

    pub(crate) fn stream(&self) -> Stream {
        Stream::open(self.description(), &self.ed25519()).expect("the upgrade is accepted")
    }
}

pub(crate) fn tls_to(url: &str, ca: &Path) -> Tls {
    let url = Url::parse(url).unwrap();
    let tcp = TcpStream::connect((url.host.as_str(), url.port)).unwrap();
    tcp.set_nodelay(true).unwrap();
    tcp.set_read_timeout(Some(DEADLINE)).unwrap();
    tcp.set_write_timeout(Some(DEADLINE)).unwrap();
    let config = client_config(Some(ca)).unwrap();
    StreamOwned::new(ClientConnection::new(config, url.server_name().unwrap()).unwrap(), tcp)
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// A kept connection of HTTP/1.1.
pub(crate) struct Http {
    pub(crate) tls: Tls,
    came: Vec<u8>,
}

impl Http {
    pub(crate) fn connect(url: &str, ca: &Path) -> Http {
        Http { tls: tls_to(url, ca), came: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.tls.write_all(bytes).unwrap();
        self.tls.flush().unwrap();
    }

    /// The next answer; `None`: the connection ended instead.
    pub(crate) fn try_reply(&mut self) -> Option<Reply> {
        let head_end = loop {
            if let Some(at) = self.came.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let head = String::from_utf8(self.came[..head_end].to_vec()).unwrap();
        let status = head[9..12].parse().unwrap();
        let mut reply = Reply { status, head, body: String::new() };
        let length: usize = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.came.len() < head_end + length {
            self.more()?;
        }
        reply.body = String::from_utf8(self.came[head_end..head_end + length].to_vec()).unwrap();
        self.came.drain(..head_end + length);
        Some(reply)
    }

    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().expect("an answer")
    }

    /// Whether the server ended the connection with nothing unread.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.came.is_empty() && self.more().is_none()
    }

    fn more(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        match self.tls.read(&mut buffer) {
            Ok(0) => None,
            Ok(count) => {
                self.came.extend_from_slice(&buffer[..count]);
                Some(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("nothing came within {DEADLINE:?}")
            }
            Err(_) => None,
        }
    }

    pub(crate) fn get(&mut self, target: &str) -> Reply {
        self.send(&request("GET", target, &[], ""));
        self.reply()
    }

    pub(crate) fn signed(&mut self, key: &Key, method: &str, target: &str, body: &str) -> Reply {
        self.send(&request(method, target, &key.headers(wall(), method, target), body));
        self.reply()
    }
}

/// A request as bytes.
pub(crate) fn request(method: &str, target: &str, headers: &[(&'static str, String)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// A create that rests far from the market until it is taken back.
pub(crate) fn resting(client: &str) -> String {
    json!({
        "ticker": WINDOW, "side": "bid", "count": "1.00", "price": "0.0100", "client_order_id": client,
        "time_in_force": "good_till_canceled", "self_trade_prevention_type": "taker_at_cross", "exchange_index": 2,
    })
    .to_string()
}

/// A client of a stream.
pub(crate) struct Stream {
    pub(crate) socket: WebSocket<Tls>,
    id: u64,
}

impl Stream {
    /// Opens the Kalshi stream; the status and body of a refusal.
    pub(crate) fn open(description: &Description, key: &Key) -> Result<Stream, (u16, String)> {
        let path = Url::parse(&description.ws_url).unwrap().target;
        Stream::open_with(&description.ws_url, &description.ca_path, &key.headers(wall(), "GET", &path))
    }

    pub(crate) fn open_with(url: &str, ca: &Path, headers: &[(&'static str, String)]) -> Result<Stream, (u16, String)> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match tungstenite::client::client(request, tls_to(url, ca)) {
            Ok((socket, _)) => Ok(Stream { socket, id: 0 }),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(reply))) => {
                let body = reply.body().clone().unwrap_or_default();
                Err((reply.status().as_u16(), String::from_utf8(body).unwrap()))
            }
            Err(error) => Err((0, error.to_string())),
        }
    }

    pub(crate) fn command(&mut self, cmd: &str, params: &Value) {
        self.id += 1;
        let text = json!({ "id": self.id, "cmd": cmd, "params": params }).to_string();
        self.socket.send(Message::text(text)).unwrap();
    }

    /// The next message as it stands on the wire; pings are answered on the way.
    pub(crate) fn next(&mut self) -> Message {
        self.socket.read().expect("a message in time")
    }

    pub(crate) fn next_json(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.next() {
                assert!(text.ends_with('\n'), "a frame of the Kalshi stream ends its line: {text}");
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Messages that are there without waiting longer than `patience` for each.
    pub(crate) fn drain(&mut self, patience: Duration) -> Vec<Value> {
        self.socket.get_ref().sock.set_read_timeout(Some(patience)).unwrap();
        let mut came = Vec::new();
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => came.push(serde_json::from_str(&text).unwrap()),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
        self.socket.get_ref().sock.set_read_timeout(Some(DEADLINE)).unwrap();
        came
    }
}
