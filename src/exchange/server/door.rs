//! Who may come in: keys, clocks and signatures, as the venue checks them (kalshi.md §1).

use super::reply::Reply;
use super::request::Request;
use crate::signer::{KEY_HEADER, PublicKey, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use trader_journal::units::Nanos;

/// The keys that were issued.
pub(super) struct Door {
    /// By the name a client gives.
    pub(super) keys: Vec<(String, PublicKey)>,
    /// A timestamp may be so far from the wall's, to either side.
    pub(super) clock_window_ns: u64,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// One of the three headers is not there.
    Unsigned,
    /// The timestamp is no number, or too far from the wall's.
    Expired,
    /// Nobody has that key.
    UnknownKey,
    /// The signature is not that key's, or not of this request.
    WrongSignature,
}

impl Denial {
    /// The venue's answer to a REST request.
    pub(super) fn reply(self) -> Reply {
        let body = match self {
            Denial::Unsigned => {
                r#"{"error":{"code":"signature_is_missing_from_headers","message":"signature is missing from headers"}}"#
            }
            Denial::Expired => r#"{"error":{"code":"header_timestamp_expired","message":"header timestamp expired"}}"#,
            Denial::UnknownKey => {
                r#"{"error":{"code":"authentication_error","message":"authentication_error","details":"NOT_FOUND"}}"#
            }
            Denial::WrongSignature => {
                r#"{"error":{"code":"authentication_error","message":"authentication_error","details":"INCORRECT_API_KEY_SIGNATURE"}}"#
            }
        };
        Reply::new(401, body)
    }

    /// Its answer to an upgrade: one code for who did not sign.
    pub(super) fn upgrade_reply(self) -> Reply {
        match self {
            Denial::Unsigned => Reply::new(401, r#"{"code":"token_authentication_failure"}"#),
            Denial::Expired | Denial::UnknownKey | Denial::WrongSignature => self.reply(),
        }
    }
}

/// Whether a request comes with any sign of a key.
pub(super) fn is_signed(request: &Request) -> bool {
    [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].into_iter().any(|name| request.header(name).is_some())
}

impl Door {
    /// The place of the key that signed `request`, which came at wall time `wall`.
    pub(super) fn check(&self, request: &Request, wall: Nanos) -> Result<usize, Denial> {
        let given = |name| request.header(name).filter(|value| !value.is_empty()).ok_or(Denial::Unsigned);
        let (key, timestamp, signature) = (given(KEY_HEADER)?, given(TIMESTAMP_HEADER)?, given(SIGNATURE_HEADER)?);
        let signed_at = timestamp.parse().ok().and_then(Nanos::from_millis).ok_or(Denial::Expired)?;
        let apart_ns = wall.since(signed_at).max(signed_at.since(wall));
        if apart_ns > self.clock_window_ns {
            return Err(Denial::Expired);
        }
        let place = self.keys.iter().position(|(id, _)| id == key).ok_or(Denial::UnknownKey)?;
        let holds = self.keys[place].1.verify(timestamp, &request.method, request.path(), signature);
        if holds { Ok(place) } else { Err(Denial::WrongSignature) }
    }
}
