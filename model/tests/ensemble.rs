//! Ensembles as they are loaded and asked.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/record.rs"]
mod record;

use polaris_genomics::SequenceError;
use polaris_model::localization::LocalizationMethod;
use polaris_model::{
    Architecture, EngineError, EngineOptions, Ensemble, InputError, InstructionSet, LoadError, ModelId,
    Precision, Registry, SharedModels, Substitution, Weights, WindowInput,
};

const LENGTH: usize = 107;

fn load(folder: &std::path::Path, precision: Precision) -> Ensemble {
    let registry = Registry::create(folder).unwrap();
    let architecture = Architecture::new(LENGTH, true, true).unwrap();
    let ids: Vec<ModelId> =
        ["QKI.K562", "PUM2.HepG2", "TIA1.K562"].iter().map(|id| id.parse().unwrap()).collect();
    for (seed, id) in ids.iter().enumerate() {
        registry.publish(id, &Weights::from_formula(architecture, seed as u64), record::record()).unwrap();
    }
    let options = EngineOptions { threads: 2, precision, ..EngineOptions::default() };
    let mut loaded = Vec::new();
    let ensemble = Ensemble::load(&registry, &ids, options, &mut |id| loaded.push(id.clone())).unwrap();
    loaded.sort();
    assert_eq!(loaded, ensemble.models().iter().map(|manifest| manifest.id.clone()).collect::<Vec<_>>());
    ensemble
}

fn window() -> WindowInput {
    WindowInput {
        sequence: b"ACGTTGCA".iter().copied().cycle().take(LENGTH).collect(),
        region: None,
        expression: vec![1.0, 2.0],
        substitutions: Vec::new(),
    }
}

#[test]
fn fast_says_how_far_it_is_from_strict() {
    let folder = tempfile::tempdir().unwrap();
    let strict = load(folder.path(), Precision::Strict);
    assert_eq!((strict.precision(), strict.rounding_error()), (Precision::Strict, None));
    let fast = load(folder.path(), Precision::Fast);
    strict.warm_up().unwrap();
    fast.warm_up().unwrap();
    if InstructionSet::detect() < InstructionSet::Avx512Bf16 {
        eprintln!("skipped: this processor does not multiply bfloat16");
        assert_eq!((fast.precision(), fast.rounding_error()), (Precision::Strict, None));
        return;
    }
    let said = fast.rounding_error().unwrap();
    let probability = |ensemble: &Ensemble| ensemble.predict(&[window()], &[0]).unwrap().probabilities[0];
    let found = (probability(&fast) - probability(&strict)).abs();
    assert!(said > 0.0 && said < 0.01 && found > 0.0 && found < 4.0 * said, "{said} {found}");
}

#[test]
fn what_cannot_be_calculated_is_refused_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let ensemble = load(folder.path(), Precision::Strict);
    let ask = |change: &dyn Fn(&mut WindowInput)| {
        let mut windows = vec![window(), window()];
        change(&mut windows[1]);
        ensemble.predict(&windows, &[0]).unwrap_err()
    };
    let substitute = |offset0: usize, bases: &str| Substitution { offset0, bases: bases.as_bytes().to_vec() };
    assert!(matches!(
        ask(&|window| window.sequence.truncate(106)),
        EngineError::Input(InputError::Length { window: 1, expected: LENGTH, found: 106 })
    ));
    for letter in *b"acgUR-" {
        assert!(matches!(
            ask(&|window| window.sequence[9] = letter),
            EngineError::Input(InputError::Sequence { window: 1, .. })
        ));
        let substituted =
            ask(&|window| window.substitutions.push(substitute(3, &format!("A{}", char::from(letter)))));
        let cause = SequenceError::Letter { offset0: 4, letter: char::from(letter) };
        assert!(matches!(
            substituted,
            EngineError::Input(InputError::Sequence { window: 1, cause: found }) if found == cause
        ));
    }
    assert!(matches!(
        ask(&|window| window.expression.truncate(1)),
        EngineError::Expression { window: 1, expected: 2, found: 1 }
    ));
    for (offset0, bases) in [(106, "AC"), (108, ""), (usize::MAX, "A")] {
        assert!(matches!(
            ask(&|window| window.substitutions.push(substitute(offset0, bases))),
            EngineError::Substitution { window: 1, offset0: found } if found == offset0
        ));
    }
    let index = ensemble.predict(&[window()], &[0, 3]).unwrap_err();
    assert!(matches!(index, EngineError::Model { index: 3, models: 3 }));
}

#[test]
fn nothing_asked_is_nothing_answered() {
    let folder = tempfile::tempdir().unwrap();
    let ensemble = load(folder.path(), Precision::Strict);
    assert!(ensemble.predict(&[], &[0, 1]).unwrap().logits.is_empty());
    assert!(ensemble.predict(&[window()], &[]).unwrap().logits.is_empty());
    for method in LocalizationMethod::ALL {
        assert!(ensemble.localize(&[], &[0], method).unwrap().values.is_empty());
        assert!(ensemble.localize(&[window()], &[], method).unwrap().values.is_empty());
    }
}

#[test]
fn mutagenesis_is_every_substitution() {
    let folder = tempfile::tempdir().unwrap();
    let ensemble = load(folder.path(), Precision::Strict);
    let mut unknown = window();
    unknown.sequence[..5].fill(b'N');
    let windows = [window(), unknown];
    let found = ensemble.localize(&windows, &[2, 0], LocalizationMethod::Mutagenesis).unwrap();
    assert_eq!(found.predictions, ensemble.predict(&windows, &[2, 0]).unwrap());
    let mut largest = 0f32;
    for (row, window) in windows.iter().enumerate() {
        for (column, model) in [2, 0].into_iter().enumerate() {
            let reference = found.predictions.logits[row * 2 + column];
            let effects = &found.values[(row * 2 + column) * LENGTH * 4..][..LENGTH * 4];
            for (place, &effect) in effects.iter().enumerate() {
                let (offset0, base) = (place / 4, b"ACGT"[place % 4]);
                if [b'N', base].contains(&window.sequence[offset0]) {
                    assert_eq!(effect, 0.0);
                    continue;
                }
                let mut changed = window.clone();
                changed.sequence[offset0] = base;
                let logit = ensemble.predict(&[changed], &[model]).unwrap().logits[0];
                assert!((logit - reference - effect).abs() < 2e-6, "{row} {model} {place}");
                largest = largest.max(effect.abs());
            }
        }
    }
    assert!(largest > 1e-3, "{largest}");
}

#[test]
fn a_substitution_is_explained_as_a_window_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let ensemble = load(folder.path(), Precision::Strict);
    let change = Substitution { offset0: 50, bases: b"TTT".to_vec() };
    let mut changed = window();
    changed.sequence[50..53].copy_from_slice(b"TTT");
    let both = WindowInput { substitutions: vec![change], ..window() };
    let map =
        |windows: &[WindowInput]| ensemble.localize(windows, &[1], LocalizationMethod::GradCam).unwrap();
    assert_eq!(map(&[both]), map(&[window(), changed]));
}

#[test]
fn what_has_not_changed_is_taken_over_and_all_that_is_broken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for precision in Precision::ALL {
        let first = load(folder.path(), precision);
        let registry = Registry::open(folder.path()).unwrap();
        let options = EngineOptions { threads: 2, precision, ..EngineOptions::default() };
        let again = |shared: &SharedModels| {
            let mut read = Vec::new();
            let manifests = first.models().to_vec();
            let loaded = Ensemble::load_versions(&registry, manifests, options, shared, &mut |id| {
                read.push(id.to_string());
            });
            loaded.map(|ensemble| (ensemble, read))
        };
        let (_, read) = again(&SharedModels::default()).unwrap();
        assert_eq!(read.len(), 3);
        // Only what is read is looked at.
        for manifest in first.models() {
            let file = registry.version_directory(&manifest.id, &manifest.version).join("model.pt");
            std::fs::rename(&file, file.with_extension("away")).unwrap();
        }
        let (second, read) = again(&first.shared()).unwrap();
        assert!(read.is_empty());
        let predict = |ensemble: &Ensemble| ensemble.predict(&[window()], &[0, 1, 2]).unwrap();
        assert_eq!(predict(&second), predict(&first));
        assert_eq!(second.rounding_error(), first.rounding_error());
        let Err(LoadError::Broken(broken)) = again(&SharedModels::default()) else { panic!() };
        let names: Vec<String> = broken.iter().map(|(id, _)| id.to_string()).collect();
        assert_eq!(names, ["PUM2.HepG2", "QKI.K562", "TIA1.K562"]);
        for manifest in first.models() {
            let file = registry.version_directory(&manifest.id, &manifest.version).join("model.pt");
            std::fs::rename(file.with_extension("away"), file).unwrap();
        }
    }
}
