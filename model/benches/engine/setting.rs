//! What is measured: models and windows.

use std::path::{Path, PathBuf};

use polaris_model::{
    Architecture, EngineOptions, Ensemble, ModelId, Precision, Registry, Substitution, Weights, WindowInput,
};

use crate::record;

const LENGTH: usize = 1000;
/// Substitutions of each window, where many are measured.
const ALLELES: usize = 12;

pub(crate) struct Setting {
    pub(crate) models: usize,
    pub(crate) windows: usize,
    pub(crate) rounds: usize,
    pub(crate) threads: usize,
    /// Only predictions.
    pub(crate) predict: bool,
    /// Predictions and maps.
    pub(crate) maps: bool,
    fill: bool,
    given: Option<PathBuf>,
}

impl Setting {
    pub(crate) fn from_arguments() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let numbers: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
        let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default).max(1);
        let given = arguments.iter().position(|argument| argument == "--registry");
        Self {
            models: number(0, 160),
            windows: number(1, 64),
            rounds: number(2, 5),
            threads: EngineOptions::default().threads,
            predict: arguments.iter().any(|argument| argument == "--predict"),
            maps: arguments.iter().any(|argument| argument == "--maps"),
            fill: arguments.iter().any(|argument| argument == "--fill"),
            given: given.and_then(|index| arguments.get(index + 1)).map(PathBuf::from),
        }
    }

    /// The registry that is given, or one in `folder` with weights from a formula.
    pub(crate) fn registry(&self, folder: &Path) -> Registry {
        let registry = match &self.given {
            Some(folder) if self.fill => Registry::create(folder).unwrap(),
            Some(folder) => return Registry::open(folder).unwrap(),
            None => Registry::create(folder).unwrap(),
        };
        let architecture = Architecture::new(LENGTH, true, true).unwrap();
        for seed in 0..self.models {
            let id: ModelId = format!("M{seed}.K562").parse().unwrap();
            registry
                .publish(&id, &Weights::from_formula(architecture, seed as u64), record::record())
                .unwrap();
        }
        registry
    }

    /// The first models of a registry, as many as are asked for.
    pub(crate) fn chosen(&self, registry: &Registry) -> Vec<ModelId> {
        registry.model_ids().unwrap().into_iter().take(self.models).collect()
    }

    pub(crate) fn load(&self, registry: &Registry, precision: Precision) -> Ensemble {
        let ids = self.chosen(registry);
        let options = EngineOptions { precision, ..EngineOptions::default() };
        Ensemble::load(registry, &ids, options, &mut |_| ()).unwrap()
    }

    /// Bytes of the models' weights as 32-bit floats.
    pub(crate) fn weight_bytes(&self, registry: &Registry) -> f64 {
        let elements = |id: &ModelId| {
            let parameters = registry.manifest(id).unwrap().architecture.parameters();
            parameters.iter().map(polaris_model::Parameter::elements).sum::<usize>()
        };
        self.chosen(registry).iter().map(|id| (elements(id) * size_of::<f32>()) as f64).sum()
    }

    /// Windows of bases that follow no pattern.
    pub(crate) fn windows(&self, ensemble: &Ensemble) -> Vec<WindowInput> {
        (0..self.windows)
            .map(|window| {
                let mut random = Random(window as u64);
                WindowInput {
                    sequence: (0..ensemble.input_length()).map(|_| b"ACGT"[random.below(4)]).collect(),
                    region: None,
                    expression: vec![1.0; ensemble.cell_lines().len()],
                    substitutions: Vec::new(),
                }
            })
            .collect()
    }
}

/// The same windows with another base at some places of each, which `places` gives by index and length.
pub(crate) fn substituted(
    windows: &[WindowInput],
    places: impl Fn(usize, usize) -> Vec<usize>,
) -> Vec<WindowInput> {
    let change = |window: &WindowInput, offset0: usize| {
        let base = if window.sequence[offset0] == b'A' { b'C' } else { b'A' };
        Substitution { offset0, bases: vec![base] }
    };
    windows
        .iter()
        .enumerate()
        .map(|(index, window)| WindowInput {
            substitutions: places(index, window.sequence.len())
                .into_iter()
                .map(|place| change(window, place))
                .collect(),
            ..window.clone()
        })
        .collect()
}

/// Places all over a window.
pub(crate) fn random_alleles(window: usize, length: usize) -> Vec<usize> {
    let mut random = Random(1 << 32 | window as u64);
    (0..ALLELES).map(|_| random.below(length)).collect()
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize * limit) >> 31
    }
}
