//! The small closed lists events are made of. Numbers are written to disk: append, never reuse.

use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// A byte that can only be zero, so that padding is refused when it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, TryFromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(u8)]
pub enum Zero {
    /// The only value.
    #[default]
    Zero = 0,
}

/// `N` bytes of padding that are checked on reading.
pub type Pad<const N: usize> = [Zero; N];

/// `N` bytes of padding.
#[must_use]
pub const fn pad<const N: usize>() -> Pad<N> {
    [Zero::Zero; N]
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TryFromBytes, IntoBytes, KnownLayout, Immutable)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number,)+ }

        impl $name {
            /// Every value, in number order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word people read, in reports and JSON.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }
    };
}

words! {
    /// What the run is for. Stages never branch on it; readers label what they show with it.
    Mode {
        /// The mock exchange, synthetic market.
        Sim = 0 "sim",
        /// Real feeds, no orders.
        Observe = 1 "observe",
        /// Real feeds, the venue in place of the gateway.
        Paper = 2 "paper",
        /// Real money.
        Live = 3 "live",
        /// Candles with simulated makers, in process.
        Exercise = 4 "exercise",
        /// Recorded quotes, in process.
        Backtest = 5 "backtest",
    }
}

words! {
    /// How a series is traded.
    SeriesMode {
        /// Listed, never traded.
        Ignored = 0 "ignored",
        /// One up/down market per event (KXBTC15M).
        Digital = 1 "digital",
        /// Range brackets (KXBTC).
        Bracket = 2 "bracket",
        /// Above / below thresholds (KXBTCD).
        Threshold = 3 "threshold",
    }
}

words! {
    /// How a market's outcome compares the settlement value with its strikes.
    StrikeKind {
        /// Not told yet: no fair value, no trade.
        Unknown = 0 "unknown",
        /// YES if value > floor.
        Greater = 1 "greater",
        /// YES if value ≥ floor.
        GreaterOrEqual = 2 "greater_or_equal",
        /// YES if value < cap.
        Less = 3 "less",
        /// YES if value ≤ cap.
        LessOrEqual = 4 "less_or_equal",
        /// YES if floor ≤ value ≤ cap.
        Between = 5 "between",
        /// A rule this program does not price (functional, custom, structured).
        Unpriced = 6 "unpriced",
    }
}

words! {
    /// What happened to a market.
    LifecycleKind {
        /// Listed, not open yet.
        Created = 0 "created",
        /// Open for orders.
        Opened = 1 "opened",
        /// Trading stopped for now; the venue cancels resting orders when it resumes.
        Deactivated = 2 "deactivated",
        /// Trading resumed.
        Activated = 3 "activated",
        /// The close moved; `close` holds the new one.
        CloseMoved = 4 "close_moved",
        /// No more orders.
        Closed = 5 "closed",
        /// The result is known, not yet paid.
        Determined = 6 "determined",
        /// Under dispute: still risk.
        Disputed = 7 "disputed",
        /// The result was replaced.
        Amended = 8 "amended",
        /// Paid: the market is final.
        Finalized = 9 "finalized",
    }
}

words! {
    /// A market's result.
    Outcome {
        /// Not known.
        Open = 0 "open",
        /// YES pays $1.
        Yes = 1 "yes",
        /// NO pays $1.
        No = 2 "no",
        /// YES pays the settlement value, NO the rest.
        Scalar = 3 "scalar",
        /// Everything is refunded at cost.
        Void = 4 "void",
    }
}

words! {
    /// One source of market data.
    Feed {
        /// The venue's WebSocket and scouts.
        Kalshi = 0 "kalshi",
        /// Binance spot.
        BinanceSpot = 1 "binance_spot",
        /// Binance USD-M perpetual.
        BinancePerp = 2 "binance_perp",
        /// The settlement index, relayed by the venue.
        Index = 3 "index",
    }
}

words! {
    /// The state of a feed's connection.
    FeedState {
        /// Not connected; nothing of it may be traded on.
        Down = 0 "down",
        /// Connected, subscriptions not confirmed.
        Connecting = 1 "connecting",
        /// Live.
        Up = 2 "up",
    }
}

words! {
    /// Why a book was thrown away.
    BookFault {
        /// A sequence number was skipped, repeated or went back.
        Gap = 0 "gap",
        /// A level would have gone below zero.
        Negative = 1 "negative",
        /// Best bid at or above best ask.
        Crossed = 2 "crossed",
        /// A price or size the venue cannot have.
        Illegal = 3 "illegal",
        /// The connection was lost: new connection, new book.
        Disconnected = 4 "disconnected",
        /// The venue ended the subscription.
        Unsubscribed = 5 "unsubscribed",
    }
}

words! {
    /// Why a frame gave no event.
    FrameFault {
        /// Not the JSON this decoder knows.
        Malformed = 0 "malformed",
        /// A field that must be there is missing.
        MissingField = 1 "missing_field",
        /// A field of the wrong type or outside its range.
        BadField = 2 "bad_field",
        /// A kind of message nobody asked for.
        UnknownKind = 3 "unknown_kind",
        /// A market that is not watched.
        UnknownMarket = 4 "unknown_market",
        /// A subscription that is not ours.
        UnknownSubscription = 5 "unknown_subscription",
        /// More than a table holds.
        TooMany = 6 "too_many",
        /// The venue reported an error.
        VenueError = 7 "venue_error",
        /// The frame is longer than a frame may be.
        TooLong = 8 "too_long",
        /// The book it belongs to is invalid until its snapshot comes.
        BookInvalid = 9 "book_invalid",
    }
}

words! {
    /// A candle's length.
    Interval {
        /// One minute.
        Minute = 0 "1m",
        /// Fifteen minutes.
        Quarter = 1 "15m",
    }
}

words! {
    /// How long an order lives.
    TimeInForce {
        /// Fill what crosses, cancel the rest.
        ImmediateOrCancel = 0 "immediate_or_cancel",
        /// Fill all or nothing.
        FillOrKill = 1 "fill_or_kill",
        /// Rest until cancelled, expired or closed.
        GoodTillCanceled = 2 "good_till_canceled",
    }
}

words! {
    /// What the venue does when our order meets our own resting order.
    SelfTrade {
        /// Cancel the incoming order.
        TakerAtCross = 0 "taker_at_cross",
        /// Cancel the resting order and go on.
        Maker = 1 "maker",
    }
}

words! {
    /// An order's state as the venue tells it.
    OrderStatus {
        /// In the book.
        Resting = 0 "resting",
        /// Gone with something unfilled.
        Canceled = 1 "canceled",
        /// Gone, filled whole.
        Executed = 2 "executed",
    }
}

words! {
    /// Why a create or a cancel was refused: by the venue, or by our own gateway.
    RejectReason {
        /// The market does not take orders now.
        MarketInactive = 0 "market_inactive",
        /// Price off the grid or out of range.
        InvalidPrice = 1 "invalid_price",
        /// Count out of range or of the wrong form.
        InvalidCount = 2 "invalid_order_size",
        /// Not enough money on the shard.
        InsufficientBalance = 3 "insufficient_balance",
        /// Post-only order would cross.
        PostOnlyCross = 4 "post_only_cross",
        /// Fill-or-kill could not fill.
        FillOrKill = 5 "fill_or_kill_insufficient_resting_volume",
        /// An order with this client id exists: look it up, adopt if equal.
        DuplicateClientId = 6 "order_already_exists",
        /// Unknown market.
        MarketNotFound = 7 "market_not_found",
        /// Unknown or dead order.
        OrderNotFound = 8 "not_found",
        /// Trading paused.
        TradingPaused = 9 "trading_is_paused",
        /// Exchange paused.
        ExchangePaused = 10 "exchange_is_paused",
        /// Too many requests.
        RateLimited = 11 "too_many_requests",
        /// Key, signature or clock refused.
        Unauthorized = 12 "unauthorized",
        /// The expiration is not in the future, or not allowed with this order.
        InvalidExpiration = 13 "invalid_expiration",
        /// Any other definite refusal.
        Other = 14 "other",
        /// It never left: no connection was free in time.
        NotSent = 15 "not_sent",
    }
}

words! {
    /// Why the outcome of a command is not known.
    UnknownReason {
        /// No reply within the deadline.
        Timeout = 0 "timeout",
        /// The connection ended before the reply.
        Disconnected = 1 "disconnected",
        /// A 5xx or 408.
        ServerError = 2 "server_error",
        /// A reply that does not name the order.
        Unreadable = 3 "unreadable",
        /// A conflict this program cannot tell apart.
        Conflict = 4 "conflict",
        /// The process ended between intent and reply.
        Restart = 5 "restart",
    }
}

words! {
    /// Why an order left the book.
    UpdateReason {
        /// Not told.
        None = 0 "none",
        /// A trade.
        Trade = 1 "Trade",
        /// Cancelled by its owner.
        Cancel = 2 "Cancel",
        /// Expiration reached.
        ExpiryCancel = 3 "ExpiryCancel",
        /// The market closed.
        CloseCancel = 4 "CloseCancel",
        /// The market was halted.
        HaltCancel = 5 "HaltCancel",
        /// Met our own order.
        SelfTradeCancel = 6 "SelfTradeCancel",
        /// Post-only would have crossed.
        PostOnlyCrossCancel = 7 "PostOnlyCrossCancel",
        /// Reduced by its owner.
        Decrease = 8 "Decrease",
        /// Amended by its owner.
        Amend = 9 "Amend",
        /// Any other reason.
        Other = 10 "other",
    }
}

words! {
    /// Why we cancel an order.
    CancelReason {
        /// Its market closes soon.
        NearClose = 0 "near_close",
        /// A person asked.
        Operator = 1 "operator",
        /// Kill switch.
        Kill = 2 "kill",
        /// Data went stale or invalid.
        Stale = 3 "stale",
        /// A newer opinion replaced it.
        Replaced = 4 "replaced",
    }
}

words! {
    /// Which style an opinion asks for.
    Style {
        /// Take what rests.
        Taker = 0 "taker",
        /// Rest, post-only.
        Maker = 1 "maker",
    }
}

words! {
    /// An operator's verb.
    OperatorVerb {
        /// No new opening orders.
        Pause = 0 "pause",
        /// Undo a pause.
        Resume = 1 "resume",
        /// Cancel everything of ours.
        CancelAll = 2 "cancel_all",
        /// Cancel everything and stay stopped until a person clears it.
        Kill = 3 "kill",
        /// Clear a kill.
        Clear = 4 "clear",
    }
}

words! {
    /// What set an order's size.
    SizedBy {
        /// Kelly fraction of the bankroll.
        Kelly = 0 "kelly",
        /// Depth at the limit.
        Depth = 1 "depth",
        /// Position limit of the market.
        Position = 2 "position",
        /// Exposure limit of the close time.
        CloseExposure = 3 "close_exposure",
        /// Total exposure limit.
        Exposure = 4 "exposure",
        /// Daily loss cap.
        DailyLoss = 5 "daily_loss",
        /// Cash on the shard.
        Balance = 6 "balance",
        /// Largest single order.
        OrderSize = 7 "order_size",
    }
}

words! {
    /// The gate that stopped an evaluation or an order; `Sent` when none did.
    ///
    /// Order is the order in which gates are asked: the first refusal is the one told.
    Gate {
        /// Nothing stopped it.
        Sent = 0 "sent",
        /// The market has no strike yet.
        StrikeUnknown = 1 "strike_unknown",
        /// Strike sources disagree.
        StrikeDisagrees = 2 "strike_disagrees",
        /// The volatility model lacks history.
        VolWarmup = 3 "vol_warmup",
        /// Too many missing minutes.
        VolGaps = 4 "vol_gaps",
        /// No book, or an invalid one.
        BookInvalid = 5 "book_invalid",
        /// Book older than allowed.
        BookStale = 6 "book_stale",
        /// One side of the book is empty.
        BookOneSided = 7 "book_one_sided",
        /// Index older than allowed, or never heard.
        IndexStale = 8 "index_stale",
        /// Spot source older than allowed, or never heard.
        SourceStale = 9 "source_stale",
        /// Too soon after the open.
        TooSoonAfterOpen = 10 "too_soon_after_open",
        /// The centre bracket is not watched.
        CentreUnwatched = 11 "centre_unwatched",
        /// The previous window is neither determined nor counted.
        PreviousOpen = 12 "previous_open",
        /// Too near the strike for the index error.
        NearStrike = 13 "near_strike",
        /// Model and market disagree more than our own feed deserves trust.
        Disagreement = 14 "disagreement",
        /// Gross edge below the minimum.
        EdgeGross = 15 "edge_gross",
        /// Net edge below the minimum.
        EdgeNet = 16 "edge_net",
        /// No depth at the limit.
        NoDepth = 17 "no_depth",
        /// The model lately scored worse than the market's mid.
        ModelBehindMarket = 18 "model_behind_market",
        /// The evaluation window passed before the data gates opened.
        WindowMissed = 19 "window_missed",
        /// Kelly or a limit leaves less than the smallest order.
        SizeZero = 20 "size_zero",
        /// Paused by a person.
        Paused = 21 "paused",
        /// Killed: sticky until a person clears it.
        Killed = 22 "killed",
        /// An order of unknown outcome is open in this market.
        UnknownOrder = 23 "unknown_order",
        /// This event was already traded or evaluated.
        Duplicate = 24 "duplicate",
        /// One trade per ticker and hour.
        HourlyTrades = 25 "hourly_trades",
        /// Three trades per ticker and day.
        DailyTrades = 26 "daily_trades",
        /// Too near the close.
        NearClose = 27 "near_close",
        /// Position limit of the market.
        PositionLimit = 28 "position_limit",
        /// Exposure limit of the close time.
        CloseExposureLimit = 29 "close_exposure_limit",
        /// Total exposure limit.
        ExposureLimit = 30 "exposure_limit",
        /// Daily loss.
        DailyLoss = 31 "daily_loss",
        /// Not enough cash on the shard.
        Balance = 32 "balance",
        /// Price outside the collar around fair value.
        Collar = 33 "collar",
        /// Order larger than allowed.
        FatSize = 34 "fat_size",
        /// Too many orders in the rate window.
        OrderRate = 35 "order_rate",
        /// Too many live orders.
        LiveOrders = 36 "live_orders",
        /// Too many identical orders.
        Identical = 37 "identical",
        /// The opinion is older than allowed.
        OpinionStale = 38 "opinion_stale",
        /// The market is not open.
        MarketNotOpen = 39 "market_not_open",
        /// Reconciliation older than allowed.
        ReconcileStale = 40 "reconcile_stale",
        /// Journal behind, or short of space.
        Journal = 41 "journal",
        /// Clock skew above the limit.
        ClockSkew = 42 "clock_skew",
        /// The price grid or fee of the market is not known.
        TermsUnknown = 43 "terms_unknown",
        /// The exact fee at the final size eats the edge.
        FeeAtSize = 44 "fee_at_size",
        /// Somebody else trades on this account: stopped until a person resumes.
        ForeignActivity = 45 "foreign_activity",
        /// The venue's reports contradict each other: stopped until a person resumes.
        Contradiction = 46 "contradiction",
    }
}

words! {
    /// An account of the double-entry ledger.
    Account {
        /// Cash on the trading shard.
        Cash = 0 "cash",
        /// What open positions cost.
        Positions = 1 "positions",
        /// Trading fees paid.
        Fees = 2 "fees",
        /// Realised result of settled and closed positions.
        Result = 3 "result",
        /// Deposits, withdrawals and transfers between shards.
        External = 4 "external",
    }
}

words! {
    /// A list of the account that is read page by page.
    AccountList {
        /// Orders of every status.
        Orders = 0 "orders",
        /// Fills.
        Fills = 1 "fills",
        /// What is held of each market.
        Positions = 2 "positions",
        /// Markets that were paid.
        Settlements = 3 "settlements",
    }
}

words! {
    /// Why the account is to be read now.
    ReconcileReason {
        /// The time for it has come.
        Routine = 0 "routine",
        /// The program started: nothing is sent before the account was read.
        Start = 1 "start",
        /// Nobody knows whether an order exists.
        UnknownOrder = 2 "unknown_order",
        /// A fill of an order whose identifier is not known.
        UnlinkedFill = 3 "unlinked_fill",
        /// The venue's position is not ours.
        PositionDiffers = 4 "position_differs",
        /// The venue spoke of a fill that was not heard.
        FillMissing = 5 "fill_missing",
    }
}
