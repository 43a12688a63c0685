//! From listing to payment, and the halts in between.

use crate::world::{CLOSE, OPEN, World, contracts, dollars, level, listing, settings};
use trader_exec::venue::{
    ListError, Listing, MarketStatus, NewOrder, Said, StrikeRule, Venue, VenueMarket, VenueSettings,
};
use trader_journal::book::Side;
use trader_journal::event::{OrderStatus, Outcome, RejectReason, StrikeKind, UpdateReason};
use trader_journal::units::{Money, Nanos};

const SECOND: u64 = Nanos::SECOND;

fn up_down() -> Listing {
    Listing { strike_rule: StrikeRule::PreviousAverage, floor: dollars("1"), ..listing() }
}

/// Prints `value` at every second of `from ..= to`.
fn print(venue: &mut Venue, from: Nanos, to: Nanos, value: &str) {
    for second in from.seconds()..=to.seconds() {
        venue.index_print(Nanos(second * SECOND), dollars(value));
    }
}

fn said_until(venue: &mut Venue, now: Nanos) -> Vec<Said> {
    let mut said = Vec::new();
    venue.advance(now, &mut said);
    said
}

#[test]
fn a_market_lives_as_the_calendar_says() {
    let mut venue = Venue::new(settings());
    let market = venue.list(OPEN.minus(300 * SECOND), &up_down()).unwrap();
    assert_eq!((venue.status(market), venue.next_deadline()), (Some(MarketStatus::Initialized), OPEN));
    assert_eq!(venue.listing(market).unwrap().floor, Money::ZERO, "nobody knows the strike yet");
    print(&mut venue, OPEN.minus(59 * SECOND), OPEN, "63441.034");
    let told = OPEN.plus(700 * Nanos::MILLI);
    let said = said_until(&mut venue, told);
    let strike = dollars("63441.03");
    assert_eq!(said, [Said::Opened { market, at: OPEN }, Said::StrikeTold { market, strike, at: told }]);
    assert_eq!((venue.status(market), venue.next_deadline()), (Some(MarketStatus::Active), CLOSE));
    print(&mut venue, CLOSE.minus(59 * SECOND), CLOSE, "63441.03");
    let said = said_until(&mut venue, CLOSE);
    assert_eq!(said, [Said::Closed { market, at: CLOSE }, Said::BookCleared { market, at: CLOSE }]);
    let due = venue.next_deadline();
    assert!((3 * SECOND..=5 * SECOND).contains(&due.since(CLOSE)), "{due:?}");
    let (outcome, value, settlement) = (Outcome::Yes, Money::DOLLAR, strike);
    let said = said_until(&mut venue, due);
    assert_eq!(said, [Said::Determined { market, outcome, value, settlement, at: due }], "at the strike YES wins");
    assert_eq!(venue.status(market), Some(MarketStatus::Determined));
    let paid = due.plus(SECOND);
    let said = said_until(&mut venue, paid);
    assert_eq!(said, [Said::Settled { market, outcome, value, settlement, at: paid }]);
    assert_eq!((venue.status(market), venue.listing(market), venue.next_deadline()), (None, None, Nanos::NEVER));
}

#[test]
fn markets_of_one_close_are_determined_together_and_the_trader_cannot_move_it() {
    let determined = |orders: u64| {
        let mut world = World::new();
        let other = world.venue.list(world.now, &Listing { floor: dollars("7"), ..listing() }).unwrap();
        for _ in 0..orders {
            world.rest(Side::Bid, "0.10", "1");
        }
        let said = world.wait(CLOSE.since(OPEN) + 10 * SECOND).to_vec();
        let at = |said: &Said| match said {
            Said::Determined { market, at, .. } => Some((*market, *at)),
            _ => None,
        };
        let times: Vec<_> = said.iter().filter_map(at).collect();
        assert_eq!((times.len(), times[0].0, times[1].0), (2, VenueMarket(0), other));
        assert_eq!(times[0].1, times[1].1);
        times[0].1
    };
    assert_eq!(determined(0), determined(5));
}

#[test]
fn who_wins_is_decided_by_the_kind_of_strike() {
    let winner = |strike, value: &str| {
        let listing = Listing { strike, floor: dollars("63700"), cap: dollars("63799.99"), ..listing() };
        let mut venue = Venue::new(settings());
        venue.list(OPEN, &listing).unwrap();
        print(&mut venue, CLOSE.minus(59 * SECOND), CLOSE, value);
        let said = said_until(&mut venue, CLOSE.plus(10 * SECOND));
        let outcome = said.iter().find_map(|said| match said {
            Said::Determined { outcome, .. } => Some(*outcome),
            _ => None,
        });
        outcome.unwrap() == Outcome::Yes
    };
    for (strike, value, yes) in [
        (StrikeKind::Between, "63699.99", false),
        (StrikeKind::Between, "63700", true),
        (StrikeKind::Between, "63799.99", true),
        (StrikeKind::Between, "63799.994", true), // rounds to the upper end
        (StrikeKind::Between, "63799.995", false),
        (StrikeKind::Greater, "63700", false),
        (StrikeKind::Greater, "63700.01", true),
        (StrikeKind::GreaterOrEqual, "63700", true),
        (StrikeKind::GreaterOrEqual, "63699.99", false),
        (StrikeKind::Less, "63799.99", false),
        (StrikeKind::Less, "63799.98", true),
        (StrikeKind::LessOrEqual, "63799.99", true),
        (StrikeKind::LessOrEqual, "63800", false),
    ] {
        assert_eq!(winner(strike, value), yes, "{strike:?} at {value}");
    }
}

#[test]
fn without_a_strike_no_wins_and_without_an_index_everything_is_refunded() {
    let outcome = |prints: bool| {
        let mut venue = Venue::new(settings());
        let market = venue.list(OPEN.minus(SECOND), &up_down()).unwrap();
        if prints {
            venue.advance(OPEN.plus(10 * SECOND), &mut Vec::new());
            print(&mut venue, CLOSE.minus(59 * SECOND), CLOSE, "5");
        }
        let said = said_until(&mut venue, CLOSE.plus(10 * SECOND));
        assert!(!said.iter().any(|said| matches!(said, Said::StrikeTold { .. })));
        let last = *said.last().unwrap();
        let Said::Settled { market: paid, outcome, settlement, .. } = last else { panic!("{last:?}") };
        assert_eq!(paid, market);
        (outcome, settlement)
    };
    assert_eq!(outcome(true), (Outcome::No, dollars("5")));
    assert_eq!(outcome(false), (Outcome::Void, Money::ZERO));
}

#[test]
fn nothing_is_traded_before_the_open_or_from_the_close_on() {
    let mut world = World::new();
    let later = Listing { open: CLOSE, close: CLOSE.plus(900 * SECOND), ..listing() };
    let next = world.venue.list(world.now, &later).unwrap();
    let order = NewOrder { market: Some(next), ..world.order(Side::Bid, "0.40", "1") };
    assert_eq!(world.send(order), Err(RejectReason::MarketInactive));
    world.venue.quote(world.now, next, Side::Bid, &[level("0.40", "1")]);
    assert!(world.venue.book(next).best(Side::Bid).is_none());
    let resting = world.rest(Side::Bid, "0.40", "3");
    world.quote(Side::Bid, &[level("0.39", "9")]);
    // An order that arrives at the close itself is late.
    let late = world.order(Side::Bid, "0.40", "1");
    world.now = CLOSE;
    assert_eq!(world.send(late), Err(RejectReason::MarketInactive));
    let gone = world.venue.account().order(resting).unwrap();
    assert_eq!((gone.status, gone.reason, gone.updated), (OrderStatus::Canceled, UpdateReason::CloseCancel, CLOSE));
    assert_eq!((world.levels(Side::Bid).len(), world.venue.account().reserved()), (0, Money::ZERO));
    assert_eq!(world.cancel(resting), Err(RejectReason::MarketInactive));
    let on_time = NewOrder { market: Some(next), ..world.order(Side::Bid, "0.40", "1") };
    assert!(world.send(on_time).is_ok(), "the next one opened as this one closed");
    world.wait(10 * SECOND);
    let final_now = world.order(Side::Bid, "0.40", "1");
    assert_eq!(world.send(final_now), Err(RejectReason::MarketInactive), "known, but final");
}

#[test]
fn a_halt_refuses_orders_and_a_resume_empties_the_book() {
    let mut world = World::new();
    let (market, staying) = (world.market, world.rest(Side::Bid, "0.40", "3"));
    let leaving = NewOrder { cancel_on_pause: true, ..world.order(Side::Bid, "0.39", "2") };
    let leaving = world.send(leaving).unwrap().order;
    let extra = world.rest(Side::Bid, "0.38", "1");
    world.quote(Side::Ask, &[level("0.60", "5")]);
    world.venue.halt(world.now, market);
    world.wait(1);
    assert_eq!(world.venue.status(market), Some(MarketStatus::Inactive));
    let status = |world: &World, order| world.venue.account().order(order).unwrap().status;
    assert_eq!((status(&world, staying), status(&world, leaving)), (OrderStatus::Resting, OrderStatus::Canceled));
    assert_eq!(world.states()[0].reason, UpdateReason::HaltCancel);
    assert_eq!(world.levels(Side::Bid), [level("0.40", "3"), level("0.38", "1")]);
    let order = world.ioc(Side::Bid, "0.60", "1");
    assert_eq!(world.send(order), Err(RejectReason::MarketInactive));
    assert!(world.quote(Side::Ask, &[]).is_empty() && world.public(Side::Ask, "0.40", "1").is_empty());
    assert_eq!(world.cancel(extra).unwrap().reduced, contracts("1"), "cancels go on");
    world.venue.resume(world.now, market);
    world.wait(1);
    assert_eq!(world.states()[0].reason, UpdateReason::HaltCancel);
    assert_eq!(status(&world, staying), OrderStatus::Canceled);
    assert!(world.levels(Side::Bid).is_empty() && world.levels(Side::Ask).is_empty());
    assert!(world.said.contains(&Said::BookCleared { market, at: world.now.minus(1) }));
    world.rest(Side::Bid, "0.40", "1");
}

#[test]
fn a_halted_market_still_closes() {
    let mut world = World::new();
    world.rest(Side::Bid, "0.40", "3");
    world.venue.halt(world.now, world.market);
    world.wait(CLOSE.since(world.now));
    assert_eq!(world.states()[0].reason, UpdateReason::CloseCancel);
    assert_eq!(world.venue.status(world.market), Some(MarketStatus::Closed));
    world.venue.resume(world.now, world.market);
    assert_eq!(world.venue.status(world.market), Some(MarketStatus::Closed), "too late");
}

#[test]
fn what_cannot_be_listed_is_refused_by_name() {
    let list = |now, listing: Listing| Venue::new(settings()).list(now, &listing);
    assert_eq!(list(OPEN, Listing { close: OPEN, ..listing() }), Err(ListError::TooShort));
    let short = Listing { close: OPEN.plus(700 * Nanos::MILLI), ..up_down() };
    assert_eq!(list(OPEN, short), Err(ListError::TooShort));
    assert_eq!(list(CLOSE, listing()), Err(ListError::AlreadyClosed));
    for strike in [StrikeKind::Unknown, StrikeKind::Unpriced] {
        assert_eq!(list(OPEN, Listing { strike, ..listing() }), Err(ListError::Unpriced));
    }
    assert_eq!(list(OPEN, Listing { strike: StrikeKind::Less, ..up_down() }), Err(ListError::Unpriced));
    let mut venue = Venue::new(VenueSettings { markets_max: 1, ..settings() });
    let late = CLOSE.minus(1);
    assert_eq!(venue.list(late, &listing()), Ok(VenueMarket(0)));
    assert_eq!(venue.list(late, &listing()), Err(ListError::Full));
}

#[test]
fn a_final_market_leaves_its_place_but_never_its_number() {
    let mut venue = Venue::new(VenueSettings { markets_max: 2, ..settings() });
    let mut said = Vec::new();
    for window in 0..50u64 {
        let open = OPEN.plus(window * 900 * SECOND);
        let market = venue.list(open, &Listing { open, close: open.plus(900 * SECOND), ..listing() }).unwrap();
        assert_eq!(market, VenueMarket(u32::try_from(window).unwrap()));
        venue.advance(open, &mut said);
        venue.quote(open, market, Side::Bid, &[level("0.40", "5")]);
        assert_eq!(venue.book(market).level_count(Side::Bid), 1, "nothing of the place's last market is left");
        if window > 0 {
            let last = VenueMarket(market.0 - 1);
            assert_eq!(venue.status(last), Some(MarketStatus::Closed));
            venue.advance(open.plus(7 * SECOND), &mut said);
            assert_eq!((venue.status(last), venue.book(last).level_count(Side::Bid)), (None, 0));
        }
    }
}
