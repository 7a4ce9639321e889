//! The windows of one model, from its peaks to its folder.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use polaris_genomics::{ReferenceBundle, Strand, Window};

use super::folds::{ClassCounts, folds_at_random, folds_by_chromosome};
use super::gc::gc_histogram;
use super::negatives::{Drawing, NegativeWindow};
use super::peaks::read_peaks;
use super::positives::{PeakCounts, Positives, cut_positives};
use super::quota::Quota;
use super::record::{FoldRecord, GcRecord, Inputs, Record, remove_earlier};
use super::seeds::stream;
use super::terrain::Terrain;
use crate::files::sha256_of;
use crate::peaks_table::PeaksEntry;
use crate::windows_file::{FOLDS, LabelledWindow, write_windows};

/// What came of a model.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its folder was written.
    Written(Box<Record>),
    /// Its folder was there already, made of the same.
    Unchanged(Box<Record>),
    /// There is too little to train on.
    Skipped {
        /// What became of the peaks.
        peaks: PeakCounts,
        /// Why.
        reason: String,
    },
}

/// Prepares one model and writes it into `folder`.
///
/// # Errors
/// A peak file or FASTA that cannot be read, a folder that cannot be written.
pub(super) fn prepare_model(
    bundle: &ReferenceBundle,
    terrain: &Terrain,
    entry: &PeaksEntry,
    inputs: Inputs,
    folder: &Path,
) -> anyhow::Result<Outcome> {
    let options = &inputs.options;
    let file = read_peaks(&entry.path)?;
    let positives = cut_positives(bundle, &file, options)?;
    let skipped = |reason: String| {
        let suffix = if remove_earlier(folder)? { "; an earlier run's windows were removed" } else { "" };
        Ok(Outcome::Skipped { peaks: positives.counts.clone(), reason: format!("{reason}{suffix}") })
    };
    let (found, needed) = (positives.windows.len(), options.min_positives);
    if found < needed {
        return skipped(format!("{found} positive windows, --min-positives is {needed}"));
    }
    let strands_and_gc = positives.windows.iter().map(|positive| (positive.window.strand, positive.gc));
    let quota = Quota::new(strands_and_gc, options.gc_bins, options.negatives_per_positive);
    let drawing = Drawing { bundle, terrain, options, occupied: &positives.occupied };
    let (negatives, draws) = drawing.draw(quota, &mut stream(options.seed, &entry.model, "negatives"))?;
    if negatives.len() < needed {
        let found = negatives.len();
        return skipped(format!("{found} negative windows could be drawn, at least {needed} are needed"));
    }
    let contigs = count_contigs(&positives, &negatives);
    let Some((fold_of_contig, folds)) = folds_by_chromosome(&contigs) else {
        return skipped("fewer than 2 contigs have both classes: no folds by chromosome".to_owned());
    };
    let expression = bundle.cell_lines().any(|known| known == entry.model.cell_line());
    let mut windows = label(&positives, &negatives);
    sort_and_name(bundle, &mut windows);
    let labels: Vec<bool> = windows.iter().map(|row| row.positive).collect();
    let random = folds_at_random(&labels, &mut stream(options.seed, &entry.model, "folds"));
    for (row, fold_random) in windows.iter_mut().zip(random) {
        row.fold_random = fold_random;
        row.fold_chromosome =
            fold_of_contig.get(&row.window.contig).copied().context("a contig without a fold")?;
        let midpoint0 = row.window.midpoint0();
        row.region = bundle.genes().region_class(&row.window.contig, midpoint0);
        if expression {
            row.expression =
                Some(bundle.expression(entry.model.cell_line(), &row.window.contig, midpoint0)?);
        }
    }
    let mut content = Vec::new();
    write_windows(&mut content, &windows)?;
    let record = Record {
        peak_format: file.format,
        p_values: file.has_p_values(),
        isolated_dropped: positives.isolated_dropped,
        expression,
        negatives: draws,
        forward: count_forward(&windows),
        gc: gc_record(&windows, options.gc_bins),
        folds_chromosome: fold_records(&windows, folds, |row| row.fold_chromosome, true),
        folds_random: fold_records(&windows, FOLDS, |row| row.fold_random, false),
        windows_digest: sha256_of(&content),
        peaks: positives.counts,
        inputs,
    };
    record.write(folder, &content)?;
    Ok(Outcome::Written(Box::new(record)))
}

fn count_contigs(positives: &Positives, negatives: &[NegativeWindow]) -> BTreeMap<String, ClassCounts> {
    let mut contigs: BTreeMap<String, ClassCounts> = BTreeMap::new();
    for positive in &positives.windows {
        contigs.entry(positive.window.contig.clone()).or_default().count(true);
    }
    for negative in negatives {
        contigs.entry(negative.window.contig.clone()).or_default().count(false);
    }
    contigs
}

/// Both classes as rows, without name, covariates and folds.
fn label(positives: &Positives, negatives: &[NegativeWindow]) -> Vec<LabelledWindow> {
    let row = |window: &Window, gc: f64, positive: bool, score: u16| LabelledWindow {
        window: window.clone(),
        name: String::new(),
        score,
        positive,
        expression: None,
        region: None,
        gc,
        fold_chromosome: 0,
        fold_random: 0,
    };
    let strongest = positives.windows.iter().map(|positive| positive.signal).fold(0.0, f64::max);
    let score = |signal: f64| {
        let scaled = if strongest > 0.0 { 1000.0 * signal / strongest } else { 0.0 };
        scaled.clamp(0.0, 1000.0).round() as u16
    };
    let positives = positives
        .windows
        .iter()
        .map(|positive| row(&positive.window, positive.gc, true, score(positive.signal)));
    positives.chain(negatives.iter().map(|negative| row(&negative.window, negative.gc, false, 0))).collect()
}

/// Contigs in the order of the reference, windows by position, forward first, positive first.
fn sort_and_name(bundle: &ReferenceBundle, windows: &mut [LabelledWindow]) {
    let rank: BTreeMap<&str, usize> = bundle
        .reference()
        .contigs()
        .iter()
        .enumerate()
        .map(|(rank, contig)| (contig.name.as_str(), rank))
        .collect();
    windows.sort_by_key(|row| {
        let LabelledWindow { window, positive, .. } = row;
        (rank.get(window.contig.as_str()).copied(), window.start0, window.strand, !positive)
    });
    let mut named = ClassCounts::default();
    for row in windows {
        named.count(row.positive);
        row.name = if row.positive {
            format!("positive_{}", named.positives)
        } else {
            format!("negative_{}", named.negatives)
        };
    }
}

fn count_forward(windows: &[LabelledWindow]) -> ClassCounts {
    let mut counts = ClassCounts::default();
    windows
        .iter()
        .filter(|row| row.window.strand == Strand::Forward)
        .for_each(|row| counts.count(row.positive));
    counts
}

fn gc_record(windows: &[LabelledWindow], bins: usize) -> GcRecord {
    let of_class = |positive: bool| -> Vec<f64> {
        windows.iter().filter(|row| row.positive == positive).map(|row| row.gc).collect()
    };
    let mean = |fractions: &[f64]| fractions.iter().sum::<f64>() / fractions.len().max(1) as f64;
    let (positives, negatives) = (of_class(true), of_class(false));
    GcRecord {
        mean_positives: mean(&positives),
        mean_negatives: mean(&negatives),
        positives: gc_histogram(positives.into_iter(), bins),
        negatives: gc_histogram(negatives.into_iter(), bins),
    }
}

fn fold_records(
    windows: &[LabelledWindow],
    folds: u8,
    fold_of: impl Fn(&LabelledWindow) -> u8,
    with_contigs: bool,
) -> Vec<FoldRecord> {
    let mut records = vec![FoldRecord::default(); usize::from(folds)];
    for row in windows {
        if let Some(record) = records.get_mut(usize::from(fold_of(row))) {
            record.windows.count(row.positive);
            if with_contigs && !record.contigs.contains(&row.window.contig) {
                record.contigs.push(row.window.contig.clone());
            }
        }
    }
    records
}
