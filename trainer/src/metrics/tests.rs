use proptest::prelude::*;

use super::*;

fn close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-12, "{left} is not {right}");
}

#[test]
fn values_by_hand() {
    // Pairs: 0.9 beats both negatives, 0.4 ties with one and beats the other: (2 + 1.5) / 4.
    let (labels, scores) = ([true, true, false, false], [0.9, 0.4, 0.4, 0.1]);
    close(auroc(&labels, &scores).unwrap(), 0.875);
    // At 0.9: recall 1/2, precision 1; at 0.4: recall 1/2 more, precision 2/3.
    close(average_precision(&labels, &scores).unwrap(), 0.5 + 0.5 * 2.0 / 3.0);
}

#[test]
fn perfect_reversed_and_constant_scores() {
    let labels = [true, false, true, false, false];
    close(auroc(&labels, &[0.9, 0.1, 0.8, 0.2, 0.3]).unwrap(), 1.0);
    close(auroc(&labels, &[0.1, 0.9, 0.2, 0.8, 0.7]).unwrap(), 0.0);
    close(average_precision(&labels, &[0.9, 0.1, 0.8, 0.2, 0.3]).unwrap(), 1.0);
    close(auroc(&labels, &[0.5; 5]).unwrap(), 0.5);
    close(average_precision(&labels, &[0.5; 5]).unwrap(), 0.4);
    // Minus zero and zero are one score.
    close(auroc(&[true, false], &[0.0, -0.0]).unwrap(), 0.5);
}

#[test]
fn what_has_no_value_is_said() {
    assert_eq!(auroc(&[true], &[0.5]), Err(MetricError::OneClass { positives: 1, negatives: 0 }));
    assert_eq!(auroc(&[], &[]), Err(MetricError::OneClass { positives: 0, negatives: 0 }));
    assert_eq!(auroc(&[true, false], &[0.5]), Err(MetricError::Lengths { labels: 2, scores: 1 }));
    assert_eq!(average_precision(&[true, false], &[0.5, f64::NAN]), Err(MetricError::NotFinite { index: 1 }));
}

#[test]
fn the_median_lies_in_the_middle() {
    assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    assert_eq!(median(Vec::new()), None);
}

/// Every positive against every negative.
fn auroc_by_pairs(labels: &[bool], scores: &[f64]) -> f64 {
    let (mut pairs, mut won) = (0.0, 0.0);
    for (_, positive) in labels.iter().zip(scores).filter(|(label, _)| **label) {
        for (_, negative) in labels.iter().zip(scores).filter(|(label, _)| !**label) {
            pairs += 1.0;
            won += if positive > negative {
                1.0
            } else if positive == negative {
                0.5
            } else {
                0.0
            };
        }
    }
    won / pairs
}

/// Mean over positives of the precision at their score as the threshold.
fn average_precision_by_thresholds(labels: &[bool], scores: &[f64]) -> f64 {
    let precision = |threshold: f64| {
        let called: Vec<bool> = labels
            .iter()
            .zip(scores)
            .filter(|(_, score)| **score >= threshold)
            .map(|(label, _)| *label)
            .collect();
        called.iter().filter(|label| **label).count() as f64 / called.len() as f64
    };
    let at_positives: Vec<f64> =
        labels.iter().zip(scores).filter(|(label, _)| **label).map(|(_, score)| precision(*score)).collect();
    at_positives.iter().sum::<f64>() / at_positives.len() as f64
}

proptest! {
    #[test]
    fn equal_to_the_definitions(examples in proptest::collection::vec((any::<bool>(), 0_u8..12), 2..80)) {
        let labels: Vec<bool> = examples.iter().map(|(label, _)| *label).collect();
        let scores: Vec<f64> = examples.iter().map(|(_, score)| f64::from(*score) / 11.0).collect();
        let positives = labels.iter().filter(|label| **label).count();
        prop_assume!(positives > 0 && positives < labels.len());
        let area = auroc(&labels, &scores).unwrap();
        prop_assert!((area - auroc_by_pairs(&labels, &scores)).abs() < 1e-12);
        let precision = average_precision(&labels, &scores).unwrap();
        prop_assert!((precision - average_precision_by_thresholds(&labels, &scores)).abs() < 1e-12);
        let swapped: Vec<bool> = labels.iter().map(|label| !label).collect();
        prop_assert!((auroc(&swapped, &scores).unwrap() - (1.0 - area)).abs() < 1e-12);
    }
}
