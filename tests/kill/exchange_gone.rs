//! The exchange is killed, stands still, or knows nobody.

use super::processes::{
    Exchange, FIRST_ORDER_MS, Line, SPEED, holds_what_it_says, is_audited, ordered, text, trader, until,
};
use std::fs;
use std::path::Path;
use trader_journal::units::Nanos;

/// How old a book may be that is traded on, as shipped, and as long again for what was under way.
const STALE_NS: u64 = 4 * Nanos::SECOND;

/// A killed exchange takes the data with it: nothing is opened on what is left, the line says that it
/// is gone, and ends when its time is over with a journal that holds.
#[test]
#[ignore = "a minute each, mostly waiting: the job `kills` runs them"]
fn without_an_exchange_nothing_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let exchange = Exchange::start(folder.path(), 7);
    let mut line = Line::start(folder.path(), "run", &exchange.line(), 4);
    until("the line hears something", FIRST_ORDER_MS, || {
        line.look();
        (line.last.0 > 0).then_some(())
    });
    let minute = line.last.plus(120 * Nanos::SECOND);
    until("two market minutes", FIRST_ORDER_MS, || {
        line.look();
        (line.last >= minute).then_some(())
    });
    exchange.kill();
    line.look();
    let gone = line.last;
    let output = line.end();
    line.look();
    let late = line.intents.iter().filter(|(_, at)| *at > gone.plus(STALE_NS)).count();
    assert_eq!(late, 0, "orders meant after the exchange was gone at {gone:?}: {:?}", line.intents);
    let story = story(&line.dir);
    assert!(
        says_trouble(&story) || says_trouble(&text(&output)),
        "nobody says that the exchange is gone:\n{}",
        text(&output)
    );
    holds_what_it_says(&line.dir);
}

/// An exchange that stands still for five seconds (five market minutes) is noticed, nothing is opened on the
/// stale book, and afterwards the line trades and agrees with it again.
#[test]
#[ignore = "a minute each, mostly waiting: the job `kills` runs them"]
fn a_frozen_exchange_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let exchange = Exchange::start(folder.path(), 8);
    let mut line = Line::start(folder.path(), "run", &exchange.line(), 4);
    until("the line hears something", FIRST_ORDER_MS, || {
        line.look();
        (line.last.0 > 0).then_some(())
    });
    let before = line.last.plus(60 * Nanos::SECOND);
    until("a market minute", FIRST_ORDER_MS, || {
        line.look();
        (line.last >= before).then_some(())
    });
    exchange.freeze();
    let frozen = line.last;
    let thawed = frozen.plus(5 * SPEED * Nanos::SECOND);
    until("five seconds of standing still", FIRST_ORDER_MS, || {
        line.look();
        (line.last >= thawed).then_some(())
    });
    exchange.thaw();
    let output = line.end();
    assert!(output.status.success(), "{}", text(&output));
    line.look();
    let stale = |at: &Nanos| *at > frozen.plus(STALE_NS) && *at < thawed;
    assert!(!line.intents.iter().any(|(_, at)| stale(at)), "opened on a book that stood still: {:?}", line.intents);
    assert!(line.intents.iter().any(|(_, at)| *at > thawed), "it never traded again: {:?}", line.intents);
    holds_what_it_says(&line.dir);
    is_audited(&line.dir, &exchange.ledger());
}

/// A key the exchange does not know: nothing is sent that it would do, and the line says what is wrong.
#[test]
#[ignore = "a minute each, mostly waiting: the job `kills` runs them"]
fn a_refused_key_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let exchange = Exchange::start(folder.path(), 9);
    let line = folder.path().join("forged");
    let known = fs::read_to_string(exchange.line()).expect("a line");
    let mut known: serde_json::Value = serde_json::from_str(&known).expect("JSON");
    known["key_id"] = "00000000-0000-4000-8000-000000000000".into();
    fs::write(&line, format!("{known}\n")).expect("a file");
    let mut line = Line::start(folder.path(), "run", &line, 1);
    let output = line.end();
    let said = text(&output) + &story(&line.dir);
    assert!(
        said.contains("status 401") && said.contains("look at the key"),
        "nobody says that the key is refused:\n{said}"
    );
    assert!(ordered(&exchange.ledger()).is_empty(), "an order came in with a key nobody knows");
}

fn story(dir: &Path) -> String {
    let output = trader().args(["journal", "story"]).arg(dir).output().expect("the binary runs");
    text(&output)
}

fn says_trouble(text: &str) -> bool {
    let text = text.to_lowercase();
    ["connection", "stream", "silent", "down", "lost"].iter().any(|word| text.contains(word))
}
