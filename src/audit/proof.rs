//! What must have been read of the account before an order of unknown outcome counts no more: J7.
//!
//! The venue's lists of orders and of fills, each walked whole twice, later than the order's request
//! could still arrive and from before it was sent, the second time asked for well after the first ended.

use super::orders::Order;
use trader_journal::event::{AccountList, Event, TimeInForce};
use trader_journal::units::Nanos;

/// The longest a request is on its way.
const DEADLINE_NS: u64 = 10 * Nanos::SECOND;
/// How much later than an event a list must be for it to be in it without doubt.
const MARGIN_NS: u64 = 5 * Nanos::SECOND;
/// Between the first walk's end and the second one's beginning.
const APART_NS: u64 = 2 * Nanos::SECOND;
/// Walks looked back on: as many as are asked for while an order is unknown, and more.
const WALKS_MAX: usize = 256;

/// One whole walk.
#[derive(Clone, Copy, Debug)]
struct Walk {
    ended: Nanos,
    as_of: Nanos,
    asked: Nanos,
    since: Nanos,
}

/// The walks that execution heard of.
#[derive(Clone, Debug, Default)]
pub(super) struct Walks {
    orders: Vec<Walk>,
    fills: Vec<Walk>,
    /// When the walk through the fills last ended, and what it asked for.
    last_fills: Option<(Nanos, Nanos)>,
}

impl Walks {
    pub(super) fn hear(&mut self, walked: &Event) {
        let Event::AccountWalked { list, ts, as_of, asked, since, .. } = *walked else { return };
        let walk = Walk { ended: ts, as_of, asked, since };
        let known = match list {
            AccountList::Orders => &mut self.orders,
            AccountList::Fills => {
                self.last_fills = Some((asked, as_of));
                &mut self.fills
            }
            AccountList::Positions | AccountList::Settlements => return,
        };
        if known.len() == WALKS_MAX {
            known.remove(0);
        }
        known.push(walk);
    }

    /// Whether the fills were walked through after `from`, up to it and the margin.
    pub(super) fn fills_are_told_until(&self, from: Nanos) -> bool {
        self.last_fills.is_some_and(|(asked, as_of)| asked > from && as_of.0 >= from.0.saturating_add(MARGIN_NS))
    }

    /// Whether there is any.
    pub(super) const fn are_known(&self) -> bool {
        self.last_fills.is_some()
    }

    /// Whether they prove that this order never was.
    pub(super) fn prove_absent(&self, order: &Order) -> bool {
        let proofs = |walks: &[Walk]| walks.iter().filter(|walk| walk.would_show(order)).copied().collect::<Vec<_>>();
        let (orders, fills) = (proofs(&self.orders), proofs(&self.fills));
        let (Some(first_orders), Some(first_fills)) = (orders.first(), fills.first()) else { return false };
        let again = first_orders.ended.max(first_fills.ended).0.saturating_add(APART_NS);
        let is_twice = |walks: &[Walk]| walks.iter().any(|walk| walk.asked.0 >= again);
        is_twice(&orders) && is_twice(&fills)
    }
}

impl Walk {
    fn would_show(&self, order: &Order) -> bool {
        let arrived = order.ts.0.saturating_add(DEADLINE_NS);
        let may_rest = order.time_in_force == TimeInForce::GoodTillCanceled;
        let is_over = !may_rest || (order.expires.0 != 0 && self.as_of > order.expires);
        is_over
            && self.asked.0 > arrived
            && self.as_of.0 >= arrived.saturating_add(MARGIN_NS)
            && self.since.0 <= order.ts.0.saturating_sub(MARGIN_NS)
    }
}
