use super::*;

/// Substitutions of every kind at every place that is special.
fn substitutions(length: usize) -> Vec<Substitution> {
    let mut all = Vec::new();
    for offset0 in (0..length).step_by(3).chain([1, 2, length - 3, length - 2, length - 1]) {
        all.push(substitution(offset0, &[b"ACGTN"[offset0 % 5]]));
    }
    let bases = sequence(length, 99);
    for span in [2, 3, 7, 20, 40, 58] {
        for offset0 in [0, 5, length / 2, length - span] {
            all.push(substitution(offset0.min(length - span), &bases[..span]));
        }
    }
    all.push(substitution(0, &bases));
    all.push(substitution(4, b""));
    all
}

fn with_substitutions(length: usize, count: usize) -> Vec<WindowInput> {
    let mut windows = windows(length, count);
    for (index, window) in windows.iter_mut().enumerate() {
        window.substitutions = substitutions(length);
        window.substitutions.rotate_left(index * 5);
        window.substitutions.push(substitution(3, &window.sequence[3..9]));
    }
    windows
}

#[test]
fn alternates_are_those_of_whole_passes() {
    // The shortest; one in which a base can reach all; bases beyond the last pooling.
    for (length, count) in [(151, 4), (59, 2), (91, 2), (107, 2), (166, 2)] {
        let members = Members::new(length);
        let windows = with_substitutions(length, count);
        let models = [4, 1, 2];
        let expected = members.expected(&windows, &models);
        for limits in [Limits::DEFAULT, Limits { passes: 3, alternates: 40, bytes: 1 << 20 }, TINY] {
            let found = members.strict(limits).predict(&windows, &models).unwrap();
            assert_close(&found, &expected, 1e-6);
        }
    }
}

#[test]
fn alternates_of_long_windows() {
    let members = Members::new(1000);
    let mut windows = windows(1000, 3);
    for (window, shift) in windows.iter_mut().zip(0..) {
        let places =
            [0, 13, 250, 499, 500, 501, 777, 990, 994, 998, 999].map(|place: usize| place - place.min(shift));
        window.substitutions = places.map(|place| substitution(place, b"G")).to_vec();
        window.substitutions.push(substitution(480 + shift, b"ACGTACGTACGTACGTAACCGGTT"));
    }
    let found = members.strict(Limits::DEFAULT).predict(&windows, &[0, 3]).unwrap();
    assert_close(&found, &members.expected(&windows, &[0, 3]), 1e-6);
}

/// Every base of a window, and the second time round with the third base as well: 3 x 151 + 3 x 149 alternates, twice.
#[test]
fn thousands_of_alternates_in_one_window() {
    let members = Members::new(151);
    let mut windows = windows(151, 2);
    for letter in *b"ACGTACGT" {
        let singles = (0..151).map(|place| substitution(place, &[letter]));
        let triples = (0..149).map(|place| substitution(place, &[letter, b'C', letter]));
        windows[0].substitutions.extend(singles.chain(triples));
    }
    assert!(windows[0].substitutions.len() > 2000);
    let expected = members.expected(&windows, &[2]);
    for limits in [Limits::DEFAULT, Limits { alternates: 100, ..Limits::DEFAULT }] {
        let found = members.strict(limits).predict(&windows, &[2]).unwrap();
        assert_close(&found, &expected, 1e-6);
    }
}

#[test]
fn what_changes_nothing_scores_the_same() {
    let members = Members::new(151);
    for precision in Precision::ALL {
        let ensemble = members.stacked(Device::Cpu, precision, Limits::DEFAULT);
        let mut windows = windows(151, 1);
        windows[0].substitutions = vec![
            substitution(150, b"N"),
            substitution(40, &windows[0].sequence[40..60]),
            substitution(7, b""),
        ];
        let logits = ensemble.predict(&windows, &[3]).unwrap();
        assert_eq!(logits, [logits[0]; 4]);
    }
}

#[test]
fn fast_differences_are_near() {
    let members = Members::new(151);
    let mut windows = windows(151, 1);
    windows[0].substitutions = (0..150).map(|place| substitution(place, b"A")).collect();
    let fast = members.stacked(Device::Cpu, Precision::Fast, Limits::DEFAULT);
    let found = fast.predict(&windows, &[0]).unwrap();
    let expected = members.expected(&windows, &[0]);
    let largest = expected.iter().map(|logit| (logit - expected[0]).abs()).fold(0.0, f32::max);
    for (found_logit, expected_logit) in found.iter().zip(&expected) {
        let error = (found_logit - found[0]) - (expected_logit - expected[0]);
        assert!(error.abs() < 0.05 * largest, "{error} {largest}");
    }
}
