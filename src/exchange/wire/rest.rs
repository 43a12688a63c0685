//! Kalshi's REST bodies (kalshi.md §2).

use super::{Dollars2, Dollars4, Rfc3339, StrikeNumber, put};
use trader_exec::venue::{Accepted, Canceled, FillRecord, Holding, OrderRecord, SettlementRecord};
use trader_journal::book::{Level, Side};
use trader_journal::event::{Outcome, RejectReason, StrikeKind};
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
    /// When its metadata last changed.
    pub updated: Nanos,
    /// Best bid and ask of YES, as cached by the venue for up to 15 s: never to be traded on.
    pub bid: Option<Price>,
    /// As above.
    pub ask: Option<Price>,
}

/// One page of `GET /markets`; `next` is the cursor of the page after it.
pub fn markets_body<'a>(out: &mut String, next: Option<u32>, cards: impl Iterator<Item = MarketCard<'a>>) {
    match next {
        Some(next) => put(out, format_args!("{{\"cursor\":\"{next}\"")),
        None => out.push_str("{\"cursor\":\"\""),
    }
    market_list(out, cards);
    out.push('}');
}

/// The member `markets` of an object, after another member.
pub fn market_list<'a>(out: &mut String, cards: impl Iterator<Item = MarketCard<'a>>) {
    out.push_str(",\"markets\":[");
    for (index, card) in cards.enumerate() {
        if index > 0 {
            out.push(',');
        }
        market(out, &card);
    }
    out.push(']');
}

/// `GET /markets/{ticker}`.
pub fn market_body(out: &mut String, card: &MarketCard) {
    out.push_str("{\"market\":");
    market(out, card);
    out.push('}');
}

/// The beginning of `GET /events/{ticker}`, up to its markets: event ticker and series ticker.
pub fn event_body(out: &mut String, (event, series): (&str, &str), close: Nanos, shard: u8) {
    put(
        out,
        format_args!(
            "{{\"event\":{{\"event_ticker\":\"{event}\",\"series_ticker\":\"{series}\",\"category\":\"Crypto\",\"exchange_index\":{shard},\"strike_date\":\"{}\"}}",
            Rfc3339(close)
        ),
    );
}

/// `GET /exchange/status`: everything runs.
pub fn exchange_status(out: &mut String, shard: u8) {
    put(
        out,
        format_args!(
            "{{\"exchange_active\":true,\"trading_active\":true,\"intra_exchange_transfers_active\":true,\"exchange_index_statuses\":[{{\"exchange_index\":{shard},\"exchange_active\":true,\"trading_active\":true}}]}}"
        ),
    );
}

/// The member `orderbook_fp`: bids of both sides, worst first; asks are printed as NO bids.
pub fn orderbook(out: &mut String, bids: &[Level], asks: &[Level]) {
    out.push_str("\"orderbook_fp\":{\"yes_dollars\":[");
    book_side(out, bids, |price| price);
    out.push_str("],\"no_dollars\":[");
    book_side(out, asks, Price::complement);
    out.push_str("]}");
}

fn book_side(out: &mut String, levels: &[Level], scale: impl Fn(Price) -> Price) {
    for (index, level) in levels.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        put(out, format_args!("{comma}[\"{}\",\"{}\"]", scale(level.price), level.size));
    }
}

fn market(out: &mut String, card: &MarketCard) {
    let bid = card.bid.unwrap_or(Price::ZERO);
    let ask = card.ask.unwrap_or(Price::ONE);
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{}\",\"event_ticker\":\"{}\",\"market_type\":\"binary\",\"status\":\"{}\",\"exchange_index\":{},\"open_time\":\"{}\",\"close_time\":\"{}\",\"updated_time\":\"{}\",\"settlement_timer_seconds\":{},\"yes_bid_dollars\":\"{bid}\",\"yes_ask_dollars\":\"{ask}\",\"no_bid_dollars\":\"{}\",\"no_ask_dollars\":\"{}\"",
            card.ticker,
            card.event,
            card.status.word(),
            card.shard,
            Rfc3339(card.open),
            Rfc3339(card.close),
            Rfc3339(card.updated),
            card.settlement_timer_s,
            ask.complement(),
            bid.complement()
        ),
    );
    strikes(out, card.strike, card.floor, card.cap);
    grid(out, card.grid);
    result(out, card);
    out.push('}');
}

/// The members that tell a strike, each after another member; nothing while it is not told.
pub(super) fn strikes(out: &mut String, told: Option<StrikeKind>, floor: Money, cap: Money) {
    let Some(kind) = told else { return };
    put(out, format_args!(",\"strike_type\":\"{}\"", kind.word()));
    let has_floor = matches!(kind, StrikeKind::Greater | StrikeKind::GreaterOrEqual | StrikeKind::Between);
    let has_cap = matches!(kind, StrikeKind::Less | StrikeKind::LessOrEqual | StrikeKind::Between);
    if has_floor {
        put(out, format_args!(",\"floor_strike\":{}", StrikeNumber(floor)));
    }
    if has_cap {
        put(out, format_args!(",\"cap_strike\":{}", StrikeNumber(cap)));
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
    let Some(value) = card.settlement else {
        out.push_str(",\"expiration_value\":\"\"");
        return;
    };
    put(out, format_args!(",\"expiration_value\":\"{}\"", Dollars2(value)));
    if let Some(pays) = pays(card.outcome) {
        put(out, format_args!(",\"settlement_value_dollars\":\"{}\"", Dollars4(pays)));
    }
}

/// What YES pays under a plain result.
const fn pays(outcome: Outcome) -> Option<Money> {
    match outcome {
        Outcome::Yes => Some(Money::DOLLAR),
        Outcome::No => Some(Money::ZERO),
        Outcome::Open | Outcome::Scalar | Outcome::Void => None,
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

/// Shards there are (kalshi.md §2.1).
const SHARDS: u8 = 4;

/// `GET /portfolio/balance`: the breakdown is per shard (kalshi.md §2.4); all the money is on `shard`.
pub fn balance_body(out: &mut String, shard: u8, cash: Money, now: Nanos) {
    put(
        out,
        format_args!(
            "{{\"balance\":{},\"balance_dollars\":\"{}\",\"portfolio_value\":0,\"updated_ts\":{},\"balance_breakdown\":[",
            cash.0 / Money::CENT.0,
            Dollars4(cash),
            now.seconds()
        ),
    );
    for index in 0..SHARDS.max(shard + 1) {
        let comma = if index == 0 { "" } else { "," };
        let here = if index == shard { cash } else { Money::ZERO };
        put(out, format_args!("{comma}{{\"exchange_index\":{index},\"balance\":\"{}\"}}", Dollars4(here)));
    }
    out.push_str("]}");
}

/// The flat 201 body of a create; averages only when something was filled.
pub fn create_body(out: &mut String, accepted: &Accepted, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{}\",\"client_order_id\":\"{}\",\"fill_count\":\"{}\",\"remaining_count\":\"{}\"",
            accepted.order, accepted.client, accepted.filled, accepted.remaining
        ),
    );
    let filled = accepted.filled.0;
    if filled > 0 {
        // $0.000001 over 0.01 contract is $0.0001 a contract.
        let per_contract = |total: Money| Dollars4(Money((total.0 + filled / 2) / filled * 100));
        let (price, fee) = (per_contract(accepted.notional), per_contract(accepted.fees));
        put(out, format_args!(",\"average_fill_price\":\"{price}\",\"average_fee_paid\":\"{fee}\""));
    }
    put(out, format_args!(",\"ts_ms\":{}}}", at.millis()));
}

/// The 200 body of a cancel.
pub fn cancel_body(out: &mut String, canceled: &Canceled, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{}\",\"client_order_id\":\"{}\",\"reduced_by\":\"{}\",\"ts_ms\":{}}}",
            canceled.order,
            canceled.client,
            canceled.reduced,
            at.millis()
        ),
    );
}

/// One order of `GET /portfolio/orders`.
pub fn order_object(out: &mut String, order: &OrderRecord, ticker: &str, shard: u8) {
    let asked = &order.asked;
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{}\",\"client_order_id\":\"{}\",\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"type\":\"limit\",\"status\":\"{}\",\"book_side\":\"{}\",\"outcome_side\":\"{}\",\"yes_price_dollars\":\"{}\",\"no_price_dollars\":\"{}\",\"initial_count_fp\":\"{}\",\"fill_count_fp\":\"{}\",\"remaining_count_fp\":\"{}\",\"self_trade_prevention_type\":\"{}\",\"created_time\":\"{}\",\"last_update_time\":\"{}\"}}",
            order.order,
            asked.client,
            order.status.word(),
            asked.side.word(),
            outcome_side(asked.side),
            asked.price,
            asked.price.complement(),
            asked.count,
            order.filled,
            order.remaining,
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

/// One market of `GET /portfolio/positions`.
pub fn position_object(out: &mut String, holding: &Holding, ticker: &str, shard: u8) {
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"position_fp\":\"{}\",\"market_exposure_dollars\":\"{}\",\"fees_paid_dollars\":\"{}\"}}",
            holding.position, holding.cost, holding.fees
        ),
    );
}

/// One payment of `GET /portfolio/settlements`: `revenue` and `value` are whole cents (kalshi.md §2.4). What the
/// contracts had cost is not kept here.
pub fn settlement_object(out: &mut String, paid: &SettlementRecord, fees: Money, (ticker, shard): (&str, u8)) {
    let (yes, no) = (Count(paid.position.0.max(0)), Count(-paid.position.0.min(0)));
    let event = ticker.rsplit_once('-').map_or(ticker, |(event, _)| event);
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"event_ticker\":\"{event}\",\"market_result\":\"{}\",\"yes_count_fp\":\"{yes}\",\"yes_total_cost_dollars\":\"0.000000\",\"no_count_fp\":\"{no}\",\"no_total_cost_dollars\":\"0.000000\",\"revenue\":{},\"settled_time\":\"{}\",\"fee_cost\":\"{fees}\",\"value\":",
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
