//! Order requests as the venue reads them, strictly (kalshi.md §2.2).

use super::super::{MockExchange, wire};
use serde_json::Value;
use trader_exec::venue::NewOrder;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, RejectReason, SelfTrade, TimeInForce};
use trader_journal::units::{Count, Nanos, Price};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::exchange) enum Refusal {
    /// The decoder's own error: the flat shape, with its complaint.
    Flat(String),
    /// A refusal with a code of the venue.
    Coded(RejectReason),
    /// One that our trader never meets, by its code.
    Named(&'static str),
}

impl Refusal {
    /// Writes the whole body and gives its status.
    pub(in crate::exchange) fn write(&self, out: &mut String) -> u16 {
        match self {
            Refusal::Flat(details) => {
                wire::flat_error(out, "bad_request", details);
                400
            }
            Refusal::Coded(reason) => {
                wire::reject_body(out, *reason);
                wire::reject_status(*reason)
            }
            Refusal::Named(code) => {
                wire::coded_error(out, code);
                400
            }
        }
    }

    /// Writes `"error":{…}`, the member of a batch's item.
    pub(super) fn write_error(&self, out: &mut String) {
        let mut whole = String::new();
        self.write(&mut whole);
        // The nested shape is that member alone; what is flat refuses a batch as a whole.
        out.push_str(whole.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(&whole));
    }
}

impl From<RejectReason> for Refusal {
    fn from(reason: RejectReason) -> Refusal {
        Refusal::Coded(reason)
    }
}

/// The items of a batch's body.
pub(super) fn orders_of(body: &[u8], of: &'static str) -> Result<Vec<Value>, Refusal> {
    let mut body = parsed(body)?;
    match body["orders"].take() {
        Value::Array(orders) if !orders.is_empty() => Ok(orders),
        Value::Null | Value::Array(_) => Err(Refusal::Coded(RejectReason::Other)),
        other => Err(wrong_type(of, ".orders", &other, "[]Order")),
    }
}

pub(in crate::exchange) fn parsed(body: &[u8]) -> Result<Value, Refusal> {
    let body = serde_json::from_slice::<Value>(body).map_err(|error| Refusal::Flat(error.to_string()))?;
    if body.is_object() { Ok(body) } else { Err(Refusal::Flat("json: an object is wanted".into())) }
}

impl MockExchange {
    pub(super) fn read_create(&mut self, now: Nanos, body: &[u8], ticket: u64) -> Result<NewOrder, Refusal> {
        self.read_order(now, &Fields { body: &parsed(body)?, of: "CreateOrderV2Request." }, ticket)
    }

    pub(super) fn read_order(&mut self, now: Nanos, fields: &Fields, ticket: u64) -> Result<NewOrder, Refusal> {
        let ticker = fields.required("ticker")?;
        let client = self.client_of(fields, "client_order_id")?.unwrap_or(ClientId::FOREIGN);
        let time_in_force = word(TimeInForce::ALL, |word| word.word(), fields.required("time_in_force")?)?;
        let is_routed_here = fields.shard()?.is_none_or(|shard| shard == i64::from(self.settings.shard));
        let order = NewOrder {
            client,
            market: self.catalog.find(ticker).filter(|_| is_routed_here),
            side: fields.side()?,
            price: fields.price()?,
            count: fields.count("count")?.ok_or(RejectReason::Other)?,
            time_in_force,
            expires: fields.expiration(now)?,
            post_only: fields.flag("post_only")?,
            reduce_only: fields.flag("reduce_only")?,
            self_trade: word(SelfTrade::ALL, |word| word.word(), fields.required("self_trade_prevention_type")?)?,
            cancel_on_pause: fields.flag("cancel_order_on_pause")?,
            ticket,
        };
        if order.expires.is_some() && time_in_force != TimeInForce::GoodTillCanceled {
            return Err(RejectReason::InvalidExpiration.into());
        }
        Ok(order)
    }

    /// The number of a name in the body; an empty one is none.
    pub(super) fn client_of(&mut self, fields: &Fields, name: &str) -> Result<Option<ClientId>, Refusal> {
        match fields.text(name)?.filter(|text| !text.is_empty()) {
            Some(text) => Ok(Some(self.names.intern(text).ok_or(RejectReason::Other)?)),
            None => Ok(None),
        }
    }
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

fn word<T: Copy>(all: &[T], name: impl Fn(&T) -> &'static str, text: &str) -> Result<T, Refusal> {
    all.iter().copied().find(|one| name(one) == text).ok_or(Refusal::Coded(RejectReason::Other))
}

/// The members of a body, read as a decoder with fixed types reads them.
pub(in crate::exchange) struct Fields<'a> {
    pub(in crate::exchange) body: &'a Value,
    /// The type it is decoded into, as its complaints name it.
    pub(in crate::exchange) of: &'static str,
}

impl<'a> Fields<'a> {
    pub(in crate::exchange) fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match &self.body[name] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            other => Err(wrong_type(self.of, name, other, "string")),
        }
    }

    pub(in crate::exchange) fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or(Refusal::Coded(RejectReason::Other))
    }

    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match &self.body[name] {
            Value::Null => Ok(false),
            Value::Bool(flag) => Ok(*flag),
            other => Err(wrong_type(self.of, name, other, "bool")),
        }
    }

    /// A whole number.
    pub(in crate::exchange) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match &self.body[name] {
            Value::Null => Ok(None),
            value => value.as_i64().map(Some).ok_or_else(|| wrong_type(self.of, name, value, "int64")),
        }
    }

    pub(super) fn side(&self) -> Result<Side, Refusal> {
        word(Side::ALL, |side| side.word(), self.required("side")?)
    }

    pub(super) fn price(&self) -> Result<Price, Refusal> {
        price(self.required("price")?).ok_or(Refusal::Coded(RejectReason::InvalidPrice))
    }

    pub(super) fn count(&self, name: &str) -> Result<Option<Count>, Refusal> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.map(|text| count(text).ok_or(Refusal::Coded(RejectReason::InvalidCount))).transpose()
    }

    /// The shard a request is sent to; without one, or with −1, the venue finds it by the ticker.
    pub(super) fn shard(&self) -> Result<Option<i64>, Refusal> {
        Ok(self.integer("exchange_index")?.filter(|shard| *shard != -1))
    }

    /// Unix seconds, in the future.
    pub(super) fn expiration(&self, now: Nanos) -> Result<Option<Nanos>, Refusal> {
        let Some(seconds) = self.integer("expiration_time")? else { return Ok(None) };
        let expires = u64::try_from(seconds).ok().and_then(Nanos::from_seconds).filter(|expires| *expires > now);
        expires.map(Some).ok_or(Refusal::Coded(RejectReason::InvalidExpiration))
    }
}

/// As the recorded refusal of a numeric count reads.
fn wrong_type(of: &str, name: &str, value: &Value, wanted: &str) -> Refusal {
    let got = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Refusal::Flat(format!("json: cannot unmarshal {got} into Go struct field {of}{name} of type {wanted}"))
}
