//! The venue's own record as JSON lines: the oracle a journal is audited against.
//!
//! One object a line, the first of which says that it is a simulation's; money as decimal strings of
//! six places, prices of four, counts of two.
//! Orders that the door refused as unreadable never reached the engine and are not in its record.

use super::MockExchange;
use super::shards::Transfer;
use std::io::{self, Write};
use trader_exec::venue::{Account, FillRecord, OrderRecord, SettlementRecord};
use trader_journal::units::{Money, Nanos};

/// A row of the record.
enum Row<'a> {
    Order(&'a OrderRecord),
    Fill(&'a FillRecord),
    Settlement(&'a SettlementRecord),
    Transfer(&'a Transfer),
}

impl Row<'_> {
    const fn at(&self) -> Nanos {
        match self {
            Row::Order(order) => order.at,
            Row::Fill(fill) => fill.at,
            Row::Settlement(settlement) => settlement.at,
            Row::Transfer(transfer) => transfer.at,
        }
    }
}

impl MockExchange {
    /// Writes the record in the order of engine time; an order before its fills.
    pub(super) fn write_record(&self, out: &mut dyn Write) -> io::Result<()> {
        let account = self.venue.account();
        let start = account.start();
        writeln!(
            out,
            "{{\"kind\":\"start\",\"market\":\"synthetic\",\"evidence\":false,\"seed\":{},\"cash\":\"{start}\"}}",
            self.settings.seed
        )?;
        for row in self.rows(account) {
            match row {
                Row::Order(order) => self.write_order_row(out, order)?,
                Row::Fill(fill) => self.write_fill_row(out, fill)?,
                Row::Settlement(settlement) => self.write_settlement_row(out, settlement)?,
                Row::Transfer(transfer) => self.write_transfer_row(out, transfer)?,
            }
        }
        let open = account.holdings().filter(|holding| holding.position.0 != 0).count();
        writeln!(out, "{{\"kind\":\"end\",\"cash\":\"{}\",\"open_positions\":{open}}}", account.cash())
    }

    fn write_order_row(&self, out: &mut dyn Write, order: &OrderRecord) -> io::Result<()> {
        // The terms it came with; what was amended since shows in its fills.
        let asked = &order.came;
        let ticker = asked.market.map_or("", |market| self.catalog.market(market).ticker.as_str());
        writeln!(
            out,
            "{{\"kind\":\"order\",\"order_id\":\"{}\",\"client_order_id\":\"{}\",\"ticker\":\"{ticker}\",\"side\":\"{}\",\"price\":\"{}\",\"count\":\"{}\",\"time_in_force\":\"{}\",\"at_ns\":{},\"outcome\":\"{}\"}}",
            order.order,
            self.client_text(asked.client),
            asked.side.word(),
            asked.price,
            asked.count,
            asked.time_in_force.word(),
            order.at.0,
            order.refused.map_or("accepted", |reason| reason.word())
        )
    }

    fn write_fill_row(&self, out: &mut dyn Write, fill: &FillRecord) -> io::Result<()> {
        writeln!(
            out,
            "{{\"kind\":\"fill\",\"trade_id\":\"{}\",\"order_id\":\"{}\",\"client_order_id\":\"{}\",\"ticker\":\"{}\",\"side\":\"{}\",\"price\":\"{}\",\"count\":\"{}\",\"fee\":\"{}\",\"is_taker\":{},\"balance_change\":\"{}\",\"at_ns\":{}}}",
            fill.trade,
            fill.order,
            self.client_text(fill.client),
            self.catalog.market(fill.market).ticker,
            fill.side.word(),
            fill.price,
            fill.count,
            fill.fee,
            fill.is_taker,
            fill.balance_change,
            fill.at.0
        )
    }

    fn write_settlement_row(&self, out: &mut dyn Write, settlement: &SettlementRecord) -> io::Result<()> {
        writeln!(
            out,
            "{{\"kind\":\"settlement\",\"ticker\":\"{}\",\"result\":\"{}\",\"position\":\"{}\",\"payout\":\"{}\",\"at_ns\":{}}}",
            self.catalog.market(settlement.market).ticker,
            settlement.verdict.outcome.word(),
            settlement.position,
            settlement.payout,
            settlement.at.0
        )
    }

    /// What the money of the markets' shard changed by; nothing for money that went by it.
    fn write_transfer_row(&self, out: &mut dyn Write, transfer: &Transfer) -> io::Result<()> {
        let Transfer { from, to, amount, at } = *transfer;
        let change = match self.settings.shard {
            shard if shard == to => amount,
            shard if shard == from => Money(-amount.0),
            _ => Money::ZERO,
        };
        writeln!(out, "{{\"kind\":\"transfer\",\"balance_change\":\"{change}\",\"at_ns\":{}}}", at.0)
    }

    fn rows<'a>(&'a self, account: &'a Account) -> Vec<Row<'a>> {
        let orders = account.orders().iter().map(Row::Order);
        let fills = account.fills().iter().map(Row::Fill);
        let settlements = account.settlements().iter().map(Row::Settlement);
        let transfers = self.shards.transfers.iter().map(Row::Transfer);
        let mut rows: Vec<_> = orders.chain(fills).chain(settlements).chain(transfers).collect();
        rows.sort_by_key(Row::at);
        rows
    }
}
