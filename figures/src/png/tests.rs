use resvg::tiny_skia::Pixmap;

use super::render;
use crate::{Figure, FigureError, Panel, testing::have_fonts};

fn picture() -> Figure {
    Figure {
        title: "RBFOX2".to_owned(),
        panels: vec![Panel::new("", "", b"ACGU".to_vec(), vec![1.0; 4])],
        ..Figure::default()
    }
}

fn sheet(width: u32, height: u32) -> String {
    format!("<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'/>")
}

#[test]
fn a_picture_has_the_size_asked_for() {
    if !have_fonts() {
        return;
    }
    let png = render(&sheet(30, 20), 1.5).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((size(16), size(20)), (45, 30));
}

#[test]
fn text_is_drawn() {
    if !have_fonts() {
        return;
    }
    let (canvas, height) = picture().draw(true).unwrap();
    let title = canvas.texts()[0];
    let pixels = Pixmap::decode_png(&render(&canvas.finish(height), 1.0).unwrap()).unwrap();
    let dark = (title.top as u32..title.bottom as u32)
        .flat_map(|y| (title.left as u32..title.right as u32).map(move |x| (x, y)))
        .filter(|(x, y)| pixels.pixel(*x, *y).unwrap().red() < 128)
        .count();
    assert!(dark > 100, "{dark} dark pixels in {title:?}");
    assert_eq!(pixels.pixel(2, 2).unwrap().red(), 255, "the sheet is white");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(matches!(render(&sheet(3, 2), scale), Err(FigureError::Scale { .. })), "{scale}");
    }
    if !have_fonts() {
        return;
    }
    assert!(matches!(render("<html>", 1.0), Err(FigureError::Svg(_))));
    let error = render(&sheet(10_000, 10_000), 1.0).unwrap_err();
    assert!(error.to_string().starts_with("a picture of 10000 x 10000 pixels"), "{error}");
    assert!(matches!(render(&sheet(3, 2), f32::MAX), Err(FigureError::TooLarge { .. })));
}
