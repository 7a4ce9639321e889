//! What the tests of pictures share.

use resvg::usvg;

use crate::{area::Area, canvas::Canvas, png::system_fonts};

/// A picture read back, with its text if the system has a font.
pub(crate) fn parse(svg: &str) -> usvg::Tree {
    let options = usvg::Options { fontdb: system_fonts().clone(), ..usvg::Options::default() };
    usvg::Tree::from_str(svg, &options).unwrap()
}

/// Whether there is a font to draw text with; says so if a test has to leave that out.
pub(crate) fn have_fonts() -> bool {
    let found = !system_fonts().is_empty();
    if !found {
        eprintln!("skipped: no font on this system (apt-get install fonts-dejavu-core)");
    }
    found
}

/// Bounding boxes of the paths of `class` in the picture, in the order drawn, found by the path element's own text.
pub(crate) fn outlines(svg: &str, class: &str) -> Vec<(char, Area)> {
    let wanted = format!("class=\"{class} ");
    svg.lines()
        .filter_map(|line| {
            let letter = line.split_once(&wanted)?.1.chars().next()?;
            let matrix = line.split_once("matrix(")?.1.split_once(')')?.0;
            let numbers: Vec<f64> = matrix.split(' ').map(|number| number.parse().unwrap()).collect();
            let (left, top) = (numbers[4], numbers[5]);
            Some((letter, Area { left, top, right: left + numbers[0], bottom: top + numbers[3] }))
        })
        .collect()
}

/// Checks what must hold for every picture: text lies apart and on the sheet, every number is one, and it can be read
/// back. Returns that.
pub(crate) fn check(canvas: Canvas, height: f64) -> usvg::Tree {
    assert_apart(canvas.texts(), canvas.width(), height);
    let svg = canvas.finish(height);
    for tag in svg.split('<').filter_map(|part| part.split('>').next()) {
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
    }
    parse(&svg)
}

/// Checks the same of the letters as a real font draws them, if there is one.
pub(crate) fn check_drawn(canvas: Canvas, height: f64) {
    let tree = check(canvas, height);
    let drawn: Vec<Area> = tree.root().children().iter().filter_map(drawn_text).collect();
    assert_eq!(drawn.is_empty(), !have_fonts());
    assert_apart(&drawn, tree.size().width().into(), height);
}

fn assert_apart(texts: &[Area], width: f64, height: f64) {
    for (index, text) in texts.iter().enumerate() {
        assert!(
            text.left >= 0.0 && text.top >= 0.0 && text.right <= width && text.bottom <= height,
            "{text:?} is not within {width} x {height}"
        );
        for other in &texts[..index] {
            assert!(!text.overlaps(*other), "{text:?} overlaps {other:?}");
        }
    }
}

/// Where the ink of a text lies.
fn drawn_text(node: &usvg::Node) -> Option<Area> {
    match node {
        usvg::Node::Text(text) => {
            let found = text.flattened().abs_bounding_box();
            Some(Area {
                left: found.left().into(),
                top: found.top().into(),
                right: found.right().into(),
                bottom: found.bottom().into(),
            })
        }
        usvg::Node::Group(group) => {
            let texts: Vec<Area> = group.children().iter().filter_map(drawn_text).collect();
            texts.into_iter().reduce(|all, next| Area {
                left: all.left.min(next.left),
                top: all.top.min(next.top),
                right: all.right.max(next.right),
                bottom: all.bottom.max(next.bottom),
            })
        }
        _ => None,
    }
}
