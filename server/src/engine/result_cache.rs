//! Rows that have been calculated, as far as there is room for them.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::answer::RowValues;
use super::row_key::RowKey;

/// Bytes of an entry beside its values: key, pointers, reference counts, and the cache's own records.
const ENTRY_BYTES: u64 = 160;
/// Bytes of an entry for a hundred models, from which the number of entries is guessed.
const USUAL_ENTRY_BYTES: u64 = 1024;
/// Entries guessed at most: keys of what has gone are remembered in proportion, and their bytes are not counted.
const MOST_GUESSED_ENTRIES: usize = 1 << 20;

/// Predictions of rows by their keys. Those that are asked for least go once the bytes that it may take are used up.
#[derive(Debug)]
pub(super) struct ResultCache(Cache<RowKey, CachedRow, Bytes>);

/// Values of a row exactly as they were calculated.
#[derive(Clone, Debug)]
pub(super) struct CachedRow {
    /// The logits, then the probabilities.
    values: Arc<[f32]>,
}

impl CachedRow {
    /// As an answer has them.
    pub(super) fn row(&self) -> RowValues<'_> {
        let (logits, probabilities) = self.values.split_at(self.values.len() / 2);
        RowValues { logits, probabilities, values: &[] }
    }
}

/// Weighs an entry.
#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<RowKey, CachedRow> for Bytes {
    fn weight(&self, _: &RowKey, row: &CachedRow) -> u64 {
        ENTRY_BYTES + size_of_val(&*row.values) as u64
    }
}

impl ResultCache {
    /// One of at most `bytes`; `None` if it could hold nothing.
    pub(super) fn new(bytes: u64) -> Option<Self> {
        let entries = guessed_entries(bytes);
        (entries > 0).then(|| Self(Cache::with_weighter(entries, bytes, Bytes)))
    }

    /// The row of this key, if it is there.
    pub(super) fn get(&self, key: &RowKey) -> Option<CachedRow> {
        self.0.get(key)
    }

    /// Keeps a row, unless something in it is no number: that may be an accident of this time.
    pub(super) fn insert(&self, key: RowKey, row: RowValues<'_>) {
        if !row.logits.iter().all(|logit| logit.is_finite()) {
            return;
        }
        let values = row.logits.iter().chain(row.probabilities).copied().collect();
        self.0.insert(key, CachedRow { values });
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.0.weight()
    }
}

fn guessed_entries(bytes: u64) -> usize {
    usize::try_from(bytes / USUAL_ENTRY_BYTES).unwrap_or(usize::MAX).min(MOST_GUESSED_ENTRIES)
}

#[cfg(test)]
mod tests {
    use polaris_model::WindowInput;

    use super::super::question::Question;
    use super::super::row_key::RowKeys;
    use super::*;

    fn key(index: u16) -> RowKey {
        RowKeys::of(&Question { models: [0].into(), method: None }).of_window(&WindowInput {
            sequence: index.to_le_bytes().to_vec(),
            region: None,
            expression: Vec::new(),
            substitutions: Vec::new(),
        })
    }

    #[test]
    fn what_is_kept_stays_within_its_bytes_and_is_unchanged() {
        let cache = ResultCache::new(64 << 10).unwrap();
        let logits = [f32::MIN_POSITIVE / 2.0, -0.0, 1.0 / 3.0];
        for index in 0..5000 {
            cache.insert(
                key(index),
                RowValues { logits: &logits, probabilities: &[0.1, 0.2, 0.3], values: &[] },
            );
        }
        assert!((32 << 10..=64 << 10).contains(&cache.bytes()), "{}", cache.bytes());
        let kept: Vec<u16> = (0..5000).filter(|&index| cache.get(&key(index)).is_some()).collect();
        let row = cache.get(&key(*kept.last().unwrap())).unwrap();
        assert_eq!(
            row.row().logits.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            logits.map(f32::to_bits)
        );
        assert_eq!(row.row().probabilities, [0.1, 0.2, 0.3]);
        assert!(cache.get(&key(5000)).is_none());
    }

    #[test]
    fn what_is_no_number_is_not_kept() {
        let cache = ResultCache::new(1 << 20).unwrap();
        for (index, logits) in [[f32::NAN, 1.0], [1.0, f32::NEG_INFINITY], [1.0, 2.0]].iter().enumerate() {
            cache.insert(key(index as u16), RowValues { logits, probabilities: &[0.1, 0.2], values: &[] });
        }
        assert_eq!([0, 1, 2].map(|index| cache.get(&key(index)).is_some()), [false, false, true]);
    }

    #[test]
    fn what_is_remembered_of_those_that_have_gone_is_bounded() {
        assert_eq!([0, 1 << 20, 1 << 40].map(guessed_entries), [0, 1 << 10, 1 << 20]);
        assert!(ResultCache::new(0).is_none());
    }
}
