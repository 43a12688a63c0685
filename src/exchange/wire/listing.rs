//! What Kalshi's REST tells of series, events and markets (kalshi.md §2.1, §5).

use super::{Dollars2, Dollars4, Rfc3339, StrikeNumber, put};
use crate::exchange::schedule::Family;
use trader_journal::book::{Level, Side};
use trader_journal::event::{Outcome, StrikeKind, Uuid};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos, Price};

/// The exchange shards there are, with what the venue calls them (kalshi.md §2.1).
pub(super) const SHARDS: [&str; 4] = ["Default", "Combos", "Crypto & Commodities", "Tennis, Baseball, Basketball"];
/// After the close the venue may take this long before it is late (kalshi.md §5.1).
const EXPECTED_AFTER_NS: u64 = 5 * 60 * Nanos::SECOND;
const LATEST_AFTER_NS: u64 = 7 * 24 * 3600 * Nanos::SECOND;

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
    /// The kind of series.
    pub family: Family,
    /// Its status.
    pub status: MarketStatus,
    /// How the value is compared; `None` while the venue has not announced it.
    pub strike: Option<StrikeKind>,
    /// Strikes, where the kind has them.
    pub floor: Money,
    /// As above.
    pub cap: Money,
    /// When it was listed.
    pub created: Nanos,
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
    /// When it was paid, once it was.
    pub settled: Option<Nanos>,
    /// When its metadata last changed.
    pub updated: Nanos,
    /// Best bid and ask of YES, as cached by the venue for up to 15 s: never to be traded on.
    pub bid: Option<Level>,
    /// As above.
    pub ask: Option<Level>,
    /// The last trade's price; zero before the first.
    pub last_price: Price,
    /// Contracts traded.
    pub volume: Count,
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

fn market(out: &mut String, card: &MarketCard) {
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{}\",\"event_ticker\":\"{}\",\"market_type\":\"binary\",\"title\":\"{}\",\"status\":\"{}\",\"exchange_index\":{},\"created_time\":\"{}\",\"open_time\":\"{}\",\"close_time\":\"{}\",\"updated_time\":\"{}\",\"expected_expiration_time\":\"{}\",\"expiration_time\":\"{latest}\",\"latest_expiration_time\":\"{latest}\",\"settlement_timer_seconds\":{},\"can_close_early\":true,\"notional_value_dollars\":\"1.0000\",\"settlement_bounds_type\":\"default\"",
            card.ticker,
            card.event,
            title(card.family),
            card.status.word(),
            card.shard,
            Rfc3339(card.created),
            Rfc3339(card.open),
            Rfc3339(card.close),
            Rfc3339(card.updated),
            Rfc3339(card.close.plus(EXPECTED_AFTER_NS)),
            card.settlement_timer_s,
            latest = Rfc3339(card.close.plus(LATEST_AFTER_NS)),
        ),
    );
    quotes(out, card);
    strikes(out, card.strike, card.floor, card.cap);
    words(out, card);
    grid(out, card.family, card.grid);
    result(out, card);
    out.push('}');
}

/// A side without a bid is worth nothing, one without an ask everything (kalshi.md §2.1). Who holds what is
/// followed for one account only: every contract traded counts as open.
fn quotes(out: &mut String, card: &MarketCard) {
    let size = |level: Option<Level>| level.map_or(Count::ZERO, |level| level.size);
    let bid = card.bid.map_or(Price::ZERO, |level| level.price);
    let ask = card.ask.map_or(Price::ONE, |level| level.price);
    put(
        out,
        format_args!(
            ",\"yes_bid_dollars\":\"{bid}\",\"yes_bid_size_fp\":\"{}\",\"yes_ask_dollars\":\"{ask}\",\"yes_ask_size_fp\":\"{}\",\"no_bid_dollars\":\"{}\",\"no_ask_dollars\":\"{}\",\"last_price_dollars\":\"{}\",\"volume_fp\":\"{volume}\",\"volume_24h_fp\":\"{volume}\",\"open_interest_fp\":\"{volume}\",\"previous_yes_bid_dollars\":\"0.0000\",\"previous_yes_ask_dollars\":\"0.0000\",\"previous_price_dollars\":\"0.0000\"",
            size(card.bid),
            size(card.ask),
            ask.complement(),
            bid.complement(),
            card.last_price,
            volume = card.volume,
        ),
    );
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

/// Titles and rules, as far as a person needs them.
fn words(out: &mut String, card: &MarketCard) {
    match (card.family, card.strike) {
        (Family::UpDown, Some(_)) => {
            put(out, format_args!(",\"yes_sub_title\":\"Target Price: ${}\"", Dollars2(card.floor)));
        }
        (Family::UpDown, None) => out.push_str(",\"yes_sub_title\":\"Target price: TBD\""),
        (Family::Ladder, _) => {
            put(out, format_args!(",\"yes_sub_title\":\"${} to ${}\"", Dollars2(card.floor), Dollars2(card.cap)));
        }
    }
    out.push_str(
        ",\"no_sub_title\":\"Target price: TBD\",\"rules_primary\":\"Settles on the average of the last sixty one-second prints before the close.\",\"rules_secondary\":\"Simulated: no such market was traded.\"",
    );
}

fn grid(out: &mut String, family: Family, grid: &PriceGrid) {
    put(out, format_args!(",\"price_level_structure\":\"{}\",\"price_ranges\":[", structure(family)));
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
    if let Some(settled) = card.settled {
        put(out, format_args!(",\"settlement_ts\":\"{}\"", Rfc3339(settled)));
    }
}

/// What YES pays under a plain result.
pub(super) const fn pays(outcome: Outcome) -> Option<Money> {
    match outcome {
        Outcome::Yes => Some(Money::DOLLAR),
        Outcome::No => Some(Money::ZERO),
        Outcome::Open | Outcome::Scalar | Outcome::Void => None,
    }
}

const fn title(family: Family) -> &'static str {
    match family {
        Family::UpDown => "BTC price up in next 15 mins?",
        Family::Ladder => "Bitcoin price range",
    }
}

const fn structure(family: Family) -> &'static str {
    match family {
        Family::UpDown => "tapered_deci_cent",
        Family::Ladder => "linear_cent",
    }
}

const fn frequency(family: Family) -> &'static str {
    match family {
        Family::UpDown => "fifteen_min",
        Family::Ladder => "hourly",
    }
}

/// What is told of an event, its markets apart.
pub struct EventCard<'a> {
    /// Its ticker.
    pub ticker: &'a str,
    /// The ticker of its series.
    pub series: &'a str,
    /// The kind of series.
    pub family: Family,
    /// When its markets close.
    pub close: Nanos,
    /// When it last changed.
    pub updated: Nanos,
    /// The exchange shard.
    pub shard: u8,
}

/// An event object without its end: members may follow.
pub fn event_begin(out: &mut String, event: &EventCard) {
    put(
        out,
        format_args!(
            "{{\"event_ticker\":\"{}\",\"series_ticker\":\"{}\",\"title\":\"{}\",\"sub_title\":\"closes {close}\",\"category\":\"Crypto\",\"collateral_return_type\":\"\",\"mutually_exclusive\":{},\"exchange_index\":{},\"last_updated_ts\":\"{}\",\"product_metadata\":{{\"cadence\":\"{}\"}},\"settlement_sources\":{SOURCES},\"strike_date\":\"{close}\"",
            event.ticker,
            event.series,
            title(event.family),
            event.family == Family::Ladder,
            event.shard,
            Rfc3339(event.updated),
            frequency(event.family),
            close = Rfc3339(event.close),
        ),
    );
}

const SOURCES: &str = "[{\"name\":\"CF Benchmarks\",\"url\":\"https://www.cfbenchmarks.com/data/indices/BRTI\"}]";

/// A series with a taker fee (kalshi.md §4: quadratic, multiplier 1).
pub fn series_object(out: &mut String, ticker: &str, family: Family, shard: u8) {
    put(
        out,
        format_args!(
            "{{\"ticker\":\"{ticker}\",\"exchange_index\":{shard},\"fee_type\":\"quadratic\",\"fee_multiplier\":1,\"title\":\"{}\",\"category\":\"Crypto\",\"categories\":[\"Crypto\"],\"tags\":[\"BTC\"],\"frequency\":\"{}\",\"settlement_sources\":{SOURCES},\"contract_url\":\"\",\"contract_terms_url\":\"\",\"additional_prohibitions\":null,\"product_metadata\":null}}",
            title(family),
            frequency(family)
        ),
    );
}

/// `GET /exchange/status`: everything runs.
pub fn exchange_status(out: &mut String) {
    out.push_str(
        "{\"exchange_active\":true,\"trading_active\":true,\"intra_exchange_transfers_active\":true,\"exchange_index_statuses\":[",
    );
    for (index, description) in SHARDS.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        put(
            out,
            format_args!(
                "{comma}{{\"exchange_index\":{index},\"description\":\"{description}\",\"exchange_active\":true,\"trading_active\":true,\"intra_exchange_transfers_active\":true}}"
            ),
        );
    }
    out.push_str("]}");
}

/// `GET /exchange/schedule`: always open, but for Thursday 03:00-05:00 Eastern (kalshi.md §2.1). The mock itself
/// never pauses.
pub fn exchange_schedule(out: &mut String) {
    out.push_str(
        "{\"schedule\":{\"standard_hours\":[{\"start_time\":\"2026-01-01T00:00:00Z\",\"end_time\":\"2099-01-01T00:00:00Z\"",
    );
    for day in ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] {
        let hours = match day {
            "thursday" => {
                "{\"open_time\":\"00:00\",\"close_time\":\"03:00\"},{\"open_time\":\"05:00\",\"close_time\":\"00:00\"}"
            }
            _ => "{\"open_time\":\"00:00\",\"close_time\":\"00:00\"}",
        };
        put(out, format_args!(",\"{day}\":[{hours}]"));
    }
    out.push_str("}],\"maintenance_windows\":[]}}");
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

/// A public trade, as the list keeps it.
#[derive(Clone, Copy, Debug)]
pub struct TradeRow {
    /// Its number.
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

/// One trade of `GET /markets/trades`.
pub fn trade_object(out: &mut String, row: &TradeRow, ticker: &str) {
    let outcome = super::rest::outcome_side(row.taker);
    put(
        out,
        format_args!(
            "{{\"trade_id\":\"{}\",\"ticker\":\"{ticker}\",\"count_fp\":\"{}\",\"yes_price_dollars\":\"{}\",\"no_price_dollars\":\"{}\",\"taker_side\":\"{outcome}\",\"taker_outcome_side\":\"{outcome}\",\"taker_book_side\":\"{}\",\"created_time\":\"{}\",\"is_block_trade\":false}}",
            row.trade,
            row.count,
            row.price,
            row.price.complement(),
            row.taker.word(),
            Rfc3339(row.at)
        ),
    );
}
