//! What `assess` found: the content of `--json`.

use std::collections::BTreeMap;

use polaris_model::{Manifest, Split};
use serde::Serialize;

use super::figures::{Figures, Metrics};
use super::model::Settings;
use crate::metrics::{BINS, Estimate, INTERVAL, median};

/// Version of the file's format.
const FORMAT: u32 = 1;

/// All models.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    kind: &'static str,
    format: u32,
    tool_version: &'static str,
    settings: SettingsRecord,
    pub(super) models: Vec<Assessed>,
    pub(super) failed: Vec<Failure>,
    /// None without models.
    pub(super) summary: Option<Summary>,
}

#[derive(Debug, Serialize)]
struct SettingsRecord {
    bootstrap: usize,
    seed: u64,
    interval: f64,
    bins: usize,
    kmer: Option<u32>,
}

/// A model that could not be assessed.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    pub(super) model: String,
    pub(super) reason: String,
}

/// A model on its held-out windows.
#[derive(Debug, Serialize)]
pub(super) struct Assessed {
    pub(super) model: String,
    pub(super) version: String,
    pub(super) published: Published,
    /// Held-out windows, and those of them that are bound.
    pub(super) windows: usize,
    pub(super) bound: usize,
    /// Groups of overlapping windows: how many observations there are.
    pub(super) groups: usize,
    #[serde(flatten)]
    pub(super) figures: Figures,
    /// None with --no-floor.
    pub(super) floor: Option<FloorFigures>,
}

/// What the manifest says.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    split: Split,
    fold: usize,
    held_out_contigs: Vec<String>,
    held_out_auroc: f64,
    held_out_auprc: f64,
    /// Means over all folds of the split, of which the published network is the best.
    folds_mean_auroc: Option<f64>,
    folds_mean_auprc: Option<f64>,
}

/// The floor under a model.
#[derive(Debug, Serialize)]
pub(super) struct FloorFigures {
    /// Length of the longest k-mers.
    pub(super) kmer: u32,
    /// Windows that it learned from.
    pub(super) trained_on: usize,
    /// Factor of half the squared weights, and the mean cross-entropy in nats that it was chosen by.
    pub(super) strength: f64,
    pub(super) left_out_loss: f64,
    /// The model's area under the ROC curve less the floor's.
    pub(super) auroc_over_floor: Estimate,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

/// Medians over models.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) models: usize,
    pub(super) medians: BTreeMap<&'static str, Option<f64>>,
    pub(super) floor: Option<FloorSummary>,
}

/// The same of their floors, and how many models pass them.
#[derive(Debug, Serialize)]
pub(super) struct FloorSummary {
    pub(super) medians: BTreeMap<&'static str, Option<f64>>,
    pub(super) median_auroc_over_floor: Option<f64>,
    /// Models whose interval of the AUROC lies above that of the floor's AUROC.
    pub(super) interval_above: usize,
    /// Models whose interval of the difference lies above 0: sharper, since both are tried on the same windows.
    pub(super) difference_above: usize,
}

impl Published {
    pub(super) fn of(manifest: &Manifest) -> Self {
        let training = &manifest.training;
        let folds = training.evaluations.iter().find(|one| one.split == training.held_out_split);
        Self {
            split: training.held_out_split,
            fold: training.held_out.fold,
            held_out_contigs: training.held_out_contigs.clone(),
            held_out_auroc: training.held_out.auroc,
            held_out_auprc: training.held_out.auprc,
            folds_mean_auroc: folds.and_then(|folds| folds.mean_auroc()),
            folds_mean_auprc: folds.and_then(|folds| folds.mean_auprc()),
        }
    }
}

impl Report {
    pub(super) fn new(settings: &Settings, models: Vec<Assessed>, failed: Vec<Failure>) -> Self {
        let Settings { resamples, seed, kmer } = *settings;
        let settings = SettingsRecord { bootstrap: resamples, seed, interval: INTERVAL, bins: BINS, kmer };
        let summary = (!models.is_empty()).then(|| Summary::of(&models));
        Self {
            kind: "assess",
            format: FORMAT,
            tool_version: env!("CARGO_PKG_VERSION"),
            settings,
            models,
            failed,
            summary,
        }
    }
}

impl Summary {
    fn of(models: &[Assessed]) -> Self {
        let floors: Vec<(&Assessed, &FloorFigures)> =
            models.iter().filter_map(|model| Some((model, model.floor.as_ref()?))).collect();
        let floor = (!floors.is_empty()).then(|| FloorSummary {
            medians: medians(floors.iter().map(|(_, floor)| &floor.figures.metrics)),
            median_auroc_over_floor: median(
                floors.iter().map(|(_, floor)| floor.auroc_over_floor.value).collect(),
            ),
            interval_above: floors
                .iter()
                .filter(|(model, floor)| model.figures.metrics.auroc.low > floor.figures.metrics.auroc.high)
                .count(),
            difference_above: floors.iter().filter(|(_, floor)| floor.auroc_over_floor.low > 0.0).count(),
        });
        let medians = medians(models.iter().map(|model| &model.figures.metrics));
        Self { models: models.len(), medians, floor }
    }
}

/// Over the models that have a value.
fn medians<'a>(models: impl Iterator<Item = &'a Metrics>) -> BTreeMap<&'static str, Option<f64>> {
    let mut values: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for metrics in models {
        for (name, estimate) in metrics.named() {
            let of_metric = values.entry(name).or_default();
            of_metric.extend(Some(estimate.value).filter(|value| value.is_finite()));
        }
    }
    values.into_iter().map(|(name, values)| (name, median(values))).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::figures::BinFigures;
    use super::*;

    pub(in super::super) fn close_to(value: f64) -> Estimate {
        Estimate { value, low: value - 0.0625, high: value + 0.0625 }
    }

    fn figures(auroc: f64) -> Figures {
        let none = Estimate { value: f64::NAN, low: f64::NAN, high: f64::NAN };
        Figures {
            metrics: Metrics {
                auroc: close_to(auroc),
                auprc: close_to(0.75),
                brier: close_to(0.125),
                expected_calibration_error: close_to(0.0625),
                calibration_slope: none,
                calibration_intercept: close_to(-0.5),
            },
            bins: vec![BinFigures { windows: 7.0, mean_probability: 0.25, bound: close_to(0.5) }],
        }
    }

    /// A model and its floor by their areas.
    pub(in super::super) fn assessed(model: &str, auroc: f64, floor: Option<f64>) -> Assessed {
        Assessed {
            model: model.to_owned(),
            version: "v".to_owned(),
            published: Published {
                split: Split::Chromosome,
                fold: 2,
                held_out_contigs: vec!["chr1".to_owned()],
                held_out_auroc: auroc,
                held_out_auprc: 0.75,
                folds_mean_auroc: None,
                folds_mean_auprc: None,
            },
            windows: 70,
            bound: 30,
            groups: 60,
            figures: figures(auroc),
            floor: floor.map(|floor| FloorFigures {
                kmer: 6,
                trained_on: 280,
                strength: 0.3,
                left_out_loss: 0.5,
                auroc_over_floor: close_to(auroc - floor),
                figures: figures(floor),
            }),
        }
    }

    pub(in super::super) fn report() -> Report {
        let models = vec![
            assessed("A.K562", 0.9375, Some(0.75)),
            assessed("B.K562", 0.875, Some(0.78125)),
            assessed("C.K562", 0.75, Some(0.875)),
        ];
        let failed = vec![Failure { model: "D.K562".to_owned(), reason: "said \"no\"".to_owned() }];
        Report::new(&Settings { resamples: 100, seed: 7, kmer: Some(6) }, models, failed)
    }

    #[test]
    fn medians_and_models_above_their_floor() {
        let summary = report().summary.unwrap();
        assert_eq!(summary.models, 3);
        assert_eq!(summary.medians["auroc"], Some(0.875));
        assert_eq!(summary.medians["calibration_slope"], None);
        let floor = summary.floor.unwrap();
        assert_eq!((floor.medians["auroc"], floor.median_auroc_over_floor), (Some(0.78125), Some(0.09375)));
        // B lies above by 3/32, less than the two halves of the intervals, but more than that of the difference.
        assert_eq!((floor.interval_above, floor.difference_above), (1, 2));
    }

    #[test]
    fn json_says_null_where_there_is_no_value() {
        let json: serde_json::Value =
            serde_json::from_str(&serde_json::to_string(&report()).unwrap()).unwrap();
        assert_eq!((&json["format"], &json["settings"]["bootstrap"]), (&1.into(), &100.into()));
        let model = &json["models"][0];
        assert_eq!(
            (&model["model"], &model["windows"], &model["bound"]),
            (&"A.K562".into(), &70.into(), &30.into())
        );
        assert_eq!(model["metrics"]["auroc"]["low"], 0.875);
        assert!(model["metrics"]["calibration_slope"]["value"].is_null());
        assert_eq!(model["bins"][0]["bound"]["value"], 0.5);
        assert_eq!(model["floor"]["metrics"]["auroc"]["value"], 0.75);
        assert_eq!(model["floor"]["auroc_over_floor"]["value"], 0.1875);
        assert_eq!(json["failed"][0]["reason"], "said \"no\"");
        assert_eq!(json["summary"]["floor"]["interval_above"], 1);
        let none = Report::new(&Settings { resamples: 100, seed: 7, kmer: None }, Vec::new(), Vec::new());
        let json = serde_json::to_value(&none).unwrap();
        assert!(json["summary"].is_null() && json["settings"]["kmer"].is_null());
    }
}
