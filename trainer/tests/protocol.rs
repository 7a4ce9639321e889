//! The paper's experiments over a small simulation: each trains, tests and writes what `report` draws.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

const MODELS: [&str; 2] = ["QKI.HepG2", "QKI.K562"];

/// A small simulation with one protein prepared in two cell lines and trained.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        let quick = r#"{"name": "quick", "optimizer": {"rule": "sgd", "learning_rate": 0.01},
            "schedule": "constant", "batch_windows": 16, "epochs": 1, "kernel_l2": 0.0,
            "dropout": [0.1, 0.1, 0.1], "shift_bases": 0, "average_decay": null}"#;
        fs::write(world.path("quick.json"), quick).unwrap();
        world.run(
            "simulate --megabases 3 --contigs 5 --sites-per-rbp 100 --variants 12 --out @simulated",
            true,
        );
        world.run(
            "prepare --only QKI.HepG2,QKI.K562 --length 151 --reference @simulated/reference \
             --peaks @simulated/peaks.tsv --out @prepared",
            true,
        );
        world.run(
            "train --splits chromosome --background 0 --recipe @quick.json --prepared @prepared \
             --reference @simulated/reference --registry @registry",
            true,
        );
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the trainer; `@` stands for the world's folder.
    fn run(&self, command: &str, succeeds: bool) -> Output {
        let folder = format!("{}/", self.0.path().display());
        let words: Vec<String> = command.split_whitespace().map(|word| word.replace('@', &folder)).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_polaris-trainer")).args(words).output().unwrap();
        assert_eq!(output.status.success(), succeeds, "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }
}

fn value(of: &Value) -> f64 {
    of["value"].as_f64().unwrap()
}

/// A table with another value in a field of every line but the heading.
fn with_field(table: &str, place: usize, change: impl Fn(&str) -> &'static str) -> String {
    let (heading, lines) = table.split_once('\n').unwrap();
    let changed = |line: &str| {
        let mut fields: Vec<&str> = line.split('\t').collect();
        fields[place] = change(fields[place]);
        fields.join("\t") + "\n"
    };
    format!("{heading}\n{}", lines.lines().map(changed).collect::<String>())
}

#[test]
fn cross_cell_ablation_and_learning_curve_make_a_report() {
    let world = World::new();
    let metrics = world.json("training/quick/metrics.json");
    assert_eq!((&metrics["kind"], &metrics["inputs"]), (&"training".into(), &"both".into()));
    // Means over the first folds.
    let trained = |model: usize, folds: usize| -> f64 {
        let aurocs = metrics["models"][model]["splits"][0]["folds"].as_array().unwrap();
        let of_folds = aurocs[..folds].iter().map(|fold| fold["auroc"].as_f64().unwrap());
        of_folds.sum::<f64>() / folds as f64
    };

    let cross = "cross-cell --recipe quick --bootstrap 100 --prepared @prepared --reference @simulated/reference \
                 --peaks @simulated/peaks.tsv --out @results";
    world.run(cross, true);
    let found = world.json("results/cross-cell.json");
    assert_eq!((&found["kind"], &found["format"]), (&"cross-cell".into(), &1.into()));
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let own = MODELS.iter().position(|id| row["tested_in"] == id[4..]).unwrap();
        // What `train` found on the same windows.
        assert!((value(&row["in_cell"]["auroc"]) - trained(own, 5)).abs() < 1e-6, "{row}");
        let copied = &row["copied_peaks"];
        let rates = f64::midpoint(value(&copied["sensitivity"]), value(&copied["specificity"]));
        assert!((value(&copied["auroc"]) - rates).abs() < 1e-12, "{row}");
    }

    // Windows that the networks were not trained on are found out: labels exchanged.
    let windows = world.path("prepared/QKI.K562/windows.bed");
    let whole = fs::read_to_string(&windows).unwrap();
    fs::write(&windows, with_field(&whole, 6, |label| if label == "1" { "0" } else { "1" })).unwrap();
    let refused = String::from_utf8(world.run(cross, false).stderr).unwrap();
    assert!(refused.contains("trained on other windows than these"), "{refused}");
    // Neither direction can do without that line.
    assert!(refused.contains("2 of 2 failed"), "{refused}");
    fs::write(&windows, &whole).unwrap();

    let options = "--recipe @quick.json --folds 2 --bootstrap 100 --only QKI.K562 --prepared @prepared \
                   --reference @simulated/reference --out @results";
    let refused = world.run(&format!("ablation {options} -- --without region"), false);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--without after `--`"), "{refused:?}");
    assert!(!world.path("results/ablation.json").exists());
    world.run(&format!("ablation {options}"), true);
    let found = world.json("results/ablation.json");
    let variants = found["rows"][0]["variants"].as_array().unwrap();
    let names: Vec<&str> = variants.iter().map(|one| one["variant"].as_str().unwrap()).collect();
    assert_eq!(names, ["sequence", "region", "expression", "both"]);
    assert!((value(&variants[3]["auroc"]) - trained(1, 2)).abs() < 1e-6, "{found}");
    assert_eq!(value(&variants[0]["auroc_over_sequence"]), 0.0);
    assert!(!world.path("registry/QKI.K562").read_dir().unwrap().any(|entry| {
        let manifest = fs::read_to_string(entry.unwrap().path().join("manifest.json")).unwrap_or_default();
        manifest.contains("\"expression\": false")
    }));
    // Again: nothing is trained anew, and the file is the same.
    let again = world.run(&format!("ablation {options}"), true);
    assert_eq!(world.json("results/ablation.json"), found);
    assert_eq!(String::from_utf8_lossy(&again.stderr).matches("trained earlier").count(), 8);

    world.run(&format!("learning-curve --halvings 10 {options}"), true);
    let found = world.json("results/learning-curve.json");
    let trained_on: Vec<f64> = found["rows"][0]["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["trained_on"].as_f64().unwrap())
        .collect();
    assert!(trained_on.windows(2).all(|pair| (pair[1] - pair[0] / 2.0).abs() <= 1.0), "{trained_on:?}");
    // Half of the windows are bound, and fewer than 20 of these are not trained on.
    let fewest = trained_on.last().unwrap();
    assert!(trained_on.len() > 1 && *fewest >= 40.0 && *fewest < 82.0, "{trained_on:?}");
    let all = &found["rows"][0]["points"][0]["auroc"];
    assert!((value(all) - trained(1, 2)).abs() < 1e-6, "{found}");

    // Without expression two of the networks cannot be, and those that an earlier run left there are not taken for them.
    let ablation = world.json("results/ablation.json");
    fs::write(&windows, with_field(&whole, 7, |_| "NA")).unwrap();
    let refused = String::from_utf8(world.run(&format!("ablation {options}"), false).stderr).unwrap();
    assert!(refused.contains("QKI.K562: expression: QKI.K562 was not trained"), "{refused}");
    assert_eq!(world.json("results/ablation.json"), ablation);
    fs::write(&windows, whole).unwrap();

    // One model that cannot be read stops no other.
    fs::rename(world.path("prepared/QKI.HepG2/prepare.json"), world.path("kept.json")).unwrap();
    let both = options.replace("--only QKI.K562", "");
    let refused = world.run(&format!("learning-curve --halvings 10 {both}"), false);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("1 of 2 failed:\n  QKI.HepG2: "),
        "{refused:?}"
    );
    assert_eq!(world.json("results/learning-curve.json")["rows"], found["rows"]);
    fs::rename(world.path("kept.json"), world.path("prepared/QKI.HepG2/prepare.json")).unwrap();
    world.run(&format!("learning-curve --halvings 10 {options}"), true);

    // Experiments on one model leave what `train` says of all as it is.
    assert_eq!(world.json("training/quick/metrics.json"), metrics);
    world.run("report @results @training/quick/metrics.json --out @report.html", true);
    let page = fs::read_to_string(world.path("report.html")).unwrap();
    assert_eq!(page.matches("class=\"missing\"").count(), 6);
}
