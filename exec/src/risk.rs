//! The one gate before an order: every limit, in one function, on one screen.

use crate::account::Standing;
use crate::exposure::{Corners, Cost, scaled};
use crate::money::{add, sub};
use crate::settings::{DailyLossRule, Settings};
use trader_journal::book::Side;
use trader_journal::event::{EvalId, Gate, PROB_ONE, SizedBy, Style};
use trader_journal::units::{Count, Money, Nanos, Price};

/// An opinion with what it was built on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opinion {
    pub eval: EvalId,
    pub side: Side,
    pub style: Style,
    pub limit: Price,
    pub q_yes_e9: u32,
    pub fraction_e9: u32,
    pub depth_cap: Count,
    pub edge_gross_min: i32,
    pub edge_net_min: i32,
    pub ts: Nanos,
    pub book_ts: Nanos,
    /// Zero where there is no index.
    pub index_ts: Nanos,
    /// Zero where there is no spot source.
    pub source_ts: Nanos,
}

/// All that is judged besides the opinion. Losses are of live and unknown orders at full size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub now: Nanos,
    /// `None` while the market's terms are not known; otherwise what a contract costs at the limit.
    pub cost: Option<Cost>,
    pub is_on_grid: bool,
    pub is_open: bool,
    pub close: Nanos,
    pub last_eval: EvalId,
    pub is_paused: bool,
    pub is_killed: bool,
    /// A stranger's trade or a contradiction, if one stopped us.
    pub stopped_by: Option<Gate>,
    pub unknown_orders: u32,
    /// Orders of this market with a fill, or that may still get one.
    pub trades_in_hour: u32,
    pub trades_in_day: u32,
    pub sent_in_second: u32,
    pub sent_in_minute: u32,
    pub sent_in_window: u32,
    pub live_orders: u32,
    pub tables_have_room: bool,
    /// How far account, journal and clock can be relied on.
    pub standing: Standing,
    /// This market's losses over its life, and the at-risk sums of the others.
    pub market: Corners,
    pub close_others: Money,
    pub total_others: Money,
    /// The losses still to come, here and elsewhere.
    pub open: Corners,
    pub open_others: Money,
    pub day_result: Money,
    /// Cash on the shard less what live orders may take.
    pub available: Money,
}

/// A size that is allowed, and what the limits look like with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub count: Count,
    pub by: SizedBy,
    pub cost: Cost,
    pub kelly: Count,
    pub market_loss: Money,
    pub close_loss: Money,
    pub total_loss: Money,
}

/// The first gate that is shut. Ages in ns, money in $0.000001, contracts in 0.01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub gate: Gate,
    pub needed: i64,
    pub had: i64,
}

/// The largest size every limit allows, or the first refusal. `alike` counts this market's orders
/// of the same side, limit and the given size.
pub(crate) fn judge(
    limits: &Settings,
    facts: &Facts,
    opinion: &Opinion,
    alike: impl Fn(Count) -> u32,
) -> Result<Grant, Refusal> {
    let cost = facts.cost.ok_or(Refusal { gate: Gate::TermsUnknown, needed: 1, had: 0 })?;
    let age = |ts| ns(facts.now.since(ts));
    at_most(Gate::BookStale, ns(limits.book_age_ns_max), age(opinion.book_ts))?;
    at_most(Gate::IndexStale, ns(limits.index_age_ns_max), opinion.index_age(facts.now))?;
    at_most(Gate::SourceStale, ns(limits.source_age_ns_max), opinion.source_age(facts.now))?;
    at_most(Gate::Paused, 0, i64::from(facts.is_paused))?;
    at_most(Gate::Killed, 0, i64::from(facts.is_killed))?;
    facts.stopped_by.map_or(Ok(()), |gate| at_most(gate, 0, 1))?;
    at_most(Gate::UnknownOrder, 0, i64::from(facts.unknown_orders))?;
    at_least(Gate::Duplicate, i64::from(facts.last_eval.0) + 1, i64::from(opinion.eval.0))?;
    one_more(Gate::HourlyTrades, limits.trades_per_hour_max, facts.trades_in_hour)?;
    one_more(Gate::DailyTrades, limits.trades_per_day_max, facts.trades_in_day)?;
    at_least(Gate::NearClose, ns(limits.near_close_ns_min), ns(facts.close.since(facts.now)))?;
    at_most(Gate::Collar, limits.collar.0, opinion.off_fair_value())?;
    at_least(Gate::Collar, 1, i64::from(facts.is_on_grid))?;
    one_more(Gate::OrderRate, limits.orders_per_second_max, facts.sent_in_second)?;
    one_more(Gate::OrderRate, limits.orders_per_minute_max, facts.sent_in_minute)?;
    one_more(Gate::OrderRate, limits.orders_per_window_max, facts.sent_in_window)?;
    one_more(Gate::LiveOrders, limits.orders_live_max, facts.live_orders)?;
    at_least(Gate::LiveOrders, 1, i64::from(facts.tables_have_room))?;
    at_most(Gate::OpinionStale, ns(limits.opinion_age_ns_max), age(opinion.ts))?;
    at_least(Gate::MarketNotOpen, 1, i64::from(facts.is_open))?;
    facts.standing.judge(limits)?;
    at_least(Gate::DailyLoss, limits.day_floor(), facts.day_result.0)?;

    let (count, by, kelly) = size(limits, facts, opinion, &cost)?;
    one_more(Gate::Identical, limits.orders_identical_max, alike(count))?;
    let spent = cost.of(count);
    let market_loss = facts.market.with(opinion.side, spent, count).at_risk();
    let close_loss = add(facts.close_others, market_loss);
    let total_loss = add(facts.total_others, market_loss);
    let open_loss = add(facts.open_others, facts.open.with(opinion.side, spent, count).at_risk());
    at_most(Gate::PositionLimit, limits.position_max.0, market_loss.0)?;
    at_most(Gate::CloseExposureLimit, limits.close_exposure_max.0, close_loss.0)?;
    at_most(Gate::ExposureLimit, limits.exposure_max.0, total_loss.0)?;
    at_most(Gate::DailyLoss, limits.day_room(facts.day_result).0, open_loss.0)?;
    at_most(Gate::Balance, facts.available.0, spent.0)?;
    let gross = opinion.edge_gross_e9().div_euclid(1000);
    at_least(Gate::EdgeGross, i64::from(opinion.edge_gross_min), gross)?;
    let net = gross.saturating_sub(cost.fee_per_contract(count));
    at_least(Gate::FeeAtSize, i64::from(opinion.edge_net_min), net)?;
    Ok(Grant { count, by, cost, kelly, market_loss, close_loss, total_loss })
}

/// What each limit leaves, in the order told when several leave the same; the least is the size.
fn size(limits: &Settings, facts: &Facts, opinion: &Opinion, cost: &Cost) -> Result<(Count, SizedBy, Count), Refusal> {
    let stake = Money(scaled(limits.bankroll.0, i64::from(opinion.fraction_e9), i64::from(PROB_ONE)));
    let lost = facts.market.when_lost(opinion.side);
    let room = |limit: Money, others: Money| sub(sub(limit, others), lost);
    let day_room = sub(limits.day_room(facts.day_result), facts.open_others);
    let kelly = Room::Contracts(cost.contracts(stake));
    let caps = [
        (SizedBy::Kelly, Gate::SizeZero, kelly),
        (SizedBy::Depth, Gate::NoDepth, Room::Contracts(opinion.depth_cap)),
        (SizedBy::Position, Gate::PositionLimit, Room::Money(room(limits.position_max, Money::ZERO))),
        (
            SizedBy::CloseExposure,
            Gate::CloseExposureLimit,
            Room::Money(room(limits.close_exposure_max, facts.close_others)),
        ),
        (SizedBy::Exposure, Gate::ExposureLimit, Room::Money(room(limits.exposure_max, facts.total_others))),
        (SizedBy::DailyLoss, Gate::DailyLoss, Room::Money(sub(day_room, facts.open.when_lost(opinion.side)))),
        (SizedBy::Balance, Gate::Balance, Room::Money(facts.available)),
        (SizedBy::OrderSize, Gate::FatSize, Room::Money(limits.order_cost_max)),
        (SizedBy::OrderSize, Gate::FatSize, Room::Contracts(limits.order_count_max)),
    ];
    let mut tightest = (Count(i64::MAX), caps[0]);
    for cap in caps {
        let count = cap.2.count(cost);
        if count < tightest.0 {
            tightest = (count, cap);
        }
    }
    let (most, (by, gate, room)) = tightest;
    let most = most.0.max(0);
    let count = Count(most - most % limits.count_step.0.max(1));
    let smallest = limits.order_count_min.max(Count(1));
    if count < smallest {
        return Err(room.refusal(gate, smallest, cost));
    }
    Ok((count, by, kelly.count(cost)))
}

/// What a limit leaves, in its own unit.
#[derive(Clone, Copy, Debug)]
enum Room {
    Contracts(Count),
    Money(Money),
}

impl Room {
    fn count(self, cost: &Cost) -> Count {
        match self {
            Room::Contracts(count) => count,
            Room::Money(budget) => cost.affordable(budget),
        }
    }

    fn refusal(self, gate: Gate, smallest: Count, cost: &Cost) -> Refusal {
        match self {
            Room::Contracts(count) => Refusal { gate, needed: smallest.0, had: count.0 },
            Room::Money(budget) => Refusal { gate, needed: cost.of(smallest).0, had: budget.0 },
        }
    }
}

impl Standing {
    /// The account was read lately and whole, the journal keeps up, the clock is the venue's.
    fn judge(&self, limits: &Settings) -> Result<(), Refusal> {
        let age_ns_max = limits.reconcile.map_or(u64::MAX, |rules| rules.age_ns_max);
        at_most(Gate::ReconcileStale, ns(age_ns_max), ns(self.age_ns))?;
        at_most(Gate::Journal, ns(limits.journal_lag_lines_max), ns(self.lag_lines))?;
        at_least(Gate::Journal, 1, i64::from(self.has_spare))?;
        at_most(Gate::ClockSkew, ns(limits.clock_skew_ns_max), ns(self.skew_ns))
    }
}

impl Opinion {
    /// Of an index that there is.
    fn index_age(&self, now: Nanos) -> i64 {
        if self.index_ts.0 == 0 { 0 } else { ns(now.since(self.index_ts)) }
    }

    /// Of a source that there is; without an index there must be one.
    fn source_age(&self, now: Nanos) -> i64 {
        let rests_on_index = self.source_ts.0 == 0 && self.index_ts.0 != 0;
        if rests_on_index { 0 } else { ns(now.since(self.source_ts)) }
    }

    /// How far the limit is from what the contract is thought to be worth, per contract, rounded up.
    fn off_fair_value(&self) -> i64 {
        (self.edge_gross_e9().abs() + 999) / 1000
    }

    /// `q − price` of the side bought, in $1e-9 a contract.
    fn edge_gross_e9(&self) -> i64 {
        let edge_of_yes = i64::from(self.q_yes_e9) - i64::from(self.limit.0) * 100_000;
        match self.side {
            Side::Bid => edge_of_yes,
            Side::Ask => -edge_of_yes,
        }
    }
}

impl Settings {
    /// The day's result below which nothing new is sent.
    fn day_floor(&self) -> i64 {
        match self.daily_loss_rule {
            DailyLossRule::Cap => i64::MIN,
            // Reached is enough.
            DailyLossRule::Stop => self.daily_loss_max.0.saturating_neg().saturating_add(1),
        }
    }

    /// What may still be lost of what is open. A day's gain adds nothing: the day may turn while
    /// positions are open, and the loss would be the next day's.
    fn day_room(&self, day_result: Money) -> Money {
        match self.daily_loss_rule {
            DailyLossRule::Cap => add(self.daily_loss_max, day_result.min(Money::ZERO)),
            DailyLossRule::Stop => Money(i64::MAX),
        }
    }
}

fn ns(span: u64) -> i64 {
    i64::try_from(span).unwrap_or(i64::MAX)
}

fn at_most(gate: Gate, needed: i64, had: i64) -> Result<(), Refusal> {
    if had > needed { Err(Refusal { gate, needed, had }) } else { Ok(()) }
}

fn at_least(gate: Gate, needed: i64, had: i64) -> Result<(), Refusal> {
    if had < needed { Err(Refusal { gate, needed, had }) } else { Ok(()) }
}

fn one_more(gate: Gate, most: u32, had: u32) -> Result<(), Refusal> {
    if had >= most { Err(Refusal { gate, needed: i64::from(most), had: i64::from(had) }) } else { Ok(()) }
}
