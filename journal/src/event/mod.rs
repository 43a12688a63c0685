//! The closed list of events: all that one stage may tell another.
//!
//! An [`Event`] is 56 bytes of plain data without padding: with an 8-byte stamp it is one
//! cache line in a ring and one line of the journal. The first two bytes are its number
//! (never reused), bytes 8..16 its time. What needs more room is a *group*: consecutive
//! events published as one, the details first, so that whoever reads the last one of the
//! group knows all of it.

mod ids;
mod words;

pub use ids::{Agent, ClientId, EvalId, EventId, MarketId, Ring, SeriesId, Uuid};
pub use words::{
    Account, AccountList, BookFault, CancelReason, Feed, FeedState, FrameFault, Gate, Interval, LifecycleKind, Mode,
    OperatorVerb, OrderStatus, Outcome, Pad, ReconcileReason, RejectReason, SelfTrade, SeriesMode, SizedBy, StrikeKind,
    Style, TimeInForce, UnknownReason, UpdateReason, Zero, pad,
};

use crate::book::Side;
use crate::grid::GridRange;
use crate::units::{Count, Money, Nanos, Price};
use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// A probability in 1e-9: 0 ..= 1 000 000 000.
pub const PROB_ONE: u32 = 1_000_000_000;

/// The position after a fill that REST told: its list does not say.
pub const POSITION_NOT_TOLD: Count = Count(i64::MIN);

/// Bytes of one event.
pub const EVENT_BYTES: usize = 56;

const _: () = assert!(size_of::<Event>() == EVENT_BYTES && align_of::<Event>() == 8);

/// Everything one stage can tell another, and everything a stage says of itself.
///
/// `ts` is the time of arrival (or of the decision): the only clock a stage sees.
/// `venue_ts` is what the message itself claims. Fields named `pad` are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TryFromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(u16)]
#[rustfmt::skip]
#[expect(missing_docs, reason = "field names carry their meaning; the variants are documented, shared fields above")]
pub enum Event {
    // ---- the run -------------------------------------------------------------------------
    /// The first event every agent hears: who we are in this epoch.
    RunStarted { mode: Mode, pad: Pad<1>, epoch: u32, ts: Nanos, seed: u64, nonce: u32, pad2: Pad<28> } = 1,
    /// A deadline a stage asked for has come.
    Timer { pad: Pad<6>, ts: Nanos, due: Nanos, pad2: Pad<32> } = 2,
    /// The rolling hash of a stage's state after `events` events.
    StateHash { agent: Agent, pad: Pad<5>, ts: Nanos, hash: u64, events: u64, pad2: Pad<24> } = 3,
    /// A command of a person or of the watchdog. `by` and `why` name it in the control stream.
    Operator { verb: OperatorVerb, pad: Pad<1>, by: u32, ts: Nanos, why: [u8; 40] } = 4,

    // ---- names and terms -----------------------------------------------------------------
    /// A series and its rates. Rates in 1e-6 of C·P·(1−P); ticker zero-padded.
    SeriesTerms {
        mode: SeriesMode, shard: u8, series: SeriesId, ts: Nanos,
        ticker: [u8; 16], taker_rate_ppm: u32, maker_rate_ppm: u32, settlement_timer_s: u32, pad: Pad<12>,
    } = 10,
    /// A price grid, numbered by the feed; unused ranges are zero.
    GridDefined { grid: u8, ranges_used: u8, pad: Pad<4>, ts: Nanos, ranges: [GridRange; 6], pad2: Pad<4> } = 11,
    /// A venue event (one settlement value) and its ticker, zero-padded.
    EventNamed { ticker_len: u8, pad: Pad<1>, event: EventId, ts: Nanos, ticker: [u8; 36], series: SeriesId } = 12,
    /// A market of an event and its ticker, zero-padded.
    MarketNamed { ticker_len: u8, pad: Pad<1>, market: MarketId, ts: Nanos, ticker: [u8; 36], event: EventId } = 13,
    /// A market's terms; sent again whenever one of them changes. Strikes are zero where the kind has none.
    MarketTerms {
        strike: StrikeKind, grid: u8, market: MarketId, ts: Nanos,
        floor: Money, cap: Money, open: Nanos, close: Nanos, event: EventId, pad: Pad<4>,
    } = 14,
    /// Something happened to a market. `value` is what YES pays per contract once determined;
    /// `settlement` the value the event settled on (zero until told).
    Lifecycle {
        kind: LifecycleKind, outcome: Outcome, market: MarketId, ts: Nanos,
        venue_ts: Nanos, close: Nanos, value: Money, settlement: Money, pad: Pad<8>,
    } = 15,

    // ---- the venue's market data ---------------------------------------------------------
    /// A whole book follows: forget the old one. `epoch` numbers the connection.
    BookBegin { pad: Pad<2>, market: MarketId, ts: Nanos, venue_ts: Nanos, epoch: u32, pad2: Pad<28> } = 20,
    /// One level's size is now `size` (absolute, YES prices on both sides).
    BookLevel {
        side: Side, pad: Pad<1>, market: MarketId, ts: Nanos,
        venue_ts: Nanos, size: Count, price: Price, pad2: Pad<22>,
    } = 21,
    /// The book is whole and valid from here on.
    BookEnd { pad: Pad<2>, market: MarketId, ts: Nanos, venue_ts: Nanos, levels: u32, pad2: Pad<28> } = 22,
    /// The book is worth nothing until the next `BookEnd`.
    BookInvalid { fault: BookFault, pad: Pad<1>, market: MarketId, ts: Nanos, pad2: Pad<40> } = 23,
    /// A public trade; `taker` is the taker's side of the YES book.
    Trade {
        taker: Side, pad: Pad<1>, market: MarketId, ts: Nanos,
        venue_ts: Nanos, count: Count, price: Price, pad2: Pad<22>,
    } = 24,
    /// A tick of the settlement index. `closing_average` is the average of the `closing_prints`
    /// (0 ..= 60) prints of the current final minute; zero outside it.
    IndexTick {
        closing_prints: u8, pad: Pad<5>, ts: Nanos,
        venue_ts: Nanos, value: Money, average_60s: Money, closing_average: Money, pad2: Pad<8>,
    } = 25,
    /// A feed's connection changed state; `epoch` numbers its connections.
    FeedChanged { feed: Feed, state: FeedState, epoch: u32, ts: Nanos, pad: Pad<40> } = 26,

    // ---- spot sources --------------------------------------------------------------------
    /// A trade of a spot source. `quantity` in 1e-8 of the base asset.
    SpotTrade { feed: Feed, buyer_is_maker: u8, pad: Pad<4>, ts: Nanos, venue_ts: Nanos, price: Money, quantity: u64, trade_id: u64, pad2: Pad<8> } = 30,
    /// The best quote of a spot source. Quantities in 1e-8 of the base asset.
    SpotQuote { feed: Feed, pad: Pad<5>, ts: Nanos, bid: Money, ask: Money, bid_quantity: u64, ask_quantity: u64, update_id: u64 } = 31,
    /// A candle; `closed` is 1 when it is final. Volume follows in no event: nothing prices it yet.
    Candle { feed: Feed, interval: Interval, closed: u8, pad: Pad<3>, ts: Nanos, open_time: Nanos, open: Money, high: Money, low: Money, close: Money } = 32,
    /// A perpetual's funding rate in 1e-8; `settled` is 1 for the last settled rate, 0 for the running estimate.
    Funding { feed: Feed, settled: u8, pad: Pad<4>, ts: Nanos, venue_ts: Nanos, rate_e8: i64, next: Nanos, pad2: Pad<16> } = 33,

    // ---- models --------------------------------------------------------------------------
    /// 40 bytes of a model, into the standby slot.
    ModelChunk { used: u8, pad: Pad<1>, index: u32, ts: Nanos, bytes: [u8; 40] } = 40,
    /// Use the model in the standby slot, if its length and hash are these.
    ModelActivate { pad: Pad<2>, bytes_total: u32, ts: Nanos, hash: u64, pad2: Pad<32> } = 41,

    // ---- opinion (pricing says) ----------------------------------------------------------
    /// First of an evaluation's group: what the event looked like. σ and errors in 1e-9 of log return.
    /// When `gate` is `WindowMissed`, `waiting_for` is the data gate that never opened and there are no legs.
    EvalBasis {
        gate: Gate, mode: SeriesMode, event: EventId, ts: Nanos,
        eval: EvalId, sigma_15m_e9: u32, estimate: Money, basis_error_e9: u32, tau_ms: u32,
        close: Nanos, legs: u8, waiting_for: Gate, pad: Pad<6>,
    } = 50,
    /// One leg of an evaluation. `q` in 1e-9 for YES; edges in $0.000001 per contract of the side named.
    EvalLeg {
        gate: Gate, side: Side, market: MarketId, ts: Nanos,
        eval: EvalId, q_yes_e9: u32, depth: Count, edge_gross: i32, edge_net: i32,
        fraction_e9: u32, limit: Price, mid: Price, needed: i32, pad: Pad<4>,
    } = 51,
    /// First half of an opinion: what it was built on.
    OpinionBasis {
        pad: Pad<2>, market: MarketId, ts: Nanos,
        book_ts: Nanos, index_ts: Nanos, source_ts: Nanos, eval: EvalId, mid: Price, pad2: Pad<10>,
    } = 52,
    /// What a contract is worth and what may be done about it. `q` in 1e-9 for YES, `fraction`
    /// of the bankroll in 1e-9 (Kelly multiplier and ramp applied), `edge_*_min` in $0.000001 per
    /// contract: exec re-checks the exact fee at the final size against them.
    Opinion {
        side: Side, style: Style, market: MarketId, ts: Nanos,
        eval: EvalId, q_yes_e9: u32, depth_cap: Count, fraction_e9: u32, limit: Price, pad: Pad<2>,
        edge_gross_min: i32, edge_net_min: i32, legs_left: u8, pad2: Pad<7>,
    } = 53,

    // ---- orders (exec says) --------------------------------------------------------------
    /// First half of an intent: what set its size. Limits in $0.000001 of worst loss after it.
    OrderSized {
        sized_by: SizedBy, pad: Pad<1>, market: MarketId, ts: Nanos,
        market_loss: Money, close_loss: Money, total_loss: Money, kelly: Count, eval: EvalId, pad2: Pad<4>,
    } = 60,
    /// One order is to be created. POSTed at most once, ever, and only after this is committed.
    OrderIntent {
        side: Side, time_in_force: TimeInForce, market: MarketId, ts: Nanos,
        client: ClientId, count: Count, expires: Nanos, price: Price, post_only: u8, self_trade: SelfTrade, eval: EvalId,
    } = 61,
    /// One order is to be cancelled. `order` may be unknown (zero) while the create is unanswered.
    CancelIntent { reason: CancelReason, pad: Pad<1>, market: MarketId, ts: Nanos, client: ClientId, order: Uuid, pad2: Pad<8> } = 62,
    /// An opinion was not acted on. `needed` and `had` in the gate's own unit.
    Refused { gate: Gate, side: Side, market: MarketId, ts: Nanos, eval: EvalId, price: Price, pad: Pad<2>, needed: i64, had: i64, pad2: Pad<16> } = 63,
    /// One posting of the double-entry ledger: `amount` moves from `credit` to `debit`.
    Posting { debit: Account, credit: Account, market: MarketId, ts: Nanos, amount: Money, reference: u64, cash_after: Money, pad: Pad<16> } = 64,
    /// A market's position was settled and is no longer risk.
    PositionSettled {
        outcome: Outcome, pad: Pad<1>, market: MarketId, ts: Nanos,
        position: Count, payout: Money, cost: Money, fees: Money, day_result: Money,
    } = 65,
    /// The account is to be read now. `since`: orders and fills from here on are asked for.
    ReconcileWanted { reason: ReconcileReason, pad: Pad<5>, ts: Nanos, since: Nanos, pad2: Pad<32> } = 66,
    /// An order of unknown outcome is proven never to have existed: it counts in no limit any more.
    /// `sent` is its intent's time, `as_of` the read side's at the second walk that did not show it.
    OrderReleased { pad: Pad<2>, market: MarketId, ts: Nanos, client: ClientId, sent: Nanos, as_of: Nanos, pad2: Pad<8> } = 67,

    // ---- reports (exec hears) ------------------------------------------------------------
    /// A create was accepted; `filled` and `remaining` as the reply tells (an IOC may have neither).
    OrderAccepted { pad: Pad<6>, ts: Nanos, client: ClientId, order: Uuid, filled: u32, remaining: u32 } = 70,
    /// A create was refused for good: nothing rests, nothing will.
    OrderRejected { reason: RejectReason, pad: Pad<1>, status: u32, ts: Nanos, client: ClientId, pad2: Pad<24> } = 71,
    /// Nobody knows whether the create happened: it keeps its full size in every limit.
    OrderUnknown { reason: UnknownReason, pad: Pad<1>, status: u32, ts: Nanos, client: ClientId, pad2: Pad<24> } = 72,
    /// A cancel was accepted.
    CancelAccepted { pad: Pad<6>, ts: Nanos, client: ClientId, order: Uuid, reduced: Count } = 73,
    /// A cancel was refused: the order may be dead already, or filled.
    CancelRejected { reason: RejectReason, pad: Pad<1>, status: u32, ts: Nanos, client: ClientId, order: Uuid, pad2: Pad<8> } = 74,
    /// Nobody knows whether the cancel happened.
    CancelUnknown { reason: UnknownReason, pad: Pad<1>, status: u32, ts: Nanos, client: ClientId, order: Uuid, pad2: Pad<8> } = 75,
    /// First half of a fill: its trade and whose order it was.
    FillTrade { pad: Pad<2>, market: MarketId, ts: Nanos, trade: Uuid, client: ClientId, post_position: Count } = 76,
    /// A fill of an order of ours (or of our account). `fee` is what the venue charged; price of the YES leg.
    Fill {
        side: Side, is_taker: u8, market: MarketId, ts: Nanos,
        order: Uuid, count: Count, fee: Money, price: Price, pad: Pad<6>,
    } = 77,
    /// First half of an order update: the order's identifiers.
    OrderIds { pad: Pad<2>, market: MarketId, ts: Nanos, order: Uuid, client: ClientId, pad2: Pad<8> } = 78,
    /// The state of an order as the venue's stream tells it.
    OrderUpdate {
        status: OrderStatus, reason: UpdateReason, market: MarketId, ts: Nanos,
        filled: Count, remaining: Count, venue_ts: Nanos, price: Price, side: Side, pad: Pad<13>,
    } = 79,

    /// Cash available on one shard, as the venue's read side told it at `as_of`.
    Balance { shard: u8, pad: Pad<5>, ts: Nanos, available: Money, as_of: Nanos, pad2: Pad<24> } = 80,
    /// What the venue says is held of a market, negative for NO, as its read side knew it at `as_of`.
    PositionTold { pad: Pad<2>, market: MarketId, ts: Nanos, position: Count, as_of: Nanos, pad2: Pad<24> } = 81,
    /// A list of the account was told from its first page to its last: everything from `since` on that
    /// the read side knew at `as_of`. The walk began after `asked`. `strange` of its `rows` were told
    /// to nobody: of markets that are not ours, or are long over.
    AccountWalked {
        list: AccountList, pad: Pad<1>, rows: u32, ts: Nanos,
        as_of: Nanos, asked: Nanos, since: Nanos, strange: u32, pad2: Pad<12>,
    } = 82,
    /// How far the journal is behind, and what room it has. `has_spare` is 1 while a segment is ready.
    JournalHealth { has_spare: u8, pad: Pad<5>, ts: Nanos, lag_lines: u64, free_bytes: u64, pad2: Pad<24> } = 83,
    /// Our clock less the venue's.
    ClockMeasured { pad: Pad<6>, ts: Nanos, skew_ns: i64, pad2: Pad<32> } = 84,

    // ---- what a feed says of itself ------------------------------------------------------
    /// A frame gave no event; `total` counts this fault of this feed since the start.
    FrameRejected { feed: Feed, fault: FrameFault, pad: Pad<4>, ts: Nanos, total: u64, pad2: Pad<32> } = 90,
}

/// Which stages hear an event that a feed publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearers {
    /// `pricing` hears it.
    pub pricing: bool,
    /// `exec` hears it.
    pub exec: bool,
}

impl Event {
    /// The time of arrival, or of the decision.
    #[must_use]
    #[inline]
    pub fn ts(&self) -> Nanos {
        let bytes: &[u8] = self.as_bytes();
        let mut ts = [0u8; 8];
        ts.copy_from_slice(&bytes[8..16]);
        Nanos(u64::from_le_bytes(ts))
    }

    /// The event's number: the first two bytes.
    #[must_use]
    #[inline]
    pub fn number(&self) -> u16 {
        let bytes = self.as_bytes();
        u16::from_le_bytes([bytes[0], bytes[1]])
    }

    /// The 56 bytes of the ring and of the journal.
    #[must_use]
    #[inline]
    pub fn to_bytes(&self) -> [u8; EVENT_BYTES] {
        let mut bytes = [0u8; EVENT_BYTES];
        bytes.copy_from_slice(self.as_bytes());
        bytes
    }

    /// Reads an event; `None` for an unknown number, a word that is not in its list, or padding that is not zero.
    #[must_use]
    #[inline]
    pub fn from_bytes(bytes: &[u8; EVENT_BYTES]) -> Option<Event> {
        Event::try_read_from_bytes(bytes).ok()
    }

    /// Who hears this event when a feed publishes it: the one table of routes.
    #[must_use]
    pub const fn hearers(&self) -> Hearers {
        match self {
            Event::SeriesTerms { .. }
            | Event::GridDefined { .. }
            | Event::EventNamed { .. }
            | Event::MarketNamed { .. }
            | Event::MarketTerms { .. }
            | Event::Lifecycle { .. }
            | Event::FeedChanged { .. } => Hearers { pricing: true, exec: true },
            Event::BookBegin { .. }
            | Event::BookLevel { .. }
            | Event::BookEnd { .. }
            | Event::BookInvalid { .. }
            | Event::Trade { .. }
            | Event::IndexTick { .. }
            | Event::SpotTrade { .. }
            | Event::SpotQuote { .. }
            | Event::Candle { .. }
            | Event::Funding { .. } => Hearers { pricing: true, exec: false },
            Event::FillTrade { .. }
            | Event::Fill { .. }
            | Event::OrderIds { .. }
            | Event::OrderUpdate { .. }
            | Event::Balance { .. }
            | Event::PositionTold { .. }
            | Event::AccountWalked { .. } => Hearers { pricing: false, exec: true },
            Event::RunStarted { .. }
            | Event::Timer { .. }
            | Event::StateHash { .. }
            | Event::Operator { .. }
            | Event::ModelChunk { .. }
            | Event::ModelActivate { .. }
            | Event::EvalBasis { .. }
            | Event::EvalLeg { .. }
            | Event::OpinionBasis { .. }
            | Event::Opinion { .. }
            | Event::OrderSized { .. }
            | Event::OrderIntent { .. }
            | Event::CancelIntent { .. }
            | Event::Refused { .. }
            | Event::Posting { .. }
            | Event::PositionSettled { .. }
            | Event::ReconcileWanted { .. }
            | Event::OrderReleased { .. }
            | Event::JournalHealth { .. }
            | Event::ClockMeasured { .. }
            | Event::OrderAccepted { .. }
            | Event::OrderRejected { .. }
            | Event::OrderUnknown { .. }
            | Event::CancelAccepted { .. }
            | Event::CancelRejected { .. }
            | Event::CancelUnknown { .. }
            | Event::FrameRejected { .. } => Hearers { pricing: false, exec: false },
        }
    }
}
