//! The book that is told, beside a naive one, while messages are lost, repeated and exchanged.

use crate::fixtures::{self, TICKER};
use crate::rig::{Rig, ToldBook};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use trader_journal::book::Side;
use trader_journal::event::MarketId;

const OTHER: &str = "KXBTC15M-26NOV221230-30";

/// What the venue does to one of its books; applied as far as it is legal.
#[derive(Clone, Debug)]
enum Act {
    Delta { market: usize, side: Side, cents: u16, change: i64 },
    Snapshot { market: usize },
}

/// What happens to a message on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Arrives,
    Lost,
    Twice,
    AfterTheNext,
}

fn act() -> impl Strategy<Value = Act> {
    let delta = (0usize..2, any::<bool>(), 1u16..100, -300i64..600).prop_map(|(market, bid, cents, change)| {
        Act::Delta { market, side: if bid { Side::Bid } else { Side::Ask }, cents, change }
    });
    prop_oneof![9 => delta, 1 => (0usize..2).prop_map(|market| Act::Snapshot { market })]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![30 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => Just(Fate::Twice), 1 => Just(Fate::AfterTheNext)]
}

/// The venue: its books, the messages it sent and its books after each of them.
struct Venue {
    books: [ToldBook; 2],
    messages: Vec<(String, [ToldBook; 2])>,
}

impl Venue {
    fn act(&mut self, act: &Act) {
        match *act {
            Act::Snapshot { market } => {
                let text = snapshot_text(market, &self.books[market]);
                self.send("orderbook_snapshot", &text);
            }
            Act::Delta { market, side, cents, change } => {
                let price = cents * 100;
                let book = &mut self.books[market];
                let now = book.get(&(side, price)).copied().unwrap_or(0);
                let change = change.max(-now);
                let crosses = now + change > 0
                    && book.keys().any(|(other, at)| match side {
                        Side::Bid => *other == Side::Ask && *at <= price,
                        Side::Ask => *other == Side::Bid && *at >= price,
                    });
                if change == 0 || crosses {
                    return;
                }
                match now + change {
                    0 => book.remove(&(side, price)),
                    size => book.insert((side, price), size),
                };
                let word = if side == Side::Bid { "yes" } else { "no" };
                let sign = if change < 0 { "-" } else { "" };
                let text = format!(
                    r#""market_ticker":"{}","price_dollars":"0.{price:04}","delta_fp":"{sign}{}.{:02}","side":"{word}""#,
                    [TICKER, OTHER][market],
                    change.abs() / 100,
                    change.abs() % 100
                );
                self.send("orderbook_delta", &text);
            }
        }
    }

    fn send(&mut self, kind: &str, msg: &str) {
        let seq = self.messages.len() + 1;
        let frame = format!("{{\"type\":\"{kind}\",\"sid\":5,\"seq\":{seq},\"msg\":{{{msg}}}}}\n");
        self.messages.push((frame, self.books.clone()));
    }
}

fn snapshot_text(market: usize, book: &ToldBook) -> String {
    let mut text = format!(r#""market_ticker":"{}""#, [TICKER, OTHER][market]);
    for (side, key) in [(Side::Bid, "yes_dollars_fp"), (Side::Ask, "no_dollars_fp")] {
        let levels: Vec<_> = book.iter().filter(|((of, _), _)| *of == side).collect();
        if !levels.is_empty() {
            let rows: Vec<_> = levels
                .iter()
                .map(|((_, price), size)| format!(r#"["0.{price:04}","{}.{:02}"]"#, **size / 100, **size % 100))
                .collect();
            write!(text, r#","{key}":[{}]"#, rows.join(",")).expect("a string");
        }
    }
    text
}

/// The order in which messages arrive, each with its number.
fn arrivals(fates: &[Fate], count: usize) -> Vec<usize> {
    let mut order = Vec::new();
    let mut late = None;
    for at in 0..count {
        match fates[at % fates.len()] {
            Fate::Arrives => order.push(at),
            Fate::Lost => {}
            Fate::Twice => order.extend([at, at]),
            Fate::AfterTheNext => {
                order.extend(late.replace(at));
                continue;
            }
        }
        order.extend(late.take());
    }
    order.extend(late);
    order
}

fn rig() -> Rig {
    let mut rig = Rig::up();
    rig.list(&[fixtures::market_of(
        OTHER,
        "KXBTC15M-26NOV221230",
        "2026-11-22T17:00:00Z",
        "2026-11-22T17:30:00Z",
        r#","status":"active""#,
    )]);
    rig
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_told_book_is_the_venues_or_is_known_not_to_be(
        acts in proptest::collection::vec(act(), 1..200),
        fates in proptest::collection::vec(fate(), 200),
    ) {
        let mut venue = Venue { books: [BTreeMap::new(), BTreeMap::new()], messages: Vec::new() };
        venue.act(&Act::Snapshot { market: 0 });
        venue.act(&Act::Snapshot { market: 1 });
        acts.iter().for_each(|act| venue.act(act));
        let mut rig = rig();
        let mut newest = 0;
        for at in arrivals(&fates, venue.messages.len()) {
            rig.frame(&venue.messages[at].0);
            newest = newest.max(at);
            for market in 0..2 {
                if let Some(book) = rig.told_of(MarketId(market as u32 + 1)) {
                    prop_assert_eq!(book, &venue.messages[newest].1[market], "after message {}", newest + 1);
                }
            }
        }
    }

    #[test]
    fn without_accidents_the_book_is_always_there(acts in proptest::collection::vec(act(), 1..200)) {
        let mut venue = Venue { books: [BTreeMap::new(), BTreeMap::new()], messages: Vec::new() };
        venue.act(&Act::Snapshot { market: 0 });
        venue.act(&Act::Snapshot { market: 1 });
        acts.iter().for_each(|act| venue.act(act));
        let mut rig = rig();
        for (frame, _) in &venue.messages {
            rig.frame(frame);
        }
        for market in 0..2 {
            prop_assert_eq!(rig.told_of(MarketId(market as u32 + 1)), Some(&venue.books[market]));
        }
        prop_assert_eq!(rig.session.counts().faults_total(), 0);
    }
}
