//! Recently read pages of sequence.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Bases on a page: about one bgzip block.
pub(super) const PAGE_BASES: u64 = 64 * 1024;

/// How many pages are kept.
const MAX_PAGES: usize = 1024;

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
#[derive(Default)]
pub(super) struct PageCache(Mutex<Clock>);

impl PageCache {
    pub(super) fn get(&self, contig: usize, start0: u64) -> Option<Page> {
        let mut clock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = *clock.by_key.get(&(contig, start0))?;
        let slot = clock.slots.get_mut(index)?;
        slot.used = true;
        Some(Arc::clone(&slot.page))
    }

    pub(super) fn insert(&self, contig: usize, start0: u64, page: &Page) {
        let key = (contig, start0);
        // Not yet used again: a scan through the genome then gives up its own pages first.
        let slot = Slot { key, page: Arc::clone(page), used: false };
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = &mut *guard;
        if clock.by_key.contains_key(&key) {
            return;
        }
        if clock.slots.len() < MAX_PAGES {
            clock.by_key.insert(key, clock.slots.len());
            clock.slots.push(slot);
            return;
        }
        while let Some(candidate) = clock.slots.get_mut(clock.hand) {
            let index = clock.hand;
            clock.hand = (clock.hand + 1) % MAX_PAGES;
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
        let cache = PageCache::default();
        let rounds = 3 * MAX_PAGES as u64;
        for index in 0..rounds {
            cache.insert(0, index * PAGE_BASES, &page(index));
            assert!(cache.get(0, 0).is_some(), "page 0 was given up although it is in use, at {index}");
        }
        let kept = (0..rounds).filter(|index| cache.get(0, index * PAGE_BASES).is_some()).count();
        assert_eq!(kept, MAX_PAGES);
        for index in 0..rounds {
            if let Some(found) = cache.get(0, index * PAGE_BASES) {
                assert_eq!(found, page(index));
            }
        }
        assert_eq!(cache.get(1, 0), None);
    }
}
