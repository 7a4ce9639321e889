//! The network against values calculated independently of it in float64: a file of the project's own, and
//! every `polaris_*.json` in the folder that POLARIS_GOLDEN names (default `../shared/golden`).

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};

use polaris_model::training::{Example, predict};
use polaris_model::{Architecture, Device, Weights};
use serde_json::Value;

const TOLERANCE: f64 = 1e-5;

#[test]
fn own_golden_values() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/polaris.json");
    assert_eq!(check_file(&path), 8);
}

#[test]
fn shared_golden_values() {
    let folder = std::env::var_os("POLARIS_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: no golden values in {}; set POLARIS_GOLDEN", folder.display());
        return;
    };
    let mut cases = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("polaris_") && name.ends_with(".json") {
            cases += check_file(&path);
        }
    }
    assert!(cases > 0, "no polaris_*.json in {}", folder.display());
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
        let found = f64::from(predict(&weights, &[example], Device::Cpu).unwrap()[0]);
        let expected = case["probability"].as_f64().unwrap();
        assert!((found - expected).abs() < TOLERANCE, "{}: {found} {expected} in {case}", path.display());
    }
    cases.len()
}
