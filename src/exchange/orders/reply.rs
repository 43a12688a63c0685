//! The engine's answers as bodies.

use super::super::{MockExchange, wire};
use super::batch::is_item;
use super::read::Refusal;
use trader_exec::venue::{Accepted, AmendRefusal, Canceled, Decreased};
use trader_journal::event::RejectReason;
use trader_journal::units::Nanos;

/// The engine's answer to one request.
#[derive(Clone, Copy)]
pub(in crate::exchange) enum Reply {
    Create(Result<Accepted, RejectReason>),
    Cancel(Result<Canceled, RejectReason>),
    CancelAll,
    Decrease(Result<Decreased, RejectReason>),
    Amend(Result<Accepted, AmendRefusal>),
}

impl MockExchange {
    /// The engine answered at `at`.
    pub(in crate::exchange) fn reply(&mut self, at: Nanos, ticket: u64, reply: Reply) {
        let mut body = String::new();
        let status = self.write_reply(at, reply, &mut body);
        if is_item(ticket) {
            let result = status.map(|_| body);
            return self.finish_item(at, ticket, result);
        }
        let status = status.unwrap_or_else(|refusal| refusal.write(&mut body));
        self.replies.insert((at.plus(self.settings.reply_latency_ns), ticket), (status, body));
    }

    /// Writes what an accepted request is answered and gives its status.
    fn write_reply(&self, at: Nanos, reply: Reply, out: &mut String) -> Result<u16, Refusal> {
        let refused = Refusal::Coded;
        match reply {
            Reply::Create(result) => {
                let accepted = result.map_err(refused)?;
                wire::create_body(out, &accepted, &self.client_text(accepted.client), at);
                Ok(201)
            }
            Reply::Cancel(result) => {
                let canceled = result.map_err(refused)?;
                wire::cancel_body(out, &canceled, &self.client_text(canceled.client), at);
                Ok(200)
            }
            Reply::CancelAll => Ok(204),
            Reply::Decrease(result) => {
                let decreased = result.map_err(refused)?;
                wire::decrease_body(out, &decreased, &self.client_text(decreased.client), at);
                Ok(200)
            }
            Reply::Amend(result) => {
                let amended = result.map_err(amend_refusal)?;
                wire::create_body(out, &amended, &self.client_text(amended.client), at);
                Ok(200)
            }
        }
    }
}

/// The venue's words for an amend that means another order (kalshi.md §2.2).
const fn amend_refusal(refusal: AmendRefusal) -> Refusal {
    match refusal {
        AmendRefusal::Rejected(reason) => Refusal::Coded(reason),
        AmendRefusal::OtherMarket => Refusal::Named("order_ticker_mismatch"),
        AmendRefusal::OtherSide => Refusal::Named("order_side_mismatch"),
        AmendRefusal::OtherClient => Refusal::Named("order_id_and_client_order_id_mismatch"),
    }
}
