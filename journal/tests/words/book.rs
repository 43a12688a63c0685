use proptest::prelude::*;
use std::collections::BTreeMap;
use trader_journal::book::{BookError, Level, LevelBook, SIDE_TOTAL_MAX, Side, Walk};
use trader_journal::grid::{GridRange, PriceGrid};
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Price};

use Side::{Ask, Bid};

const CENT: PriceGrid = PriceGrid::LINEAR_CENT;
const TAPERED: PriceGrid = PriceGrid::TAPERED_DECI_CENT;

fn finest() -> PriceGrid {
    PriceGrid::from_ranges(&[GridRange { start: 0, end: 10_000, step: 1 }]).expect("a grid")
}

/// The obvious book: a sorted map per side.
#[derive(Default)]
struct Twin {
    tick: u16,
    bids: BTreeMap<u16, i64>,
    asks: BTreeMap<u16, i64>,
}

impl Twin {
    fn new(grid: &PriceGrid) -> Twin {
        Twin { tick: grid.tick(), ..Twin::default() }
    }

    fn map(&mut self, side: Side) -> &mut BTreeMap<u16, i64> {
        if side == Bid { &mut self.bids } else { &mut self.asks }
    }

    fn set(&mut self, side: Side, price: Price, size: i64) -> Result<(), BookError> {
        if !(1..10_000).contains(&price.0) || !price.0.is_multiple_of(self.tick) {
            return Err(BookError::OffGrid);
        }
        match size {
            ..0 => return Err(BookError::BelowZero),
            0 => self.map(side).remove(&price.0),
            _ => self.map(side).insert(price.0, size),
        };
        Ok(())
    }

    fn apply(&mut self, side: Side, price: Price, delta: i64) -> Result<Count, BookError> {
        let size = self.map(side).get(&price.0).copied().unwrap_or(0) + delta;
        self.set(side, price, size).map(|()| Count(size))
    }

    fn levels(&self, side: Side) -> Vec<Level> {
        let level = |(price, size): (&u16, &i64)| Level { price: Price(*price), size: Count(*size) };
        match side {
            Bid => self.bids.iter().rev().map(level).collect(),
            Ask => self.asks.iter().map(level).collect(),
        }
    }

    fn is_crossed(&self) -> bool {
        self.levels(Bid).iter().any(|bid| self.levels(Ask).iter().any(|ask| bid.price >= ask.price))
    }

    fn depth_within(&self, side: Side, limit: Price) -> Count {
        let inside = |level: &&Level| if side == Bid { level.price >= limit } else { level.price <= limit };
        Count(self.levels(side).iter().filter(inside).map(|level| level.size.0).sum())
    }

    /// One hundredth of a contract at a time.
    fn walk(&self, side: Side, count: Count) -> Walk {
        let mut walk = Walk::default();
        for level in self.levels(side) {
            for _ in 0..level.size.0 {
                if walk.filled >= count {
                    return walk;
                }
                walk.filled.0 += 1;
                walk.notional.0 += i64::from(level.price.0);
                walk.worst = Some(level.price);
            }
        }
        walk
    }

    fn hash(&self) -> u64 {
        let mut hash = StateHash::EMPTY;
        for side in [Bid, Ask] {
            hash.mix(side as u64);
            for level in self.levels(side) {
                hash.mix(u64::from(level.price.0));
                hash.mix(level.size.0 as u64);
            }
        }
        hash.value()
    }
}

fn hash(book: &LevelBook) -> u64 {
    let mut hash = StateHash::EMPTY;
    book.hash_into(&mut hash);
    hash.value()
}

fn book_of(grid: &PriceGrid, bids: &[(u16, i64)], asks: &[(u16, i64)]) -> LevelBook {
    let mut book = LevelBook::new(grid);
    for (side, levels) in [(Bid, bids), (Ask, asks)] {
        for (price, size) in levels {
            book.set(side, Price(*price), Count(*size)).expect("a level of the test");
        }
    }
    book
}

#[derive(Clone, Debug)]
enum Command {
    Set(Side, Price, i64),
    Apply(Side, Price, i64),
    Clear,
}

/// Prices near the ends, around a touch, and anywhere; some on no grid.
fn prices() -> impl Strategy<Value = Price> {
    prop_oneof![
        1 => prop::sample::select(vec![0u16, 1, 9, 10, 100, 640, 6_400, 9_900, 9_990, 9_999, 10_000, u16::MAX]),
        4 => (45u16..55).prop_map(|cents| cents * 100),
        4 => (1u16..100).prop_map(|cents| cents * 100),
        3 => (1u16..1_000).prop_map(|deci_cents| deci_cents * 10),
        1 => 0u16..=10_001,
    ]
    .prop_map(Price)
}

fn commands() -> impl Strategy<Value = Command> {
    let side = || prop::sample::select(Side::ALL);
    prop_oneof![
        6 => (side(), prices(), prop_oneof![Just(0), 0i64..300, -3i64..3]).prop_map(|(s, p, n)| Command::Set(s, p, n)),
        6 => (side(), prices(), -200i64..300).prop_map(|(s, p, n)| Command::Apply(s, p, n)),
        1 => Just(Command::Clear),
    ]
}

fn grids() -> impl Strategy<Value = PriceGrid> {
    prop::sample::select(vec![CENT, TAPERED, finest()])
}

fn step(book: &mut LevelBook, twin: &mut Twin, command: &Command) {
    match *command {
        Command::Set(side, price, size) => {
            assert_eq!(book.set(side, price, Count(size)), twin.set(side, price, size), "{command:?}");
        }
        Command::Apply(side, price, delta) => {
            assert_eq!(book.apply(side, price, Count(delta)), twin.apply(side, price, delta), "{command:?}");
        }
        Command::Clear => {
            book.clear();
            twin.bids.clear();
            twin.asks.clear();
        }
    }
}

fn assert_same_touch(book: &LevelBook, twin: &Twin) {
    for side in [Bid, Ask] {
        let levels = twin.levels(side);
        assert_eq!(book.best(side), levels.first().copied());
        assert_eq!(book.total(side), Count(levels.iter().map(|level| level.size.0).sum()));
        assert_eq!(book.level_count(side) as usize, levels.len());
    }
    assert_eq!(book.is_crossed(), twin.is_crossed());
    assert_eq!(book.is_two_sided(), !twin.bids.is_empty() && !twin.asks.is_empty());
}

proptest! {
    #[test]
    fn it_answers_as_a_sorted_map_does(
        grid in grids(), commands in prop::collection::vec(commands(), 1..120),
        limits in prop::collection::vec(prices(), 5), wanted in prop::collection::vec(-5i64..2_000, 5),
    ) {
        let (mut book, mut twin) = (LevelBook::new(&grid), Twin::new(&grid));
        for command in &commands {
            step(&mut book, &mut twin, command);
            assert_same_touch(&book, &twin);
        }
        for side in [Bid, Ask] {
            prop_assert_eq!(book.levels(side).collect::<Vec<_>>(), twin.levels(side));
            for limit in &limits {
                prop_assert_eq!(book.depth_within(side, *limit), twin.depth_within(side, *limit));
                let size = twin.map(side).get(&limit.0).copied().unwrap_or(0);
                prop_assert_eq!(book.size(side, *limit), Count(size));
            }
            for count in &wanted {
                prop_assert_eq!(book.walk(side, Count(*count)), twin.walk(side, Count(*count)));
            }
        }
        prop_assert_eq!(hash(&book), twin.hash());
    }
}

/// A small generator, so that the commands are the same everywhere and for ever.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn seeded_command(state: &mut u64, tick: u16) -> Command {
    let word = next(state);
    let side = if word & 1 == 0 { Bid } else { Ask };
    let places = u64::from(10_000 / tick);
    let price = Price((1 + (word >> 8) % (places - 1)) as u16 * tick);
    let size = ((word >> 32) % 1_000) as i64;
    match (word >> 1) % 100 {
        0..60 => Command::Set(side, price, if word >> 63 == 0 { 0 } else { size }),
        60..99 => Command::Apply(side, price, size - 500),
        _ if word >> 58 == 0 => Command::Clear,
        _ => Command::Set(side, price, size),
    }
}

/// The last number is written down: the same commands must leave the same book on every platform.
#[test]
fn a_hundred_thousand_seeded_commands_leave_the_book_of_the_twin() {
    for (grid, golden) in
        [(CENT, 0xf234_2689_b875_7020), (TAPERED, 0x41ce_fede_faf2_fc53), (finest(), 0x1412_a52b_1660_6973)]
    {
        let (mut book, mut twin) = (LevelBook::new(&grid), Twin::new(&grid));
        let (mut state, mut rolling) = (0x5eed, StateHash::EMPTY);
        for number in 0..100_000u32 {
            step(&mut book, &mut twin, &seeded_command(&mut state, grid.tick()));
            if number.is_multiple_of(1_000) {
                assert_eq!(hash(&book), twin.hash(), "after command {number}");
                rolling.mix(twin.hash());
            }
        }
        assert_eq!(hash(&book), twin.hash());
        assert_eq!(rolling.value(), golden, "{:#x}", rolling.value());
    }
}

#[test]
fn every_place_of_every_density_can_hold_the_touch() {
    for grid in [CENT, TAPERED, finest()] {
        let mut book = LevelBook::new(&grid);
        for units in (grid.tick()..10_000).step_by(usize::from(grid.tick())) {
            for side in [Bid, Ask] {
                let level = Level { price: Price(units), size: Count(7) };
                assert_eq!(book.set(side, level.price, level.size), Ok(()));
                assert_eq!(book.best(side), Some(level));
                assert_eq!(book.set(side, level.price, Count::ZERO), Ok(()));
                assert_eq!(book.best(side), None);
            }
        }
    }
}

#[test]
fn a_full_side_empties_from_the_touch_outward() {
    for grid in [CENT, TAPERED, finest()] {
        let units: Vec<u16> = (grid.tick()..10_000).step_by(usize::from(grid.tick())).collect();
        let all: Vec<(u16, i64)> = units.iter().map(|units| (*units, 3)).collect();
        let mut book = book_of(&grid, &all, &all);
        assert_eq!(book.level_count(Ask) as usize, units.len());
        for (ask, bid) in units.iter().zip(units.iter().rev()) {
            assert_eq!(book.best(Ask).map(|level| level.price), Some(Price(*ask)));
            assert_eq!(book.best(Bid).map(|level| level.price), Some(Price(*bid)));
            assert_eq!(book.apply(Ask, Price(*ask), Count(-3)), Ok(Count::ZERO));
            assert_eq!(book.apply(Bid, Price(*bid), Count(-3)), Ok(Count::ZERO));
        }
        assert_eq!((book.best(Bid), book.best(Ask)), (None, None));
        assert_eq!((book.total(Bid), book.total(Ask)), (Count::ZERO, Count::ZERO));
    }
}

#[test]
fn what_no_market_quotes_is_off_the_grid_and_changes_nothing() {
    let mut book = book_of(&CENT, &[(5_000, 10)], &[(5_200, 20)]);
    let before = hash(&book);
    for units in [0, 1, 99, 5_010, 9_950, 10_000, 10_100, u16::MAX] {
        for side in [Bid, Ask] {
            assert_eq!(book.set(side, Price(units), Count(1)), Err(BookError::OffGrid), "{units}");
            assert_eq!(book.apply(side, Price(units), Count(1)), Err(BookError::OffGrid), "{units}");
            assert_eq!(book.size(side, Price(units)), Count::ZERO);
        }
    }
    assert_eq!(hash(&book), before);
}

#[test]
fn a_level_below_zero_is_corruption_and_changes_nothing() {
    let mut book = book_of(&CENT, &[(5_000, 10)], &[]);
    let before = hash(&book);
    assert_eq!(book.apply(Bid, Price(5_000), Count(-11)), Err(BookError::BelowZero));
    assert_eq!(book.apply(Bid, Price(4_900), Count(-1)), Err(BookError::BelowZero));
    assert_eq!(book.apply(Ask, Price(5_000), Count(i64::MIN)), Err(BookError::BelowZero));
    assert_eq!(book.set(Bid, Price(5_000), Count(-1)), Err(BookError::BelowZero));
    assert_eq!(hash(&book), before);
    assert_eq!(book.apply(Bid, Price(5_000), Count(-10)), Ok(Count::ZERO));
    assert_eq!(book.best(Bid), None);
}

#[test]
fn sizes_that_could_overflow_a_sum_are_refused_and_the_largest_are_not() {
    let mut book = book_of(&CENT, &[(9_900, SIDE_TOTAL_MAX.0 - 5)], &[]);
    assert_eq!(book.set(Bid, Price(100), Count(6)), Err(BookError::TooLarge));
    assert_eq!(book.apply(Bid, Price(9_900), Count(6)), Err(BookError::TooLarge));
    assert_eq!(book.apply(Bid, Price(9_900), Count(i64::MAX)), Err(BookError::TooLarge));
    assert_eq!(book.set(Ask, Price(100), Count(i64::MAX)), Err(BookError::TooLarge));
    assert_eq!(book.set(Bid, Price(9_900), SIDE_TOTAL_MAX), Ok(()));
    assert_eq!(book.total(Bid), SIDE_TOTAL_MAX);
    let walk = book.walk(Bid, Count(i64::MAX));
    assert_eq!((walk.filled, walk.notional), (SIDE_TOTAL_MAX, Money(SIDE_TOTAL_MAX.0 * 9_900)));
}

#[test]
fn bids_at_or_above_the_asks_are_crossed() {
    let crossed = |bids: &[(u16, i64)], asks: &[(u16, i64)]| book_of(&TAPERED, bids, asks).is_crossed();
    assert!(!crossed(&[], &[]));
    assert!(!crossed(&[(9_990, 1)], &[]));
    assert!(!crossed(&[], &[(10, 1)]));
    assert!(!crossed(&[(5_000, 1)], &[(5_010, 1)]));
    assert!(crossed(&[(5_000, 1)], &[(5_000, 1)]), "locked: these two would have traded");
    assert!(crossed(&[(5_010, 1), (100, 9)], &[(5_000, 1), (9_000, 9)]));
}

#[test]
fn a_walk_takes_from_the_touch_outward_and_says_what_it_paid() {
    let book = book_of(&TAPERED, &[(920, 500), (910, 500)], &[(930, 1_000), (940, 250), (1_000, 5_000)]);
    let walk = |side, count| book.walk(side, Count(count));
    let taken =
        |filled, worst, notional| Walk { filled: Count(filled), worst: Some(Price(worst)), notional: Money(notional) };
    assert_eq!(walk(Ask, 1_000), taken(1_000, 930, 930_000));
    assert_eq!(walk(Ask, 1_001), taken(1_001, 940, 930_940));
    assert_eq!(walk(Ask, 1_300), taken(1_300, 1_000, 1_215_000));
    assert_eq!(walk(Bid, 700), taken(700, 910, 642_000));
    assert_eq!(walk(Bid, 9_999), taken(1_000, 910, 915_000));
    assert_eq!(walk(Bid, 0), Walk::default());
    assert_eq!(walk(Bid, -1), Walk::default());
}

#[test]
fn depth_counts_from_the_touch_to_the_limit_inclusive() {
    let book = book_of(&CENT, &[(4_900, 3), (4_700, 5)], &[(5_200, 7), (5_500, 11)]);
    for (side, limit, depth) in [
        (Bid, 5_000, 0),
        (Bid, 4_900, 3),
        (Bid, 4_701, 3),
        (Bid, 4_700, 8),
        (Bid, 0, 8),
        (Ask, 5_199, 0),
        (Ask, 5_200, 7),
        (Ask, 5_499, 7),
        (Ask, 5_500, 18),
        (Ask, u16::MAX, 18),
        (Bid, u16::MAX, 0),
    ] {
        assert_eq!(book.depth_within(side, Price(limit)), Count(depth), "{side:?} {limit}");
    }
}

#[test]
fn a_book_of_a_pool_serves_a_market_with_another_grid() {
    let mut book = book_of(&finest(), &[(1, 1), (9_999, 2)], &[(5_001, 3)]);
    book.regrid(&CENT);
    assert_eq!(hash(&book), hash(&LevelBook::new(&CENT)));
    assert_eq!(book.set(Bid, Price(5_001), Count(1)), Err(BookError::OffGrid));
    book.regrid(&finest());
    assert_eq!(book.levels(Bid).count() + book.levels(Ask).count(), 0);
    assert_eq!(book.size(Bid, Price(9_999)), Count::ZERO, "nothing of the first market shows through");
}

#[test]
fn the_sides_are_each_others_opposite() {
    assert_eq!((Bid.opposite(), Ask.opposite()), (Ask, Bid));
    assert_eq!(Side::ALL.iter().map(|side| side.word()).collect::<Vec<_>>(), ["bid", "ask"]);
}

#[test]
fn a_book_prints_its_levels_best_first() {
    let book = book_of(&CENT, &[(4_900, 300), (4_800, 5)], &[(5_200, 700)]);
    assert_eq!(format!("{book:?}"), "{bid 0.4900: 3.00, bid 0.4800: 0.05, ask 0.5200: 7.00}");
}
