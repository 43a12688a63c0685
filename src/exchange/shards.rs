//! The account's money on each of the venue's shards, and its way between them (kalshi.md §2.4).
//!
//! The engine has the money of the markets' own shard; what lies on the others is only counted.

use super::MockExchange;
use super::orders::{Fields, Refusal, parsed};
use super::rest::{Refused, not_found};
use super::wire;
use trader_journal::event::{RejectReason, Uuid};
use trader_journal::units::{Money, Nanos};

/// Shards there are, at least (kalshi.md §2.1).
const SHARDS: usize = 4;
/// The only instance whose money is here.
const EVENTS: &str = "event_contract";
/// Units of [`Money`] in the transfers' own unit of $0.0001.
const CENTICENT: i64 = 100;

/// Money that went from one shard to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    pub(super) from: u8,
    pub(super) to: u8,
    pub(super) amount: Money,
    pub(super) at: Nanos,
}

/// What lies on the shards without markets.
#[derive(Default)]
pub(super) struct Shards {
    elsewhere: [Money; SHARDS],
    pub(super) transfers: Vec<Transfer>,
}

impl Shards {
    /// The balance of every shard, `here` that of the markets' own.
    pub(super) fn balances(&self, shard: u8, here: Money) -> Vec<Money> {
        let mut balances = self.elsewhere.to_vec();
        balances.resize(SHARDS.max(usize::from(shard) + 1), Money::ZERO);
        balances[usize::from(shard)] = here;
        balances
    }
}

impl MockExchange {
    /// Moves money, or says why not; the answer takes as long as any.
    pub(super) fn receive_transfer(&mut self, now: Nanos, body: &[u8]) -> u64 {
        let ticket = self.next_ticket();
        let mut text = String::new();
        let status = match self.transfer(now, body) {
            Ok(id) => {
                wire::transfer_reply(&mut text, id);
                200
            }
            Err(refusal) => refusal.write(&mut text),
        };
        self.answer_later(now, ticket, status, text);
        ticket
    }

    fn transfer(&mut self, now: Nanos, body: &[u8]) -> Result<Uuid, Refusal> {
        let body = parsed(body)?;
        let fields = Fields { body: &body, of: "IntraExchangeInstanceTransferRequest." };
        let invalid = Refusal::Coded(RejectReason::Other);
        if fields.required("source")? != EVENTS || fields.required("destination")? != EVENTS {
            return Err(invalid);
        }
        fields.text("client_transfer_id")?;
        let shard = |name| match fields.integer(name)?.unwrap_or(0) {
            index @ 0.. if self.has_shard(index) => Ok(index as u8),
            _ => Err(invalid.clone()),
        };
        let (from, to) = (shard("source_exchange_shard")?, shard("destination_exchange_shard")?);
        let amount = fields.integer("amount")?.and_then(|amount| amount.checked_mul(CENTICENT)).map(Money);
        let amount = amount.filter(|amount| *amount > Money::ZERO && from != to).ok_or(invalid)?;
        self.take_from(now, from, amount)?;
        self.give_to(now, to, amount);
        self.shards.transfers.push(Transfer { from, to, amount, at: now });
        Ok(transfer_id(self.shards.transfers.len() - 1))
    }

    fn has_shard(&self, index: i64) -> bool {
        index < SHARDS as i64 || index == i64::from(self.settings.shard)
    }

    fn take_from(&mut self, now: Nanos, shard: u8, amount: Money) -> Result<(), Refusal> {
        if shard == self.settings.shard {
            return Ok(self.venue.move_cash(now, Money(-amount.0))?);
        }
        let held = &mut self.shards.elsewhere[usize::from(shard)];
        if *held < amount {
            return Err(RejectReason::InsufficientBalance.into());
        }
        held.0 -= amount.0;
        Ok(())
    }

    fn give_to(&mut self, now: Nanos, shard: u8, amount: Money) {
        if shard == self.settings.shard {
            // There is always room for more: what moves was the account's before.
            let _ = self.venue.move_cash(now, amount);
        } else {
            self.shards.elsewhere[usize::from(shard)].0 += amount.0;
        }
    }

    /// All transfers there were, newest first, on one page.
    pub(super) fn write_transfers(&self, out: &mut String) {
        out.push_str("{\"transfers\":[");
        for (at, (number, row)) in self.shards.transfers.iter().enumerate().rev().enumerate() {
            out.push_str(if at == 0 { "" } else { "," });
            wire::transfer_object(out, transfer_id(number), (row.from, row.to), row.amount, row.at);
        }
        out.push_str("],\"cursor\":\"\"}");
    }

    pub(super) fn write_transfer(&self, id: &str, out: &mut String) -> Result<(), Refused> {
        let mut numbered = self.shards.transfers.iter().enumerate();
        let Some((number, row)) = numbered.find(|(number, _)| transfer_id(*number).to_string() == id) else {
            return Err(not_found(out));
        };
        out.push_str("{\"transfer\":");
        wire::transfer_object(out, transfer_id(number), (row.from, row.to), row.amount, row.at);
        out.push('}');
        Ok(())
    }
}

/// A version 4 UUID to look at, the transfer's number in its last bytes.
fn transfer_id(number: usize) -> Uuid {
    let mut bytes = *b"moved\0\x40\0\x80\0\0\0\0\0\0\0";
    bytes[10..].copy_from_slice(&(number as u64 + 1).to_be_bytes()[2..]);
    Uuid(bytes)
}
