//! Several orders in one request: each goes its own way, and their answers come back as one.

use super::super::MockExchange;
use super::super::call::order_id;
use super::read::{Fields, Refusal, orders_of};
use serde_json::Value;
use std::collections::BTreeMap;
use trader_exec::venue::CancelOrder;
use trader_journal::units::Nanos;

/// Tickets of items begin here: nobody outside sees them.
const ITEMS: u64 = 1 << 63;

/// Whether a ticket is an item's.
pub(super) const fn is_item(ticket: u64) -> bool {
    ticket >= ITEMS
}

/// One request whose items are on their way.
struct Batch {
    status: u16,
    /// By place in the request.
    bodies: Vec<Option<String>>,
}

/// Where an item belongs, and what its refusal says of it.
struct Item {
    batch: u64,
    place: usize,
    name: String,
}

/// All batches on their way, and their items by ticket.
#[derive(Default)]
pub(in crate::exchange) struct Batches {
    open: BTreeMap<u64, Batch>,
    items: BTreeMap<u64, Item>,
    made: u64,
}

impl Batches {
    fn begin(&mut self, batch: u64, status: u16, items: usize) {
        self.open.insert(batch, Batch { status, bodies: vec![None; items] });
    }

    /// A new item's ticket.
    fn item(&mut self, batch: u64, place: usize, name: String) -> u64 {
        let ticket = ITEMS + self.made;
        self.made += 1;
        self.items.insert(ticket, Item { batch, place, name });
        ticket
    }

    /// An item is answered; gives the whole when it was the last: ticket, status and body.
    fn finish(&mut self, ticket: u64, result: Result<String, Refusal>) -> Option<(u64, u16, String)> {
        let Item { batch, place, name } = self.items.remove(&ticket)?;
        let open = self.open.get_mut(&batch)?;
        open.bodies[place] = Some(match result {
            Ok(body) => format!("{},\"error\":null}}", body.trim_end_matches('}')),
            Err(refusal) => {
                let mut body = format!("{{{name}");
                refusal.write_error(&mut body);
                body + "}"
            }
        });
        if open.bodies.iter().any(Option::is_none) {
            return None;
        }
        let Batch { status, bodies } = self.open.remove(&batch)?;
        let bodies: Vec<String> = bodies.into_iter().flatten().collect();
        Some((batch, status, format!("{{\"orders\":[{}]}}", bodies.join(","))))
    }
}

impl MockExchange {
    /// Sends several creates on their way, in their order.
    pub(in crate::exchange) fn receive_batch_create(&mut self, now: Nanos, body: &[u8]) -> u64 {
        let batch = self.next_ticket();
        if !self.lose_order(now, batch)
            && let Err(refusal) = self.send_creates(now, batch, body)
        {
            self.refuse_order(now, batch, &refusal);
        }
        batch
    }

    /// What cannot be decoded anywhere in it refuses the whole.
    fn send_creates(&mut self, now: Nanos, batch: u64, body: &[u8]) -> Result<(), Refusal> {
        let orders = orders_of(body, "BatchCreateOrdersV2Request")?;
        let mut reads = Vec::with_capacity(orders.len());
        for order in &orders {
            let fields = Fields { body: order, of: "BatchCreateOrdersV2Request.orders." };
            match self.read_order(now, &fields, 0) {
                Err(flat @ Refusal::Flat(_)) => return Err(flat),
                read => reads.push(read),
            }
        }
        self.batches.begin(batch, 201, orders.len());
        for (place, read) in reads.into_iter().enumerate() {
            let name = member("client_order_id", &orders[place]["client_order_id"]);
            let ticket = self.batches.item(batch, place, name);
            match read {
                Ok(order) => self.venue.submit(now, &trader_exec::venue::NewOrder { ticket, ..order }),
                Err(refusal) => self.finish_item(self.arrival(now), ticket, Err(refusal)),
            }
        }
        Ok(())
    }

    /// Sends several cancels on their way, in their order.
    pub(in crate::exchange) fn receive_batch_cancel(&mut self, now: Nanos, body: &[u8]) -> u64 {
        let batch = self.next_ticket();
        if let Err(refusal) = self.send_cancels(now, batch, body) {
            self.refuse_order(now, batch, &refusal);
        }
        batch
    }

    fn send_cancels(&mut self, now: Nanos, batch: u64, body: &[u8]) -> Result<(), Refusal> {
        let orders = orders_of(body, "BatchCancelOrdersV2Request")?;
        let mut cancels = Vec::with_capacity(orders.len());
        for order in &orders {
            let fields = Fields { body: order, of: "BatchCancelOrdersV2Request.orders." };
            let id = fields.text("order_id")?.unwrap_or("");
            let shard = self.shard_of(fields.shard()?, fields.text("market_ticker")?);
            cancels.push((order_id(id), shard));
        }
        self.batches.begin(batch, 200, orders.len());
        for (place, (order, shard)) in cancels.into_iter().enumerate() {
            let name = member("order_id", &orders[place]["order_id"]) + "\"reduced_by\":\"0.00\",";
            let ticket = self.batches.item(batch, place, name);
            self.venue.cancel(now, &CancelOrder { order, shard, ticket });
        }
        Ok(())
    }

    /// An item is answered at `at`; the last one sends the whole on its way.
    pub(super) fn finish_item(&mut self, at: Nanos, ticket: u64, result: Result<String, Refusal>) {
        if let Some((batch, status, body)) = self.batches.finish(ticket, result) {
            self.replies.insert((at.plus(self.settings.reply_latency_ns), batch), (status, body));
        }
    }

    /// When what is sent now would be at the engine.
    const fn arrival(&self, now: Nanos) -> Nanos {
        now.plus(self.settings.entry_latency_ns)
    }
}

/// `"key":value,`; nothing for what was not given.
fn member(key: &str, value: &Value) -> String {
    if value.is_null() { String::new() } else { format!("\"{key}\":{value},") }
}
