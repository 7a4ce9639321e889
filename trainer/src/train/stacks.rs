//! Which networks are trained together.

use polaris_model::Architecture;
use polaris_model::training::propose_stack;

use super::plan::{Plan, Task};

/// Networks at once where a GPU does not say how much memory it has: 2.5 GB of 1000 bases.
const UNKNOWN_MEMORY_STACK: usize = 16;

/// Tasks that are trained together, as indices; those of a model stay as near to each other as can be, so that it is
/// published as early as can be.
pub(super) fn units(plan: &Plan, tasks: &[(usize, Task<'_>)]) -> Vec<Vec<usize>> {
    if !plan.stacked() {
        return (0..tasks.len()).map(|task| vec![task]).collect();
    }
    let mut architectures: Vec<(Architecture, Vec<usize>)> = Vec::new();
    for (index, (_, task)) in tasks.iter().enumerate() {
        let architecture = task.dataset.architecture;
        match architectures.iter_mut().find(|(known, _)| *known == architecture) {
            Some((_, members)) => members.push(index),
            None => architectures.push((architecture, vec![index])),
        }
    }
    let mut units = Vec::new();
    for (architecture, mut members) in architectures {
        // Networks of about as many steps: one that is done early leaves room unused. The sort is stable.
        members.sort_by_key(|&index| {
            std::cmp::Reverse(tasks.get(index).map_or(0, |(_, task)| task.dataset.windows.len()))
        });
        let size = size(plan, architecture);
        // Stacks of about the same size rather than a small one at the end.
        let stacks = members.len().div_ceil(size).max(1);
        let even = members.len().div_ceil(stacks).max(1);
        units.extend(members.chunks(even).map(<[usize]>::to_vec));
    }
    units
}

fn size(plan: &Plan, architecture: Architecture) -> usize {
    plan.stack.unwrap_or_else(|| match plan.device.free_bytes() {
        Some(bytes) => propose_stack(architecture, &plan.recipe, bytes / plan.jobs.max(1) as u64),
        None => UNKNOWN_MEMORY_STACK,
    })
}
