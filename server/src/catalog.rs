//! What is known about the loaded models outside the engine's thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use polaris_model::{Ensemble, Manifest};
use sha2::{Digest, Sha256};

/// The loaded models: what each needs, and under which index the engine knows it.
#[derive(Debug)]
pub(crate) struct Catalog {
    models: Vec<Manifest>,
    /// Indices of those that are meant where no version is named, by id.
    current: Vec<usize>,
    /// By id, and by id and version.
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
    /// What the answer calls them: as they were asked.
    pub(crate) names: Arc<[String]>,
    /// For each cell line of the engine, its name if a chosen model reads its expression.
    pub(crate) expression: Vec<Option<String>>,
}

impl Catalog {
    /// Notes what an ensemble holds, and the indices of what is meant where no version is named, by id.
    pub(crate) fn of(ensemble: &Ensemble, current: Vec<usize>) -> Self {
        let (models, cell_lines) = (ensemble.models().to_vec(), ensemble.cell_lines().to_vec());
        Self::new(models, current, cell_lines, ensemble.input_length())
    }

    /// Models in the engine's order, the indices of those that are meant where no version is named, the cell lines whose
    /// expression the engine takes, in its order, and the length of a window in bases.
    pub(crate) fn new(
        models: Vec<Manifest>,
        current: Vec<usize>,
        cell_lines: Vec<String>,
        input_length: usize,
    ) -> Self {
        let mut index: BTreeMap<String, usize> =
            models.iter().enumerate().map(|(index, model)| (versioned(model), index)).collect();
        let of_current = |&place: &usize| Some((models.get(place)?.id.to_string(), place));
        let names: BTreeMap<String, usize> = current.iter().filter_map(of_current).collect();
        let (names_of_all, all) = names.clone().into_iter().unzip();
        index.extend(names);
        let none = Selection { models: Arc::default(), names: Arc::default(), expression: Vec::new() };
        let mut catalog = Self { models, current, index, cell_lines, input_length, all: none };
        catalog.all = catalog.selection(all, names_of_all);
        catalog
    }

    /// Manifests of all versions.
    pub(crate) fn models(&self) -> &[Manifest] {
        &self.models
    }

    /// Manifests of what is meant where no version is named, by id.
    pub(crate) fn current(&self) -> impl Iterator<Item = &Manifest> {
        self.current.iter().filter_map(|&index| self.models.get(index))
    }

    /// The engine's index of a model, named by its id or by id and version.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The manifest of a model, named by its id or by id and version.
    pub(crate) fn model(&self, name: &str) -> Option<&Manifest> {
        self.models.get(self.index_of(name)?)
    }

    /// All names that models are asked by.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.index.keys()
    }

    /// SHA-256 over the lines `<id>@<version>:<sha256>` of all models, sorted, in hexadecimal.
    pub(crate) fn digest(&self) -> String {
        let mut lines: Vec<String> = self
            .models
            .iter()
            .map(|model| format!("{}:{}\n", versioned(model), model.model_sha256))
            .collect();
        lines.sort();
        let digest = Sha256::digest(lines.concat());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Length of a window in bases.
    pub(crate) fn input_length(&self) -> usize {
        self.input_length
    }

    /// All models. The list is one for all who ask them, so that the engine soon sees that they ask the same.
    pub(crate) fn all(&self) -> Selection {
        self.all.clone()
    }

    /// The choice of models by their indices, which must be of this catalog, and what the answer calls them.
    pub(crate) fn selection(&self, models: Vec<usize>, names: Vec<String>) -> Selection {
        let reads = |cell_line: &String| {
            let chosen = models.iter().filter_map(|&index| self.models.get(index));
            chosen.filter(|model| model.architecture.expression()).any(|model| model.cell_line == *cell_line)
        };
        let expression = self.cell_lines.iter().map(|line| reads(line).then(|| line.clone())).collect();
        Selection { models: models.into(), names: names.into(), expression }
    }

    /// The chosen manifests in the order of the selection.
    pub(crate) fn chosen<'a>(&'a self, selection: &'a Selection) -> impl Iterator<Item = &'a Manifest> {
        selection.models.iter().filter_map(|&index| self.models.get(index))
    }
}

/// A model's id and version.
fn versioned(model: &Manifest) -> String {
    format!("{}@{}", model.id, model.version)
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

    #[test]
    fn a_version_is_asked_by_its_name_and_a_canary_by_that_of_the_model() {
        let model = |version: &str| Manifest {
            version: version.to_owned(),
            ..crate::fixtures::manifest("QKI.K562", 60, true)
        };
        let models = vec![model("one"), model("two")];
        let catalog = |current| Catalog::new(models.clone(), vec![current], vec!["K562".to_owned()], 60);
        let plain = catalog(0);
        let index = |name: &str| plain.index_of(name);
        assert_eq!((index("QKI.K562"), index("QKI.K562@one")), (Some(0), Some(0)));
        assert_eq!((index("QKI.K562@two"), index("QKI.K562@three")), (Some(1), None));
        assert_eq!(
            (plain.all().models.to_vec(), plain.all().names.to_vec()),
            (vec![0], vec!["QKI.K562".to_owned()])
        );
        let canary = catalog(1);
        assert_eq!((canary.index_of("QKI.K562"), canary.all().models.to_vec()), (Some(1), vec![1]));
        // `printf 'QKI.K562@one:00...00\nQKI.K562@two:00...00\n' | sha256sum`
        assert_eq!(plain.digest(), canary.digest());
        let expected = Sha256::digest(
            ["one", "two"].map(|version| format!("QKI.K562@{version}:{}\n", "00".repeat(32))).concat(),
        );
        assert_eq!(plain.digest(), expected.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
}
