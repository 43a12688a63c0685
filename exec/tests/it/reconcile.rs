//! The account as the venue lists it: what is proof that an order never was, what stops, and when
//! the lists are asked for.

use crate::desk::{
    Desk, Intent, View, asked as cases, at, balance, contracts, fill, order_id, refusal, taker_fee, trade_id, updated,
    usd,
};
use proptest::prelude::*;
use trader_exec::life::State;
use trader_exec::{Reconciliation, Settings};
use trader_journal::book::Side;
use trader_journal::event::{
    AccountList, ClientId, Event, Gate, LifecycleKind, MarketId, Mode, OperatorVerb, OrderStatus, Outcome,
    ReconcileReason, Style, UpdateReason, pad,
};
use trader_journal::stage::Stage;
use trader_journal::units::{Count, Money, Nanos, Price};

const RULES: Reconciliation = Reconciliation {
    every_ns: 30 * Nanos::SECOND,
    age_ns_max: 90 * Nanos::SECOND,
    apart_ns_min: 2 * Nanos::SECOND,
    retry_ns: 10 * Nanos::SECOND,
    request_deadline_ns: 10 * Nanos::SECOND,
    skew_ns_max: Nanos::SECOND,
    read_margin_ns: 5 * Nanos::SECOND,
    lookback_ns: 120 * Nanos::SECOND,
    position_reads: 3,
};

fn settings() -> Settings {
    Settings { reconcile: Some(RULES), trades_per_hour_max: 9, trades_per_day_max: 9, ..Settings::default() }
}

/// One reading of the account, list by list.
#[derive(Clone, Copy)]
struct Reading {
    asked: Nanos,
    as_of: Nanos,
    since: Nanos,
}

impl Reading {
    /// Asked for now, of everything, with a read side that is not behind.
    fn now(desk: &Desk) -> Reading {
        Reading { asked: desk.now, as_of: desk.now, since: at(0).minus(600 * Nanos::SECOND) }
    }
}

impl Desk {
    fn walked(&mut self, list: AccountList, reading: &Reading) -> Vec<Event> {
        let Reading { asked, as_of, since } = *reading;
        let ts = self.now;
        self.hear(Event::AccountWalked { list, pad: pad(), rows: 0, ts, as_of, asked, since, strange: 0, pad2: pad() })
    }

    /// Both lists that would show an order.
    fn walked_orders_and_fills(&mut self, reading: &Reading) -> Vec<Event> {
        let mut said = self.walked(AccountList::Orders, reading);
        said.extend(self.walked(AccountList::Fills, reading));
        said
    }

    fn position_told(&mut self, market: u32, position: Count, as_of: Nanos) {
        let (market, ts) = (MarketId(market), self.now);
        self.hear(Event::PositionTold { pad: pad(), market, ts, position, as_of, pad2: pad() });
    }

    /// A whole reading in which nothing is new.
    fn read(&mut self) -> Vec<Event> {
        let reading = Reading::now(self);
        let mut said = self.walked_orders_and_fills(&reading);
        for market in 1..=4 {
            let held = self.exec.position(MarketId(market)).net;
            self.position_told(market, held, reading.as_of);
        }
        said.extend(self.walked(AccountList::Positions, &reading));
        said.extend(self.walked(AccountList::Settlements, &reading));
        let cash = self.exec.ledger().cash();
        said.extend(self.hear(balance(2, self.now, cash)));
        said
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(seconds * Nanos::SECOND);
    }
}

/// A desk whose account was read.
fn desk() -> Desk {
    let mut desk = Desk::new(settings());
    desk.read();
    desk
}

fn state(desk: &Desk, order: &Intent) -> State {
    desk.exec.order_state(order.client).expect("an order of ours")
}

fn wanted(said: &[Event]) -> Option<ReconcileReason> {
    said.iter().find_map(|event| if let Event::ReconcileWanted { reason, .. } = event { Some(*reason) } else { None })
}

fn released(said: &[Event]) -> bool {
    said.iter().any(|event| matches!(event, Event::OrderReleased { .. }))
}

/// An order of unknown outcome, sent one second after noon.
fn unknown(desk: &mut Desk) -> Intent {
    let order = desk.order(&View::default());
    desk.unknown(&order);
    order
}

#[test]
fn an_absence_is_proven_by_two_readings_that_would_have_shown_the_order() {
    let mut desk = desk();
    let order = unknown(&mut desk);
    let full = desk.exec.exposure();
    desk.pass(20);
    let first = Reading::now(&desk);
    assert!(!released(&desk.walked_orders_and_fills(&first)));
    assert_eq!((state(&desk, &order), desk.exec.exposure()), (State::Unknown, full));
    desk.pass(3);
    let second = Reading::now(&desk);
    assert!(!released(&desk.walked(AccountList::Orders, &second)), "the fills are not read yet");
    assert!(released(&desk.walked(AccountList::Fills, &second)));
    assert_eq!((state(&desk, &order), desk.exec.exposure()), (State::Absent, Money::ZERO));
}

#[test]
fn each_condition_of_the_proof_is_needed() {
    type Spoil = (&'static str, fn(&mut Reading));
    let spoils: [Spoil; 4] = [
        ("asked before the request had arrived or died", |reading| reading.asked = at(11)),
        ("the read side was behind", |reading| reading.as_of = at(15)),
        ("it did not reach back to the order", |reading| reading.since = at(0)),
        ("the same reading twice", |reading| reading.asked = at(22)),
    ];
    for (why, spoil) in spoils {
        let mut desk = desk();
        let order = unknown(&mut desk);
        for seconds in [20, 3, 3] {
            desk.pass(seconds);
            let mut reading = Reading::now(&desk);
            spoil(&mut reading);
            reading.asked = reading.asked.min(desk.now);
            assert!(!released(&desk.walked_orders_and_fills(&reading)), "{why}");
        }
        assert_eq!(state(&desk, &order), State::Unknown, "{why}");
    }
}

#[test]
fn an_order_that_rests_is_absent_only_after_its_expiration() {
    let mut desk =
        Desk::new(Settings { time_in_force: trader_journal::event::TimeInForce::GoodTillCanceled, ..settings() });
    desk.read();
    let order = unknown(&mut desk);
    for seconds in [30, 30, 30] {
        desk.pass(seconds);
        let reading = Reading::now(&desk);
        assert!(!released(&desk.walked_orders_and_fills(&reading)));
    }
    desk.now = order.expires.plus(2 * Nanos::SECOND);
    let reading = Reading::now(&desk);
    desk.walked_orders_and_fills(&reading);
    desk.pass(3);
    let reading = Reading::now(&desk);
    assert!(released(&desk.walked_orders_and_fills(&reading)));
}

#[test]
fn a_fill_of_nobody_in_its_market_keeps_an_order_unknown() {
    let mut desk = desk();
    let order = unknown(&mut desk);
    let [trade, fill] = fill(desk.now, &order, trade_id(1), contracts(1), Money::ZERO);
    let Event::FillTrade { market, ts, trade, post_position, .. } = trade else { panic!() };
    let told = desk
        .group([Event::FillTrade { pad: pad(), market, ts, trade, client: ClientId::FOREIGN, post_position }, fill]);
    assert!(!released(&told));
    for seconds in [20, 3, 3] {
        desk.pass(seconds);
        let reading = Reading::now(&desk);
        assert!(!released(&desk.walked_orders_and_fills(&reading)));
    }
    // The orders' list names it at last: the fill was its.
    let group = updated(desk.now, &order, (OrderStatus::Canceled, UpdateReason::None), contracts(1));
    desk.group(group);
    assert_eq!((state(&desk, &order), desk.exec.position(order.market).net), (State::Canceled, contracts(1)));
}

#[test]
fn an_order_that_is_listed_is_ours_when_it_is_the_one_we_sent() {
    let mut desk = desk();
    let order = unknown(&mut desk);
    let listed = updated(desk.now, &order, (OrderStatus::Resting, UpdateReason::None), Count::ZERO);
    desk.group(listed);
    assert_eq!(state(&desk, &order), State::Acked);

    let mut other = self::desk();
    let order = unknown(&mut other);
    let not_it = Intent { price: Price(order.price.0 + 100), ..order };
    let listed = updated(other.now, &not_it, (OrderStatus::Resting, UpdateReason::None), Count::ZERO);
    other.group(listed);
    assert_eq!(state(&other, &order), State::Unknown);
    assert_eq!(other.refusal(&View { market: 2, ..View::default() }).0, Gate::Contradiction);
}

#[test]
fn a_foreign_order_in_the_list_stops_new_ones_until_a_person_resumes() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    let theirs = Intent { client: ClientId::FOREIGN, ..order };
    let [ids, update] = updated(desk.now, &theirs, (OrderStatus::Resting, UpdateReason::None), Count::ZERO);
    let Event::OrderIds { market, ts, client, .. } = ids else { panic!() };
    desk.group([Event::OrderIds { pad: pad(), market, ts, order: order_id(77), client, pad2: pad() }, update]);
    assert_eq!(
        (desk.exec.counts().foreign, desk.refusal(&View { market: 2, ..View::default() }).0),
        (1, Gate::ForeignActivity)
    );
    desk.operator(OperatorVerb::Resume);
    desk.order(&View { market: 2, ..View::default() });
}

#[test]
fn nothing_is_sent_before_the_account_was_read_and_after_its_reading_is_old() {
    let mut desk = Desk::new(settings());
    assert_eq!(desk.refusal(&View::default()), (Gate::ReconcileStale, 90_000_000_000, i64::MAX));
    desk.read();
    desk.order(&View::default());
    desk.pass(91);
    assert_eq!(
        desk.refusal(&View { market: 2, ..View::default() }),
        (Gate::ReconcileStale, 90_000_000_000, 91_000_000_000)
    );
    desk.read();
    desk.order(&View { market: 2, ..View::default() });
}

#[test]
fn a_restart_sends_nothing_before_everything_was_read_again() {
    let mut desk = desk();
    let sent = desk.order(&View::default());
    desk.pass(5);
    let (mode, ts) = (Mode::Sim, desk.now);
    let said = desk.hear(Event::RunStarted { mode, pad: pad(), epoch: 4, ts, seed: 0, nonce: 1, pad2: pad() });
    assert_eq!(wanted(&said), Some(ReconcileReason::UnknownOrder));
    assert_eq!(state(&desk, &sent), State::Unknown);
    let elsewhere = View { market: 2, ..View::default() };
    let reading = Reading::now(&desk);
    for list in [AccountList::Orders, AccountList::Fills, AccountList::Positions, AccountList::Settlements] {
        assert_eq!(desk.refusal(&elsewhere).0, Gate::ReconcileStale);
        desk.walked(list, &reading);
    }
    assert_eq!(desk.refusal(&elsewhere).0, Gate::ReconcileStale, "the cash is not read yet");
    let cash = desk.exec.ledger().cash();
    desk.hear(balance(2, desk.now, cash));
    assert_eq!(desk.refusal(&View::default()).0, Gate::UnknownOrder, "its market waits for the proof");
    desk.order(&elsewhere);
}

#[test]
fn a_market_that_was_paid_while_we_were_away_is_paid_after_its_fills() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.accepted(&order, contracts(17), Count::ZERO);
    let (mode, ts) = (Mode::Sim, at(1_000));
    desk.hear(Event::RunStarted { mode, pad: pad(), epoch: 4, ts, seed: 0, nonce: 1, pad2: pad() });
    desk.settle(1, Outcome::Yes);
    assert_eq!(desk.exec.position(MarketId(1)).net, Count::ZERO);
    let cash = desk.exec.ledger().cash();
    let group = fill(desk.now, &order, trade_id(1), contracts(17), taker_fee(order.price, contracts(17)));
    desk.group(group);
    assert_eq!(desk.exec.position(MarketId(1)).net, contracts(17), "not paid yet");
    desk.pass(6);
    let reading = Reading::now(&desk);
    let said = desk.walked_orders_and_fills(&reading);
    let paid = said.iter().find_map(|event| match event {
        Event::PositionSettled { position, payout, .. } => Some((*position, *payout)),
        _ => None,
    });
    assert_eq!(paid, Some((contracts(17), usd(17))));
    assert!(desk.exec.ledger().cash() > cash);
}

#[test]
fn a_position_that_differs_counts_at_once_and_stops_when_it_lasts() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    let own = desk.exec.exposure();
    desk.position_told(1, contracts(40), desk.now);
    assert_eq!(desk.exec.exposure(), own, "read before our own fill could be in it");
    for read in 1..=3 {
        desk.pass(10);
        desk.position_told(1, contracts(40), desk.now);
        assert_eq!(desk.exec.exposure(), Money(own.0 + (40 - 17) * 1_000_000), "the larger counts");
        let elsewhere = View { market: 2, fraction_e9: 1_000_000, ..View::default() };
        let refused = desk.opine(&elsewhere);
        let gate = refusal(&refused).map(|(gate, ..)| gate);
        assert_eq!(gate == Some(Gate::ForeignActivity), read == 3, "reading {read}: {refused:?}");
        desk.read_but_for_positions();
    }
    desk.operator(OperatorVerb::Resume);
    desk.pass(10);
    desk.position_told(1, contracts(40), desk.now);
    desk.read_but_for_positions();
    let said = desk.opine(&View { market: 3, fraction_e9: 1_000_000, ..View::default() });
    assert!(refusal(&said).is_none_or(|(gate, ..)| gate != Gate::ForeignActivity), "a person knows of it: {said:?}");
}

impl Desk {
    fn read_but_for_positions(&mut self) {
        let reading = Reading::now(self);
        self.walked_orders_and_fills(&reading);
    }
}

#[test]
fn what_is_not_in_the_list_is_not_held_unless_the_market_has_closed() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    for _ in 0..3 {
        desk.pass(10);
        let reading = Reading::now(&desk);
        desk.walked(AccountList::Positions, &reading);
    }
    assert_eq!(desk.refusal(&View { market: 2, ..View::default() }).0, Gate::ForeignActivity);

    let mut desk = self::desk();
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    desk.now = at(901);
    for _ in 0..3 {
        desk.pass(10);
        let reading = Reading::now(&desk);
        desk.walked(AccountList::Positions, &reading);
    }
    desk.read();
    let next = desk.opine(&View { market: 4, ..View::default() });
    assert!(refusal(&next).is_none(), "{next:?}");
}

#[test]
fn readings_are_asked_for_by_time_and_sooner_with_a_reason_but_never_in_a_rush() {
    let mut desk = Desk::bare(settings());
    assert_eq!(wanted(&desk.said), Some(ReconcileReason::Start));
    assert_eq!(desk.exec.next_deadline(), at(10), "a reading that does not end is asked for again");
    desk = self::desk();
    assert_eq!(desk.exec.next_deadline(), at(30));
    let order = unknown(&mut desk);
    assert_eq!(wanted(&desk.said[1..]), None, "the last reading ended a moment ago");
    assert_eq!(desk.exec.next_deadline(), desk.now.plus(2 * Nanos::SECOND));
    assert_eq!(wanted(&desk.wait()), Some(ReconcileReason::UnknownOrder));
    let mut readings = 0;
    while readings < 100 && desk.now < at(600) {
        desk.read();
        if state(&desk, &order) == State::Absent {
            break;
        }
        readings += u32::from(wanted(&desk.wait()).is_some());
    }
    assert!(desk.now < at(30) && state(&desk, &order) == State::Absent, "{readings} readings, {}", desk.now.0);
}

#[test]
fn lists_are_read_from_before_the_oldest_thing_that_matters() {
    let since = |desk: &mut Desk| {
        desk.read();
        let said = desk.wait();
        said.iter().find_map(|event| if let Event::ReconcileWanted { since, .. } = event { Some(*since) } else { None })
    };
    let mut desk = desk();
    assert_eq!(since(&mut desk), Some(at(0).minus(5 * Nanos::SECOND)), "our own beginning, and a margin");
    desk.pass(600);
    assert_eq!(since(&mut desk).map(|from| desk.now.since(from) > 120 * Nanos::SECOND), Some(true));
}

#[test]
fn a_journal_that_is_behind_and_a_clock_that_is_off_send_nothing() {
    let mut desk = desk();
    let ts = desk.now;
    let health = |lag_lines, has_spare| Event::JournalHealth {
        has_spare,
        pad: pad(),
        ts,
        lag_lines,
        free_bytes: 0,
        pad2: pad(),
    };
    desk.hear(health(65_537, 1));
    assert_eq!(desk.refusal(&View::default()), (Gate::Journal, 65_536, 65_537));
    desk.hear(health(0, 0));
    assert_eq!(desk.refusal(&View::default()), (Gate::Journal, 1, 0));
    desk.hear(health(0, 1));
    desk.hear(Event::ClockMeasured { pad: pad(), ts, skew_ns: -1_000_000_001, pad2: pad() });
    assert_eq!(desk.refusal(&View::default()), (Gate::ClockSkew, 1_000_000_000, 1_000_000_001));
    desk.hear(Event::ClockMeasured { pad: pad(), ts, skew_ns: 5, pad2: pad() });
    desk.order(&View::default());
}

/// What really happened to a create: when it arrived, if ever, and how the lists lag.
#[derive(Clone, Debug)]
struct World {
    arrives_ms: Option<u64>,
    fills: bool,
    /// Of each reading: when it comes after the last, how far the read side is behind, how old its first answer is.
    readings: Vec<(u64, u64, u64)>,
}

fn any_world() -> impl Strategy<Value = World> {
    let reading = (0u64..6_000, 0u64..9_000, 0u64..3_000);
    (proptest::option::of(0u64..=10_000), any::<bool>(), proptest::collection::vec(reading, 1..40))
        .prop_map(|(arrives_ms, fills, readings)| World { arrives_ms, fills, readings })
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// An order that is at the venue is never released, whatever the lists' lag; one that is not is
    /// released as soon as two readings are late enough.
    #[test]
    fn no_order_that_exists_is_ever_released(world in any_world()) {
        let mut desk = desk();
        let order = unknown(&mut desk);
        let (sent, ms) = (desk.now, Nanos::MILLI);
        let arrival = world.arrives_ms.map(|after| sent.plus(after * ms));
        let mut proofs: Vec<(Nanos, Nanos)> = Vec::new();
        let mut was_listed = false;
        for (gap, behind, age) in &world.readings {
            desk.now = desk.now.plus(gap * ms);
            let asked = desk.now.minus(age * ms);
            let reading = Reading { asked, as_of: asked.minus(behind * ms), ..Reading::now(&desk) };
            let is_listed = arrival.is_some_and(|arrival| arrival <= reading.as_of);
            if is_listed {
                let filled = if world.fills { order.count } else { Count::ZERO };
                let group = updated(desk.now, &order, (OrderStatus::Canceled, UpdateReason::None), filled);
                desk.group(group);
            }
            was_listed |= is_listed;
            desk.walked_orders_and_fills(&reading);
            if reading.asked > sent.plus(11_000 * ms) && reading.as_of >= sent.plus(15_000 * ms) {
                proofs.push((reading.asked, desk.now));
            }
            let proven = proofs.iter().any(|(asked, _)| *asked >= proofs[0].1.plus(2_000 * ms));
            match state(&desk, &order) {
                State::Absent => prop_assert!(arrival.is_none() && proven),
                State::Unknown => prop_assert!(!was_listed && !proven),
                _ => prop_assert!(was_listed),
            }
        }
    }
}

#[test]
fn a_maker_side_is_told_apart() {
    // A position of NO is a negative number on both sides of the comparison.
    let mut desk = desk();
    let order = desk.order(&View { side: Side::Ask, style: Style::Taker, limit: 6_000, ..View::default() });
    desk.fill_whole(&order);
    let held = desk.exec.position(MarketId(1)).net;
    assert!(held < Count::ZERO);
    for _ in 0..4 {
        desk.pass(10);
        desk.position_told(1, held, desk.now);
    }
    desk.read();
    assert!(refusal(&desk.opine(&View { market: 2, ..View::default() })).is_none());
    desk.lifecycle(1, LifecycleKind::Closed, Outcome::Open, Money::ZERO);
}
