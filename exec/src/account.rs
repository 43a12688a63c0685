//! The account as the venue lists it, against what is believed here: what proves an absence, what
//! stops, and when the lists are to be read again.
//!
//! A reading ("round") is every list walked once and the cash, asked for by
//! [`Event::ReconcileWanted`]. Its first question is how far the read side has come, so that whatever
//! the walks show is at least as new as `as_of`.

use crate::life::{Report, State};
use crate::market::Market;
use crate::order::Order;
use crate::settings::Reconciliation;
use crate::stage::{Exec, FILL_SAYS_MAX};
use trader_journal::event::{AccountList, Event, Gate, MarketId, ReconcileReason, pad};
use trader_journal::hash::StateHash;
use trader_journal::stage::Outbox;
use trader_journal::units::{Count, Nanos};

/// Readings in a row for a reason, before they are as rare as those for none.
const EAGER_MAX: u32 = 15;

/// The last whole walk through one list.
#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    as_of: Nanos,
    asked: Nanos,
    since: Nanos,
}

/// What was read of the account, and what is to be read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    walks: [Walk; AccountList::ALL.len()],
    balance_at: Nanos,
    /// When this epoch began.
    started: Nanos,
    /// Lists need not be read from before this: our first epoch.
    began: Nanos,
    /// Up to here every order and fill was told.
    covered: Nanos,
    /// When a reading was last asked for; zero: never in this epoch.
    asked_at: Nanos,
    /// Readings asked for in a row with a reason.
    eager: u32,
    /// Number of the walk through the positions that is under way.
    position_walk: u32,
    health: Health,
}

/// How the program itself is.
#[derive(Clone, Copy, Debug, Default)]
struct Health {
    lag_lines: u64,
    lacks_spare: bool,
    skew_ns: i64,
}

/// What the one gate asks of all this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Since the oldest list of the last whole reading was true, ns; the largest number before one.
    pub age_ns: u64,
    pub lag_lines: u64,
    pub has_spare: bool,
    pub skew_ns: u64,
}

impl Account {
    fn start(&mut self, now: Nanos, margin_ns: u64) {
        let is_first = self.began.0 == 0;
        let began = if is_first { now.minus(margin_ns) } else { self.began };
        let covered = if is_first { now } else { self.covered };
        let Account { position_walk, health, .. } = *self;
        *self = Account { started: now, began, covered, position_walk, health, ..Account::default() };
    }

    const fn walk(&self, list: AccountList) -> &Walk {
        &self.walks[list as usize]
    }

    /// Whether everything was read once, all of it asked for after `from`.
    fn is_whole_since(&self, from: Nanos) -> bool {
        from.0 != 0 && self.balance_at >= from && self.walks.iter().all(|walk| walk.asked >= from)
    }

    pub(crate) fn standing(&self, rules: Option<&Reconciliation>, now: Nanos) -> Standing {
        let orders = self.walk(AccountList::Orders);
        let age_ns = match rules {
            None => 0,
            Some(_) if self.is_whole_since(self.started) => now.since(orders.as_of.min(orders.asked)),
            Some(_) => u64::MAX,
        };
        let Health { lag_lines, lacks_spare, skew_ns } = self.health;
        Standing { age_ns, lag_lines, has_spare: !lacks_spare, skew_ns: skew_ns.unsigned_abs() }
    }

    /// Whether every fill of a market that was final at `at` has been told. Where one may be missing
    /// the list must be later than the market's end.
    pub(crate) fn has_fills_until(&self, at: Nanos, is_unsure: bool, rules: Option<&Reconciliation>) -> bool {
        let Some(rules) = rules else { return true };
        let fills = self.walk(AccountList::Fills);
        fills.asked >= self.started && (!is_unsure || fills.as_of >= at.plus(rules.read_margin_ns))
    }

    /// The first half of the proof that `order` never was: lists that would show it do not.
    fn would_show(&self, order: &Order, rules: &Reconciliation) -> bool {
        let arrived = order.sent.plus(rules.request_deadline_ns);
        [AccountList::Orders, AccountList::Fills].into_iter().all(|list| {
            let walk = self.walk(list);
            walk.asked > arrived.plus(rules.skew_ns_max)
                && walk.as_of >= arrived.plus(rules.read_margin_ns)
                && walk.since <= order.sent.minus(rules.read_margin_ns)
        })
    }

    /// An order that rests may arrive as long as the venue would take it.
    fn is_over_by_itself(&self, order: &Order, rules: &Reconciliation) -> bool {
        let expired =
            order.expires.0 != 0 && order.expires.plus(rules.skew_ns_max) < self.walk(AccountList::Orders).as_of;
        !order.rests() || expired
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        for walk in &self.walks {
            [walk.as_of, walk.asked, walk.since].into_iter().for_each(|time| hash.mix(time.0));
        }
        let times = [self.balance_at, self.started, self.began, self.covered, self.asked_at];
        times.into_iter().for_each(|time| hash.mix(time.0));
        hash.mix(u64::from(self.eager) << 32 | u64::from(self.position_walk));
        hash.mix(self.health.lag_lines << 1 | u64::from(self.health.lacks_spare));
        hash.mix(self.health.skew_ns as u64);
    }
}

impl Exec {
    pub(crate) fn start_account(&mut self) {
        let margin_ns = self.settings.reconcile.map_or(0, |rules| rules.read_margin_ns);
        self.account.start(self.now, margin_ns);
        self.orders.iter_mut().for_each(|order| order.missed_at = Nanos(0));
    }

    // ---- the program itself ------------------------------------------------------------------

    pub(crate) fn hear_health(&mut self, lag_lines: u64, has_spare: bool) {
        self.account.health.lag_lines = lag_lines;
        self.account.health.lacks_spare = !has_spare;
    }

    pub(crate) const fn hear_skew(&mut self, skew_ns: i64) {
        self.account.health.skew_ns = skew_ns;
    }

    // ---- the lists ---------------------------------------------------------------------------

    pub(crate) fn hear_walked(&mut self, event: &Event, out: &mut Outbox) {
        let Event::AccountWalked { list, as_of, asked, since, .. } = *event else { return };
        let Some(rules) = self.settings.reconcile else { return };
        self.account.walks[list as usize] = Walk { as_of, asked, since };
        match list {
            // Orders come before fills: those that are listed have their identifiers by now.
            AccountList::Fills => {
                self.cover();
                self.prove_absences(&rules, out);
            }
            AccountList::Positions => self.end_positions(as_of, &rules),
            AccountList::Orders | AccountList::Settlements => {}
        }
    }

    /// The cash is the last question of a reading.
    pub(crate) const fn read_balance(&mut self) {
        self.account.balance_at = self.now;
    }

    /// Both lists reach back to where the last ones ended: nothing between was left out.
    fn cover(&mut self) {
        let (orders, fills) = (self.account.walk(AccountList::Orders), self.account.walk(AccountList::Fills));
        let is_gapless = orders.since.max(fills.since) <= self.account.covered;
        if is_gapless {
            self.account.covered = self.account.covered.max(orders.as_of.min(fills.as_of));
        }
    }

    /// Releases the orders that two readings, far enough apart, would have shown and did not.
    fn prove_absences(&mut self, rules: &Reconciliation, out: &mut Outbox) {
        let (now, account) = (self.now, self.account);
        let asked = account.walk(AccountList::Orders).asked.min(account.walk(AccountList::Fills).asked);
        for order in self.orders.iter_mut().filter(|order| order.state == State::Unknown) {
            let is_claimed = self.unlinked.iter().any(|fill| fill.is_of(order.market));
            let is_missed = !is_claimed && account.is_over_by_itself(order, rules) && account.would_show(order, rules);
            #[cfg(feature = "planted")]
            let is_missed = is_missed || self.settings.plant == Some(crate::plant::Plant::ReleaseUnproven);
            if !is_missed || out.room() <= FILL_SAYS_MAX {
                continue;
            }
            let is_second = order.missed_at.0 != 0 && asked >= order.missed_at.plus(rules.apart_ns_min);
            #[cfg(feature = "planted")]
            let is_second = is_second || self.settings.plant == Some(crate::plant::Plant::ReleaseUnproven);
            if order.missed_at.0 == 0 {
                order.missed_at = now;
            }
            if is_second {
                order.hear(Report::NotFound);
                let as_of = account.walk(AccountList::Orders).as_of;
                let Order { market, client, sent, .. } = *order;
                out.push(Event::OrderReleased { pad: pad(), market, ts: now, client, sent, as_of, pad2: pad() });
            }
        }
    }

    // ---- positions ---------------------------------------------------------------------------

    pub(crate) fn hear_position(&mut self, market: MarketId, told: Count, as_of: Nanos) {
        let Some(rules) = self.settings.reconcile else { return };
        let walk = self.account.position_walk;
        if let Some(market) = self.markets.get_mut(market) {
            market.held.walk = walk;
            market.compare(told, as_of, &rules);
        }
        self.judge_positions(&rules);
    }

    /// What is not in the list is not held. A market that has closed leaves it when it is paid.
    fn end_positions(&mut self, as_of: Nanos, rules: &Reconciliation) {
        let walk = self.account.position_walk;
        let left_out = self.markets.iter_mut().filter(|market| market.held.walk != walk && market.close > as_of);
        left_out.for_each(|market| market.compare(Count::ZERO, as_of, rules));
        self.account.position_walk = walk.wrapping_add(1);
        self.judge_positions(rules);
    }

    fn judge_positions(&mut self, rules: &Reconciliation) {
        if self.markets.iter().any(|market| market.held.misses >= rules.position_reads) {
            self.control.stop(Gate::ForeignActivity);
        }
    }

    /// A person goes on: what differs now is known.
    pub(crate) fn accept_positions(&mut self) {
        self.markets.iter_mut().for_each(|market| market.held.accept());
    }

    // ---- when to read again ------------------------------------------------------------------

    /// Says that the account is to be read, when it is time.
    pub(crate) fn say_reconcile(&mut self, out: &mut Outbox) {
        let Some(rules) = self.settings.reconcile.filter(|_| self.run.epoch != 0) else { return };
        let reason = self.reason();
        if self.reading_due(&rules, reason) > self.now || out.room() == 0 {
            return;
        }
        let account = &mut self.account;
        account.eager = if reason.is_some() { account.eager.saturating_add(1) } else { 0 };
        account.asked_at = self.now;
        let reason = match reason {
            Some((reason, _)) => reason,
            None if account.is_whole_since(account.started) => ReconcileReason::Routine,
            None => ReconcileReason::Start,
        };
        let since = self.reading_since(&rules);
        out.push(Event::ReconcileWanted { reason, pad: pad(), ts: self.now, since, pad2: pad() });
    }

    /// When the account is next to be read.
    pub(crate) fn next_reading(&self) -> Nanos {
        let rules = self.settings.reconcile.filter(|_| self.run.epoch != 0);
        rules.map_or(Nanos::NEVER, |rules| self.reading_due(&rules, self.reason()))
    }

    fn reading_due(&self, rules: &Reconciliation, reason: Option<(ReconcileReason, Nanos)>) -> Nanos {
        let Account { asked_at, eager, .. } = self.account;
        if asked_at.0 == 0 {
            return self.now;
        }
        let routine = asked_at.plus(rules.every_ns);
        if !self.account.is_whole_since(asked_at) {
            return asked_at.plus(rules.retry_ns);
        }
        match reason {
            Some((_, from)) if eager < EAGER_MAX => from.max(self.reading_ended().plus(rules.apart_ns_min)),
            Some(_) | None => routine,
        }
    }

    /// When the last whole reading ended: its cash is its last answer.
    const fn reading_ended(&self) -> Nanos {
        self.account.balance_at
    }

    /// Why the account is to be read before it is time, and from when on.
    fn reason(&self) -> Option<(ReconcileReason, Nanos)> {
        let patience = self.settings.reconcile.map_or(0, |rules| rules.apart_ns_min);
        if self.orders.iter().any(|order| order.state == State::Unknown) {
            return Some((ReconcileReason::UnknownOrder, self.now));
        }
        if !self.unlinked.is_empty() {
            return Some((ReconcileReason::UnlinkedFill, self.now));
        }
        if self.markets.iter().any(|market| market.held.misses > 0) {
            return Some((ReconcileReason::PositionDiffers, self.now));
        }
        // The fill's own message is usually right behind.
        let lacking = self.orders.iter().filter(|order| order.lacks_fill()).map(|order| order.told_at.plus(patience));
        let unpaid = self.markets.iter().filter(|market| market.final_at.0 != 0).map(|market| market.final_at);
        lacking.chain(unpaid).min().map(|from| (ReconcileReason::FillMissing, from))
    }

    /// From where on lists are read: what was not covered yet, and the oldest order that is not over.
    fn reading_since(&self, rules: &Reconciliation) -> Nanos {
        let open = self.orders.iter().filter(|order| !order.state.is_over() || order.lacks_fill());
        let oldest = open.map(|order| order.sent).min().unwrap_or(Nanos::NEVER);
        self.account.covered.min(oldest).minus(rules.lookback_ns).max(self.account.began)
    }
}

impl Market {
    fn compare(&mut self, told: Count, as_of: Nanos, rules: &Reconciliation) {
        if self.settled.is_none() {
            let gap = Count(told.0.saturating_sub(self.position.net.0));
            self.held.compare(gap, as_of, rules.read_margin_ns);
        }
    }
}
