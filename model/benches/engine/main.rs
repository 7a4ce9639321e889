//! The engine beside the field's way of doing the same: a loop over TorchScript modules. Everything is measured in turns,
//! in one run, on the same windows and models; only ratios count on a machine that is shared.
//!
//! ```sh
//! cargo bench -p polaris-model --bench engine -- [MODELS] [WINDOWS] [ROUNDS] [--registry DIR] [--fill] [--predict] [--maps]
//! ```
//! Defaults: 160 models, 64 windows, 5 rounds. The models are those of DIR, or some of 1000 bases with weights from a formula,
//! which `--fill` puts into DIR. Prints a table and writes `target/polaris-bench.json`; `--predict` measures strict
//! predictions and nothing else, and only prints; `--maps` does so with maps beside them.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by failing")]

#[path = "../../tests/support/record.rs"]
mod record;

mod comparison;
mod report;
mod setting;

use std::time::Instant;

use polaris_model::localization::LocalizationMethod;
use polaris_model::{Precision, measure};

use comparison::{Torch, largest_difference, sgemm_gflops};
use report::Report;
use setting::{Setting, random_alleles, substituted};

/// Windows that are predicted alone.
const SINGLES: usize = 200;

fn main() {
    let setting = Setting::from_arguments();
    let folder = tempfile::tempdir().unwrap();
    let registry = setting.registry(folder.path());
    let mut report = Report::new(&setting, setting.chosen(&registry).len());

    let before = resident_bytes();
    let start = Instant::now();
    let strict = setting.load(&registry, Precision::Strict);
    report.put("load_seconds", start.elapsed().as_secs_f64(), "loading all models from the page cache, s");
    let resident = (resident_bytes() - before) / setting.weight_bytes(&registry);
    report.put("resident_over_weights", resident, "resident memory that the models take, of their weights");
    let start = Instant::now();
    strict.warm_up().unwrap();
    report.put("warm_up_seconds", start.elapsed().as_secs_f64(), "warming them up, s");
    let models: Vec<usize> = (0..strict.models().len()).collect();
    let windows = setting.windows(&strict);
    let count = windows.len() as f64;
    if setting.predict {
        let times =
            report.rounds(setting.rounds, &mut [&mut || drop(strict.predict(&windows, &models).unwrap())]);
        report.put("strict_windows_per_s", count / times[0], "the engine, strict, windows/s");
        let mut singles: Vec<f64> = windows
            .iter()
            .cycle()
            .take(SINGLES)
            .map(|window| {
                let start = Instant::now();
                drop(strict.predict(std::slice::from_ref(window), &models).unwrap());
                start.elapsed().as_secs_f64()
            })
            .collect();
        singles.sort_by(f64::total_cmp);
        report.put("single_window_ms", singles[SINGLES / 2] * 1e3, "one window alone, median, ms");
        report.put(
            "single_window_p99_ms",
            singles[SINGLES * 99 / 100] * 1e3,
            "one window alone, 99th percentile, ms",
        );
        return;
    }
    if setting.maps {
        let times = report.rounds(
            setting.rounds,
            &mut [
                &mut || drop(strict.predict(&windows, &models).unwrap()),
                &mut || drop(strict.localize(&windows, &models, LocalizationMethod::GradCam).unwrap()),
                &mut || drop(strict.localize(&windows, &models, LocalizationMethod::HiresCam).unwrap()),
            ],
        );
        report.put_maps(&times);
        return;
    }
    let fast = setting.load(&registry, Precision::Fast);
    let torch = Torch::load(&registry, &strict, setting.threads);

    let snvs = substituted(&windows, |_, length| vec![length / 2]);
    let many = substituted(&windows, random_alleles);
    let mut times = report.rounds(
        setting.rounds,
        &mut [
            &mut || drop(torch.probabilities(&windows, &models)),
            &mut || drop(strict.predict(&windows, &models).unwrap()),
            &mut || drop(fast.predict(&windows, &models).unwrap()),
            &mut || drop(strict.localize(&windows, &models, LocalizationMethod::GradCam).unwrap()),
            &mut || drop(strict.localize(&windows, &models, LocalizationMethod::HiresCam).unwrap()),
            &mut || drop(strict.predict(&snvs, &models).unwrap()),
            &mut || drop(strict.predict(&many, &models).unwrap()),
        ],
    );
    let mut next = || times.remove(0);
    let (looped, predicted, rounded, grad_cam, hires_cam, snv, alleles) =
        (next(), next(), next(), next(), next(), next(), next());
    let further = many.iter().map(|window| window.substitutions.len()).sum::<usize>() as f64;
    report.put("torchscript_windows_per_s", count / looped, "a loop over CModule::forward, windows/s");
    report.put("strict_windows_per_s", count / predicted, "the engine, strict, windows/s");
    report.put("fast_windows_per_s", count / rounded, "the engine, fast, windows/s");
    report.put("strict_over_torchscript", looped / predicted, "strict over the loop");
    report.put("fast_over_torchscript", looped / rounded, "fast over the loop");
    report.put_maps(&[predicted, grad_cam, hires_cam]);
    report.put("snv_cost_windows", snv / predicted, "an isolated SNV (ref and alt), in windows");
    report.put(
        "allele_cost_windows",
        (alleles - predicted) / further / (predicted / count),
        "a further substitution of a window, in windows",
    );

    let one = &windows[..1];
    let single =
        report.rounds(3 * setting.rounds, &mut [&mut || drop(strict.predict(one, &models).unwrap())]);
    report.put("single_window_ms", single[0] * 1e3, "one window alone, ms");
    let mutagenesis = report.rounds(
        1,
        &mut [
            &mut || drop(strict.localize(one, &models, LocalizationMethod::Mutagenesis).unwrap()),
            &mut || drop(strict.predict(&windows, &models).unwrap()),
        ],
    );
    report.put(
        "mutagenesis_cost_windows",
        mutagenesis[0] / (mutagenesis[1] / count),
        "mutagenesis of a window (3000 substitutions), in windows",
    );

    let exact = torch.exact_probabilities(&windows, &models, 8);
    report.put(
        "torchscript_max_error",
        largest_difference(&torch.probabilities(&windows, &models[..8.min(models.len())]), &exact),
        "the loop against float64, probability",
    );
    let some = &models[..8.min(models.len())];
    let of = |precision: &polaris_model::Ensemble, models: &[usize]| {
        precision.predict(&windows, models).unwrap().probabilities
    };
    report.put(
        "strict_max_error",
        largest_difference(&of(&strict, some), &exact),
        "strict against float64, probability",
    );
    report.put(
        "fast_max_error",
        largest_difference(&of(&fast, &models), &of(&strict, &models)),
        "fast against strict, probability",
    );

    let sgemm = sgemm_gflops(setting.rounds);
    let direct = measure::direct_convolution(setting.threads, setting.rounds).gflops();
    report.put("sgemm_gflops", sgemm, "sgemm of the machine, GFLOP/s");
    report.put("conv2_direct_gflops", direct, "the second convolution by the direct method, GFLOP/s");
    report.put("conv2_direct_over_sgemm", direct / sgemm, "of sgemm");
    report.finish();
}

/// Memory of the process that is in memory now.
fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0.0) * 1024.0
}
