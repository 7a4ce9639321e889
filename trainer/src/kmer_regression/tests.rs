use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::metrics::auroc;

/// Random windows; most of the bound ones hold TGCATG.
fn planted(count: usize, length: usize, seed: u64) -> (Features, Vec<bool>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut features = Features::new(6, 1);
    let mut labels = Vec::new();
    for index in 0..count {
        let label = index % 2 == 0;
        let mut sequence: Vec<u8> =
            (0..length).filter_map(|_| b"ACGT".choose(&mut random).copied()).collect();
        if label && random.random_bool(0.9) {
            let start = random.random_range(0..length - 6);
            sequence[start..start + 6].copy_from_slice(b"TGCATG");
        }
        features.push(&sequence, &[random.random::<f32>()]);
        labels.push(label);
    }
    (features, labels)
}

#[test]
fn finds_a_planted_kmer_and_tells_new_windows_apart() {
    let (features, labels) = planted(1500, 100, 1);
    let rows: Vec<usize> = (0..1500).collect();
    let windows = |rows| Windows { features: &features, labels: &labels, rows };
    let choice = choose_strength(&windows(&rows[..800]), &windows(&rows[800..1000]));
    let regression = Regression::fit(&windows(&rows[..1000]), choice.strength, None);
    let sixmers = 1364..1364 + 4096;
    let highest = sixmers.max_by(|a, b| regression.weights[*a].total_cmp(&regression.weights[*b])).unwrap();
    // TGCATG in base 4 with A C G T as digits.
    assert_eq!(highest - 1364, [3, 2, 1, 0, 3, 2].iter().fold(0, |number, digit| number * 4 + digit));
    let logits = regression.logits(&features, &rows[1000..]);
    let area = auroc(&labels[1000..], &logits).unwrap();
    assert!(area > 0.85, "{area}");
    // A constant guess has ln 2.
    assert!(choice.loss < 0.6, "{choice:?}");
}

#[test]
fn reads_covariates() {
    let mut features = Features::new(1, 2);
    let labels: Vec<bool> = (0..200).map(|index| index % 3 == 0).collect();
    for (index, label) in labels.iter().enumerate() {
        features.push(b"ACGT", &[f32::from(u8::from(*label)) + (index % 7) as f32 / 7.0, 5.0]);
    }
    let rows: Vec<usize> = (0..200).collect();
    let windows = Windows { features: &features, labels: &labels, rows: &rows };
    let regression = Regression::fit(&windows, 1e-4, None);
    assert!(auroc(&labels, &regression.logits(&features, &rows)).unwrap() > 0.99);
    // What is the same everywhere tells nothing: A, C, G, T and the second covariate.
    assert_eq!([0, 1, 2, 3, 5].map(|column| regression.weights[column]), [0.0; 5]);
}

#[test]
fn the_fit_is_the_least_of_the_objective() {
    let (features, labels) = planted(300, 60, 2);
    let rows: Vec<usize> = (0..300).collect();
    let windows = Windows { features: &features, labels: &labels, rows: &rows };
    let scaling = Scaling::new(&windows);
    let objective = Objective { windows: &windows, scaling: &scaling, strength: 1e-3 };
    let fitted = Regression::fit(&windows, 1e-3, None).parameters;
    let mut gradient = vec![0.0; fitted.len()];
    let least = objective.evaluate(&fitted, &mut gradient);
    let length = gradient.iter().map(|slope| slope * slope).sum::<f64>();
    assert!(length <= 2.0 * 1e-3 * TOLERANCE, "{length}");
    // The gradient is the one that differences show.
    let mut at = fitted.clone();
    let middle = features.width() / 2;
    for column in [0, middle, features.width() - 1, features.width()] {
        at[column] += 0.1;
        let higher = objective.evaluate(&at, &mut gradient);
        let slope = gradient[column];
        at[column] += 1e-5;
        let further = objective.evaluate(&at, &mut gradient);
        assert!(higher > least);
        assert!(((further - higher) / 1e-5 - slope).abs() < 1e-4, "{column}");
        at.clone_from(&fitted);
    }
}

#[test]
fn the_same_bits_again_on_any_number_of_threads() {
    let (features, labels) = planted(400, 80, 3);
    let rows: Vec<usize> = (0..400).collect();
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let windows = |rows| Windows { features: &features, labels: &labels, rows };
            let choice = choose_strength(&windows(&rows[..300]), &windows(&rows[300..]));
            (choice, Regression::fit(&windows(&rows), choice.strength, None))
        })
    };
    let once = fit(1);
    assert_eq!(once, fit(1));
    assert_eq!(once, fit(3));
}
