//! What needs no training: the peaks of the other cell line.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use polaris_genomics::{Strand, contig_key};
use serde::Serialize;

use crate::experiments::windows::PreparedModel;
use crate::files::sha256_of_file;
use crate::metrics::{Estimate, estimate};
use crate::peaks_table::PeaksEntry;
use crate::prepare::peaks::{Peak, read_peaks};
use crate::windows_file::LabelledWindow;

/// Calls of windows by another line's peaks.
#[derive(Clone, Debug)]
pub(super) struct Called {
    /// The peaks.
    pub(super) peaks: usize,
    /// Whether each window overlaps one.
    pub(super) bound: Vec<bool>,
}

/// How good the calls are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    pub(super) sensitivity: f64,
    pub(super) specificity: f64,
}

/// The same with intervals.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Figures {
    /// Peaks of the other line.
    pub(super) peaks: usize,
    /// Of a call of 0 or 1: half the sum of sensitivity and specificity.
    pub(super) auroc: Estimate,
    /// The share of bound windows with a peak of the other line.
    pub(super) sensitivity: Estimate,
    /// The share of unbound windows without.
    pub(super) specificity: Estimate,
}

/// Calls the windows of `tested` by the peaks that `trained` was prepared from.
///
/// # Errors
/// If the table lacks the model, or its peaks are not those that it was prepared from.
pub(super) fn call(
    table: &[PeaksEntry],
    trained: &PreparedModel,
    tested: &PreparedModel,
) -> anyhow::Result<Called> {
    let entry = table
        .iter()
        .find(|entry| entry.model == trained.id)
        .context("the table of --peaks lacks the model")?;
    let digest = sha256_of_file(&entry.path).with_context(|| entry.path.display().to_string())?;
    if digest != trained.record.inputs.peaks_digest {
        bail!("{}: other peaks than those that the model was prepared from", entry.path.display());
    }
    let peaks = read_peaks(&entry.path)?.significant(trained.record.inputs.options.max_p);
    Ok(Called { peaks: peaks.len(), bound: overlapping(&peaks, &tested.rows) })
}

/// A contig, and whether forward; no strand is on both.
type Place<'a> = (&'a str, Option<bool>);

/// Whether each window shares a base of its strand with a peak; a peak without a strand is on both.
fn overlapping(peaks: &[Peak], windows: &[LabelledWindow]) -> Vec<bool> {
    let mut places: BTreeMap<Place<'_>, Vec<(u64, u64)>> = BTreeMap::new();
    for peak in peaks {
        let forward = peak.strand.map(|strand| strand == Strand::Forward);
        places.entry((contig_key(&peak.contig), forward)).or_default().push((peak.start0, peak.end0));
    }
    // Sorted by start, with the furthest end so far: a window overlaps one if the furthest end of those that start
    // before its own end lies behind its start.
    for place in places.values_mut() {
        place.sort_unstable();
        let mut furthest = 0;
        for (_, end0) in place {
            furthest = furthest.max(*end0);
            *end0 = furthest;
        }
    }
    let overlaps = |row: &LabelledWindow, forward: Option<bool>| {
        let Some(place) = places.get(&(contig_key(&row.window.contig), forward)) else { return false };
        let (start0, end0) =
            (row.window.start0.max(0).unsigned_abs(), row.window.end0().max(0).unsigned_abs());
        let before = place.partition_point(|(start, _)| *start < end0);
        before.checked_sub(1).is_some_and(|last| place[last].1 > start0)
    };
    windows
        .iter()
        .map(|row| overlaps(row, Some(row.window.strand == Strand::Forward)) || overlaps(row, None))
        .collect()
}

impl Called {
    /// Means over the windows of each fold, as the figures of networks are; `None` if a class is missing in one.
    pub(super) fn mean_rates(
        &self,
        labels: &[bool],
        folds: &[&[usize]],
        weights: Option<&[u32]>,
    ) -> Option<Rates> {
        let rates: Option<Vec<Rates>> =
            folds.iter().map(|windows| self.rates(labels, windows, weights)).collect();
        let rates = rates.filter(|rates| !rates.is_empty())?;
        let mean = |pick: fn(&Rates) -> f64| rates.iter().map(pick).sum::<f64>() / rates.len() as f64;
        Some(Rates { sensitivity: mean(|one| one.sensitivity), specificity: mean(|one| one.specificity) })
    }

    /// Over `windows`, each as often as `weights` say; `None` if a class is missing.
    fn rates(&self, labels: &[bool], windows: &[usize], weights: Option<&[u32]>) -> Option<Rates> {
        // [called][label]
        let mut counts = [[0.0; 2]; 2];
        for window in windows {
            let weight = weights.map_or(1.0, |weights| f64::from(weights[*window]));
            counts[usize::from(self.bound[*window])][usize::from(labels[*window])] += weight;
        }
        let [[missed_unbound, missed_bound], [called_unbound, called_bound]] = counts;
        let (bound, unbound) = (missed_bound + called_bound, missed_unbound + called_unbound);
        (bound > 0.0 && unbound > 0.0)
            .then(|| Rates { sensitivity: called_bound / bound, specificity: missed_unbound / unbound })
    }
}

impl Rates {
    /// The area under the two straight lines of the curve of a call.
    pub(super) fn auroc(self) -> f64 {
        f64::midpoint(self.sensitivity, self.specificity)
    }
}

impl Figures {
    pub(super) fn new(peaks: usize, whole: Option<Rates>, resampled: &[Option<Rates>]) -> Self {
        let of =
            |pick: fn(Rates) -> f64| estimate(whole.map(pick), resampled.iter().map(|one| one.map(pick)));
        Self {
            peaks,
            auroc: of(Rates::auroc),
            sensitivity: of(|rates| rates.sensitivity),
            specificity: of(|rates| rates.specificity),
        }
    }
}

#[cfg(test)]
mod tests {
    use polaris_genomics::Window;

    use super::*;
    use crate::metrics::auroc;

    fn peak(contig: &str, start0: u64, end0: u64, strand: Option<Strand>) -> Peak {
        Peak { contig: contig.to_owned(), start0, end0, strand, signal: 1.0, minus_log10_p: None }
    }

    fn window(contig: &str, start0: i64, strand: Strand) -> LabelledWindow {
        LabelledWindow {
            window: Window { contig: contig.to_owned(), start0, length: 100, strand },
            name: String::new(),
            score: 0,
            positive: true,
            expression: None,
            region: None,
            gc: 0.5,
            fold_chromosome: 0,
            fold_random: 0,
        }
    }

    #[test]
    fn a_window_is_called_by_a_base_of_a_peak_on_its_strand() {
        use Strand::{Forward, Reverse};
        let peaks = [
            // Reaches far over shorter ones that start behind it.
            peak("chr1", 100, 900, Some(Forward)),
            peak("chr1", 200, 210, Some(Forward)),
            peak("chr1", 5000, 5010, None),
            peak("chr2", 0, 10, Some(Reverse)),
        ];
        let cases = [
            (window("chr1", 0, Forward), false),
            (window("chr1", 1, Forward), true),
            (window("1", 899, Forward), true),
            (window("chr1", 900, Forward), false),
            (window("chr1", 500, Reverse), false),
            (window("chr1", 4990, Reverse), true),
            (window("chr1", 4990, Forward), true),
            (window("chr2", 0, Forward), false),
            (window("chr2", 9, Reverse), true),
            (window("chr3", 0, Forward), false),
        ];
        let (windows, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
        assert_eq!(overlapping(&peaks, &windows), expected);
    }

    #[test]
    fn rates_and_their_area() {
        let labels = [true, true, true, true, false, false];
        let called = Called { peaks: 9, bound: vec![true, true, true, false, true, false] };
        let rates = called.rates(&labels, &[0, 1, 2, 3, 4, 5], None).unwrap();
        assert_eq!(rates, Rates { sensitivity: 0.75, specificity: 0.5 });
        let scores: Vec<f64> = called.bound.iter().map(|bound| f64::from(u8::from(*bound))).collect();
        assert_eq!(rates.auroc(), auroc(&labels, &scores).unwrap());
        let weighted = called.rates(&labels, &[0, 3, 4, 5], Some(&[1, 0, 0, 3, 0, 2])).unwrap();
        assert_eq!(weighted, Rates { sensitivity: 0.25, specificity: 1.0 });
        assert_eq!(called.rates(&labels, &[0, 1], None), None);
        // A small fold counts as much as a large one.
        let mean = called.mean_rates(&labels, &[&[0, 1, 2, 4], &[3, 5]], None);
        assert_eq!(mean, Some(Rates { sensitivity: 0.5, specificity: 0.5 }));
        assert_eq!(called.mean_rates(&labels, &[&[0, 4, 5], &[3]], None), None);
    }
}
