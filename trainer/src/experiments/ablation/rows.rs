//! The figures of one model with and without covariates.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Variant;
use crate::experiments::results;
use crate::experiments::tested::{Figures, Means, Tested, auroc_difference};
use crate::experiments::windows::PreparedModel;
use crate::metrics::{Estimate, median};

/// One model.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) model: String,
    pub(super) rbp: String,
    pub(super) cell_line: String,
    pub(super) windows: usize,
    pub(super) bound: usize,
    pub(super) groups: usize,
    pub(super) folds: usize,
    /// From the sequence alone to both covariates.
    pub(super) variants: Vec<VariantFigures>,
}

/// One set of inputs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct VariantFigures {
    pub(super) variant: Variant,
    #[serde(flatten)]
    pub(super) figures: Figures,
    /// The area under the ROC curve less that of the sequence alone.
    pub(super) auroc_over_sequence: Estimate,
}

/// Medians over models.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) models: usize,
    pub(super) median_auroc: BTreeMap<&'static str, Option<f64>>,
    pub(super) median_auroc_over_sequence: BTreeMap<&'static str, Option<f64>>,
}

/// Measures all variants, the sequence alone first, on the same resamples.
pub(super) fn measure(
    model: &PreparedModel,
    tested: &[(Variant, Tested)],
    resamples: usize,
    seed: u64,
) -> Row {
    let draw = |weights: Option<&[u32]>| -> Vec<Option<Means>> {
        tested.iter().map(|(_, tested)| tested.means(weights)).collect()
    };
    let seed = results::seed(seed, &model.id.to_string());
    let drawn = model.groups.resample(&model.labels, resamples, seed, |weights| draw(Some(weights)));
    let whole = draw(None);
    let of = |place: usize| -> Vec<Option<Means>> {
        drawn.iter().map(|one| one.as_ref().and_then(|means| means.get(place).copied().flatten())).collect()
    };
    let alone = of(0);
    let variants = tested.iter().enumerate().map(|(place, (variant, _))| {
        let resampled = of(place);
        VariantFigures {
            variant: *variant,
            figures: Figures::new(whole[place], &resampled),
            auroc_over_sequence: auroc_difference((whole[place], &resampled), (whole[0], &alone)),
        }
    });
    let variants = variants.collect();
    let windows = tested.first().map(|(_, tested)| tested.windows()).unwrap_or_default();
    Row {
        model: model.id.to_string(),
        rbp: model.id.rbp().to_owned(),
        cell_line: model.id.cell_line().to_owned(),
        windows: windows.len(),
        bound: windows.iter().filter(|window| model.labels[**window]).count(),
        groups: model.groups.count_among(&windows),
        folds: tested.first().map_or(0, |(_, tested)| tested.folds()),
        variants,
    }
}

impl Summary {
    /// `None` without rows.
    pub(super) fn of(rows: &[Row]) -> Option<Self> {
        let of = |pick: fn(&VariantFigures) -> f64| {
            let values = |place: usize| {
                rows.iter()
                    .filter_map(|row| row.variants.get(place))
                    .map(pick)
                    .filter(|value| value.is_finite())
                    .collect()
            };
            Variant::ALL
                .iter()
                .enumerate()
                .map(|(place, variant)| (variant.name(), median(values(place))))
                .collect()
        };
        (!rows.is_empty()).then(|| Self {
            models: rows.len(),
            median_auroc: of(|one| one.figures.auroc.value),
            median_auroc_over_sequence: of(|one| one.auroc_over_sequence.value),
        })
    }
}
