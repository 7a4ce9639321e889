//! Exact effects of every single substitution, at about a fifteenth of a pass each.
//!
//! A base reaches at most 4 positions of the second pooling. Those are calculated anew from the bases that they see, and
//! the first dense layer is corrected by what they changed; everything else is the reference's.

use std::ops::Range;

use tch::{Device, TchError, Tensor};

use super::{Batch, Network, host_values, pool_and_rectify, position_major};
use crate::architecture::{BASES, FILTERS, KERNEL_WIDTH, POOL_WIDTH, pooled2_positions};
use crate::inputs::{self, InputError};

/// The most positions of the second pooling that one base reaches.
const REACH: usize = 4;
/// Alleles calculated at once: few enough for the caches.
const CHUNK_ALLELES: usize = 256;
const LETTERS: [u8; BASES] = *b"ACGT";

/// All substitutions of a window that a network can notice, ready for any network over windows of its length.
#[derive(Debug)]
pub(crate) struct Substitutions {
    /// Bases around each allele, one-hot, `[alleles, 4, bases seen]`.
    local: Tensor,
    /// Index of each allele's effect: base of the window * 4 + letter.
    places: Vec<usize>,
    /// Alleles that reach the same positions.
    groups: Vec<Group>,
    /// Positions of the second pooling that are calculated for each.
    span: usize,
    /// Bases of the window.
    length: usize,
}

#[derive(Debug)]
struct Group {
    /// First of the positions.
    first: usize,
    alleles: Range<usize>,
}

impl Substitutions {
    /// Puts each other base at each A, C, G, T of a window. N is no base to be substituted.
    pub(crate) fn of(sequence: &[u8], device: Device) -> Result<Self, InputError> {
        let positions = pooled2_positions(sequence.len());
        let span = REACH.min(positions);
        let pitch = POOL_WIDTH * POOL_WIDTH;
        // What `span` pooled positions see: the first's bases, and a pitch for each further one.
        let seen = pitch * span + POOL_WIDTH * (KERNEL_WIDTH - 1) + KERNEL_WIDTH - 1;
        let mut groups: Vec<Group> = Vec::new();
        let mut locals = Vec::new();
        let mut places = Vec::new();
        for (base, &reference) in sequence.iter().enumerate() {
            let first = first_reached(base).min(positions - span);
            let start = pitch * first;
            let Some(local) = sequence.get(start..start + seen) else { continue };
            if !LETTERS.contains(&reference) || base >= start + seen {
                continue;
            }
            if groups.last().is_none_or(|group| group.first != first) {
                groups.push(Group { first, alleles: places.len()..places.len() });
            }
            for (letter, &alternate) in LETTERS.iter().enumerate().filter(|(_, letter)| **letter != reference)
            {
                let mut local = local.to_vec();
                if let Some(changed) = local.get_mut(base - start) {
                    *changed = alternate;
                }
                locals.push(local);
                places.push(base * BASES + letter);
            }
            if let Some(group) = groups.last_mut() {
                group.alleles.end = places.len();
            }
        }
        let local = inputs::sequences(locals.iter().map(Vec::as_slice), seen, device)?;
        Ok(Self { local, places, groups, span, length: sequence.len() })
    }
}

/// First position of the second pooling that sees a base.
fn first_reached(base: usize) -> usize {
    let reach = KERNEL_WIDTH - 1;
    (base.saturating_sub(reach) / POOL_WIDTH).saturating_sub(reach) / POOL_WIDTH
}

impl Network {
    /// Logit with each base put at each position of a batch's only window minus the logit without, `[length][4]`.
    pub(crate) fn substitution_effects(
        &self,
        batch: &Batch,
        substitutions: &Substitutions,
    ) -> Result<Vec<f32>, TchError> {
        let reference = pool_and_rectify(&self.convolved(&batch.sequence, None)?)?;
        let dense1 = self.dense1(&reference)?;
        let unchanged = self.head(&dense1, batch, None)?.logits;
        let reference = position_major(&reference)?;
        let mut effects = vec![0.0; substitutions.length * BASES];
        let mut groups = substitutions.groups.as_slice();
        while let Some((first, _)) = groups.split_first() {
            let start = first.alleles.start;
            let count = groups.iter().take_while(|group| group.alleles.end - start <= CHUNK_ALLELES).count();
            let (chunk, rest) = groups.split_at(count.max(1));
            groups = rest;
            let end = chunk.last().map_or(start, |group| group.alleles.end);
            let local = substitutions.local.f_narrow(0, start as i64, (end - start) as i64)?;
            let pooled = position_major(&pool_and_rectify(&self.convolved(&local, None)?)?)?;
            let mut changed = Vec::with_capacity(chunk.len());
            for group in chunk {
                let rows =
                    pooled.f_narrow(0, (group.alleles.start - start) as i64, group.alleles.len() as i64)?;
                changed.push(self.changed_dense1(
                    &rows,
                    &reference,
                    &dense1,
                    group.first,
                    substitutions.span,
                )?);
            }
            let changed = Tensor::f_cat(&changed, 0)?;
            let rows = (end - start) as i64;
            let covariates = Batch {
                sequence: local,
                expression: batch.expression.f_expand([rows, -1], false)?,
                region: batch.region.f_expand([rows, -1], false)?,
            };
            let logits = self.head(&changed, &covariates, None)?.logits;
            let differences = host_values(&logits.f_sub(&unchanged)?)?;
            for (place, difference) in substitutions.places.iter().skip(start).zip(differences) {
                if let Some(effect) = effects.get_mut(*place) {
                    *effect = difference;
                }
            }
        }
        Ok(effects)
    }

    /// The first dense layer before its ReLU where `span` positions from `first` on hold `pooled` instead.
    fn changed_dense1(
        &self,
        pooled: &Tensor,
        reference: &Tensor,
        dense1: &Tensor,
        first: usize,
        span: usize,
    ) -> Result<Tensor, TchError> {
        let (start, inputs) = ((first * FILTERS) as i64, (span * FILTERS) as i64);
        let change = pooled.f_sub(&reference.f_narrow(1, start, inputs)?)?;
        let weight = self.layers.dense1.weight.f_flatten(1, 2)?.f_narrow(1, start, inputs)?;
        dense1.f_addmm(&change, &weight.f_transpose(0, 1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::activation_maps::fixtures::{batch, network, sequence};

    /// A pass for each allele, with nothing shared.
    fn one_by_one(network: &Network, sequence: &[u8]) -> Vec<f32> {
        let logit =
            |sequence: &[u8]| host_values(&network.logits(&batch(&[sequence]), None).unwrap()).unwrap()[0];
        let unchanged = logit(sequence);
        let mut effects = Vec::new();
        for base in 0..sequence.len() {
            for letter in LETTERS {
                let mut changed = sequence.to_vec();
                changed[base] = letter;
                let counts = sequence[base] != b'N' && letter != sequence[base];
                effects.push(if counts { logit(&changed) - unchanged } else { 0.0 });
            }
        }
        effects
    }

    #[test]
    fn effects_are_those_of_whole_passes() {
        let _no_grad = tch::no_grad_guard();
        // The shortest; one with fewer pooled positions than a base can reach; N at the ends; bases beyond the last pool.
        for (length, seed) in [(59, 1), (91, 2), (107, 3), (151, 4), (166, 5)] {
            let network = network(length, seed);
            let mut sequence = sequence(length, seed);
            sequence[..3].fill(b'N');
            let substitutions = Substitutions::of(&sequence, Device::Cpu).unwrap();
            let found = network.substitution_effects(&batch(&[&sequence]), &substitutions).unwrap();
            let expected = one_by_one(&network, &sequence);
            assert_eq!(found.len(), expected.len());
            let largest = expected.iter().fold(0f32, |largest, effect| largest.max(effect.abs()));
            assert!(largest > 1e-3, "{length}: {largest}");
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!((found - expected).abs() < 2e-6, "{length} {index}: {found} {expected}");
            }
        }
    }

    #[test]
    fn nothing_to_substitute_in_n() {
        let _no_grad = tch::no_grad_guard();
        let network = network(60, 1);
        let sequence = [b'N'; 60];
        let substitutions = Substitutions::of(&sequence, Device::Cpu).unwrap();
        let effects = network.substitution_effects(&batch(&[&sequence]), &substitutions).unwrap();
        assert_eq!(effects, [0.0; 240]);
    }
}
