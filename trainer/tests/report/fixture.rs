//! Results as the commands write them, with names that nobody should trust.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// The models; the last is what a hostile file would say.
pub(crate) const MODELS: [&str; 12] = [
    "QKI.K562",
    "QKI.HepG2",
    "TARDBP.K562",
    "TARDBP.HepG2",
    "RBFOX2.K562",
    "RBFOX2.HepG2",
    "PUM2.K562",
    "HNRNPC.HepG2",
    "U2AF2.K562",
    "A_PROTEIN_WITH_A_VERY_LONG_NAME_INDEED.adrenal_gland",
    "SF3B4.HepG2",
    "<img src=x onerror=alert(1)>.K562",
];

const METHODS: [&str; 4] = [
    "polaris",
    "seqweaver with expression and region and a name that is too long for its place",
    "k-mers",
    "ls-gkm",
];

fn estimate(value: f64) -> Value {
    json!({"value": value, "low": value - 0.0625, "high": (value + 0.0625).min(1.0)})
}

/// Of the model at this place.
fn auroc(place: usize) -> f64 {
    0.8125 + 0.015 * place as f64
}

/// Writes a file of every kind.
pub(crate) fn results(folder: &Path) {
    fs::create_dir_all(folder.join("motifs")).unwrap();
    let models = || MODELS.iter().enumerate();
    let save = |name: &str, value: Value| fs::write(folder.join(name), value.to_string()).unwrap();
    let of_models = |of: &dyn Fn(usize, &str) -> Value| -> Vec<Value> {
        models().map(|(place, model)| of(place, model)).collect()
    };

    save(
        "metrics.json",
        json!({"kind": "training", "recipe": {"name": "standard"}, "inputs": "both",
        "models": of_models(&|place, model| json!({"model": model, "positives": 40 << (place % 6), "splits": [
            {"split": "chromosome", "mean_auroc": auroc(place), "mean_auprc": 0.9},
            {"split": "random", "mean_auroc": auroc(place) + 0.01, "mean_auprc": 0.9}]}))}),
    );
    let bins: Vec<Value> = (0..10)
        .map(|bin| {
            let probability = (f64::from(bin) + 0.5) / 10.0;
            json!({"windows": 9, "mean_probability": probability, "bound": estimate(probability)})
        })
        .collect();
    save(
        "assess.json",
        json!({"kind": "assess", "models": of_models(&|place, model| json!({
        "model": model, "windows": 90, "bins": bins, "metrics": {
            "auroc": estimate(auroc(place)), "auprc": estimate(0.9), "brier": estimate(0.1),
            "expected_calibration_error": estimate(0.05),
            "calibration_slope": {"value": null, "low": null, "high": null}}}))}),
    );
    save(
        "cross-cell.json",
        json!({"kind": "cross-cell", "rows": [
        {"rbp": "QKI", "trained_in": "K562", "tested_in": "HepG2", "windows": 90, "cross_cell": {"auroc": estimate(0.875)},
         "in_cell": {"auroc": estimate(0.9)}, "auroc_over_in_cell": estimate(-0.025),
         "copied_peaks": {"auroc": estimate(0.75), "sensitivity": estimate(0.5), "specificity": estimate(1.0)}},
        {"rbp": "TARDBP", "trained_in": "HepG2", "tested_in": "K562", "windows": 90, "cross_cell": {"auroc": estimate(0.95)},
         "in_cell": {"auroc": estimate(0.92)}, "auroc_over_in_cell": estimate(0.03),
         "copied_peaks": {"auroc": estimate(0.6), "sensitivity": estimate(0.2), "specificity": estimate(1.0)}}]}),
    );
    let variants = ["sequence", "region", "expression", "both"];
    save(
        "ablation.json",
        json!({"kind": "ablation", "rows": of_models(&|place, model| {
            let of_variant = |(step, variant): (usize, &&str)| json!({"variant": variant,
                "auroc": estimate(auroc(place) - 0.06 + 0.02 * step as f64), "auroc_over_sequence": estimate(0.02 * step as f64)});
            json!({"model": model, "variants": variants.iter().enumerate().map(of_variant).collect::<Vec<_>>()})
        })}),
    );
    save(
        "learning-curve.json",
        json!({"kind": "learning-curve", "rows": of_models(&|place, model| {
            let point = |step: i32| json!({"trained_on": 800.0 / 2_f64.powi(step), "auroc": estimate(auroc(place) - 0.02 * f64::from(step))});
            json!({"model": model, "points": (0..4).map(point).collect::<Vec<_>>()})
        })}),
    );
    let compared: Vec<Value> = models()
        .flat_map(|(place, model)| {
            METHODS
                .iter()
                .enumerate()
                .map(move |(step, method)| compared_with(model, method, auroc(place) - 0.02 * step as f64))
        })
        .collect();
    save("compare.json", json!({"kind": "compare", "results": compared}));
    let folded: Vec<Value> = models()
        .flat_map(|(place, model)| {
            [10, 50, 150, 500, 1000].map(move |window| {
                compared_with(model, &format!("polaris-structure:w{window}"), auroc(place))
            })
        })
        .collect();
    save("structure.json", json!({"kind": "compare", "results": folded}));

    let mut diffusion = String::from("model\tdiffusion\teffective_bases\tmaps\tempty_maps\n");
    let mut motifs = String::from("model\tconsensus\twidth\tsites\tseqlets\tbits\tmatch\tsimilarity\tp\tq\n");
    for (place, model) in models() {
        let _ = writeln!(diffusion, "{model}\t0.0{}\t300.5\t90\t1", 50 + place);
        let known = if place % 3 == 0 { model.split('.').next().unwrap() } else { "HuR" };
        let _ = writeln!(
            motifs,
            "{model}\tACUAAC\t6\t80\t90\t{}.25\tR1 {known}\t0.{}\t1e-4\t0.0{}",
            4 + place % 7,
            70 + place,
            1 + place % 9
        );
    }
    fs::write(folder.join("diffusion.tsv"), diffusion).unwrap();
    fs::write(folder.join("motifs/motifs.tsv"), motifs).unwrap();
    let matches = "model\trank\tid\tname\tconsensus\tsimilarity\nTARDBP.HepG2\t4\tR9\tTARDBP\tUGUG\t0.7\n";
    fs::write(folder.join("motifs/matches.tsv"), matches).unwrap();
}

/// A line of `compare.json`.
fn compared_with(set: &str, method: &str, auroc: f64) -> Value {
    let mean = json!({"auroc": estimate(auroc), "brier": estimate(0.1)});
    json!({"set": set, "method": method, "folds": [{"auroc": auroc}], "mean": mean})
}
