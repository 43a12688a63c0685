//! Order requests as the venue reads them, strictly (kalshi.md §2.2), and the replies.

use super::MockExchange;
use super::trouble::BAD_GATEWAY;
use super::wire;
use serde_json::Value;
use trader_exec::venue::{Accepted, CancelOrder, Canceled, NewOrder};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, RejectReason, SelfTrade, TimeInForce, Uuid};
use trader_journal::units::{Count, Nanos, Price};

/// Where orders are sent.
const ORDERS_PATH: &str = "/trade-api/v2/portfolio/events/orders/";

/// The engine's answer to one request.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    Create(Result<Accepted, RejectReason>),
    Cancel(Result<Canceled, RejectReason>),
}

/// Why a body never reaches the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    /// The decoder's own error: the flat shape, with its complaint.
    Flat(String),
    /// A refusal with a code of the venue.
    Coded(RejectReason),
}

impl MockExchange {
    /// Sends a create on its way; refusals of the door take as long as those of the engine.
    pub(super) fn receive_create(&mut self, now: Nanos, body: &[u8]) -> u64 {
        self.tickets += 1;
        let ticket = self.tickets;
        if self.trouble.loses_order() {
            let due = now.plus(self.settings.entry_latency_ns).plus(self.settings.reply_latency_ns);
            let (status, body) = BAD_GATEWAY;
            self.replies.insert((due, ticket), (status, body.to_owned()));
            return ticket;
        }
        match self.read_create(now, body, ticket) {
            Ok(order) => self.venue.submit(now, &order),
            Err(refusal) => self.refuse_order(now, ticket, &refusal),
        }
        ticket
    }

    /// Sends a cancel on its way.
    pub(super) fn receive_cancel(&mut self, now: Nanos, target: &str) -> u64 {
        self.tickets += 1;
        let ticket = self.tickets;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let order = path.strip_prefix(ORDERS_PATH).and_then(|id| Uuid::parse(id.as_bytes()));
        match order {
            Some(order) => {
                let shard = self.shard_of_query(query);
                self.venue.cancel(now, &CancelOrder { order, shard, ticket });
            }
            None => self.refuse_order(now, ticket, &Refusal::Coded(RejectReason::OrderNotFound)),
        }
        ticket
    }

    /// A cancel is routed by its shard or by its market; without either it goes to shard 0.
    fn shard_of_query(&self, query: &str) -> Option<u8> {
        for (key, value) in super::query::pairs(query) {
            match key {
                "exchange_index" => return value.parse().ok(),
                "market_ticker" => return self.catalog.find(value).map(|_| self.settings.shard),
                _ => {}
            }
        }
        None
    }

    fn refuse_order(&mut self, now: Nanos, ticket: u64, refusal: &Refusal) {
        let due = now.plus(self.settings.entry_latency_ns).plus(self.settings.reply_latency_ns);
        let mut body = String::new();
        let status = match refusal {
            Refusal::Flat(details) => {
                wire::flat_error(&mut body, "bad_request", details);
                400
            }
            Refusal::Coded(reason) => {
                wire::reject_body(&mut body, *reason);
                wire::reject_status(*reason)
            }
        };
        self.replies.insert((due, ticket), (status, body));
    }

    /// The engine answered at `at`.
    pub(super) fn reply(&mut self, at: Nanos, ticket: u64, reply: Reply) {
        let mut body = String::new();
        let status = match reply {
            Reply::Create(Ok(accepted)) => {
                wire::create_body(&mut body, &accepted, at);
                201
            }
            Reply::Cancel(Ok(canceled)) => {
                wire::cancel_body(&mut body, &canceled, at);
                200
            }
            Reply::Create(Err(reason)) | Reply::Cancel(Err(reason)) => {
                wire::reject_body(&mut body, reason);
                wire::reject_status(reason)
            }
        };
        self.replies.insert((at.plus(self.settings.reply_latency_ns), ticket), (status, body));
    }

    fn read_create(&self, now: Nanos, body: &[u8], ticket: u64) -> Result<NewOrder, Refusal> {
        let body = serde_json::from_slice::<Value>(body).map_err(|error| Refusal::Flat(error.to_string()))?;
        let fields = Fields { body: &body };
        let ticker = fields.required("ticker")?;
        let client = fields.text("client_order_id")?.map_or(Ok(ClientId::FOREIGN), client_id)?;
        let time_in_force = word(TimeInForce::ALL, |word| word.word(), fields.required("time_in_force")?)?;
        let is_routed_here = fields.shard()?.is_none_or(|shard| shard == i64::from(self.settings.shard));
        let order = NewOrder {
            client,
            market: self.catalog.find(ticker).filter(|_| is_routed_here),
            side: word(Side::ALL, |side| side.word(), fields.required("side")?)?,
            price: price(fields.required("price")?).ok_or(coded(RejectReason::InvalidPrice))?,
            count: count(fields.required("count")?).ok_or(coded(RejectReason::InvalidCount))?,
            time_in_force,
            expires: fields.expiration(now, time_in_force)?,
            post_only: fields.flag("post_only")?,
            self_trade: word(SelfTrade::ALL, |word| word.word(), fields.required("self_trade_prevention_type")?)?,
            cancel_on_pause: fields.flag("cancel_order_on_pause")?,
            ticket,
        };
        // Positions are not looked at before an order is taken, so this cannot be honoured.
        if fields.flag("reduce_only")? {
            return Err(coded(RejectReason::Other));
        }
        Ok(order)
    }
}

fn coded(reason: RejectReason) -> Refusal {
    Refusal::Coded(reason)
}

/// Dollars with two to four decimals.
fn price(text: &str) -> Option<Price> {
    (2..=4).contains(&decimals(text)).then(|| Price::parse(text.as_bytes()).ok()).flatten()
}

/// Contracts with up to two decimals.
fn count(text: &str) -> Option<Count> {
    (decimals(text) <= 2).then(|| Count::parse(text.as_bytes()).ok()).flatten()
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// The exchange in process knows orders by our own identifiers only; any other text is refused.
fn client_id(text: &str) -> Result<ClientId, Refusal> {
    ClientId::parse(text.as_bytes()).ok_or(coded(RejectReason::Other))
}

fn word<T: Copy>(all: &[T], name: impl Fn(&T) -> &'static str, text: &str) -> Result<T, Refusal> {
    all.iter().copied().find(|one| name(one) == text).ok_or(coded(RejectReason::Other))
}

/// The members of a create's body, read as a decoder with fixed types reads them.
struct Fields<'a> {
    body: &'a Value,
}

impl<'a> Fields<'a> {
    fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match &self.body[name] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            other => Err(wrong_type(name, other, "string")),
        }
    }

    fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or(coded(RejectReason::Other))
    }

    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match &self.body[name] {
            Value::Null => Ok(false),
            Value::Bool(flag) => Ok(*flag),
            other => Err(wrong_type(name, other, "bool")),
        }
    }

    /// The shard an order is sent to; without one, or with −1, the venue finds it by the ticker.
    fn shard(&self) -> Result<Option<i64>, Refusal> {
        let value = &self.body["exchange_index"];
        if value.is_null() {
            return Ok(None);
        }
        let shard = value.as_i64().ok_or_else(|| wrong_type("exchange_index", value, "int"))?;
        Ok(Some(shard).filter(|shard| *shard != -1))
    }

    /// Unix seconds, in the future, and only with an order that rests.
    fn expiration(&self, now: Nanos, time_in_force: TimeInForce) -> Result<Option<Nanos>, Refusal> {
        let value = &self.body["expiration_time"];
        if value.is_null() {
            return Ok(None);
        }
        let seconds = value.as_u64().ok_or_else(|| wrong_type("expiration_time", value, "int64"))?;
        let expires = Nanos::from_seconds(seconds).filter(|expires| *expires > now);
        match expires {
            Some(expires) if time_in_force == TimeInForce::GoodTillCanceled => Ok(Some(expires)),
            _ => Err(coded(RejectReason::InvalidExpiration)),
        }
    }
}

/// As the recorded refusal of a numeric count reads.
fn wrong_type(name: &str, value: &Value, wanted: &str) -> Refusal {
    let got = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Refusal::Flat(format!(
        "json: cannot unmarshal {got} into Go struct field CreateOrderV2Request.{name} of type {wanted}"
    ))
}
