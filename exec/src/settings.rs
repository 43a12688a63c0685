//! Every number the stage judges by. Integers, units in the names; the shell fills them from `config/`.

#[cfg(feature = "planted")]
use crate::plant::Plant;
use crate::stage::LIVE_MAX;
use trader_journal::event::TimeInForce;
use trader_journal::fee::Precision;
use trader_journal::units::{Count, Money, Nanos};

/// Which promise the daily loss limit makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DailyLossRule {
    /// Never exceeded: no order whose worst case could take the day below the limit.
    Cap,
    /// No new order once the realised loss has reached the limit; what is open may still lose.
    Stop,
}

/// How the account is held against the venue's lists, and what proves that an order never was.
///
/// A create is POSTed once; when its outcome is not known it counts at full size until two whole
/// walks through the venue's orders and fills, that began `apart_ns_min` apart, do not show it. They
/// count when they were asked for and cover everything `request_deadline_ns` and `read_margin_ns`
/// after it was sent: by then it has arrived or never will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// Between two readings of the account.
    pub every_ns: u64,
    /// Oldest whole reading with which an order is sent.
    pub age_ns_max: u64,
    /// Least time between two readings, and between the two that prove an absence.
    pub apart_ns_min: u64,
    /// A reading that did not come to its end is asked for again after this.
    pub retry_ns: u64,
    /// The longest a request may be on its way.
    pub request_deadline_ns: u64,
    /// The farthest the venue's clock and ours may be apart.
    pub skew_ns_max: u64,
    /// How much later than an event the lists must be for it to be in them without doubt.
    pub read_margin_ns: u64,
    /// Lists are read from this long before the oldest thing that matters.
    pub lookback_ns: u64,
    /// Readings in a row in which the venue's position is not ours before it is a stranger's doing.
    pub position_reads: u8,
}

impl Default for Reconciliation {
    fn default() -> Reconciliation {
        Reconciliation {
            every_ns: 30 * Nanos::SECOND,
            age_ns_max: 90 * Nanos::SECOND,
            apart_ns_min: 2 * Nanos::SECOND,
            retry_ns: 10 * Nanos::SECOND,
            request_deadline_ns: 10 * Nanos::SECOND,
            skew_ns_max: Nanos::SECOND,
            read_margin_ns: 5 * Nanos::SECOND,
            lookback_ns: 120 * Nanos::SECOND,
            position_reads: 3,
        }
    }
}

/// The settings of [`Exec`](crate::Exec). `Default` is what `config/default.toml` says, without
/// anybody to ask for the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What a Kelly fraction is taken of; never the account's balance.
    pub bankroll: Money,
    /// Most one market may lose.
    pub position_max: Money,
    /// Most all markets of one close time may lose together.
    pub close_exposure_max: Money,
    /// Most everything may lose together.
    pub exposure_max: Money,
    /// Most one day may lose, in the sense of `daily_loss_rule`.
    pub daily_loss_max: Money,
    /// What `daily_loss_max` promises.
    pub daily_loss_rule: DailyLossRule,
    /// The limit's day starts this long after midnight UTC, in ns.
    pub day_starts_ns: u64,
    /// Farthest a limit price may be from fair value, in $0.000001 per contract.
    pub collar: Money,
    /// Largest single order.
    pub order_count_max: Count,
    /// Most a single order may cost, fees included.
    pub order_cost_max: Money,
    /// Smallest order.
    pub order_count_min: Count,
    /// Orders are whole multiples of this.
    pub count_step: Count,
    /// No new order nearer to the close than this.
    pub near_close_ns_min: u64,
    /// Oldest opinion that is acted on.
    pub opinion_age_ns_max: u64,
    /// Oldest book an opinion may be built on.
    pub book_age_ns_max: u64,
    /// Oldest index tick an opinion may be built on, where there is one.
    pub index_age_ns_max: u64,
    /// Oldest spot tick an opinion may be built on, where there is one.
    pub source_age_ns_max: u64,
    /// Most orders in any second.
    pub orders_per_second_max: u32,
    /// Most orders in any minute.
    pub orders_per_minute_max: u32,
    /// Most orders of one close time.
    pub orders_per_window_max: u32,
    /// Most orders alive at once; at most [`LIVE_MAX`](crate::LIVE_MAX), whatever is asked for.
    pub orders_live_max: u32,
    /// Most orders of one market that are alike in side, price and count.
    pub orders_identical_max: u32,
    /// Most trades (orders with a fill) of one market in one UTC hour.
    pub trades_per_hour_max: u32,
    /// Most trades of one market in one day.
    pub trades_per_day_max: u32,
    /// How long a taker's order lives; a maker's always rests.
    pub time_in_force: TimeInForce,
    /// Resting orders are cancelled this long before the close.
    pub cancel_before_close_ns: u64,
    /// Resting orders expire at the venue by themselves this long before the close.
    pub expiry_before_close_ns: u64,
    /// A cancel that failed is repeated after this.
    pub cancel_retry_ns: u64,
    /// Most cancels said for one order.
    pub cancels_max: u32,
    /// Silence after everything was cancelled.
    pub quiet_after_cancel_all_ns: u64,
    /// What the account's balance is rounded to.
    pub fee_precision: Precision,
    /// Fills of one order for which a rounding is reserved.
    pub fills_per_order_max: u32,
    /// How the account is reconciled; `None` where nobody can be asked, as in a backtest.
    pub reconcile: Option<Reconciliation>,
    /// Most lines the journal may be behind when an order is sent.
    pub journal_lag_lines_max: u64,
    /// Farthest our clock may be from the venue's when an order is sent.
    pub clock_skew_ns_max: u64,
    /// The venue's shard whose cash is ours to trade with.
    pub shard: u8,
    /// Markets known at once.
    pub markets: usize,
    /// Venue events known at once.
    pub events: usize,
    /// Series known at once.
    pub series: usize,
    /// Orders known at once, the remembered ones included.
    pub orders: usize,
    /// Trade identifiers remembered until their market is final.
    pub trades: usize,
    /// The fault to commit, for tests of what must find it.
    #[cfg(feature = "planted")]
    pub plant: Option<Plant>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            bankroll: Money(150_000_000),
            position_max: Money(50_000_000),
            close_exposure_max: Money(75_000_000),
            exposure_max: Money(150_000_000),
            daily_loss_max: Money(50_000_000),
            daily_loss_rule: DailyLossRule::Stop,
            day_starts_ns: 0,
            collar: Money(150_000),
            order_count_max: Count(50_000),
            order_cost_max: Money(50_000_000),
            order_count_min: Count(100),
            count_step: Count(100),
            near_close_ns_min: 90 * Nanos::SECOND,
            opinion_age_ns_max: Nanos::SECOND,
            book_age_ns_max: 2 * Nanos::SECOND,
            index_age_ns_max: 3 * Nanos::SECOND,
            source_age_ns_max: 2 * Nanos::SECOND,
            orders_per_second_max: 5,
            orders_per_minute_max: 30,
            orders_per_window_max: 10,
            orders_live_max: 10,
            orders_identical_max: 3,
            trades_per_hour_max: 1,
            trades_per_day_max: 3,
            time_in_force: TimeInForce::ImmediateOrCancel,
            cancel_before_close_ns: 60 * Nanos::SECOND,
            expiry_before_close_ns: 45 * Nanos::SECOND,
            cancel_retry_ns: Nanos::SECOND,
            cancels_max: 5,
            quiet_after_cancel_all_ns: 60 * Nanos::SECOND,
            fee_precision: Precision::Centicent,
            fills_per_order_max: 100,
            reconcile: None,
            journal_lag_lines_max: 65_536,
            clock_skew_ns_max: Nanos::SECOND,
            shard: 2,
            markets: 128,
            events: 64,
            series: 16,
            orders: 512,
            trades: 4096,
            #[cfg(feature = "planted")]
            plant: None,
        }
    }
}

impl Settings {
    /// Limits that the stage's own tables can keep.
    pub(crate) fn within_our_means(self) -> Settings {
        let orders_live_max = self.orders_live_max.min(LIVE_MAX);
        let settings = Settings { orders_live_max, ..self };
        #[cfg(feature = "planted")]
        let settings = crate::plant::without_limit(settings);
        settings
    }
}
