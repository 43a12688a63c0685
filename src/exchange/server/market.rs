//! The exchange as the servers use it: who is connected, and what is said to whom.
//!
//! The exchange tells each Kalshi connection its own; its Binance stream is one for all, and is
//! told here to each who asked for it.

use super::super::MockExchange;
use std::collections::VecDeque;
use trader_journal::units::Nanos;

/// Frames that wait for one spot connection before it is given up.
const SPOT_FRAMES_MAX: usize = 65_536;

/// A Binance connection's number.
pub(super) type SpotId = u64;

struct SpotStream {
    id: SpotId,
    /// `btcusdt@trade`, …; empty: none yet.
    streams: Vec<String>,
    /// Without the envelope that names the stream.
    is_raw: bool,
    frames: VecDeque<Vec<u8>>,
}

/// The exchange with its connections.
pub(super) struct Market {
    pub(super) exchange: MockExchange,
    ids: SpotId,
    spots: Vec<SpotStream>,
    text: Vec<u8>,
}

impl Market {
    pub(super) const fn new(exchange: MockExchange) -> Market {
        Market { exchange, ids: 0, spots: Vec::new(), text: Vec::new() }
    }

    /// A Binance stream begins: `/ws/NAME` or `/stream?streams=NAME/NAME`; `None`: no such path.
    pub(super) fn connect_spot(&mut self, _now: Nanos, target: &str) -> Option<SpotId> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (names, is_raw) = match path {
            "/stream" => (super::super::query::value(query, "streams").unwrap_or(""), false),
            _ => (path.strip_prefix("/ws")?.trim_start_matches('/'), true),
        };
        self.ids += 1;
        let streams = names.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        self.spots.push(SpotStream { id: self.ids, streams, is_raw, frames: VecDeque::new() });
        Some(self.ids)
    }

    pub(super) fn disconnect_spot(&mut self, id: SpotId) {
        self.spots.retain(|spot| spot.id != id);
    }

    /// `SUBSCRIBE` and its like; Binance says yes to everything.
    pub(super) fn command_spot(&mut self, id: SpotId, text: &[u8]) {
        let Some(spot) = self.spots.iter_mut().find(|spot| spot.id == id) else { return };
        let command: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
        let names = command["params"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
        let names: Vec<String> = names.map(str::to_owned).collect();
        match command["method"].as_str() {
            Some("SUBSCRIBE") => spot.streams.extend(names),
            Some("UNSUBSCRIBE") => spot.streams.retain(|known| !names.contains(known)),
            _ => {}
        }
        spot.frames.push_back(format!("{{\"result\":null,\"id\":{}}}", command["id"]).into_bytes());
    }

    pub(super) fn next_spot_frame(&mut self, id: SpotId, out: &mut Vec<u8>) -> bool {
        let frame = self.spots.iter_mut().find(|spot| spot.id == id).and_then(|spot| spot.frames.pop_front());
        frame.map(|frame| *out = frame).is_some()
    }

    /// Time moves on, and what was said on the spot stream is told to all who asked.
    pub(super) fn advance(&mut self, now: Nanos) {
        self.exchange.advance(now);
        while self.exchange.next_binance_frame(now, &mut self.text) {
            let frame: serde_json::Value = serde_json::from_slice(&self.text).unwrap_or_default();
            let name = frame["stream"].as_str().unwrap_or("");
            let listens = |spot: &&mut SpotStream| spot.streams.iter().any(|known| known == name);
            for spot in self.spots.iter_mut().filter(listens) {
                let said = if spot.is_raw { frame["data"].to_string().into_bytes() } else { self.text.clone() };
                spot.frames.push_back(said);
                if spot.frames.len() > SPOT_FRAMES_MAX {
                    spot.frames.clear();
                }
            }
        }
    }

    pub(super) fn next_reply(&mut self, now: Nanos, out: &mut Vec<u8>) -> Option<(u64, u16)> {
        self.exchange.next_reply(now, out)
    }
}
