//! What the checker found, and what it looked at.

use std::collections::BTreeMap;
use trader_journal::log::Position;

/// A row of the table of invariants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Every byte is what was written, every stream's sequence without a gap, every line an event.
    J1,
    /// Nothing lost: every answer has its intent, every intent its end, every told fill its fill.
    J3,
    /// Nothing doubled: one create per intent, one booking per trade, never more filled than asked.
    J4,
    /// Cash: every dollar is accounted for at every step.
    J5,
    /// Limits hold at every prefix, unknown and live orders at full size, fees up.
    J6,
    /// No opening order where an order's fate is unknown.
    J7,
    /// No fill worse than its limit, no order outside its collar.
    J8,
    /// The venue's orders are the journal's orders.
    X1,
    /// The venue's fills are the journal's fills.
    X2,
    /// Positions and cash agree with the venue's at each settlement and at the end.
    X3,
    /// The venue saw each identifier once.
    X4,
}

impl Rule {
    /// Its name in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Rule::J1 => "J1",
            Rule::J3 => "J3",
            Rule::J4 => "J4",
            Rule::J5 => "J5",
            Rule::J6 => "J6",
            Rule::J7 => "J7",
            Rule::J8 => "J8",
            Rule::X1 => "X1",
            Rule::X2 => "X2",
            Rule::X3 => "X3",
            Rule::X4 => "X4",
        }
    }
}

/// One breach of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Which breach of it, as one word: what tells two faults of one rule apart.
    pub what: &'static str,
    /// The journal's line where it shows; absent where only the venue's ledger shows it.
    pub position: Option<Position>,
    /// The numbers, name and exact text each.
    pub numbers: Vec<(&'static str, String)>,
}

impl Finding {
    /// A finding without numbers yet.
    #[must_use]
    pub fn new(rule: Rule, what: &'static str, position: Option<Position>) -> Finding {
        Finding { rule, what, position, numbers: Vec::new() }
    }

    /// The same with one more number.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over numbers, words and borrowed names alike")]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Finding {
        self.numbers.push((name, value.to_string()));
        self
    }
}

/// Findings in the order met. The first [`Findings::KEPT_MAX`] are kept, all are counted.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    total: u64,
}

impl Findings {
    /// A journal that breaks a rule at every line is told by its first lines.
    pub const KEPT_MAX: usize = 1000;

    pub(super) fn push(&mut self, finding: Finding) {
        self.total += 1;
        if self.kept.len() < Self::KEPT_MAX {
            self.kept.push(finding);
        }
    }

    /// Those kept.
    #[must_use]
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// All there were.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// How much was looked at, by name: a rule that was never asked proves nothing.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    pub(super) fn add(&mut self, what: &'static str, number: u64) {
        *self.0.entry(what).or_default() += number;
    }

    pub(super) fn one(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// One count; 0 when it was never met.
    #[must_use]
    pub fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Every count, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(what, number)| (*what, *number))
    }
}
