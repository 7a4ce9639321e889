use polaris_genomics::RegionClass;
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{Allele, Region, Resized, Substitution, VariantWindow, Window};

use super::*;
use crate::fixtures::catalog;

const LENGTH: usize = 60;

fn window() -> Window {
    Window {
        sequence: "acguN".repeat(LENGTH / 5),
        expression: [("K562".to_owned(), 1.5)].into(),
        region: Region::ThreePrimeUtr.into(),
    }
}

fn all_cell_lines() -> Window {
    Window { expression: ["K562", "HepG2"].map(|line| (line.to_owned(), 1.5)).into(), ..window() }
}

fn predict(windows: Vec<Window>, ids: &[&str]) -> Result<Prediction, RequestError> {
    let model_ids = ids.iter().map(|&id| id.to_owned()).collect();
    prediction(PredictRequest { windows, model_ids }, &catalog(LENGTH), 5)
}

fn fields(error: RequestError) -> Vec<(String, String)> {
    match error {
        RequestError::Invalid(violations) => {
            violations.into_iter().map(|v| (v.field, v.description)).collect()
        }
        unknown => panic!("{unknown:?}"),
    }
}

fn score(windows: Vec<VariantWindow>) -> Result<Scoring, RequestError> {
    scoring(
        ScoreVariantsRequest { request_id: 7, model_ids: vec!["QKI.K562".to_owned()], windows },
        &catalog(LENGTH),
        5,
    )
}

fn with_alleles(changes: Vec<Option<Change>>) -> VariantWindow {
    let alleles = changes.into_iter().map(|change| Allele { change }).collect();
    VariantWindow { reference: Some(window()), alleles }
}

fn substitution(offset0: u32, bases: &str) -> Option<Change> {
    Some(Change::Substitution(Substitution { offset0, bases: bases.to_owned() }))
}

#[test]
fn a_window_is_normalized_and_expression_stands_in_the_order_of_the_engine() {
    let good = predict(vec![window()], &["QKI.K562", "PUM2.none"]).unwrap();
    assert_eq!(*good.selection.models, [2, 1]);
    assert_eq!(good.windows[0].sequence, b"ACGTN".repeat(12));
    assert_eq!(good.windows[0].region, Some(RegionClass::ThreePrimeUtr));
    assert_eq!(good.windows[0].expression, [0.0, 1.5]);
}

#[test]
fn expression_is_asked_only_for_the_chosen_models() {
    let bare = Window { expression: [].into(), ..window() };
    assert!(predict(vec![bare.clone()], &["PUM2.none"]).is_ok());
    let found = fields(predict(vec![window(), bare], &[]).unwrap_err());
    let names: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        names,
        [
            "windows[0].expression[\"HepG2\"]",
            "windows[1].expression[\"HepG2\"]",
            "windows[1].expression[\"K562\"]"
        ]
    );
}

#[test]
fn wrong_windows_are_named_with_their_place() {
    let long = Window { sequence: "A".repeat(LENGTH + 1), ..window() };
    let letter = Window { sequence: window().sequence.replacen('g', "X", 1), ..window() };
    let region = Window { region: 9, ..window() };
    let nan = Window { expression: [("K562".to_owned(), f32::NAN)].into(), ..window() };
    let found = fields(predict(vec![window(), long, letter, region, nan], &["QKI.K562"]).unwrap_err());
    let names: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        names,
        [
            "windows[1].sequence",
            "windows[2].sequence",
            "windows[3].region",
            "windows[4].expression[\"K562\"]"
        ]
    );
    assert!(found[1].1.starts_with("letter 'X' at offset 2"), "{}", found[1].1);
}

#[test]
fn only_the_first_violations_are_reported() {
    let bad = VariantWindow { reference: Some(window()), alleles: vec![Allele { change: None }; 40] };
    let request =
        ScoreVariantsRequest { windows: vec![bad], model_ids: vec!["QKI.K562".to_owned()], request_id: 1 };
    assert_eq!(fields(scoring(request, &catalog(LENGTH), 100).unwrap_err()).len(), 16);
}

#[test]
fn counts_and_models() {
    assert_eq!(fields(predict(Vec::new(), &[]).unwrap_err())[0].0, "windows");
    let many = &fields(predict(vec![window(); 6], &["QKI.K562"]).unwrap_err())[0];
    assert!(many.0 == "windows" && many.1.contains('6') && many.1.contains('5'), "{many:?}");
    assert_eq!(
        predict(vec![window()], &["QKI.HepG2"]).unwrap_err(),
        RequestError::UnknownModel { id: "QKI.HepG2".to_owned() }
    );
    let twice = fields(predict(vec![window()], &["QKI.K562", "PUM2.none", "QKI.K562"]).unwrap_err());
    assert_eq!(twice[0].0, "model_ids[2]");
}

#[test]
fn substitutions_go_with_their_reference_and_resized_alleles_after_it() {
    let resized = Resized {
        left_anchored: "A".repeat(LENGTH),
        right_anchored: "C".repeat(LENGTH),
        ..Resized::default()
    };
    // As the reference has them, several bases, and the last base: all have a row.
    let changes =
        [substitution(0, "ac"), Some(Change::Resized(resized)), substitution(LENGTH as u32 - 2, "uu")];
    let good = score(vec![with_alleles(changes.to_vec())]).unwrap();
    assert_eq!((good.request_id, good.windows.len()), (7, 3));
    assert_eq!(good.alleles, [[AlleleRows::Substitution, AlleleRows::Resized, AlleleRows::Substitution]]);
    assert_eq!(good.windows[0].sequence[..5], *b"ACGTN");
    let substitutions: Vec<(usize, &[u8])> =
        good.windows[0].substitutions.iter().map(|change| (change.offset0, &change.bases[..])).collect();
    assert_eq!(substitutions, [(0, &b"AC"[..]), (LENGTH - 2, b"TT")]);
    assert_eq!((good.windows[1].sequence[7], good.windows[2].sequence[7]), (b'A', b'C'));
    assert!(good.windows[1..].iter().all(|window| window.rows() == 1));
    assert!(good.windows.iter().all(|window| window.region.is_some() && window.expression == [0.0, 1.5]));
}

#[test]
fn thousands_of_alleles_share_a_window() {
    let alleles: Vec<_> = (0..4000)
        .map(|index| substitution(index % LENGTH as u32, ["A", "C", "G", "T"][index as usize % 4]))
        .collect();
    let request = |windows| ScoreVariantsRequest { request_id: 1, model_ids: Vec::new(), windows };
    let window = || VariantWindow { reference: Some(all_cell_lines()), ..with_alleles(alleles.clone()) };
    let good = scoring(request(vec![window()]), &catalog(LENGTH), 4001).unwrap();
    assert_eq!((good.windows.len(), good.windows[0].rows(), good.alleles[0].len()), (1, 4001, 4000));
    let many = &fields(scoring(request(vec![window()]), &catalog(LENGTH), 4000).unwrap_err())[0];
    assert!(many.1.starts_with("4001 windows"), "{many:?}");
}

#[test]
fn a_window_of_nothing_but_n_can_be_predicted() {
    let window = Window { sequence: "n".repeat(LENGTH), ..window() };
    assert_eq!(predict(vec![window], &["QKI.K562"]).unwrap().windows[0].sequence, b"N".repeat(LENGTH));
}

#[test]
fn wrong_alleles_are_named_with_their_place() {
    let end = LENGTH as u32;
    let short = Resized {
        left_anchored: "A".repeat(LENGTH),
        right_anchored: "C".repeat(LENGTH - 1),
        ..Resized::default()
    };
    for (change, field) in [
        (substitution(end - 1, "AC"), "windows[0].alleles[0].substitution.offset0"),
        (substitution(u32::MAX, "A"), "windows[0].alleles[0].substitution.offset0"),
        // Too long to be read at all.
        (substitution(0, &"-".repeat(LENGTH + 1)), "windows[0].alleles[0].substitution.offset0"),
        (substitution(3, ""), "windows[0].alleles[0].substitution.bases"),
        (substitution(3, "A-"), "windows[0].alleles[0].substitution.bases"),
        (Some(Change::Resized(short)), "windows[0].alleles[0].resized.right_anchored"),
        (None, "windows[0].alleles[0]"),
    ] {
        assert_eq!(fields(score(vec![with_alleles(vec![change])]).unwrap_err())[0].0, field);
    }
    assert!(score(vec![with_alleles(vec![substitution(end - 1, "A")])]).is_ok());
    assert_eq!(fields(score(vec![with_alleles(Vec::new())]).unwrap_err())[0].0, "windows[0].alleles");
    let headless = VariantWindow { reference: None, ..with_alleles(vec![substitution(0, "A")]) };
    assert_eq!(fields(score(vec![headless]).unwrap_err())[0].0, "windows[0].reference");
    assert_eq!(fields(score(Vec::new()).unwrap_err())[0].0, "windows");
    let many = with_alleles(vec![substitution(0, "A"); 5]);
    assert!(fields(score(vec![many]).unwrap_err())[0].1.starts_with("6 windows"));
}
