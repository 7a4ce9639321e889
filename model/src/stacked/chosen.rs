//! Which models are asked, and how they are taken together.

use tch::{Device, TchError, Tensor};

use crate::ensemble::EngineError;

/// The models of a call: each once, sorted, and where each requested column finds its model among them.
#[derive(Debug)]
pub(super) struct Chosen {
    models: Vec<usize>,
    /// Index into `models` for each requested column.
    columns: Vec<usize>,
}

/// Models that are calculated at once.
#[derive(Debug)]
pub(super) struct ModelChunk {
    /// Index of the first among the chosen models.
    pub(super) start: i64,
    /// How many there are.
    pub(super) count: i64,
    pub(super) source: Source,
}

/// Where their weights are.
#[derive(Debug)]
pub(super) enum Source {
    /// Side by side.
    Run { first: i64, count: i64 },
    /// Here and there: their indices, 64-bit integers on the device.
    Picked(Tensor),
}

impl Chosen {
    /// # Errors
    /// If an index is not below `count`.
    pub(super) fn of(requested: &[usize], count: usize) -> Result<Self, EngineError> {
        if let Some(&index) = requested.iter().find(|&&index| index >= count) {
            return Err(EngineError::Model { index, models: count });
        }
        let mut models = requested.to_vec();
        models.sort_unstable();
        models.dedup();
        let columns = requested.iter().filter_map(|model| models.binary_search(model).ok()).collect();
        Ok(Self { models, columns })
    }

    /// How many models are calculated.
    pub(super) fn count(&self) -> usize {
        self.models.len()
    }

    /// Splits the models so that not more than `side_by_side` are taken at once, or `picked` where their weights have
    /// to be copied together.
    pub(super) fn chunks(
        &self,
        side_by_side: usize,
        picked: usize,
        device: Device,
    ) -> Result<Vec<ModelChunk>, TchError> {
        let mut chunks = Vec::new();
        let mut rest = self.models.as_slice();
        while let Some(&first) = rest.first() {
            let start = (self.models.len() - rest.len()) as i64;
            let (whole, others) = rest.split_at(even_share(rest.len(), side_by_side));
            if whole.last().is_some_and(|&last| last - first + 1 == whole.len()) {
                let count = whole.len() as i64;
                chunks.push(ModelChunk { start, count, source: Source::Run { first: first as i64, count } });
                rest = others;
                continue;
            }
            let (some, others) = rest.split_at(even_share(rest.len(), picked));
            let indices: Vec<i64> = some.iter().map(|&model| model as i64).collect();
            let source = Source::Picked(Tensor::f_from_slice(&indices)?.f_to_device(device)?);
            chunks.push(ModelChunk { start, count: some.len() as i64, source });
            rest = others;
        }
        Ok(chunks)
    }

    /// Puts values of the calculated models, `[models][rows][width]`, where they are asked for,
    /// `[rows][columns][width]`. `places` has the row of each; `None` is not asked for.
    pub(super) fn scatter(&self, values: &[f32], width: usize, places: &[Option<usize>], out: &mut [f32]) {
        let model_values = places.len() * width;
        for (row, place) in places.iter().enumerate() {
            let Some(place) = place else { continue };
            for (column, model) in self.columns.iter().enumerate() {
                let from = model * model_values + row * width;
                let to = (place * self.columns.len() + column) * width;
                if let (Some(from), Some(to)) = (values.get(from..from + width), out.get_mut(to..to + width))
                {
                    to.copy_from_slice(from);
                }
            }
        }
    }
}

/// The first of as few shares of `count` as have at most `limit` each, all about as large.
pub(super) fn even_share(count: usize, limit: usize) -> usize {
    count.div_ceil(count.div_ceil(limit.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(requested: &[usize], side_by_side: usize, picked: usize) -> Vec<(i64, i64, bool)> {
        let chosen = Chosen::of(requested, 10).unwrap();
        let chunks = chosen.chunks(side_by_side, picked, Device::Cpu).unwrap();
        let is_run = |chunk: &ModelChunk| matches!(chunk.source, Source::Run { .. });
        chunks.iter().map(|chunk| (chunk.start, chunk.count, is_run(chunk))).collect()
    }

    #[test]
    fn models_side_by_side_are_not_copied() {
        assert_eq!(described(&[3, 1, 2, 0, 2], 8, 1), [(0, 4, true)]);
        assert_eq!(described(&[0, 1, 2, 3, 4], 3, 1), [(0, 3, true), (3, 2, true)]);
        assert_eq!(described(&[0, 2, 4, 6], 8, 3), [(0, 2, false), (2, 2, false)]);
        assert_eq!(described(&[], 8, 3), []);
        assert_eq!(described(&[9, 1], 0, 0), [(0, 1, true), (1, 1, true)]);
    }

    #[test]
    fn values_go_where_they_are_asked_for() {
        let chosen = Chosen::of(&[5, 2, 5], 6).unwrap();
        assert_eq!(chosen.count(), 2);
        // Model 2, then model 5; three rows of two values, the second not asked for.
        let values: Vec<f32> = (0..12u8).map(f32::from).collect();
        let mut out = vec![-1.0; 12];
        chosen.scatter(&values, 2, &[Some(1), None, Some(0)], &mut out);
        assert_eq!(out, [10.0, 11.0, 4.0, 5.0, 10.0, 11.0, 6.0, 7.0, 0.0, 1.0, 6.0, 7.0]);
        assert!(matches!(Chosen::of(&[1, 6], 6), Err(EngineError::Model { index: 6, models: 6 })));
    }

    #[test]
    fn shares_are_even() {
        assert_eq!(
            [even_share(129, 128), even_share(160, 13), even_share(5, 9), even_share(0, 9)],
            [65, 13, 5, 0]
        );
    }
}
