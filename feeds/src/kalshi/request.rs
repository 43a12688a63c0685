//! Order requests as text: the body of a create, the path of a cancel.

use crate::text::{put_fixed, put_hex, put_integer};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, SelfTrade, TimeInForce, Uuid};
use trader_journal::units::{Count, Nanos, Price};

/// The path of a create (`POST`); its body is what [`write_create`] writes.
pub const CREATE_PATH: &str = "/trade-api/v2/portfolio/events/orders";

/// No body or path written here is longer.
pub const REQUEST_BYTES_MAX: usize = 512;

/// An order to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Create {
    /// Our identifier of it: permanent, for the venue too.
    pub client: ClientId,
    /// Side of the YES book: an ask buys NO.
    pub side: Side,
    /// YES price.
    pub price: Price,
    /// Contracts; more than none.
    pub count: Count,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// When the venue cancels it, to the second below; only with good-till-canceled.
    pub expires: Option<Nanos>,
    /// Refused when it would take.
    pub post_only: bool,
    /// What happens when it meets an order of our own.
    pub self_trade: SelfTrade,
    /// Cancelled when trading pauses.
    pub cancel_on_pause: bool,
}

/// Appends the JSON body of a create. Prices and counts are strings, as the venue demands
/// (a JSON number is refused); the shard is named, which is faster and bills one bucket.
pub fn write_create(out: &mut Vec<u8>, ticker: &[u8], order: &Create, shard: u8) {
    put(out, &[b"{\"ticker\":\"", ticker, b"\",\"client_order_id\":\""]);
    put_client(out, order.client);
    put(out, &[b"\",\"side\":\"", order.side.word().as_bytes(), b"\",\"count\":\""]);
    put_fixed(out, order.count.0.unsigned_abs(), 2);
    out.extend_from_slice(b"\",\"price\":\"");
    put_fixed(out, u64::from(order.price.0), 4);
    put(out, &[b"\",\"time_in_force\":\"", order.time_in_force.word().as_bytes(), b"\""]);
    if let Some(expires) = order.expires {
        out.extend_from_slice(b",\"expiration_time\":");
        put_integer(out, expires.seconds());
    }
    if order.post_only {
        out.extend_from_slice(b",\"post_only\":true");
    }
    put(out, &[b",\"self_trade_prevention_type\":\"", order.self_trade.word().as_bytes(), b"\""]);
    if order.cancel_on_pause {
        out.extend_from_slice(b",\"cancel_order_on_pause\":true");
    }
    out.extend_from_slice(b",\"exchange_index\":");
    put_integer(out, u64::from(shard));
    out.push(b'}');
}

/// Appends the path of a cancel (`DELETE`). Without the shard it would go to shard 0 and be
/// answered 404 while the order still rests.
pub fn write_cancel_path(out: &mut Vec<u8>, order: Uuid, shard: u8) {
    put(out, &[CREATE_PATH.as_bytes(), b"/"]);
    put_uuid(out, order);
    out.extend_from_slice(b"?exchange_index=");
    put_integer(out, u64::from(shard));
}

/// The form [`ClientId::parse`] reads.
fn put_client(out: &mut Vec<u8>, client: ClientId) {
    out.extend_from_slice(b"k1-");
    put_hex(out, u64::from(client.epoch), 1);
    out.push(b'-');
    put_hex(out, u64::from(client.nonce), 8);
    out.push(b'-');
    put_hex(out, client.seq, 1);
}

fn put_uuid(out: &mut Vec<u8>, uuid: Uuid) {
    for (at, byte) in uuid.0.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        put_hex(out, u64::from(*byte), 2);
    }
}

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}
