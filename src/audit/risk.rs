//! The limits at every prefix: J6.

use super::cash::dollars;
use super::finding::{Counts, Finding, Findings, Rule};
use super::holding::{Open, Worst};
use super::limits::{DailyRule, Limits};
use std::collections::BTreeMap;
use trader_journal::event::MarketId;
use trader_journal::log::Position;
use trader_journal::units::{Count, Money, Nanos};

/// Worst losses as they stand, and what the day has brought.
#[derive(Clone, Debug, Default)]
pub(super) struct Risk {
    markets: BTreeMap<MarketId, At>,
    /// Limits that are broken now: each is told when it breaks, not at every line after.
    broken: Vec<(&'static str, u64)>,
    /// Day since the epoch, and what was gained in it: pairs and settlements, fees paid.
    day: (u64, i128),
}

/// One market's worst loss; what a certain gain would free elsewhere does not count.
#[derive(Clone, Copy, Debug, Default)]
struct At {
    worst: Worst,
    close: Option<Nanos>,
}

/// The sums the limits are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) market: i128,
    pub(super) close: i128,
    pub(super) total: i128,
}

/// Where findings go, and whose line it is.
pub(super) struct Place<'a> {
    pub(super) at: Position,
    pub(super) found: &'a mut Findings,
}

impl Place<'_> {
    fn tell(&mut self, what: &'static str, value: (&'static str, i128), limit: impl ToString) {
        let finding = Finding::new(Rule::J6, what, Some(self.at)).with(value.0, dollars(value.1));
        self.found.push(finding.with("limit", limit));
    }
}

impl Risk {
    /// One market's worst is another now: checks the three limits that hold at every prefix.
    pub(super) fn market_changed(
        &mut self,
        id: MarketId,
        close: Option<Nanos>,
        worst: Worst,
        limits: &Limits,
        place: &mut Place,
    ) -> Sums {
        self.markets.insert(id, At { worst, close });
        let sums = self.sums(id);
        let close_key = close.map_or(u64::MAX - u64::from(id.0), |close| close.0);
        let checks = [
            ("limit_market", u64::from(id.0), sums.market, limits.position),
            ("limit_close", close_key, sums.close, limits.close_exposure),
            ("limit_total", 0, sums.total, limits.exposure),
        ];
        for (what, key, loss, limit) in checks {
            self.check((what, key), loss, limit, place);
        }
        if worst == Worst::default() {
            self.markets.remove(&id);
        }
        sums
    }

    fn sums(&self, id: MarketId) -> Sums {
        let this = self.markets.get(&id).copied().unwrap_or_default();
        let same_close = self.markets.values().filter(|at| at.close.is_some() && at.close == this.close);
        let close = if this.close.is_none() { this.worst.life } else { same_close.map(|at| at.worst.life).sum() };
        let total = self.markets.values().map(|at| at.worst.life).sum();
        Sums { market: this.worst.life, close, total }
    }

    fn check(&mut self, key: (&'static str, u64), loss: i128, limit: Money, place: &mut Place) {
        let is_broken = loss > i128::from(limit.0);
        let was_broken = self.broken.contains(&key);
        if is_broken && !was_broken {
            self.broken.push(key);
            place.tell(key.0, ("worst_loss", loss), limit);
        } else if !is_broken && was_broken {
            self.broken.retain(|other| *other != key);
        }
    }

    /// The day gained, or lost when negative.
    pub(super) fn gained(&mut self, ts: Nanos, amount: i128, limits: &Limits) {
        self.turn(ts, limits);
        self.day.1 += amount;
    }

    /// What the day brought so far.
    pub(super) fn day_result(&mut self, ts: Nanos, limits: &Limits) -> i128 {
        self.turn(ts, limits);
        self.day.1
    }

    fn turn(&mut self, ts: Nanos, limits: &Limits) {
        const DAY_S: u64 = 86_400;
        let day = ts.seconds().saturating_sub(limits.day_starts_s) / DAY_S;
        if day != self.day.0 {
            self.day = (day, 0);
        }
    }

    /// The daily limit, asked at an opening order with the order in the sums.
    pub(super) fn check_day(&mut self, ts: Nanos, rule: DailyRule, limits: &Limits, place: &mut Place) {
        let realised = self.day_result(ts, limits);
        let limit = i128::from(limits.daily_loss.0);
        let to_come: i128 = self.markets.values().map(|at| at.worst.to_come).sum();
        match rule {
            DailyRule::Cap if realised - to_come < -limit => {
                place.tell("limit_day_cap", ("worst_day", realised - to_come), limits.daily_loss);
            }
            DailyRule::Stop | DailyRule::Auto if realised <= -limit => {
                place.tell("limit_day_stop", ("realised", realised), limits.daily_loss);
            }
            DailyRule::Cap | DailyRule::Stop | DailyRule::Auto => {}
        }
    }

    /// One order against the limits of a single order.
    pub(super) fn check_order(&self, order: &Open, limits: &Limits, place: &mut Place) {
        if let Some(most) = limits.order_count
            && order.count > i128::from(most.0)
        {
            let count = Count(i64::try_from(order.count).unwrap_or(i64::MAX));
            let large = Finding::new(Rule::J6, "limit_order_count", Some(place.at)).with("count", count);
            place.found.push(large.with("limit", most));
        }
        let cost = order.cost(limits.fee_precision);
        if let Some(most) = limits.order_cost
            && cost > i128::from(most.0)
        {
            place.tell("limit_order_cost", ("cost", cost), most);
        }
    }

    /// What execution said an order would make the worst losses, against what they are.
    pub(super) fn check_said(&self, said: Sums, own: Sums, place: &mut Place, counts: &mut Counts) {
        counts.one("sizes_compared");
        let pairs = [
            ("said_market_loss", said.market, own.market),
            ("said_close_loss", said.close, own.close),
            ("said_total_loss", said.total, own.total),
        ];
        for (what, said, own) in pairs {
            if said < own {
                let low = Finding::new(Rule::J6, what, Some(place.at)).with("said", dollars(said));
                place.found.push(low.with("worst_loss", dollars(own)));
            }
        }
    }
}
