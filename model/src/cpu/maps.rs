//! Class activation maps in closed form: what the activations of the second convolution add to the logit.
//!
//! Every layer after that convolution is linear, a ReLU, or a max pooling that hands each gradient to one position of
//! its window. So the gradient needs three small products with the weights, masked where a ReLU is 0, and no derivatives
//! of code.

use super::conv1::Filters;
use super::conv2::SEEN;
use super::dense::GradientRoom;
use super::kernels::{KernelWord, Processor, Rows, multiply_rows};
use super::model::CpuModel;
use super::panels::PADDED_FILTERS;
use super::pass::{Head, Scratch};
use super::window::EncodedWindow;
use crate::architecture::{DENSE_UNITS, FILTERS, KERNEL_WIDTH, POOL_WIDTH};
use crate::ensemble::ActivationMap;

/// Room that maps need beside a pass.
#[derive(Debug, Default)]
pub(crate) struct MapScratch {
    /// The second convolution after its ReLU, `[windows][pooled positions * 4]`.
    activations: Vec<Filters>,
    /// What the pooling leaves out: up to three positions at the end, `[windows][4]`.
    tails: Vec<Filters>,
    /// What the tails see, `[windows][11]`, and where each begins.
    tail_positions: Vec<Filters>,
    tail_starts: Vec<usize>,
    gradients: Gradients,
}

/// Gradients of the logit by the dense layers before their ReLU, `[windows][width]`.
#[derive(Debug, Default)]
struct Gradients {
    dense3: Vec<f32>,
    dense2: Vec<f32>,
    dense1: Vec<f32>,
    /// By the flattened second pooling, `[windows][positions * 100]`.
    pooled: Vec<f32>,
    /// Summed over positions, `[windows][112]`.
    alpha: Vec<f32>,
    room: GradientRoom,
}

impl<T: KernelWord> CpuModel<T> {
    /// Logits of windows and, from the same pass, signed maps, `[windows][positions of the second convolution]`.
    pub(crate) fn logits_and_maps(
        &self,
        processor: Processor,
        windows: &[&EncodedWindow<'_>],
        map: ActivationMap,
        scratch: &mut Scratch<T>,
        maps: &mut MapScratch,
    ) -> (Vec<f32>, Vec<f32>) {
        self.activate(processor, windows, scratch, maps);
        self.dense1_of_windows(processor, windows.len(), scratch);
        self.head(processor, scratch);
        let logits =
            windows.iter().enumerate().map(|(row, window)| self.logit(window, row, &scratch.head)).collect();
        self.dense1_gradients(processor, &scratch.head, &mut maps.gradients);
        let Gradients { dense1, pooled, alpha, room, .. } = &mut maps.gradients;
        match map {
            ActivationMap::HiresCam => self.dense1.gradients(processor, dense1, room, pooled),
            ActivationMap::GradCam => {
                alpha.clear();
                alpha.resize(windows.len() * PADDED_FILTERS, 0.0);
                multiply_rows(
                    processor,
                    (windows.len(), DENSE_UNITS[0], PADDED_FILTERS),
                    Rows { values: dense1, stride: self.dense1.width() },
                    Rows { values: &self.summed_dense1, stride: PADDED_FILTERS },
                    alpha,
                    PADDED_FILTERS,
                    false,
                );
            }
        }
        let mut out = vec![0.0; windows.len() * self.activation_positions];
        for (window, out) in out.chunks_exact_mut(self.activation_positions).enumerate() {
            let part = |of: &'_ [Filters], count: usize| window * count..((window + 1) * count).min(of.len());
            let activations = &maps.activations[part(&maps.activations, self.pooled_positions * POOL_WIDTH)];
            let tail = &maps.tails[part(&maps.tails, POOL_WIDTH)];
            processor.vectorize(
                #[inline(always)]
                || match map {
                    ActivationMap::GradCam => {
                        self.grad_cam(window, &maps.gradients, (activations, tail), out)
                    }
                    ActivationMap::HiresCam => self.hires_cam(window, &maps.gradients, activations, out),
                },
            );
        }
        (logits, out)
    }

    /// Both convolutions and poolings, with all activations kept.
    fn activate(
        &self,
        processor: Processor,
        windows: &[&EncodedWindow<'_>],
        scratch: &mut Scratch<T>,
        maps: &mut MapScratch,
    ) {
        let rows = self.pooled_positions;
        let real = self.activation_positions + KERNEL_WIDTH - 1;
        scratch.starts.clear();
        scratch.starts.extend((0..rows).map(|row| row * POOL_WIDTH));
        scratch.positions.resize(real, [0.0; FILTERS]);
        scratch.pooled.resize(windows.len() * rows, [0.0; FILTERS]);
        maps.activations.resize(windows.len() * rows * POOL_WIDTH, [0.0; FILTERS]);
        maps.tail_positions.clear();
        let each =
            scratch.pooled.chunks_exact_mut(rows).zip(maps.activations.chunks_exact_mut(rows * POOL_WIDTH));
        for (window, (pooled, activations)) in windows.iter().zip(each) {
            processor.vectorize(
                #[inline(always)]
                || self.conv1.pooled(&window.codes, &mut scratch.positions),
            );
            self.conv2.pooled_and_activations(
                processor,
                &scratch.positions,
                &scratch.starts,
                &mut scratch.conv2,
                pooled,
                activations,
            );
            let tail = &scratch.positions[rows * POOL_WIDTH..];
            maps.tail_positions.extend_from_slice(tail);
            // What it sees beyond the last position is 0 and counts for none that is kept.
            maps.tail_positions.resize(maps.tail_positions.len() + SEEN - tail.len(), [0.0; FILTERS]);
        }
        // All at once: a block of one row would read as many weights as a full one.
        maps.tail_starts.clear();
        maps.tail_starts.extend((0..windows.len()).map(|window| window * SEEN));
        maps.tails.resize(windows.len() * POOL_WIDTH, [0.0; FILTERS]);
        let mut pooled = vec![[0.0; FILTERS]; windows.len()];
        self.conv2.pooled_and_activations(
            processor,
            &maps.tail_positions,
            &maps.tail_starts,
            &mut scratch.conv2,
            &mut pooled,
            &mut maps.tails,
        );
    }

    fn dense1_gradients(&self, processor: Processor, head: &Head, gradients: &mut Gradients) {
        let width = self.dense3.width();
        gradients.dense3.clear();
        for row in head.dense3.chunks_exact(width) {
            let units = self.output.units.iter().copied().chain(std::iter::repeat(0.0));
            gradients
                .dense3
                .extend(units.zip(row).map(|(weight, unit)| if *unit > 0.0 { weight } else { 0.0 }));
        }
        let mut inputs = Vec::new();
        let room = &mut gradients.room;
        self.dense3.gradients(processor, &gradients.dense3, room, &mut inputs);
        masked(&inputs, DENSE_UNITS[1], &head.dense2, self.dense2.width(), &mut gradients.dense2);
        self.dense2.gradients(processor, &gradients.dense2, room, &mut inputs);
        masked(&inputs, DENSE_UNITS[0], &head.dense1, self.dense1.width(), &mut gradients.dense1);
    }

    /// Grad-CAM: activations weighted by the mean over positions of their gradients.
    #[inline(always)]
    fn grad_cam(
        &self,
        window: usize,
        gradients: &Gradients,
        (activations, tail): (&[Filters], &[Filters]),
        out: &mut [f32],
    ) {
        let Some(alpha) = gradients.alpha[window * PADDED_FILTERS..].first_chunk() else { return };
        let positions = self.activation_positions as f32;
        for (out, activations) in out.iter_mut().zip(activations.iter().chain(tail)) {
            *out = product(alpha, activations) / positions;
        }
    }

    /// HiResCAM: activations times gradients, position by position. Of each pooled position only the largest has one.
    #[inline(always)]
    fn hires_cam(&self, window: usize, gradients: &Gradients, activations: &[Filters], out: &mut [f32]) {
        let size = self.pooled_positions * FILTERS;
        let gradients = gradients.pooled[window * size..(window + 1) * size].chunks_exact(FILTERS);
        let pools = activations.chunks_exact(POOL_WIDTH).zip(out.chunks_mut(POOL_WIDTH));
        for (gradients, (activations, out)) in gradients.zip(pools) {
            let mut sums = [[0f32; LANES]; POOL_WIDTH];
            for (chunk, gradients) in gradients.chunks_exact(LANES).enumerate() {
                let values: [&[f32]; POOL_WIDTH] =
                    std::array::from_fn(|position| &activations[position][chunk * LANES..][..LANES]);
                for lane in 0..LANES {
                    let largest = values.iter().fold(0f32, |most, value| value[lane].max(most));
                    // All of it goes to the first position that has the largest value but for rounding: where a pool holds
                    // the same value again, as in a run of N or in a repeat, that is the one if sums are exact.
                    let least = largest - largest * T::SAME_SHARE;
                    let mut share = gradients[lane] * largest;
                    for (sums, value) in sums.iter_mut().zip(values) {
                        let mine = if value[lane] >= least { share } else { 0.0 };
                        sums[lane] += mine;
                        share -= mine;
                    }
                }
            }
            for (out, sums) in out.iter_mut().zip(sums) {
                *out = sums.iter().sum();
            }
        }
    }
}

/// Filters that sums are taken of at once.
const LANES: usize = 20;

/// Gradients before a ReLU from those after it, `[rows][units]` to `[rows][width]`.
fn masked(gradients: &[f32], units: usize, rectified: &[f32], width: usize, out: &mut Vec<f32>) {
    out.clear();
    for (gradients, rectified) in gradients.chunks_exact(units).zip(rectified.chunks_exact(width)) {
        let gradients = gradients.iter().copied().chain(std::iter::repeat(0.0));
        out.extend(gradients.zip(rectified).map(|(gradient, unit)| if *unit > 0.0 { gradient } else { 0.0 }));
    }
}

#[inline(always)]
fn product(left: &Filters, right: &Filters) -> f32 {
    let mut sums = [0f32; LANES];
    for (left, right) in left.chunks_exact(LANES).zip(right.chunks_exact(LANES)) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    sums.iter().sum()
}
