//! Takes answers in order, blends maps, and puts all values aside.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::asking::{Answer, Values};
use super::layer::Layer;
use super::spool::Spool;
use crate::blend::{Blend, BlendError, Run};
use crate::console::Progress;
use crate::tiles::{clip, unsigned};
use crate::tracks::TrackError;

/// Why values could not be put aside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    /// The temporary file.
    #[error(transparent)]
    Track(#[from] TrackError),
    /// The maps.
    #[error("cannot blend maps: {0}")]
    Blend(#[from] BlendError),
}

/// Where the values of a layer go.
struct Target {
    layer: Layer,
    spool: Spool,
}

/// Where all values go.
pub(super) struct Sink {
    targets: Vec<Target>,
    blend: Blend,
    /// The layer and contig that `blend` is about.
    blending: Option<(usize, Arc<str>)>,
}

impl Sink {
    /// For the layers of so many models with windows of `length` bases; values are put aside in `folder`.
    pub(super) fn create(
        layers: Vec<Layer>,
        models: usize,
        length: usize,
        folder: &Path,
    ) -> Result<Self, TrackError> {
        let target = |layer| Ok(Target { layer, spool: Spool::create(folder, models)? });
        let targets = layers.into_iter().map(target).collect::<Result<_, TrackError>>()?;
        Ok(Self { targets, blend: Blend::new(length, models), blending: None })
    }

    /// Takes answers until there are no more. Gives each layer with its values.
    pub(super) fn drain(
        mut self,
        mut answers: mpsc::Receiver<Answer>,
        progress: &Progress,
    ) -> Result<Vec<(Layer, Spool)>, SinkError> {
        while let Some(Answer { layer, windows }) = answers.blocking_recv() {
            let count = u64::try_from(windows.len()).unwrap_or(u64::MAX);
            for (slot, values) in windows {
                match values {
                    Values::Probabilities(values) => {
                        let Some(target) = self.targets.get_mut(layer) else { continue };
                        target.store_bin(&slot.contig, slot.start0, slot.end0, &values)?;
                    }
                    Values::Maps(maps) => {
                        if self
                            .blending
                            .as_ref()
                            .is_none_or(|(of, contig)| (*of, contig) != (layer, &slot.contig))
                        {
                            self.finish_blend()?;
                            self.blending = Some((layer, Arc::clone(&slot.contig)));
                        }
                        let run = self.blend.push(&slot.window, &maps)?;
                        self.store_run(run)?;
                    }
                }
            }
            progress.add(count);
        }
        self.finish_blend()?;
        for target in &mut self.targets {
            target.spool.finish()?;
        }
        Ok(self.targets.into_iter().map(|target| (target.layer, target.spool)).collect())
    }

    fn finish_blend(&mut self) -> Result<(), TrackError> {
        let rest = self.blend.finish();
        self.store_run(rest)
    }

    fn store_run(&mut self, run: Option<Run>) -> Result<(), TrackError> {
        let (Some(run), Some((layer, contig))) = (run, &self.blending) else { return Ok(()) };
        match self.targets.get_mut(*layer) {
            Some(target) => target.store_run(contig, &run),
            None => Ok(()),
        }
    }
}

impl Target {
    fn store_bin(
        &mut self,
        contig: &Arc<str>,
        start0: u64,
        end0: u64,
        values: &[[f32; 1]],
    ) -> Result<(), TrackError> {
        for (start0, end0) in clip(self.layer.wanted.intervals(contig), start0, end0) {
            self.spool.push(contig, start0, end0 - start0, values)?;
        }
        Ok(())
    }

    fn store_run(&mut self, contig: &Arc<str>, run: &Run) -> Result<(), TrackError> {
        let bases = run.maps.first().map_or(0, Vec::len);
        let end0 = run.start0.saturating_add(i64::try_from(bases).unwrap_or(i64::MAX));
        for (start0, end0) in clip(self.layer.wanted.intervals(contig), unsigned(run.start0), unsigned(end0))
        {
            let offset = |position0: u64| {
                let from_start = position0.checked_add_signed(run.start0.saturating_neg());
                from_start.and_then(|offset| usize::try_from(offset).ok()).unwrap_or(bases)
            };
            let range = offset(start0)..offset(end0);
            let maps: Vec<&[f32]> =
                run.maps.iter().map(|map| map.get(range.clone()).unwrap_or_default()).collect();
            self.spool.push(contig, start0, 1, &maps)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Contig, Interval, IntervalSet, Strand, Window};

    use super::*;
    use crate::scan::batches::Slot;
    use crate::scan::layer::Track;

    fn layer(track: Track, strand: Strand, wanted: &[(&str, u64, u64)]) -> Layer {
        let interval =
            |&(contig, start0, end0): &(&str, u64, u64)| Interval { contig: contig.to_owned(), start0, end0 };
        let contigs: Vec<Contig> = Vec::new();
        Layer {
            track,
            strand,
            wanted: Arc::new(IntervalSet::from_intervals(wanted.iter().map(interval))),
            contigs: contigs.into(),
            unknown: Arc::default(),
        }
    }

    fn slot(contig: &str, start0: i64, strand: Strand) -> Slot {
        let window = Window { contig: contig.to_owned(), start0, length: 4, strand };
        Slot { contig: contig.into(), start0: unsigned(start0), end0: unsigned(start0 + 4), window }
    }

    fn drained(layers: Vec<Layer>, answers: Vec<Answer>) -> Vec<Vec<(String, u64, u64, f32)>> {
        let folder = tempfile::tempdir().unwrap();
        let sink = Sink::create(layers, 1, 4, folder.path()).unwrap();
        let (sender, receiver) = mpsc::channel(answers.len().max(1));
        answers.into_iter().for_each(|answer| sender.try_send(answer).map_err(|_| ()).unwrap());
        drop(sender);
        let spools = sink.drain(receiver, &Progress::new(true)).unwrap();
        let values = |spool: &Spool| {
            let values = spool.values_of(0).map(Result::unwrap);
            values.map(|value| (value.contig.to_string(), value.start0, value.end0, value.value)).collect()
        };
        spools.iter().map(|(_, spool)| values(spool)).collect()
    }

    #[test]
    fn bins_are_clipped_to_the_regions() {
        let layers = vec![layer(Track::Probability, Strand::Forward, &[("chr1", 1, 3), ("chr1", 5, 9)])];
        let bin =
            |start0, value| (slot("chr1", start0, Strand::Forward), Values::Probabilities(vec![[value]]));
        let answers = vec![
            Answer { layer: 0, windows: vec![bin(0, 0.5), bin(4, 0.75)] },
            Answer { layer: 0, windows: vec![bin(8, 1.0)] },
        ];
        let at = |start0, end0, value| ("chr1".to_owned(), start0, end0, value);
        assert_eq!(drained(layers, answers), [[at(1, 3, 0.5), at(5, 8, 0.75), at(8, 9, 1.0)]]);
    }

    #[test]
    fn maps_of_the_minus_strand_are_laid_from_right_to_left_and_contigs_are_not_mixed() {
        let layers = vec![
            layer(Track::Localization, Strand::Reverse, &[("chr1", 0, 3), ("chr2", 0, 9)]),
            layer(Track::Localization, Strand::Forward, &[("chr1", 0, 9)]),
        ];
        let map = |contig, start0, strand| {
            (slot(contig, start0, strand), Values::Maps(vec![vec![1.0, 2.0, 3.0, 4.0]]))
        };
        let answers = vec![
            Answer {
                layer: 0,
                windows: vec![map("chr1", -2, Strand::Reverse), map("chr2", -3, Strand::Reverse)],
            },
            Answer { layer: 1, windows: vec![map("chr1", 0, Strand::Forward)] },
        ];
        let at = |contig: &str, start0, value| (contig.to_owned(), start0, start0 + 1, value);
        assert_eq!(
            drained(layers, answers),
            [
                vec![at("chr1", 0, 2.0), at("chr1", 1, 1.0), at("chr2", 0, 1.0)],
                vec![at("chr1", 0, 1.0), at("chr1", 1, 2.0), at("chr1", 2, 3.0), at("chr1", 3, 4.0)],
            ]
        );
    }
}
