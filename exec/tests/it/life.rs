//! The transition table against the statement of what is legal, in other words than its own.
//!
//! `Sent → Acked | Rejected | Unknown; Acked → PartFilled* → Filled | CancelPending | Canceled |
//! Expired; Unknown → Adopted (Acked…) | ProvenAbsent.` Messages may be lost or late, so a step
//! may take several of these at once.

use trader_exec::life::{Report, State, step};

/// The legal steps, one at a time.
const EDGES: &[(State, &[State])] = &[
    (State::Sent, &[State::Acked, State::Rejected, State::Unknown]),
    (State::Unknown, &[State::Acked, State::Rejected, State::Absent]),
    (State::Acked, &[State::PartFilled, State::Executed, State::CancelPending, State::Canceled, State::Expired]),
    (State::PartFilled, &[State::Executed, State::CancelPending, State::Canceled, State::Expired]),
    (State::CancelPending, &[State::Acked, State::Executed, State::Canceled, State::Expired]),
    // The cancel came too late for the last fill: the venue's end is the fill's.
    (State::Canceled, &[State::Executed]),
    (State::Expired, &[State::Executed]),
    (State::Executed, &[]),
    (State::Rejected, &[]),
    (State::Absent, &[]),
];

/// Whether legal steps lead from one to the other; `CancelPending` and `Acked` lead to each other, so
/// a state is not visited twice.
fn reaches(from: State, to: State) -> bool {
    let mut seen = vec![from];
    let mut at = 0;
    while at < seen.len() {
        let next = EDGES.iter().find(|(state, _)| *state == seen[at]).expect("every state has a row").1;
        let fresh: Vec<State> = next.iter().copied().filter(|state| !seen.contains(state)).collect();
        seen.extend(fresh);
        at += 1;
    }
    seen.contains(&to)
}

fn proves_existence(report: Report) -> bool {
    use Report::{Canceled, Executed, Expired, FillPart, FillWhole, Live};
    matches!(report, Live | Canceled | Expired | Executed | FillPart | FillWhole)
}

fn denies_existence(report: Report) -> bool {
    matches!(report, Report::Refused | Report::NotFound)
}

fn pairs() -> impl Iterator<Item = (State, Report)> {
    State::ALL.into_iter().flat_map(|state| Report::ALL.into_iter().map(move |report| (state, report)))
}

#[test]
fn every_step_that_does_not_contradict_is_legal() {
    let came_back = |state| matches!(state, State::Rejected | State::Absent);
    for (state, report) in pairs() {
        let taken = step(state, report);
        // A refusal followed by a cancel's word is how two venues tell one story (post-only).
        let told_twice = came_back(state) && report == Report::Canceled;
        assert!(taken.contradicts || told_twice || reaches(state, taken.next), "{state:?} {report:?} {taken:?}");
    }
}

#[test]
fn what_is_over_stays_over_unless_the_venue_shows_that_it_exists() {
    for (state, report) in pairs().filter(|(state, _)| state.is_over()) {
        let taken = step(state, report);
        let never_was = matches!(state, State::Rejected | State::Absent);
        assert!(taken.next.is_over() || (never_was && proves_existence(report)), "{state:?} {report:?} {taken:?}");
    }
}

#[test]
fn words_contradict_when_they_cannot_both_be_true() {
    for (state, report) in pairs() {
        let never_was = matches!(state, State::Rejected | State::Absent);
        let exists = !never_was && !matches!(state, State::Sent | State::Unknown);
        let ended_unfilled = matches!(state, State::Canceled | State::Expired);
        let expected = (never_was && proves_existence(report) && report != Report::Canceled)
            || (exists && denies_existence(report))
            || (ended_unfilled && report == Report::Executed);
        assert_eq!(step(state, report).contradicts, expected, "{state:?} {report:?}");
    }
}

#[test]
fn fills_always_win() {
    for state in State::ALL {
        assert_eq!(step(state, Report::FillWhole).next, State::Executed, "{state:?}");
        let after = step(state, Report::FillPart).next;
        assert!(!matches!(after, State::Sent | State::Unknown | State::Rejected | State::Absent), "{state:?}");
    }
}

#[test]
fn existence_once_told_is_never_forgotten() {
    for (state, report) in pairs().filter(|(_, report)| proves_existence(*report)) {
        let next = step(state, report).next;
        assert!(
            !matches!(next, State::Sent | State::Unknown | State::Rejected | State::Absent),
            "{state:?} {report:?}"
        );
    }
}

#[test]
fn only_silence_makes_unknown_and_only_where_nothing_was_told() {
    for (state, report) in pairs() {
        let becomes_unknown = step(state, report).next == State::Unknown && state != State::Unknown;
        let silence = matches!(report, Report::Lost | Report::Restarted);
        assert_eq!(becomes_unknown, state == State::Sent && silence, "{state:?} {report:?}");
    }
}

#[test]
fn a_cancel_is_pending_from_its_saying_to_its_answer() {
    for state in State::ALL {
        let pending = step(state, Report::CancelSaid).next == State::CancelPending;
        assert_eq!(pending, state.is_cancelable() || state == State::CancelPending, "{state:?}");
    }
    for answer in [Report::CancelRefused, Report::CancelLost, Report::Restarted] {
        assert_eq!(step(State::CancelPending, answer).next, State::Acked, "to be tried again after {answer:?}");
    }
}

#[test]
fn hearing_a_report_again_changes_nothing() {
    for (state, report) in pairs().filter(|(_, report)| *report != Report::Restarted) {
        let once = step(state, report).next;
        assert_eq!(step(once, report).next, once, "{state:?} {report:?}");
    }
}
