//! Every request of either venue's REST: what is asked, and who answers.

use super::MockExchange;
use super::wire;
use trader_journal::event::{RejectReason, Uuid};
use trader_journal::units::Nanos;

const KALSHI: &str = "/trade-api/v2/";

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Answered: HTTP status and body.
    Now(u16, Vec<u8>),
    /// The answer comes as the reply with this ticket: see [`MockExchange::next_reply`].
    Later(u64),
}

impl MockExchange {
    /// A client asks by HTTP; `target` is path and query. What is only read is answered at once, what
    /// changes something when the answer has arrived.
    pub fn call(&mut self, now: Nanos, method: &str, target: &str, body: &[u8]) -> Call {
        if matches!(method, "GET" | "HEAD") {
            let mut out = Vec::new();
            let status = self.get(now, target, &mut out);
            return Call::Now(status, out);
        }
        self.turn(now);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts: Vec<&str> = path.strip_prefix(KALSHI).unwrap_or("").split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["portfolio", "events", "orders", rest @ ..]) => self.post_order(now, rest, body),
            ("DELETE", ["portfolio", "events", "orders", rest @ ..]) => self.delete_order(now, (rest, query), body),
            ("POST", ["portfolio", "intra_exchange_instance_transfer"]) => {
                Call::Later(self.receive_transfer(now, body))
            }
            ("POST" | "DELETE", ["portfolio", "orders", ..]) => {
                let text = "{\"error\":{\"code\":\"deprecated_v1_order_endpoint\",\"message\":\"Please switch to the V2 endpoints\"}}";
                Call::Now(410, text.into())
            }
            _ => no_such_path(),
        }
    }

    fn post_order(&mut self, now: Nanos, path: &[&str], body: &[u8]) -> Call {
        Call::Later(match path {
            [] => self.receive_create(now, body),
            ["batched"] => self.receive_batch_create(now, body),
            [id, "amend"] => self.receive_amend(now, id, body),
            [id, "decrease"] => self.receive_decrease(now, id, body),
            _ => return no_such_path(),
        })
    }

    fn delete_order(&mut self, now: Nanos, (path, query): (&[&str], &str), body: &[u8]) -> Call {
        Call::Later(match path {
            [] => self.receive_cancel_all(now),
            ["batched"] => self.receive_batch_cancel(now, body),
            [id] => self.receive_cancel(now, id, query),
            _ => return no_such_path(),
        })
    }
}

fn no_such_path() -> Call {
    let mut body = String::new();
    wire::reject_body(&mut body, RejectReason::OrderNotFound);
    Call::Now(404, body.into_bytes())
}

/// The order a path names; [`Uuid::NONE`], which is no order, when it names none.
pub(super) fn order_id(text: &str) -> Uuid {
    Uuid::parse(text.as_bytes()).unwrap_or(Uuid::NONE)
}
