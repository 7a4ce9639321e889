//! Alternates calculated from the pass of their window: exactly, and for a small part of what a pass costs.
//!
//! A base changes at most 3 of the 248 positions of the first pooling. What they change by, times the kernel of the second
//! convolution, is what its positions change by; pooled again, and subtracted from the pooling of the window, that is what
//! the first dense layer's inputs change by, at 3 or 4 of its 60 positions. Alternates that reach the same positions read
//! the same slice of its weights, which are most of a model, so they are one product.

use std::ops::Range;

use tch::{Kind, TchError, Tensor};

use super::inputs::ClassInputs;
use super::layout::{POOL, WIDTH};
use super::pass::Activations;
use super::weights::StackedWeights;

/// What alternates start from.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) activations: Activations,
    /// `[models, windows, positions, channels]`.
    pub(super) pooled2: Tensor,
    /// Before the ReLU, `[models, windows, 600]`.
    pub(super) dense1: Tensor,
    /// `[models, windows]`.
    pub(super) covariates: Tensor,
}

impl StackedWeights {
    /// Logits of some alternates of a class, `[models, alternates]`.
    pub(super) fn alternates(
        &self,
        origin: &Origin,
        class: &ClassInputs,
        range: Range<i64>,
    ) -> Result<Tensor, TchError> {
        let count = range.end - range.start;
        let pass = class.pass.f_narrow(0, range.start, count)?;
        let mut dense1 = origin.dense1.f_index_select(1, &pass)?;
        self.change_dense1(&mut dense1, &self.pooled2_changes(origin, class, &range)?, class, &range)?;
        let covariates = origin.covariates.f_index_select(1, &pass)?;
        self.dense(&dense1)?.output.f_add(&covariates)
    }

    /// What the second pooling changes by, `[models, alternates, reached, channels]`.
    fn pooled2_changes(
        &self,
        origin: &Origin,
        class: &ClassInputs,
        range: &Range<i64>,
    ) -> Result<Tensor, TchError> {
        let (start, count) = (range.start, range.end - range.start);
        let (models, channels) = (self.models()?, self.layout.channels);
        let of_each = |tensor: &Tensor, rows: i64| tensor.f_narrow(0, start * rows, count * rows);

        let pooled1 = self.pooled1(&of_each(&class.bases, class.changed * POOL)?, 0)?;
        let before =
            origin.activations.pooled1.f_index_select(1, &of_each(&class.pooled1, class.changed)?)?;
        let taps = pooled1.f_sub(&before)?.f_bmm(&self.conv2_taps)?;
        let taps = taps.f_view([models, count, class.changed, WIDTH, channels])?;

        // 32-bit, so that what does not change stays the same number.
        let before = of_each(&class.conv2, class.reached * POOL)?;
        let conv2 = origin.activations.conv2.f_index_select(1, &before)?.f_to_kind(Kind::Float)?;
        let conv2 = conv2.f_view([models, count, class.reached * POOL, channels])?;
        for position in 0..class.changed {
            let mut reached = conv2.f_narrow(2, class.lead + position, WIDTH)?;
            let _ = reached.f_add_(&taps.f_select(2, position)?)?;
        }
        let conv2 = conv2.f_to_kind(self.layout.kind)?;
        let mut pooled2 = self.pool2(&conv2.f_view([models, count, class.reached, POOL, channels])?)?;
        let before = origin.pooled2.f_flatten(1, 2)?;
        let before = before.f_index_select(1, &of_each(&class.pooled2, class.reached)?)?;
        pooled2.f_sub_(&before.f_view([models, count, class.reached, channels])?)
    }

    /// Corrects the first dense layer of alternates, `[models, alternates, 600]`, by what its inputs change by.
    fn change_dense1(
        &self,
        dense1: &mut Tensor,
        changes: &Tensor,
        class: &ClassInputs,
        range: &Range<i64>,
    ) -> Result<(), TchError> {
        let (models, channels) = (self.models()?, self.layout.channels);
        for group in &class.groups {
            let start = group.alternates.start.max(range.start);
            let count = group.alternates.end.min(range.end) - start;
            let first = group.first2.max(0);
            let positions = (group.first2 + class.reached).min(self.layout.pooled2 as i64) - first;
            if count <= 0 || positions <= 0 {
                continue;
            }
            let changes = changes.f_narrow(1, start - range.start, count)?;
            let changes = changes.f_narrow(2, first - group.first2, positions)?;
            let changes = changes.f_reshape([models, count, positions * channels])?;
            let weights = self.dense1.f_narrow(2, first * channels, positions * channels)?;
            let change = changes.f_bmm(&weights.f_transpose(1, 2)?)?;
            let _ = dense1.f_narrow(1, start - range.start, count)?.f_add_(&change)?;
        }
        Ok(())
    }
}
