//! The venue's own ledger: JSON lines, money as decimal strings.

use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;
use trader_journal::event::Uuid;
use trader_journal::units::{Count, Money, Nanos, Price};

/// Why a ledger cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// A line is not the JSON a venue's ledger has.
    #[error("line {line} of the venue's ledger: {why}")]
    Line {
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It has no lines.
    #[error("the venue's ledger is empty")]
    Empty,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Start {
        cash: String,
    },
    Order(OrderLine),
    Fill(FillLine),
    Settlement(SettlementLine),
    End {
        cash: String,
    },
    /// What a later venue may add.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct OrderLine {
    client_order_id: String,
    ticker: String,
    side: String,
    price: String,
    count: String,
    time_in_force: String,
    at_ns: u64,
    outcome: String,
}

#[derive(Debug, Deserialize)]
struct FillLine {
    trade_id: String,
    client_order_id: String,
    ticker: String,
    side: String,
    price: String,
    count: String,
    fee: String,
    is_taker: bool,
    balance_change: String,
    at_ns: u64,
}

#[derive(Debug, Deserialize)]
struct SettlementLine {
    ticker: String,
    result: String,
    position: String,
    payout: String,
    at_ns: u64,
}

/// An order as the venue saw it.
#[derive(Clone, Debug)]
pub(super) struct VenueOrder {
    pub(super) client: String,
    pub(super) ticker: String,
    /// Side, price, count, time in force: as text and integers, to be compared whole.
    pub(super) terms: (String, Price, Count, String),
    pub(super) at: Nanos,
    pub(super) outcome: String,
}

/// A fill as the venue made it.
#[derive(Clone, Debug)]
pub(super) struct VenueFill {
    pub(super) client: String,
    pub(super) ticker: String,
    pub(super) terms: (String, Price, Count),
    pub(super) fee: Money,
    pub(super) is_taker: bool,
    pub(super) balance_change: Money,
    pub(super) at: Nanos,
}

/// A market as the venue paid it.
#[derive(Clone, Debug)]
pub(super) struct VenueSettlement {
    pub(super) ticker: String,
    pub(super) result: String,
    pub(super) position: Count,
    pub(super) payout: Money,
    pub(super) at: Nanos,
}

/// The whole ledger.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) start: Option<Money>,
    pub(super) end: Option<Money>,
    pub(super) orders: Vec<VenueOrder>,
    pub(super) fills: BTreeMap<Uuid, Vec<VenueFill>>,
    pub(super) settlements: Vec<VenueSettlement>,
}

impl Ledger {
    pub(super) fn parse(text: &str) -> Result<Ledger, LedgerError> {
        let mut ledger = Ledger::default();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let refused = |why: String| LedgerError::Line { line: index + 1, why };
            let read: Line = serde_json::from_str(line).map_err(|error| refused(error.to_string()))?;
            ledger.take(read).map_err(|what| refused(format!("{what} cannot be read")))?;
        }
        if ledger.start.is_none() && ledger.end.is_none() && ledger.orders.is_empty() && ledger.fills.is_empty() {
            return Err(LedgerError::Empty);
        }
        Ok(ledger)
    }

    fn take(&mut self, line: Line) -> Result<(), &'static str> {
        match line {
            Line::Start { cash } => self.start = Some(money(&cash, "cash")?),
            Line::End { cash } => self.end = Some(money(&cash, "cash")?),
            Line::Order(order) => {
                let terms = (order.side, price(&order.price)?, count(&order.count)?, order.time_in_force);
                let OrderLine { client_order_id: client, ticker, at_ns, outcome, .. } = order;
                self.orders.push(VenueOrder { client, ticker, terms, at: Nanos(at_ns), outcome });
            }
            Line::Fill(fill) => {
                let trade = Uuid::parse(fill.trade_id.as_bytes()).ok_or("trade_id")?;
                let made = VenueFill {
                    terms: (fill.side, price(&fill.price)?, count(&fill.count)?),
                    fee: money(&fill.fee, "fee")?,
                    balance_change: money(&fill.balance_change, "balance_change")?,
                    client: fill.client_order_id,
                    ticker: fill.ticker,
                    is_taker: fill.is_taker,
                    at: Nanos(fill.at_ns),
                };
                self.fills.entry(trade).or_default().push(made);
            }
            Line::Settlement(settlement) => self.settlements.push(VenueSettlement {
                position: count(&settlement.position)?,
                payout: money(&settlement.payout, "payout")?,
                ticker: settlement.ticker,
                result: settlement.result,
                at: Nanos(settlement.at_ns),
            }),
            Line::Other => {}
        }
        Ok(())
    }
}

fn money(text: &str, what: &'static str) -> Result<Money, &'static str> {
    Money::parse(text.as_bytes()).map_err(|_| what)
}

fn price(text: &str) -> Result<Price, &'static str> {
    Price::parse(text.as_bytes()).map_err(|_| "price")
}

fn count(text: &str) -> Result<Count, &'static str> {
    Count::parse(text.as_bytes()).map_err(|_| "count or position")
}
