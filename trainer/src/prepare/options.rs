//! What `prepare` is told, checked and complete.

use anyhow::ensure;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::Arguments;

/// Which published or own way of making the training data is followed.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Recipe {
    /// Isolated peaks as the data say.
    #[default]
    Default,
    /// Isolated peaks are dropped, as in the paper.
    Paper,
}

/// What happens to a peak that has no other peak of its protein near by.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Isolated {
    /// It is dropped.
    Drop,
    /// It is kept.
    Keep,
    /// It is dropped if the peaks look raw, kept if they look filtered for reproducibility already.
    Auto,
}

/// Everything that decides what the windows are, beside the reference bundle and the peaks. Kept in `prepare.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The recipe.
    pub(crate) recipe: Recipe,
    /// Window length in bases.
    pub(crate) length: usize,
    /// The seed of every draw.
    pub(crate) seed: u64,
    /// Peaks above this p value are dropped.
    pub(crate) max_p: f64,
    /// What happens to isolated peaks.
    pub(crate) isolated: Isolated,
    /// How many bases away another peak keeps a peak from being isolated.
    pub(crate) isolation_distance: u64,
    /// The largest share of unsequenced bases in a window.
    pub(crate) max_n: f64,
    /// The number of bins by which negatives are matched to the positives' GC content.
    pub(crate) gc_bins: usize,
    /// Negatives for each positive.
    pub(crate) negatives_per_positive: u32,
    /// The most bases that a negative window shares with positive windows.
    pub(crate) max_overlap: u64,
    /// The most bases of a negative window that lie outside genes of its strand.
    pub(crate) max_untranscribed: u64,
    /// Below this number of positive windows, no model is prepared.
    pub(crate) min_positives: usize,
    /// Whether expression may be missing.
    pub(crate) no_expression: bool,
}

impl Options {
    /// Checks the ranges and fills in the defaults that depend on other options.
    pub(super) fn from_arguments(arguments: &Arguments) -> anyhow::Result<Self> {
        let isolated = match (arguments.isolated, arguments.recipe) {
            (Some(chosen), _) => chosen,
            (None, Recipe::Paper) => Isolated::Drop,
            (None, Recipe::Default) => Isolated::Auto,
        };
        let length = u64::try_from(arguments.length)?;
        let options = Self {
            recipe: arguments.recipe,
            length: arguments.length,
            seed: arguments.seed,
            max_p: arguments.max_p,
            isolated,
            isolation_distance: arguments.isolation_distance,
            max_n: arguments.max_n,
            gc_bins: arguments.gc_bins,
            negatives_per_positive: arguments.negatives_per_positive,
            max_overlap: arguments.max_overlap.unwrap_or(length / 5),
            max_untranscribed: arguments.max_untranscribed.unwrap_or(length / 2),
            min_positives: arguments.min_positives,
            no_expression: arguments.no_expression,
        };
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> anyhow::Result<()> {
        let Self { length, max_p, max_n, gc_bins, negatives_per_positive, min_positives, .. } = self;
        ensure!((20..=100_000).contains(length), "--length {length}: 20 to 100000 bases are possible");
        ensure!(*max_p > 0.0 && *max_p <= 1.0, "--max-p {max_p}: a p value above 0, at most 1, belongs here");
        ensure!((0.0..1.0).contains(max_n), "--max-n {max_n}: a share from 0 to below 1 belongs here");
        ensure!((1..=200).contains(gc_bins), "--gc-bins {gc_bins}: 1 to 200 are possible");
        ensure!(
            (1..=100).contains(negatives_per_positive),
            "--negatives-per-positive {negatives_per_positive}: 1 to 100 are possible"
        );
        ensure!(*min_positives >= 10, "--min-positives {min_positives}: five folds need at least 10");
        Ok(())
    }
}
