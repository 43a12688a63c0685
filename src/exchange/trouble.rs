//! The faults a session was asked to have, and which of them are still to come.

use crate::config::Fault;
use trader_journal::units::Nanos;

/// What a gateway in front of the venue says when it lost the answer.
pub(super) const BAD_GATEWAY: (u16, &str) = (502, "<html><head><title>502 Bad Gateway</title></head></html>\r\n");
/// How a frame begins whose loss leaves a gap in the numbers of the books.
const BOOK_DELTA: &[u8] = b"{\"type\":\"orderbook_delta\"";

/// How far a skewed clock is ahead: more than a trader allows, less than a signature's window.
const SKEW_NS: u64 = 5 * Nanos::SECOND;

/// Faults to come, by time.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// When the stream is gone, and when it takes connections again.
    cuts: Vec<(Nanos, Nanos)>,
    /// From when on each connection loses a delta, in order.
    gaps: Vec<Nanos>,
    bad_gateways: u32,
    /// Orders that never arrive.
    lost_orders: u32,
    /// When the account's lists stand still, and until when.
    lags: Vec<(Nanos, Nanos)>,
    /// When its clock is ahead, and until when.
    skews: Vec<(Nanos, Nanos)>,
}

impl Trouble {
    pub(super) fn new(faults: &[Fault], start: Nanos) -> Trouble {
        let mut trouble = Trouble::default();
        for fault in faults {
            match *fault {
                Fault::Cut { after_ns, for_ns } => {
                    let from = start.plus(after_ns);
                    trouble.cuts.push((from, from.plus(for_ns)));
                }
                Fault::Gap { after_ns } => trouble.gaps.push(start.plus(after_ns)),
                Fault::LostOrder { times } => trouble.lost_orders = trouble.lost_orders.saturating_add(times),
                Fault::Lag { after_ns, for_ns } => {
                    let from = start.plus(after_ns);
                    trouble.lags.push((from, from.plus(for_ns)));
                }
                Fault::Skew { after_ns, for_ns } => {
                    let from = start.plus(after_ns);
                    trouble.skews.push((from, from.plus(for_ns)));
                }
                Fault::BadGateway { times } => trouble.bad_gateways = trouble.bad_gateways.saturating_add(times),
                // The servers' business.
                Fault::Wire { .. } => {}
            }
        }
        trouble.gaps.sort_unstable();
        trouble
    }

    /// Whether the stream takes no connection at `now`.
    pub(super) fn is_cut(&self, now: Nanos) -> bool {
        self.cuts.iter().any(|(from, until)| *from <= now && now < *until)
    }

    /// When the stream is next cut.
    pub(super) fn next_cut(&self, now: Nanos) -> Nanos {
        self.cuts.iter().map(|(from, _)| *from).filter(|from| *from > now).min().unwrap_or(Nanos::NEVER)
    }

    /// Gaps that a connection made at `now` is too late for.
    pub(super) fn gaps_before(&self, now: Nanos) -> usize {
        self.gaps.iter().filter(|from| **from <= now).count()
    }

    /// Whether this frame is the one that a connection loses, which has `lost` others behind it;
    /// asked once for each.
    pub(super) fn loses(&self, now: Nanos, lost: &mut usize, frame: &[u8]) -> bool {
        let is_due = self.gaps.get(*lost).is_some_and(|from| *from <= now) && frame.starts_with(BOOK_DELTA);
        *lost += usize::from(is_due);
        is_due
    }

    /// Up to when the account's lists know everything.
    pub(super) fn read_side(&self, now: Nanos) -> Nanos {
        let standing = self.lags.iter().filter(|(from, until)| *from <= now && now < *until);
        standing.map(|(from, _)| *from).min().unwrap_or(now)
    }

    /// How far its clock is ahead of the wall's at market time `now`, ns.
    pub(super) fn clock_ahead_ns(&self, now: Nanos) -> u64 {
        let is_skewed = self.skews.iter().any(|(from, until)| *from <= now && now < *until);
        if is_skewed { SKEW_NS } else { 0 }
    }

    /// Whether the next order never arrives; asked once for each.
    pub(super) const fn loses_order(&mut self) -> bool {
        let loses = self.lost_orders > 0;
        self.lost_orders -= loses as u32;
        loses
    }

    /// Whether the next reply is lost behind a gateway; asked once for each.
    pub(super) fn spoils_reply(&mut self) -> bool {
        let spoils = self.bad_gateways > 0;
        self.bad_gateways -= u32::from(spoils);
        spoils
    }
}
