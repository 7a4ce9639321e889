//! The weights of a stack, a tensor for each parameter with the network as first dimension.

use tch::{Device, Kind, TchError, Tensor};

use super::member::Member;
use crate::architecture::Architecture;
use crate::network::{NetworkError, host_values};
use crate::training::optimizer::average_decay;
use crate::training::recipe::Recipe;
use crate::weights::Weights;

#[derive(Debug)]
pub(super) struct StackedWeights {
    /// In the order of [`Architecture::parameters`].
    pub(super) tensors: Vec<Tensor>,
}

impl StackedWeights {
    /// First weights, each network's from its own seed.
    pub(super) fn initial(
        architecture: Architecture,
        members: &[Member<'_>],
        recipe: &Recipe,
        options: (Kind, Device),
    ) -> Result<Self, TchError> {
        let mut each: Vec<_> =
            members.iter().map(|member| member.first_weights(architecture, recipe).into_iter()).collect();
        let mut tensors = Vec::new();
        for parameter in architecture.parameters() {
            let values: Vec<f32> = each.iter_mut().filter_map(Iterator::next).flatten().collect();
            let sizes = parameter.shape.iter().map(|&size| size as i64);
            let shape: Vec<i64> = std::iter::once(members.len() as i64).chain(sizes).collect();
            let tensor = Tensor::f_from_slice(&values)?
                .f_reshape(shape)?
                .f_to_kind(options.0)?
                .f_to_device(options.1)?;
            tensors.push(tensor.f_set_requires_grad(true)?);
        }
        Ok(Self { tensors })
    }

    /// The same numbers in memory of their own, not to be differentiated by.
    pub(super) fn detached_copy(&self) -> Result<Self, TchError> {
        Ok(Self {
            tensors: self.tensors.iter().map(|tensor| tensor.f_detach_copy()).collect::<Result<_, _>>()?,
        })
    }

    /// Keeps the first so many networks.
    pub(super) fn shrink(&mut self, networks: usize) -> Result<(), TchError> {
        for tensor in &mut self.tensors {
            let differentiated = tensor.requires_grad();
            let first = tensor.f_detach()?.f_narrow(0, 0, networks as i64)?;
            *tensor = first.f_set_requires_grad(differentiated)?;
        }
        Ok(())
    }

    /// Moves a running mean of weights towards them, after so many steps.
    pub(super) fn approach(&mut self, weights: &Self, decay: f64, steps: usize) -> Result<(), TchError> {
        let _no_grad = tch::no_grad_guard();
        let decay = average_decay(decay, steps);
        for (average, weight) in self.tensors.iter_mut().zip(&weights.tensors) {
            let _ = average.f_lerp_(&weight.f_detach()?, 1.0 - decay)?;
        }
        Ok(())
    }

    /// One network's weights.
    pub(super) fn of(&self, architecture: Architecture, network: usize) -> Result<Weights, NetworkError> {
        let values = |tensor: &Tensor| host_values(&tensor.f_select(0, network as i64)?);
        let tensors = self.tensors.iter().map(values).collect::<Result<Vec<_>, TchError>>()?;
        Ok(Weights::new(architecture, tensors)?)
    }
}
