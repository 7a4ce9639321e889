//! Recently read pages of sequence.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Bases on a page: about one bgzip block.
pub(super) const PAGE_BASES: u64 = 64 * 1024;

/// How many pages are kept where nobody says.
const DEFAULT_PAGES: usize = 1024;

/// Normalised bases of one page; the last page of a contig is shorter.
pub(super) type Page = Arc<[u8]>;

type Key = (usize, u64);

struct Slot {
    key: Key,
    page: Page,
    used: bool,
}

#[derive(Default)]
struct Clock {
    slots: Vec<Slot>,
    by_key: HashMap<Key, usize>,
    hand: usize,
}

/// A bounded cache that gives up pages not used since the hand last passed (the clock algorithm).
pub(super) struct PageCache {
    clock: Mutex<Clock>,
    /// How many pages are kept.
    most: usize,
}

impl Default for PageCache {
    fn default() -> Self {
        Self::new(DEFAULT_PAGES)
    }
}

impl PageCache {
    /// Keeps `most` pages, at least one.
    pub(super) fn new(most: usize) -> Self {
        Self { clock: Mutex::default(), most: most.max(1) }
    }

    pub(super) fn get(&self, contig: usize, start0: u64) -> Option<Page> {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let index = *clock.by_key.get(&(contig, start0))?;
        let slot = clock.slots.get_mut(index)?;
        slot.used = true;
        Some(Arc::clone(&slot.page))
    }

    pub(super) fn insert(&self, contig: usize, start0: u64, page: &Page) {
        let key = (contig, start0);
        // Not yet used again: a scan through the genome then gives up its own pages first.
        let slot = Slot { key, page: Arc::clone(page), used: false };
        let mut guard = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = &mut *guard;
        if clock.by_key.contains_key(&key) {
            return;
        }
        if clock.slots.len() < self.most {
            clock.by_key.insert(key, clock.slots.len());
            clock.slots.push(slot);
            return;
        }
        while let Some(candidate) = clock.slots.get_mut(clock.hand) {
            let index = clock.hand;
            clock.hand = (clock.hand + 1) % self.most;
            if !candidate.used {
                clock.by_key.remove(&candidate.key);
                *candidate = slot;
                clock.by_key.insert(key, index);
                return;
            }
            candidate.used = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(index: u64) -> Page {
        index.to_le_bytes().as_slice().into()
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let most = 100;
        let cache = PageCache::new(most);
        let rounds = 3 * most as u64;
        for index in 0..rounds {
            cache.insert(0, index * PAGE_BASES, &page(index));
            assert!(cache.get(0, 0).is_some(), "page 0 was given up although it is in use, at {index}");
        }
        let kept = (0..rounds).filter(|index| cache.get(0, index * PAGE_BASES).is_some()).count();
        assert_eq!(kept, most);
        for index in 0..rounds {
            if let Some(found) = cache.get(0, index * PAGE_BASES) {
                assert_eq!(found, page(index));
            }
        }
        assert_eq!(cache.get(1, 0), None);
    }
}
