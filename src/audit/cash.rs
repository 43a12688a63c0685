//! Where the money went: J5.
//!
//! Execution handles one heard event at a time, so all that it says before the next one is
//! that event's doing. What it books in such a step must be what the event is worth by the
//! checker's own sums: a fill its price and fee, a settlement its payout, everything else nothing.

use super::finding::{Counts, Finding, Findings, Rule};
use trader_journal::event::{Account, Event, Uuid};
use trader_journal::log::Position;
use trader_journal::units::Money;

/// What one heard event is worth, and what was booked for it.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    at: Position,
    cash_due: i128,
    fees_due: i128,
    cash_booked: i128,
    fees_booked: i128,
    bookings: u32,
    again: Option<(Uuid, Position)>,
}

/// The cash account over one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Cash {
    /// After the last posting; unknown before the first.
    balance: Option<i128>,
    /// Deposits and withdrawals, which no fill explains.
    pub(super) external: i128,
    step: Step,
}

impl Cash {
    /// What is left, once anything was booked.
    pub(super) const fn balance(&self) -> Option<i128> {
        self.balance
    }

    /// A new event was heard: the step before must be in balance.
    pub(super) fn hear(&mut self, at: Position, found: &mut Findings, counts: &mut Counts) {
        self.close_step(found, counts);
        self.step = Step { at, ..Step::default() };
    }

    /// The event of this step moves cash by `change`, `fee` of it a fee.
    pub(super) fn due(&mut self, change: i128, fee: i128) {
        self.step.cash_due += change;
        self.step.fees_due += fee;
    }

    /// The event of this step is a trade that was heard before: it is worth nothing.
    pub(super) fn heard_again(&mut self, trade: Uuid, first: Position) {
        self.step.again = Some((trade, first));
    }

    /// Execution said a posting.
    pub(super) fn posting(&mut self, at: Position, said: &Event, found: &mut Findings, counts: &mut Counts) {
        let Event::Posting { debit, credit, amount, cash_after, .. } = *said else { return };
        counts.one("postings");
        let amount = i128::from(amount.0);
        if amount < 0 || debit == credit {
            found.push(Finding::new(Rule::J5, "posting_impossible", Some(at)).with("amount", dollars(amount)));
        }
        let into = |account: Account| {
            amount * (i128::from(u8::from(debit == account)) - i128::from(u8::from(credit == account)))
        };
        let change = into(Account::Cash);
        if debit == Account::External || credit == Account::External {
            // A named record of its own: it explains itself and no event.
            self.external -= into(Account::External);
            counts.one("postings_external");
        } else {
            self.step.cash_booked += change;
            self.step.bookings += 1;
        }
        self.step.fees_booked += into(Account::Fees);
        let expected = self.balance.unwrap_or(i128::from(cash_after.0) - change) + change;
        if expected != i128::from(cash_after.0) {
            let wrong = Finding::new(Rule::J5, "cash_after_wrong", Some(at)).with("said", cash_after);
            found.push(wrong.with("expected", dollars(expected)));
        }
        self.balance = Some(i128::from(cash_after.0));
    }

    /// Judges the last step.
    pub(super) fn close_step(&mut self, found: &mut Findings, counts: &mut Counts) {
        let step = std::mem::take(&mut self.step);
        if step.cash_due != 0 || step.bookings > 0 || step.again.is_some() {
            counts.one("cash_steps");
        }
        let finding = |rule, what| {
            let finding = Finding::new(rule, what, Some(step.at)).with("cash_booked", dollars(step.cash_booked));
            finding.with("cash_due", dollars(step.cash_due))
        };
        if let Some((trade, first)) = step.again {
            counts.one("trades_heard_again");
            if step.bookings > 0 {
                let twice = finding(Rule::J4, "trade_booked_twice").with("trade", trade);
                found.push(twice.with("first_at", super::place(first)));
            }
            return;
        }
        if step.cash_due != 0 && (step.cash_booked, step.fees_booked) == (2 * step.cash_due, 2 * step.fees_due) {
            found.push(finding(Rule::J4, "booked_twice"));
        } else if step.fees_booked != step.fees_due {
            let fee = finding(Rule::J5, "fee_not_as_charged").with("fee_booked", dollars(step.fees_booked));
            found.push(fee.with("fee_charged", dollars(step.fees_due)));
        } else if step.cash_booked != step.cash_due {
            found.push(finding(Rule::J5, "cash_not_as_due"));
        }
    }
}

/// An amount in $0.000001 as dollars.
pub(super) fn dollars(amount: i128) -> String {
    i64::try_from(amount).map_or_else(|_| format!("{amount}e-6"), |units| Money(units).to_string())
}
