//! The second convolution with pooling and ReLU.

use super::conv1::{CHUNK, CHUNKS, Choices, Filters, chunk};
use super::kernels::{KernelWord, Processor, multiply_tiles};
use super::panels::{PADDED_FILTERS, Panels, QUAD, Rest, Shape, WIDE};
use super::toom_cook::{INPUTS, OUTPUTS, POINTS, TAPS, inputs_at_points, outputs, weights_at_points};
use crate::architecture::{FILTERS, KERNEL_WIDTH, POOL_WIDTH};

/// Positions of the first pooling that four outputs, that is one pooled one, see.
pub(crate) const SEEN: usize = POOL_WIDTH + KERNEL_WIDTH - 1;
/// Pooled positions that are calculated at once: a block of rows of the widest kernels.
const BLOCK: usize = 12;
/// Words of a row: two tiles.
const ROW: usize = 2 * FILTERS;

/// The layer's weights, ready for products.
#[derive(Debug)]
pub(crate) struct Conv2<T> {
    /// Weights at each point, `[outputs][half of the kernel][inputs]`: the kernel of width 8 is two of width 4, whose
    /// products add up before they are brought back from the points.
    points: Vec<Panels<T>>,
    bias: Filters,
}

/// Room for the products of a block.
#[derive(Debug)]
pub(crate) struct Conv2Scratch<T> {
    /// `[points][rows][2 tiles][100]`.
    inputs: Vec<T>,
    /// `[points][rows]`.
    products: Vec<Filters>,
}

impl<T: KernelWord> Default for Conv2Scratch<T> {
    fn default() -> Self {
        Self {
            inputs: vec![T::default(); POINTS * BLOCK * ROW / T::NUMBERS],
            products: vec![[0.0; FILTERS]; POINTS * BLOCK],
        }
    }
}

impl<T: KernelWord> Conv2<T> {
    /// Brings weights `[100][100][8]` and a bias `[100]` into order.
    pub(crate) fn new(weight: &[f32], bias: &[f32]) -> Self {
        // `[outputs][inputs][half of the kernel]`.
        let at_points: Vec<[f64; POINTS]> =
            weight.as_chunks::<TAPS>().0.iter().map(|taps| weights_at_points(taps.map(f64::from))).collect();
        let points = (0..POINTS).map(|point| {
            Panels::new(FILTERS, ROW, Rest::Quad, |output, input| {
                let (half, input) = (input / FILTERS, input % FILTERS);
                at_points[(output * FILTERS + input) * KERNEL_WIDTH / TAPS + half][point] as f32
            })
        });
        Self { points: points.collect(), bias: std::array::from_fn(|filter| bias[filter]) }
    }

    /// Pooled positions, for each of `starts` the one that sees `SEEN` of `positions` from there on. Hands each chunk of
    /// filters of the four activations that it is the largest of to `keep`, with the row.
    #[inline(always)]
    fn rows(
        &self,
        processor: Processor,
        positions: &[Filters],
        starts: &[usize],
        scratch: &mut Conv2Scratch<T>,
        out: &mut [Filters],
        keep: &mut impl FnMut(usize, usize, &[[f32; CHUNK]; OUTPUTS]),
    ) {
        assert!(starts.iter().all(|start| start + SEEN <= positions.len()), "rows see beyond the positions");
        // Blocks of like sizes: a block of a few rows would read as many weights as a full one.
        let size = starts.len().div_ceil(starts.len().div_ceil(BLOCK).max(1)).max(1);
        for (block, (starts, out)) in starts.chunks(size).zip(out.chunks_mut(size)).enumerate() {
            let rows = starts.len();
            let inputs = &mut scratch.inputs;
            processor.vectorize(
                #[inline(always)]
                || fill(positions, starts, inputs),
            );
            let row_words = ROW / T::NUMBERS;
            for (point, panels) in self.points.iter().enumerate() {
                let inputs = &scratch.inputs[point * BLOCK * row_words..][..rows * row_words];
                let products = &mut scratch.products[point * BLOCK..][..rows];
                multiply_tiles(processor, inputs, panels, products.as_flattened_mut());
            }
            let products = &scratch.products;
            processor.vectorize(
                #[inline(always)]
                || {
                    for (row, out) in out.iter_mut().enumerate() {
                        for start in CHUNKS {
                            let mut activations = outputs(std::array::from_fn(|point| {
                                chunk(&products[point * BLOCK + row], start)
                            }));
                            let mut largest = [0f32; CHUNK];
                            for activations in &mut activations {
                                for ((activation, bias), largest) in
                                    activations.iter_mut().zip(chunk(&self.bias, start)).zip(&mut largest)
                                {
                                    let value = *activation + bias;
                                    *activation = if value > 0.0 { value } else { 0.0 };
                                    *largest = if value > *largest { value } else { *largest };
                                }
                            }
                            out[start..start + CHUNK].copy_from_slice(&largest);
                            keep(block * size + row, start, &activations);
                        }
                    }
                },
            );
        }
    }

    /// Pooled and rectified positions: for each of `starts` the one that sees [`SEEN`] of `positions` from there on.
    pub(crate) fn pooled(
        &self,
        processor: Processor,
        positions: &[Filters],
        starts: &[usize],
        scratch: &mut Conv2Scratch<T>,
        out: &mut [Filters],
    ) {
        self.rows(processor, positions, starts, scratch, out, &mut |_, _, _| {});
    }

    /// As [`Conv2::pooled`], and which of the four activations each is, the first of equal ones.
    pub(crate) fn pooled_and_choices(
        &self,
        processor: Processor,
        positions: &[Filters],
        starts: &[usize],
        scratch: &mut Conv2Scratch<T>,
        out: &mut [Filters],
        choices: &mut [Choices],
    ) {
        self.rows(processor, positions, starts, scratch, out, &mut |row, start, four| {
            let mut largest = [0f32; CHUNK];
            let mut choice = [0u32; CHUNK];
            for (position, chunk) in (0u32..).zip(four) {
                for lane in 0..CHUNK {
                    let larger = chunk[lane] > largest[lane];
                    largest[lane] = if larger { chunk[lane] } else { largest[lane] };
                    choice[lane] = if larger { position } else { choice[lane] };
                }
            }
            choices[row][start..start + CHUNK].copy_from_slice(&choice.map(|choice| choice as u8));
        });
    }

    /// As [`Conv2::pooled`], and the four rectified activations of each, `[starts * 4][100]`.
    pub(crate) fn pooled_and_activations(
        &self,
        processor: Processor,
        positions: &[Filters],
        starts: &[usize],
        scratch: &mut Conv2Scratch<T>,
        out: &mut [Filters],
        activations: &mut [Filters],
    ) {
        self.rows(processor, positions, starts, scratch, out, &mut |row, start, four| {
            for (position, chunk) in four.iter().enumerate() {
                activations[row * OUTPUTS + position][start..start + CHUNK].copy_from_slice(chunk);
            }
        });
    }
}

impl Conv2<f32> {
    /// Takes other weights, `[100 outputs][8][112 inputs]`, of which the last twelve inputs are not looked at.
    pub(crate) fn replace(&mut self, processor: Processor, weight: &[f32], bias: &Filters) {
        self.bias = *bias;
        // What a tap adds at a point.
        let at_points: [[f64; POINTS]; TAPS] = std::array::from_fn(|tap| {
            weights_at_points(std::array::from_fn(|other| f64::from(u8::from(other == tap))))
        });
        let mut room = vec![[[0f32; CHUNK]; WIDE]; POINTS];
        let shapes: Vec<(usize, Shape)> = self.points.first().into_iter().flat_map(Panels::shapes).collect();
        for (first, shape) in shapes {
            for (half, start) in [0, 1].into_iter().flat_map(|half| CHUNKS.map(|start| (half, start))) {
                processor.vectorize(
                    #[inline(always)]
                    || {
                        for output in 0..shape.outputs() {
                            let taps: [&[f32; CHUNK]; TAPS] = std::array::from_fn(|tap| {
                                let place =
                                    ((first + output) * KERNEL_WIDTH + half * TAPS + tap) * PADDED_FILTERS;
                                weight[place + start..].first_chunk().unwrap_or(&[0.0; CHUNK])
                            });
                            for (point, room) in room.iter_mut().enumerate() {
                                let share: [f32; TAPS] =
                                    std::array::from_fn(|tap| at_points[tap][point] as f32);
                                room[output] = std::array::from_fn(|lane| {
                                    (share[0] * taps[0][lane] + share[1] * taps[1][lane])
                                        + (share[2] * taps[2][lane] + share[3] * taps[3][lane])
                                });
                            }
                        }
                        for (panels, room) in self.points.iter_mut().zip(&room) {
                            let panel = panels.panel_mut(first, shape, 0..ROW);
                            for lane in 0..CHUNK {
                                let word = half * FILTERS + start + lane;
                                if shape == Shape::Quad {
                                    for (output, room) in room.iter().enumerate().take(QUAD) {
                                        panel[word / QUAD * QUAD * QUAD + output * QUAD + word % QUAD] =
                                            room[lane];
                                    }
                                } else if let Some(panel) = panel[word * WIDE..].first_chunk_mut::<WIDE>() {
                                    *panel = std::array::from_fn(|output| room[output][lane]);
                                }
                            }
                        }
                    },
                );
            }
        }
    }
}

/// Brings the inputs of some rows to the points.
#[inline(always)]
fn fill<T: KernelWord>(positions: &[Filters], starts: &[usize], out: &mut [T]) {
    let follows =
        |row: usize| row > 0 && starts.get(row) == starts.get(row - 1).map(|start| start + TAPS).as_ref();
    for (row, &start) in starts.iter().enumerate() {
        tile(positions, start, out, row * 2, follows(row).then(|| row * 2 - 1));
        if !follows(row + 1) {
            tile(positions, start + TAPS, out, row * 2 + 1, None);
        }
    }
}

/// Brings seven positions to the points and puts them where half a row is, and perhaps where another one is.
#[inline(always)]
fn tile<T: KernelWord>(positions: &[Filters], start: usize, out: &mut [T], half: usize, twin: Option<usize>) {
    let Some(seen) = positions[start..].first_chunk::<INPUTS>() else { return };
    let words = FILTERS / T::NUMBERS;
    for filter in CHUNKS {
        let at_points = inputs_at_points(std::array::from_fn(|input| chunk(&seen[input], filter)));
        for (point, values) in at_points.iter().enumerate() {
            let mut packed = [T::default(); CHUNK];
            for (word, numbers) in packed.iter_mut().zip(values.chunks_exact(T::NUMBERS)) {
                *word = T::of(numbers);
            }
            let packed = &packed[..CHUNK / T::NUMBERS];
            let mut put = |half: usize| {
                let place = (point * BLOCK * 2 + half) * words + filter / T::NUMBERS;
                out[place..place + packed.len()].copy_from_slice(packed);
            };
            put(half);
            if let Some(twin) = twin {
                put(twin);
            }
        }
    }
}

#[cfg(test)]
mod tests;
