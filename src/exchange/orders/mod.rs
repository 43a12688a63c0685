//! Orders on their way into the engine, and the answers on their way back (kalshi.md §2.2).

mod batch;
mod ids;
mod read;
mod reply;
mod verbs;

pub(super) use batch::Batches;
pub(super) use ids::ClientNames;
pub(super) use read::{Fields, Refusal, parsed};
pub(super) use reply::Reply;

use super::MockExchange;
use super::call::order_id;
use super::trouble::BAD_GATEWAY;
use std::borrow::Cow;
use trader_exec::venue::CancelOrder;
use trader_journal::event::ClientId;
use trader_journal::units::Nanos;

impl MockExchange {
    /// The name its sender gave an order; empty when it gave none.
    pub(super) fn client_text(&self, client: ClientId) -> Cow<'_, str> {
        self.names.text(client)
    }

    /// Sends a create on its way; refusals of the door take as long as those of the engine.
    pub(super) fn receive_create(&mut self, now: Nanos, body: &[u8]) -> u64 {
        let ticket = self.next_ticket();
        if self.lose_order(now, ticket) {
            return ticket;
        }
        match self.read_create(now, body, ticket) {
            Ok(order) => self.venue.submit(now, &order),
            Err(refusal) => self.refuse_order(now, ticket, &refusal),
        }
        ticket
    }

    /// Sends a cancel on its way.
    pub(super) fn receive_cancel(&mut self, now: Nanos, id: &str, query: &str) -> u64 {
        let ticket = self.next_ticket();
        let value = |key| super::query::value(query, key);
        let index = value("exchange_index").map(|text| text.parse().unwrap_or(i64::MAX));
        let shard = self.shard_of(index, value("market_ticker"));
        self.venue.cancel(now, &CancelOrder { order: order_id(id), shard, ticket });
        ticket
    }

    /// What names an order only is routed by its shard or by its market; without either it goes to shard 0.
    fn shard_of(&self, index: Option<i64>, ticker: Option<&str>) -> Option<u8> {
        match index.filter(|index| *index != -1) {
            Some(index) => Some(u8::try_from(index).unwrap_or(u8::MAX)),
            None => ticker.and_then(|ticker| self.catalog.find(ticker)).map(|_| self.settings.shard),
        }
    }

    /// Tickets rise by one from 1, whatever was asked.
    pub(super) const fn next_ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Whether what was sent is lost before it arrives anywhere: what stands in front of the venue says so.
    fn lose_order(&mut self, now: Nanos, ticket: u64) -> bool {
        let is_lost = self.trouble.loses_order();
        if is_lost {
            let (status, body) = BAD_GATEWAY;
            self.answer_later(now, ticket, status, body.to_owned());
        }
        is_lost
    }

    fn refuse_order(&mut self, now: Nanos, ticket: u64, refusal: &Refusal) {
        let mut body = String::new();
        let status = refusal.write(&mut body);
        self.answer_later(now, ticket, status, body);
    }

    /// The door answers: as late as the engine would.
    pub(super) fn answer_later(&mut self, now: Nanos, ticket: u64, status: u16, body: String) {
        let due = now.plus(self.settings.entry_latency_ns).plus(self.settings.reply_latency_ns);
        self.replies.insert((due, ticket), (status, body));
    }
}
