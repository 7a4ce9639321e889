//! Class activation maps in closed form: what the activations of the second convolution add to the logit.
//!
//! Every layer after that convolution is linear, a ReLU, or a max pooling that hands each gradient to one position of
//! its window. So the gradient needs three small products with the weights, masked where a ReLU is 0, and no derivatives
//! of code.

use super::conv1::Filters;
use super::kernels::{KernelWord, Processor};
use super::model::CpuModel;
use super::pass::{Head, Scratch};
use super::window::{EncodedWindow, positions_seen};
use crate::architecture::{DENSE_UNITS, FILTERS, POOL_WIDTH};
use crate::ensemble::ActivationMap;

/// Room that maps need beside a pass.
#[derive(Debug, Default)]
pub(crate) struct MapScratch {
    /// The second convolution after its ReLU, `[windows][pooled positions * 4]`, as many as it has or up to three more.
    activations: Vec<Filters>,
    /// Positions of the second pooling of one window, with one for what the pooling leaves out.
    pooled: Vec<Filters>,
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
        if map == ActivationMap::HiresCam {
            self.dense1.gradients(processor, &maps.gradients.dense1, &mut maps.gradients.pooled);
        }
        let mut out = vec![0.0; windows.len() * self.activation_positions];
        let kept = maps.activations.len() / windows.len().max(1);
        let windows =
            out.chunks_exact_mut(self.activation_positions).zip(maps.activations.chunks_exact(kept.max(1)));
        for (window, (out, activations)) in windows.enumerate() {
            processor.vectorize(
                #[inline(always)]
                || match map {
                    ActivationMap::GradCam => self.grad_cam(window, &maps.gradients, activations, out),
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
        let rows = self.activation_positions.div_ceil(POOL_WIDTH);
        scratch.starts.clear();
        scratch.starts.extend((0..rows).map(|row| row * POOL_WIDTH));
        // What the last row sees beyond the last position is 0 and counts for none that is kept.
        scratch.positions.clear();
        scratch.positions.resize(positions_seen(rows), [0.0; FILTERS]);
        maps.activations.resize(windows.len() * rows * POOL_WIDTH, [0.0; FILTERS]);
        maps.pooled.resize(rows, [0.0; FILTERS]);
        scratch.pooled.clear();
        let real = self.activation_positions + crate::architecture::KERNEL_WIDTH - 1;
        for (window, activations) in windows.iter().zip(maps.activations.chunks_exact_mut(rows * POOL_WIDTH))
        {
            let first = &mut scratch.positions[..real];
            processor.vectorize(
                #[inline(always)]
                || self.conv1.pooled(&window.codes, first),
            );
            self.conv2.pooled_and_activations(
                processor,
                &scratch.positions,
                &scratch.starts,
                &mut scratch.conv2,
                &mut maps.pooled,
                activations,
            );
            scratch.pooled.extend_from_slice(&maps.pooled[..self.pooled_positions]);
        }
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
        self.dense3.gradients(processor, &gradients.dense3, &mut inputs);
        masked(&inputs, DENSE_UNITS[1], &head.dense2, self.dense2.width(), &mut gradients.dense2);
        self.dense2.gradients(processor, &gradients.dense2, &mut inputs);
        masked(&inputs, DENSE_UNITS[0], &head.dense1, self.dense1.width(), &mut gradients.dense1);
    }

    /// Grad-CAM: activations weighted by the mean over positions of their gradients.
    #[inline(always)]
    fn grad_cam(&self, window: usize, gradients: &Gradients, activations: &[Filters], out: &mut [f32]) {
        let width = self.dense1.width();
        let mut alpha = [0f32; FILTERS];
        for (gradient, summed) in gradients.dense1[window * width..].iter().zip(&self.summed_dense1) {
            for (alpha, weight) in alpha.iter_mut().zip(summed) {
                *alpha += gradient * weight;
            }
        }
        let positions = self.activation_positions as f32;
        for (out, activations) in out.iter_mut().zip(activations) {
            *out = product(&alpha, activations) / positions;
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
