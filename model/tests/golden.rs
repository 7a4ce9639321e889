//! The network against values calculated independently of it in float64: a file of the project's own, and
//! every `polaris_*.json` in the folder that POLARIS_GOLDEN names (default `../shared/golden`).

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/record.rs"]
mod record;

use std::path::{Path, PathBuf};

use polaris_model::localization::{ClusterOptions, Linkage, LocalizationMethod, clusters, rectify};
use polaris_model::training::{Example, predict};
use polaris_model::{Architecture, Device, EngineOptions, Ensemble, Registry, Weights, WindowInput};
use serde_json::Value;

const TOLERANCE: f64 = 1e-5;

#[test]
fn own_golden_values() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/polaris.json");
    assert_eq!(std::fs::read_to_string(&path).unwrap().matches("hires_cam_native_pre_relu").count(), 8);
    assert_eq!(check_file(&path), 8);
}

#[test]
fn shared_golden_values() {
    let Some(folder) = shared_folder() else { return };
    let mut cases = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("polaris_") && name.ends_with(".json") {
            cases += check_file(&path);
        }
    }
    assert!(cases > 0, "no polaris_*.json in {}", folder.display());
}

#[test]
fn shared_golden_clusters() {
    let Some(folder) = shared_folder() else { return };
    let path = folder.join("motif_clusters.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let linkage = match case["linkage"].as_str().unwrap() {
            "complete" => Linkage::Complete,
            "average" => Linkage::Average,
            other => panic!("linkage {other}"),
        };
        let number = |name: &str| case[name].as_f64().unwrap();
        let options = ClusterOptions {
            linkage,
            alpha: number("alpha"),
            height: number("height"),
            motif_threshold: number("threshold"),
        };
        let found = clusters(&floats(&case["scores"]), 1, &options);
        let expected = case["clusters"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let positions: Vec<usize> = expected["positions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p.as_u64().unwrap() as usize)
                .collect();
            assert_eq!(found.positions, positions);
            assert!((found.score - expected["score"].as_f64().unwrap()).abs() < 1e-6);
            assert_eq!(found.motif, expected["motif"].as_bool().unwrap());
        }
    }
}

/// The folder that POLARIS_GOLDEN names, or its default; says so where it is missing.
fn shared_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("POLARIS_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden"), PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: no golden values in {}; set POLARIS_GOLDEN", folder.display());
        return None;
    }
    Some(folder)
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

/// Compares every case of a file and returns their number.
fn check_file(path: &Path) -> usize {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let flag = |name: &str| case.get(name).is_none_or(|value| value.as_bool().unwrap());
        let length = case.get("input_length").or_else(|| file.get("input_length")).unwrap().as_u64().unwrap();
        let architecture =
            Architecture::new(length as usize, flag("uses_expression"), flag("uses_region")).unwrap();
        let example = Example {
            sequence: case["sequence"].as_str().unwrap().as_bytes().to_vec(),
            flank_bases: 0,
            expression: case["expression_ln_tpm"].as_f64().unwrap() as f32,
            region: case["region"].as_str().filter(|name| *name != "none").map(|name| name.parse().unwrap()),
            positive: true,
        };
        let weights = Weights::from_formula(architecture, 1000);
        let found = f64::from(predict(&weights, std::slice::from_ref(&example), Device::Cpu).unwrap()[0]);
        let expected = case["probability"].as_f64().unwrap();
        assert!((found - expected).abs() < TOLERANCE, "{}: {found} {expected} in {case}", path.display());
        check_maps(case, &weights, &example);
    }
    cases.len()
}

/// Compares the maps of a case that has them, to within a share of the largest value.
fn check_maps(case: &Value, weights: &Weights, example: &Example) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::create(folder.path()).unwrap();
    let id = "QKI.K562".parse().unwrap();
    registry.publish(&id, weights, record::record()).unwrap();
    let ensemble = Ensemble::load(&registry, &[id], EngineOptions::default(), &mut |_| ()).unwrap();
    let window = WindowInput {
        sequence: example.sequence.clone(),
        region: example.region,
        expression: vec![example.expression; ensemble.cell_lines().len()],
        substitutions: Vec::new(),
    };
    for (name, method, rectified) in [
        ("grad_cam_native", LocalizationMethod::GradCam, true),
        ("grad_cam_native_pre_relu", LocalizationMethod::GradCam, false),
        ("hires_cam_native_pre_relu", LocalizationMethod::HiresCam, false),
    ] {
        let Some(expected) = case.get(name).map(floats) else { continue };
        let found = ensemble.localize(std::slice::from_ref(&window), &[0], method).unwrap();
        let logit = case["logit"].as_f64().unwrap();
        assert!((f64::from(found.predictions.logits[0]) - logit).abs() < TOLERANCE);
        let mut map = found.values;
        if rectified {
            rectify(&mut map);
        }
        assert_eq!(map.len(), expected.len());
        let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        for (position, (found, expected)) in map.iter().zip(&expected).enumerate() {
            let close = (found - expected).abs() <= TOLERANCE as f32 * largest;
            assert!(close, "{name} at {position}: {found} {expected}, largest {largest}");
        }
    }
}
