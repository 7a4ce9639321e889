//! Labelled windows with the folds in which methods are tried on them.

use std::collections::BTreeSet;

use polaris_genomics::Window;
use polaris_model::Split;
use polaris_model::training::Example;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use crate::files::hexadecimal;
use crate::train::dataset::Dataset;
use crate::windows_file::FOLDS;

/// The windows of one model, or of one pair of FASTA files.
#[derive(Debug)]
pub(super) struct Set {
    /// The model's id, or what the files are called on the command line.
    pub(super) name: String,
    /// Windows with their labels, and with what recipes shift by to either side.
    pub(super) examples: Vec<Example>,
    /// What each window is called, and where it lies.
    pub(super) places: Vec<Place>,
    pub(super) input_length: usize,
    pub(super) folds: Vec<Fold>,
    /// Which covariates there are.
    pub(super) expression: bool,
    pub(super) region: bool,
    /// How the folds were dealt out; `None` where they were given.
    pub(super) split: Option<Split>,
    /// Windows that some fold learns from, before any are left out to learn from fewer.
    learnable: Vec<usize>,
    thinning: Option<Thinning>,
    /// Of all windows, their places, labels and covariates.
    digest: String,
}

/// Learning from a part of the windows.
#[derive(Clone, Copy, Debug)]
struct Thinning {
    most_training: usize,
    seed: u64,
}

/// A window's name and place.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) window: Window,
    /// Whole contigs share a block; `None` where windows are not dealt out by contigs.
    pub(super) block: Option<u8>,
}

/// Windows to learn from and windows to be tried on, by their index.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Fold {
    /// From 0.
    pub(super) number: u8,
    pub(super) training: Vec<usize>,
    pub(super) held_out: Vec<usize>,
}

impl Set {
    /// Takes windows with their folds.
    pub(super) fn new(
        name: String,
        windows: Vec<(Place, Example)>,
        input_length: usize,
        folds: Vec<Fold>,
        (expression, region): (bool, bool),
    ) -> Self {
        let (places, examples): (Vec<Place>, Vec<Example>) = windows.into_iter().unzip();
        let mut digest = Sha256::new();
        for (place, example) in places.iter().zip(&examples) {
            let Place { window, block, .. } = place;
            digest.update(format!("{} {} {} {block:?} ", window.contig, window.start0, window.strand));
            digest.update(&example.sequence);
            let region = example.region.map(|class| class.index());
            digest.update(format!(" {} {region:?} {}\n", example.expression, example.positive));
        }
        let digest = hexadecimal(&digest.finalize());
        let learnable: BTreeSet<usize> =
            folds.iter().flat_map(|fold| fold.training.iter().copied()).collect();
        Self {
            name,
            examples,
            places,
            input_length,
            folds,
            expression,
            region,
            split: None,
            learnable: learnable.into_iter().collect(),
            thinning: None,
            digest,
        }
    }

    /// The windows of a prepared model.
    pub(super) fn prepared(dataset: Dataset, split: Split, most_folds: u8) -> Self {
        let all = 0..dataset.windows.len();
        let fold = |number: u8| {
            let (held_out, training) =
                all.clone().partition(|window| dataset.fold(*window, split) == Some(number));
            Fold { number, training, held_out }
        };
        let both = |side: &[usize]| {
            let bound = side.iter().filter(|index| dataset.windows[**index].positive).count();
            bound > 0 && bound < side.len()
        };
        let usable = (0..FOLDS).map(fold).filter(|fold| both(&fold.training) && both(&fold.held_out));
        let folds = usable.take(most_folds.into()).collect();
        let (expression, region) = (dataset.architecture.expression(), dataset.architecture.region());
        let input_length = dataset.architecture.input_length();
        let place = |row: crate::windows_file::LabelledWindow| Place {
            name: row.name,
            window: row.window,
            block: Some(row.fold_chromosome),
        };
        let windows = dataset.windows.into_iter().map(place).zip(dataset.examples).collect();
        let set = Self::new(dataset.id.to_string(), windows, input_length, folds, (expression, region));
        Self { split: Some(split), ..set }
    }

    /// Learns from so many windows of each fold at most: drawn at random, of each class the share that it has.
    pub(super) fn thin(&mut self, most_training: usize, seed: u64) {
        let thinning = Thinning { most_training, seed };
        for fold in &mut self.folds {
            fold.training = thinning.draw(&self.examples, std::mem::take(&mut fold.training), fold.number);
        }
        self.thinning = Some(thinning);
    }

    /// The windows that a network of several sets learns from for a fold of another set: those that `usable` lets through
    /// of what this set's own folds learn from, and no more than these do.
    pub(super) fn lent(&self, fold: u8, usable: impl Fn(&Window) -> bool) -> Vec<usize> {
        let usable = |index: &usize| usable(&self.places[*index].window);
        let lent = self.learnable.iter().copied().filter(usable).collect();
        match &self.thinning {
            Some(thinning) => thinning.draw(&self.examples, lent, fold),
            None => lent,
        }
    }

    /// The examples of some windows.
    pub(super) fn pick(&self, indices: &[usize]) -> Vec<Example> {
        indices.iter().map(|index| self.examples[*index].clone()).collect()
    }

    /// Labels of some windows.
    pub(super) fn labels(&self, indices: &[usize]) -> Vec<bool> {
        indices.iter().map(|index| self.examples[*index].positive).collect()
    }

    /// A window's sequence without what lies to either side.
    pub(super) fn window_sequence(&self, index: usize) -> &[u8] {
        let example = &self.examples[index];
        &example.sequence[example.flank_bases..example.flank_bases + self.input_length]
    }

    /// Bases to either side of each window that recipes can shift by.
    pub(super) fn flank_bases(&self) -> usize {
        self.examples.iter().map(|example| example.flank_bases).min().unwrap_or(0)
    }

    /// Of everything that a method learns from and is tried on in a fold.
    pub(super) fn digest(&self, fold: &Fold) -> String {
        let text = format!("{} {:?} {:?}", self.digest, fold.training, fold.held_out);
        crate::files::sha256_of(text.as_bytes())
    }
}

impl Thinning {
    /// Draws of windows to learn from, in their order.
    fn draw(self, examples: &[Example], training: Vec<usize>, fold: u8) -> Vec<usize> {
        let Self { most_training, seed } = self;
        if training.len() <= most_training {
            return training;
        }
        let (mut bound, mut unbound): (Vec<usize>, Vec<usize>) =
            training.iter().partition(|index| examples[**index].positive);
        let of_bound = (most_training * bound.len() / training.len()).clamp(1, (most_training - 1).max(1));
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::from(fold));
        bound.shuffle(&mut random);
        unbound.shuffle(&mut random);
        bound.truncate(of_bound);
        unbound.truncate(most_training - of_bound);
        let mut drawn: Vec<usize> = bound.into_iter().chain(unbound).collect();
        drawn.sort_unstable();
        drawn
    }
}

#[cfg(test)]
pub(super) mod tests {
    use polaris_genomics::Strand;

    use super::*;

    /// Windows of 101 random bases 200 apart, those of even index bound and with a motif, in one fold that holds every
    /// fifth out.
    pub(in super::super) fn simulated(name: &str, count: usize) -> Set {
        let mut state = 5_u64;
        let mut below = move |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        let windows = (0..count).map(|index| {
            let mut sequence: Vec<u8> = (0..101).map(|_| b"ACGT"[below(4) as usize]).collect();
            let positive = index % 2 == 0;
            if positive {
                sequence[40..47].copy_from_slice(b"TGCATGC");
            }
            let window = Window {
                contig: "chr1".to_owned(),
                start0: 200 * index as i64,
                length: 101,
                strand: Strand::Forward,
            };
            let place = Place { name: format!("window_{index}"), window, block: None };
            let example = Example { sequence, flank_bases: 0, expression: 0.0, region: None, positive };
            (place, example)
        });
        let (held_out, training) = (0..count).partition(|index| index % 5 == 0);
        let folds = vec![Fold { number: 0, training, held_out }];
        Set::new(name.to_owned(), windows.collect(), 101, folds, (false, false))
    }

    #[test]
    fn a_part_is_drawn_of_either_class() {
        let mut set = simulated("A", 100);
        let before = set.digest(&set.folds[0]);
        set.thin(80, 1);
        assert_eq!(set.folds[0].training.len(), 80);
        assert_eq!(set.digest(&set.folds[0]), before);
        set.thin(30, 1);
        let training = &set.folds[0].training;
        let bound = set.labels(training).iter().filter(|label| **label).count();
        assert_eq!((training.len(), bound), (30, 15));
        assert!(training.is_sorted() && training.iter().all(|index| index % 5 != 0));
        assert_ne!(set.digest(&set.folds[0]), before);
    }
}
