//! What a desk remembers of a run that never ends: all that lives, and of what is over the last few.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::{Deref, DerefMut};

/// A map whose entries are forgotten a while after they were over: what comes late still finds them.
#[derive(Debug)]
pub(crate) struct Fading<K, V> {
    map: BTreeMap<K, V>,
    /// Those that are over, the first first.
    over: VecDeque<K>,
}

/// Entries that are over and still known: several hours of markets.
const OVER_MAX: usize = 1024;

impl<K, V> Default for Fading<K, V> {
    fn default() -> Fading<K, V> {
        Fading { map: BTreeMap::new(), over: VecDeque::new() }
    }
}

impl<K: Ord + Copy, V> Fading<K, V> {
    /// `key` is over.
    pub(crate) fn finish(&mut self, key: K) {
        if !self.map.contains_key(&key) || self.over.contains(&key) {
            return;
        }
        self.over.push_back(key);
        if self.over.len() > OVER_MAX {
            let oldest = self.over.pop_front();
            oldest.map(|oldest| self.map.remove(&oldest));
        }
    }
}

impl<K, V> Deref for Fading<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.map
    }
}

impl<K, V> DerefMut for Fading<K, V> {
    fn deref_mut(&mut self) -> &mut BTreeMap<K, V> {
        &mut self.map
    }
}

/// Whether something was seen before, among the last so many different ones.
#[derive(Debug)]
pub(crate) struct Seen<T> {
    known: BTreeSet<T>,
    order: VecDeque<T>,
    count: u64,
}

/// Different things that are known again: far more than a list of the venue repeats.
const SEEN_MAX: usize = 8192;

impl<T> Default for Seen<T> {
    fn default() -> Seen<T> {
        Seen { known: BTreeSet::new(), order: VecDeque::new(), count: 0 }
    }
}

impl<T: Ord + Copy> Seen<T> {
    /// Takes one; whether it is new.
    pub(crate) fn insert(&mut self, one: T) -> bool {
        if !self.known.insert(one) {
            return false;
        }
        self.count += 1;
        self.order.push_back(one);
        if self.order.len() > SEEN_MAX {
            let oldest = self.order.pop_front();
            oldest.map(|oldest| self.known.remove(&oldest));
        }
        true
    }

    /// How many different ones there were.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lives_stays_and_what_is_over_fades() {
        let mut map = Fading::default();
        for key in 0..10_000u32 {
            map.insert(key, ());
            if key != 5 {
                map.finish(key);
                map.finish(key);
            }
        }
        assert_eq!(map.len(), OVER_MAX + 1);
        assert!(map.contains_key(&5) && map.contains_key(&9_999) && !map.contains_key(&4));
    }

    #[test]
    fn what_was_seen_is_counted_once_and_forgotten_long_after() {
        let mut seen = Seen::default();
        assert!((0..100_000u32).all(|one| seen.insert(one) && !seen.insert(one)));
        assert_eq!((seen.count(), seen.known.len(), seen.order.len()), (100_000, SEEN_MAX, SEEN_MAX));
    }
}
