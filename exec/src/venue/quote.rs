//! The makers replace a ladder: what they cut leaves from the back of its queue, what they add goes there.

use super::Venue;
use super::matching::{Taker, Who};
use super::queue::{crosses, rank};
use core::mem;
use trader_journal::book::{Level, Side};
use trader_journal::grid::PriceGrid;
use trader_journal::units::Count;

/// Largest level the makers can show: 10^8 contracts.
const LEVEL_SIZE_MAX: Count = Count(10_000_000_000);

impl Venue {
    /// Puts `wanted` in the place of a ladder that is not equal to it.
    pub(super) fn requote(&mut self, slot: usize, side: Side, wanted: &[Level]) {
        let alike = |(old, new): (&Level, &Level)| old.price == new.price && is_sized(new);
        let old = &self.markets[slot].makers[side as usize];
        if old.len() == wanted.len() && old.iter().zip(wanted).all(alike) {
            self.resize(slot, side, wanted);
        } else {
            self.replace(slot, side, wanted);
        }
    }

    /// Most quotes only change sizes. What stands crosses nothing, so more of it cannot either.
    fn resize(&mut self, slot: usize, side: Side, wanted: &[Level]) {
        for (at, level) in wanted.iter().enumerate() {
            let old = self.markets[slot].makers[side as usize][at];
            let change = Count(level.size.0 - old.size.0);
            if change != Count::ZERO && self.change_level(slot, side, level.price, change, None) {
                self.markets[slot].makers[side as usize][at].size = level.size;
                self.resting.cut(slot as u32, side, level.price, level.size);
            }
        }
    }

    fn replace(&mut self, slot: usize, side: Side, wanted: &[Level]) {
        let mut ladder = mem::take(&mut self.ladder);
        self.legal(slot, side, wanted, &mut ladder);
        if let Some(best) = ladder.first() {
            self.withdraw_crossed(slot, side.opposite(), *best);
        }
        self.cut(slot, side, &ladder);
        self.add(slot, side, &mut ladder);
        mem::swap(&mut self.markets[slot].makers[side as usize], &mut ladder);
        self.ladder = ladder;
        if !self.resting.all().is_empty() {
            self.refresh();
        }
    }

    /// The levels of a quote that can stand in the book, into `ladder`.
    fn legal(&mut self, slot: usize, side: Side, wanted: &[Level], ladder: &mut alloc::vec::Vec<Level>) {
        ladder.clear();
        let market = &self.markets[slot];
        let mut old = Along { side, levels: &market.makers[side as usize] };
        let mut outermost = None;
        for level in wanted {
            let here = rank(side, level.price);
            let in_order = outermost.is_none_or(|last| here > last);
            let fits = in_order && is_sized(level) && ladder.len() < self.settings.levels_max;
            // A price that stands was asked about before; asking the grid costs more than the rest.
            if fits && (old.size_at(level) > Count::ZERO || on_grid(&market.listing.grid, level)) {
                outermost = Some(here);
                ladder.push(*level);
            } else {
                self.counts.levels_left_out += 1;
            }
        }
    }

    /// The makers do not trade with themselves: where their new best crosses their other side, that
    /// side leaves.
    fn withdraw_crossed(&mut self, slot: usize, side: Side, best: Level) {
        while let Some(level) = self.markets[slot].makers[side as usize].first().copied() {
            if !crosses(side, level.price, best.price) {
                break;
            }
            self.markets[slot].makers[side as usize].remove(0);
            self.shrink(slot, side, level, Count::ZERO);
        }
    }

    /// Every level shrinks to what the new ladder has of it.
    fn cut(&mut self, slot: usize, side: Side, ladder: &[Level]) {
        let mut wanted = Along { side, levels: ladder };
        for at in 0..self.markets[slot].makers[side as usize].len() {
            let level = self.markets[slot].makers[side as usize][at];
            let size = wanted.size_at(&level).min(level.size);
            if size < level.size {
                self.shrink(slot, side, level, size);
            }
        }
    }

    fn shrink(&mut self, slot: usize, side: Side, level: Level, size: Count) {
        self.change_level(slot, side, level.price, Count(size.0 - level.size.0), None);
        self.resting.cut(slot as u32, side, level.price, size);
    }

    /// What the new ladder has more of comes as an order would: it trades with ours where it
    /// crosses, and what is left rests. `ladder` then holds what stands.
    fn add(&mut self, slot: usize, side: Side, ladder: &mut alloc::vec::Vec<Level>) {
        let mut at = 0;
        for level in ladder.iter_mut() {
            let old = &self.markets[slot].makers[side as usize];
            at += old[at..].iter().take_while(|other| rank(side, other.price) < rank(side, level.price)).count();
            let held = old.get(at).filter(|other| other.price == level.price).map_or(0, |other| other.size.0);
            let more = Count(level.size.0 - held);
            if more <= Count::ZERO {
                continue;
            }
            let left = self.sweep(slot, Taker { side, who: Who::Makers }, level.price, more).left;
            let rests = left > Count::ZERO && self.change_level(slot, side, level.price, left, None);
            level.size = Count(held + if rests { left.0 } else { 0 });
        }
        ladder.retain(|level| level.size > Count::ZERO);
    }
}

fn is_sized(level: &Level) -> bool {
    level.size > Count::ZERO && level.size <= LEVEL_SIZE_MAX
}

fn on_grid(grid: &PriceGrid, level: &Level) -> bool {
    grid.contains(level.price)
}

/// A ladder looked up by prices that only go outward.
struct Along<'a> {
    side: Side,
    levels: &'a [Level],
}

impl Along<'_> {
    /// The size at a level's price, zero where there is none.
    fn size_at(&mut self, level: &Level) -> Count {
        let here = rank(self.side, level.price);
        while self.levels.first().is_some_and(|first| rank(self.side, first.price) < here) {
            self.levels = &self.levels[1..];
        }
        self.levels.first().filter(|first| first.price == level.price).map_or(Count::ZERO, |first| first.size)
    }
}
