//! What a run came to, counted from what its stages heard and said.

use std::collections::{BTreeMap, BTreeSet};
use trader_journal::event::{ClientId, EvalId, Event, EventId, Gate, LifecycleKind, MarketId};
use trader_journal::units::{Count, Money};

/// One evaluation on its way to its verdict.
#[derive(Clone, Copy, Debug)]
struct Evaluated {
    /// What pricing said of the event.
    gate: Gate,
    /// The first thing exec refused of it.
    refused: Option<Gate>,
    sent: bool,
}

impl Evaluated {
    /// The first refusal, exec's included; `Sent` when an order left.
    fn verdict(&self) -> Gate {
        match (self.sent, self.gate, self.refused) {
            (true, ..) => Gate::Sent,
            (false, Gate::Sent, Some(refused)) => refused,
            (false, gate, _) => gate,
        }
    }
}

/// The counts of a run.
#[derive(Debug, Default)]
pub struct Tally {
    evaluations: BTreeMap<EvalId, Evaluated>,
    events_of: BTreeMap<MarketId, EventId>,
    settled: BTreeSet<EventId>,
    filled: BTreeSet<ClientId>,
    orders: BTreeSet<ClientId>,
    last_fill_of: ClientId,
    contracts: Count,
    fees: Money,
    result: Money,
}

impl Tally {
    /// Counts one event of the stream that says or hears it; each event is to be given once.
    pub fn note(&mut self, event: &Event) {
        match *event {
            Event::EvalBasis { gate, eval, .. } => {
                self.evaluations.insert(eval, Evaluated { gate, refused: None, sent: false });
            }
            Event::Refused { gate, eval, .. } => {
                if let Some(evaluated) = self.evaluations.get_mut(&eval) {
                    evaluated.refused.get_or_insert(gate);
                }
            }
            Event::OrderIntent { client, eval, .. } => {
                self.orders.insert(client);
                if let Some(evaluated) = self.evaluations.get_mut(&eval) {
                    evaluated.sent = true;
                }
            }
            Event::MarketNamed { market, event, .. } => {
                self.events_of.insert(market, event);
            }
            Event::Lifecycle { kind: LifecycleKind::Finalized, market, .. } => {
                self.settled.extend(self.events_of.get(&market));
            }
            Event::FillTrade { client, .. } => self.last_fill_of = client,
            Event::Fill { count, fee, .. } => self.note_fill(count, fee),
            Event::PositionSettled { payout, cost, fees, .. } => {
                self.result.0 += payout.0 - cost.0 - fees.0;
            }
            _ => {}
        }
    }

    fn note_fill(&mut self, count: Count, fee: Money) {
        self.filled.insert(self.last_fill_of);
        self.contracts.0 += count.0;
        self.fees.0 += fee.0;
    }

    /// Evaluations by their verdict: one per event close.
    #[must_use]
    pub fn evaluations_by_gate(&self) -> BTreeMap<Gate, u64> {
        let mut counts = BTreeMap::new();
        for evaluated in self.evaluations.values() {
            *counts.entry(evaluated.verdict()).or_insert(0) += 1;
        }
        counts
    }

    /// All evaluations.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations.len() as u64
    }

    /// Venue events whose markets were paid.
    #[must_use]
    pub fn events_settled(&self) -> u64 {
        self.settled.len() as u64
    }

    /// Orders that left.
    #[must_use]
    pub fn orders_sent(&self) -> u64 {
        self.orders.len() as u64
    }

    /// Orders with at least one fill.
    #[must_use]
    pub fn orders_filled(&self) -> u64 {
        self.filled.len() as u64
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
