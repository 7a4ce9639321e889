//! What a step reads: prepared on the host for all networks side by side, and sent to the device as bytes and bits where
//! they do.

use rayon::prelude::*;
use tch::{Device, Kind, TchError, Tensor};

use super::member::Member;
use crate::architecture::{Architecture, BASES, DENSE_UNITS, FILTERS, KERNEL_WIDTH, POOL_WIDTH, REGIONS};
use crate::training::random::kept_multiplier;
use crate::training::recipe::Recipe;

/// Code of a position without a base.
const NO_BASE: u8 = 4;

/// A base each, 0 to 3, or [`NO_BASE`].
fn code(letter: u8) -> u8 {
    match letter {
        b'A' => 0,
        b'C' => 1,
        b'G' => 2,
        b'T' => 3,
        _ => NO_BASE,
    }
}

/// Inputs of a step on the host, for one network after the other, `batch` windows each.
#[derive(Debug)]
pub(super) struct HostInputs {
    sizes: Sizes,
    dropout: [f64; 3],
    codes: Vec<u8>,
    labels: Vec<f32>,
    shares: Vec<f32>,
    expression: Vec<f32>,
    region: Vec<f32>,
    masks: [Vec<u8>; 3],
}

/// Places of a network.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    batch: usize,
    /// Bases of a window that anything is calculated from; poolings drop what is left over at its end.
    bases: usize,
    pooled1: usize,
    pooled2: usize,
    /// Values that are dropped or kept, of a window, in the three places.
    masks: [usize; 3],
}

impl Sizes {
    /// Bytes of a network's masks, a bit for each value.
    fn mask_bytes(&self) -> [usize; 3] {
        self.masks.map(|width| (self.batch * width).div_ceil(8))
    }
}

/// Inputs of a step on the device. Places without a window hold no base and weigh nothing.
#[derive(Debug)]
pub(super) struct Inputs {
    /// One-hot, `[networks, windows, bases * 4]`, base by base.
    pub(super) sequence: Tensor,
    /// ln(TPM + 1), `[networks, windows, 1]`.
    pub(super) expression: Tensor,
    /// One-hot, `[networks, windows, 6]`.
    pub(super) region: Tensor,
    /// 1 for bound, `[networks, windows]`.
    pub(super) labels: Tensor,
    /// Share of each window in its network's loss, `[networks, windows]`.
    pub(super) shares: Tensor,
    /// What dropout leaves after the first pooling, after the second, and of the second dense layer.
    pub(super) masks: [Mask; 3],
}

/// Values that dropout leaves, as truth values, and by what they are multiplied.
#[derive(Debug)]
pub(super) struct Mask {
    pub(super) kept: Tensor,
    pub(super) multiplier: f64,
}

impl HostInputs {
    pub(super) fn new(architecture: Architecture, recipe: &Recipe) -> Self {
        let (pooled1, pooled2) = (architecture.pooled1_positions(), architecture.pooled2_positions());
        let sizes = Sizes {
            batch: recipe.batch_windows,
            bases: pooled1 * POOL_WIDTH + KERNEL_WIDTH - 1,
            pooled1,
            pooled2,
            masks: [pooled1 * FILTERS, pooled2 * FILTERS, DENSE_UNITS[1]],
        };
        Self {
            sizes,
            dropout: recipe.dropout,
            codes: Vec::new(),
            labels: Vec::new(),
            shares: Vec::new(),
            expression: Vec::new(),
            region: Vec::new(),
            masks: [const { Vec::new() }; 3],
        }
    }

    /// Draws the next step of every network.
    pub(super) fn fill(&mut self, members: &mut [Member<'_>]) {
        let sizes = self.sizes;
        let windows = members.len() * sizes.batch;
        self.codes.clear();
        self.codes.resize(windows * sizes.bases, NO_BASE);
        for (values, width) in [
            (&mut self.labels, 1),
            (&mut self.shares, 1),
            (&mut self.expression, 1),
            (&mut self.region, REGIONS),
        ] {
            values.clear();
            values.resize(windows * width, 0.0);
        }
        for (mask, bytes) in self.masks.iter_mut().zip(sizes.mask_bytes()) {
            // What stands in places without a window is of no account.
            mask.resize(members.len() * bytes, 0);
        }
        let bytes = sizes.mask_bytes();
        let [pool1, pool2, dense2] = &mut self.masks;
        let places: Vec<Place<'_>> = self
            .codes
            .chunks_mut(sizes.batch * sizes.bases)
            .zip(self.labels.chunks_mut(sizes.batch))
            .zip(self.shares.chunks_mut(sizes.batch))
            .zip(self.expression.chunks_mut(sizes.batch))
            .zip(self.region.chunks_mut(sizes.batch * REGIONS))
            .zip(pool1.chunks_mut(bytes[0]))
            .zip(pool2.chunks_mut(bytes[1]))
            .zip(dense2.chunks_mut(bytes[2]))
            .map(|(((((((codes, labels), shares), expression), region), pool1), pool2), dense2)| Place {
                codes,
                labels,
                shares,
                expression,
                region,
                masks: [pool1, pool2, dense2],
            })
            .collect();
        let rates = self.dropout;
        members.par_iter_mut().zip(places).for_each(|(member, mut place)| place.fill(member, sizes, rates));
    }

    /// Sends what was drawn for so many networks.
    pub(super) fn to_device(
        &self,
        networks: usize,
        rates: [f64; 3],
        (kind, device): (Kind, Device),
    ) -> Result<Inputs, TchError> {
        let sizes = self.sizes;
        let (networks, batch) = (networks as i64, sizes.batch as i64);
        let floats = |values: &[f32], width: &[i64]| {
            let shape: Vec<i64> = [networks, batch].iter().chain(width).copied().collect();
            Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_device(device)?.f_to_kind(kind)
        };
        let places: [u8; 8] = std::array::from_fn(|place| 1 << place);
        let places = Tensor::f_from_slice(&places)?.f_to_device(device)?;
        let mask = |index: usize, shape: &[i64]| {
            let kept = self.masks.get(index).map(Vec::as_slice).unwrap_or_default();
            let kept = Tensor::f_from_slice(kept)?.f_to_device(device)?.f_view([networks, -1, 1])?;
            let values: i64 = shape.iter().skip(1).product();
            let kept = kept.f_bitwise_and_tensor(&places)?.f_ne(0)?.f_flatten(1, 2)?;
            let kept = kept.f_narrow(1, 0, values)?.f_reshape(shape)?;
            let multiplier = f64::from(kept_multiplier(rates.get(index).copied().unwrap_or_default()));
            Ok::<_, TchError>(Mask { kept, multiplier })
        };
        // A row for each base, and one of zeros for none.
        let one_hot = Tensor::f_eye_m(BASES as i64 + 1, BASES as i64, (kind, device))?;
        let codes = Tensor::f_from_slice(&self.codes)?.f_to_device(device)?.f_to_kind(Kind::Int)?;
        let sequence = one_hot.f_index_select(0, &codes)?.f_view([
            networks,
            batch,
            sizes.bases as i64 * BASES as i64,
        ])?;
        let filters = FILTERS as i64;
        Ok(Inputs {
            sequence,
            expression: floats(&self.expression, &[1])?,
            region: floats(&self.region, &[REGIONS as i64])?,
            labels: floats(&self.labels, &[])?,
            shares: floats(&self.shares, &[])?,
            masks: [
                mask(0, &[networks, batch, sizes.pooled1 as i64, filters])?,
                mask(1, &[networks, batch, sizes.pooled2 as i64, filters])?,
                mask(2, &[networks, batch, DENSE_UNITS[1] as i64])?,
            ],
        })
    }
}

/// Where the inputs of one network go.
struct Place<'a> {
    codes: &'a mut [u8],
    labels: &'a mut [f32],
    shares: &'a mut [f32],
    expression: &'a mut [f32],
    region: &'a mut [f32],
    masks: [&'a mut [u8]; 3],
}

impl Place<'_> {
    fn fill(&mut self, member: &mut Member<'_>, sizes: Sizes, rates: [f64; 3]) {
        let chosen = member.next_batch();
        let share = 1.0 / chosen.len() as f32;
        for (window, (example, shift)) in chosen.iter().enumerate() {
            let start = example.flank_bases.saturating_add_signed(*shift);
            let letters = example.sequence.get(start..start + sizes.bases).unwrap_or_default();
            for (out, &letter) in self.codes.iter_mut().skip(window * sizes.bases).zip(letters) {
                *out = code(letter);
            }
            let region = example.region.map(|region| window * REGIONS + region.index());
            for (values, place, value) in [
                (&mut *self.labels, window, f32::from(u8::from(example.positive))),
                (&mut *self.shares, window, share),
                (&mut *self.expression, window, example.expression),
                (&mut *self.region, region.unwrap_or(usize::MAX), 1.0),
            ] {
                if let Some(out) = values.get_mut(place) {
                    *out = value;
                }
            }
        }
        // One network alone would draw masks for its windows only.
        for ((mask, width), rate) in self.masks.iter_mut().zip(sizes.masks).zip(rates) {
            member.dropout.kept(mask, chosen.len() * width, rate);
        }
    }
}
