//! What Kalshi's REST tells of an account, its orders, and what it refuses (kalshi.md §2.2-2.4).

use super::listing::pays;
use super::{Dollars4, Rfc3339, put};
use trader_exec::venue::{FillRecord, Holding, OrderRecord, SettlementRecord};
use trader_journal::book::Side;
use trader_journal::event::{Outcome, RejectReason};
use trader_journal::units::{Count, Money, Nanos};

/// `GET /portfolio/balance`: the whole, and what lies on each shard (kalshi.md §2.4).
pub fn balance_body(out: &mut String, shards: &[Money], now: Nanos) {
    let cash = Money(shards.iter().map(|shard| shard.0).sum());
    put(
        out,
        format_args!(
            "{{\"balance\":{},\"balance_dollars\":\"{}\",\"portfolio_value\":0,\"updated_ts\":{},\"balance_breakdown\":[",
            cash.0 / Money::CENT.0,
            Dollars4(cash),
            now.seconds()
        ),
    );
    for (index, here) in shards.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        put(out, format_args!("{comma}{{\"exchange_index\":{index},\"balance\":\"{}\"}}", Dollars4(*here)));
    }
    out.push_str("]}");
}

/// The one account's owner.
const USER_ID: &str = "00000000-0000-4000-8000-000000000001";

/// What the fills of an order came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderTotals {
    /// Principal of its fills as a taker.
    pub taker_cost: Money,
    /// As a maker.
    pub maker_cost: Money,
    /// Fees as a taker.
    pub taker_fees: Money,
    /// As a maker.
    pub maker_fees: Money,
}

/// One order of `GET /portfolio/orders`.
pub fn order_object(
    out: &mut String,
    (order, client): (&OrderRecord, &str),
    totals: &OrderTotals,
    (ticker, shard): (&str, u8),
) {
    let asked = &order.asked;
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{}\",\"client_order_id\":\"{client}\",\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"type\":\"limit\",\"status\":\"{}\",\"book_side\":\"{}\",\"outcome_side\":\"{}\",\"yes_price_dollars\":\"{}\",\"no_price_dollars\":\"{}\",\"initial_count_fp\":\"{}\",\"fill_count_fp\":\"{}\",\"remaining_count_fp\":\"{}\",\"taker_fill_cost_dollars\":\"{}\",\"maker_fill_cost_dollars\":\"{}\",\"taker_fees_dollars\":\"{}\",\"maker_fees_dollars\":\"{}\",\"user_id\":\"{USER_ID}\",\"side\":\"{}\",\"action\":\"buy\",\"subaccount_number\":0,\"self_trade_prevention_type\":\"{}\",\"created_time\":\"{}\",\"last_update_time\":\"{}\"}}",
            order.order,
            order.status.word(),
            asked.side.word(),
            outcome_side(asked.side),
            asked.price,
            asked.price.complement(),
            asked.count,
            order.filled,
            order.remaining,
            totals.taker_cost,
            totals.maker_cost,
            totals.taker_fees,
            totals.maker_fees,
            outcome_side(asked.side),
            asked.self_trade.word(),
            Rfc3339(order.at),
            Rfc3339(order.updated)
        ),
    );
}

/// One fill of `GET /portfolio/fills`; it does not name the client's identifier (since 2026-03-30).
pub fn fill_object(out: &mut String, fill: &FillRecord, ticker: &str, shard: u8) {
    put(
        out,
        format_args!(
            "{{\"fill_id\":\"{trade}\",\"trade_id\":\"{trade}\",\"order_id\":\"{}\",\"ticker\":\"{ticker}\",\"market_ticker\":\"{ticker}\",\"exchange_index\":{shard},\"outcome_side\":\"{}\",\"book_side\":\"{}\",\"count_fp\":\"{}\",\"yes_price_dollars\":\"{}\",\"no_price_dollars\":\"{}\",\"is_taker\":{},\"created_time\":\"{}\",\"fee_cost\":\"{}\",\"ts\":{}}}",
            fill.order,
            outcome_side(fill.side),
            fill.side.word(),
            fill.count,
            fill.price,
            fill.price.complement(),
            fill.is_taker,
            Rfc3339(fill.at),
            fill.fee,
            fill.at.seconds(),
            trade = fill.trade
        ),
    );
}

/// What the account did in one market, all its fills together.
#[derive(Clone, Copy, Debug, Default)]
pub struct MarketTotals {
    /// Principal of all fills.
    pub traded: Money,
    /// What the cash changed by, fees apart; negative where money is in the position.
    pub cash_flow: Money,
    /// Fees.
    pub fees: Money,
    /// The last fill's time.
    pub last: Nanos,
}

/// One market of `GET /portfolio/positions`. What is locked is what the position cost, so what came in beyond
/// that was won by closing.
pub fn position_object(out: &mut String, holding: &Holding, totals: &MarketTotals, (ticker, shard): (&str, u8)) {
    let realized = Money(totals.cash_flow.0 + holding.cost.0);
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"total_traded_dollars\":\"{}\",\"position_fp\":\"{}\",\"market_exposure_dollars\":\"{}\",\"realized_pnl_dollars\":\"{realized}\",\"fees_paid_dollars\":\"{}\",\"last_updated_ts\":\"{}\"}}",
            totals.traded,
            holding.position,
            holding.cost,
            holding.fees,
            Rfc3339(totals.last)
        ),
    );
}

/// One payment of `GET /portfolio/settlements`: `revenue` and `value` are whole cents (kalshi.md §2.4).
pub fn settlement_object(out: &mut String, paid: &SettlementRecord, fees: Money, (ticker, shard): (&str, u8)) {
    let (yes, no) = (Count(paid.position.0.max(0)), Count(-paid.position.0.min(0)));
    let event = ticker.rsplit_once('-').map_or(ticker, |(event, _)| event);
    let (yes_cost, no_cost) = if paid.position.0 >= 0 { (paid.cost, Money::ZERO) } else { (Money::ZERO, paid.cost) };
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"event_ticker\":\"{event}\",\"market_result\":\"{}\",\"yes_count_fp\":\"{yes}\",\"yes_total_cost_dollars\":\"{yes_cost}\",\"no_count_fp\":\"{no}\",\"no_total_cost_dollars\":\"{no_cost}\",\"revenue\":{},\"settled_time\":\"{}\",\"fee_cost\":\"{fees}\",\"value\":",
            paid.verdict.outcome.word(),
            paid.payout.0 / Money::CENT.0,
            Rfc3339(paid.at)
        ),
    );
    match pays(paid.verdict.outcome) {
        Some(value) => put(out, format_args!("{}}}", value.0 / Money::CENT.0)),
        None if paid.verdict.outcome == Outcome::Scalar => {
            put(out, format_args!("{}}}", paid.verdict.value.0 / Money::CENT.0));
        }
        None => out.push_str("null}"),
    }
}

/// `GET /exchange/user_data_timestamp`.
pub fn data_timestamp(out: &mut String, as_of: Nanos) {
    put(out, format_args!("{{\"as_of_time\":\"{}\"}}", Rfc3339(as_of)));
}

/// `bid` is always `yes`, `ask` always `no` (kalshi.md §2.4, direction).
pub(super) const fn outcome_side(side: Side) -> &'static str {
    match side {
        Side::Bid => "yes",
        Side::Ask => "no",
    }
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
        | RejectReason::Other
        | RejectReason::NotSent => 400,
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

/// The nested error body of a code without more to say.
pub fn coded_error(out: &mut String, code: &str) {
    put(out, format_args!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"{}\"}}}}", code.replace('_', " ")));
}

/// The flat error body of a request that could not be decoded (kalshi.md §2.3, shape 2).
pub fn flat_error(out: &mut String, code: &str, details: &str) {
    let details = serde_json::Value::from(details);
    put(out, format_args!("{{\"code\":\"{code}\",\"message\":\"{}\",\"details\":{details}}}", code.replace('_', " ")));
}

/// The bare error body of a query that failed its validation (kalshi.md §2.3, shape 3); gives its status.
pub fn parameter_error(out: &mut String, call: &str, field: &str, tag: &str) -> u16 {
    out.clear();
    put(
        out,
        format_args!(
            "{{\"msg\":\"Parameter validation failed for {call}: Key: '{call}Params.{field}' Error:Field validation for '{field}' failed on the '{tag}' tag\"}}"
        ),
    );
    400
}
