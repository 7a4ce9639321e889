use super::instruction_set::InstructionSet;
use super::*;
use crate::architecture::{Architecture, conv2_positions};
use crate::ensemble::Substitution;
use crate::network::fixtures::{self, assert_close, pools, rows};
use polaris_genomics::RegionClass;

/// Column of the expression that all models of these tests read.
const EXPRESSION: usize = 1;

fn weights(length: usize, expression: bool, region: bool, seed: u64) -> Weights {
    Weights::from_formula(Architecture::new(length, expression, region).unwrap(), seed)
}

fn variants(length: usize) -> Vec<Weights> {
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .zip(1..)
        .map(|((expression, region), seed)| weights(length, expression, region, seed))
        .collect()
}

fn processors() -> impl Iterator<Item = Processor> {
    InstructionSet::ALL.into_iter().filter_map(Processor::with)
}

fn ensemble_on(
    processor: Processor,
    threads: usize,
    weights: &[Weights],
    precision: Precision,
) -> CpuEnsemble {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    CpuEnsemble::new(processor, threads, precision, weights.len(), &SharedNetworks::default(), |index| {
        let expression = weights[index].architecture().expression().then_some(EXPRESSION);
        Ok::<_, ()>(CpuMember { weights: Cow::Borrowed(&weights[index]), expression })
    })
    .unwrap()
}

fn ensemble(weights: &[Weights]) -> CpuEnsemble {
    ensemble_on(Processor::new(), 2, weights, Precision::Strict)
}

fn fast_ensemble(weights: &[Weights]) -> CpuEnsemble {
    ensemble_on(Processor::new(), 2, weights, Precision::Fast)
}

/// Windows with covariates; one begins and ends in N, one is all N, one has N within.
fn windows(length: usize, count: usize) -> Vec<WindowInput> {
    let mut windows: Vec<WindowInput> = (0..count)
        .map(|window| WindowInput {
            sequence: fixtures::sequence(length, window as u64),
            region: [None, Some(RegionClass::Exon), Some(RegionClass::FivePrimeUtr)][window % 3],
            expression: vec![9.0, window as f32 * 0.3],
            substitutions: Vec::new(),
        })
        .collect();
    for (index, window) in windows.iter_mut().enumerate() {
        match index {
            1 => {
                window.sequence[..17].fill(b'N');
                window.sequence[length - 30..].fill(b'N');
            }
            2 => window.sequence.fill(b'N'),
            3 => window.sequence.iter_mut().step_by(7).for_each(|base| *base = b'N'),
            _ => {}
        }
    }
    windows
}

/// Logits of each row, of whole passes by libtorch, `[rows][models]`.
fn expected(weights: &[Weights], windows: &[WindowInput]) -> Vec<f32> {
    let columns: Vec<Vec<f32>> =
        weights.iter().map(|weights| fixtures::logits(weights, windows, Some(EXPRESSION))).collect();
    (0..windows.len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
}

#[test]
fn logits_are_those_of_libtorch_for_all_variants_lengths_and_processors() {
    // All phases of both poolings, and the usual lengths.
    for length in (59..=75).chain([151, 1000]) {
        let weights = variants(length);
        let windows = windows(length, 5);
        let expected = expected(&weights, &windows);
        let logits = |processor| {
            ensemble_on(processor, 2, &weights, Precision::Strict).logits(&windows, &[0, 1, 2, 3])
        };
        let portable = processors().next().map(logits).unwrap();
        for processor in processors() {
            let found = logits(processor);
            assert_close(&found, &expected, 1e-5);
            assert_close(&found, &portable, 1e-5);
            let spread = found.iter().fold(0f32, |most, logit| most.max((logit - found[0]).abs()));
            assert!(spread > 1e-2, "{length}: {spread}");
        }
    }
}

#[test]
fn an_expression_that_nobody_has_counts_as_none() {
    let weights = [weights(151, true, true, 3)];
    let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let ensemble =
        CpuEnsemble::new(Processor::new(), threads, Precision::Strict, 1, &SharedNetworks::default(), |_| {
            Ok::<_, ()>(CpuMember { weights: Cow::Borrowed(&weights[0]), expression: None })
        });
    let windows = windows(151, 3);
    let expected = fixtures::logits(&weights[0], &windows, None);
    assert_close(&ensemble.unwrap().logits(&windows, &[0]), &expected, 1e-5);
}

#[test]
fn covariates_count_as_libtorch_has_them() {
    let weights = variants(151);
    let mut windows = windows(151, 1);
    for region in
        [None, Some(RegionClass::Intron), Some(RegionClass::Promoter), Some(RegionClass::FivePrimeUtr)]
    {
        windows[0].region = region;
        windows[0].expression[EXPRESSION] += 2.5;
        let found = ensemble(&weights).logits(&windows, &[0, 1, 2, 3]);
        assert_close(&found, &expected(&weights, &windows), 1e-5);
    }
}

#[test]
fn models_are_those_that_are_asked_for() {
    let weights = variants(151);
    let ensemble = ensemble(&weights);
    let windows = windows(151, 5);
    let all = ensemble.logits(&windows, &[0, 1, 2, 3]);
    let some = ensemble.logits(&windows, &[3, 1]);
    let expected: Vec<f32> = all.chunks(4).flat_map(|row| [row[3], row[1]]).collect();
    assert_eq!(some, expected);
    assert!(ensemble.logits(&windows, &[]).is_empty() && ensemble.logits(&[], &[1]).is_empty());
}

#[test]
fn fast_logits_are_near_on_all_processors() {
    let weights = variants(1000);
    let windows = windows(1000, 5);
    let expected = expected(&weights, &windows);
    for processor in processors() {
        let found = ensemble_on(processor, 1, &weights, Precision::Fast).logits(&windows, &[0, 1, 2, 3]);
        assert_close(&found, &expected, 1e-2);
        assert_ne!(found, ensemble(&weights).logits(&windows, &[0, 1, 2, 3]));
    }
}

/// Every kind of substitution: at both ends and between, of one base and of many, of what is there, and N.
fn substituted(mut window: WindowInput) -> WindowInput {
    let length = window.sequence.len();
    let changes =
        [(0, "A"), (0, "C"), (5, "GG"), (length / 2, "T"), (length / 2, "ACGTACGTACGTACGTACGTAC"), (20, "N")];
    window.substitutions = changes
        .into_iter()
        .chain([(length - 1, "A"), (length - 1, "C"), (length - 3, "TGA"), (0, "TTTTTTTTTT"), (25, "")])
        .map(|(offset0, bases)| Substitution { offset0, bases: bases.as_bytes().to_vec() })
        .chain([Substitution { offset0: 0, bases: fixtures::sequence(length, 77) }])
        .collect();
    window
}

#[test]
fn substitutions_are_whole_passes() {
    for length in [59, 75, 107, 151, 166, 1000] {
        let weights = variants(length);
        let windows: Vec<WindowInput> = windows(length, 5).into_iter().map(substituted).collect();
        for (precision, tolerance) in [(Precision::Strict, 1e-6), (Precision::Fast, 1e-2)] {
            let ensemble = ensemble_on(Processor::new(), 2, &weights, precision);
            let found = ensemble.logits(&windows, &[0, 3]);
            assert_close(&found, &ensemble.logits(&rows(&windows), &[0, 3]), tolerance);
        }
    }
}

#[test]
fn what_changes_nothing_is_the_reference_to_the_bit() {
    let weights = [weights(151, true, true, 2)];
    let mut windows = windows(151, 4);
    for window in &mut windows {
        let same =
            |offset0: usize| Substitution { offset0, bases: window.sequence[offset0..offset0 + 3].to_vec() };
        window.substitutions = vec![same(0), same(70), same(148)];
    }
    for ensemble in [ensemble(&weights), fast_ensemble(&weights)] {
        for rows in ensemble.logits(&windows, &[0]).chunks(4) {
            assert_eq!(rows, [rows[0]; 4]);
        }
    }
}

#[test]
fn answers_do_not_depend_on_batches_alleles_or_threads() {
    let weights = variants(151);
    let windows: Vec<WindowInput> = windows(151, 70).into_iter().map(substituted).collect();
    let rows = windows[0].rows();
    for precision in Precision::ALL {
        let one = ensemble_on(Processor::new(), 1, &weights, precision);
        let three = ensemble_on(Processor::new(), 3, &weights, precision);
        let all = one.logits(&windows, &[0, 1, 2, 3]);
        assert_eq!(all, three.logits(&windows, &[0, 1, 2, 3]));
        for (index, window) in windows.iter().enumerate().step_by(9) {
            let alone = one.logits(std::slice::from_ref(window), &[0, 1, 2, 3]);
            assert_eq!(alone, all[index * rows * 4..(index + 1) * rows * 4], "{index}");
        }
        for (place, change) in windows[5].substitutions.iter().enumerate() {
            let window = WindowInput { substitutions: vec![change.clone()], ..windows[5].clone() };
            assert_eq!(one.logits(&[window], &[2])[1], all[(5 * rows + 1 + place) * 4 + 2]);
        }
        for map in [ActivationMap::GradCam, ActivationMap::HiresCam] {
            let (logits, maps) = one.maps(&windows, &[1], map);
            assert_eq!(three.maps(&windows, &[1], map), (logits.clone(), maps.clone()));
            let references: Vec<f32> = all.chunks(4 * rows).map(|window| window[1]).collect();
            assert_eq!(logits, references);
            let (_, some) = one.maps(&windows[40..43], &[1], map);
            assert_eq!(maps[40 * some.len() / 3..][..some.len()], some);
        }
    }
}

#[test]
fn thousands_of_alleles_of_one_window() {
    let weights = [weights(151, true, true, 4)];
    let mut window = windows(151, 1).remove(0);
    for round in 0..14 {
        for offset0 in 0..151 {
            window.substitutions.push(Substitution { offset0, bases: vec![b"ACGT"[(round + offset0) % 4]] });
        }
    }
    assert!(EncodedWindow::pieces(&window, TASK_POSITIONS).len() > 1);
    let ensemble = ensemble(&weights);
    let found = ensemble.logits(std::slice::from_ref(&window), &[0]);
    assert_close(&found, &expected(&weights, &rows(std::slice::from_ref(&window))), 1e-5);
    // To the bit, also on either side of where the window is taken apart.
    for (place, change) in window.substitutions.iter().enumerate().step_by(41) {
        let alone = WindowInput { substitutions: vec![change.clone()], ..window.clone() };
        assert_eq!(ensemble.logits(&[alone], &[0]), [found[0], found[place + 1]], "{place}");
    }
}

#[test]
fn maps_are_what_autograd_gives() {
    for length in [59, 67, 151, 400, 1000] {
        let weights = [weights(length, true, true, length as u64), weights(length, true, true, 5)];
        let windows = windows(length, 20);
        for map in [ActivationMap::GradCam, ActivationMap::HiresCam] {
            let (_, maps) = ensemble(&weights).maps(&windows, &[1, 0], map);
            let positions = conv2_positions(length);
            for (column, weights) in weights.iter().rev().enumerate() {
                let expected = fixtures::maps_by_autograd(weights, &windows, map);
                let found: Vec<f32> =
                    maps.chunks_exact(positions).skip(column).step_by(2).flatten().copied().collect();
                for (window, (found, expected)) in
                    found.chunks_exact(positions).zip(expected.chunks_exact(positions)).enumerate()
                {
                    let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
                    assert!(largest > 1e-6, "{length} {map:?} {window}: {largest}");
                    let per_pool = |map: &[f32]| pools(map, positions);
                    assert_close(&per_pool(found), &per_pool(expected), 4e-5 * largest);
                    if map == ActivationMap::GradCam || !windows[window].sequence.contains(&b'N') {
                        let close =
                            |(found, expected): &(&f32, &f32)| (*found - *expected).abs() < 1e-5 * largest;
                        let close = found.iter().zip(expected).filter(close).count();
                        let either = if map == ActivationMap::GradCam { 0 } else { positions / 40 };
                        assert!(
                            close + either >= positions,
                            "{length} {map:?} {window}: {close} of {positions}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn of_what_is_the_same_the_first_counts() {
    // Over N every position of a pool is the same but for rounding.
    let weights = [weights(151, true, true, 8)];
    let unknown = &windows(151, 3)[2..];
    for processor in processors() {
        for precision in Precision::ALL {
            let (_, map) =
                ensemble_on(processor, 1, &weights, precision).maps(unknown, &[0], ActivationMap::HiresCam);
            assert!(map.chunks(4).all(|pool| pool[1..].iter().all(|&value| value == 0.0)), "{map:?}");
            assert!(map.iter().any(|&value| value != 0.0));
        }
    }
}

#[test]
fn maps_are_near_on_all_processors() {
    let weights = [weights(151, true, true, 8)];
    let windows = windows(151, 1);
    for map in [ActivationMap::GradCam, ActivationMap::HiresCam] {
        let (_, expected) = ensemble(&weights).maps(&windows, &[0], map);
        let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        for processor in processors() {
            for (precision, tolerance) in [(Precision::Strict, 4e-5), (Precision::Fast, 0.1)] {
                let (_, found) = ensemble_on(processor, 1, &weights, precision).maps(&windows, &[0], map);
                assert_close(&pools(&found, 29), &pools(&expected, 29), tolerance * largest);
            }
        }
    }
}

#[test]
fn work_is_cut_for_all_threads_and_no_larger_than_it_may_be() {
    let windows: Vec<WindowInput> = windows(60, 100);
    let pieces: Vec<Piece<'_>> = windows
        .iter()
        .map(|window| Piece { window: EncodedWindow::new(window, Vec::new()), row: 0, first_allele_row: 0 })
        .collect();
    let sizes = |models, threads, most| -> Vec<usize> {
        blocks(&pieces, models, threads, most).iter().map(|block| block.len()).collect()
    };
    // A window of 60 bases has one position.
    assert_eq!(sizes(160, 2, 64), [50, 50]);
    assert_eq!(sizes(1, 2, 64), [13, 13, 13, 13, 12, 12, 12, 12]);
    assert_eq!(sizes(160, 2, 1000), [100]);
    assert_eq!(blocks(&pieces[..1], 1, 8, 64).len(), 1);
    assert!(blocks(&[], 1, 8, 64).is_empty());
}
