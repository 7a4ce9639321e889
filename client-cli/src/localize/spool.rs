//! Values of all targets put aside in a file, until each model's and strand's can be written as a track.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use polaris_genomics::Strand;

use super::columns::Layer;
use super::explained::Explained;
use crate::tracks::{TrackError, TrackValue};

/// Bytes of a value.
const VALUE_BYTES: u64 = 4;
/// Bases that are read at once, at most.
const BLOCK_BASES: u64 = 16 << 10;

/// Maps one after the other, each in the forward strand's order. What is not known is NaN there, and left out again.
pub(super) struct Spool {
    file: BufWriter<File>,
    folder: PathBuf,
    stretches: Vec<Stretch>,
    values: u64,
}

/// A target in the file: the maps of all models, one after the other.
#[derive(Clone, Debug)]
struct Stretch {
    contig: Arc<str>,
    start0: u64,
    end0: u64,
    strand: Strand,
    /// Its first value.
    first: u64,
}

impl Spool {
    /// A file without a name in `folder`.
    pub(super) fn create(folder: &Path) -> Result<Self, TrackError> {
        let file = tempfile::tempfile_in(folder).map_err(|source| failed(folder, source))?;
        let file = BufWriter::with_capacity(1 << 20, file);
        Ok(Self { file, folder: folder.to_owned(), stretches: Vec::new(), values: 0 })
    }

    /// Puts the maps of a stretch aside.
    pub(super) fn add(&mut self, explained: &Explained) -> Result<(), TrackError> {
        let columns = &explained.columns;
        let place = columns.place();
        if explained.models.is_empty() {
            return Ok(());
        }
        let start0 = u64::try_from(place.start0).unwrap_or(0);
        self.stretches.push(Stretch {
            contig: place.contig.as_str().into(),
            start0,
            end0: start0.saturating_add(u64::try_from(columns.len()).unwrap_or(u64::MAX)),
            strand: place.strand,
            first: self.values,
        });
        for maps in &explained.models {
            let map = maps.maps.iter().find(|map| map.layer == Layer::Reference);
            for column in columns.forward() {
                let value = map.and_then(|map| map.values.get(column)).copied();
                let value = value.filter(|_| columns.has_value(Layer::Reference, column)).unwrap_or(f32::NAN);
                self.file.write_all(&value.to_le_bytes()).map_err(|source| failed(&self.folder, source))?;
                self.values += 1;
            }
        }
        Ok(())
    }

    /// Ends writing.
    pub(super) fn into_tracks(self) -> Result<Tracks, TrackError> {
        let Self { file, folder, mut stretches, .. } = self;
        let file = file.into_inner().map_err(|error| failed(&folder, error.into_error()))?;
        stretches.sort_by(|left, right| left.key().cmp(&right.key()));
        Ok(Tracks { file, folder, stretches })
    }
}

/// What has been put aside, to be read track by track.
pub(super) struct Tracks {
    file: File,
    folder: PathBuf,
    stretches: Vec<Stretch>,
}

impl Tracks {
    /// The values of a model on a strand, sorted, read as they are asked for. A base that several stretches have has the
    /// value of the one that begins first of those that say something of it. Ends with an error when `stopped` is set.
    pub(super) fn values<'a>(
        &'a self,
        model: usize,
        strand: Strand,
        stopped: &'a AtomicBool,
    ) -> impl Iterator<Item = Result<TrackValue, TrackError>> + 'a {
        let contigs = self.stretches.chunk_by(Stretch::is_beside);
        let contigs = contigs.filter(move |same| same.iter().any(|stretch| stretch.strand == strand));
        contigs.flat_map(blocks).flat_map(move |block| {
            let read = match stopped.load(Ordering::Relaxed) {
                true => Err(TrackError::Stopped),
                false => self.read(&block, model).map_err(|source| failed(&self.folder, source)),
            };
            let (values, failure) = match read {
                Ok(values) => (values, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            let known = (block.start0..).zip(values).filter(|(_, value)| !value.is_nan());
            let known = known.map(move |(start0, value)| {
                Ok(TrackValue { contig: Arc::clone(block.contig), start0, end0: start0 + 1, value })
            });
            known.chain(failure)
        })
    }

    fn read(&self, block: &Block<'_>, model: usize) -> io::Result<Vec<f32>> {
        let offset = |at0: u64| usize::try_from(at0.saturating_sub(block.start0)).unwrap_or(usize::MAX);
        let model = u64::try_from(model).unwrap_or(u64::MAX);
        let mut values = vec![f32::NAN; offset(block.end0)];
        for stretch in block.stretches {
            let from0 = stretch.start0.max(block.start0);
            let part = values.get_mut(offset(from0)..offset(stretch.end0.min(block.end0)));
            // An earlier stretch may have all of it, and one that has ended has none.
            let Some(part) = part.filter(|part| part.iter().any(|value| value.is_nan())) else { continue };
            let before = model.saturating_mul(stretch.end0 - stretch.start0);
            let first = stretch.first.saturating_add(before).saturating_add(from0 - stretch.start0);
            self.fill(part, first)?;
        }
        Ok(values)
    }

    /// Sets what is NaN to the values from the one with number `first` in the file on.
    fn fill(&self, values: &mut [f32], first: u64) -> io::Result<()> {
        let mut bytes = vec![0; size_of_val(values)];
        self.file.read_exact_at(&mut bytes, first.saturating_mul(VALUE_BYTES))?;
        let (words, _) = bytes.as_chunks::<4>();
        for (value, word) in values.iter_mut().zip(words).filter(|(value, _)| value.is_nan()) {
            *value = f32::from_le_bytes(*word);
        }
        Ok(())
    }
}

impl Stretch {
    fn key(&self) -> (&str, &str, u64) {
        (self.strand.as_str(), &self.contig, self.start0)
    }

    fn is_beside(&self, other: &Self) -> bool {
        self.strand == other.strand && self.contig == other.contig
    }
}

/// Neighbouring bases of a contig, and the stretches that may have them.
struct Block<'a> {
    contig: &'a Arc<str>,
    start0: u64,
    end0: u64,
    stretches: &'a [Stretch],
}

/// The bases of stretches of one contig and strand, which are sorted by start: each base in one block.
fn blocks(stretches: &[Stretch]) -> impl Iterator<Item = Block<'_>> {
    let (mut rest, mut done0) = (stretches, 0);
    std::iter::from_fn(move || {
        let ended = rest.iter().take_while(|stretch| stretch.end0 <= done0).count();
        rest = rest.get(ended..)?;
        let first = rest.first()?;
        let start0 = first.start0.max(done0);
        done0 = first.end0.min(start0.saturating_add(BLOCK_BASES));
        let begun = rest.partition_point(|stretch| stretch.start0 < done0);
        Some(Block { contig: &first.contig, start0, end0: done0, stretches: rest.get(..begun)? })
    })
}

fn failed(folder: &Path, source: io::Error) -> TrackError {
    TrackError::Spool { folder: folder.display().to_string(), source }
}

#[cfg(test)]
mod tests;
