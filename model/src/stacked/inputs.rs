//! Chunks of a plan on the device.

use std::ops::Range;

use tch::{Device, Kind, TchError, Tensor};

use super::layout::{Layout, POOL, SEEN_BASES};
use super::plan::{Chunk, Class, NO_BASE, Pass};
use super::reach::seen_bases;
use crate::architecture::{BASES, KERNEL_WIDTH, POOL_WIDTH, REGIONS};

/// A chunk as all models read it.
#[derive(Debug)]
pub(super) struct ChunkInputs {
    /// How many passes there are.
    pub(super) passes: i64,
    /// How many alternates there are.
    pub(super) alternates: i64,
    /// What each position of the first convolution reads, `[passes * 4 * pitch, conv1 inputs]`.
    pub(super) bases: Tensor,
    /// `[passes, 1 + columns]`; column 0 holds 0.
    pub(super) expression: Tensor,
    /// `[passes, 6]`, one-hot.
    pub(super) region: Tensor,
    pub(super) classes: Vec<ClassInputs>,
}

/// Alternates that are calculated alike.
#[derive(Debug)]
pub(super) struct ClassInputs {
    /// Positions of the first pooling that each changes.
    pub(super) changed: i64,
    /// Positions of the second convolution before the reached ones that share a position of the second pooling.
    pub(super) lead: i64,
    /// Positions of the second pooling that are calculated for each.
    pub(super) reached: i64,
    /// How many alternates there are.
    pub(super) count: i64,
    /// What each changed position of the first convolution reads, `[count * 4 * changed, conv1 inputs]`.
    pub(super) bases: Tensor,
    /// The pass of each, `[count]`.
    pub(super) pass: Tensor,
    /// Where its pass has the changed positions of the first pooling, `[count * changed]`.
    pub(super) pooled1: Tensor,
    /// Where its pass has the second convolution of the reached positions, `[count * reached * 4]`.
    pub(super) conv2: Tensor,
    /// Where its pass has the reached positions of the second pooling, `[count * reached]`.
    pub(super) pooled2: Tensor,
    /// Alternates that reach the same positions.
    pub(super) groups: Vec<Group>,
}

/// Alternates that read the same slice of the first dense layer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Group {
    /// First position of the second pooling; it may lie before the window.
    pub(super) first2: i64,
    pub(super) alternates: Range<i64>,
}

impl ChunkInputs {
    /// Sends a chunk to the device, which may still be busy with another.
    pub(super) fn of(
        chunk: &Chunk<'_>,
        layout: &Layout,
        columns: usize,
        device: Device,
    ) -> Result<Self, TchError> {
        let passes = &chunk.passes;
        let length = seen_bases(layout.pitch);
        let codes = passes
            .iter()
            .flat_map(|pass| pass.codes.iter().copied().chain(std::iter::repeat(NO_BASE)).take(length));
        let bases = unfold(&codes.collect::<Vec<u8>>(), passes.len(), layout.pitch, layout, device)?;
        let expression: Vec<f32> = passes.iter().flat_map(|pass| expression(pass, columns)).collect();
        let expression = Tensor::f_from_slice(&expression)?.f_reshape([-1, columns as i64 + 1])?;
        let region: Vec<f32> = passes.iter().flat_map(region).collect();
        let region = Tensor::f_from_slice(&region)?.f_reshape([-1, REGIONS as i64])?;
        let classes = chunk.classes.iter().map(|class| ClassInputs::of(class, layout, device));
        let classes = classes.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            passes: passes.len() as i64,
            alternates: classes.iter().map(|class| class.count).sum(),
            bases,
            expression: upload(&expression, device)?,
            region: upload(&region, device)?,
            classes,
        })
    }
}

fn expression(pass: &Pass<'_>, columns: usize) -> impl Iterator<Item = f32> {
    std::iter::once(0.0).chain(pass.expression.iter().copied()).take(columns + 1)
}

fn region(pass: &Pass<'_>) -> [f32; REGIONS] {
    let index = pass.region.map(|region| region.index());
    std::array::from_fn(|class| f32::from(u8::from(Some(class) == index)))
}

impl ClassInputs {
    fn of(class: &Class, layout: &Layout, device: Device) -> Result<Self, TchError> {
        let alternates = &class.alternates;
        let codes: Vec<u8> =
            alternates.iter().flat_map(|alternate| alternate.codes.iter().copied()).collect();
        let reached = (class.lead + class.changed + KERNEL_WIDTH - 1).div_ceil(POOL_WIDTH) as i64;
        let numbers: Vec<i64> = alternates
            .iter()
            .flat_map(|alternate| {
                [alternate.pass as i64, alternate.reach.first1 as i64, alternate.reach.first2()]
            })
            .collect();
        let numbers = upload(&Tensor::f_from_slice(&numbers)?.f_reshape([-1, 3])?, device)?;
        let column = |index| numbers.f_narrow(1, index, 1);
        let (pass, first1, first2) = (column(0)?, column(1)?, column(2)?);
        // Positions that lie outside the window are never used; they only must exist.
        let places = |first: &Tensor, count: i64, pitch: usize| {
            let positions = first.f_add(&Tensor::f_arange(count, (Kind::Int64, device))?)?;
            let positions = positions.f_clamp(0, pitch as i64 - 1)?;
            pass.f_mul_scalar(pitch as i64)?.f_add(&positions)?.f_flatten(0, 1)
        };
        Ok(Self {
            changed: class.changed as i64,
            lead: class.lead as i64,
            reached,
            count: alternates.len() as i64,
            bases: unfold(&codes, alternates.len(), class.changed, layout, device)?,
            pooled1: places(&first1, class.changed as i64, layout.pitch)?,
            conv2: places(&first2.f_mul_scalar(POOL)?, reached * POOL, layout.pitch)?,
            pooled2: places(&first2, reached, layout.pooled2)?,
            pass: pass.f_flatten(0, 1)?,
            groups: groups(class),
        })
    }
}

fn groups(class: &Class) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, alternate) in (0..).zip(&class.alternates) {
        let first2 = alternate.reach.first2();
        match groups.last_mut() {
            Some(group) if group.first2 == first2 => group.alternates.end = index + 1,
            _ => groups.push(Group { first2, alternates: index..index + 1 }),
        }
    }
    groups
}

/// What the first convolution reads at each position, `[sequences * 4 * pooled1, conv1 inputs]`, of sequences as long as
/// `pooled1` positions of the first pooling see.
fn unfold(
    codes: &[u8],
    sequences: usize,
    pooled1: usize,
    layout: &Layout,
    device: Device,
) -> Result<Tensor, TchError> {
    let (sequences, length, bases) = (sequences as i64, seen_bases(pooled1) as i64, BASES as i64);
    let codes = upload(&Tensor::f_from_slice(codes)?.f_reshape([sequences, length, 1])?, device)?;
    let letters = Tensor::f_arange(bases, (Kind::Uint8, device))?;
    let one_hot = codes.f_eq_tensor(&letters)?.f_to_kind(layout.kind)?;
    let positions = pooled1 as i64 * POOL;
    let seen =
        one_hot.f_as_strided([sequences, positions, SEEN_BASES], [length * bases, bases, 1], None::<i64>)?;
    let options = (layout.kind, device);
    let unfolded = Tensor::f_zeros([sequences, positions, layout.conv1_inputs], options)?;
    unfolded.f_narrow(2, 0, SEEN_BASES)?.f_copy_(&seen)?;
    let _ = unfolded.f_narrow(2, SEEN_BASES, 1)?.f_fill_(1.0)?;
    unfolded.f_flatten(0, 1)
}

/// Sends values to a device without waiting for it. The copy starts from page-locked memory, which libtorch does not
/// use for anything else before the device has read it.
fn upload(values: &Tensor, device: Device) -> Result<Tensor, TchError> {
    if !device.is_cuda() {
        return Ok(values.shallow_clone());
    }
    values.f_internal_pin_memory(device)?.f_to_device_(device, values.f_kind()?, true, false)
}
