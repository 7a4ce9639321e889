//! The other ways of doing the same.

use std::time::Instant;

use polaris_model::{Ensemble, MODEL_FILE, Registry, WindowInput};
use tch::{CModule, Device, Kind, Tensor};

/// A module for each model.
pub(crate) struct Torch {
    modules: Vec<CModule>,
    expression: Vec<Option<usize>>,
}

impl Torch {
    pub(crate) fn load(registry: &Registry, ensemble: &Ensemble, threads: usize) -> Self {
        polaris_model::set_threads(threads);
        let path = |manifest: &polaris_model::Manifest| {
            registry.directory().join(manifest.id.to_string()).join(&manifest.version).join(MODEL_FILE)
        };
        let column = |manifest: &polaris_model::Manifest| {
            ensemble.cell_lines().iter().position(|line| *line == manifest.cell_line)
        };
        Self {
            modules: ensemble.models().iter().map(|model| CModule::load(path(model)).unwrap()).collect(),
            expression: ensemble.models().iter().map(column).collect(),
        }
    }

    /// Probabilities `[windows][models]`.
    pub(crate) fn probabilities(&self, windows: &[WindowInput], models: &[usize]) -> Vec<f32> {
        let answer = |model: usize| {
            let inputs = self.inputs(windows, model, Kind::Float);
            self.modules[model].forward_ts(&inputs).unwrap()
        };
        values(&tch::no_grad(|| models.iter().map(|&model| answer(model)).collect::<Vec<_>>()))
    }

    /// Probabilities of the first `most` models, calculated in float64.
    pub(crate) fn exact_probabilities(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        most: usize,
    ) -> Vec<f32> {
        let answer = |model: usize| {
            let mut stream = Vec::new();
            let path = std::env::temp_dir().join(format!("polaris-bench-{}-{model}.pt", std::process::id()));
            self.modules[model].save(&path).unwrap();
            stream.extend(std::fs::read(&path).unwrap());
            std::fs::remove_file(&path).unwrap();
            let mut module = CModule::load_data(&mut stream.as_slice()).unwrap();
            module.to(Device::Cpu, Kind::Double, false);
            module.forward_ts(&self.inputs(windows, model, Kind::Double)).unwrap()
        };
        values(&tch::no_grad(|| models.iter().take(most).map(|&model| answer(model)).collect::<Vec<_>>()))
    }

    fn inputs(&self, windows: &[WindowInput], model: usize, kind: Kind) -> [Tensor; 3] {
        let length = windows[0].sequence.len();
        let mut one_hot = vec![0f32; windows.len() * 4 * length];
        for (window, out) in windows.iter().zip(one_hot.chunks_exact_mut(4 * length)) {
            polaris_genomics::one_hot(&window.sequence, out).unwrap();
        }
        let count = windows.len() as i64;
        let column = self.expression[model];
        let expression: Vec<f32> =
            windows.iter().map(|window| column.map_or(0.0, |column| window.expression[column])).collect();
        [
            Tensor::from_slice(&one_hot).reshape([count, 4, length as i64]).to_kind(kind),
            Tensor::from_slice(&expression).reshape([count, 1]).to_kind(kind),
            Tensor::zeros([count, 6], (kind, Device::Cpu)),
        ]
    }
}

/// Columns `[windows, 1]` of all models as `[windows][models]`.
fn values(columns: &[Tensor]) -> Vec<f32> {
    let joined = Tensor::cat(columns, 1).to_kind(Kind::Float).contiguous().reshape(-1);
    Vec::try_from(joined).unwrap()
}

pub(crate) fn largest_difference(left: &[f32], right: &[f32]) -> f64 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).map(|(left, right)| f64::from((left - right).abs())).fold(0.0, f64::max)
}

/// What a large product of 32-bit matrices runs at, at best.
pub(crate) fn sgemm_gflops(rounds: usize) -> f64 {
    const SIZE: i64 = 2048;
    let matrix = || Tensor::rand([SIZE, SIZE], (Kind::Float, Device::Cpu));
    let (left, right) = (matrix(), matrix());
    let fastest = (0..rounds.max(3) * 3)
        .map(|_| {
            let start = Instant::now();
            drop(left.matmul(&right));
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    2.0 * (SIZE as f64).powi(3) / fastest / 1e9
}
