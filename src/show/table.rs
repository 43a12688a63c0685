//! One row per event: its word, then the fields that are shown. `ts` and the padding are not.
//!
//! The compiler refuses an event without a row.

use super::value::{Bytes, Flag, Hex, Micros, Quantity, Shown, Value};
use trader_journal::event::{Event, POSITION_NOT_TOLD};
use trader_journal::units::Count;

macro_rules! value {
    ($field:ident) => {
        $field.value()
    };
    ($field:ident as $form:ident) => {
        $form::from(*$field).value()
    };
}

macro_rules! rows {
    ($($variant:ident $word:literal [$($field:ident $(as $form:ident)?),*];)+) => {
        /// Every event's word.
        pub const KINDS: &[&str] = &[$($word),+];

        /// The word of an event.
        #[must_use]
        pub const fn word(event: &Event) -> &'static str {
            match event { $(Event::$variant { .. } => $word,)+ }
        }

        /// The fields of an event, in reading order.
        #[must_use]
        pub fn fields(event: &Event) -> Vec<(&'static str, Value)> {
            match event {
                $(Event::$variant { $($field,)* .. } => vec![$((stringify!($field), value!($field $(as $form)?))),*],)+
            }
        }
    };
}

rows! {
    RunStarted "run_started" [mode, epoch, seed, nonce];
    Timer "timer" [due];
    StateHash "state_hash" [agent, hash as Hex, events];
    Operator "operator" [verb, by, why];

    SeriesTerms "series_terms" [series, ticker, mode, shard, taker_rate_ppm, maker_rate_ppm, settlement_timer_s];
    GridDefined "grid_defined" [grid, ranges_used, ranges];
    EventNamed "event_named" [event, ticker, series];
    MarketNamed "market_named" [market, ticker, event];
    MarketTerms "market_terms" [market, event, strike, floor, cap, grid, open, close];
    Lifecycle "lifecycle" [market, kind, outcome, value, settlement, close, venue_ts];

    BookBegin "book_begin" [market, epoch, venue_ts];
    BookLevel "book_level" [market, side, price, size, venue_ts];
    BookEnd "book_end" [market, levels, venue_ts];
    BookInvalid "book_invalid" [market, fault];
    Trade "trade" [market, taker, price, count, venue_ts];
    IndexTick "index_tick" [value, average_60s, closing_average, closing_prints, venue_ts];
    FeedChanged "feed_changed" [feed, state, epoch];

    SpotTrade "spot_trade" [feed, price, quantity as Quantity, buyer_is_maker as Flag, trade_id, venue_ts];
    SpotQuote "spot_quote" [feed, bid, ask, bid_quantity as Quantity, ask_quantity as Quantity, update_id];
    Candle "candle" [feed, interval, closed as Flag, open_time, open, high, low, close];
    Funding "funding" [feed, settled as Flag, rate_e8, next, venue_ts];

    ModelChunk "model_chunk" [index, used, bytes as Bytes];
    ModelActivate "model_activate" [bytes_total, hash as Hex];

    EvalBasis "eval_basis" [
        eval, event, mode, gate, waiting_for, close, tau_ms, estimate, sigma_15m_e9, basis_error_e9, legs
    ];
    EvalLeg "eval_leg" [
        eval, market, gate, side, limit, mid, q_yes_e9, depth, edge_gross as Micros, edge_net as Micros,
        needed, fraction_e9
    ];
    OpinionBasis "opinion_basis" [eval, market, mid, book_ts, index_ts, source_ts];
    Opinion "opinion" [
        eval, market, side, style, limit, q_yes_e9, depth_cap, fraction_e9, edge_gross_min as Micros,
        edge_net_min as Micros, legs_left
    ];

    OrderSized "order_sized" [market, eval, sized_by, kelly, market_loss, close_loss, total_loss];
    OrderIntent "order_intent" [
        client, market, side, price, count, time_in_force, expires, post_only as Flag, self_trade, eval
    ];
    CancelIntent "cancel_intent" [client, market, reason, order];
    Refused "refused" [eval, market, side, price, gate, needed, had];
    Posting "posting" [market, debit, credit, amount, cash_after, reference];
    PositionSettled "position_settled" [market, outcome, position, payout, cost, fees, day_result];
    ReconcileWanted "reconcile_wanted" [reason, since];
    OrderReleased "order_released" [client, market, sent, as_of];

    OrderAccepted "order_accepted" [client, order, filled as Hundredths, remaining as Hundredths];
    OrderRejected "order_rejected" [client, reason, status];
    OrderUnknown "order_unknown" [client, reason, status];
    CancelAccepted "cancel_accepted" [client, order, reduced];
    CancelRejected "cancel_rejected" [client, order, reason, status];
    CancelUnknown "cancel_unknown" [client, order, reason, status];
    FillTrade "fill_trade" [client, market, trade, post_position as Told];
    Fill "fill" [market, order, side, price, count, fee, is_taker as Flag];
    OrderIds "order_ids" [client, market, order];
    OrderUpdate "order_update" [market, status, reason, side, price, filled, remaining, venue_ts];
    Balance "balance" [shard, available, as_of];
    PositionTold "position_told" [market, position, as_of];
    AccountWalked "account_walked" [list, rows, strange, since, as_of, asked];
    JournalHealth "journal_health" [lag_lines, has_spare as Flag, free_bytes];
    ClockMeasured "clock_measured" [skew_ns];

    FrameRejected "frame_rejected" [feed, fault, total];
}

/// A count that has only 32 bits in its event.
struct Hundredths(i64);

impl From<u32> for Hundredths {
    fn from(units: u32) -> Hundredths {
        Hundredths(i64::from(units))
    }
}

impl Shown for Hundredths {
    fn value(&self) -> Value {
        Count(self.0).value()
    }
}

/// A position that not every list tells.
struct Told(Option<Count>);

impl From<Count> for Told {
    fn from(position: Count) -> Told {
        Told((position != POSITION_NOT_TOLD).then_some(position))
    }
}

impl Shown for Told {
    fn value(&self) -> Value {
        self.0.map_or(Value::Absent, |position| position.value())
    }
}
