//! The files of a scan: tracks, the list of them, and gaps.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use polaris_genomics::Reference;

use super::layer::Layer;
use super::spool::Spool;
use crate::console::Progress;
use crate::output_file::{Destination, OutputError, OutputFile};
use crate::tiles::Gap;
use crate::tracks::{TrackError, TrackFormat, strand_name, write_track};

/// Most threads that write tracks.
const MOST_WRITERS: usize = 8;

/// The list of tracks.
pub(super) const LIST: &str = "tracks.tsv";

/// How tracks are written, and whether they still are to be.
pub(super) struct Writing<'a> {
    pub(super) folder: &'a Path,
    pub(super) format: TrackFormat,
    pub(super) reference: &'a Reference,
    pub(super) models: &'a [String],
    pub(super) stop: &'a AtomicBool,
}

impl Writing<'_> {
    /// Writes a track for each model and layer, on several threads, and the list of them. Gives how many have values:
    /// the others are not there.
    pub(super) fn tracks(&self, layers: &[(Layer, Spool)], progress: &Progress) -> Result<usize, TrackError> {
        let jobs: Vec<(usize, &String, &(Layer, Spool))> = layers
            .iter()
            .flat_map(|layer| self.models.iter().enumerate().map(move |(index, model)| (index, model, layer)))
            .collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut rows = Vec::new();
            while let Some((job, &(model, id, layer))) = take(&next, &jobs) {
                // One failure ends the run: the others need not go on.
                let written = self.track(model, id, layer);
                let row = written.inspect_err(|_| next.store(jobs.len(), Ordering::Relaxed))?;
                rows.extend(row.map(|row| (job, row)));
                progress.add(1);
            }
            Ok::<_, TrackError>(rows)
        };
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_WRITERS));
        let mut rows = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let mut rows = Vec::new();
            for worker in workers {
                rows.extend(worker.join().unwrap_or(Err(TrackError::Stopped))?);
            }
            Ok::<_, TrackError>(rows)
        })?;
        rows.sort();
        let mut list = "file\tmodel\ttrack\tstrand\n".to_owned();
        list.extend(rows.iter().map(|(_, row)| row.as_str()));
        self.text(LIST, &list)?;
        Ok(rows.len())
    }

    /// Writes a track; gives its row of the list.
    fn track(
        &self,
        model: usize,
        id: &str,
        (layer, spool): &(Layer, Spool),
    ) -> Result<Option<String>, TrackError> {
        let (track, strand) = (layer.track.name(), strand_name(layer.strand));
        let name = format!("{id}.{track}.{strand}.{}", self.format.extension());
        let values = spool.values_of(model).map(|value| match self.stop.load(Ordering::Relaxed) {
            true => Err(TrackError::Stopped),
            false => value,
        });
        let written = write_track(self.format, &self.folder.join(&name), self.reference, values)?;
        Ok((written > 0).then(|| format!("{name}\t{id}\t{track}\t{}\n", layer.strand)))
    }

    /// Writes the gaps of each layer as BED, the reason as the name.
    pub(super) fn gaps<'b>(
        &self,
        gaps: impl Iterator<Item = (&'b Layer, &'b [Gap])>,
    ) -> Result<(), TrackError> {
        let mut text = String::new();
        for (layer, gaps) in gaps {
            let track = layer.track.name();
            text.extend(gaps.iter().map(|Gap { contig, start0, end0, strand, reason }| {
                format!("{contig}\t{start0}\t{end0}\t{track}:{reason}\t0\t{strand}\n")
            }));
        }
        Ok(self.text("gaps.bed", &text)?)
    }

    fn text(&self, name: &str, text: &str) -> Result<(), OutputError> {
        let mut output = OutputFile::create(&Destination::File(self.folder.join(name)))?;
        output.write_all(text.as_bytes())?;
        output.commit()
    }
}

/// The next job that nobody has taken.
fn take<'a, T>(next: &AtomicUsize, jobs: &'a [T]) -> Option<(usize, &'a T)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(index).map(|job| (index, job))
}
