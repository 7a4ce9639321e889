//! From a model to the motif that it looks for.

use std::ops::RangeInclusive;

use polaris_model::ModelId;
use polaris_model::localization::MapOptions;

use super::background::Background;
use super::discovery::{Discovery, discover};
use super::seqlets::{between, seqlets, stretches};
use crate::held_out::{Method, Progress, Subject};
use crate::meme::Motif;
use crate::position_matrix::Column;

/// Windows predicted above this are looked at.
const LEAST_PROBABILITY: f32 = 0.5;
/// With fewer such windows, so many are taken whatever is predicted.
const LEAST_WINDOWS: usize = 20;

/// How motifs are searched for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) method: Method,
    /// Windows of each model.
    pub(super) windows: usize,
    pub(super) widths: RangeInclusive<usize>,
}

/// A model's motif.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) motif: Motif,
    /// Occurrences.
    pub(super) sites: usize,
    /// Seqlets that were searched.
    pub(super) seqlets: usize,
    /// Frequencies of the bases elsewhere in the windows.
    pub(super) background: Column,
}

impl Search {
    /// Maps windows, cuts seqlets and finds what they share; `None` if they share nothing.
    ///
    /// # Errors
    /// If the engine fails.
    pub(super) fn run(
        &self,
        id: &ModelId,
        subject: &Subject,
        progress: &Progress,
    ) -> anyhow::Result<Option<Found>> {
        let mut windows = subject.strongest(LEAST_PROBABILITY, self.windows);
        let least = LEAST_WINDOWS.min(self.windows);
        if windows.len() < least {
            progress.say(format_args!(
                "note: {id}: {} held-out bound windows are predicted above {LEAST_PROBABILITY}; the strongest of all \
                 {} are used",
                windows.len(),
                subject.windows.len()
            ));
            windows = subject.strongest(f32::NEG_INFINITY, least);
        }
        let options = MapOptions { method: self.method.into(), signed: true, ..MapOptions::default() };
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        let maps = subject.maps(&windows, &options, progress)?;
        for (window, map) in windows.iter().zip(&maps) {
            let ranges = seqlets(map, self.seqlet_bases());
            let sequence = &window.input.sequence;
            outside.extend(
                between(&ranges, sequence.len()).into_iter().flat_map(|range| stretches(sequence, range)),
            );
            inside.extend(ranges.into_iter().flat_map(|range| stretches(sequence, range)));
        }
        let background = Background::of(outside.iter().map(Vec::as_slice));
        let Some(Discovery { matrix, sites }) = discover(&inside, &outside, &background, self.widths.clone())
        else {
            return Ok(None);
        };
        let motif = Motif { id: id.to_string(), name: Some(matrix.consensus()), sites: Some(sites), matrix };
        Ok(Some(Found { motif, sites, seqlets: inside.len(), background: background.frequencies() }))
    }

    /// Bases of a seqlet: maps of the last convolution see 39 bases at once, mutagenesis one.
    fn seqlet_bases(&self) -> usize {
        match self.method {
            Method::Mutagenesis => 21,
            Method::GradCam | Method::HiresCam => 31,
        }
    }
}
