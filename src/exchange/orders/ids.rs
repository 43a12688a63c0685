//! The names clients give their orders: any text, kept as it came.
//!
//! The engine knows an order by a [`ClientId`], which is a number. A name in the form of our own trader is
//! that number; any other is given one of a range that our own never reach.

use std::borrow::Cow;
use std::collections::HashMap;
use trader_journal::event::ClientId;

/// Longest name.
const BYTES_MAX: usize = 64;
/// The epoch of the numbers given out here. A writer's own epoch rises by one with each of its starts.
const GIVEN: u32 = u32::MAX;

/// Every name that was given a number.
#[derive(Default)]
pub(in crate::exchange) struct ClientNames {
    by_text: HashMap<String, ClientId>,
    /// By number, from 1.
    texts: Vec<String>,
}

impl ClientNames {
    /// The number of a name, the same every time; `None`: it is no name.
    pub(super) fn intern(&mut self, text: &str) -> Option<ClientId> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() || text.len() > BYTES_MAX || !text.bytes().all(is_allowed) {
            return None;
        }
        // Ours only as it is printed: another way of writing the same number is another name.
        let own = ClientId::parse(text.as_bytes()).filter(|id| id.epoch != GIVEN && id.to_string() == text);
        if own.is_some() {
            return own;
        }
        if let Some(known) = self.by_text.get(text) {
            return Some(*known);
        }
        self.texts.push(text.to_owned());
        let id = ClientId { epoch: GIVEN, nonce: 0, seq: self.texts.len() as u64 };
        self.by_text.insert(text.to_owned(), id);
        Some(id)
    }

    /// The name behind a number; empty for an order that was given none.
    pub(in crate::exchange) fn text(&self, id: ClientId) -> Cow<'_, str> {
        if id == ClientId::FOREIGN {
            return Cow::Borrowed("");
        }
        let given = usize::try_from(id.seq).ok().filter(|_| id.epoch == GIVEN);
        match given.and_then(|number| self.texts.get(number.checked_sub(1)?)) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(id.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_as_it_came_and_is_nobody_elses() {
        let mut names = ClientNames::default();
        let long = "x".repeat(64);
        let texts =
            ["a", "A", "k1-1-0000002a-7", "k1-01-0000002a-7", "k1-1-2a-7", "k1-ffffffff-00000000-1", "-_", &long];
        let ids: Vec<ClientId> = texts.iter().map(|text| names.intern(text).expect("a name")).collect();
        for (text, id) in texts.iter().zip(&ids) {
            assert_eq!(names.text(*id), *text);
            assert_eq!(names.intern(text), Some(*id), "the same number again");
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{text}");
        }
        assert_eq!(ids[2], ClientId { epoch: 1, nonce: 42, seq: 7 }, "our own form is our own number");
        assert_eq!(names.text(ClientId::FOREIGN), "");
        for wrong in ["", "a.b", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(names.intern(wrong), None, "{wrong}");
        }
    }
}
