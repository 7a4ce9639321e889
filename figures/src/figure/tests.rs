use proptest::prelude::*;

use super::{Cluster, Figure, Panel};
use crate::{
    FigureError, XAxis,
    testing::{check, check_drawn, outlines, parse},
};

fn panel(letters: &[u8], values: &[f32]) -> Panel {
    Panel::new("reference", "logit", letters.to_vec(), values.to_vec())
}

fn figure(panels: Vec<Panel>) -> Figure {
    Figure { title: "RBFOX2.K562".to_owned(), panels, ..Figure::default() }
}

#[test]
fn letters_are_as_high_as_their_values() {
    let svg = figure(vec![panel(b"ACGUN-", &[1.0, 0.5, -0.25, 0.0, f32::NAN, 3.0])]).to_svg().unwrap();
    let found = outlines(&svg, "letter");
    let letters: String = found.iter().map(|(letter, _)| *letter).collect();
    assert_eq!(letters, "ACG", "no letter for zero, a missing value and a gap");
    let unit = found[0].1.height();
    assert!((found[1].1.height() / unit - 0.5).abs() < 1e-3);
    assert!((found[2].1.height() / unit - 0.25).abs() < 1e-3);
    assert!((found[0].1.bottom - found[1].1.bottom).abs() < 0.02, "both stand on the axis");
    assert!((found[2].1.top - found[0].1.bottom).abs() < 0.02, "a negative one hangs below it");
    let bases: String = outlines(&svg, "base").into_iter().map(|(letter, _)| letter).collect();
    assert_eq!(bases, "ACGUN");
    parse(&svg);
}

#[test]
fn panels_of_one_quantity_share_a_scale() {
    let low = panel(b"A", &[0.5]);
    let other = Panel { quantity: "change".to_owned(), ..low.clone() };
    let svg = figure(vec![panel(b"A", &[1.0]), low, other]).to_svg().unwrap();
    let heights: Vec<f64> = outlines(&svg, "letter").into_iter().map(|(_, area)| area.height()).collect();
    assert!((heights[1] / heights[0] - 0.5).abs() < 1e-3);
    assert!((heights[2] / heights[0] - 1.0).abs() < 1e-3);
}

#[test]
fn panels_stand_in_the_same_columns() {
    let svg = figure(vec![panel(b"AC-GU", &[1.0; 5]), panel(b"ACAGU", &[1.0; 5])]).to_svg().unwrap();
    let found = outlines(&svg, "letter");
    let left = |index: usize| found[index].1.left;
    assert!((left(2) - left(7)).abs() < 1e-9, "the G after the gap stands over the other G");
}

#[test]
fn the_zoom_is_where_the_reader_looks() {
    let mut values = vec![0.1; 1000];
    values[700] = -2.0;
    let mut figure = figure(vec![panel(&[b'A'; 1000], &values)]);
    assert_eq!(figure.zoomed(), 660..740, "around the value furthest from 0");
    figure.highlight = Some(10..11);
    assert_eq!(figure.zoomed(), 0..80, "around the highlight, within the panel");
    figure.highlight = Some(300..400);
    assert_eq!(figure.zoomed(), 290..410, "with a margin around a long one");
    figure.zoom = Some(990..2000);
    assert_eq!(figure.zoomed(), 990..1000, "as told");
    figure.zoom = Some(2000..2010);
    assert_eq!(figure.zoomed(), 290..410, "but never nothing");
}

#[test]
fn a_sequence_is_as_long_as_its_values() {
    let error = figure(vec![panel(b"ACG", &[1.0])]).to_svg().unwrap_err();
    assert!(matches!(error, FigureError::UnequalColumns { letters: 3, values: 1, .. }), "{error}");
    assert!(error.to_string().starts_with("panel \"reference\": 3 letters and 1 values"), "{error}");
}

#[test]
fn text_is_escaped() {
    let mut hostile = figure(vec![panel(b"A", &[1.0])]);
    hostile.title = "</text><script>&\"'\u{1}".to_owned();
    let svg = hostile.to_svg().unwrap();
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;&amp;"), "{svg}");
    assert!(!svg.contains("<script"));
    parse(&svg);
}

#[test]
fn every_cluster_is_drawn_and_labelled_where_there_is_room() {
    let clusters = [(10..30, 0.75), (31..33, 0.53), (500..540, 0.625), (990..2000, 0.875), (3000..3001, 1.0)];
    let clusters = clusters.map(|(columns, score)| Cluster { columns, score }).to_vec();
    let svg = figure(vec![Panel { clusters, ..panel(&[b'A'; 1000], &[0.0; 1000]) }]).to_svg().unwrap();
    assert_eq!(svg.matches("class=\"cluster\"").count(), 4);
    for (score, shown) in [(">0.75<", 1), (">0.53<", 0), (">0.625<", 1), (">0.875<", 1)] {
        assert_eq!(svg.matches(score).count(), shown, "{score}");
    }
}

#[test]
fn extreme_maps_give_a_picture() {
    let many = 20_000;
    for values in [
        vec![],
        vec![0.0; 3],
        vec![f32::MAX, f32::MIN],
        vec![f32::NAN, f32::INFINITY],
        vec![1e-45],
        vec![0.5; many],
    ] {
        let letters = vec![b'G'; values.len()];
        let (canvas, height) =
            figure(vec![panel(&letters, &values), panel(b"", b"".map(f32::from).as_slice())])
                .draw(true)
                .unwrap();
        check(canvas, height);
    }
    let (canvas, height) = Figure::default().draw(true).unwrap();
    check(canvas, height);
}

fn panels() -> impl Strategy<Value = Vec<Panel>> {
    let cluster = (0..1600_usize, 0..60_usize, any::<f32>())
        .prop_map(|(start, length, score)| Cluster { columns: start..start + length, score });
    let letter = prop::sample::select(b"ACGUTNacgu-?".to_vec());
    let panel = (
        "\\PC{0,60}",
        "\\PC{0,20}",
        prop_oneof![1..30_usize, 1..1500_usize],
        prop::collection::vec((letter, any::<f32>()), 1..40),
        prop::collection::vec(cluster, 0..40),
    );
    let panel = panel.prop_map(|(label, quantity, length, pattern, clusters)| {
        let (letters, values) = pattern.into_iter().cycle().take(length).unzip();
        Panel { label, quantity, letters, values, clusters }
    });
    prop::collection::vec(panel, 0..4)
}

fn columns() -> impl Strategy<Value = Option<std::ops::Range<usize>>> {
    prop::option::of((0..1600_usize, 0..200_usize).prop_map(|(start, length)| start..start + length))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn text_lies_apart(
        title in any::<String>(), subtitle in "[ -~]{0,300}", label in "\\PC{0,200}",
        first in any::<i64>(), falling in any::<bool>(), panels in panels(),
        highlight in columns(), zoom in columns(), notes in prop::collection::vec("\\PC{0,400}", 0..3),
    ) {
        let x_axis = XAxis { label, first, falling };
        let figure = Figure { title, subtitle, x_axis, panels, highlight, zoom, notes };
        let (canvas, height) = figure.draw(true).unwrap();
        check(canvas, height);
    }

    #[test]
    fn letters_of_a_font_lie_apart(
        text in "[ -~\u{A1}-\u{17F}\u{391}-\u{3A1}\u{3B1}-\u{3C9}]{1,260}", panels in panels(),
        first in any::<i64>(), highlight in columns(),
    ) {
        let relabel = |panel| Panel { label: text.clone(), quantity: text.clone(), ..panel };
        let figure = Figure {
            title: format!("M{text}"),
            subtitle: text.clone(),
            x_axis: XAxis::rising(text.clone(), first),
            panels: panels.into_iter().map(relabel).collect(),
            highlight,
            zoom: None,
            notes: vec![text.clone(); 2],
        };
        let (canvas, height) = figure.draw(true).unwrap();
        check_drawn(canvas, height);
    }
}

#[test]
fn letters_alone_are_less() {
    let letters = b"ACGU".repeat(250);
    let values: Vec<f32> = (0..1000_u16).map(|column| f32::from(column % 7)).collect();
    let figure = figure(vec![panel(&letters, &values)]);
    let (whole, small) = (figure.to_svg().unwrap(), figure.letters_to_svg().unwrap());
    assert!(small.len() * 3 < whole.len(), "{} of {} bytes", small.len(), whole.len());
    // All the letters of the whole, which has a path more: that of its whole length.
    let paths = |svg: &str| svg.matches("<path").count();
    assert_eq!(paths(&small) + 1, paths(&whole));
}
