//! Every order's life as the journal tells it: J3, J4 and J8.
//!
//! Not the line's state machine: a list of facts per order, and what may not be among them.

use super::finding::{Counts, Finding, Findings, Rule};
use super::holding::Open;
use super::names::{Names, Rates};
use super::proof::Walks;
use std::collections::BTreeMap;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, Event, MarketId, OrderStatus, RejectReason, TimeInForce, Uuid};
use trader_journal::log::Position;
use trader_journal::units::{Count, Money, Nanos, Price};

/// A create that nobody answered for this long was lost: the gateway's own deadline is shorter.
const ANSWER_NS_MAX: u64 = 60 * Nanos::SECOND;
/// What was told this near to the journal's end may still be on its way.
pub(super) const IN_FLIGHT_NS: u64 = 5 * Nanos::SECOND;

/// How a create was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    Rejected(RejectReason),
    Unknown,
}

/// How an order ended, as far as ends can contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Rejected,
    /// The answer left nothing open.
    Answered,
    Canceled,
    Executed,
    /// Proven never to have existed.
    Released,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            End::Rejected => "rejected",
            End::Answered => "answered",
            End::Canceled => "canceled",
            End::Executed => "executed",
            End::Released => "released",
        }
    }

    /// Whether two ends can be two words for one.
    const fn agrees(self, other: End) -> bool {
        matches!(
            (self, other),
            (End::Rejected, End::Rejected)
                | (End::Answered, End::Answered | End::Canceled | End::Executed)
                | (End::Canceled, End::Answered | End::Canceled)
                | (End::Executed, End::Answered | End::Executed)
                | (End::Released, End::Released)
        )
    }
}

/// One order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) position: Position,
    pub(super) ts: Nanos,
    pub(super) market: MarketId,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) count: i64,
    pub(super) time_in_force: TimeInForce,
    pub(super) expires: Nanos,
    post_only: bool,
    pub(super) answer: Option<(Answer, Position)>,
    pub(super) end: Option<(End, Position)>,
    /// Sum of the fills heard.
    pub(super) filled: i64,
    /// The most the venue said was filled, and when.
    told_filled: (i64, Nanos),
}

impl Order {
    /// What may still be filled: all that is not, until the end is known; then what was told and not heard.
    pub(super) fn outstanding(&self) -> i64 {
        match self.end {
            None => self.count.saturating_sub(self.filled).max(0),
            Some(_) => self.told_filled.0.saturating_sub(self.filled).max(0),
        }
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.end.is_none() && matches!(self.answer, Some((Answer::Unknown, _)))
    }
}

/// A fill that was booked.
#[derive(Clone, Copy, Debug)]
pub(super) struct FillFact {
    pub(super) position: Position,
    pub(super) client: ClientId,
    pub(super) market: MarketId,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) count: Count,
    pub(super) fee: Money,
    pub(super) is_taker: bool,
}

/// All orders and fills of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    pub(super) all: BTreeMap<ClientId, Order>,
    pub(super) fills: BTreeMap<Uuid, FillFact>,
    clients: BTreeMap<Uuid, ClientId>,
    /// Fills (trade, order) of orders whose client identifier was not told yet.
    unlinked: Vec<(Uuid, Uuid)>,
    /// Fills that became ours in this step.
    linked: Vec<(Uuid, FillFact)>,
    last_seq: u64,
    sized: Option<MarketId>,
}

/// What a fill heard twice is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Booking {
    New,
    /// The trade was booked at this line before.
    Again(Position),
}

impl Orders {
    /// Open orders of a market as the risk sees them.
    pub(super) fn open(&self, market: MarketId, rates: Rates) -> Vec<Open> {
        let live = self.all.values().filter(|order| order.market == market && order.outstanding() > 0);
        live.map(|order| Open {
            side: order.side,
            price: order.price,
            count: i128::from(order.outstanding()),
            rate_ppm: rates.of(order.post_only),
        })
        .collect()
    }

    /// Another order of the market whose fate nobody knows.
    pub(super) fn unknown_beside(&self, market: MarketId, client: ClientId) -> Option<ClientId> {
        let mut others = self.all.iter().filter(|(other, order)| **other != client && order.market == market);
        others.find(|(_, order)| order.is_unknown()).map(|(other, _)| *other)
    }

    pub(super) fn market_of(&self, client: ClientId) -> Option<MarketId> {
        self.all.get(&client).map(|order| order.market)
    }

    pub(super) fn client_of(&self, order: Uuid, told: ClientId) -> ClientId {
        if told == ClientId::FOREIGN { self.clients.get(&order).copied().unwrap_or(told) } else { told }
    }

    pub(super) fn sized(&mut self, market: MarketId) {
        self.sized = Some(market);
    }

    /// Execution said that an order is to be created.
    pub(super) fn intend(&mut self, at: Position, intent: &Event, run: (u32, u32), found: &mut Findings) {
        let Event::OrderIntent { market, client, side, price, count, time_in_force, expires, post_only, ts, .. } =
            *intent
        else {
            return;
        };
        if self.sized.take() != Some(market) {
            found.push(Finding::new(Rule::J3, "intent_without_size", Some(at)).with("client", client));
        }
        if let Some(first) = self.all.get(&client) {
            let twice = Finding::new(Rule::J4, "intent_twice", Some(at)).with("client", client);
            found.push(twice.with("first_at", super::place(first.position)));
            return;
        }
        if (client.epoch, client.nonce) != run || client.seq <= self.last_seq {
            let odd = Finding::new(Rule::J4, "client_id_not_rising", Some(at)).with("client", client);
            found.push(odd.with("last_seq", self.last_seq));
        }
        self.last_seq = self.last_seq.max(client.seq);
        let order = Order {
            position: at,
            ts,
            market,
            side,
            price,
            count: count.0,
            time_in_force,
            expires,
            post_only: post_only != 0,
            answer: None,
            end: None,
            filled: 0,
            told_filled: (0, ts),
        };
        self.all.insert(client, order);
    }

    /// The answer to a create was heard. Returns the market it touches.
    pub(super) fn answer(&mut self, at: Position, heard: &Event, found: &mut Findings) -> Option<MarketId> {
        let (client, answer) = match *heard {
            Event::OrderAccepted { client, .. } => (client, Answer::Accepted),
            // An order of that name exists: whether it is this one is not known yet.
            Event::OrderRejected { client, reason: RejectReason::DuplicateClientId, .. } => (client, Answer::Unknown),
            Event::OrderRejected { client, reason, .. } => (client, Answer::Rejected(reason)),
            Event::OrderUnknown { client, .. } => (client, Answer::Unknown),
            _ => return None,
        };
        let Some(order) = self.all.get_mut(&client) else {
            found.push(Finding::new(Rule::J3, "answer_without_intent", Some(at)).with("client", client));
            return None;
        };
        if let Some((before @ (Answer::Accepted | Answer::Rejected(_)), first)) = order.answer {
            // One POST has one answer; an unknown outcome alone may be followed by the truth.
            let twice = Finding::new(Rule::J4, "answered_twice", Some(at)).with("client", client);
            let twice = twice.with("first", format!("{before:?}")).with("second", format!("{answer:?}"));
            found.push(twice.with("first_at", super::place(first)));
            return Some(order.market);
        }
        order.answer = Some((answer, at));
        match *heard {
            Event::OrderAccepted { order: uuid, filled, remaining, ts, .. } => {
                order.told(at, (client, i64::from(filled), i64::from(remaining)), ts, found);
                if remaining == 0 {
                    order.end(at, client, End::Answered, found);
                }
                self.link(uuid, client, found);
            }
            Event::OrderRejected { .. } if answer != Answer::Unknown => order.end(at, client, End::Rejected, found),
            _ => {}
        }
        self.market_of(client)
    }

    /// The program ended: what was not answered then never will be.
    pub(super) fn restart(&mut self, at: Position) {
        self.last_seq = 0;
        for order in self.all.values_mut() {
            order.answer.get_or_insert((Answer::Unknown, at));
        }
    }

    /// Execution said that an order never was. Returns the market it touches.
    pub(super) fn release(
        &mut self,
        at: Position,
        said: &Event,
        walks: &Walks,
        found: &mut Findings,
    ) -> Option<MarketId> {
        let Event::OrderReleased { client, .. } = *said else { return None };
        let Some(order) = self.all.get_mut(&client) else {
            found.push(Finding::new(Rule::J3, "release_without_intent", Some(at)).with("client", client));
            return None;
        };
        let breach = |what| Finding::new(Rule::J7, what, Some(at)).with("client", client);
        if !order.is_unknown() {
            found.push(breach("released_though_known"));
        } else if !walks.prove_absent(order) {
            found.push(breach("released_without_proof").with("sent", super::time(order.ts)));
        }
        order.end(at, client, End::Released, found);
        Some(order.market)
    }

    /// A cancel was accepted: what it did not take back is filled. The venue's reply sometimes
    /// describes another order; then it says nothing of this one.
    pub(super) fn canceled(&mut self, at: Position, heard: &Event, found: &mut Findings) -> Option<MarketId> {
        let Event::CancelAccepted { client, order: uuid, reduced, ts, .. } = *heard else { return None };
        let Some(order) = self.all.get_mut(&client) else {
            found.push(Finding::new(Rule::J3, "cancel_without_intent", Some(at)).with("client", client));
            return None;
        };
        if self.clients.get(&uuid).is_some_and(|of| *of != client) {
            return None;
        }
        order.told(at, (client, order.count - reduced.0.clamp(0, order.count), 0), ts, found);
        order.end(at, client, End::Canceled, found);
        Some(order.market)
    }

    /// The venue's stream told an order's state.
    pub(super) fn update(
        &mut self,
        at: Position,
        ids: (Uuid, ClientId),
        heard: &Event,
        found: &mut Findings,
    ) -> Option<MarketId> {
        let Event::OrderUpdate { status, filled, remaining, ts, .. } = *heard else { return None };
        let client = self.client_of(ids.0, ids.1);
        if client == ClientId::FOREIGN {
            return None;
        }
        let Some(order) = self.all.get_mut(&client) else {
            found.push(Finding::new(Rule::J3, "update_without_intent", Some(at)).with("client", client));
            return None;
        };
        order.adopt(at);
        let remaining = if status == OrderStatus::Resting { remaining.0 } else { 0 };
        order.told(at, (client, filled.0, remaining), ts, found);
        match status {
            OrderStatus::Resting => {}
            OrderStatus::Canceled => order.end(at, client, End::Canceled, found),
            OrderStatus::Executed => order.end(at, client, End::Executed, found),
        }
        let market = order.market;
        self.link(ids.0, client, found);
        Some(market)
    }

    /// A fill was heard: whether it is new. If it is ours it is among [`Orders::take_linked`], now or later.
    pub(super) fn fill(&mut self, trade: Uuid, order: Uuid, fact: FillFact, found: &mut Findings) -> Booking {
        if let Some(first) = self.fills.get(&trade) {
            return Booking::Again(first.position);
        }
        let client = self.client_of(order, fact.client);
        let fact = FillFact { client, ..fact };
        self.fills.insert(trade, fact);
        if client == ClientId::FOREIGN {
            self.unlinked.push((trade, order));
        } else {
            // Itself first, then those that waited for its order to be named.
            self.fill_of(trade, &fact, found);
            self.linked.push((trade, fact));
            self.link(order, client, found);
        }
        Booking::New
    }

    /// Whether a fill of this market is kept until its order is named.
    pub(super) fn awaits_name(&self, market: MarketId) -> bool {
        self.unlinked.iter().any(|(trade, _)| self.fills.get(trade).is_some_and(|fact| fact.market == market))
    }

    /// The fills that count from this step on.
    pub(super) fn take_linked(&mut self) -> Vec<(Uuid, FillFact)> {
        std::mem::take(&mut self.linked)
    }

    fn fill_of(&mut self, trade: Uuid, fact: &FillFact, found: &mut Findings) {
        let at = Some(fact.position);
        let named = |rule, what| Finding::new(rule, what, at).with("client", fact.client).with("trade", trade);
        let Some(order) = self.all.get_mut(&fact.client) else {
            found.push(named(Rule::J3, "fill_without_intent"));
            return;
        };
        order.adopt(fact.position);
        // A forged journal may hold any number; far beyond the order's size it is a finding all the same.
        order.filled = order.filled.saturating_add(fact.count.0);
        if order.filled > order.count {
            let over = named(Rule::J4, "overfilled").with("filled", Count(order.filled));
            found.push(over.with("size", Count(order.count)));
        }
        match order.end {
            Some((End::Rejected, _)) => found.push(named(Rule::J3, "fill_after_reject")),
            Some((End::Released, _)) => found.push(named(Rule::J7, "fill_after_release")),
            _ => {}
        }
        if (fact.market, fact.side) != (order.market, order.side) {
            found.push(named(Rule::J8, "fill_of_another_order"));
        }
        let worse = match order.side {
            Side::Bid => fact.price > order.price,
            Side::Ask => fact.price < order.price,
        };
        if worse {
            let worse = named(Rule::J8, "fill_worse_than_limit").with("price", fact.price);
            found.push(worse.with("limit", order.price));
        }
    }

    /// Learns whose an order is, and books the fills that waited for it.
    fn link(&mut self, order: Uuid, client: ClientId, found: &mut Findings) {
        if order == Uuid::NONE || client == ClientId::FOREIGN {
            return;
        }
        self.clients.insert(order, client);
        let waiting = std::mem::take(&mut self.unlinked);
        for (trade, of) in waiting {
            match self.fills.get_mut(&trade) {
                Some(fact) if of == order => {
                    fact.client = client;
                    let fact = *fact;
                    self.fill_of(trade, &fact, found);
                    self.linked.push((trade, fact));
                }
                Some(_) | None => self.unlinked.push((trade, of)),
            }
        }
    }

    /// What must be true of every order when the run is over at `last`.
    pub(super) fn finish(&self, names: &Names, last: Nanos, found: &mut Findings, counts: &mut Counts) {
        for (trade, _) in &self.unlinked {
            let at = self.fills.get(trade).map(|fact| fact.position);
            found.push(Finding::new(Rule::J3, "fill_of_nobody", at).with("trade", trade));
        }
        for (client, order) in &self.all {
            let lost = |what| Finding::new(Rule::J3, what, Some(order.position)).with("client", client);
            let is_final = names.market(order.market).is_some_and(|market| market.is_final);
            if order.answer.is_none() && (is_final || order.ts.0.saturating_add(ANSWER_NS_MAX) < last.0) {
                found.push(lost("never_answered").with("intent_ts", super::time(order.ts)));
            } else if order.end.is_none() && is_final && !order.is_unknown() {
                found.push(lost("no_end").with("filled", Count(order.filled)).with("size", Count(order.count)));
            }
            let told_long_ago = order.told_filled.1.0.saturating_add(IN_FLIGHT_NS) < last.0;
            if order.told_filled.0 > order.filled && told_long_ago {
                let missing = lost("fill_missing").with("told", Count(order.told_filled.0));
                found.push(missing.with("heard", Count(order.filled)));
            }
            match order.end {
                Some((end, _)) => counts.one(match end {
                    End::Released => "orders_released",
                    End::Rejected => "orders_rejected",
                    End::Answered | End::Canceled | End::Executed => "orders_ended",
                }),
                None => counts.one("orders_open_at_end"),
            }
        }
    }
}

impl Order {
    /// The venue spoke of an order nobody knew the fate of: it has it.
    const fn adopt(&mut self, at: Position) {
        if let Some((Answer::Unknown, _)) = self.answer
            && !matches!(self.end, Some((End::Released, _)))
        {
            self.answer = Some((Answer::Accepted, at));
        }
    }

    /// The venue told how much is filled and how much is left.
    fn told(&mut self, at: Position, told: (ClientId, i64, i64), ts: Nanos, found: &mut Findings) {
        let (client, filled, remaining) = told;
        if filled.saturating_add(remaining) > self.count {
            let over = Finding::new(Rule::J4, "told_more_than_size", Some(at)).with("client", client);
            let over = over.with("filled", Count(filled)).with("remaining", Count(remaining));
            found.push(over.with("size", Count(self.count)));
        }
        if filled > self.told_filled.0 {
            self.told_filled = (filled, ts);
        }
    }

    fn end(&mut self, at: Position, client: ClientId, end: End, found: &mut Findings) {
        match self.end {
            None => self.end = Some((end, at)),
            Some((before, first)) if !before.agrees(end) => {
                let two = Finding::new(Rule::J3, "two_ends", Some(at)).with("client", client);
                let two = two.with("first", before.word()).with("second", end.word());
                found.push(two.with("first_at", super::place(first)));
            }
            Some(_) => {}
        }
    }
}
