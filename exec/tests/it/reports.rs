//! What became of an order: fills that come early, late, twice, too many, or are not ours; and
//! every order in which one order's messages can come.

use crate::desk::{Desk, Intent, View, asked, at, cancels, contracts, fill, order_id, taker_fee, trade_id, updated};
use proptest::prelude::*;
use trader_exec::life::State;
use trader_exec::{Counts, Settings};
use trader_journal::book::Side;
use trader_journal::event::{
    CancelReason, ClientId, Event, Gate, LifecycleKind, OperatorVerb, OrderStatus, Outcome, RejectReason, Style,
    UnknownReason, UpdateReason, Uuid, pad,
};
use trader_journal::stage::Stage;
use trader_journal::units::{Count, Money, Nanos, Price};

fn desk() -> Desk {
    Desk::new(Settings::default())
}

fn state(desk: &Desk, order: &Intent) -> State {
    desk.exec.order_state(order.client).expect("an order of ours")
}

fn net(desk: &Desk, order: &Intent) -> Count {
    desk.exec.position(order.market).net
}

#[test]
fn a_fill_before_its_acknowledgement_counts_at_once() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.filled(&order, contracts(5));
    assert_eq!((state(&desk, &order), net(&desk, &order)), (State::PartFilled, contracts(5)));
    desk.accepted(&order, contracts(5), Count::ZERO);
    assert_eq!((state(&desk, &order), net(&desk, &order)), (State::Canceled, contracts(5)));
}

#[test]
fn an_immediate_order_answered_with_nothing_left_is_over() {
    let cases = [(contracts(17), State::Executed), (contracts(4), State::Canceled), (Count::ZERO, State::Canceled)];
    for (filled, over) in cases {
        let mut desk = desk();
        let order = desk.order(&View::default());
        desk.accepted(&order, filled, Count::ZERO);
        assert_eq!(state(&desk, &order), over);
        let mut desk = Desk::new(Settings::default());
        let order = desk.order(&View::default());
        let status = if filled == contracts(17) { OrderStatus::Executed } else { OrderStatus::Canceled };
        desk.updated(&order, status, UpdateReason::None, filled);
        assert_eq!(state(&desk, &order), over, "told by the stream");
    }
}

#[test]
fn what_the_venue_counted_is_risk_until_its_fills_come() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let whole = desk.exec.exposure();
    desk.accepted(&order, contracts(4), Count::ZERO);
    let told = desk.exec.exposure();
    assert!(told > Money::ZERO && told < whole, "{told} of {whole}");
    desk.filled(&order, contracts(4));
    assert_eq!(desk.exec.exposure(), Money(4 * 400_000 + taker_fee(Price(4_000), contracts(4)).0));
}

#[test]
fn a_fill_on_a_tombstone_counts() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.accepted(&order, Count::ZERO, Count::ZERO);
    assert_eq!(state(&desk, &order), State::Canceled);
    desk.filled(&order, contracts(17));
    assert_eq!((state(&desk, &order), net(&desk, &order)), (State::Executed, contracts(17)));
}

#[test]
fn a_fill_of_a_refused_order_counts_and_stops_trading() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.rejected(&order, RejectReason::Other);
    assert_eq!((state(&desk, &order), desk.exec.exposure()), (State::Rejected, Money::ZERO));
    desk.filled(&order, contracts(1));
    assert_eq!((net(&desk, &order), desk.exec.counts().contradictions), (contracts(1), 1));
    assert_eq!(desk.refusal(&View { market: 2, ..View::default() }).0, Gate::Contradiction);
}

#[test]
fn a_duplicate_of_our_identifier_is_unknown_not_refused() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let before = desk.exec.exposure();
    desk.rejected(&order, RejectReason::DuplicateClientId);
    assert_eq!((state(&desk, &order), desk.exec.exposure()), (State::Unknown, before));
}

#[test]
fn an_unknown_order_keeps_its_size_until_the_venue_speaks_of_it() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let before = desk.exec.exposure();
    desk.unknown(&order);
    assert_eq!((state(&desk, &order), desk.exec.exposure()), (State::Unknown, before));
    desk.updated(&order, OrderStatus::Canceled, UpdateReason::None, Count::ZERO);
    assert_eq!((state(&desk, &order), desk.exec.exposure()), (State::Canceled, Money::ZERO));
}

#[test]
fn a_restart_makes_what_was_on_its_way_unknown() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let (mode, ts) = (trader_journal::event::Mode::Sim, desk.now);
    desk.hear(Event::RunStarted { mode, pad: pad(), epoch: 4, ts, seed: 0, nonce: 7, pad2: pad() });
    assert_eq!(state(&desk, &order), State::Unknown);
    let next = desk.order(&View { market: 2, ..View::default() });
    assert_eq!(next.client, ClientId { epoch: 4, nonce: 7, seq: 1 });
}

#[test]
fn more_than_was_ordered_is_booked_and_kills() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    desk.filled(&order, contracts(1));
    assert_eq!((net(&desk, &order), desk.exec.counts().overfills), (contracts(18), 1));
    desk.now = at(70);
    desk.operator(OperatorVerb::Resume);
    assert_eq!(desk.refusal(&View { market: 2, ..View::default() }).0, Gate::Killed);
}

#[test]
fn a_fill_worse_than_the_limit_is_booked_and_stops_trading() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let worse = Intent { price: Price(4_100), ..order };
    desk.group(fill(desk.now, &worse, trade_id(1), contracts(1), Money::ZERO));
    assert_eq!((net(&desk, &order), desk.exec.counts().contradictions), (contracts(1), 1));
}

#[test]
fn somebody_elses_fill_is_counted_shown_and_stops_trading() {
    let stranger = Intent {
        client: ClientId { epoch: 9, nonce: 9, seq: 9 },
        market: trader_journal::event::MarketId(1),
        side: Side::Bid,
        price: Price(4_000),
        count: contracts(3),
        expires: Nanos(0),
        post_only: 0,
    };
    for market in [1, 99] {
        let mut desk = desk();
        let cash = desk.exec.ledger().cash();
        let market = trader_journal::event::MarketId(market);
        desk.group(fill(desk.now, &Intent { market, ..stranger }, trade_id(1), contracts(3), Money::ZERO));
        desk.group(updated(desk.now, &stranger, (OrderStatus::Executed, UpdateReason::Trade), contracts(3)));
        assert_eq!((desk.exec.counts().foreign, net(&desk, &stranger)), (2, Count::ZERO));
        assert_eq!(desk.exec.ledger().cash(), cash);
        assert_eq!(desk.refusal(&View::default()).0, Gate::ForeignActivity);
        desk.operator(OperatorVerb::Resume);
        desk.order(&View::default());
    }
}

fn nameless(group: [Event; 2]) -> [Event; 2] {
    let [Event::FillTrade { market, ts, trade, post_position, .. }, fill] = group else { panic!("not a fill") };
    [Event::FillTrade { pad: pad(), market, ts, trade, client: ClientId::FOREIGN, post_position }, fill]
}

#[test]
fn a_fill_that_names_only_the_venues_order_waits_for_the_acknowledgement() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let early = nameless(fill(desk.now, &order, trade_id(1), contracts(5), Money::ZERO));
    desk.group(early);
    desk.group(early);
    assert_eq!((net(&desk, &order), desk.exec.counts().fills_again), (Count::ZERO, 1));
    desk.accepted(&order, contracts(5), Count::ZERO);
    assert_eq!((net(&desk, &order), desk.exec.counts().foreign), (contracts(5), 0));
}

#[test]
fn a_waiting_fill_is_foreign_when_no_order_of_ours_can_claim_it() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let other = Intent { client: ClientId { seq: 55, ..order.client }, ..order };
    desk.group(nameless(fill(desk.now, &other, trade_id(1), contracts(5), Money::ZERO)));
    assert_eq!(desk.exec.counts().foreign, 0, "it may be ours");
    desk.accepted(&order, Count::ZERO, Count::ZERO);
    assert_eq!((desk.exec.counts().foreign, net(&desk, &order)), (1, Count::ZERO));
}

#[test]
fn nonsense_moves_nothing() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let hash = |desk: &Desk| (desk.exec.position(order.market), desk.exec.ledger().cash());
    let before = hash(&desk);
    let bad =
        [(Count::ZERO, Money::ZERO), (Count(-5), Money::ZERO), (Count(i64::MAX), Money::ZERO), (Count(1), Money(-1))];
    for (count, fee) in bad {
        desk.group(fill(desk.now, &order, trade_id(1), count, fee));
    }
    let [_, without_its_first_half] = fill(desk.now, &order, trade_id(1), Count(1), Money::ZERO);
    desk.hear(without_its_first_half);
    let [_, headless] = updated(desk.now, &order, (OrderStatus::Canceled, UpdateReason::None), Count::ZERO);
    desk.hear(headless);
    assert_eq!((hash(&desk), desk.exec.counts().nonsense, state(&desk, &order)), (before, 6, State::Sent));
}

#[test]
fn replies_about_strangers_are_counted() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let stranger = Intent { client: ClientId { seq: 77, ..order.client }, ..order };
    desk.accepted(&stranger, Count::ZERO, Count::ZERO);
    desk.rejected(&stranger, RejectReason::Other);
    desk.unknown(&stranger);
    assert_eq!((desk.exec.counts().strays, state(&desk, &order)), (3, State::Sent));
}

#[test]
fn a_cancels_reply_about_another_order_says_nothing_of_ours() {
    let mut desk = desk();
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    desk.operator(OperatorVerb::CancelAll);
    let (client, ts, reduced) = (order.client, desk.now, order.count);
    desk.hear(Event::CancelAccepted { pad: pad(), ts, client, order: order_id(99), reduced });
    assert_eq!((state(&desk, &order), desk.exec.counts().contradictions), (State::CancelPending, 1));
    desk.hear(Event::CancelAccepted { pad: pad(), ts, client, order: order_id(1), reduced });
    assert_eq!((state(&desk, &order), desk.exec.exposure()), (State::Canceled, Money::ZERO));
}

#[test]
fn a_cancel_leaves_what_was_filled_before_it() {
    let mut desk = desk();
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    desk.operator(OperatorVerb::CancelAll);
    let (client, ts) = (order.client, desk.now);
    desk.hear(Event::CancelAccepted { pad: pad(), ts, client, order: order_id(1), reduced: contracts(10) });
    assert!(desk.exec.exposure() > Money::ZERO, "eight were filled and are not told yet");
    desk.filled(&order, Count(order.count.0 - 1_000));
    assert_eq!(state(&desk, &order), State::Canceled);
}

#[test]
fn a_resting_order_is_cancelled_before_the_close_and_again_when_that_fails() {
    let mut desk = desk();
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    assert_eq!(desk.exec.next_deadline(), at(840));
    assert_eq!(cancels(&desk.wait()), [(order.client, CancelReason::NearClose)]);
    assert_eq!(desk.exec.next_deadline(), Nanos::NEVER, "until it is answered");
    let (client, ts) = (order.client, desk.now);
    let lost = Event::CancelUnknown {
        reason: UnknownReason::Timeout,
        pad: pad(),
        status: 0,
        ts,
        client,
        order: Uuid::NONE,
        pad2: pad(),
    };
    desk.hear(lost);
    assert_eq!(desk.exec.next_deadline(), at(841));
    assert_eq!(cancels(&desk.wait()), [(order.client, CancelReason::NearClose)]);
    let refused = Event::CancelRejected {
        reason: RejectReason::OrderNotFound,
        pad: pad(),
        status: 404,
        ts: desk.now,
        client,
        order: order_id(1),
        pad2: pad(),
    };
    desk.hear(refused);
    desk.updated(&order, OrderStatus::Executed, UpdateReason::Trade, order.count);
    assert_eq!(desk.exec.next_deadline(), Nanos::NEVER, "it was filled: nothing to cancel");
}

#[test]
fn cancels_of_one_order_have_an_end() {
    let mut desk = Desk::new(Settings { cancels_max: 3, ..Settings::default() });
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    let mut said = cancels(&desk.operator(OperatorVerb::Kill)).len();
    for _ in 0..2 {
        let (client, ts, reason) = (order.client, desk.now, RejectReason::OrderNotFound);
        let (status, order) = (404, order_id(1));
        desk.hear(Event::CancelRejected { reason, pad: pad(), status, ts, client, order, pad2: pad() });
        said += cancels(&desk.wait()).len();
    }
    assert_eq!(said, 3);
    let (client, ts, reason) = (order.client, desk.now, RejectReason::OrderNotFound);
    desk.hear(Event::CancelRejected { reason, pad: pad(), status: 404, ts, client, order: order_id(1), pad2: pad() });
    assert_eq!(desk.exec.next_deadline(), Nanos::NEVER);
}

#[test]
fn a_cancel_that_never_left_is_no_try_and_is_said_until_it_leaves() {
    let mut desk = Desk::new(Settings { cancels_max: 3, ..Settings::default() });
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    assert_eq!(cancels(&desk.operator(OperatorVerb::Kill)).len(), 1);
    for _ in 0..20 {
        let (client, ts, reason) = (order.client, desk.now, RejectReason::NotSent);
        desk.hear(Event::CancelRejected { reason, pad: pad(), status: 0, ts, client, order: order_id(1), pad2: pad() });
        assert!(desk.exec.next_deadline() > desk.now, "not again at once");
        assert_eq!(cancels(&desk.wait()).len(), 1);
    }
}

#[test]
fn an_order_that_never_left_is_refused_for_good_and_its_size_is_free() {
    let mut desk = Desk::new(Settings { orders_live_max: 1, ..Settings::default() });
    let order = desk.order(&View::default());
    desk.rejected(&order, RejectReason::NotSent);
    desk.order(&View { market: 2, ..View::default() });
}

#[test]
fn a_close_that_moves_takes_the_cancel_with_it() {
    let mut desk = desk();
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    desk.lifecycle(1, LifecycleKind::CloseMoved, Outcome::Open, Money::ZERO);
    assert_eq!(desk.exec.next_deadline(), at(1_200 - 60));
}

#[test]
fn a_cancel_wanted_before_the_acknowledgement_is_said_after_it() {
    let mut desk = desk();
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    assert_eq!(cancels(&desk.operator(OperatorVerb::Kill)), []);
    assert_eq!(cancels(&desk.accepted(&order, Count::ZERO, order.count)), [(order.client, CancelReason::Kill)]);
}

#[test]
fn a_newer_opinion_takes_an_obsolete_quote_back() {
    let mut desk = desk();
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    assert_eq!(cancels(&desk.opine(&View { style: Style::Maker, ..View::default() })), [], "the same price stays");
    let moved = desk.opine(&View { style: Style::Maker, limit: 4_100, ..View::default() });
    assert_eq!(cancels(&moved), [(order.client, CancelReason::Replaced)]);
}

#[test]
fn a_feed_that_is_down_takes_quotes_back() {
    use trader_journal::event::{Feed, FeedState};
    let mut desk = desk();
    let order = desk.order(&View { style: Style::Maker, ..View::default() });
    desk.accepted(&order, Count::ZERO, order.count);
    let down = |feed, ts| Event::FeedChanged { feed, state: FeedState::Down, epoch: 1, ts, pad: pad() };
    assert_eq!(cancels(&desk.hear(down(Feed::BinancePerp, at(2)))), []);
    assert_eq!(cancels(&desk.hear(down(Feed::Index, at(2)))), [(order.client, CancelReason::Stale)]);
}

// ---- every order of one order's messages ----------------------------------------------------------

/// One message about the order, as a group.
#[derive(Clone, Debug)]
enum Message {
    Ack { filled: Count, remaining: Count },
    Fill { trade: u64, count: Count, named: bool },
    Update { status: OrderStatus, filled: Count },
}

/// A life of an order that the venue could lead: its fills, and what is told of them on the way.
#[derive(Clone, Debug)]
struct Story {
    rests: bool,
    fills: Vec<Count>,
    messages: Vec<Message>,
}

fn story() -> impl Strategy<Value = Story> {
    let parts = proptest::collection::vec(1..600i64, 0..5);
    (any::<bool>(), parts, any::<bool>(), any::<bool>()).prop_map(|(rests, parts, complete, named)| {
        let mut left = 1_700;
        let mut fills: Vec<Count> = Vec::new();
        for part in parts {
            let part = part.min(left);
            if part > 0 {
                fills.push(Count(part));
                left -= part;
            }
        }
        if complete && left > 0 {
            fills.push(Count(left));
        }
        Story { rests, messages: told(rests, &fills, named), fills }
    })
}

fn told(rests: bool, fills: &[Count], named: bool) -> Vec<Message> {
    let total: i64 = fills.iter().map(|count| count.0).sum();
    let is_whole = total == 1_700;
    let mut messages = Vec::new();
    let ack = if rests { (Count::ZERO, Count(1_700)) } else { (Count(total), Count::ZERO) };
    messages.push(Message::Ack { filled: ack.0, remaining: ack.1 });
    let mut so_far = 0;
    for (at, count) in fills.iter().enumerate() {
        so_far += count.0;
        messages.push(Message::Fill { trade: at as u64, count: *count, named });
        if rests && so_far < 1_700 {
            messages.push(Message::Update { status: OrderStatus::Resting, filled: Count(so_far) });
        }
    }
    let status = if is_whole { OrderStatus::Executed } else { OrderStatus::Canceled };
    messages.push(Message::Update { status, filled: Count(total) });
    messages
}

/// Messages twice over, in any order: each once at least.
fn shuffled() -> impl Strategy<Value = (Story, Vec<Message>)> {
    story().prop_flat_map(|story| {
        let doubled: Vec<Message> = story.messages.iter().chain(&story.messages).cloned().collect();
        (Just(story), Just(doubled).prop_shuffle())
    })
}

fn tell(desk: &mut Desk, order: &Intent, message: &Message) {
    match *message {
        Message::Ack { filled, remaining } => {
            desk.accepted(order, filled, remaining);
        }
        Message::Fill { trade, count, named } => {
            let group = fill(desk.now, order, trade_id(trade), count, taker_fee(order.price, count));
            desk.group(if named { group } else { nameless(group) });
        }
        Message::Update { status, filled } => {
            desk.updated(order, status, UpdateReason::None, filled);
        }
    }
}

/// What is left in the end: position, accounts, state, and whether anything looked wrong.
fn ending(story: &Story, messages: &[Message]) -> (Desk, Intent) {
    let mut desk = Desk::new(Settings::default());
    let style = if story.rests { Style::Maker } else { Style::Taker };
    // 17 contracts either way: a maker pays no fee and would get 18.
    let depth = contracts(17);
    let order = desk.order(&View { style, depth, ..View::default() });
    assert_eq!(order.count, contracts(17));
    messages.iter().for_each(|message| tell(&mut desk, &order, message));
    (desk, order)
}

proptest! {
    #![proptest_config(asked(2_000))]

    #[test]
    fn the_order_of_reports_does_not_matter((story, messages) in shuffled()) {
        let (plain, order) = ending(&story, &story.messages);
        let (mixed, _) = ending(&story, &messages);
        prop_assert_eq!(mixed.exec.position(order.market), plain.exec.position(order.market));
        prop_assert_eq!(mixed.exec.ledger(), plain.exec.ledger());
        prop_assert_eq!(mixed.exec.exposure(), plain.exec.exposure());
        prop_assert_eq!(mixed.exec.order_state(order.client), plain.exec.order_state(order.client));
        let Counts { contradictions, overfills, foreign, fills, fills_again, .. } = *mixed.exec.counts();
        prop_assert_eq!((contradictions, overfills, foreign), (0, 0, 0));
        prop_assert_eq!((fills, fills_again), (story.fills.len() as u64, story.fills.len() as u64));
        let bought: i64 = story.fills.iter().map(|count| count.0).sum();
        prop_assert_eq!(mixed.exec.position(order.market).net, Count(bought));
        prop_assert!(mixed.exec.order_state(order.client).unwrap().is_over());
    }
}
