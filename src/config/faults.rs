//! Faults a person asks the mock exchange for: `cut@30m=10s,gap@40m,502x2`.
//!
//! | word | what the exchange does |
//! |---|---|
//! | `cut@T=D` | its WebSocket is gone at T and takes no connection for D |
//! | `gap@T` | the first book delta from T on is lost |
//! | `502xN` | the first N replies to orders are done and answered `502 Bad Gateway` |
//! | `lostxN` | the first N orders never arrive and are answered `502 Bad Gateway` |
//! | `lag@T=D` | for D from T on the account's lists stand still at T, and say so |
//!
//! T counts from the session's start; T and D are a number with `s`, `m` or `h`.

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
    /// So many replies to orders are answered 502 although the venue did what was asked.
    BadGateway {
        /// How many.
        times: u32,
    },
}

/// Reads a list of faults; an empty text is none.
///
/// # Errors
/// The word that is no fault, and what would be one.
pub fn parse_faults(text: &str) -> Result<Vec<Fault>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            parse(word).ok_or_else(|| {
                format!("`{word}` is no fault; write cut@30m=10s, gap@40m, 502x2, lostx1 or lag@30m=10s")
            })
        })
        .collect()
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
    if let Some(after) = word.strip_prefix("gap@") {
        return Some(Fault::Gap { after_ns: span(after)? });
    }
    let (after, long) = word.strip_prefix("cut@")?.split_once('=')?;
    Some(Fault::Cut { after_ns: span(after)?, for_ns: span(long)? })
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
        assert_eq!(parse_faults(""), Ok(Vec::new()));
        for wrong in ["cut@30m", "gap@3", "gap@99999999999999h", "502", "é", "gap@é", "dup@3m", "lag@3m", "lostx"] {
            let told = parse_faults(wrong).unwrap_err();
            assert!(told.contains(wrong) && told.contains("cut@30m=10s"), "{told}");
        }
    }
}
