//! The double-entry ledger: every movement of cash is a posting that is said, and all accounts
//! together are zero at all times.

use crate::money::{add, sub, total};
use crate::position::Moved;
use trader_journal::event::{Account, Event, MarketId, pad};
use trader_journal::hash::StateHash;
use trader_journal::stage::Outbox;
use trader_journal::units::{Money, Nanos};

const DAY_NS: u64 = 86_400 * Nanos::SECOND;

/// The accounts, and the running day's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Debits minus credits, by account number.
    balances: [Money; 5],
    day_starts_ns: u64,
    day: u64,
    day_result: Money,
}

/// What a posting is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    pub market: MarketId,
    pub ts: Nanos,
    /// The order's number for a fill, zero otherwise.
    pub reference: u64,
}

impl Ledger {
    /// Empty accounts, for days that start `day_starts_ns` after midnight UTC.
    pub(crate) const fn new(day_starts_ns: u64) -> Ledger {
        Ledger { balances: [Money::ZERO; 5], day_starts_ns, day: 0, day_result: Money::ZERO }
    }

    /// Debits minus credits of an account: cash, what positions cost and fees paid are positive,
    /// gains (`Result`) and deposits (`External`) negative.
    #[must_use]
    pub const fn balance(&self, account: Account) -> Money {
        self.balances[account as usize]
    }

    /// Cash on the shard, what rests reserved in orders included.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.balance(Account::Cash)
    }

    /// The sum of all accounts: zero, or the ledger is broken.
    #[must_use]
    pub fn sum(&self) -> Money {
        total(self.balances.iter().copied())
    }

    /// What the running day gained or lost, fees paid: closed and settled positions.
    #[must_use]
    pub const fn day_result(&self) -> Money {
        self.day_result
    }

    /// The day a moment belongs to.
    pub(crate) const fn day_of(&self, now: Nanos) -> u64 {
        now.0.saturating_sub(self.day_starts_ns) / DAY_NS
    }

    /// A new day begins with nothing lost.
    pub(crate) fn turn_day(&mut self, now: Nanos) {
        let today = self.day_of(now);
        if today != self.day {
            self.day = today;
            self.day_result = Money::ZERO;
        }
    }

    pub(crate) fn book_fill(&mut self, moved: &Moved, fee: Money, note: &Note, out: &mut Outbox) {
        self.post([Account::Positions, Account::Cash], moved.opened, note, out);
        self.book_return(moved.closed_cost, moved.proceeds, note, out);
        self.post([Account::Fees, Account::Cash], fee, note, out);
        self.day_result = sub(self.day_result, fee);
    }

    /// What had cost `cost` is gone and returned `proceeds`.
    pub(crate) fn book_return(&mut self, cost: Money, proceeds: Money, note: &Note, out: &mut Outbox) {
        let gain = sub(proceeds, cost);
        self.post([Account::Cash, Account::Positions], proceeds.min(cost), note, out);
        self.post([Account::Cash, Account::Result], gain, note, out);
        self.post([Account::Result, Account::Positions], sub(cost, proceeds), note, out);
        self.day_result = add(self.day_result, gain);
    }

    /// A settlement was replaced by one that pays `more`, or less when negative.
    pub(crate) fn book_correction(&mut self, more: Money, note: &Note, out: &mut Outbox) {
        self.post([Account::Cash, Account::Result], more, note, out);
        self.post([Account::Result, Account::Cash], sub(Money::ZERO, more), note, out);
        self.day_result = add(self.day_result, more);
    }

    /// Cash came (or went, when negative) by no trade of ours.
    pub(crate) fn book_external(&mut self, change: Money, note: &Note, out: &mut Outbox) {
        self.post([Account::Cash, Account::External], change, note, out);
        self.post([Account::External, Account::Cash], sub(Money::ZERO, change), note, out);
    }

    /// Moves `amount` from the second account to the first; what is not positive moves nothing.
    fn post(&mut self, [debit, credit]: [Account; 2], amount: Money, note: &Note, out: &mut Outbox) {
        if amount <= Money::ZERO {
            return;
        }
        self.balances[debit as usize] = add(self.balance(debit), amount);
        self.balances[credit as usize] = sub(self.balance(credit), amount);
        out.push(Event::Posting {
            debit,
            credit,
            market: note.market,
            ts: note.ts,
            amount,
            reference: note.reference,
            cash_after: self.cash(),
            pad: pad(),
        });
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        self.balances.iter().for_each(|balance| hash.mix(balance.0 as u64));
        hash.mix(self.day);
        hash.mix(self.day_result.0 as u64);
    }
}
