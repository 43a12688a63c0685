//! The engine's answers as bodies.

use super::super::{MockExchange, wire};
use super::batch::is_item;
use super::read::Refusal;
use trader_exec::venue::{Accepted, Canceled};
use trader_journal::event::RejectReason;
use trader_journal::units::Nanos;

/// The engine's answer to one request.
#[derive(Clone, Copy)]
pub(in crate::exchange) enum Reply {
    Create(Result<Accepted, RejectReason>),
    Cancel(Result<Canceled, RejectReason>),
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
        }
    }
}
