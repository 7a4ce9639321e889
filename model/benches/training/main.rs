//! Ways of training many networks, in turns in one run, on the same windows; only ratios count on a machine that is
//! shared.
//!
//! ```sh
//! cargo bench -p polaris-model --bench training -- [MODELS] [STEPS] [ROUNDS] [--recipe NAME] [--length BASES] [--device DEVICE]
//! ```
//! Defaults: 8 models, 20 steps, 3 rounds, the recipe `standard`, 1000 bases, the processor. Each model has as many
//! windows as the steps read once. Prints windows that were trained on in a second, and each way's ratio to the first.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by failing")]

mod setting;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use polaris_model::comparison::{Body, ComparisonNetwork, Inputs};
use polaris_model::training::{
    ComparisonExample, Example, StackedTask, fit, fit_comparison, fit_stacked, stack_bytes,
};
use polaris_model::{Device, set_threads};

use setting::Setting;

/// A way of training a network for each set of examples.
type Way<'a> = (&'static str, Box<dyn Fn(&[Vec<Example>]) -> usize + 'a>);

fn main() {
    let setting = Setting::from_arguments();
    setting.device.prepare().unwrap();
    let data = setting.data();
    let windows: usize = data.iter().map(Vec::len).sum();
    println!(
        "{} models, {} steps of {} windows of {} bases, recipe {}, {}, {} threads, median of {} rounds; a model of a \
         stack takes up to {} MB",
        setting.models,
        setting.steps,
        setting.recipe.batch_windows,
        setting.architecture.input_length(),
        setting.recipe.name,
        setting.device,
        setting.threads,
        setting.rounds,
        stack_bytes(setting.architecture, &setting.recipe) / 1_000_000
    );
    let side_by_side = setting.threads;
    let mut ways: Vec<Way<'_>> = vec![
        (
            "libtorch, one at a time",
            Box::new(|data| separate(&setting, data, 1, side_by_side, with_libtorch)),
        ),
        ("libtorch, one a thread", Box::new(|data| separate(&setting, data, side_by_side, 1, with_libtorch))),
        ("libtorch, stacked", Box::new(|data| stacked(&setting, data))),
    ];
    if setting.device == Device::Cpu {
        let own = |data: &[Vec<Example>]| separate(&setting, data, side_by_side, 1, with_own_code);
        ways.push(("own code, one a thread", Box::new(own)));
    }
    let seconds = rounds(setting.rounds, &ways, &data);
    println!("{:<24} {:>12} {:>8}", "way", "windows/s", "ratio");
    for ((name, _), time) in ways.iter().zip(&seconds) {
        let ratio = seconds.first().map_or(1.0, |first| first / time);
        println!("{name:<24} {:>12.1} {ratio:>8.2}", windows as f64 / time);
    }
}

/// Each network by itself, some side by side, each with so many threads of libtorch.
fn separate(
    setting: &Setting,
    data: &[Vec<Example>],
    side_by_side: usize,
    threads: usize,
    train: fn(&Setting, &[Example], u64),
) -> usize {
    let next = AtomicUsize::new(0);
    let work = || {
        // The number of threads is each thread's own.
        set_threads(threads);
        let mut trained = 0;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(examples) = data.get(index) else { return trained };
            train(setting, examples, index as u64);
            trained += 1;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..side_by_side.min(data.len())).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

/// The same network in the same loop, as it trains on a GPU.
fn with_libtorch(setting: &Setting, examples: &[Example], seed: u64) {
    let architecture = setting.architecture;
    let inputs = Inputs {
        length: architecture.input_length(),
        structure: false,
        expression: architecture.expression(),
        region: architecture.region(),
    };
    let network = ComparisonNetwork::new(Body::Polaris { dilation: 1 }, inputs, 1).unwrap();
    let examples: Vec<ComparisonExample<'_>> =
        examples.iter().map(|example| ComparisonExample { example, unpaired: &[], labels: &[] }).collect();
    let observer = &mut |_| ControlFlow::Continue(());
    fit_comparison(network, &examples, &setting.recipe, seed, setting.device, observer).unwrap();
}

/// As it trains on the processor.
fn with_own_code(setting: &Setting, examples: &[Example], seed: u64) {
    let observer = &mut |_| ControlFlow::Continue(());
    fit(setting.architecture, examples, &setting.recipe, seed, setting.device, observer).unwrap();
}

fn stacked(setting: &Setting, data: &[Vec<Example>]) -> usize {
    set_threads(setting.threads);
    let tasks: Vec<StackedTask<'_>> = data
        .iter()
        .zip(0..)
        .map(|(examples, seed)| StackedTask { examples: examples.iter().collect(), seed })
        .collect();
    let observer = &mut |_, _| ControlFlow::Continue(());
    let trained =
        fit_stacked(setting.architecture, &tasks, &setting.recipe, setting.device, observer).unwrap();
    trained.into_iter().map(Result::unwrap).count()
}

/// Median seconds of each way; all in turns, once more than asked for to warm up.
fn rounds(rounds: usize, ways: &[Way<'_>], data: &[Vec<Example>]) -> Vec<f64> {
    let mut times = vec![Vec::new(); ways.len()];
    for round in 0..=rounds {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            assert_eq!(way(data), data.len());
            if round > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
}
