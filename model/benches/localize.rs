//! What maps cost beside predictions: the same windows and models, in turns, in one run.
//!
//! ```sh
//! cargo bench -p polaris-model --bench localize -- [MODELS] [WINDOWS] [ROUNDS]
//! ```
//! Defaults: 16 models, 64 windows of 1000 bases, 15 rounds. Weights come from a formula; values do not change the cost.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by failing")]

#[path = "../tests/support/record.rs"]
mod record;

use std::time::{Duration, Instant};

use polaris_model::localization::{ClusterOptions, LocalizationMethod, MapOptions, clusters};
use polaris_model::{Architecture, Device, Ensemble, ModelId, Registry, Weights, WindowInput};

const LENGTH: usize = 1000;

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default).max(1);
    let (models, windows, rounds) = (number(0, 16), number(1, 64), number(2, 15));

    let folder = tempfile::tempdir().unwrap();
    let ensemble = ensemble(folder.path(), models);
    let windows: Vec<WindowInput> = (0..windows).map(window).collect();
    let all: Vec<usize> = (0..models).collect();
    let localize = |method| drop(ensemble.localize(&windows, &all, method).unwrap());
    let mut passes = [
        Pass::new("Predict", || drop(ensemble.predict(&windows, &all).unwrap())),
        Pass::new("Predict + Grad-CAM", || localize(LocalizationMethod::GradCam)),
        Pass::new("Predict + HiResCAM", || localize(LocalizationMethod::HiresCam)),
    ];
    for round in 0..=rounds {
        for pass in &mut passes {
            let start = Instant::now();
            (pass.run)();
            // The first round warms up.
            if round > 0 {
                pass.times.push(start.elapsed());
            }
        }
    }
    println!("{models} models, {} windows of {LENGTH} bases, median of {rounds} rounds", windows.len());
    let baseline = median(&passes[0].times);
    for Pass { name, times, .. } in &passes {
        let time = median(times);
        println!("{name:<22} {:8.1} ms  {:5.3} of Predict", time * 1e3, time / baseline);
    }
    one_window(&ensemble, &windows[..1]);
}

/// Work that is timed in turns with other work.
struct Pass<'a> {
    name: &'static str,
    run: Box<dyn Fn() + 'a>,
    times: Vec<Duration>,
}

impl<'a> Pass<'a> {
    fn new(name: &'static str, run: impl Fn() + 'a) -> Self {
        Self { name, run: Box::new(run), times: Vec::new() }
    }
}

/// What costs too much to be done for all: one window, one model.
fn one_window(ensemble: &Ensemble, window: &[WindowInput]) {
    let pass = timed(|| drop(ensemble.predict(window, &[0]).unwrap()));
    let mutagenesis =
        timed(|| drop(ensemble.localize(window, &[0], LocalizationMethod::Mutagenesis).unwrap()));
    println!(
        "one window, one model: Predict {:.2} ms, mutagenesis (3000 alleles) {:.1} ms",
        pass * 1e3,
        mutagenesis * 1e3
    );
    let map = ensemble.localize(window, &[0], LocalizationMethod::GradCam).unwrap().values;
    let map = MapOptions::default().map(&map, LENGTH);
    let clustering = timed(|| drop(clusters(&map, 1, &ClusterOptions::default())));
    println!("clusters of 1000 positions: {:.2} ms", clustering * 1e3);
}

/// Median of a few runs, in seconds.
fn timed(run: impl Fn()) -> f64 {
    let times: Vec<Duration> = (0..11)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    median(&times)
}

fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2].as_secs_f64()
}

fn ensemble(folder: &std::path::Path, models: usize) -> Ensemble {
    let registry = Registry::create(folder).unwrap();
    let architecture = Architecture::new(LENGTH, true, true).unwrap();
    let ids: Vec<ModelId> = (0..models).map(|model| format!("M{model}.K562").parse().unwrap()).collect();
    for (seed, id) in ids.iter().enumerate() {
        registry.publish(id, &Weights::from_formula(architecture, seed as u64), record::record()).unwrap();
    }
    Ensemble::load(&registry, &ids, Device::Cpu, &mut |_| ()).unwrap()
}

/// Bases that follow no pattern.
fn window(number: usize) -> WindowInput {
    let mut state = number as u64;
    let mut base = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b"ACGT"[(state >> 62) as usize]
    };
    WindowInput {
        sequence: (0..LENGTH).map(|_| base()).collect(),
        region: None,
        expression: vec![1.0],
        substitutions: Vec::new(),
    }
}
