//! The stage: one event in, what follows from it out.

use crate::account::Account;
use crate::control::{Control, Purse};
use crate::ledger::{Ledger, Note};
use crate::life::{Report, State};
use crate::market::{Markets, Verdict};
use crate::order::Orders;
use crate::position::Position;
use crate::report::{Heads, TradesSeen, Unlinked};
use crate::settings::Settings;
use alloc::vec::Vec;
use trader_journal::event::{ClientId, Event, MarketId};
use trader_journal::hash::StateHash;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::{Money, Nanos};

/// Most orders that can be alive at once, whatever the settings say.
pub const LIVE_MAX: u32 = 64;

/// Fills kept until their order's identifier is told.
pub(crate) const UNLINKED_MAX: usize = 16;

/// What one fill may say at the worst: it closes, opens, pays a fee, and is settled at once.
pub(crate) const FILL_SAYS_MAX: usize = 8;

/// What went through the stage and what did not fit together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Orders said.
    pub intents: u64,
    /// Opinions refused.
    pub refused: u64,
    /// Fills applied.
    pub fills: u64,
    /// Fills heard again.
    pub fills_again: u64,
    /// Fills and updates of orders that are not ours: a second hand on the account.
    pub foreign: u64,
    /// Replies about orders that are not known.
    pub strays: u64,
    /// Reports that contradict what the venue said before.
    pub contradictions: u64,
    /// Fills beyond an order's size.
    pub overfills: u64,
    /// Orders with fills the venue spoke of and never told.
    pub fills_missed: u64,
    /// Values no venue can mean; nothing was done with them.
    pub nonsense: u64,
    /// Names that found no room.
    pub no_room: u64,
}

/// Who we are in this epoch, and the last order's number.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    pub epoch: u32,
    pub nonce: u32,
    pub seq: u64,
}

impl Run {
    pub(crate) const fn next(&mut self) -> ClientId {
        self.seq += 1;
        ClientId { epoch: self.epoch, nonce: self.nonce, seq: self.seq }
    }
}

/// The last orders' times: as many as the rate limits look back on.
#[derive(Debug)]
pub(crate) struct Recent {
    times: Vec<Nanos>,
    capacity: usize,
}

impl Recent {
    fn new(settings: &Settings) -> Recent {
        let most = settings.orders_per_second_max.max(settings.orders_per_minute_max).max(1);
        Recent { times: Vec::with_capacity(most as usize), capacity: most as usize }
    }

    pub(crate) fn add(&mut self, now: Nanos) {
        if self.times.len() == self.capacity {
            self.times.remove(0);
        }
        self.times.push(now);
    }

    /// Orders of the last `span` ns.
    pub(crate) fn within(&self, span: u64, now: Nanos) -> u32 {
        self.times.iter().filter(|time| now.since(**time) < span).count() as u32
    }
}

/// The execution stage.
#[derive(Debug)]
pub struct Exec {
    pub(crate) settings: Settings,
    /// The latest time heard: rings are not ordered among each other.
    pub(crate) now: Nanos,
    pub(crate) run: Run,
    pub(crate) markets: Markets,
    pub(crate) orders: Orders,
    pub(crate) ledger: Ledger,
    pub(crate) purse: Purse,
    pub(crate) control: Control,
    pub(crate) account: Account,
    pub(crate) recent: Recent,
    pub(crate) heads: Heads,
    pub(crate) trades: TradesSeen,
    pub(crate) unlinked: Vec<Unlinked>,
    pub(crate) counts: Counts,
    deadline: Nanos,
}

impl Exec {
    /// A stage that knows nothing yet; all its memory is taken here.
    #[must_use]
    pub fn new(settings: Settings) -> Exec {
        let settings = settings.within_our_means();
        Exec {
            settings,
            now: Nanos(0),
            run: Run::default(),
            markets: Markets::new(settings.markets, settings.events, settings.series),
            orders: Orders::new(settings.orders),
            ledger: Ledger::new(settings.day_starts_ns),
            purse: Purse::default(),
            control: Control::default(),
            account: Account::default(),
            recent: Recent::new(&settings),
            heads: Heads::default(),
            trades: TradesSeen::new(settings.trades),
            unlinked: Vec::with_capacity(UNLINKED_MAX),
            counts: Counts::default(),
            deadline: Nanos::NEVER,
        }
    }

    /// The accounts.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What was counted.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What is held of a market; nothing of one that is not known.
    #[must_use]
    pub fn position(&self, market: MarketId) -> Position {
        self.markets.get(market).map_or_else(Position::default, |market| market.position)
    }

    /// Where an order is; `None` for one that is not ours, or forgotten with its market.
    #[must_use]
    pub fn order_state(&self, client: ClientId) -> Option<State> {
        self.orders.find(client, trader_journal::event::Uuid::NONE).map(|at| self.orders.get(at).state)
    }

    /// The worst loss of all markets that are not final, live and unknown orders at full size.
    #[must_use]
    pub fn exposure(&self) -> Money {
        self.sum_at_risk(|_| true).life
    }

    pub(crate) fn note(&self, market: MarketId, reference: u64) -> Note {
        Note { market, ts: self.now, reference }
    }

    fn hear(&mut self, event: &Event, out: &mut Outbox) {
        match event {
            Event::RunStarted { epoch, nonce, .. } => self.start_run(*epoch, *nonce),
            Event::Timer { .. } => self.cancel_before_close(),
            Event::JournalHealth { lag_lines, has_spare, .. } => self.hear_health(*lag_lines, *has_spare != 0),
            Event::ClockMeasured { skew_ns, .. } => self.hear_skew(*skew_ns),
            Event::Operator { verb, .. } => self.obey(*verb),
            Event::FeedChanged { feed, state, .. } => self.hear_feed(*feed, *state),
            Event::SeriesTerms { .. } => self.learn_series(event),
            Event::GridDefined { .. } => self.learn_grid(event),
            Event::EventNamed { event, series, .. } => self.markets.learn_event(*event, *series),
            Event::MarketNamed { .. } => self.learn_market(event),
            Event::MarketTerms { .. } => self.learn_terms(event),
            Event::Lifecycle { kind, outcome, market, close, value, .. } => {
                self.turn(*market, *kind, *close);
                self.hear_verdict(*market, *kind, Verdict { outcome: *outcome, value: *value }, out);
            }
            Event::OpinionBasis { .. } => self.hear_basis(event),
            Event::Opinion { .. } => self.hear_opinion(event, out),
            Event::OrderAccepted { .. } => self.hear_accepted(event, out),
            Event::OrderRejected { client, reason, .. } => self.hear_rejected(*client, *reason),
            Event::OrderUnknown { client, .. } => self.hear_of(*client, Report::Lost),
            Event::CancelAccepted { client, order, reduced, .. } => self.hear_canceled(*client, *order, *reduced),
            Event::CancelRejected { client, reason, .. } => self.hear_cancel_rejected(*client, *reason),
            Event::CancelUnknown { client, .. } => self.hear_of(*client, Report::CancelLost),
            Event::OrderIds { .. } => self.hear_ids(event),
            Event::OrderUpdate { .. } => self.hear_update(event, out),
            Event::FillTrade { .. } => self.hear_trade(event),
            Event::Fill { .. } => self.hear_fill(event, out),
            Event::Balance { shard, available, as_of, .. } => self.hear_balance(*shard, *available, *as_of, out),
            Event::PositionTold { market, position, as_of, .. } => self.hear_position(*market, *position, *as_of),
            Event::AccountWalked { .. } => self.hear_walked(event, out),
            Event::StateHash { .. }
            | Event::BookBegin { .. }
            | Event::BookLevel { .. }
            | Event::BookEnd { .. }
            | Event::BookInvalid { .. }
            | Event::Trade { .. }
            | Event::IndexTick { .. }
            | Event::SpotTrade { .. }
            | Event::SpotQuote { .. }
            | Event::Candle { .. }
            | Event::Funding { .. }
            | Event::ModelChunk { .. }
            | Event::ModelActivate { .. }
            | Event::EvalBasis { .. }
            | Event::EvalLeg { .. }
            | Event::OrderSized { .. }
            | Event::OrderIntent { .. }
            | Event::CancelIntent { .. }
            | Event::Refused { .. }
            | Event::Posting { .. }
            | Event::PositionSettled { .. }
            | Event::ReconcileWanted { .. }
            | Event::OrderReleased { .. }
            | Event::FrameRejected { .. } => {}
        }
    }
}

impl Stage for Exec {
    // Either every live order is cancelled or proven absent, or every waiting fill finds its order; what
    // would be more (markets paid together) waits for the next event.
    const SAYS_MAX: usize = LIVE_MAX as usize + (UNLINKED_MAX + 1) * FILL_SAYS_MAX + 4 + 1;

    fn on(&mut self, event: &Event, out: &mut Outbox) {
        self.now = self.now.max(event.ts());
        self.ledger.turn_day(self.now);
        self.hear(event, out);
        self.disown_orphans();
        self.pay(out);
        self.say_cancels(out);
        self.say_reconcile(out);
        self.deadline = self.earliest_deadline();
    }

    fn next_deadline(&self) -> Nanos {
        self.deadline
    }

    fn state_hash(&self) -> u64 {
        let mut hash = StateHash::EMPTY;
        let run = u64::from(self.run.epoch) << 32 | u64::from(self.run.nonce);
        [self.now.0, run, self.run.seq].into_iter().for_each(|word| hash.mix(word));
        self.recent.times.iter().for_each(|time| hash.mix(time.0));
        self.markets.mix(&mut hash);
        self.orders.mix(&mut hash);
        self.ledger.mix(&mut hash);
        self.purse.mix(&mut hash);
        self.control.mix(&mut hash);
        self.account.mix(&mut hash);
        self.heads.mix(&mut hash);
        self.trades.mix(&mut hash);
        self.unlinked.iter().for_each(|fill| fill.mix(&mut hash));
        hash.value()
    }
}
