//! What each request gets: let in or not, within its rate or not, and then the exchange's answer.

use super::super::{Call, ConnId};
use super::buckets::Buckets;
use super::connection::Entrance;
use super::door::{Door, is_signed};
use super::market::{Market, SpotId};
use super::mishap::Mishaps;
use super::reply::Reply;
use super::request::Request;
use crate::config::parse_faults;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use trader_journal::units::Nanos;

const KALSHI_REST: &str = "/trade-api/v2/";
const KALSHI_STREAM: &str = "/trade-api/ws/v2";
const SPOT_REST: &str = "/api/";
/// Not the venue's: asks for faults from now on, in the words of `sim.faults`.
const FAULTS: &str = "/mock/faults";
/// Parts of the API that tell or do something for one account.
const PRIVATE: [&str; 4] = ["portfolio", "account", "api_keys", "communications"];
/// What the gateway in front of the venue says when there is nobody behind it.
const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head></html>\r\n";

/// Market and wall time of one turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) now: Nanos,
    pub(super) wall: Nanos,
}

/// What becomes of a request.
pub(super) enum Answer {
    /// This.
    Reply(Reply),
    /// The exchange takes its time: see [`Counter::next_answer`].
    Later,
    /// It becomes a Kalshi stream.
    Kalshi(ConnId),
    /// It becomes a Binance stream.
    Spot(SpotId),
    /// The connection is closed instead of an answer.
    HangUp,
}

/// Who waits for an answer.
struct Waiter {
    connection: u64,
    /// The answer is lost on its way.
    is_lost: bool,
}

/// The exchange behind its door.
pub(super) struct Counter {
    pub(super) market: Market,
    pub(super) mishaps: Mishaps,
    door: Door,
    buckets: Buckets,
    /// By ticket.
    waiting: BTreeMap<u64, Waiter>,
}

impl Counter {
    pub(super) const fn new(market: Market, mishaps: Mishaps, door: Door, buckets: Buckets) -> Counter {
        Counter { market, mishaps, door, buckets, waiting: BTreeMap::new() }
    }

    /// What becomes of `request`, which came over `connection`.
    pub(super) fn ask(&mut self, times: Times, connection: u64, entrance: Entrance, request: &Request) -> Answer {
        let asked = match entrance {
            Entrance::KalshiRest => self.ask_kalshi(times, connection, request),
            Entrance::KalshiStream => self.open_kalshi(times, request),
            Entrance::SpotRest => self.ask_spot(times, request),
            Entrance::SpotStream => self.open_spot(times, request),
        };
        asked.unwrap_or_else(Answer::Reply)
    }

    /// The next answer that has arrived: whose it is, and `None` when it is lost on its way.
    pub(super) fn next_answer(&mut self, now: Nanos) -> Option<(u64, Option<Reply>)> {
        let mut body = Vec::new();
        while let Some((ticket, status)) = self.market.next_reply(now, &mut body) {
            if let Some(waiter) = self.waiting.remove(&ticket) {
                let reply = (!waiter.is_lost).then(|| Reply::new(status, std::mem::take(&mut body)));
                return Some((waiter.connection, reply));
            }
        }
        None
    }

    // ---- Kalshi --------------------------------------------------------------------------------

    fn ask_kalshi(&mut self, times: Times, connection: u64, request: &Request) -> Result<Answer, Reply> {
        let rest = request.path().strip_prefix(KALSHI_REST);
        let is_ours = request.path() == FAULTS;
        let first = rest.and_then(|rest| rest.split('/').next()).unwrap_or("");
        let needs_key = is_ours || PRIVATE.contains(&first) || !is_reading(request);
        let key = if needs_key || is_signed(request) {
            Some(self.door.check(request, times.wall).map_err(super::door::Denial::reply)?)
        } else {
            None
        };
        if is_ours {
            return self.plan_faults(times.now, request);
        }
        if rest.is_none() {
            return Err(not_found());
        }
        self.buckets.take(times.now, key, request)?;
        if let Some(told) = self.buckets.tell(request.path()).filter(|_| is_reading(request)) {
            return Ok(Answer::Reply(told));
        }
        let is_order = first == "portfolio" && !is_reading(request);
        if is_order && self.mishaps.loses_request() {
            return Ok(Answer::HangUp);
        }
        let call = self.market.exchange.call(times.now, &request.method, &request.target, &request.body);
        let is_lost = is_order && self.mishaps.loses_answer();
        Ok(match call {
            Call::Now(..) if is_lost => Answer::HangUp,
            Call::Now(status, body) => Answer::Reply(Reply::new(status, body)),
            Call::Later(ticket) => {
                self.waiting.insert(ticket, Waiter { connection, is_lost });
                Answer::Later
            }
        })
    }

    fn open_kalshi(&mut self, times: Times, request: &Request) -> Result<Answer, Reply> {
        if request.path() != KALSHI_STREAM {
            return Err(not_found());
        }
        self.door.check(request, times.wall).map_err(super::door::Denial::upgrade_reply)?;
        check_upgrade(request)?;
        let id = self.market.exchange.connect(times.now).ok_or_else(|| Reply::new(502, BAD_GATEWAY))?;
        Ok(Answer::Kalshi(id))
    }

    /// The body says what is to go wrong, times counted from now.
    fn plan_faults(&mut self, now: Nanos, request: &Request) -> Result<Answer, Reply> {
        let refused = |why: String| Reply::new(400, serde_json::json!({ "error": why }).to_string());
        let text = std::str::from_utf8(&request.body).map_err(|error| refused(error.to_string()))?;
        let faults = parse_faults(text).map_err(refused)?;
        self.mishaps.add(&faults, now);
        Ok(Answer::Reply(Reply::new(200, format!("{{\"planned\":{}}}", faults.len()))))
    }

    // ---- Binance -------------------------------------------------------------------------------

    fn ask_spot(&mut self, times: Times, request: &Request) -> Result<Answer, Reply> {
        let used = self.buckets.weigh(times.now, request.path())?;
        if !request.path().starts_with(SPOT_REST) || !is_reading(request) {
            return Err(not_found());
        }
        match self.market.exchange.call(times.now, "GET", &request.target, &[]) {
            Call::Now(status, body) => {
                Ok(Answer::Reply(Reply::new(status, body).with("X-MBX-USED-WEIGHT-1M", used.to_string())))
            }
            // Nothing there takes its time.
            Call::Later(_) => Err(not_found()),
        }
    }

    fn open_spot(&mut self, times: Times, request: &Request) -> Result<Answer, Reply> {
        check_upgrade(request)?;
        self.market.connect_spot(times.now, &request.target).map(Answer::Spot).ok_or_else(not_found)
    }
}

fn is_reading(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD")
}

fn not_found() -> Reply {
    Reply::new(404, r#"{"error":{"code":"not_found","message":"not found"}}"#)
}

/// Whether a request asks for a WebSocket, and for the only version there is.
fn check_upgrade(request: &Request) -> Result<(), Reply> {
    let bad = || Reply::new(400, r#"{"error":{"code":"bad_request","message":"not a WebSocket upgrade"}}"#);
    if !request.has_word("Connection", "upgrade") || !request.has_word("Upgrade", "websocket") {
        return Err(Reply::new(426, bad().body).with("Upgrade", "websocket"));
    }
    if request.header("Sec-WebSocket-Version") != Some("13") {
        return Err(Reply::new(426, bad().body).with("Sec-WebSocket-Version", "13"));
    }
    let key = request.header("Sec-WebSocket-Key").and_then(|key| STANDARD.decode(key).ok());
    if request.method != "GET" || !request.body.is_empty() || key.is_none_or(|key| key.len() != 16) {
        return Err(bad());
    }
    Ok(())
}
