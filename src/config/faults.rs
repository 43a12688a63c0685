//! Faults a person asks the mock exchange for: `cut@30m=10s,gap@40m,502x2`.
//!
//! | word | what the exchange does |
//! |---|---|
//! | `cut@T=D` | its WebSocket is gone at T and takes no connection for D |
//! | `gap@T` | the first book delta from T on is lost |
//! | `502xN` | the first N replies to orders are done and answered `502 Bad Gateway` |
//! | `lostxN` | the first N orders never arrive and are answered `502 Bad Gateway` |
//! | `lag@T=D` | for D from T on the account's lists stand still at T, and say so |
//! | `skew@T=D` | for D from T on its clock is 5 s ahead of the wall's |
//! | `close@T` | every connection is closed at T, without a goodbye |
//! | `refuse@T=D` | new connections are closed at once for D |
//! | `freeze@T=D` | nothing is read or written for D, nothing is closed |
//! | `garbage@T` | every stream says something at T that is no message |
//! | `unheard@T` | the first order request from T on is not done; its connection is closed |
//! | `unanswered@T` | the first order request from T on is done; its connection is closed instead of an answer |
//!
//! T counts from the session's start; T and D are a number with `s`, `m` or `h`, of market time.
//! From `close` on they need sockets: in lockstep there are none.

use trader_journal::units::Nanos;

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The WebSocket is gone `after_ns` and takes no connection for `for_ns`.
    Cut {
        /// Since the start.
        after_ns: u64,
        /// How long.
        for_ns: u64,
    },
    /// The first book delta from `after_ns` on is lost.
    Gap {
        /// Since the start.
        after_ns: u64,
    },
    /// So many orders never reach the venue, and are answered 502.
    LostOrder {
        /// How many.
        times: u32,
    },
    /// The account's lists stand still `after_ns` for `for_ns`.
    Lag {
        /// Since the start.
        after_ns: u64,
        /// How long.
        for_ns: u64,
    },
    /// The exchange's clock is ahead `after_ns` for `for_ns`.
    Skew {
        /// Since the start.
        after_ns: u64,
        /// How long.
        for_ns: u64,
    },
    /// So many replies to orders are answered 502 although the venue did what was asked.
    BadGateway {
        /// How many.
        times: u32,
    },
    /// Something happens to the sockets `after_ns`, and lasts `for_ns` where it lasts.
    Wire {
        /// What.
        what: WireFault,
        /// Since the start.
        after_ns: u64,
        /// How long; 0 for what happens once.
        for_ns: u64,
    },
}

/// What happens to sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// Every connection is closed, without a goodbye.
    Close,
    /// New connections are closed at once.
    Refuse,
    /// Nothing is read or written.
    Freeze,
    /// Every stream says something that is no message.
    Garbage,
    /// The next order request is not done, and its connection closed.
    Unheard,
    /// The next order request is done, and its connection closed.
    Unanswered,
}

impl WireFault {
    fn from_word(word: &str) -> Option<WireFault> {
        Some(match word {
            "close" => WireFault::Close,
            "refuse" => WireFault::Refuse,
            "freeze" => WireFault::Freeze,
            "garbage" => WireFault::Garbage,
            "unheard" => WireFault::Unheard,
            "unanswered" => WireFault::Unanswered,
            _ => return None,
        })
    }

    const fn lasts(self) -> bool {
        matches!(self, WireFault::Refuse | WireFault::Freeze)
    }
}

/// Reads a list of faults; an empty text is none.
///
/// # Errors
/// The word that is no fault, and what would be one.
pub fn parse_faults(text: &str) -> Result<Vec<Fault>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let known = "write cut@30m=10s, gap@40m, 502x2, lostx1, lag@30m=10s, skew@30m=10m, close@5m, refuse@5m=10s, freeze@5m=10s, garbage@5m, unheard@5m or unanswered@5m";
    words.map(|word| parse(word).ok_or_else(|| format!("`{word}` is no fault; {known}"))).collect()
}

/// The first fault in a list that happens to sockets: without any it would never come.
#[must_use]
pub fn needs_sockets(text: &str) -> Option<&str> {
    text.split(',').map(str::trim).find(|word| matches!(parse(word), Some(Fault::Wire { .. })))
}

fn parse(word: &str) -> Option<Fault> {
    if let Some(times) = word.strip_prefix("502x") {
        return Some(Fault::BadGateway { times: times.parse().ok()? });
    }
    if let Some(times) = word.strip_prefix("lostx") {
        return Some(Fault::LostOrder { times: times.parse().ok()? });
    }
    if let Some((after, long)) = word.strip_prefix("lag@").and_then(|rest| rest.split_once('=')) {
        return Some(Fault::Lag { after_ns: span(after)?, for_ns: span(long)? });
    }
    if let Some((after, long)) = word.strip_prefix("skew@").and_then(|rest| rest.split_once('=')) {
        return Some(Fault::Skew { after_ns: span(after)?, for_ns: span(long)? });
    }
    if let Some(after) = word.strip_prefix("gap@") {
        return Some(Fault::Gap { after_ns: span(after)? });
    }
    if let Some(cut) = word.strip_prefix("cut@") {
        let (after, long) = cut.split_once('=')?;
        return Some(Fault::Cut { after_ns: span(after)?, for_ns: span(long)? });
    }
    let (what, when) = word.split_once('@')?;
    let what = WireFault::from_word(what)?;
    let (after, for_ns) = match when.split_once('=') {
        Some((after, long)) if what.lasts() => (after, span(long)?),
        None if !what.lasts() => (when, 0),
        Some(_) | None => return None,
    };
    Some(Fault::Wire { what, after_ns: span(after)?, for_ns })
}

/// `10s`, `3m`, `1h` in nanoseconds.
fn span(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    count.checked_mul(seconds)?.checked_mul(Nanos::SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_by_their_words() {
        let (cut, gap) =
            (Fault::Cut { after_ns: 1_800_000_000_000, for_ns: 10_000_000_000 }, Fault::Gap { after_ns: 0 });
        assert_eq!(parse_faults("cut@30m=10s, gap@0s,502x2").unwrap(), [cut, gap, Fault::BadGateway { times: 2 }]);
        let lag = Fault::Lag { after_ns: 60_000_000_000, for_ns: 5_000_000_000 };
        assert_eq!(parse_faults("lostx3,lag@1m=5s").unwrap(), [Fault::LostOrder { times: 3 }, lag]);
        let skew = Fault::Skew { after_ns: 60_000_000_000, for_ns: 5_000_000_000 };
        assert_eq!(parse_faults("skew@1m=5s").unwrap(), [skew]);
        assert_eq!(parse_faults(""), Ok(Vec::new()));
        let second = 1_000_000_000;
        let frozen = Fault::Wire { what: WireFault::Freeze, after_ns: 60 * second, for_ns: 3 * second };
        let closed = Fault::Wire { what: WireFault::Close, after_ns: 0, for_ns: 0 };
        assert_eq!(parse_faults("freeze@1m=3s,close@0s").unwrap(), [frozen, closed]);
        assert_eq!(needs_sockets("502x2, close@0s,gap@1m"), Some("close@0s"));
        assert_eq!(needs_sockets("502x2,gap@1m"), None);
        for wrong in [
            "freeze@1m",
            "close@1m=3s",
            "refuse@1m",
            "break@1m",
            "cut@30m",
            "gap@3",
            "gap@99999999999999h",
            "502",
            "é",
            "gap@é",
            "dup@3m",
            "lag@3m",
            "skew@3m",
            "lostx",
        ] {
            let told = parse_faults(wrong).unwrap_err();
            assert!(told.contains(wrong) && told.contains("cut@30m=10s"), "{told}");
        }
    }
}
