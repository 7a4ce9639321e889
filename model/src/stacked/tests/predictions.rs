use super::*;
use crate::ensemble::EngineError;
use crate::inputs::InputError;

#[test]
fn predictions_are_those_of_the_networks() {
    for (length, count) in [(1000, 5), (151, 9), (59, 4), (166, 3)] {
        let members = Members::new(length);
        let windows = windows(length, count);
        let all = [0, 1, 2, 3, 4];
        let expected = members.expected(&windows, &all);
        assert!(expected.iter().any(|logit| logit.abs() > 0.05), "{expected:?}");
        for limits in [Limits::DEFAULT, Limits { passes: 2, ..Limits::DEFAULT }, TINY] {
            let found = members.strict(limits).predict(&windows, &all).unwrap();
            assert_close(&found, &expected, 1e-5);
        }
    }
}

#[test]
fn any_models_in_any_order() {
    let members = Members::new(151);
    let windows = windows(151, 5);
    let limits = [Limits::DEFAULT, TINY, Limits { bytes: 12 << 20, ..Limits::DEFAULT }];
    for ensemble in limits.map(|limits| members.strict(limits)) {
        for models in [vec![3], vec![4, 2, 0], vec![1, 2, 3], vec![4, 0, 3, 1, 2], vec![2, 2, 0, 2], vec![]] {
            let found = ensemble.predict(&windows, &models).unwrap();
            assert_close(&found, &members.expected(&windows, &models), 1e-5);
        }
        assert!(ensemble.predict(&[], &[0, 1]).unwrap().is_empty());
    }
}

#[test]
fn fast_is_near() {
    let members = Members::new(1000);
    let windows = windows(1000, 4);
    let all = [0, 1, 2, 3, 4];
    let ensemble = members.stacked(Device::Cpu, Precision::Fast, Limits::DEFAULT);
    let found = ensemble.predict(&windows, &all).unwrap();
    let expected = members.expected(&windows, &all);
    assert_close(&found, &expected, 0.003);
    assert_ne!(found, expected);
}

#[test]
fn what_does_not_fit_is_refused() {
    let members = Members::new(151);
    let ensemble = members.strict(Limits::DEFAULT);
    let good = windows(151, 2);
    let refused = |change: &dyn Fn(&mut WindowInput)| {
        let mut bad = good.clone();
        change(&mut bad[1]);
        ensemble.predict(&bad, &[0]).unwrap_err()
    };
    assert!(matches!(
        refused(&|window| window.sequence.truncate(150)),
        EngineError::Input(InputError::Length { window: 1, expected: 151, found: 150 })
    ));
    assert!(matches!(
        refused(&|window| window.sequence[7] = b'*'),
        EngineError::Input(InputError::Sequence { window: 1, .. })
    ));
    assert!(matches!(
        refused(&|window| window.expression.truncate(1)),
        EngineError::Expression { window: 1, expected: 2, found: 1 }
    ));
    for bad in [substitution(150, b"AC"), substitution(usize::MAX, b"A")] {
        let offset0 = bad.offset0;
        let error = refused(&|window| window.substitutions.push(bad.clone()));
        assert!(matches!(error, EngineError::Substitution { window: 1, offset0: found } if found == offset0));
    }
    assert!(matches!(
        refused(&|window| window.substitutions.push(substitution(3, b"A-"))),
        EngineError::Input(InputError::Sequence { window: 1, .. })
    ));
    let error = ensemble.predict(&good, &[0, 5]).unwrap_err();
    assert!(matches!(error, EngineError::Model { index: 5, models: 5 }));
}

#[test]
fn builders_are_filled_as_announced() {
    let members = Members::new(151);
    let mut builder = StackedEnsemble::builder(1, 151, Device::Cpu, Precision::Strict).unwrap();
    let other = Weights::from_formula(Architecture::new(200, true, true).unwrap(), 1);
    let error = builder.add(&other, None).unwrap_err().to_string();
    assert!(error.contains("a model over 200 bases among those over 151"), "{error}");
    builder.add(&members.weights[0], None).unwrap();
    let error = builder.add(&members.weights[1], None).unwrap_err().to_string();
    assert!(error.contains("a model more than the 1"), "{error}");
    let builder = StackedEnsemble::builder(2, 151, Device::Cpu, Precision::Strict).unwrap();
    let error = builder.finish().unwrap_err().to_string();
    assert!(error.contains("0 models of 2"), "{error}");
    let none = StackedEnsemble::builder(0, 151, Device::Cpu, Precision::Strict).unwrap().finish().unwrap();
    assert!(none.predict(&windows(151, 2), &[]).unwrap().is_empty());
}
