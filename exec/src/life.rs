//! The one legal life of an order.
//!
//! `Sent → Acked | Rejected | Unknown`; `Acked → PartFilled → Executed | CancelPending |
//! Canceled | Expired`; `Unknown → adopted by any word of the venue | Absent`. A fill always
//! wins: no state makes it not count. Words arrive late, twice and out of order; an order that
//! has ended stays ended, except that one we believed never to have existed comes back when
//! the venue shows that it did.

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The intent was said; no answer yet.
    Sent,
    /// Nobody knows whether it exists: full size in every limit until told.
    Unknown,
    /// The venue has it. Also where a refused cancel leads back to.
    Acked,
    /// The venue has it and filled a part.
    PartFilled,
    /// A cancel was said; until it is answered the order lives.
    CancelPending,
    /// Filled whole; fills may still be on their way.
    Executed,
    /// Gone with something unfilled.
    Canceled,
    /// Gone at its expiration.
    Expired,
    /// Refused for good.
    Rejected,
    /// Unknown once, and proven never to have existed.
    Absent,
}

impl State {
    /// Every state.
    pub const ALL: [State; 10] = [
        State::Sent,
        State::Unknown,
        State::Acked,
        State::PartFilled,
        State::CancelPending,
        State::Executed,
        State::Canceled,
        State::Expired,
        State::Rejected,
        State::Absent,
    ];

    /// Whether nothing more can be filled than the venue already counted.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            State::Sent | State::Unknown | State::Acked | State::PartFilled | State::CancelPending => false,
            State::Executed | State::Canceled | State::Expired | State::Rejected | State::Absent => true,
        }
    }

    /// Whether a cancel can be said: the venue has it and none is on its way.
    #[must_use]
    pub const fn is_cancelable(self) -> bool {
        match self {
            State::Acked | State::PartFilled => true,
            State::Sent | State::Unknown | State::CancelPending => false,
            State::Executed | State::Canceled | State::Expired | State::Rejected | State::Absent => false,
        }
    }
}

/// What can be learned about an order, from whichever message told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    /// The venue has it and something of it is open.
    Live,
    /// The venue ended it before it was filled.
    Canceled,
    /// It expired.
    Expired,
    /// The venue filled all of it.
    Executed,
    /// The create was refused.
    Refused,
    /// The venue, asked, does not know it.
    NotFound,
    /// The outcome of the create is not known.
    Lost,
    /// A fill that leaves something open.
    FillPart,
    /// The fill that completes it.
    FillWhole,
    /// We said a cancel.
    CancelSaid,
    /// The cancel was refused.
    CancelRefused,
    /// The outcome of the cancel is not known.
    CancelLost,
    /// The program started anew.
    Restarted,
}

impl Report {
    /// Every report.
    pub const ALL: [Report; 13] = [
        Report::Live,
        Report::Canceled,
        Report::Expired,
        Report::Executed,
        Report::Refused,
        Report::NotFound,
        Report::Lost,
        Report::FillPart,
        Report::FillWhole,
        Report::CancelSaid,
        Report::CancelRefused,
        Report::CancelLost,
        Report::Restarted,
    ];
}

/// Where a report leads, and whether it contradicts what was believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state from now on.
    pub next: State,
    /// The venue's words do not fit together: counted, shown, and the larger exposure believed.
    pub contradicts: bool,
}

/// The transition function: every pair of state and report, by name.
#[must_use]
#[rustfmt::skip]
pub fn step(state: State, report: Report) -> Step {
    use State::{Absent, Acked, CancelPending, Canceled, Executed, Expired, PartFilled, Rejected, Sent, Unknown};
    let agree = |next| Step { next, contradicts: false };
    let against = |next| Step { next, contradicts: true };
    match report {
        Report::Live => match state {
            Sent | Unknown | Acked => agree(Acked),
            PartFilled | CancelPending | Executed | Canceled | Expired => agree(state),
            Rejected | Absent => against(Acked),
        },
        Report::FillPart => match state {
            Sent | Unknown | Acked | PartFilled => agree(PartFilled),
            CancelPending | Executed | Canceled | Expired => agree(state),
            Rejected | Absent => against(PartFilled),
        },
        Report::FillWhole => match state {
            Sent | Unknown | Acked | PartFilled | CancelPending | Executed | Canceled | Expired => agree(Executed),
            Rejected | Absent => against(Executed),
        },
        Report::Executed => match state {
            Sent | Unknown | Acked | PartFilled | CancelPending | Executed => agree(Executed),
            Canceled | Expired | Rejected | Absent => against(Executed),
        },
        Report::Canceled => match state {
            Sent | Unknown | Acked | PartFilled | CancelPending | Canceled | Rejected | Absent => agree(Canceled),
            Executed | Expired => agree(state),
        },
        Report::Expired => match state {
            Sent | Unknown | Acked | PartFilled | CancelPending | Expired => agree(Expired),
            Executed | Canceled => agree(state),
            Rejected | Absent => against(Expired),
        },
        Report::Refused => match state {
            Sent | Unknown | Rejected => agree(Rejected),
            Acked | PartFilled | CancelPending | Executed | Canceled | Expired => against(state),
            Absent => agree(Absent),
        },
        Report::NotFound => match state {
            Sent | Unknown | Absent => agree(Absent),
            Acked | PartFilled | CancelPending | Executed | Canceled | Expired => against(state),
            Rejected => agree(Rejected),
        },
        Report::Lost | Report::Restarted => match (state, report) {
            (Sent, _) => agree(Unknown),
            (CancelPending, Report::Restarted) => agree(Acked),
            (Unknown | Acked | PartFilled | CancelPending, _) => agree(state),
            (Executed | Canceled | Expired | Rejected | Absent, _) => agree(state),
        },
        Report::CancelSaid => match state {
            Acked | PartFilled | CancelPending => agree(CancelPending),
            Sent | Unknown | Executed | Canceled | Expired | Rejected | Absent => agree(state),
        },
        Report::CancelRefused | Report::CancelLost => match state {
            CancelPending => agree(Acked),
            Sent | Unknown | Acked | PartFilled => agree(state),
            Executed | Canceled | Expired | Rejected | Absent => agree(state),
        },
    }
}
