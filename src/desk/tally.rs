//! What a run came to, counted from what its stages heard and said.

use super::follow::{Told, read_all};
use super::is_told_by;
use super::memory::{Fading, Seen};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use trader_journal::event::{Agent, ClientId, EvalId, Event, EventId, Gate, LifecycleKind, MarketId, Uuid};
use trader_journal::log::{Damage, Origin};
use trader_journal::units::{Count, Money};

/// One evaluation on its way to its verdict. Two agents tell of it, and what became of it may
/// stand in the journal before the evaluation itself.
#[derive(Clone, Copy, Debug, Default)]
struct Evaluated {
    /// What pricing said of the event; `None` until it did.
    gate: Option<Gate>,
    /// The first thing exec refused of it.
    refused: Option<Gate>,
    sent: bool,
}

impl Evaluated {
    /// The first refusal, exec's included; `Sent` when an order left.
    fn verdict(&self) -> Option<Gate> {
        match (self.gate?, self.sent, self.refused) {
            (_, true, _) => Some(Gate::Sent),
            (Gate::Sent, false, Some(refused)) => Some(refused),
            (gate, false, _) => Some(gate),
        }
    }
}

/// Evaluations of which more may be told: what becomes of one is told within its window.
const EVALUATIONS_MAX: usize = 4096;

/// The counts of a run.
#[derive(Debug, Default)]
pub struct Tally {
    /// The last ones, of which more may be told; those before are counted.
    evaluations: BTreeMap<EvalId, Evaluated>,
    closed: BTreeMap<Gate, u64>,
    events_of: Fading<MarketId, EventId>,
    settled: BTreeSet<EventId>,
    /// The venue's orders with a fill.
    filled: Seen<Uuid>,
    orders: Seen<ClientId>,
    /// The trade whose second half follows, and those that were counted: stream and list tell of each.
    trade: Uuid,
    trades: Seen<Uuid>,
    contracts: Count,
    fees: Money,
    result: Money,
    events: u64,
}

impl Tally {
    /// Counts a finished journal.
    ///
    /// # Errors
    /// [`Damage`] of the journal.
    pub fn of_journal(dir: &Path) -> Result<Tally, Damage> {
        let mut tally = Tally::default();
        read_all(dir, &mut |told| tally.see(told))?;
        Ok(tally)
    }

    /// Counts one entry of a journal.
    pub fn see(&mut self, told: &Told<'_>) {
        if let Told::Event { agent, origin, event, .. } = told {
            self.note(*agent, *origin, event);
        }
    }

    /// Counts one event that `agent` heard or said; what two agents hear is counted at one of them.
    pub fn note(&mut self, agent: Agent, origin: Origin, event: &Event) {
        self.events += 1;
        if !is_told_by(agent, origin, event) {
            return;
        }
        match *event {
            Event::EvalBasis { gate, eval, .. } => self.evaluated(eval).gate = Some(gate),
            Event::Refused { gate, eval, .. } => {
                self.evaluated(eval).refused.get_or_insert(gate);
            }
            Event::OrderIntent { client, eval, .. } => {
                self.orders.insert(client);
                self.evaluated(eval).sent = true;
            }
            Event::MarketNamed { market, event, .. } => {
                self.events_of.insert(market, event);
            }
            Event::Lifecycle { kind: LifecycleKind::Finalized, market, .. } => {
                self.settled.extend(self.events_of.get(&market));
                self.events_of.finish(market);
            }
            Event::FillTrade { trade, .. } => self.trade = trade,
            Event::Fill { order, count, fee, .. } => self.note_fill(order, count, fee),
            Event::PositionSettled { payout, cost, fees, .. } => {
                self.result.0 += payout.0 - cost.0 - fees.0;
            }
            _ => {}
        }
    }

    fn evaluated(&mut self, eval: EvalId) -> &mut Evaluated {
        if self.evaluations.len() > EVALUATIONS_MAX
            && let Some((_, oldest)) = self.evaluations.pop_first()
            && let Some(verdict) = oldest.verdict()
        {
            *self.closed.entry(verdict).or_insert(0) += 1;
        }
        self.evaluations.entry(eval).or_default()
    }

    fn note_fill(&mut self, order: Uuid, count: Count, fee: Money) {
        if !self.trades.insert(self.trade) {
            return;
        }
        self.filled.insert(order);
        self.contracts.0 += count.0;
        self.fees.0 += fee.0;
    }

    /// Evaluations by their verdict: one per event close.
    #[must_use]
    pub fn evaluations_by_gate(&self) -> BTreeMap<Gate, u64> {
        let mut counts = self.closed.clone();
        for verdict in self.evaluations.values().filter_map(Evaluated::verdict) {
            *counts.entry(verdict).or_insert(0) += 1;
        }
        counts
    }

    /// All evaluations.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        let open = self.evaluations.values().filter(|evaluated| evaluated.gate.is_some()).count() as u64;
        open + self.closed.values().sum::<u64>()
    }

    /// Events in the journal, as often as they stand in it; records are not counted.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Venue events whose markets were paid.
    #[must_use]
    pub fn events_settled(&self) -> u64 {
        self.settled.len() as u64
    }

    /// Orders that left.
    #[must_use]
    pub fn orders_sent(&self) -> u64 {
        self.orders.count()
    }

    /// Orders with at least one fill.
    #[must_use]
    pub fn orders_filled(&self) -> u64 {
        self.filled.count()
    }

    /// Contracts filled.
    #[must_use]
    pub const fn contracts(&self) -> Count {
        self.contracts
    }

    /// Fees the venue charged.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// Payouts less costs and fees of the positions that were settled.
    #[must_use]
    pub const fn result(&self) -> Money {
        self.result
    }
}
