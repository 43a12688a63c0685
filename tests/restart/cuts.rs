//! Kills at every kind of place: around each step of an order's life, at random, twice, and for so long
//! that the market is paid meanwhile.

use crate::lives::{SETTINGS, Seen, Session, entries};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use trader_journal::event::{Agent, ClientId, Event, LifecycleKind, POSITION_NOT_TOLD, Uuid};
use trader_journal::units::Nanos;

const SECOND: u64 = Nanos::SECOND;

/// The entries of the session as it is when nobody kills it.
fn whole() -> &'static [Seen] {
    static WHOLE: OnceLock<Vec<Seen>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let session = Session::new();
        let over = session.live(SETTINGS, &[]);
        over.assert_clean("a session that is not killed");
        entries(&session.journal())
    })
}

/// Where each entry that `is` stands.
fn places(is: impl Fn(&Seen) -> bool) -> Vec<u64> {
    (0..).zip(whole()).filter(|(_, seen)| is(seen)).map(|(at, _)| at).collect()
}

fn is_event(seen: &Seen, is: impl Fn(&Event) -> bool) -> bool {
    seen.agent == Agent::Exec && seen.event.as_ref().is_some_and(is)
}

/// How the orders of killed programs went on; a way nobody took is a way nobody tested.
#[derive(Clone, Copy, Debug, Default)]
struct Ways {
    kills: u32,
    /// Proven never to have existed.
    released: usize,
    /// Sent by one program, and told to the next.
    adopted: usize,
    /// Filled by what the list alone told.
    filled_by_list: usize,
    in_flight: u64,
}

impl Ways {
    fn and(self, other: Ways) -> Ways {
        Ways {
            kills: self.kills + other.kills,
            released: self.released + other.released,
            adopted: self.adopted + other.adopted,
            filled_by_list: self.filled_by_list + other.filled_by_list,
            in_flight: self.in_flight + other.in_flight,
        }
    }

    fn of(seen: &[Seen]) -> Ways {
        let mut ways = Ways::default();
        let (mut epoch, mut client, mut trade) = (0, ClientId::FOREIGN, None);
        let (mut trades, mut adopted) = (BTreeSet::new(), BTreeSet::new());
        for event in seen.iter().filter(|seen| seen.agent == Agent::Exec).filter_map(|seen| seen.event) {
            match event {
                Event::RunStarted { epoch: now, .. } => epoch = now,
                Event::OrderReleased { .. } => ways.released += 1,
                Event::OrderIds { client: named, .. } => client = named,
                Event::OrderUpdate { .. } if client.epoch != 0 && client.epoch < epoch => {
                    adopted.insert(client);
                }
                Event::FillTrade { trade: heard, post_position, .. } => {
                    trade = Some((heard, post_position == POSITION_NOT_TOLD));
                }
                Event::Fill { .. } => {
                    let is_news = |(trade, _): &(Uuid, bool)| trades.insert(*trade);
                    ways.filled_by_list += usize::from(trade.take().filter(is_news).is_some_and(|(_, listed)| listed));
                }
                _ => {}
            }
        }
        Ways { adopted: adopted.len(), ..ways }
    }
}

fn live_clean(lives: &[(u64, u64)]) -> Ways {
    let session = Session::new();
    let over = session.live(SETTINGS, lives);
    over.assert_clean(&format!("killed at {lives:?}"));
    assert_eq!(over.audited.counts.get("epochs"), u64::from(over.lives), "{lives:?}");
    let in_flight: u64 = over.replayed.agents.iter().map(|agent| agent.in_flight).sum();
    assert!(over.lives > 1 || in_flight == 0, "{lives:?}");
    Ways { kills: over.lives - 1, in_flight, ..Ways::of(&entries(&session.journal())) }
}

#[test]
fn around_each_step_of_an_orders_life() {
    let intents = places(|seen| is_event(seen, |event| matches!(event, Event::OrderIntent { .. })));
    let fills = places(|seen| is_event(seen, |event| matches!(event, Event::Fill { .. })));
    let answers = places(|seen| is_event(seen, |event| matches!(event, Event::OrderAccepted { .. })));
    assert!(!intents.is_empty() && !fills.is_empty() && !answers.is_empty());
    let last = fills.iter().chain(&answers).find(|at| **at > intents[0]).copied().unwrap();
    // From before the intent to after its answer and its first fill, every entry.
    let from = intents[0].saturating_sub(4);
    let places = from..(last + 12).min(from + 120);
    let ways = places.map(|at| live_clean(&[(at, 3 * SECOND)])).fold(Ways::default(), Ways::and);
    assert!(ways.kills > 20 && ways.released > 0 && ways.adopted > 0, "{ways:?}");
    assert!(ways.filled_by_list > 0 && ways.in_flight > 0, "{ways:?}");
}

#[test]
fn while_a_market_is_paid_and_for_longer_than_that() {
    let first_fill = places(|seen| is_event(seen, |event| matches!(event, Event::Fill { .. })))[0];
    for down_s in [1, 60, 600, 1_200] {
        live_clean(&[(first_fill + 1, down_s * SECOND)]);
        live_clean(&[(first_fill.saturating_sub(3), down_s * SECOND)]);
    }
    let is_final = |event: &Event| matches!(event, Event::Lifecycle { kind: LifecycleKind::Finalized, .. });
    let finals = places(|seen| is_event(seen, is_final));
    let settled = places(|seen| is_event(seen, |event| matches!(event, Event::PositionSettled { .. })));
    assert!(!settled.is_empty());
    for at in finals.iter().chain(&settled).take(6) {
        for around in [at.saturating_sub(2), at.saturating_sub(1), *at, at + 1, at + 2] {
            live_clean(&[(around, SECOND)]);
        }
    }
}

#[test]
fn again_before_it_has_come_to_itself() {
    let intent = places(|seen| is_event(seen, |event| matches!(event, Event::OrderIntent { .. })))[0];
    for at in [intent, intent + 1, intent + 3] {
        for second in [0, 1, 2, 5, 10, 40, 100, 400, 1_000] {
            live_clean(&[(at, SECOND), (second, SECOND), (second / 2, 0)]);
        }
    }
}

#[test]
fn at_its_very_beginning() {
    for at in [0, 1, 2, 3, 7, 20] {
        live_clean(&[(at, SECOND)]);
    }
}

/// So many random kills; a campaign asks for more.
fn rounds() -> u32 {
    std::env::var("RESTART_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(rounds()) })]

    #[test]
    fn anywhere_up_to_three_times(
        cuts in proptest::collection::vec((0.0f64..1.0, 0u64..400), 1..4),
        near_orders: bool,
    ) {
        let whole = whole().len() as f64;
        let intent = places(|seen| is_event(seen, |event| matches!(event, Event::OrderIntent { .. })))[0];
        let place = |at: f64| if near_orders { intent + (at * 400.0) as u64 } else { (at * whole) as u64 };
        let lives: Vec<_> = cuts.iter().map(|(at, down_s)| (place(*at), down_s * SECOND)).collect();
        live_clean(&lives);
    }
}
