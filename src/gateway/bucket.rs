//! Our own limit of writes, below the venue's, so that a cancel always has a token.

use super::settings::GatewaySettings;
use trader_journal::units::Nanos;

/// What a create costs at the venue (kalshi.md §2.5).
const CREATE_TOKENS: u64 = 10;
/// What a cancel costs.
const CANCEL_TOKENS: u64 = 2;

/// A bucket of tokens that fills with time, a part of it kept for cancels.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Tokens times 1e9: what fills in a nanosecond is a whole number.
    level: u64,
    capacity: u64,
    reserve: u64,
    tokens_per_s: u64,
    filled_at: Nanos,
}

const TOKEN: u64 = Nanos::SECOND;

impl Bucket {
    /// A bucket that is full.
    #[must_use]
    pub fn new(settings: &GatewaySettings) -> Bucket {
        let capacity = settings.write_tokens_burst * TOKEN;
        Bucket {
            level: capacity,
            capacity,
            reserve: capacity / 100 * settings.cancel_share_percent,
            tokens_per_s: settings.write_tokens_per_s,
            filled_at: Nanos(0),
        }
    }

    /// Takes the tokens of a create, leaving those kept for cancels; `false` when there are not enough.
    pub fn take_create(&mut self, now: Nanos) -> bool {
        self.take(now, CREATE_TOKENS, self.reserve)
    }

    /// Takes the tokens of a cancel.
    pub fn take_cancel(&mut self, now: Nanos) -> bool {
        self.take(now, CANCEL_TOKENS, 0)
    }

    /// The venue said that there are none left.
    pub fn empty(&mut self, now: Nanos) {
        self.fill(now);
        self.level = 0;
    }

    fn take(&mut self, now: Nanos, tokens: u64, left: u64) -> bool {
        self.fill(now);
        let enough = self.level >= tokens * TOKEN + left;
        if enough {
            self.level -= tokens * TOKEN;
        }
        enough
    }

    fn fill(&mut self, now: Nanos) {
        let more = now.since(self.filled_at).saturating_mul(self.tokens_per_s);
        self.level = self.level.saturating_add(more).min(self.capacity);
        self.filled_at = self.filled_at.max(now);
    }
}
