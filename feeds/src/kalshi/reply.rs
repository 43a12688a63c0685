//! The answers to order requests: done, refused for good, or nobody knows.
//!
//! A create is POSTed once and never again, so the third answer must be the one given whenever
//! there is doubt: an order that counts and is not there costs a chance, one that is there and
//! does not count costs money.

use crate::json::{Cursor, Field, Read};
use crate::read;
use trader_journal::event::{ClientId, Event, FrameFault, RejectReason, UnknownReason, Uuid, pad};
use trader_journal::units::{Count, Nanos};

/// What was asked of the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Create the order of this identifier.
    Create {
        /// Our identifier.
        client: ClientId,
    },
    /// Cancel an order.
    Cancel {
        /// Our identifier.
        client: ClientId,
        /// The venue's.
        order: Uuid,
    },
}

/// What an HTTP answer means: one of [`Event::OrderAccepted`], [`Event::OrderRejected`],
/// [`Event::OrderUnknown`], or the same three of a cancel.
#[must_use]
pub fn read_reply(ts: Nanos, asked: Asked, status: u16, body: &[u8]) -> Event {
    let verdict = match status {
        200 | 201 => return accepted(ts, asked, status, body),
        400 | 401 | 403 | 404 | 409 | 410 | 429 => refusal(status, body),
        408 | 500..=599 => Verdict::Unknown(UnknownReason::ServerError),
        _ => Verdict::Unknown(UnknownReason::Unreadable),
    };
    match verdict {
        Verdict::Rejected(reason) => rejected(ts, asked, status, reason),
        Verdict::Unknown(reason) => unknown(ts, asked, status, reason),
    }
}

/// What it means that no answer came, and why none came.
#[must_use]
pub fn no_reply(ts: Nanos, asked: Asked, reason: UnknownReason) -> Event {
    unknown(ts, asked, 0, reason)
}

/// What it means that a command never left: refused for good, by ourselves.
#[must_use]
pub fn not_sent(ts: Nanos, asked: Asked, reason: RejectReason) -> Event {
    rejected(ts, asked, 0, reason)
}

enum Verdict {
    Rejected(RejectReason),
    Unknown(UnknownReason),
}

fn rejected(ts: Nanos, asked: Asked, status: u16, reason: RejectReason) -> Event {
    let status = u32::from(status);
    match asked {
        Asked::Create { client } => Event::OrderRejected { reason, pad: pad(), status, ts, client, pad2: pad() },
        Asked::Cancel { client, order } => {
            Event::CancelRejected { reason, pad: pad(), status, ts, client, order, pad2: pad() }
        }
    }
}

fn unknown(ts: Nanos, asked: Asked, status: u16, reason: UnknownReason) -> Event {
    let status = u32::from(status);
    match asked {
        Asked::Create { client } => Event::OrderUnknown { reason, pad: pad(), status, ts, client, pad2: pad() },
        Asked::Cancel { client, order } => {
            Event::CancelUnknown { reason, pad: pad(), status, ts, client, order, pad2: pad() }
        }
    }
}

// ---- done ------------------------------------------------------------------------------------

/// A body that does not name what was asked for may be the answer to something else: unknown.
fn accepted(ts: Nanos, asked: Asked, status: u16, body: &[u8]) -> Event {
    let event = Done::read(body).and_then(|done| match asked {
        Asked::Create { client } => done.created(ts, client),
        Asked::Cancel { client, order } => done.cancelled(ts, client, order),
    });
    event.unwrap_or_else(|_| unknown(ts, asked, status, UnknownReason::Unreadable))
}

/// The flat body of a create or a cancel that was done.
#[derive(Default)]
struct Done {
    order: Field<Uuid>,
    client: Field<ClientId>,
    filled: Field<Count>,
    remaining: Field<Count>,
    reduced: Field<Count>,
}

impl Done {
    fn read(body: &[u8]) -> Read<Done> {
        let mut done = Done::default();
        let mut cursor = Cursor::new(body);
        cursor.object(|key, value| match key {
            b"order_id" => done.order.read(value, read::uuid),
            b"client_order_id" => done.client.read(value, read::client_id),
            b"fill_count" => done.filled.read(value, read::size),
            b"remaining_count" => done.remaining.read(value, read::size),
            b"reduced_by" => done.reduced.read(value, read::size),
            // Seen with status 200: an error object and no order.
            b"error" => Err(FrameFault::VenueError),
            _ => value.skip(),
        })?;
        cursor.end()?;
        Ok(done)
    }

    /// We send our identifier with every create, and every recorded answer repeats it.
    fn created(self, ts: Nanos, client: ClientId) -> Read<Event> {
        if self.client.required()? != client {
            return Err(FrameFault::BadField);
        }
        let (filled, remaining) = (hundredths(self.filled)?, hundredths(self.remaining)?);
        Ok(Event::OrderAccepted { pad: pad(), ts, client, order: self.order.required()?, filled, remaining })
    }

    /// A cancel is answered with our identifier sometimes, with the order's always.
    fn cancelled(self, ts: Nanos, client: ClientId, order: Uuid) -> Read<Event> {
        let other_client = self.client.optional().is_some_and(|told| told != client);
        if self.order.required()? != order || other_client {
            return Err(FrameFault::BadField);
        }
        Ok(Event::CancelAccepted { pad: pad(), ts, client, order, reduced: self.reduced.required()? })
    }
}

fn hundredths(count: Field<Count>) -> Read<u32> {
    u32::try_from(count.required()?.0).map_err(|_| FrameFault::BadField)
}

// ---- refused ---------------------------------------------------------------------------------

/// What a 4xx means. The statuses are definite whatever the body says, with two exceptions: an
/// order of this identifier exists, and a conflict that is not one of those known to kill the order.
fn refusal(status: u16, body: &[u8]) -> Verdict {
    let reason = match Refusal::read(body) {
        Ok(refusal) => refusal.reason(),
        Err(_) => RejectReason::Other,
    };
    match (status, reason) {
        (_, RejectReason::DuplicateClientId) | (409, RejectReason::Other) => Verdict::Unknown(UnknownReason::Conflict),
        (401, _) => Verdict::Rejected(RejectReason::Unauthorized),
        (429, _) => Verdict::Rejected(RejectReason::RateLimited),
        (_, reason) => Verdict::Rejected(reason),
    }
}

/// An error's code and details, in whichever of the venue's four shapes they came.
#[derive(Default)]
struct Refusal<'a> {
    code: Field<&'a [u8]>,
    details: Field<&'a [u8]>,
}

impl<'a> Refusal<'a> {
    fn read(body: &'a [u8]) -> Read<Refusal<'a>> {
        let mut outer = Refusal::default();
        let mut inner = None;
        let mut cursor = Cursor::new(body);
        cursor.object(|key, value| match key {
            b"error" if value.peek() == Some(b'{') => {
                inner = Some(Refusal::read_members(value)?);
                Ok(())
            }
            _ => outer.member(key, value),
        })?;
        cursor.end()?;
        Ok(inner.unwrap_or(outer))
    }

    fn read_members(cursor: &mut Cursor<'a>) -> Read<Refusal<'a>> {
        let mut refusal = Refusal::default();
        cursor.object(|key, value| refusal.member(key, value))?;
        Ok(refusal)
    }

    fn member(&mut self, key: &[u8], value: &mut Cursor<'a>) -> Read<()> {
        match key {
            b"code" if value.peek() == Some(b'"') => self.code.read(value, |text| Ok(text.text()?.raw)),
            b"details" if value.peek() == Some(b'"') => self.details.read(value, |text| Ok(text.text()?.raw)),
            _ => value.skip(),
        }
    }

    fn reason(&self) -> RejectReason {
        let code = self.code.optional().unwrap_or_default();
        let known = CODES.iter().find(|(word, _)| code.eq_ignore_ascii_case(word.as_bytes()));
        known.map_or_else(|| self.reason_by_details(), |(_, reason)| *reason)
    }

    /// `invalid_order` and `bad_request` say the matter in their details only.
    fn reason_by_details(&self) -> RejectReason {
        let details = self.details.optional().unwrap_or_default();
        let holds = |word: &str| details.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
        match () {
            () if holds("post only cross") => RejectReason::PostOnlyCross,
            () if holds("expiration") => RejectReason::InvalidExpiration,
            () => RejectReason::Other,
        }
    }
}

/// The venue's codes; the documentation writes some of them in capitals.
const CODES: &[(&str, RejectReason)] = &[
    ("market_inactive", RejectReason::MarketInactive),
    ("invalid_price", RejectReason::InvalidPrice),
    ("invalid_order_size", RejectReason::InvalidCount),
    ("insufficient_balance", RejectReason::InsufficientBalance),
    ("available_balance_too_low", RejectReason::InsufficientBalance),
    ("post_only_cross", RejectReason::PostOnlyCross),
    ("fill_or_kill_insufficient_resting_volume", RejectReason::FillOrKill),
    ("immediate_or_cancel_insufficient_resting_volume", RejectReason::FillOrKill),
    ("order_already_exists", RejectReason::DuplicateClientId),
    ("market_not_found", RejectReason::MarketNotFound),
    ("not_found", RejectReason::OrderNotFound),
    ("trading_is_paused", RejectReason::TradingPaused),
    ("exchange_is_paused", RejectReason::ExchangePaused),
    ("too_many_requests", RejectReason::RateLimited),
    ("authentication_error", RejectReason::Unauthorized),
];
