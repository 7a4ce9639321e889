//! What is known about the loaded models outside the engine's thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use polaris_model::{Ensemble, Manifest};

/// The loaded models: what each needs, and under which index the engine knows it.
#[derive(Debug)]
pub(crate) struct Catalog {
    models: Vec<Manifest>,
    index: BTreeMap<String, usize>,
    cell_lines: Vec<String>,
    input_length: usize,
    all: Selection,
}

/// Models chosen by a request.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// Indices of the engine, in the order of the answer's values.
    pub(crate) models: Arc<[usize]>,
    /// For each cell line of the engine, its name if a chosen model reads its expression.
    pub(crate) expression: Vec<Option<String>>,
}

impl Catalog {
    /// Notes what an ensemble holds.
    pub(crate) fn of(ensemble: &Ensemble) -> Self {
        Self::new(ensemble.models().to_vec(), ensemble.cell_lines().to_vec(), ensemble.input_length())
    }

    /// Models in the engine's order, the cell lines whose expression the engine takes, in its order, and
    /// the length of a window in bases.
    pub(crate) fn new(models: Vec<Manifest>, cell_lines: Vec<String>, input_length: usize) -> Self {
        let index = models.iter().enumerate().map(|(index, model)| (model.id.to_string(), index)).collect();
        let none = Selection { models: Arc::default(), expression: Vec::new() };
        let mut catalog = Self { models, index, cell_lines, input_length, all: none };
        catalog.all = catalog.selection((0..catalog.models.len()).collect());
        catalog
    }

    /// Manifests in the order of the engine's indices.
    pub(crate) fn models(&self) -> &[Manifest] {
        &self.models
    }

    /// The engine's index of a model.
    pub(crate) fn index_of(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// Length of a window in bases.
    pub(crate) fn input_length(&self) -> usize {
        self.input_length
    }

    /// All models. The list is one for all who ask them, so that the engine soon sees that they ask the same.
    pub(crate) fn all(&self) -> Selection {
        self.all.clone()
    }

    /// The choice of models by their indices, which must be of this catalog.
    pub(crate) fn selection(&self, models: Vec<usize>) -> Selection {
        let reads = |cell_line: &String| {
            let chosen = models.iter().filter_map(|&index| self.models.get(index));
            chosen.filter(|model| model.architecture.expression()).any(|model| model.cell_line == *cell_line)
        };
        let expression = self.cell_lines.iter().map(|line| reads(line).then(|| line.clone())).collect();
        Selection { models: models.into(), expression }
    }

    /// The chosen manifests in the order of the selection.
    pub(crate) fn chosen<'a>(&'a self, selection: &'a Selection) -> impl Iterator<Item = &'a Manifest> {
        selection.models.iter().filter_map(|&index| self.models.get(index))
    }

    /// Ids of the chosen models, as an answer has them.
    pub(crate) fn ids(&self, selection: &Selection) -> Vec<String> {
        self.chosen(selection).map(|model| model.id.to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_all_models_shares_the_list_of_them() {
        let catalog = crate::fixtures::catalog(60);
        let (one, other) = (catalog.all(), catalog.all());
        assert!(Arc::ptr_eq(&one.models, &other.models));
        assert_eq!((one.models.to_vec(), one.expression.len()), (vec![0, 1, 2], 2));
    }
}
