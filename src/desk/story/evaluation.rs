//! One evaluation in one sentence: what came nearest to a trade, and what it lacked.

use super::Story;
use super::words;
use crate::desk::amounts::{bought, cents, edge};
use trader_journal::book::Side;
use trader_journal::event::{Event, EventId, Gate, MarketId, PROB_ONE};
use trader_journal::units::{Nanos, Price};

/// The leg that is told: the best of those nothing stops, or else of all.
#[derive(Clone, Copy, Debug)]
struct Leg {
    gate: Gate,
    side: Side,
    market: MarketId,
    q_yes_e9: u32,
    edge_gross: i32,
    edge_net: i32,
    limit: Price,
    mid: Price,
    needed: i32,
}

/// An evaluation whose legs are still coming.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evaluation {
    event: EventId,
    ts: Nanos,
    legs: u8,
    missing: u8,
    best: Option<Leg>,
}

impl Story {
    pub(super) fn hear_evaluation(&mut self, event: &Event) {
        match *event {
            Event::EvalBasis { gate: Gate::WindowMissed, event, ts, waiting_for, .. } => {
                let (ticker, waited) = (self.window_ticker(event), words::gate(waiting_for));
                self.say(ts, &format!("{ticker} no trade: {} while {waited}", words::gate(Gate::WindowMissed)));
            }
            Event::EvalBasis { event, ts, legs, gate, .. } => {
                if legs == 0 {
                    let ticker = self.window_ticker(event);
                    return self.say(ts, &format!("{ticker} no trade: {}", words::gate(gate)));
                }
                self.evaluation = Some(Evaluation { event, ts, legs, missing: legs, best: None });
            }
            #[rustfmt::skip]
            Event::EvalLeg { gate, side, market, q_yes_e9, edge_gross, edge_net, limit, mid, needed, .. } => {
                self.hear_leg(Leg { gate, side, market, q_yes_e9, edge_gross, edge_net, limit, mid, needed });
            }
            _ => {}
        }
    }

    fn hear_leg(&mut self, leg: Leg) {
        let Some(evaluation) = &mut self.evaluation else { return };
        let rank = |leg: &Leg| (leg.gate == Gate::Sent, leg.limit != Price::ZERO, leg.edge_net);
        if evaluation.best.is_none_or(|best| rank(&leg) > rank(&best)) {
            evaluation.best = Some(leg);
        }
        evaluation.missing -= 1;
        if evaluation.missing == 0 {
            let Evaluation { event, ts, legs, best, .. } = *evaluation;
            self.evaluation = None;
            let place = self.place(event, legs, best.map(|best| best.market));
            let verdict = best.map(|best| best.verdict()).unwrap_or_default();
            self.say(ts, &format!("{place} {verdict}"));
        }
    }

    /// The window, and of a ladder also the bracket.
    fn place(&self, event: EventId, legs: u8, market: Option<MarketId>) -> String {
        let window = self.window_ticker(event);
        let market = market.filter(|_| legs > 1).and_then(|market| self.markets.get(&market));
        match market.and_then(|market| market.strike.as_ref()) {
            Some(strike) => format!("{window} ({legs} brackets, best {strike})"),
            None => window,
        }
    }
}

impl Leg {
    fn verdict(&self) -> String {
        let (side, price) = bought(self.side, self.limit);
        let worth = match self.side {
            Side::Bid => self.q_yes_e9,
            Side::Ask => PROB_ONE - self.q_yes_e9.min(PROB_ONE),
        };
        // $1 is PROB_ONE: a probability in 1e-9 is a worth in $1e-9.
        let offer = format!("{side} at {} (worth {})", cents(price), edge(i64::from(worth) / 1000));
        let (gross, net) = (edge(i64::from(self.edge_gross)), edge(i64::from(self.edge_net)));
        let needed = edge(i64::from(self.needed));
        match self.gate {
            Gate::Sent => format!("opinion: {offer}, edge {net} after fees, {needed} needed"),
            Gate::EdgeGross => format!("no trade: best edge {gross} {offer}, needs {needed} before fees"),
            Gate::EdgeNet => format!("no trade: best edge {net} {offer}, needs {needed} net after fees"),
            Gate::Disagreement => {
                let mid = cents(self.mid);
                format!("no trade: model {} and market {mid} for YES differ by more than {needed}", self.yes())
            }
            gate if self.limit == Price::ZERO => format!("no trade: {}", words::gate(gate)),
            gate => format!("no trade: edge {net} {offer}, but {}", words::gate(gate)),
        }
    }

    fn yes(&self) -> String {
        edge(i64::from(self.q_yes_e9) / 1000)
    }
}
