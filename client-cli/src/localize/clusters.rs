//! Clusters of all targets, sorted, as BED.

use std::sync::Arc;

use polaris_genomics::Strand;

use super::columns::Layer;
use super::explained::Explained;
use crate::number;

/// Names of the columns, with the line's end. A line that begins with # is no BED line.
pub(super) const HEADER: &str =
    "#contig\tstart0\tend0\tmodel\tscore\tstrand\tsummit0\tmean_score\tname\tallele\n";

/// Clusters that are kept at most: some 800 megabytes.
const MOST_CLUSTERS: usize = 20_000_000;

/// More clusters than can be sorted.
#[derive(Debug, thiserror::Error)]
#[error(
    "clusters.bed holds up to {most} clusters, and with {name} ({contig}) there are {found}: choose fewer models with \
     --models, leave bed out of --format, or split the input and run its parts one after the other"
)]
pub(crate) struct TooManyClusters {
    /// What can be kept.
    most: usize,
    /// The target that went beyond it.
    name: Arc<str>,
    contig: Arc<str>,
    /// Clusters so far.
    found: usize,
}

/// Clusters of a run, kept until they can be sorted.
pub(super) struct Clusters {
    most: usize,
    /// Of the run.
    models: Vec<String>,
    places: Vec<Place>,
    records: Vec<Record>,
}

/// What the clusters of a target share.
struct Place {
    contig: Arc<str>,
    strand: Strand,
    name: Arc<str>,
}

/// A cluster: there may be millions, so that what they share is elsewhere.
struct Record {
    start0: u64,
    end0: u64,
    summit0: u64,
    score: f32,
    /// Index of the place.
    place: u32,
    /// Index of the model.
    model: u32,
    layer: Layer,
}

impl Default for Clusters {
    fn default() -> Self {
        Self { most: MOST_CLUSTERS, models: Vec::new(), places: Vec::new(), records: Vec::new() }
    }
}

impl Clusters {
    /// Keeps those of a target. `models` are the run's, the same at each call.
    ///
    /// # Errors
    ///
    /// [`TooManyClusters`] if there are now more than can be sorted.
    pub(super) fn add(&mut self, explained: &Explained, models: &[String]) -> Result<(), TooManyClusters> {
        if self.models.is_empty() {
            self.models = models.to_vec();
        }
        let (columns, before) = (&explained.columns, self.records.len());
        let place = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        for (model, maps) in (0_u32..).zip(&explained.models).take(models.len()) {
            for map in &maps.maps {
                for cluster in &map.clusters {
                    let (Some((start0, end0)), Some(summit)) =
                        (columns.interval0(&cluster.columns), columns.position(cluster.summit))
                    else {
                        continue;
                    };
                    // Clusters lie on known bases, and those on the contig.
                    let [start0, end0, summit0] =
                        [start0, end0, summit.position0].map(|base0| u64::try_from(base0).unwrap_or(0));
                    let (score, layer) = (cluster.score, map.layer);
                    self.records.push(Record { start0, end0, summit0, score, place, model, layer });
                }
            }
        }
        if self.records.len() > before {
            self.add_place(explained);
        }
        self.check(explained)
    }

    /// After its records.
    fn add_place(&mut self, explained: &Explained) {
        let place = explained.columns.place();
        let contig = match self.places.last() {
            Some(last) if *last.contig == *place.contig => Arc::clone(&last.contig),
            _ => place.contig.as_str().into(),
        };
        self.places.push(Place { contig, strand: place.strand, name: Arc::clone(&explained.name) });
    }

    fn check(&self, explained: &Explained) -> Result<(), TooManyClusters> {
        let (most, found) = (self.most, self.len());
        let (name, contig) = (&explained.name, &explained.columns.place().contig);
        match found <= most {
            true => Ok(()),
            false => {
                Err(TooManyClusters { most, name: Arc::clone(name), contig: contig.as_str().into(), found })
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The lines of the file: sorted by the bytes of the contig's name, then by start; lines decide between equals, as
    /// `sort -k1,1 -k2,2n` has it.
    pub(super) fn into_lines(self) -> impl Iterator<Item = String> {
        let Self { models, places, mut records, .. } = self;
        records.sort_unstable_by(|left, right| left.key(&places).cmp(&right.key(&places)));
        let mut records = records.into_iter().peekable();
        let equals = std::iter::from_fn(move || {
            let first = records.next()?;
            let mut lines = vec![first.line(&places, &models)];
            while let Some(next) = records.next_if(|next| next.key(&places) == first.key(&places)) {
                lines.push(next.line(&places, &models));
            }
            lines.sort();
            Some(lines)
        });
        std::iter::once(HEADER.to_owned()).chain(equals.flatten())
    }
}

impl Record {
    fn place<'a>(&self, places: &'a [Place]) -> Option<&'a Place> {
        places.get(usize::try_from(self.place).ok()?)
    }

    /// Contig and start.
    fn key<'a>(&self, places: &'a [Place]) -> (Option<&'a str>, u64) {
        (self.place(places).map(|place| &*place.contig), self.start0)
    }

    fn line(&self, places: &[Place], models: &[String]) -> String {
        let model = usize::try_from(self.model).ok().and_then(|index| models.get(index));
        let (Some(Place { contig, strand, name }), Some(model)) = (self.place(places), model) else {
            return String::new();
        };
        let &Self { start0, end0, summit0, .. } = self;
        let mean = self.score.clamp(0.0, 1.0);
        let (score, mean, allele) = ((1000.0 * mean).round(), number::text(mean), self.layer.code());
        format!(
            "{contig}\t{start0}\t{end0}\t{model}\t{score}\t{strand}\t{summit0}\t{mean}\t{name}\t{allele}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Strand, Window};

    use super::super::columns::{Columns, Layer};
    use super::super::explained::{ColumnCluster, LayerMap, ModelMaps};
    use super::*;

    fn explained(contig: &str, strand: Strand, clusters: Vec<ColumnCluster>) -> Explained {
        let place = Window { contig: contig.into(), start0: 100, length: 10, strand };
        let map = LayerMap { layer: Layer::Reference, values: vec![0.0; 10], clusters };
        let model = ModelMaps { maps: vec![map], ..ModelMaps::default() };
        Explained {
            name: "peak".into(),
            columns: Columns::of_stretch(place, vec![b'A'; 10]),
            gaps: Vec::new(),
            windows: 1,
            models: vec![ModelMaps::default(), model],
        }
    }

    #[test]
    fn sorted_bed_on_either_strand() {
        let cluster = |start, end, summit, score| ColumnCluster { columns: start..end, summit, score };
        let models = ["A.K562".to_owned(), "B.K562".to_owned()];
        let mut clusters = Clusters::default();
        clusters.add(&explained("chr2", Strand::Forward, vec![cluster(5, 8, 6, 0.8765)]), &models).unwrap();
        clusters
            .add(
                &explained("chr10", Strand::Reverse, vec![cluster(1, 4, 1, 1.0), cluster(0, 1, 0, 0.5)]),
                &models,
            )
            .unwrap();
        clusters.add(&explained("chr2", Strand::Forward, vec![cluster(0, 2, 1, 0.6)]), &models).unwrap();
        assert_eq!(clusters.len(), 4);
        let text: String = clusters.into_lines().collect();
        // Column 0 of the minus strand is base 109.
        assert_eq!(
            text,
            HEADER.to_owned()
                + "chr10\t106\t109\tB.K562\t1000\t-\t108\t1\tpeak\tref\n\
                   chr10\t109\t110\tB.K562\t500\t-\t109\t0.5\tpeak\tref\n\
                   chr2\t100\t102\tB.K562\t600\t+\t101\t0.6\tpeak\tref\n\
                   chr2\t105\t108\tB.K562\t877\t+\t106\t0.8765\tpeak\tref\n"
        );
    }

    #[test]
    fn equals_are_sorted_as_lines() {
        let cluster = |end, score| ColumnCluster { columns: 0..end, summit: 0, score };
        let models = ["B".to_owned(), "A".to_owned()];
        let mut both = explained("chr1", Strand::Forward, vec![cluster(2, 0.5), cluster(1, 0.25)]);
        both.models = vec![both.models[1].clone(); 2];
        both.models[0].maps[0].layer = Layer::Alternate;
        let mut clusters = Clusters::default();
        clusters.add(&both, &models).unwrap();
        let lines: Vec<String> = clusters.into_lines().skip(1).collect();
        let mut sorted = lines.clone();
        sorted.sort();
        assert_eq!(lines, sorted);
        assert_eq!(lines[0], "chr1\t100\t101\tA\t250\t+\t100\t0.25\tpeak\tref\n");
        assert_eq!(lines[3], "chr1\t100\t102\tB\t500\t+\t100\t0.5\tpeak\talt\n");
    }

    #[test]
    fn few_bytes_each_and_not_too_many() {
        assert!(size_of::<Record>() <= 48);
        let cluster = ColumnCluster { columns: 0..2, summit: 1, score: 0.5 };
        let two = explained("chr1", Strand::Forward, vec![cluster.clone(), cluster]);
        let models = ["A".to_owned(), "B".to_owned()];
        let mut clusters = Clusters { most: 3, ..Clusters::default() };
        clusters.add(&two, &models).unwrap();
        let text = clusters.add(&two, &models).unwrap_err().to_string();
        assert!(text.contains("up to 3 clusters, and with peak (chr1) there are 4"), "{text}");
        assert!(text.contains("--models") && text.contains("--format"), "{text}");
    }
}
