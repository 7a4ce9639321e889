use proptest::prelude::*;

use super::{Alphabet, Logo, LogoComparison};
use crate::{
    FigureError,
    testing::{check, outlines},
};

fn logo(weights: Vec<[f64; 4]>) -> Logo {
    Logo { title: "filter 17".to_owned(), caption: "sites: 40".to_owned(), weights, ..Logo::default() }
}

fn heights(svg: &str) -> Vec<(char, f64)> {
    outlines(svg, "letter").into_iter().map(|(letter, area)| (letter, area.height())).collect()
}

#[test]
fn letters_are_as_high_as_their_information_with_the_largest_on_top() {
    // The entropy of one and three quarters is 0.811 bits.
    let svg = logo(vec![[0.0, 0.0, 0.25, 0.75], [1.0, 0.0, 0.0, 0.0]]).to_svg().unwrap();
    let found = outlines(&svg, "letter");
    let letters: String = found.iter().map(|(letter, _)| *letter).collect();
    assert_eq!(letters, "GUA");
    let bit = found[2].1.height() / 2.0;
    assert!((found[0].1.height() / bit - 0.25 * 1.188_722).abs() < 1e-3);
    assert!((found[1].1.height() / bit - 0.75 * 1.188_722).abs() < 1e-3);
    assert!((found[1].1.bottom - found[0].1.top).abs() < 0.02, "U stands on G");
    assert!((found[0].1.bottom - found[2].1.bottom).abs() < 0.02, "all stand on the axis");
}

#[test]
fn counts_are_frequencies_and_zeros_are_no_letters() {
    let counts = logo(vec![[3.0, 0.0, 1.0, 0.0], [0.0; 4]]).to_svg().unwrap();
    let frequencies = logo(vec![[0.75, 0.0, 0.25, 0.0], [0.0; 4]]).to_svg().unwrap();
    assert_eq!(counts, frequencies);
    assert_eq!(heights(&counts).len(), 2);
    assert_eq!(heights(&logo(vec![[0.25; 4]; 3]).to_svg().unwrap()), []);
}

#[test]
fn the_alphabet_is_a_choice() {
    let rna = logo(vec![[0.0, 0.0, 0.0, 1.0]]);
    let dna = Logo { alphabet: Alphabet::Dna, ..rna.clone() };
    assert_eq!(heights(&rna.to_svg().unwrap())[0].0, 'U');
    assert_eq!(heights(&dna.to_svg().unwrap())[0].0, 'T');
}

#[test]
fn what_is_no_weight_is_refused_with_its_place() {
    for wrong in [-0.1, f64::NAN, f64::INFINITY] {
        let error = logo(vec![[1.0, 0.0, 0.0, 0.0], [0.5, wrong, 0.0, 0.0]]).to_svg().unwrap_err();
        assert!(matches!(&error, FigureError::Weights { position1: 2, .. }), "{error}");
        assert!(error.to_string().contains("\"filter 17\", position 2"), "{error}");
    }
}

#[test]
fn compared_logos_stand_in_the_same_columns() {
    let single = |count| logo(vec![[1.0, 0.0, 0.0, 0.0]; count]);
    for (offset, expected) in [(1_i64, 1_i64), (-2, -2), (i64::MAX, 4), (i64::MIN, -3)] {
        let svg = LogoComparison { upper: single(4), lower: single(3), offset, ..LogoComparison::default() }
            .to_svg()
            .unwrap();
        let found = outlines(&svg, "letter");
        let step = found[1].1.left - found[0].1.left;
        let shift = (found[4].1.left - found[0].1.left) / step;
        assert!((shift - expected as f64).abs() < 1e-2, "{offset}: {shift}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn text_lies_apart(
        title in "\\PC{0,120}", caption in any::<String>(), count in 0..130_usize, other in 0..40_usize,
        offset in -50..50_i64, row in prop::array::uniform4(0.0..1.0),
    ) {
        let upper = Logo { title: title.clone(), caption: caption.clone(), weights: vec![row; count], ..Logo::default() };
        let lower = Logo { weights: vec![row; other], ..upper.clone() };
        let (canvas, height) = upper.draw().unwrap();
        check(canvas, height);
        let (canvas, height) = LogoComparison { title, caption, upper, lower, offset }.draw().unwrap();
        check(canvas, height);
    }
}
