use polaris_model::localization::{
    AlleleAlignment, ClusterOptions, LocalizationMethod, MapOptions, MapResolution,
};
use polaris_model::{Predictions, sigmoid};

use super::*;
use crate::convert::{ClusterForm, Kept};

const BASES: usize = 4;

/// Substitution effects whose map this is.
fn effects(map: &[f32]) -> Vec<f32> {
    map.iter().flat_map(|value| [0.0, -3.0 * value, 0.0, 0.0]).collect()
}

/// Rows of one model each, with logits 0, 1, 2 and so on.
fn localizations(method: LocalizationMethod, models: usize, values: Vec<f32>, rows: usize) -> Localizations {
    let logits: Vec<f32> = (0..rows * models).map(|row| row as f32).collect();
    let probabilities = logits.iter().map(|&logit| sigmoid(logit)).collect();
    Localizations { predictions: Predictions { models, logits, probabilities }, method, values }
}

fn mutagenesis(signed: bool) -> MapForm {
    let method = LocalizationMethod::Mutagenesis;
    MapForm { map: MapOptions { method, signed, ..MapOptions::default() }, ..MapForm::default() }
}

fn ids(models: usize) -> Vec<String> {
    (0..models).map(|model| format!("M{model}.K562")).collect()
}

fn inserted() -> Compared {
    Compared::Resized(AlleleAlignment::new(BASES, 2, 0, 2).unwrap())
}

/// Reference a b c d, left-anchored a b x y, right-anchored x y c d, each twice: as it is and doubled for a second model.
fn insertion() -> Localizations {
    let maps = [[3.0, -1.0, 0.0, 6.0], [3.0, 2.0, 4.0, -1.0], [2.0, 6.0, 0.0, 9.0]];
    let values = maps.iter().flat_map(|map| [effects(map), effects(&map.map(|value| 2.0 * value))]).flatten();
    localizations(LocalizationMethod::Mutagenesis, 2, values.collect(), 3)
}

fn values(map: Option<&PositionMap>) -> &[f32] {
    map.map_or(&[], |map| &map.values)
}

#[test]
fn an_insertion_is_joined_before_it_is_rectified_and_compared_after() {
    let localizations = insertion();
    let maps = |signed| {
        let form = mutagenesis(signed);
        let explanation =
            Explanation { localizations: &localizations, form: &form, input_length: BASES, first_row: 0 };
        explanation.response(5, Some(inserted()), ids(2)).unwrap()
    };
    let rectified = maps(false);
    assert_eq!((rectified.window_index, rectified.model_ids.len(), rectified.maps.len()), (5, 2, 2));
    assert_eq!(rectified.geometry.unwrap().positions, 4);
    assert_eq!(rectified.reference.unwrap().logits, [0.0, 1.0]);
    let alternate = rectified.alternate.unwrap();
    assert_eq!(
        (alternate.logits, alternate.probabilities),
        (vec![3.0, 4.0], vec![sigmoid(3.0), sigmoid(4.0)])
    );
    let blocks: Vec<_> = rectified.alignment.iter().map(|b| (b.reference0, b.alternate0, b.length)).collect();
    assert_eq!(blocks, [(Some(0), Some(0), 2), (None, Some(2), 2), (Some(2), Some(4), 2)]);
    let [first, second] = rectified.maps.as_slice() else { panic!("{:?}", rectified.maps) };
    assert_eq!(values(first.reference.as_ref()), [3.0, 0.0, 0.0, 6.0]);
    assert_eq!(values(first.alternate.as_ref()), [3.0, 2.0, 3.0, 2.5, 0.0, 9.0]);
    assert_eq!(values(first.difference.as_ref()), [0.0, 2.0, 3.0, 2.5, 0.0, 3.0]);
    assert_eq!(values(second.difference.as_ref()), [0.0, 4.0, 6.0, 5.0, 0.0, 6.0]);
    let signed = &maps(true).maps[0];
    assert_eq!(values(signed.reference.as_ref()), [3.0, -1.0, 0.0, 6.0]);
    assert_eq!(values(signed.difference.as_ref()), [0.0, 3.0, 3.0, 2.5, 0.0, 3.0]);
}

#[test]
fn effects_are_joined_as_maps_are() {
    let localizations = insertion();
    let form = MapForm { substitution_effects: true, ..mutagenesis(false) };
    let explanation =
        Explanation { localizations: &localizations, form: &form, input_length: BASES, first_row: 0 };
    let answer = explanation.response(0, Some(inserted()), ids(2)).unwrap();
    let maps = &answer.maps[0];
    assert_eq!(maps.reference.as_ref().unwrap().substitution_effects, effects(&[3.0, -1.0, 0.0, 6.0]));
    let joined = effects(&[3.0, 2.0, 3.0, 2.5, 0.0, 9.0]);
    assert_eq!(maps.alternate.as_ref().unwrap().substitution_effects, joined);
    assert!(maps.difference.as_ref().unwrap().substitution_effects.is_empty());
}

#[test]
fn a_substitution_is_compared_position_by_position_also_on_the_grid() {
    let map = MapOptions { resolution: MapResolution::Native, ..MapOptions::default() };
    let clusters = Some(ClusterForm { options: ClusterOptions::default(), include_all: false });
    let form =
        MapForm { map, kept: Kept { threshold: None, top_k: Some(1) }, clusters, ..MapForm::default() };
    // A row of another window goes before; six positions of 60 bases.
    let rows = [[1.0; 6], [0.0, 8.0, 7.0, 0.0, -5.0, 0.0], [0.0, 8.0, 0.0, 0.0, 2.0, 0.0]].concat();
    let localizations = localizations(LocalizationMethod::GradCam, 1, rows, 3);
    let explanation =
        Explanation { localizations: &localizations, form: &form, input_length: 60, first_row: 1 };
    let answer = explanation.response(1, Some(Compared::Substitution), ids(1)).unwrap();
    assert_eq!((answer.reference.unwrap().logits, answer.alternate.unwrap().logits), (vec![1.0], vec![2.0]));
    assert_eq!((answer.alignment.len(), answer.alignment[0].length), (1, 60));
    let expected = v1::MapGeometry { positions: 6, first_center0: 19, stride: 4, receptive_field: 39 };
    assert_eq!(answer.geometry, Some(expected));
    let maps = &answer.maps[0];
    let kept = |map: &Option<PositionMap>| {
        map.as_ref().map(|map| (map.values.clone(), map.indices.clone(), map.clusters.len()))
    };
    assert_eq!(kept(&maps.reference), Some((vec![8.0], vec![1], 1)));
    assert_eq!(kept(&maps.alternate), Some((vec![8.0], vec![1], 1)));
    assert_eq!(kept(&maps.difference), Some((vec![-7.0], vec![2], 0)));
    // Of the whole map, though one position is returned.
    let cluster = &maps.reference.as_ref().unwrap().clusters[0];
    assert_eq!((cluster.start0, cluster.end0, cluster.summit0), (23, 28, 23));
}

#[test]
fn answers_that_are_short_or_no_numbers_are_faults() {
    let form = mutagenesis(false);
    let response = |localizations: &Localizations| {
        let explanation = Explanation { localizations, form: &form, input_length: BASES, first_row: 0 };
        explanation.response(0, Some(inserted()), ids(2))
    };
    let mut short = insertion();
    short.values.pop();
    assert!(matches!(response(&short), Err(ServiceError::ShortAnswer)));
    let mut infinite = insertion();
    infinite.values[3] = f32::INFINITY;
    assert!(matches!(response(&infinite), Err(ServiceError::NotFinite)));
    let mut no_number = insertion();
    no_number.predictions.logits[0] = f32::NAN;
    assert!(matches!(response(&no_number), Err(ServiceError::NotFinite)));
}
