//! One market's book, quoted from the YES leg: who pays how much, and who asks how much.
//!
//! The venue keeps one book in two halves: YES bids and NO bids. A NO bid at `q` is a YES
//! ask at `1 − q`; here everything is a YES price.
//!
//! Each side is an array of sizes plus a bitmap of the places in use, so that setting a
//! level and finding the best one take the same few steps however full the book is. Places
//! are numbered by *rank*: the distance from the best price the side could ever show. Both
//! sides then look alike: best is the lowest rank, outward is upward.

use crate::grid::PriceGrid;
use crate::hash::StateHash;
use crate::units::{Count, Money, Price};
use alloc::boxed::Box;
use alloc::vec;
use core::fmt;
use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// A side of the YES book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TryFromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(u8)]
pub enum Side {
    /// Buys YES; rests as a YES bid.
    Bid = 0,
    /// Sells YES, which is buying NO; rests as a YES ask.
    Ask = 1,
}

impl Side {
    /// Both sides, in number order.
    pub const ALL: &'static [Side] = &[Side::Bid, Side::Ask];

    /// The side an order of this side trades with.
    #[must_use]
    pub const fn opposite(self) -> Side {
        match self {
            Side::Bid => Side::Ask,
            Side::Ask => Side::Bid,
        }
    }

    /// The word of the venue's wire and of reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Side::Bid => "bid",
            Side::Ask => "ask",
        }
    }
}

/// The resting size at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// YES price.
    pub price: Price,
    /// Contracts resting there; never zero.
    pub size: Count,
}

/// What taking from a side gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Contracts there are, up to the number asked for.
    pub filled: Count,
    /// YES price of the last level touched; `None` when nothing was filled.
    pub worst: Option<Price>,
    /// YES price × count over all levels touched.
    pub notional: Money,
}

/// Why a level could not be changed. The book is as it was; all but [`OffGrid`](BookError::OffGrid)
/// mean that it no longer mirrors the venue's: ask for a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookError {
    /// The price is $0, $1, or between the ticks of this book's grid: read the market's terms again.
    OffGrid,
    /// A level would hold less than nothing: a delta was lost or applied twice.
    BelowZero,
    /// The side would hold more than [`SIDE_TOTAL_MAX`]: the message was misread.
    TooLarge,
}

/// The most one side holds: 9.2e12 contracts, so that no sum or notional can overflow.
pub const SIDE_TOTAL_MAX: Count = Count(i64::MAX / Price::ONE.0 as i64);

/// A market's bids and asks. All memory (about 160 KiB, of which a cent book touches 2)
/// is taken by [`new`](LevelBook::new); nothing allocates afterwards.
pub struct LevelBook {
    tick: Tick,
    /// By side number: an index costs nothing where a branch on the side, which no processor
    /// can guess, would cost half an update.
    ladders: [Ladder; 2],
}

impl LevelBook {
    /// An empty book for a market with this grid.
    #[must_use]
    pub fn new(grid: &PriceGrid) -> LevelBook {
        LevelBook { tick: Tick::new(grid.tick()), ladders: [Ladder::new(), Ladder::new()] }
    }

    /// Empties the book and fits it to another grid: how a pool of books serves market after market.
    pub fn regrid(&mut self, grid: &PriceGrid) {
        self.clear();
        self.tick = Tick::new(grid.tick());
    }

    /// Forgets every level.
    pub fn clear(&mut self) {
        self.ladders.iter_mut().for_each(Ladder::clear);
    }

    /// The size at `price` is now `size`; zero removes the level.
    ///
    /// # Errors
    /// [`BookError`]; the book is unchanged.
    #[inline]
    pub fn set(&mut self, side: Side, price: Price, size: Count) -> Result<(), BookError> {
        let rank = self.tick.rank(side, price).ok_or(BookError::OffGrid)?;
        self.ladder_mut(side).set(rank, size.0)
    }

    /// The size at `price` changes by `delta`; gives the size there now.
    ///
    /// # Errors
    /// [`BookError`]; the book is unchanged.
    #[inline]
    pub fn apply(&mut self, side: Side, price: Price, delta: Count) -> Result<Count, BookError> {
        let rank = self.tick.rank(side, price).ok_or(BookError::OffGrid)?;
        let ladder = self.ladder_mut(side);
        let size = ladder.size(rank).checked_add(delta.0).ok_or(BookError::TooLarge)?;
        ladder.set(rank, size)?;
        Ok(Count(size))
    }

    /// The size resting at `price`; zero where nothing rests or can rest.
    #[must_use]
    pub fn size(&self, side: Side, price: Price) -> Count {
        Count(self.tick.rank(side, price).map_or(0, |rank| self.ladder(side).size(rank)))
    }

    /// The level at the touch: highest bid or lowest ask.
    #[must_use]
    #[inline]
    pub fn best(&self, side: Side) -> Option<Level> {
        let ladder = self.ladder(side);
        ladder.ranks.first().map(|rank| self.level(side, ladder, rank))
    }

    /// Whether both sides have a level.
    #[must_use]
    pub fn is_two_sided(&self) -> bool {
        self.ladders.iter().all(|ladder| ladder.total > 0)
    }

    /// Whether the best bid is at or above the best ask: such orders would have traded, so the
    /// book is half updated or wrong.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        match (self.best(Side::Bid), self.best(Side::Ask)) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }

    /// Contracts resting on `side` from the touch to `limit` inclusive.
    #[must_use]
    pub fn depth_within(&self, side: Side, limit: Price) -> Count {
        let last = self.tick.rank_within(side, limit);
        let ladder = self.ladder(side);
        Count(ladder.ranks.starting_at(0).take_while(|rank| *rank <= last).map(|rank| ladder.size(rank)).sum())
    }

    /// Contracts resting on `side` in all.
    #[must_use]
    pub const fn total(&self, side: Side) -> Count {
        Count(self.ladder(side).total)
    }

    /// Levels on `side`.
    #[must_use]
    pub fn level_count(&self, side: Side) -> u32 {
        self.ladder(side).ranks.len()
    }

    /// The levels of `side`, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        let ladder = self.ladder(side);
        ladder.ranks.starting_at(0).map(move |rank| self.level(side, ladder, rank))
    }

    /// What an order for `count` contracts would take from the resting `side`, from the touch
    /// outward. A buyer walks the asks.
    #[must_use]
    pub fn walk(&self, side: Side, count: Count) -> Walk {
        let mut walk = Walk::default();
        for level in self.levels(side) {
            if walk.filled >= count {
                break;
            }
            let taken = level.size.0.min(count.0 - walk.filled.0);
            // SIDE_TOTAL_MAX × $1 fits, so neither sum can overflow.
            walk.filled.0 += taken;
            walk.notional.0 += taken * i64::from(level.price.0);
            walk.worst = Some(level.price);
        }
        walk
    }

    /// Adds the book to a state hash: each side's number, then price and size of its levels, best first.
    pub fn hash_into(&self, hash: &mut StateHash) {
        for side in Side::ALL {
            hash.mix(*side as u64);
            for level in self.levels(*side) {
                hash.mix(u64::from(level.price.0));
                hash.mix(level.size.0.cast_unsigned());
            }
        }
    }

    fn level(&self, side: Side, ladder: &Ladder, rank: usize) -> Level {
        Level { price: self.tick.price(side, rank), size: Count(ladder.size(rank)) }
    }

    const fn ladder(&self, side: Side) -> &Ladder {
        &self.ladders[side as usize]
    }

    const fn ladder_mut(&mut self, side: Side) -> &mut Ladder {
        &mut self.ladders[side as usize]
    }
}

impl fmt::Debug for LevelBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for side in Side::ALL {
            for level in self.levels(*side) {
                map.entry(&format_args!("{} {}", side.word(), level.price), &format_args!("{}", level.size));
            }
        }
        map.finish()
    }
}

/// The distance between neighbouring places in $0.0001, with its reciprocal: a division by a
/// number unknown to the compiler would cost more than the rest of an update.
#[derive(Clone, Copy)]
struct Tick {
    units: u16,
    reciprocal: u64,
}

impl Tick {
    /// Exact for every price: the rounded-up reciprocal is off by less than `units / 2^28`, which
    /// moves a quotient only from price × units ≥ 2^28 on, and both are at most 10^4.
    const SHIFT: u32 = 28;

    const fn new(units: u16) -> Tick {
        Tick { units, reciprocal: (1u64 << Self::SHIFT).div_ceil(units as u64) }
    }

    /// The place of a price; `None` for $0, $1 and what lies between ticks.
    const fn rank(self, side: Side, price: Price) -> Option<usize> {
        if price.0 == 0 || price.0 >= Price::ONE.0 {
            return None;
        }
        let distance = distance(side, price);
        let rank = self.quotient(distance);
        if rank * self.units as usize == distance as usize { Some(rank) } else { None }
    }

    /// The outermost place that is not beyond `limit`.
    const fn rank_within(self, side: Side, limit: Price) -> usize {
        self.quotient(distance(side, limit))
    }

    const fn price(self, side: Side, rank: usize) -> Price {
        let distance = rank as u16 * self.units;
        Price([Price::ONE.0 - distance, distance][side as usize])
    }

    const fn quotient(self, distance: u16) -> usize {
        ((distance as u64 * self.reciprocal) >> Self::SHIFT) as usize
    }
}

/// How far a price is from the best one its side could ever show, in $0.0001.
const fn distance(side: Side, price: Price) -> u16 {
    let above_zero = if price.0 > Price::ONE.0 { Price::ONE.0 } else { price.0 };
    [Price::ONE.0 - above_zero, above_zero][side as usize]
}

/// One side's sizes by rank.
struct Ladder {
    total: i64,
    ranks: RankSet,
    sizes: Box<[i64]>,
}

impl Ladder {
    fn new() -> Ladder {
        Ladder { total: 0, ranks: RankSet::EMPTY, sizes: vec![0; RANKS].into_boxed_slice() }
    }

    fn size(&self, rank: usize) -> i64 {
        self.sizes[rank]
    }

    #[inline]
    fn set(&mut self, rank: usize, size: i64) -> Result<(), BookError> {
        if size < 0 {
            return Err(BookError::BelowZero);
        }
        let others = self.total - self.sizes[rank];
        if size > SIDE_TOTAL_MAX.0 - others {
            return Err(BookError::TooLarge);
        }
        self.total = others + size;
        self.sizes[rank] = size;
        self.ranks.put(rank, size > 0);
        Ok(())
    }

    /// Visits the levels in use, not the whole array.
    fn clear(&mut self) {
        for rank in self.ranks.starting_at(0) {
            self.sizes[rank] = 0;
        }
        self.ranks = RankSet::EMPTY;
        self.total = 0;
    }
}

/// Places of a side at the finest tick, $0 and $1 included.
const RANKS: usize = Price::ONE.0 as usize + 1;
const WORDS: usize = RANKS.div_ceil(64);
const SUMMARIES: usize = WORDS.div_ceil(64);

/// A set of ranks: one bit each, and one summary bit for each word that is not empty.
#[derive(Clone, Copy)]
struct RankSet {
    summary: [u64; SUMMARIES],
    words: [u64; WORDS],
}

impl RankSet {
    const EMPTY: RankSet = RankSet { summary: [0; SUMMARIES], words: [0; WORDS] };

    /// Without branches: whether a level appears or vanishes is what a processor guesses worst.
    #[inline]
    fn put(&mut self, rank: usize, present: bool) {
        let word = rank / 64;
        self.words[word] = with_bit(self.words[word], rank % 64, present);
        let summary = &mut self.summary[word / 64];
        *summary = with_bit(*summary, word % 64, self.words[word] != 0);
    }

    /// The lowest rank in the set.
    #[inline]
    fn first(&self) -> Option<usize> {
        let block = self.summary.iter().position(|words| *words != 0)?;
        let word = lowest_bit(block, self.summary[block]);
        Some(lowest_bit(word, self.words[word]))
    }

    /// The lowest rank in the set that is not below `rank`.
    fn first_from(&self, rank: usize) -> Option<usize> {
        let word = rank / 64;
        let here = self.words.get(word)? & (u64::MAX << (rank % 64));
        if here != 0 {
            return Some(lowest_bit(word, here));
        }
        let word = self.first_word_from(word + 1)?;
        Some(lowest_bit(word, self.words[word]))
    }

    /// The lowest word that is not empty and not below `word`.
    fn first_word_from(&self, word: usize) -> Option<usize> {
        let block = word / 64;
        let here = self.summary.get(block)? & (u64::MAX << (word % 64));
        if here != 0 {
            return Some(lowest_bit(block, here));
        }
        let block = (block + 1..SUMMARIES).find(|block| self.summary[*block] != 0)?;
        Some(lowest_bit(block, self.summary[block]))
    }

    /// All ranks in the set from `rank` upward.
    fn starting_at(&self, rank: usize) -> impl Iterator<Item = usize> + '_ {
        core::iter::successors(self.first_from(rank), |last| self.first_from(last + 1))
    }

    fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }
}

/// The number of the lowest bit of the `index`-th word of a row.
const fn lowest_bit(index: usize, word: u64) -> usize {
    index << 6 | word.trailing_zeros() as usize
}

const fn with_bit(word: u64, bit: usize, set: bool) -> u64 {
    (word & !(1 << bit)) | ((set as u64) << bit)
}
