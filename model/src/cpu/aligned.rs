//! Memory that starts at a cache line.

use std::ops::{Deref, DerefMut};

const CACHE_LINE_BYTES: usize = 64;

/// Numbers that start at a cache line: vectors that lie across two lines take twice as long to load.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    start: usize,
    values: Vec<T>,
}

impl<T: Copy + Default> Aligned<T> {
    /// So many zeros.
    pub(crate) fn zeros(count: usize) -> Self {
        Self::extended(count, |values| values.resize(values.len() + count, T::default()))
    }

    /// So many numbers, which `extend` adds to the vector.
    pub(crate) fn extended(count: usize, extend: impl FnOnce(&mut Vec<T>)) -> Self {
        let mut values: Vec<T> = Vec::new();
        values.reserve_exact(count + CACHE_LINE_BYTES / size_of::<T>());
        let start = values.as_ptr().align_offset(CACHE_LINE_BYTES).min(CACHE_LINE_BYTES / size_of::<T>());
        values.resize(start, T::default());
        // The room suffices, so nothing moves.
        extend(&mut values);
        Self { start, values }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[self.start..]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..]
    }
}
