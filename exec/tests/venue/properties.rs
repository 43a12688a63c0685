//! Random days: the venue does what its slow twin does, its books balance, and how time is cut does not matter.

use crate::twin::{Owner, Twin, TwinFill};
use crate::world::{CLOSE, OPEN, dollars, listing, rates, settings};
use proptest::prelude::*;
use trader_exec::venue::{
    AmendOrder, CancelOrder, DecreaseOrder, Listing, NewExpiry, NewOrder, Reduction, Said, StrikeRule, Venue,
    VenueMarket, VenueSettings,
};
use trader_journal::book::{Level, Side};
use trader_journal::event::{ClientId, SelfTrade, TimeInForce, Uuid};
use trader_journal::fee::{FeeRates, FeeSchedule};
use trader_journal::units::{Count, Money, Nanos, Price};

#[derive(Clone, Debug)]
enum Act {
    Quote(usize, Side, Vec<Level>),
    Public(usize, Side, Price, Count),
    Order(usize, NewOrder),
    Cancel(usize),
    Decrease(usize, Count),
    Amend(usize, Price, Count, Option<Nanos>),
    Wait(u64),
    Halt(usize),
    Resume(usize),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Mostly a few prices near each other, so that queues form; sometimes anything.
fn price() -> impl Strategy<Value = Price> {
    prop_oneof![
        12 => (44u16..56).prop_map(|cents| Price(cents * 100)),
        2 => (60u16..70).prop_map(|tenths| Price(tenths * 10)),
        1 => (0u16..=1000).prop_map(|tenths| Price(tenths * 10)),
    ]
}

fn count() -> impl Strategy<Value = Count> {
    prop_oneof![4 => (1i64..30).prop_map(|whole| Count(whole * 100)), 2 => (1i64..900).prop_map(Count), 1 => Just(Count(0))]
}

fn ladder(side: Side) -> impl Strategy<Value = Vec<Level>> {
    prop::collection::vec((price(), count()), 0..6).prop_map(move |mut levels| {
        levels.sort_by_key(|(price, _)| if side == Side::Bid { u16::MAX - price.0 } else { price.0 });
        levels.into_iter().map(|(price, size)| Level { price, size }).collect()
    })
}

fn order() -> impl Strategy<Value = NewOrder> {
    use TimeInForce::{FillOrKill, GoodTillCanceled, ImmediateOrCancel};
    let lives = prop_oneof![4 => Just(GoodTillCanceled), 2 => Just(ImmediateOrCancel), 1 => Just(FillOrKill)];
    let meets = prop_oneof![Just(SelfTrade::TakerAtCross), Just(SelfTrade::Maker)];
    let expires = prop::option::weighted(0.2, 0u64..40);
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.2), any::<bool>(), lives, meets, expires);
    (side(), price(), count(), flags).prop_map(
        |(side, price, count, (post_only, reduce_only, cancel_on_pause, time_in_force, self_trade, expires))| {
            NewOrder {
                client: ClientId::FOREIGN,
                market: None,
                side,
                price,
                count,
                time_in_force,
                expires: expires.map(Nanos),
                post_only,
                reduce_only,
                self_trade,
                cancel_on_pause,
                ticket: 0,
            }
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0usize..2, side()).prop_flat_map(|(market, side)| {
            ladder(side).prop_map(move |levels| Act::Quote(market, side, levels))
        }),
        2 => (0usize..2, side(), price(), count()).prop_map(|(market, side, price, count)| Act::Public(market, side, price, count)),
        5 => (0usize..2, order()).prop_map(|(market, order)| Act::Order(market, order)),
        2 => (0usize..60).prop_map(Act::Cancel),
        2 => (0usize..30, count()).prop_map(|(order, by)| Act::Decrease(order, by)),
        4 => (0usize..30, price(), count(), prop::option::weighted(0.2, 0u64..40))
            .prop_map(|(order, price, count, expires)| Act::Amend(order, price, count, expires.map(Nanos))),
        1 => (1u64..20).prop_map(Act::Wait),
        1 => prop_oneof![1 => (0usize..2).prop_map(Act::Halt), 3 => (0usize..2).prop_map(Act::Resume)],
    ]
}

/// Acts with their numbers and times filled in: one tick of 1 µs each.
fn numbered(acts: &[Act]) -> Vec<(Nanos, Act)> {
    let mut now = OPEN.plus(1);
    let mut numbered = Vec::new();
    for (index, act) in acts.iter().enumerate() {
        now = now.plus(1000);
        let mut act = act.clone();
        if let Act::Wait(ticks) = act {
            now = now.plus(1000 * ticks);
        }
        if let Act::Order(market, order) = &mut act {
            let seq = index as u64 + 1;
            order.client = ClientId { epoch: 1, nonce: 1, seq };
            order.ticket = seq;
            order.market = Some(VenueMarket(u32::try_from(*market).unwrap()));
            order.expires = order.expires.map(|ticks| now.plus(1000 * ticks.0));
        }
        if let Act::Amend(_, _, _, expires) = &mut act {
            *expires = expires.map(|ticks| now.plus(1000 * ticks.0));
        }
        numbered.push((now, act));
    }
    numbered
}

/// A venue with two markets, open.
fn venue(settings: VenueSettings, rates: FeeRates) -> Venue {
    let mut venue = Venue::new(settings);
    let listing = Listing { rates, ..listing() };
    venue.list(OPEN, &listing).unwrap();
    venue.list(OPEN, &Listing { strike_rule: StrikeRule::PreviousAverage, ..listing }).unwrap();
    venue
}

fn apply(venue: &mut Venue, now: Nanos, act: &Act) {
    let market = |market: &usize| VenueMarket(u32::try_from(*market).unwrap());
    match act {
        Act::Quote(at, side, levels) => venue.quote(now, market(at), *side, levels),
        Act::Public(at, side, limit, count) => venue.outside_taker(now, market(at), *side, *limit, *count),
        Act::Order(_, order) => venue.submit(now, order),
        Act::Cancel(row) => {
            let order = venue.account().orders().get(*row).map_or(Uuid::NONE, |record| record.order);
            venue.cancel(now, &CancelOrder { order, shard: Some(2), ticket: 0 });
        }
        Act::Decrease(row, by) => {
            let order = venue.account().orders().get(*row).map_or(Uuid::NONE, |record| record.order);
            venue.decrease(now, &DecreaseOrder { order, shard: Some(2), reduction: Reduction::By(*by), ticket: 0 });
        }
        Act::Amend(row, price, count, expires) => {
            let Some(record) = venue.account().orders().get(*row) else { return };
            let amend = AmendOrder {
                order: record.order,
                shard: Some(2),
                market: record.asked.market.unwrap(),
                side: record.asked.side,
                client: Some(record.asked.client),
                renamed: None,
                price: *price,
                count: *count,
                expires: expires.map_or(NewExpiry::Never, NewExpiry::At),
                ticket: 0,
            };
            venue.amend(now, &amend);
        }
        Act::Halt(at) => venue.halt(now, market(at)),
        Act::Resume(at) => venue.resume(now, market(at)),
        Act::Wait(_) => {}
    }
}

fn apply_to_twin(twin: &mut Twin, now: Nanos, act: &Act) {
    twin.expire(now);
    match act {
        Act::Quote(market, ..) | Act::Public(market, ..) if twin.halted[*market] => {}
        Act::Halt(market) => twin.halt(*market),
        Act::Resume(market) => twin.resume(*market),
        Act::Quote(market, side, levels) => twin.quote(*market, *side, levels),
        Act::Public(market, side, limit, count) => {
            twin.take(Owner::Public, *market, *side, i64::from(limit.0), count.0);
        }
        Act::Order(market, order) => twin.submit(order, *market, now),
        Act::Cancel(order) if *order < twin.orders.len() => {
            twin.cancel(*order);
        }
        Act::Decrease(order, by) if *order < twin.orders.len() => twin.decrease(*order, by.0),
        Act::Amend(order, price, count, expires) if *order < twin.orders.len() => {
            twin.amend(*order, *price, *count, *expires, now);
        }
        Act::Cancel(_) | Act::Decrease(..) | Act::Amend(..) | Act::Wait(_) => {}
    }
}

fn compare(venue: &Venue, twin: &Twin) -> Result<(), TestCaseError> {
    let account = venue.account();
    for market in 0..2 {
        let name = VenueMarket(u32::try_from(market).unwrap());
        for side in [Side::Bid, Side::Ask] {
            let levels: Vec<Level> = venue.book(name).levels(side).collect();
            prop_assert_eq!(levels, twin.levels(market, side), "{:?} of {}", side, market);
        }
        prop_assert!(!venue.book(name).is_crossed());
        prop_assert_eq!(account.position(name).0, twin.position(market));
    }
    prop_assert_eq!(account.orders().len(), twin.orders.len());
    for (row, (record, slow)) in account.orders().iter().zip(&twin.orders).enumerate() {
        let ours = (record.refused, record.status, record.filled.0, record.remaining.0);
        prop_assert_eq!(ours, (slow.refused, slow.status, slow.filled, twin.remaining(row)), "{:?}", record);
        prop_assert_eq!(venue.queue_ahead(record.order).map(|ahead| ahead.0), twin.ahead(row), "{:?}", record);
    }
    prop_assert_eq!((account.cash().0, account.reserved().0), (twin.cash(), twin.needed(None)));
    prop_assert_eq!((account.fees(), account.imbalance()), (twin.fees(), Money::ZERO));
    prop_assert!(account.available() >= Money::ZERO);
    Ok(())
}

fn compare_fills(venue: &Venue, twin: &Twin) -> Result<(), TestCaseError> {
    let rows = |order: Uuid| venue.account().orders().iter().position(|record| record.order == order).unwrap();
    let fills = venue.account().fills().iter().map(|fill| TwinFill {
        order: rows(fill.order),
        market: fill.market.0 as usize,
        side: fill.side,
        price: i64::from(fill.price.0),
        count: fill.count.0,
        fee: fill.fee.0,
        taker: fill.is_taker,
    });
    prop_assert_eq!(fills.collect::<Vec<_>>(), twin.fills.clone());
    let changes: i64 = venue.account().fills().iter().map(|fill| fill.balance_change.0).sum();
    prop_assert_eq!(venue.account().start().0 + changes, venue.account().cash().0);
    Ok(())
}

/// The public book, put together from nothing but what was said.
fn book_from(said: &[Said], market: VenueMarket, side: Side) -> Vec<(Price, i64)> {
    let mut sizes = std::collections::BTreeMap::new();
    for said in said {
        match said {
            Said::Level { market: at, side: on, price, change, .. } if (*at, *on) == (market, side) => {
                *sizes.entry(*price).or_insert(0) += change.0;
            }
            Said::BookCleared { market: at, .. } if *at == market => sizes.clear(),
            _ => {}
        }
    }
    sizes.into_iter().filter(|(_, size)| *size != 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_venue_does_what_its_slow_twin_does(
        acts in prop::collection::vec(act(), 1..60),
        cash in prop_oneof![Just("1000"), Just("25"), Just("4")],
        maker_ppm in prop_oneof![Just(0u32), Just(17_500), Just(90_000)],
    ) {
        let settings = VenueSettings { cash: dollars(cash), ..settings() };
        let rates = FeeRates::new(70_000, maker_ppm).unwrap();
        let mut venue = venue(settings, rates);
        let mut said = Vec::new();
        let mut twin = Twin::new(settings, FeeSchedule { rates, precision: settings.fee_precision }, listing().grid);
        for (now, act) in numbered(&acts) {
            apply(&mut venue, now, &act);
            venue.advance(now, &mut said);
            apply_to_twin(&mut twin, now, &act);
            compare(&venue, &twin)?;
        }
        compare_fills(&venue, &twin)?;
        let trades = said.iter().filter_map(|said| match said {
            Said::Trade { market, taker, price, count, .. } => {
                Some((market.0 as usize, *taker, i64::from(price.0), count.0))
            }
            _ => None,
        });
        let pieces: Vec<_> = trades.collect();
        prop_assert_eq!(merged(&pieces), merged(&twin.trades));
        for (market, side) in [(0, Side::Bid), (0, Side::Ask), (1, Side::Bid), (1, Side::Ask)] {
            let mut told = book_from(&said, VenueMarket(market), side);
            if side == Side::Bid {
                told.reverse();
            }
            let shown = venue.book(VenueMarket(market)).levels(side);
            prop_assert_eq!(told, shown.map(|level| (level.price, level.size.0)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_day_cut_in_any_pieces_says_the_same(
        acts in prop::collection::vec(act(), 1..40),
        seed in any::<u64>(),
        steps in prop::collection::vec(1u64..200_000, 1..30),
    ) {
        let settings = VenueSettings { seed, entry_latency_ns: 700, entry_jitter_ns: 5000, ..settings() };
        let whole = run(settings, &acts, &[]);
        let cut = run(settings, &acts, &steps);
        prop_assert_eq!(&whole, &cut);
        let times = whole.windows(2).all(|pair| pair[0].at() <= pair[1].at());
        prop_assert!(times, "the engine's time went back");
    }

    #[test]
    fn everything_is_paid_and_adds_up_to_zero(acts in prop::collection::vec(act(), 1..60), value in 90i64..110) {
        let mut venue = venue(settings(), rates());
        for (now, act) in numbered(&acts) {
            apply(&mut venue, now, &act);
        }
        for second in CLOSE.seconds() - 60..=CLOSE.seconds() {
            venue.index_print(Nanos(second * Nanos::SECOND), Money(value * Money::DOLLAR.0));
        }
        let mut said = Vec::new();
        venue.advance(CLOSE.plus(60 * Nanos::SECOND), &mut said);
        let account = venue.account();
        prop_assert_eq!(account.imbalance(), Money::ZERO);
        prop_assert_eq!((account.reserved(), account.holdings().count()), (Money::ZERO, 0));
        // What the other side of every fill and payment got, added up by itself.
        let others: i64 = account.fills().iter().map(|fill| {
            let notional = i64::from(fill.price.0) * fill.count.0;
            if fill.side == Side::Bid { notional } else { -notional }
        }).sum();
        let won: i64 = account.settlements().iter().map(|paid| paid.verdict.value.0 / 100 * paid.position.0).sum();
        let fees: i64 = account.fills().iter().map(|fill| fill.fee.0).sum();
        prop_assert_eq!(account.cash().0 - account.start().0 + others - won + fees, 0);
        let settled = said.iter().filter(|said| matches!(said, Said::Settled { .. })).count();
        prop_assert_eq!(settled, 2);
    }
}

/// One entry per run of trades at one price: how a level splits between participants is not compared.
fn merged(trades: &[(usize, Side, i64, i64)]) -> Vec<(usize, Side, i64, i64)> {
    let mut merged: Vec<(usize, Side, i64, i64)> = Vec::new();
    for trade in trades {
        match merged.last_mut().filter(|last| (last.0, last.1, last.2) == (trade.0, trade.1, trade.2)) {
            Some(last) => last.3 += trade.3,
            None => merged.push(*trade),
        }
    }
    merged
}

/// All that is said over the acts and the settlement; with `steps`, time stops in between as they say
/// and at every deadline.
fn run(settings: VenueSettings, acts: &[Act], steps: &[u64]) -> Vec<Said> {
    let mut venue = venue(settings, rates());
    let mut said = Vec::new();
    let mut lengths = steps.iter().copied().cycle();
    let mut now = OPEN;
    for (at, act) in numbered(acts) {
        while let Some(step) = lengths.next().filter(|step| now.plus(*step) < at) {
            now = now.plus(step);
            venue.advance(now, &mut said);
        }
        if matches!(act, Act::Cancel(_) | Act::Decrease(..) | Act::Amend(..)) {
            // Whether the order has arrived is read from the record, which stands where time stands.
            venue.advance(at, &mut said);
        }
        apply(&mut venue, at, &act);
        now = at;
    }
    while !steps.is_empty() && venue.next_deadline() < Nanos::NEVER {
        let due = venue.next_deadline();
        venue.advance(due, &mut said);
    }
    venue.advance(CLOSE.plus(10 * Nanos::SECOND), &mut said);
    said
}
