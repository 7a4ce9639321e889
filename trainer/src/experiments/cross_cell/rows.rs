//! The figures of one direction: trained in one cell line, tested in another.

use anyhow::Context;
use serde::Serialize;

use super::copied_peaks::{self, Called, Rates};
use crate::experiments::networks::Predicted;
use crate::experiments::results;
use crate::experiments::tested::{Figures, Means, Tested, auroc_difference};
use crate::experiments::windows::PreparedModel;
use crate::metrics::{Estimate, estimate, median};

/// One direction.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) rbp: String,
    pub(super) trained_in: String,
    pub(super) tested_in: String,
    /// Windows of the tested line that both lines' networks predicted, and those of them that are bound.
    pub(super) windows: usize,
    pub(super) bound: usize,
    /// Groups of overlapping windows: how many observations there are.
    pub(super) groups: usize,
    /// Folds of the trained line with both classes in the tested one.
    pub(super) folds: usize,
    /// The trained line's networks.
    pub(super) cross_cell: Figures,
    /// The tested line's own.
    pub(super) in_cell: Figures,
    /// Cross-cell less in-cell.
    pub(super) auroc_over_in_cell: Estimate,
    /// The trained line's peaks.
    pub(super) copied_peaks: copied_peaks::Figures,
    /// Cross-cell less copied peaks.
    pub(super) auroc_over_copied_peaks: Estimate,
}

/// Medians over directions.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) directions: usize,
    pub(super) proteins: usize,
    pub(super) median_cross_cell_auroc: Option<f64>,
    pub(super) median_in_cell_auroc: Option<f64>,
    pub(super) median_copied_peaks_auroc: Option<f64>,
    pub(super) median_copied_peaks_sensitivity: Option<f64>,
    pub(super) median_copied_peaks_specificity: Option<f64>,
}

/// What one resample gives.
struct Drawn {
    cross: Option<Means>,
    own: Option<Means>,
    copied: Option<Rates>,
}

/// Measures predictions, the tested line's own and the copied peaks on the same windows and resamples.
///
/// # Errors
/// If no fold has both classes in the windows that both lines held out.
pub(super) fn measure(
    trained: &PreparedModel,
    tested: &PreparedModel,
    (predicted, own): (Predicted, Predicted),
    called: &Called,
    resamples: usize,
    seed: u64,
) -> anyhow::Result<Row> {
    let labels = &tested.labels;
    let (cross, own) = Tested::on_same_windows(labels, predicted, own)
        .context("on windows that networks of both lines held out; train all folds")?;
    let windows = cross.windows();
    let draw = |weights: Option<&[u32]>| Drawn {
        cross: cross.means(weights),
        own: own.means(weights),
        copied: called.mean_rates(labels, &cross.windows_of_folds(), weights),
    };
    let seed = results::seed(seed, &format!("{} {}", trained.id, tested.id));
    let drawn = tested.groups.resample(labels, resamples, seed, |weights| draw(Some(weights)));
    let of = |pick: fn(&Drawn) -> Option<Means>| -> Vec<Option<Means>> {
        drawn.iter().map(|one| one.as_ref().and_then(pick)).collect()
    };
    let (crosses, owns) = (of(|one| one.cross), of(|one| one.own));
    let copies: Vec<Option<Rates>> =
        drawn.iter().map(|one| one.as_ref().and_then(|one| one.copied)).collect();
    let whole = draw(None);
    let over_copied = |cross: Option<Means>, copied: Option<Rates>| Some(cross?.auroc - copied?.auroc());
    Ok(Row {
        rbp: tested.id.rbp().to_owned(),
        trained_in: trained.id.cell_line().to_owned(),
        tested_in: tested.id.cell_line().to_owned(),
        windows: windows.len(),
        bound: windows.iter().filter(|window| labels[**window]).count(),
        groups: tested.groups.count_among(&windows),
        folds: cross.folds(),
        cross_cell: Figures::new(whole.cross, &crosses),
        in_cell: Figures::new(whole.own, &owns),
        auroc_over_in_cell: auroc_difference((whole.cross, &crosses), (whole.own, &owns)),
        copied_peaks: copied_peaks::Figures::new(called.peaks, whole.copied, &copies),
        auroc_over_copied_peaks: estimate(
            over_copied(whole.cross, whole.copied),
            crosses.iter().zip(&copies).map(|(cross, copied)| over_copied(*cross, *copied)),
        ),
    })
}

impl Summary {
    /// `None` without rows.
    pub(super) fn of(rows: &[Row]) -> Option<Self> {
        let mut proteins: Vec<&str> = rows.iter().map(|row| row.rbp.as_str()).collect();
        proteins.dedup();
        let of =
            |pick: fn(&Row) -> f64| median(rows.iter().map(pick).filter(|value| value.is_finite()).collect());
        (!rows.is_empty()).then(|| Self {
            directions: rows.len(),
            proteins: proteins.len(),
            median_cross_cell_auroc: of(|row| row.cross_cell.auroc.value),
            median_in_cell_auroc: of(|row| row.in_cell.auroc.value),
            median_copied_peaks_auroc: of(|row| row.copied_peaks.auroc.value),
            median_copied_peaks_sensitivity: of(|row| row.copied_peaks.sensitivity.value),
            median_copied_peaks_specificity: of(|row| row.copied_peaks.specificity.value),
        })
    }
}
