//! How many networks fit into memory side by side.

use crate::architecture::{Architecture, BASES, DENSE_UNITS, FILTERS, KERNEL_WIDTH, POOL_WIDTH, Parameter};
use crate::training::recipe::{Optimizer, Recipe};

/// More networks at once gain nothing: the device is busy long before, and each holds its windows on the host.
const MOST_NETWORKS: usize = 256;
/// Share of the memory that is planned for; the rest is for what libtorch keeps besides.
const PLANNED_SHARE: f64 = 0.8;

/// Memory that each network of a stack takes on the device, in bytes, as an upper estimate: weights, gradients and
/// what the rule keeps of them, and the activations of a batch.
///
/// A network of 1000 bases takes about 160 MB with the recipe `standard` (78 MB for its 3.9 million weights, the rest
/// for the activations of 16 windows): 400 fit into 80 GB, 110 into 24 GB, 25 into 6 GB.
pub fn stack_bytes(architecture: Architecture, recipe: &Recipe) -> usize {
    let parameters = architecture.parameters();
    let weights: usize = parameters.iter().map(Parameter::elements).sum();
    let largest = parameters.iter().map(Parameter::elements).max().unwrap_or_default();
    // Weights and gradients; two moments; the running mean.
    let copies = match recipe.optimizer {
        Optimizer::Sgd { .. } => 2,
        Optimizer::RmsProp { .. } | Optimizer::AdamW { .. } => 4,
    } + usize::from(recipe.average_decay.is_some());
    // An update holds the square or root of one tensor besides.
    let weight_bytes = (copies * weights + 2 * largest) * size_of::<f32>();

    let (pooled1, pooled2) = (architecture.pooled1_positions(), architecture.pooled2_positions());
    let (convolved1, convolved2) = (pooled1 * POOL_WIDTH, pooled2 * POOL_WIDTH);
    // What a convolution reads, laid out; what it makes; and the gradients of both.
    let rows1 = convolved1 * KERNEL_WIDTH * BASES;
    let rows2 = convolved2 * KERNEL_WIDTH * FILTERS;
    let floats = rows1 + 2 * rows2 + 2 * (convolved1 + convolved2) * FILTERS;
    // Pooled values: the place of the largest (8 bytes), the value, rectified, dropped, scaled, and gradients; its mask.
    let pooled = (pooled1 + pooled2) * FILTERS;
    let dense: usize = DENSE_UNITS.iter().sum();
    let window_bytes = floats * size_of::<f32>() + pooled * (8 + 7 * size_of::<f32>() + 2) + dense * 32;
    weight_bytes + recipe.batch_windows * window_bytes
}

/// Networks to train at once on a device with so much free memory, in bytes: at least 1, and at most 256.
pub fn propose_stack(architecture: Architecture, recipe: &Recipe, free_bytes: u64) -> usize {
    let bytes = stack_bytes(architecture, recipe).max(1);
    ((free_bytes as f64 * PLANNED_SHARE / bytes as f64) as usize).clamp(1, MOST_NETWORKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_fits_and_is_bounded() {
        let architecture = Architecture::new(1000, true, true).unwrap();
        let standard = Recipe::standard();
        let bytes = stack_bytes(architecture, &standard);
        assert!((130_000_000..190_000_000).contains(&bytes), "{bytes}");
        assert!(stack_bytes(architecture, &Recipe::paper()) < bytes);
        assert_eq!(propose_stack(architecture, &standard, 0), 1);
        assert_eq!(propose_stack(architecture, &standard, u64::MAX), MOST_NETWORKS);
        let some = propose_stack(architecture, &standard, 10 << 30);
        assert!(some > 1 && some * bytes < 10 << 30, "{some}");
    }
}
