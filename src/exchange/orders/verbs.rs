//! What is asked of orders that rest: less of them, other terms, or all of them gone.

use super::super::MockExchange;
use super::super::call::order_id;
use super::read::{Fields, Refusal, parsed};
use trader_exec::venue::{AmendOrder, DecreaseOrder, NewExpiry, Reduction};
use trader_journal::event::RejectReason;
use trader_journal::units::Nanos;

impl MockExchange {
    /// Sends a cancel of everything on its way.
    pub(in crate::exchange) fn receive_cancel_all(&mut self, now: Nanos) -> u64 {
        let ticket = self.next_ticket();
        self.venue.cancel_all(now, ticket);
        ticket
    }

    /// Sends a decrease on its way.
    pub(in crate::exchange) fn receive_decrease(&mut self, now: Nanos, id: &str, body: &[u8]) -> u64 {
        let ticket = self.next_ticket();
        match self.read_decrease(id, body, ticket) {
            Ok(decrease) => self.venue.decrease(now, &decrease),
            Err(refusal) => self.refuse_order(now, ticket, &refusal),
        }
        ticket
    }

    fn read_decrease(&self, id: &str, body: &[u8], ticket: u64) -> Result<DecreaseOrder, Refusal> {
        let body = parsed(body)?;
        let fields = Fields { body: &body, of: "DecreaseOrderV2Request." };
        let reduction = match (fields.count("reduce_by")?, fields.count("reduce_to")?) {
            (Some(count), None) => Reduction::By(count),
            (None, Some(count)) => Reduction::To(count),
            (Some(_), Some(_)) | (None, None) => return Err(RejectReason::Other.into()),
        };
        let shard = self.shard_of(fields.shard()?, fields.text("market_ticker")?);
        Ok(DecreaseOrder { order: order_id(id), shard, reduction, ticket })
    }

    /// Sends an amend on its way.
    pub(in crate::exchange) fn receive_amend(&mut self, now: Nanos, id: &str, body: &[u8]) -> u64 {
        let ticket = self.next_ticket();
        match self.read_amend(now, (id, body), ticket) {
            Ok(amend) => self.venue.amend(now, &amend),
            Err(refusal) => self.refuse_order(now, ticket, &refusal),
        }
        ticket
    }

    fn read_amend(&mut self, now: Nanos, (id, body): (&str, &[u8]), ticket: u64) -> Result<AmendOrder, Refusal> {
        let body = parsed(body)?;
        let fields = Fields { body: &body, of: "AmendOrderV2Request." };
        let ticker = fields.required("ticker")?;
        let expires = match fields.integer("expiration_time")? {
            None => NewExpiry::Kept,
            Some(0) => NewExpiry::Never,
            Some(_) => fields.expiration(now)?.map_or(NewExpiry::Kept, NewExpiry::At),
        };
        Ok(AmendOrder {
            order: order_id(id),
            shard: self.shard_of(fields.shard()?, Some(ticker)),
            market: self.catalog.find(ticker).ok_or(RejectReason::MarketNotFound)?,
            side: fields.side()?,
            client: self.client_of(&fields, "client_order_id")?,
            renamed: self.client_of(&fields, "updated_client_order_id")?,
            price: fields.price()?,
            count: fields.count("count")?.ok_or(RejectReason::Other)?,
            expires,
            ticket,
        })
    }
}
