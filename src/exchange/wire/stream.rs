//! Kalshi's WebSocket messages (kalshi.md §3). Every frame ends with a newline, as recorded ones do.

use super::listing::{MarketCard, strikes};
use super::rest::outcome_side;
use super::{Dollars2, Dollars4, Rfc3339, StrikeNumber, put};
use std::fmt;
use trader_journal::book::{Level, Side};
use trader_journal::event::{OrderStatus, Outcome, StrikeKind, UpdateReason, Uuid};
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Nanos, Price};

/// `{"type":"subscribed",…}`: one per channel, each with its own sid.
pub fn subscribed(out: &mut String, id: u64, channel: &str, sid: u32, now: Nanos) {
    put(
        out,
        format_args!(
            "{{\"type\":\"subscribed\",\"id\":{id},\"msg\":{{\"channel\":\"{channel}\",\"sid\":{sid}}},\"sending_ts_ms\":{}}}\n",
            now.millis()
        ),
    );
}

/// `{"type":"ok",…}`: the whole market list of a subscription after a change.
pub fn ok<'a>(out: &mut String, id: u64, sid: u32, seq: u64, tickers: impl Iterator<Item = &'a str>) {
    put(out, format_args!("{{\"type\":\"ok\",\"id\":{id},\"sid\":{sid},\"seq\":{seq},\"msg\":{{\"market_tickers\":["));
    for (index, ticker) in tickers.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        put(out, format_args!("{comma}\"{ticker}\""));
    }
    out.push_str("]}}\n");
}

/// `{"type":"error",…}` with the venue's code.
pub fn venue_error(out: &mut String, id: u64, code: u32, text: &str) {
    put(out, format_args!("{{\"type\":\"error\",\"id\":{id},\"msg\":{{\"code\":{code},\"msg\":\"{text}\"}}}}\n"));
}

/// `{"type":"unsubscribed",…}`.
pub fn unsubscribed(out: &mut String, id: u64, sid: u64, seq: u64) {
    put(out, format_args!("{{\"type\":\"unsubscribed\",\"id\":{id},\"sid\":{sid},\"seq\":{seq}}}\n"));
}

/// The answer to `list_subscriptions`: an `ok` whose content is a list.
pub fn subscriptions<'a>(out: &mut String, id: u64, list: impl Iterator<Item = (&'a str, u32)>) {
    put(out, format_args!("{{\"type\":\"ok\",\"id\":{id},\"msg\":["));
    for (index, (channel, sid)) in list.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        put(out, format_args!("{comma}{{\"channel\":\"{channel}\",\"sid\":{sid}}}"));
    }
    out.push_str("]}\n");
}

/// The venue's other name of a market, which nobody needs: the same for the same ticker.
struct MarketUuid<'a>(&'a str);

impl fmt::Display for MarketUuid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hash = StateHash::EMPTY;
        hash.mix_bytes(self.0.as_bytes());
        let high = hash.value();
        hash.mix(high);
        let low = hash.value();
        let (one, two, four, five) = (high >> 32, high >> 16 & 0xffff, low >> 48 & 0x0fff, low & 0xffff_ffff_ffff);
        write!(f, "{one:08x}-{two:04x}-4{:03x}-8{four:03x}-{five:012x}", high & 0x0fff)
    }
}

/// A whole book. `yes` and `no` are the resting bids of the two sides, worst first; a side
/// without levels has no key at all. NO prices are printed in the scale the client asked for.
pub fn snapshot(out: &mut String, head: (u32, u64, &str), yes: &[Level], asks: &[Level], use_yes_price: bool) {
    let (sid, seq, ticker) = head;
    put(
        out,
        format_args!(
            "{{\"type\":\"orderbook_snapshot\",\"sid\":{sid},\"seq\":{seq},\"msg\":{{\"market_ticker\":\"{ticker}\",\"market_id\":\"{}\"",
            MarketUuid(ticker)
        ),
    );
    levels(out, "yes_dollars_fp", yes, |price| price);
    levels(out, "no_dollars_fp", asks, |price| no_price(price, use_yes_price));
    out.push_str("}}\n");
}

fn levels(out: &mut String, key: &str, levels: &[Level], scale: impl Fn(Price) -> Price) {
    if levels.is_empty() {
        return;
    }
    put(out, format_args!(",\"{key}\":["));
    for (index, level) in levels.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        put(out, format_args!("{comma}[\"{}\",\"{}\"]", scale(level.price), level.size));
    }
    out.push(']');
}

/// A YES ask is a NO bid: printed at the complement unless the client asked for YES prices.
fn no_price(ask: Price, use_yes_price: bool) -> Price {
    if use_yes_price { ask } else { ask.complement() }
}

/// One level's change.
pub struct Delta<'a> {
    /// The subscription and its sequence number.
    pub sid: u32,
    /// As above.
    pub seq: u64,
    /// The market.
    pub ticker: &'a str,
    /// Which side of the YES book.
    pub side: Side,
    /// YES price of the level.
    pub price: Price,
    /// Signed change of its size.
    pub change: Count,
    /// Engine time.
    pub at: Nanos,
    /// The client order that caused it, when it is the reader's own.
    pub cause: Option<&'a str>,
    /// The scale of NO prices.
    pub use_yes_price: bool,
}

/// `{"type":"orderbook_delta",…}`.
pub fn delta(out: &mut String, delta: &Delta) {
    let (side, price) = match delta.side {
        Side::Bid => ("yes", delta.price),
        Side::Ask => ("no", no_price(delta.price, delta.use_yes_price)),
    };
    put(
        out,
        format_args!(
            "{{\"type\":\"orderbook_delta\",\"sid\":{},\"seq\":{},\"msg\":{{\"market_ticker\":\"{}\",\"market_id\":\"{}\",\"price_dollars\":\"{price}\",\"delta_fp\":\"{}\",\"side\":\"{side}\"",
            delta.sid,
            delta.seq,
            delta.ticker,
            MarketUuid(delta.ticker),
            delta.change
        ),
    );
    if let Some(client) = delta.cause {
        put(out, format_args!(",\"client_order_id\":\"{client}\""));
    }
    put(out, format_args!(",\"ts\":\"{}\",\"ts_ms\":{}}}}}\n", Rfc3339(delta.at), delta.at.millis()));
}

/// A public trade.
pub struct TradeMessage<'a> {
    /// The subscription and its sequence number.
    pub sid: u32,
    /// As above.
    pub seq: u64,
    /// The market.
    pub ticker: &'a str,
    /// The trade.
    pub trade: Uuid,
    /// The taker's side of the YES book.
    pub taker: Side,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub count: Count,
    /// Engine time.
    pub at: Nanos,
}

/// `{"type":"trade",…}`.
pub fn trade(out: &mut String, trade: &TradeMessage) {
    put(
        out,
        format_args!(
            "{{\"type\":\"trade\",\"sid\":{},\"seq\":{},\"msg\":{{\"trade_id\":\"{}\",\"market_ticker\":\"{}\",\"yes_price_dollars\":\"{}\",\"no_price_dollars\":\"{}\",\"count_fp\":\"{}\",\"taker_outcome_side\":\"{}\",\"taker_book_side\":\"{}\",\"is_block_trade\":false,\"ts\":{},\"ts_ms\":{}}}}}\n",
            trade.sid,
            trade.seq,
            trade.trade,
            trade.ticker,
            trade.price,
            trade.price.complement(),
            trade.count,
            outcome_side(trade.taker),
            trade.taker.word(),
            trade.at.seconds(),
            trade.at.millis()
        ),
    );
}

/// A fill of the reader's account.
pub struct FillMessage<'a> {
    /// The subscription (the channel has no sequence).
    pub sid: u32,
    /// The market.
    pub ticker: &'a str,
    /// The trade and the order.
    pub trade: Uuid,
    /// As above.
    pub order: Uuid,
    /// The client's own id of the order.
    pub client: &'a str,
    /// The order's side of the YES book.
    pub side: Side,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub count: Count,
    /// What was charged.
    pub fee: Money,
    /// Whether the order took.
    pub is_taker: bool,
    /// Signed position after it.
    pub post_position: Count,
    /// The exchange shard.
    pub shard: u8,
    /// Engine time.
    pub at: Nanos,
}

/// `{"type":"fill",…}`.
pub fn fill(out: &mut String, fill: &FillMessage) {
    put(
        out,
        format_args!(
            "{{\"type\":\"fill\",\"sid\":{},\"msg\":{{\"trade_id\":\"{}\",\"order_id\":\"{}\",\"client_order_id\":\"{}\",\"market_ticker\":\"{}\",\"exchange_index\":{},\"is_taker\":{},\"yes_price_dollars\":\"{}\",\"count_fp\":\"{}\",\"fee_cost\":\"{}\",\"ts\":{},\"ts_ms\":{},\"post_position_fp\":\"{}\",\"outcome_side\":\"{}\",\"book_side\":\"{}\"}}}}\n",
            fill.sid,
            fill.trade,
            fill.order,
            fill.client,
            fill.ticker,
            fill.shard,
            fill.is_taker,
            fill.price,
            fill.count,
            fill.fee,
            fill.at.seconds(),
            fill.at.millis(),
            fill.post_position,
            outcome_side(fill.side),
            fill.side.word()
        ),
    );
}

/// The state of one of the reader's orders.
pub struct OrderMessage<'a> {
    /// The subscription (the channel has no sequence).
    pub sid: u32,
    /// The market.
    pub ticker: &'a str,
    /// The order.
    pub order: Uuid,
    /// The client's own id of it.
    pub client: &'a str,
    /// Its side of the YES book.
    pub side: Side,
    /// YES price.
    pub price: Price,
    /// Resting, cancelled or executed.
    pub status: OrderStatus,
    /// Why it changed.
    pub reason: UpdateReason,
    /// Contracts filled so far, still resting, and asked for.
    pub filled: Count,
    /// As above.
    pub remaining: Count,
    /// As above.
    pub initial: Count,
    /// Fees of its fills as a taker and as a maker.
    pub taker_fees: Money,
    /// As above.
    pub maker_fees: Money,
    /// When the order reached the engine.
    pub created: Nanos,
    /// The exchange shard.
    pub shard: u8,
    /// Engine time.
    pub at: Nanos,
}

/// `{"type":"user_order",…}`.
pub fn order_update(out: &mut String, order: &OrderMessage) {
    put(
        out,
        format_args!(
            "{{\"type\":\"user_order\",\"sid\":{},\"msg\":{{\"order_id\":\"{}\",\"ticker\":\"{}\",\"exchange_index\":{},\"status\":\"{}\",\"outcome_side\":\"{}\",\"book_side\":\"{}\",\"yes_price_dollars\":\"{}\",\"fill_count_fp\":\"{}\",\"remaining_count_fp\":\"{}\",\"initial_count_fp\":\"{}\",\"taker_fees_dollars\":\"{}\",\"maker_fees_dollars\":\"{}\",\"created_ts_ms\":{},\"client_order_id\":\"{}\"",
            order.sid,
            order.order,
            order.ticker,
            order.shard,
            order.status.word(),
            outcome_side(order.side),
            order.side.word(),
            order.price,
            order.filled,
            order.remaining,
            order.initial,
            order.taker_fees,
            order.maker_fees,
            order.created.millis(),
            order.client
        ),
    );
    if order.reason != UpdateReason::None {
        put(out, format_args!(",\"last_update_reason\":\"{}\"", order.reason.word()));
    }
    put(out, format_args!(",\"last_updated_ts_ms\":{}}}}}\n", order.at.millis()));
}

/// `created` of a market; its strikes, where they are told by then.
pub fn market_created(out: &mut String, (sid, seq): (u32, u64), card: &MarketCard) {
    put(
        out,
        format_args!(
            "{{\"type\":\"market_lifecycle_v2\",\"sid\":{sid},\"seq\":{seq},\"msg\":{{\"market_ticker\":\"{}\",\"exchange_index\":{},\"event_type\":\"created\",\"open_ts\":{},\"close_ts\":{},\"additional_metadata\":{{\"event_ticker\":\"{}\"",
            card.ticker,
            card.shard,
            card.open.seconds(),
            card.close.seconds(),
            card.event
        ),
    );
    strikes(out, card.strike, card.floor, card.cap);
    out.push_str("}}}\n");
}

/// `deactivated` or `activated`.
pub fn halted(out: &mut String, (sid, seq, ticker): (u32, u64, &str), halted: bool) {
    let word = if halted { "deactivated" } else { "activated" };
    put(
        out,
        format_args!(
            "{{\"type\":\"market_lifecycle_v2\",\"sid\":{sid},\"seq\":{seq},\"msg\":{{\"market_ticker\":\"{ticker}\",\"is_deactivated\":{halted},\"event_type\":\"{word}\"}}}}\n"
        ),
    );
}

/// `metadata_updated`: the strike of an up/down market, 0.7 s after the open (kalshi.md §5.1).
pub fn strike_announced(out: &mut String, head: (u32, u64, &str), kind: StrikeKind, floor: Money) {
    let (sid, seq, ticker) = head;
    put(
        out,
        format_args!(
            "{{\"type\":\"market_lifecycle_v2\",\"sid\":{sid},\"seq\":{seq},\"msg\":{{\"event_type\":\"metadata_updated\",\"market_ticker\":\"{ticker}\",\"strike_type\":\"{}\",\"floor_strike\":{},\"custom_strike\":{{\"round_digits\":\"2\"}},\"yes_sub_title\":\"Target Price: ${}\"}}}}\n",
            kind.word(),
            StrikeNumber(floor),
            Dollars2(floor)
        ),
    );
}

/// `determined`: the result and what YES pays.
pub fn determined(out: &mut String, head: (u32, u64, &str), outcome: Outcome, value: Money, at: Nanos) {
    let (sid, seq, ticker) = head;
    put(
        out,
        format_args!(
            "{{\"type\":\"market_lifecycle_v2\",\"sid\":{sid},\"seq\":{seq},\"msg\":{{\"market_ticker\":\"{ticker}\",\"determination_ts\":{},\"result\":\"{}\",\"settlement_value\":\"{}\",\"event_type\":\"determined\"}}}}\n",
            at.seconds(),
            outcome.word(),
            Dollars4(value)
        ),
    );
}

/// `settled`: paid.
pub fn settled(out: &mut String, head: (u32, u64, &str), at: Nanos) {
    let (sid, seq, ticker) = head;
    put(
        out,
        format_args!(
            "{{\"type\":\"market_lifecycle_v2\",\"sid\":{sid},\"seq\":{seq},\"msg\":{{\"market_ticker\":\"{ticker}\",\"settled_ts\":{},\"event_type\":\"settled\"}}}}\n",
            at.seconds()
        ),
    );
}

/// One tick of the settlement index.
pub struct IndexMessage {
    /// The subscription and its sequence number.
    pub sid: u32,
    /// As above.
    pub seq: u64,
    /// The print's own time.
    pub at: Nanos,
    /// Its value.
    pub value: Money,
    /// Average of the last 60 prints.
    pub average_60s: Money,
    /// Average so far and prints so far of the closing minute, inside one.
    pub closing: Option<(Money, u8)>,
}

/// `{"type":"cfbenchmarks_value",…}`: the print is a JSON text inside the JSON (kalshi.md §3.2).
/// Averages have eight decimals on the wire, of which six are kept here.
pub fn index(out: &mut String, tick: &IndexMessage) {
    let at_ms = tick.at.millis();
    put(
        out,
        format_args!(
            "{{\"type\":\"cfbenchmarks_value\",\"sid\":{},\"seq\":{},\"msg\":{{\"index_id\":\"BRTI\",\"received_at\":{at_ms},\"data\":\"{{\\\"type\\\":\\\"value\\\",\\\"time\\\":{at_ms},\\\"id\\\":\\\"BRTI\\\",\\\"value\\\":\\\"{}\\\"}}\",\"avg_60s_data\":{{\"value\":\"{}00\",\"window_size\":60,\"window_start_ts_ms\":{},\"window_end_ts_exclusive\":{at_ms}}}",
            tick.sid,
            tick.seq,
            Dollars2(tick.value),
            tick.average_60s,
            at_ms.saturating_sub(60_000)
        ),
    );
    if let Some((average, prints)) = tick.closing {
        put(
            out,
            format_args!(",\"last_60s_windowed_average_15min\":{{\"value\":\"{average}00\",\"window_size\":{prints}}}"),
        );
    }
    put(out, format_args!("}},\"sending_ts_ms\":{at_ms}}}\n"));
}
