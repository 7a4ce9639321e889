//! Writes what was explained, in all the forms that were asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use polaris_genomics::{ReferenceBundle, Strand};
use tokio::sync::mpsc;

use super::clusters::{Clusters, TooManyClusters};
use super::explained::Explained;
use super::options::Formats;
use super::pictures::{PictureError, Pictures};
use super::spool::Spool;
use super::summary::Counts;
use super::table;
use crate::output_file::{Destination, OutputError, OutputFile};
use crate::tracks::{TrackError, TrackFormat, strand_name, write_track};

/// Names of the columns of gaps.tsv.
const GAPS_HEADER: &[u8] = b"contig\tstart1\tend1\tstrand\tname\treason\n";

/// Why outputs could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// A text file.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A track.
    #[error(transparent)]
    Track(#[from] TrackError),
    /// More clusters than can be sorted.
    #[error(transparent)]
    Clusters(#[from] TooManyClusters),
    /// The run has been given up.
    #[error("the run was given up")]
    Stopped,
}

/// The outputs of a run, in a folder that they are moved from when all is done.
pub(super) struct Writer {
    folder: PathBuf,
    models: Vec<String>,
    table: Option<OutputFile>,
    gaps: OutputFile,
    clusters: Option<Clusters>,
    spool: Option<Spool>,
    tracks: Vec<TrackFormat>,
    pictures: Pictures,
    counts: Counts,
    stopped: Arc<AtomicBool>,
}

impl Writer {
    /// Opens the outputs.
    pub(super) fn create(
        folder: PathBuf,
        formats: Formats,
        models: Vec<String>,
        pictures: Pictures,
        stopped: Arc<AtomicBool>,
    ) -> Result<Self, WriteError> {
        let open = |name: &str| OutputFile::create(&Destination::File(folder.join(name)));
        let mut table = formats.tsv.then(|| open("maps.tsv.gz")).transpose()?;
        if let Some(table) = &mut table {
            table.write_all(table::HEADER.as_bytes())?;
        }
        let mut gaps = open("gaps.tsv")?;
        gaps.write_all(GAPS_HEADER)?;
        let tracks = [(formats.bedgraph, TrackFormat::BedGraph), (formats.bigwig, TrackFormat::BigWig)];
        let tracks: Vec<TrackFormat> =
            tracks.into_iter().filter(|(wanted, _)| *wanted).map(|(_, format)| format).collect();
        let spool = match tracks.is_empty() {
            true => None,
            false => Some(Spool::create(&folder)?),
        };
        let clusters = formats.bed.then(Clusters::default);
        let counts = Counts::default();
        Ok(Self { folder, models, table, gaps, clusters, spool, tracks, pictures, counts, stopped })
    }

    /// Writes what arrives until there is no more.
    pub(super) fn drain(mut self, mut explained: mpsc::Receiver<Explained>) -> Result<Self, WriteError> {
        while let Some(explained) = explained.blocking_recv() {
            self.write(&explained)?;
            if self.stopped.load(Ordering::Relaxed) {
                return Err(WriteError::Stopped);
            }
        }
        Ok(self)
    }

    fn write(&mut self, explained: &Explained) -> Result<(), WriteError> {
        for gap in &explained.gaps {
            let strand = gap.strand.map_or(".", Strand::as_str);
            let (contig, start1, end0, name) = (&gap.contig, gap.start0 + 1, gap.end0, &gap.name);
            let row = format!("{contig}\t{start1}\t{end0}\t{strand}\t{name}\t{}\n", gap.reason);
            self.gaps.write_all(row.as_bytes())?;
            *self.counts.gaps.entry(gap.reason.clone()).or_default() += 1;
        }
        if explained.models.is_empty() {
            return Ok(());
        }
        self.counts.explained += 1;
        self.counts.windows += u64::try_from(explained.windows).unwrap_or(u64::MAX);
        let maps: usize = explained.models.iter().map(|model| model.maps.len()).sum();
        self.counts.maps += u64::try_from(maps).unwrap_or(u64::MAX);
        if let Some(table) = &mut self.table {
            self.counts.rows += table::write(explained, &self.models, |rows| table.write_all(rows))?;
        }
        if let Some(clusters) = &mut self.clusters {
            clusters.add(explained, &self.models)?;
        }
        if let Some(spool) = &mut self.spool {
            spool.add(explained)?;
        }
        Ok(self.pictures.add(explained, &self.models, &self.folder)?)
    }

    /// Writes what needed all of it, and closes the files. Tracks need the reference.
    pub(super) fn finish(mut self, bundle: Option<&ReferenceBundle>) -> Result<Counts, WriteError> {
        if let Some(clusters) = self.clusters.take() {
            self.counts.clusters = clusters.len();
            let path = self.folder.join("clusters.bed");
            let mut file = OutputFile::create(&Destination::File(path))?;
            for line in clusters.into_lines() {
                file.write_all(line.as_bytes())?;
            }
            file.commit()?;
        }
        if let (Some(spool), Some(bundle)) = (self.spool.take(), bundle) {
            self.write_tracks(spool, bundle)?;
        }
        if let Some(table) = self.table.take() {
            table.commit()?;
        }
        self.gaps.commit()?;
        self.counts.pictures = self.pictures.drawn;
        self.counts.pictures_left_out = self.pictures.left_out;
        match self.stopped.load(Ordering::Relaxed) {
            true => Err(WriteError::Stopped),
            false => Ok(self.counts),
        }
    }

    fn write_tracks(&mut self, spool: Spool, bundle: &ReferenceBundle) -> Result<(), WriteError> {
        let tracks = spool.into_tracks()?;
        for (index, model) in self.models.iter().enumerate() {
            for strand in Strand::ALL {
                for format in &self.tracks {
                    let name = format!("{model}.{}.{}", strand_name(strand), format.extension());
                    let path = self.folder.join(&name);
                    let values = tracks.values(index, strand, &self.stopped);
                    write_track(*format, &path, bundle.reference(), values)?;
                }
            }
        }
        Ok(())
    }
}
