//! Forged events and forged journals: the stages, the auditor and a replay live through all of
//! them with overflow checks on. What they answer is their own tests' business.

use crate::forge::{Forger, Session, fields_of, session};
use kalshi_trader::audit::{Inputs, audit};
use kalshi_trader::config::Layers;
use kalshi_trader::line::Stages;
use kalshi_trader::line::replay::replay;
use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::LazyLock;
use trader_journal::event::Event;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::Nanos;

/// A low bar, so that orders are sent, filled and settled in the two hours.
const SETTINGS: [&str; 2] = ["edge.edge_gross_min_cents=0.5", "edge.edge_net_min_cents=0"];
static SESSION: LazyLock<Session> = LazyLock::new(|| session(&SETTINGS, 8));
/// Events of a kind whose every field is altered: the last ones, when most has happened.
const OF_A_KIND: usize = 1;

fn stages() -> Stages {
    let mut layers = Layers::defaults().unwrap();
    SETTINGS.iter().for_each(|setting| layers.add_setting(setting).unwrap());
    Stages::of(&layers.finish().unwrap(), Nanos(0))
}

fn live<S: Stage>(stage: &mut S, events: impl IntoIterator<Item = Event>) {
    let mut outbox = Outbox::new(S::SAYS_MAX);
    for event in events {
        outbox.clear();
        stage.on(&event, &mut outbox);
        stage.next_deadline();
    }
    stage.state_hash();
}

/// True events with forged, altered, skipped and repeated ones among them.
fn troubled<'a>(heard: &'a [Event], forger: &'a mut Forger, length: usize) -> impl Iterator<Item = Event> + 'a {
    let one_in = [6, 20, 200, 2000][forger.below(4)];
    let mut at = forger.below(2) * forger.below(heard.len());
    (0..length).map(move |_| {
        let next = heard[at % heard.len()];
        match forger.below(one_in) {
            0 => forger.event(),
            1 | 2 => forger.altered(&next),
            3 => {
                at += forger.below(50);
                next
            }
            4 => {
                at = at.saturating_sub(forger.below(50));
                next
            }
            _ => {
                at += 1;
                next
            }
        }
    })
}

#[test]
fn no_event_in_any_order_ends_a_stage() {
    for seed in 0..64 {
        let mut forger = Forger::new(seed);
        live(&mut stages().exec, troubled(&SESSION.exec, &mut forger, 4000));
        live(&mut stages().pricing, troubled(&SESSION.pricing, &mut forger, 4000));
    }
}

/// Few gates stay open under a storm of nonsense: here all is true but one field of one event.
#[test]
fn no_single_altered_field_ends_execution() {
    let heard = &SESSION.exec;
    let mut seen = BTreeMap::new();
    let mut lives = 0;
    for (place, event) in heard.iter().enumerate().rev() {
        let kind = format!("{:?}", discriminant(event));
        let count = seen.entry(kind).or_insert(0);
        *count += 1;
        if *count > OF_A_KIND {
            continue;
        }
        for altered in fields_of(event) {
            let events = heard[..place].iter().chain([&altered]).chain(&heard[place + 1..]).copied();
            live(&mut stages().exec, events);
            lives += 1;
        }
    }
    assert!(lives > 300, "{lives}");
}

#[test]
fn no_forged_journal_ends_the_auditor_or_a_replay() {
    let ledger = std::fs::read_to_string(&SESSION.ledger).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut found = 0;
    // The last three are ones that once ended the auditor or execution.
    for seed in (0..24).chain([139, 1706, 3506]) {
        let dir = folder.path().join(seed.to_string());
        Forger::new(seed).write_story(&dir, &SESSION.story);
        for ledger in [None, Some(ledger.as_str())] {
            let report = audit(&dir, Inputs { limits: None, ledger });
            found += usize::from(report.is_ok_and(|report| report.findings.total() > 0));
        }
        // Without the feeds' streams nothing can be said again: what counts is that it is said.
        assert!(replay(&dir, &[]).is_err(), "{seed}");
    }
    assert!(found > 24, "forgeries are found: {found}");
}
