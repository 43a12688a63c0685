//! A tally is made by reading: each thing once, in whatever order two streams tell of it.

use super::common::{heard, journal_of, lockstep};
use kalshi_trader::desk::{Follower, Tally, is_told_by};
use trader_journal::book::Side;
use trader_journal::event::{
    Agent, ClientId, EvalId, Event, EventId, Feed, FeedState, Gate, LifecycleKind, MarketId, Outcome, Ring, SelfTrade,
    SeriesMode, TimeInForce, pad,
};
use trader_journal::log::Origin;
use trader_journal::units::{Count, Money, Nanos, Price};

#[test]
fn a_finished_journal_is_counted_as_its_report_says_whether_read_at_once_or_followed() {
    let folder = tempfile::tempdir().unwrap();
    let report = lockstep(folder.path(), 8, 14).json();
    let at_once = Tally::of_journal(&journal_of(folder.path())).unwrap();
    let mut followed = Tally::default();
    Follower::new(&journal_of(folder.path())).catch_up(&mut |told| followed.see(told)).unwrap();
    for tally in [&at_once, &followed] {
        assert_eq!(report["events"], tally.events());
        assert_eq!(report["windows_settled"], tally.events_settled());
        assert_eq!(report["evaluations"], tally.evaluations());
        assert_eq!(report["orders_sent"], tally.orders_sent());
        assert_eq!(report["orders_filled"], tally.orders_filled());
        assert_eq!(report["fees_usd"].to_string().parse(), Ok(tally.fees().0 as f64 / 1e6));
        assert_eq!(report["pnl_usd"].to_string().parse(), Ok(tally.result().0 as f64 / 1e6));
    }
    // What the journal of this day came to when it was first counted, by the stages themselves.
    assert_eq!((at_once.evaluations(), at_once.events_settled()), (10, 10));
    assert!(at_once.orders_filled() >= 2 && at_once.contracts() > Count::ZERO);
}

fn evaluated(eval: u32, gate: Gate) -> Event {
    Event::EvalBasis {
        gate,
        mode: SeriesMode::Digital,
        event: EventId(1),
        ts: Nanos(1),
        eval: EvalId(eval),
        sigma_15m_e9: 0,
        estimate: Money::ZERO,
        basis_error_e9: 0,
        tau_ms: 0,
        close: Nanos(2),
        legs: 1,
        waiting_for: Gate::Sent,
        pad: pad(),
    }
}

fn intent(eval: u32) -> Event {
    Event::OrderIntent {
        side: Side::Bid,
        time_in_force: TimeInForce::ImmediateOrCancel,
        market: MarketId(1),
        ts: Nanos(1),
        client: ClientId { epoch: 1, nonce: 1, seq: u64::from(eval) },
        count: Count(100),
        expires: Nanos(0),
        price: Price(4700),
        post_only: 0,
        self_trade: SelfTrade::TakerAtCross,
        eval: EvalId(eval),
    }
}

fn refused(eval: u32, gate: Gate) -> Event {
    Event::Refused {
        gate,
        side: Side::Bid,
        market: MarketId(1),
        ts: Nanos(1),
        eval: EvalId(eval),
        price: Price(4700),
        pad: pad(),
        needed: 0,
        had: 0,
        pad2: pad(),
    }
}

#[test]
fn what_became_of_an_evaluation_may_be_told_before_it() {
    let told = [
        (Agent::Pricing, evaluated(1, Gate::Sent)),
        (Agent::Exec, intent(1)),
        (Agent::Exec, refused(2, Gate::Balance)),
        (Agent::Pricing, evaluated(2, Gate::Sent)),
        (Agent::Pricing, evaluated(3, Gate::EdgeNet)),
    ];
    let count = |told: &mut dyn Iterator<Item = &(Agent, Event)>| {
        let mut tally = Tally::default();
        told.for_each(|(agent, event)| tally.note(*agent, Origin::SAID, event));
        (tally.evaluations(), tally.evaluations_by_gate().into_iter().collect::<Vec<_>>(), tally.orders_sent())
    };
    let forwards = count(&mut told.iter());
    assert_eq!(forwards, count(&mut told.iter().rev()));
    assert_eq!(forwards, (3, vec![(Gate::Sent, 1), (Gate::EdgeNet, 1), (Gate::Balance, 1)], 1));
    // An intent whose evaluation never came is an order and no evaluation.
    assert_eq!(count(&mut [(Agent::Exec, intent(9))].iter()), (0, vec![], 1));
}

#[test]
fn what_two_agents_hear_is_told_by_one() {
    let named = Event::MarketNamed {
        ticker_len: 1,
        pad: pad(),
        market: MarketId(1),
        ts: Nanos(1),
        ticker: [b'K'; 36],
        event: EventId(1),
    };
    let final_one = Event::Lifecycle {
        kind: LifecycleKind::Finalized,
        outcome: Outcome::Yes,
        market: MarketId(1),
        ts: Nanos(2),
        venue_ts: Nanos(2),
        close: Nanos(2),
        value: Money::DOLLAR,
        settlement: Money::DOLLAR,
        pad: pad(),
    };
    for event in [named, final_one] {
        let tellers: Vec<_> = [Agent::Pricing, Agent::Exec]
            .into_iter()
            .filter(|who| is_told_by(*who, heard(Ring::KalshiExec), &event))
            .collect();
        assert_eq!(tellers, [Agent::Exec], "{event:?}");
    }
    assert!(is_told_by(Agent::Pricing, Origin::SAID, &evaluated(1, Gate::Sent)), "exec does not hear of it");
    let spot_is_up =
        Event::FeedChanged { feed: Feed::BinanceSpot, state: FeedState::Up, epoch: 1, ts: Nanos(1), pad: pad() };
    assert!(is_told_by(Agent::Pricing, heard(Ring::BinancePricing), &spot_is_up), "only pricing hears spot");
}
