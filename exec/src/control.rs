//! What comes from outside the trading: people, the clock, connections, the account's balance.

use crate::market::Market;
use crate::money::sub;
use crate::order::Order;
use crate::stage::{Exec, FILL_SAYS_MAX, Run};
use trader_journal::event::{CancelReason, Event, Feed, FeedState, Gate, MarketId, OperatorVerb, pad};
use trader_journal::hash::StateHash;
use trader_journal::stage::Outbox;
use trader_journal::units::{Money, Nanos};

/// What people decided.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Control {
    pub is_paused: bool,
    /// What stopped it by itself, until a person resumes.
    pub stopped_by: Option<Gate>,
    /// Sticky: only a person clears it.
    pub is_killed: bool,
    /// Silence after everything was cancelled.
    pub quiet_until: Nanos,
}

impl Control {
    pub(crate) fn is_quiet(&self, now: Nanos) -> bool {
        self.is_paused || now < self.quiet_until
    }

    /// Stops by itself; the first reason is the one told.
    pub(crate) fn stop(&mut self, gate: Gate) {
        self.stopped_by = self.stopped_by.or(Some(gate));
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        hash.mix(u64::from(self.is_paused) << 1 | u64::from(self.is_killed));
        hash.mix(self.stopped_by.map_or(u64::MAX, |gate| gate as u64));
        hash.mix(self.quiet_until.0);
    }
}

/// What the venue tells of the account's cash, against what the ledger says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Purse {
    is_known: bool,
    /// What the venue last said is missing: not to be spent until it is explained.
    pub shortfall: Money,
    /// A difference seen once.
    suspected: Money,
    /// When it was first read.
    suspected_at: Nanos,
    /// Our last own movement: what was read before says nothing.
    moved: Nanos,
}

impl Purse {
    pub(crate) fn cash_moved(&mut self, now: Nanos) {
        self.moved = now;
        self.suspected = Money::ZERO;
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        hash.mix(u64::from(self.is_known));
        [self.shortfall, self.suspected].iter().for_each(|amount| hash.mix(amount.0 as u64));
        hash.mix(self.suspected_at.0);
        hash.mix(self.moved.0);
    }
}

impl Exec {
    /// A new epoch: what was on its way when the last one ended is unknown now.
    pub(crate) fn start_run(&mut self, epoch: u32, nonce: u32) {
        self.run = Run { epoch, nonce, seq: 0 };
        for order in self.orders.iter_mut() {
            order.hear(crate::life::Report::Restarted);
        }
        self.start_account();
    }

    // ---- people ------------------------------------------------------------------------------

    pub(crate) fn obey(&mut self, verb: OperatorVerb) {
        match verb {
            OperatorVerb::Pause => self.control.is_paused = true,
            OperatorVerb::Resume => {
                self.control.is_paused = false;
                self.control.stopped_by = None;
                self.accept_positions();
            }
            OperatorVerb::CancelAll => self.cancel_all(CancelReason::Operator),
            OperatorVerb::Kill => self.kill(),
            OperatorVerb::Clear => self.control.is_killed = false,
        }
    }

    /// Stays stopped until a person clears it.
    pub(crate) fn kill(&mut self) {
        self.control.is_killed = true;
        self.cancel_all(CancelReason::Kill);
    }

    fn cancel_all(&mut self, reason: CancelReason) {
        self.control.quiet_until = self.now.plus(self.settings.quiet_after_cancel_all_ns);
        self.orders.iter_mut().filter(|order| !order.state.is_over()).for_each(|order| order.want_cancel(reason));
    }

    // ---- connections -------------------------------------------------------------------------

    /// What rests on data that no longer comes is taken back.
    pub(crate) fn hear_feed(&mut self, feed: Feed, state: FeedState) {
        let is_needed = match feed {
            Feed::Kalshi | Feed::BinanceSpot | Feed::Index => true,
            Feed::BinancePerp => false,
        };
        if is_needed && state == FeedState::Down {
            let resting = self.orders.iter_mut().filter(|order| order.rests() && !order.state.is_over());
            resting.for_each(|order| order.want_cancel(CancelReason::Stale));
        }
    }

    // ---- the clock ---------------------------------------------------------------------------

    /// Nothing of ours rests into a close.
    pub(crate) fn cancel_before_close(&mut self) {
        let (now, margin) = (self.now, self.settings.cancel_before_close_ns);
        let markets = &self.markets;
        let due = self.orders.iter_mut().filter(|order| {
            let close = markets.get(order.market).map_or(Nanos::NEVER, |market| market.close);
            order.rests() && !order.state.is_over() && close.minus(margin) <= now
        });
        due.for_each(|order| order.want_cancel(CancelReason::NearClose));
    }

    /// Says every cancel that is wanted, can be said, and is not waiting for its next try.
    pub(crate) fn say_cancels(&mut self, out: &mut Outbox) {
        let (now, settings) = (self.now, self.settings);
        for order in self.orders.iter_mut() {
            let Some(reason) = order.cancel else { continue };
            let is_due = order.cancel_due(settings.cancel_retry_ns, settings.cancels_max) <= now;
            if !is_due || out.room() <= FILL_SAYS_MAX {
                continue;
            }
            order.hear(crate::life::Report::CancelSaid);
            order.cancels_said += 1;
            order.cancel_said_at = now;
            let Order { market, client, order, .. } = *order;
            out.push(Event::CancelIntent { reason, pad: pad(), market, ts: now, client, order, pad2: pad() });
        }
    }

    /// When a cancel is due, or a resting order comes too near its close.
    pub(crate) fn earliest_deadline(&self) -> Nanos {
        let Exec { settings, markets, .. } = self;
        let reading = self.next_reading();
        let deadline = |order: &Order| match order.cancel {
            Some(_) => order.cancel_due(settings.cancel_retry_ns, settings.cancels_max),
            None if order.rests() => {
                let market: Option<&Market> = markets.get(order.market);
                market.map_or(Nanos::NEVER, |market| market.close.minus(settings.cancel_before_close_ns))
            }
            None => Nanos::NEVER,
        };
        let unpaid = self.markets.iter().any(|market| market.final_at.0 != 0 && self.has_every_fill(market));
        let payment = if unpaid { self.now } else { Nanos::NEVER };
        self.orders.live().map(deadline).min().unwrap_or(Nanos::NEVER).min(reading).min(payment)
    }

    // ---- the account -------------------------------------------------------------------------

    /// The first balance opens the ledger. Later ones are compared when nothing of ours is on its
    /// way: what is missing is not spent from then on, and a difference seen twice is booked as
    /// cash that came or went without us. Nothing new is sent then until a person resumes: a fill
    /// that was never told looks the same.
    pub(crate) fn hear_balance(&mut self, shard: u8, available: Money, as_of: Nanos, out: &mut Outbox) {
        if shard != self.settings.shard {
            return;
        }
        self.read_balance();
        if !self.purse.is_known {
            self.purse.is_known = true;
            return self.book_external(available, out);
        }
        if as_of < self.purse.moved || self.orders.iter().any(|order| order.cost_at_risk() != Money::ZERO) {
            return;
        }
        let difference = sub(available, self.ledger.cash());
        self.purse.shortfall = sub(Money::ZERO, difference).max(Money::ZERO);
        let margin = self.settings.reconcile.map_or(0, |rules| rules.read_margin_ns);
        let is_again = difference != Money::ZERO && difference == self.purse.suspected;
        if is_again && as_of < self.purse.suspected_at.plus(margin) {
            // Read twice within a moment: the lists may be behind the cash.
            return;
        }
        if is_again {
            self.purse.shortfall = Money::ZERO;
            self.purse.suspected = Money::ZERO;
            self.control.stop(Gate::ForeignActivity);
            return self.book_external(difference, out);
        }
        self.purse.suspected = difference;
        self.purse.suspected_at = as_of;
    }

    fn book_external(&mut self, change: Money, out: &mut Outbox) {
        let note = self.note(MarketId::default(), 0);
        self.ledger.book_external(change, &note, out);
    }
}

impl Order {
    /// When its cancel is to be said: at once, again after a while when it was refused, never
    /// before the venue has told the order's identifier.
    fn cancel_due(&self, retry_ns: u64, said_max: u32) -> Nanos {
        match self.cancel {
            Some(_) if self.state.is_cancelable() && self.cancels_said == 0 => Nanos(0),
            Some(_) if self.state.is_cancelable() && self.cancels_said < said_max => self.cancel_said_at.plus(retry_ns),
            Some(_) | None => Nanos::NEVER,
        }
    }
}
