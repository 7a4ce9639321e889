//! Values of many models put aside in a temporary file: they come position by position, all models together, and are
//! read back model by model.
//!
//! The file is a sequence of blocks; in a block, the values of the first model stand together, then those of the
//! second. What stays in memory is a block and where the values of each lie on the genome.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::tracks::{TrackError, TrackValue};

/// Values of one model in a block.
const BLOCK_VALUES: usize = 16 << 10;
/// Values of all models in a block, at most, so that the memory does not grow with the models.
const BLOCK_VALUES_OF_ALL: usize = 4 << 20;

/// Neighbouring values of the same width.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Segment {
    contig: Arc<str>,
    /// First base of the first.
    start0: u64,
    /// Bases of each.
    step: u64,
    /// How many there are.
    count: usize,
}

#[derive(Debug)]
struct Block {
    /// In the file, in bytes.
    offset: u64,
    /// Of each model.
    values: usize,
    segments: Vec<Segment>,
}

/// Values put aside.
pub(super) struct Spool {
    folder: PathBuf,
    file: File,
    end: u64,
    blocks: Vec<Block>,
    /// Of the block that is being filled, by model.
    values: Vec<Vec<f32>>,
    segments: Vec<Segment>,
}

impl Spool {
    /// For so many models, in an unnamed file in a folder.
    pub(super) fn create(folder: &Path, models: usize) -> Result<Self, TrackError> {
        let file = tempfile::tempfile_in(folder)
            .map_err(|source| TrackError::Spool { folder: folder.display().to_string(), source })?;
        Ok(Self {
            folder: folder.to_owned(),
            file,
            end: 0,
            blocks: Vec::new(),
            values: vec![Vec::new(); models],
            segments: Vec::new(),
        })
    }

    /// Puts values aside, as many of each model: the first for the `step` bases from `start0` on, the next for those
    /// after them.
    pub(super) fn push<M: AsRef<[f32]>>(
        &mut self,
        contig: &Arc<str>,
        start0: u64,
        step: u64,
        values: &[M],
    ) -> Result<(), TrackError> {
        let count = values.first().map_or(0, |values| values.as_ref().len());
        for (kept, values) in self.values.iter_mut().zip(values) {
            kept.extend_from_slice(values.as_ref());
        }
        match self.segments.last_mut() {
            Some(last) if last.continues_at(contig, start0, step) => last.count += count,
            _ => self.segments.push(Segment { contig: Arc::clone(contig), start0, step, count }),
        }
        let filled = self.values.first().map_or(0, Vec::len);
        let room = BLOCK_VALUES.min(BLOCK_VALUES_OF_ALL / self.values.len().max(1)).max(1);
        if filled >= room { self.finish() } else { Ok(()) }
    }

    /// Writes what is not yet in the file.
    pub(super) fn finish(&mut self) -> Result<(), TrackError> {
        let values = self.values.first().map_or(0, Vec::len);
        if values == 0 {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(values * 4);
        let mut end = self.end;
        for kept in &mut self.values {
            bytes.clear();
            bytes.extend(kept.drain(..).flat_map(f32::to_ne_bytes));
            self.file.write_all(&bytes).map_err(|source| failed(&self.folder, source))?;
            end += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        }
        self.blocks.push(Block { offset: self.end, values, segments: std::mem::take(&mut self.segments) });
        self.end = end;
        Ok(())
    }

    /// The values of a model, in their order. [`Spool::finish`] comes before.
    pub(super) fn values_of(&self, model: usize) -> impl Iterator<Item = Result<TrackValue, TrackError>> {
        self.blocks.iter().flat_map(move |block| {
            let read = self.read(block, model);
            let (values, failure) = match read {
                Ok(values) => (values, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            block.positions().zip(values).map(|(position, value)| Ok(position.with(value))).chain(failure)
        })
    }

    fn read(&self, block: &Block, model: usize) -> Result<Vec<f32>, TrackError> {
        let mut bytes = vec![0; block.values * 4];
        let skipped = u64::try_from(model * bytes.len()).unwrap_or(u64::MAX);
        let read = self.file.read_exact_at(&mut bytes, block.offset.saturating_add(skipped));
        read.map_err(|source| failed(&self.folder, source))?;
        let (words, _) = bytes.as_chunks::<4>();
        Ok(words.iter().map(|&word| f32::from_ne_bytes(word)).collect())
    }
}

fn failed(folder: &Path, source: io::Error) -> TrackError {
    TrackError::Spool { folder: folder.display().to_string(), source }
}

/// Where a value lies.
struct Position {
    contig: Arc<str>,
    start0: u64,
    end0: u64,
}

impl Position {
    fn with(self, value: f32) -> TrackValue {
        TrackValue { contig: self.contig, start0: self.start0, end0: self.end0, value }
    }
}

impl Block {
    fn positions(&self) -> impl Iterator<Item = Position> {
        self.segments.iter().flat_map(|segment| {
            let starts = (0_u64..).map(|index| segment.start0 + index * segment.step).take(segment.count);
            starts.map(|start0| Position {
                contig: Arc::clone(&segment.contig),
                start0,
                end0: start0 + segment.step,
            })
        })
    }
}

impl Segment {
    fn continues_at(&self, contig: &Arc<str>, start0: u64, step: u64) -> bool {
        let end0 = u64::try_from(self.count)
            .ok()
            .and_then(|count| count.checked_mul(self.step)?.checked_add(self.start0));
        self.contig == *contig && self.step == step && end0 == Some(start0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_by_position_is_read_by_model() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(folder.path(), 2).unwrap();
        let (one, two): (Arc<str>, Arc<str>) = ("chr1".into(), "chr2".into());
        spool.push(&one, 0, 50, &[[0.5], [1.5]]).unwrap();
        spool.push(&one, 50, 50, &[[0.25], [1.25]]).unwrap();
        spool.finish().unwrap();
        spool.push(&one, 100, 7, &[[0.0], [1.0]]).unwrap();
        spool.push(&two, 107, 1, &[[2.0, 3.0], [4.0, 5.0]]).unwrap();
        spool.finish().unwrap();
        spool.finish().unwrap();
        assert_eq!(spool.blocks.iter().map(|block| block.segments.len()).collect::<Vec<_>>(), [1, 2]);
        let read = |model| {
            let values = spool.values_of(model).map(Result::unwrap);
            values
                .map(|value| (value.contig.to_string(), value.start0, value.end0, value.value))
                .collect::<Vec<_>>()
        };
        let at = |contig: &str, start0, end0, value| (contig.to_owned(), start0, end0, value);
        let rest = |value| vec![at("chr1", 100, 107, value)];
        let first = [at("chr1", 0, 50, 0.5), at("chr1", 50, 100, 0.25)];
        assert_eq!(
            read(0),
            [&first[..], &rest(0.0), &[at("chr2", 107, 108, 2.0), at("chr2", 108, 109, 3.0)]].concat()
        );
        let first = [at("chr1", 0, 50, 1.5), at("chr1", 50, 100, 1.25)];
        assert_eq!(
            read(1),
            [&first[..], &rest(1.0), &[at("chr2", 107, 108, 4.0), at("chr2", 108, 109, 5.0)]].concat()
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
