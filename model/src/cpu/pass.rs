//! A pass of some windows and their alleles through one model.

use std::ops::Range;

use super::conv1::Filters;
use super::conv2::Conv2Scratch;
use super::kernels::{KernelWord, PackedRows, Processor};
use super::model::CpuModel;
use super::window::{EncodedWindow, positions_seen};
use crate::architecture::{FILTERS, POOL_WIDTH};

/// Positions that the alleles reach whose rows are in memory at once: enough that many share a slice of the first dense
/// layer's weights.
const CHUNK_POSITIONS: usize = 1024;

/// Room that passes use again and again.
#[derive(Debug)]
pub(crate) struct Scratch<T> {
    /// Positions of the first pooling.
    pub(super) positions: Vec<Filters>,
    /// Where in them the second convolution starts.
    pub(super) starts: Vec<usize>,
    pub(super) conv2: Conv2Scratch<T>,
    pub(super) packed: PackedRows<T>,
    packed_head: PackedRows<f32>,
    /// Positions of the second pooling of windows, `[windows][positions]`.
    pub(super) pooled: Vec<Filters>,
    /// The first dense layer of windows before its ReLU, `[windows][width]`.
    references: Vec<f32>,
    pub(super) head: Head,
    /// Positions of the second pooling that alleles reach, one after another.
    reached: Vec<Filters>,
}

/// The dense layers after their ReLU, `[rows][width]`.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) dense1: Vec<f32>,
    pub(super) dense2: Vec<f32>,
    pub(super) dense3: Vec<f32>,
}

impl<T: KernelWord> Default for Scratch<T> {
    fn default() -> Self {
        Self {
            positions: Vec::new(),
            starts: Vec::new(),
            conv2: Conv2Scratch::default(),
            packed: PackedRows::new(),
            packed_head: PackedRows::new(),
            pooled: Vec::new(),
            references: Vec::new(),
            head: Head::default(),
            reached: Vec::new(),
        }
    }
}

/// An allele of one of several windows.
#[derive(Clone, Copy, Debug)]
struct Place {
    window: usize,
    allele: usize,
    /// Its row of the answer.
    row: usize,
}

impl<T: KernelWord> CpuModel<T> {
    /// Logits of windows and of their alleles: a window, its alleles, the next window.
    pub(crate) fn logits(
        &self,
        processor: Processor,
        windows: &[&EncodedWindow<'_>],
        scratch: &mut Scratch<T>,
    ) -> Vec<f32> {
        let rows = windows.iter().map(|window| 1 + window.alleles.len()).sum();
        let mut logits = vec![0.0; rows];
        self.pool_windows(processor, windows, scratch);
        self.dense1_of_windows(processor, windows.len(), scratch);
        scratch.references.clone_from(&scratch.head.dense1);
        self.head(processor, scratch);
        let mut places = Vec::with_capacity(rows - windows.len());
        let mut row = 0;
        for (index, window) in windows.iter().enumerate() {
            logits[row] = self.logit(window, index, &scratch.head);
            for allele in 0..window.alleles.len() {
                places.push(Place { window: index, allele, row: row + 1 + allele });
            }
            row += 1 + window.alleles.len();
        }
        let reach = |place: &Place| windows[place.window].alleles[place.allele].reach.clone();
        // Alleles that reach the same positions are multiplied with the same weights.
        places.sort_by_key(|place| (reach(place).start, reach(place).end));
        let mut rest = places.as_slice();
        while !rest.is_empty() {
            let mut positions = 0;
            let fits = |place: &&Place| {
                positions += reach(place).len().max(1);
                positions <= CHUNK_POSITIONS
            };
            let (chunk, after) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            rest = after;
            self.alleles(processor, windows, chunk, scratch);
            self.head(processor, scratch);
            for (index, place) in chunk.iter().enumerate() {
                logits[place.row] = self.logit(windows[place.window], index, &scratch.head);
            }
        }
        logits
    }

    /// Both convolutions with their poolings: fills `scratch.pooled`.
    fn pool_windows(&self, processor: Processor, windows: &[&EncodedWindow<'_>], scratch: &mut Scratch<T>) {
        let positions = self.pooled_positions;
        scratch.pooled.resize(windows.len() * positions, [0.0; FILTERS]);
        scratch.positions.resize(positions_seen(positions), [0.0; FILTERS]);
        scratch.starts.clear();
        scratch.starts.extend((0..positions).map(|position| position * POOL_WIDTH));
        for (window, pooled) in windows.iter().zip(scratch.pooled.chunks_exact_mut(positions)) {
            let first = &mut scratch.positions;
            processor.vectorize(
                #[inline(always)]
                || self.conv1.pooled(&window.codes, first),
            );
            self.conv2.pooled(processor, &scratch.positions, &scratch.starts, &mut scratch.conv2, pooled);
        }
    }

    /// The first dense layer of pooled windows, before its ReLU.
    pub(super) fn dense1_of_windows(&self, processor: Processor, windows: usize, scratch: &mut Scratch<T>) {
        let positions = self.pooled_positions;
        let pooled = &scratch.pooled;
        self.dense1.apply(
            processor,
            windows,
            |row| pooled[row * positions..(row + 1) * positions].as_flattened(),
            &mut scratch.packed,
            &mut scratch.head.dense1,
        );
    }

    /// The first dense layer of alleles, before its ReLU: that of their windows, corrected by what they change.
    fn alleles(
        &self,
        processor: Processor,
        windows: &[&EncodedWindow<'_>],
        places: &[Place],
        scratch: &mut Scratch<T>,
    ) {
        let allele = |place: &Place| &windows[place.window].alleles[place.allele];
        let reached: usize = places.iter().map(|place| allele(place).reach.len()).sum();
        scratch.starts.clear();
        let mut first = 0;
        for place in places {
            let pooled = allele(place).reach.len();
            scratch.starts.extend((0..pooled).map(|position| first + position * POOL_WIDTH));
            first += if pooled == 0 { 0 } else { positions_seen(pooled) };
        }
        scratch.positions.resize(first, [0.0; FILTERS]);
        let positions = &mut scratch.positions;
        processor.vectorize(
            #[inline(always)]
            || {
                let mut rest = positions.as_mut_slice();
                for place in places {
                    let allele = allele(place);
                    let count = if allele.reach.is_empty() { 0 } else { positions_seen(allele.reach.len()) };
                    let (seen, after) = std::mem::take(&mut rest).split_at_mut(count);
                    self.conv1.pooled(&allele.codes, seen);
                    rest = after;
                }
            },
        );
        scratch.reached.resize(reached, [0.0; FILTERS]);
        let out = &mut scratch.reached;
        self.conv2.pooled(processor, &scratch.positions, &scratch.starts, &mut scratch.conv2, out);
        self.correct_references(processor, places, |place| allele(place).reach.clone(), scratch);
    }

    /// Corrects the first dense layer of windows by the difference that `scratch.reached` makes.
    fn correct_references(
        &self,
        processor: Processor,
        places: &[Place],
        reach: impl Fn(&Place) -> Range<usize>,
        scratch: &mut Scratch<T>,
    ) {
        let (positions, width) = (self.pooled_positions, self.dense1.width());
        let mut changed = scratch.reached.as_mut_slice();
        scratch.head.dense1.clear();
        for group in places.chunk_by(|one, other| reach(one) == reach(other)) {
            let reach = group.first().map(&reach).unwrap_or_default();
            let (changes, rest) = changed.split_at_mut(group.len() * reach.len());
            changed = rest;
            for (place, changes) in group.iter().zip(changes.chunks_mut(reach.len().max(1))) {
                let reference = &scratch.pooled[place.window * positions + reach.start..];
                for (changes, reference) in
                    changes.as_flattened_mut().iter_mut().zip(reference.as_flattened())
                {
                    *changes -= reference;
                }
            }
            let start = scratch.head.dense1.len();
            for place in group {
                let reference = &scratch.references[place.window * width..(place.window + 1) * width];
                scratch.head.dense1.extend_from_slice(reference);
            }
            self.dense1.correct(
                processor,
                reach.start * FILTERS,
                reach.len() * FILTERS,
                changes.as_flattened(),
                &mut scratch.packed,
                &mut scratch.head.dense1[start..],
            );
        }
    }

    /// The dense layers from the first, before its ReLU, on.
    pub(super) fn head(&self, processor: Processor, scratch: &mut Scratch<T>) {
        let Head { dense1, dense2, dense3 } = &mut scratch.head;
        let (width1, width2) = (self.dense1.width(), self.dense2.width());
        let rows = dense1.len() / width1;
        rectify(dense1);
        self.dense2.apply(processor, rows, |row| &dense1[row * width1..], &mut scratch.packed_head, dense2);
        rectify(dense2);
        self.dense3.apply(processor, rows, |row| &dense2[row * width2..], &mut scratch.packed_head, dense3);
        rectify(dense3);
    }

    /// Logit of a row of the head.
    pub(super) fn logit(&self, window: &EncodedWindow<'_>, row: usize, head: &Head) -> f32 {
        let width = self.dense3.width();
        self.output.logit(&head.dense3[row * width..(row + 1) * width], window.region, window.expression)
    }
}

fn rectify(values: &mut [f32]) {
    for value in values {
        *value = if *value > 0.0 { *value } else { 0.0 };
    }
}
