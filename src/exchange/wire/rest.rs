//! Kalshi's REST bodies (kalshi.md §2).

use super::{Dollars2, Dollars4, Rfc3339, StrikeNumber, put};
use trader_journal::event::{ClientId, Outcome, RejectReason, StrikeKind, Uuid};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos, Price};

/// A market's `status` in REST (there is no `settled`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketStatus {
    /// Listed, not open.
    Initialized,
    /// Open.
    Active,
    /// Paused.
    Inactive,
    /// Past its close.
    Closed,
    /// Result known.
    Determined,
    /// Paid.
    Finalized,
}

impl MarketStatus {
    /// The venue's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            MarketStatus::Initialized => "initialized",
            MarketStatus::Active => "active",
            MarketStatus::Inactive => "inactive",
            MarketStatus::Closed => "closed",
            MarketStatus::Determined => "determined",
            MarketStatus::Finalized => "finalized",
        }
    }
}

/// What `GET /markets` tells of one market.
pub struct MarketCard<'a> {
    /// Its ticker and its event's.
    pub ticker: &'a str,
    /// As above.
    pub event: &'a str,
    /// Its status.
    pub status: MarketStatus,
    /// How the value is compared; `None` while the venue has not announced it.
    pub strike: Option<StrikeKind>,
    /// Strikes, where the kind has them.
    pub floor: Money,
    /// As above.
    pub cap: Money,
    /// Trading times.
    pub open: Nanos,
    /// As above.
    pub close: Nanos,
    /// Legal prices.
    pub grid: &'a PriceGrid,
    /// The exchange shard.
    pub shard: u8,
    /// Seconds from close to payment.
    pub settlement_timer_s: u64,
    /// Result, and the value it settled on once known.
    pub outcome: Outcome,
    /// As above.
    pub settlement: Option<Money>,
    /// Best bid and ask of YES, as cached by the venue for up to 15 s: never to be traded on.
    pub bid: Option<Price>,
    /// As above.
    pub ask: Option<Price>,
}

/// One page of `GET /markets`: the last one, so the cursor is empty.
pub fn markets_body<'a>(out: &mut String, cards: impl Iterator<Item = MarketCard<'a>>) {
    out.push_str("{\"cursor\":\"\",\"markets\":[");
    for (index, card) in cards.enumerate() {
        if index > 0 {
            out.push(',');
        }
        market(out, &card);
    }
    out.push_str("]}");
}

fn market(out: &mut String, card: &MarketCard) {
    let bid = card.bid.unwrap_or(Price::ZERO);
    let ask = card.ask.unwrap_or(Price::ONE);
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{}\",\"event_ticker\":\"{}\",\"market_type\":\"binary\",\"status\":\"{}\",\"exchange_index\":{},\"open_time\":\"{}\",\"close_time\":\"{}\",\"settlement_timer_seconds\":{},\"yes_bid_dollars\":\"{bid}\",\"yes_ask_dollars\":\"{ask}\",\"no_bid_dollars\":\"{}\",\"no_ask_dollars\":\"{}\"",
            card.ticker,
            card.event,
            card.status.word(),
            card.shard,
            Rfc3339(card.open),
            Rfc3339(card.close),
            card.settlement_timer_s,
            ask.complement(),
            bid.complement()
        ),
    );
    strikes(out, card);
    grid(out, card.grid);
    result(out, card);
    out.push('}');
}

fn strikes(out: &mut String, card: &MarketCard) {
    let Some(kind) = card.strike else { return };
    put(out, format_args!(",\"strike_type\":\"{}\"", kind.word()));
    let has_floor = matches!(kind, StrikeKind::Greater | StrikeKind::GreaterOrEqual | StrikeKind::Between);
    let has_cap = matches!(kind, StrikeKind::Less | StrikeKind::LessOrEqual | StrikeKind::Between);
    if has_floor {
        put(out, format_args!(",\"floor_strike\":{}", StrikeNumber(card.floor)));
    }
    if has_cap {
        put(out, format_args!(",\"cap_strike\":{}", StrikeNumber(card.cap)));
    }
}

fn grid(out: &mut String, grid: &PriceGrid) {
    out.push_str(",\"price_ranges\":[");
    for (index, range) in grid.ranges().iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let (start, end, step) = (Price(range.start), Price(range.end), Price(range.step));
        put(out, format_args!("{comma}{{\"start\":\"{start}\",\"end\":\"{end}\",\"step\":\"{step}\"}}"));
    }
    out.push(']');
}

fn result(out: &mut String, card: &MarketCard) {
    let word = if card.outcome == Outcome::Open { "" } else { card.outcome.word() };
    put(out, format_args!(",\"result\":\"{word}\""));
    match card.settlement {
        Some(value) => put(out, format_args!(",\"expiration_value\":\"{}\"", Dollars2(value))),
        None => out.push_str(",\"expiration_value\":\"\""),
    }
}

/// `GET /series/{ticker}` for a taker-fee series (kalshi.md §4: quadratic, multiplier 1).
pub fn series_body(out: &mut String, ticker: &str, shard: u8) {
    put(
        out,
        format_args!(
            "{{\"series\":{{\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"fee_type\":\"quadratic\",\"fee_multiplier\":1,\"category\":\"Crypto\",\"frequency\":\"fifteen_min\"}}}}"
        ),
    );
}

/// `GET /portfolio/balance`: the breakdown is per shard (kalshi.md §2.4).
pub fn balance_body(out: &mut String, shard: u8, cash: Money, now: Nanos) {
    put(
        out,
        format_args!(
            "{{\"balance\":{},\"balance_dollars\":\"{cash4}\",\"portfolio_value\":0,\"updated_ts\":{},\"balance_breakdown\":[{{\"exchange_index\":{shard},\"balance\":\"{cash4}\"}}]}}",
            cash.0 / Money::CENT.0,
            now.seconds(),
            cash4 = Dollars4(cash)
        ),
    );
}

/// The flat 201 body of a create.
pub fn create_body(out: &mut String, order: Uuid, client: ClientId, filled: Count, remaining: Count, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{order}\",\"client_order_id\":\"{client}\",\"fill_count\":\"{filled}\",\"remaining_count\":\"{remaining}\",\"ts_ms\":{}}}",
            at.millis()
        ),
    );
}

/// The 200 body of a cancel.
pub fn cancel_body(out: &mut String, order: Uuid, client: ClientId, reduced: Count, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{order}\",\"client_order_id\":\"{client}\",\"reduced_by\":\"{reduced}\",\"ts_ms\":{}}}",
            at.millis()
        ),
    );
}

/// The HTTP status of a refusal (kalshi.md §2.2, observed outcomes).
#[must_use]
pub const fn reject_status(reason: RejectReason) -> u16 {
    match reason {
        RejectReason::MarketNotFound | RejectReason::OrderNotFound => 404,
        RejectReason::FillOrKill
        | RejectReason::DuplicateClientId
        | RejectReason::TradingPaused
        | RejectReason::ExchangePaused => 409,
        RejectReason::RateLimited => 429,
        RejectReason::Unauthorized => 401,
        RejectReason::MarketInactive
        | RejectReason::InvalidPrice
        | RejectReason::InvalidCount
        | RejectReason::InsufficientBalance
        | RejectReason::PostOnlyCross
        | RejectReason::InvalidExpiration
        | RejectReason::Other => 400,
    }
}

/// The nested error body of a refusal (kalshi.md §2.3, shape 1).
pub fn reject_body(out: &mut String, reason: RejectReason) {
    let (code, details) = match reason {
        RejectReason::PostOnlyCross => ("invalid_order", Some("post only cross")),
        RejectReason::InvalidExpiration => ("invalid_order", Some("Expiration timestamp must be in the future")),
        RejectReason::Unauthorized => ("authentication_error", None),
        RejectReason::Other => ("invalid_parameters", None),
        other => (other.word(), None),
    };
    put(out, format_args!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"{}\"", code.replace('_', " ")));
    if let Some(details) = details {
        put(out, format_args!(",\"details\":\"{details}\""));
    }
    out.push_str("}}");
}
