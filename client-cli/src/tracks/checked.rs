//! Values of a track on their way to a file: checked, and joined where they are equal.

use std::sync::Arc;

use polaris_genomics::Reference;

use super::{TrackError, TrackValue};

/// Passes values on until one is wrong, and remembers what was wrong with it.
pub(super) struct Checked<'a, I> {
    values: I,
    reference: &'a Reference,
    /// The contig of `waiting` and its length.
    contig: Option<(Arc<str>, u64)>,
    /// Passed on when the next is known not to continue it.
    waiting: Option<TrackValue>,
    count: u64,
    failure: Option<TrackError>,
}

impl<'a, I: Iterator<Item = Result<TrackValue, TrackError>>> Checked<'a, I> {
    pub(super) fn new(values: I, reference: &'a Reference) -> Self {
        Self { values, reference, contig: None, waiting: None, count: 0, failure: None }
    }

    /// How many values were passed on, or what was wrong with the one after them.
    pub(super) fn into_count(self) -> Result<u64, TrackError> {
        self.failure.map_or(Ok(self.count), Err)
    }

    /// Takes what was wrong with a value.
    pub(super) fn take_failure(&mut self) -> Option<TrackError> {
        self.failure.take()
    }

    fn check(&mut self, next: &TrackValue) -> Result<(), TrackError> {
        let &TrackValue { ref contig, start0, end0, value } = next;
        let name = || contig.to_string();
        if !value.is_finite() {
            return Err(TrackError::NotFinite { contig: name(), start0, end0, value });
        }
        let before = self.waiting.as_ref().map(|before| (&before.contig, before.end0));
        if before.is_some_and(|(before, before_end0)| (before, before_end0) > (contig, start0)) {
            return Err(TrackError::Order { contig: name(), start0, end0 });
        }
        let length = match &self.contig {
            Some((known, length)) if known == contig => *length,
            _ => {
                let found = self.reference.contig(contig).filter(|found| *found.name == **contig);
                let length = found.map_or(0, |found| found.length);
                self.contig = Some((Arc::clone(contig), length));
                length
            }
        };
        match start0 < end0 && end0 <= length {
            true => Ok(()),
            false => Err(TrackError::OffContig { contig: name(), start0, end0 }),
        }
    }
}

impl<I: Iterator<Item = Result<TrackValue, TrackError>>> Iterator for Checked<'_, I> {
    type Item = TrackValue;

    fn next(&mut self) -> Option<TrackValue> {
        while self.failure.is_none() {
            let next = match self.values.next() {
                Some(next) => next.and_then(|next| self.check(&next).map(|()| next)),
                None => break,
            };
            match (next, &mut self.waiting) {
                (Err(error), _) => self.failure = Some(error),
                (Ok(next), Some(waiting)) if continues(waiting, &next) => waiting.end0 = next.end0,
                (Ok(next), waiting) => {
                    if let Some(done) = waiting.replace(next) {
                        self.count += 1;
                        return Some(done);
                    }
                }
            }
        }
        let last = self.waiting.take().filter(|_| self.failure.is_none());
        self.count += u64::from(last.is_some());
        last
    }
}

fn continues(before: &TrackValue, next: &TrackValue) -> bool {
    before.end0 == next.start0
        && before.contig == next.contig
        && before.value.to_bits() == next.value.to_bits()
}
