//! The line is killed at the moment it means to send an order.

use super::processes::{Exchange, FIRST_ORDER_MS, Line, holds_what_it_says, is_audited, ordered, until};
use std::collections::BTreeSet;

/// Killed as soon as its journal shows an intent: before the order left, on its way, or after the reply.
/// Whatever the venue has is in the journal, and no later line takes it for its own.
#[test]
#[ignore = "a minute each, mostly waiting: the job `kills` runs them"]
fn what_the_venue_has_was_written_down_before() {
    for seed in [7, 8, 9] {
        let folder = tempfile::tempdir().expect("a folder");
        let exchange = Exchange::start(folder.path(), seed);
        let mut line = Line::start(folder.path(), "killed", &exchange.line(), 8);
        until("an intent", FIRST_ORDER_MS, || {
            line.look();
            (!line.intents.is_empty()).then_some(())
        });
        line.kill();
        line.look();
        holds_what_it_says(&line.dir);
        let ledger = exchange.ledger();
        let meant: BTreeSet<String> = line.intents.iter().map(|(client, _)| client.clone()).collect();
        let sent = ordered(&ledger);
        assert!(sent.is_subset(&meant), "seed {seed}: the venue has {sent:?}, the journal {meant:?}");
    }
}

/// A line that comes after a killed one finds what is left of it at the venue and ends in order.
#[test]
#[ignore = "a minute each, mostly waiting: the job `kills` runs them"]
fn the_next_line_trades_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let exchange = Exchange::start(folder.path(), 7);
    let mut killed = Line::start(folder.path(), "killed", &exchange.line(), 8);
    until("an intent", FIRST_ORDER_MS, || {
        killed.look();
        (!killed.intents.is_empty()).then_some(())
    });
    killed.kill();
    let mut next = Line::start(folder.path(), "next", &exchange.line(), 5);
    let output = next.end();
    assert!(output.status.success(), "{}", super::processes::text(&output));
    next.look();
    holds_what_it_says(&next.dir);
    killed.look();
    let mine: BTreeSet<&String> = next.intents.iter().chain(&killed.intents).map(|(client, _)| client).collect();
    let strangers: Vec<String> =
        ordered(&exchange.ledger()).into_iter().filter(|client| !mine.contains(client)).collect();
    assert!(strangers.is_empty(), "orders no line wrote down: {strangers:?}");
}

/// Nothing goes wrong: the ledger and the journal agree to the cent.
#[test]
#[ignore = "a minute each, mostly waiting: the job `kills` runs them"]
fn an_undisturbed_line_agrees_with_the_venue() {
    let folder = tempfile::tempdir().expect("a folder");
    let exchange = Exchange::start(folder.path(), 8);
    let mut line = Line::start(folder.path(), "whole", &exchange.line(), 4);
    let output = line.end();
    assert!(output.status.success(), "{}", super::processes::text(&output));
    line.look();
    let ledger = exchange.ledger();
    assert!(!ordered(&ledger).is_empty(), "nothing was traded: the comparison would be empty");
    holds_what_it_says(&line.dir);
    is_audited(&line.dir, &ledger);
}
