//! `assess` on the tiny pipeline.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;

use polaris_tests::{HarnessError, Pipeline, Program, text};
use serde_json::Value;

/// `assess` with few resamples, over windows of `prepared`.
fn assess(pipeline: &Pipeline, prepared: &Path) -> Result<Program, HarnessError> {
    let program = Program::trainer(&["assess", "--bootstrap", "200", "--registry"])?.arg(pipeline.registry());
    let program = program.arg("--prepared").arg(prepared);
    Ok(program.arg("--reference").arg(pipeline.reference()))
}

fn json(path: &Path) -> Result<Value, HarnessError> {
    Ok(serde_json::from_str(&text(path)?).unwrap())
}

/// A copy of the prepared windows, one model's with its lines changed.
fn changed(
    pipeline: &Pipeline,
    folder: &Path,
    id: &str,
    change: impl Fn(&str) -> Option<String>,
) -> Result<(), HarnessError> {
    for model in Pipeline::MODELS {
        let content = text(&pipeline.windows_file(model))?;
        let lines: Vec<String> = content
            .lines()
            .filter_map(|line| {
                if line.starts_with('#') || model != id { Some(line.to_owned()) } else { change(line) }
            })
            .collect();
        std::fs::create_dir_all(folder.join(model)).unwrap();
        std::fs::write(folder.join(model).join("windows.bed"), lines.join("\n") + "\n").unwrap();
    }
    Ok(())
}

#[test]
fn every_model_has_figures_intervals_bins_and_a_floor() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let (file, table) = (folder.path().join("metrics.json"), folder.path().join("metrics.csv"));
    let program = assess(&pipeline, &pipeline.prepared())?.arg("--json").arg(&file).arg("--csv").arg(&table);
    let screen = program.run()?.succeeded().stdout;
    let report = json(&file)?;
    assert_eq!(report["format"], 1);
    assert_eq!(report["settings"]["bootstrap"], 200);
    assert_eq!(report["failed"].as_array().unwrap().len(), 0);
    let registry = pipeline.open_registry()?;
    for (id, model) in Pipeline::MODELS.iter().zip(report["models"].as_array().unwrap()) {
        assert_eq!(model["model"], *id);
        let manifest = registry.manifest(&id.parse().unwrap()).unwrap();
        let held_out = manifest.training.held_out;
        assert_eq!(model["version"], manifest.version);
        assert_eq!(model["bound"], held_out.positives);
        assert_eq!(model["windows"], held_out.positives + held_out.negatives);
        assert_eq!(model["floor"]["trained_on"], held_out.trained_on);
        // The same windows and weights as `train` tested.
        let value = |metric: &str| model["metrics"][metric]["value"].as_f64().unwrap();
        assert!((value("auroc") - held_out.auroc).abs() < 1e-6, "{model}");
        assert!((value("auprc") - held_out.auprc).abs() < 1e-6, "{model}");
        for predictor in [model, &model["floor"]] {
            for metric in ["auroc", "auprc", "brier"] {
                let of = &predictor["metrics"][metric];
                let [low, value, high] = ["low", "value", "high"].map(|name| of[name].as_f64().unwrap());
                assert!(0.0 <= low && low <= value && value <= high && high <= 1.0, "{metric} {of}");
                assert!(low < high || high == 1.0, "{metric} {of}");
            }
            let bins = predictor["bins"].as_array().unwrap();
            let windows: f64 = bins.iter().map(|bin| bin["windows"].as_f64().unwrap()).sum();
            let bound = bins
                .iter()
                .map(|bin| bin["windows"].as_f64().unwrap() * bin["bound"]["value"].as_f64().unwrap());
            assert_eq!((bins.len(), windows), (10, (held_out.positives + held_out.negatives) as f64));
            assert!((bound.sum::<f64>() - held_out.positives as f64).abs() < 1e-9);
        }
        assert!(screen.contains(id), "{screen}");
        assert!(text(&table)?.contains(&format!("{id},floor,auroc,,")));
    }
    assert!(screen.contains("median of 2 models") && screen.contains("of 2; whose"), "{screen}");
    assert_eq!(report["summary"]["models"], 2);
    Ok(())
}

#[test]
fn the_same_again_on_one_thread_and_for_one_model() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, threads: &str, more: &[&str]| {
        let file = folder.path().join(name);
        let program = assess(&pipeline, &pipeline.prepared())?.env("RAYON_NUM_THREADS", threads);
        let exit = program.arg("--json").arg(&file).args(more).run()?.succeeded();
        Ok::<_, HarnessError>((exit.stdout, json(&file)?))
    };
    let (all, one) = (run("all", "4", &[])?, run("one", "1", &[])?);
    assert_eq!(all, one);
    let (screen, alone) = run("alone", "2", &["--models", Pipeline::MODELS[1]])?;
    assert_eq!(alone["models"][0], all.1["models"][1]);
    assert!(!screen.contains("median"), "{screen}");
    let (screen, without) = run("without", "2", &["--no-floor"])?;
    assert_eq!(without["models"][0]["metrics"], all.1["models"][0]["metrics"]);
    assert!(without["models"][0]["floor"].is_null() && !screen.contains("-mers"), "{screen}");
    let (_, other) = run("other", "2", &["--seed", "2"])?;
    let auroc = |report: &Value| report["models"][0]["metrics"]["auroc"].clone();
    assert_eq!(auroc(&other)["value"], auroc(&all.1)["value"]);
    assert_ne!(auroc(&other), auroc(&all.1));
    Ok(())
}

#[test]
fn a_model_that_cannot_be_assessed_does_not_stop_the_others() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let [good, bad] = Pipeline::MODELS;
    let registry = pipeline.open_registry()?;
    let contigs = registry.manifest(&bad.parse().unwrap()).unwrap().training.held_out_contigs;
    let held_out = |line: &str| contigs.iter().any(|contig| line.starts_with(&format!("{contig}\t")));
    let keep = |line: &str, keep: bool| keep.then(|| line.to_owned());
    let run = |name: &str, change: &dyn Fn(&str) -> Option<String>, more: &[&str], reason: &str| {
        let prepared = folder.path().join(name);
        changed(&pipeline, &prepared, bad, change)?;
        let file = folder.path().join(format!("{name}.json"));
        let exit = assess(&pipeline, &prepared)?.arg("--json").arg(&file).args(more).run()?;
        let exit = exit.refused(1, &["1 of 2 models could not be assessed", bad, reason]);
        assert!(exit.stdout.contains(good) && !exit.stdout.contains(bad), "{}", exit.stdout);
        let report = json(&file)?;
        assert_eq!(report["models"].as_array().unwrap().len(), 1);
        assert_eq!(report["failed"][0]["model"], bad);
        assert!(report["failed"][0]["reason"].as_str().unwrap().contains(reason), "{report}");
        Ok::<_, HarnessError>(())
    };
    let label = |line: &str| line.split('\t').nth(6).is_some_and(|label| label == "1");
    run("other", &|line| keep(line, !held_out(line)), &[], "was trained on another file")?;
    let other = &["--other-windows"];
    run("none", &|line| keep(line, !held_out(line)), other, "no window that was held out")?;
    let relabelled = |line: &str| {
        let mut columns: Vec<&str> = line.split('\t').collect();
        if held_out(line) {
            columns[6] = "1";
        }
        Some(columns.join("\t"))
    };
    run("class", &relabelled, other, "0 negatives")?;
    let few = |line: &str| keep(line, !held_out(line) || line.split('\t').nth(3) < Some("negative_2"));
    run("few", &few, other, "at least 20 are needed")?;
    let untaught = |line: &str| keep(line, held_out(line) || !label(line));
    run("untaught", &untaught, other, "--no-floor")?;
    Ok(())
}

#[test]
fn options_out_of_their_range_are_refused() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let refused = |arguments: &[&str], part: &str| {
        assess(&pipeline, &pipeline.prepared())?.args(arguments).run()?.refused(2, &[part]);
        Ok::<_, HarnessError>(())
    };
    refused(&["--kmer", "8"], "--kmer")?;
    refused(&["--kmer", "5", "--no-floor"], "--no-floor")?;
    let program = Program::trainer(&["assess", "--bootstrap", "99"])?;
    program.run()?.refused(2, &["99", "100..=1000000"]);
    assess(&pipeline, &pipeline.prepared())?
        .args(&["--models", "PUM2.K562"])
        .run()?
        .refused(1, &["PUM2.K562 is not published"]);
    Ok(())
}
