//! The sheet that pictures are drawn on: shapes and text, with a record of where text stands.

use svg::{
    Document, Node,
    node::element::{Element, Line, Path, Polygon, Rectangle, Text},
};

use crate::{
    area::Area,
    letters::Glyph,
    text::{ASCENT, DESCENT, Style, clean},
    theme::EDGE,
};

/// Which part of a text stands at its x.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture in the making.
#[derive(Debug)]
pub(crate) struct Canvas {
    width: f64,
    nodes: Vec<Box<dyn Node>>,
    texts: Vec<Area>,
}

impl Canvas {
    /// An empty sheet, `width` pixels wide.
    pub(crate) fn new(width: f64) -> Self {
        Self { width, nodes: Vec::new(), texts: Vec::new() }
    }

    /// Its width in pixels.
    pub(crate) fn width(&self) -> f64 {
        self.width
    }

    /// Where text stands.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> &[Area] {
        &self.texts
    }

    /// Adds any element.
    pub(crate) fn add(&mut self, node: impl Into<Box<dyn Node>>) {
        self.nodes.push(node.into());
    }

    /// A filled rectangle.
    pub(crate) fn rectangle(&mut self, area: Area, fill: &str) {
        self.add(rectangle(area).set("fill", fill));
    }

    /// A filled rectangle that leaves no seam to its neighbour.
    pub(crate) fn crisp_rectangle(&mut self, area: Area, fill: &str) {
        self.add(rectangle(area).set("fill", fill).set("shape-rendering", "crispEdges"));
    }

    /// The outline of a rectangle.
    pub(crate) fn frame(&mut self, area: Area, stroke: &str) {
        self.add(rectangle(area).set("fill", "none").set("stroke", stroke));
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str) {
        self.add(
            Line::new()
                .set("x1", rounded(from.0))
                .set("y1", rounded(from.1))
                .set("x2", rounded(to.0))
                .set("y2", rounded(to.1))
                .set("stroke", stroke),
        );
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, corners: &[(f64, f64)], fill: &str) {
        let points: Vec<String> =
            corners.iter().map(|(x, y)| format!("{},{}", rounded(*x), rounded(*y))).collect();
        self.add(Polygon::new().set("points", points.join(" ")).set("fill", fill));
    }

    /// A letter stretched over `area`, unless that is too small to see.
    pub(crate) fn glyph(&mut self, glyph: Glyph, area: Area) {
        self.outline("letter", glyph, area);
    }

    /// A letter of a sequence that is written out, in `area`.
    pub(crate) fn base(&mut self, glyph: Glyph, area: Area) {
        self.outline("base", glyph, area);
    }

    /// A line of text with `anchor` at `x`, its letters standing on `y`, shortened to `room` pixels.
    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: Anchor, style: Style, room: f64, content: &str) {
        let content = style.fit(clean(content).trim(), room);
        let area = text_area(x, y, anchor, style, &content);
        self.place(
            text_element(&content, style, anchor).set("x", rounded(x)).set("y", rounded(y)),
            area,
            &content,
        );
    }

    /// A line of text, unless it would touch other text or leave the sheet. Returns whether it was drawn.
    pub(crate) fn text_if_free(&mut self, x: f64, y: f64, style: Style, content: &str) -> bool {
        let area = text_area(x, y, Anchor::Middle, style, content);
        let wider = Area { left: area.left - GAP, right: area.right + GAP, ..area };
        let free = area.left >= 0.0
            && area.right <= self.width
            && self.texts.iter().rev().all(|other| !other.overlaps(wider));
        if free {
            self.text(x, y, Anchor::Middle, style, f64::INFINITY, content);
        }
        free
    }

    /// A line of text centred over `x`, shortened to what the sheet has room for.
    pub(crate) fn centred_text(&mut self, x: f64, y: f64, style: Style, content: &str) {
        let room = 2.0 * (x - EDGE).min(self.width - EDGE - x);
        self.text(x, y, Anchor::Middle, style, room, content);
    }

    /// A line of text from `x`, shortened to what the sheet has room for.
    pub(crate) fn text_from(&mut self, x: f64, y: f64, style: Style, content: &str) {
        let room = self.width - EDGE - x;
        self.text(x, y, Anchor::Start, style, room, content);
    }

    /// A line of text that reads upwards, centred at (`x`, `y`), shortened to `room` pixels.
    pub(crate) fn upward_text(&mut self, x: f64, y: f64, style: Style, room: f64, content: &str) {
        let content = style.fit(clean(content).trim(), room);
        let half = style.width(&content) / 2.0;
        let area = Area {
            left: x - style.size * ASCENT,
            top: y - half,
            right: x + style.size * DESCENT,
            bottom: y + half,
        };
        let transform = format!("translate({} {}) rotate(-90)", rounded(x), rounded(y));
        self.place(text_element(&content, style, Anchor::Middle).set("transform", transform), area, &content);
    }

    /// The picture as SVG text, `height` pixels high, on white.
    pub(crate) fn finish(self, height: f64) -> String {
        let mut document = Document::new()
            .set("width", rounded(self.width))
            .set("height", rounded(height))
            .set("viewBox", format!("0 0 {} {}", rounded(self.width), rounded(height)));
        let sheet = Area { left: 0.0, top: 0.0, right: self.width, bottom: height };
        document.append(rectangle(sheet).set("fill", "#FFFFFF"));
        for node in self.nodes {
            document.append(node);
        }
        document.to_string()
    }

    fn outline(&mut self, class: &str, glyph: Glyph, area: Area) {
        let (width, height) = (rounded(area.width()), rounded(area.height()));
        if width <= 0.0 || height <= 0.0 {
            return;
        }
        let transform = format!("matrix({width} 0 0 {height} {} {})", rounded(area.left), rounded(area.top));
        self.add(
            Path::new()
                .set("class", format!("{class} {}", glyph.letter))
                .set("d", glyph.path)
                .set("fill", glyph.colour)
                .set("fill-rule", "evenodd")
                .set("transform", transform),
        );
    }

    fn place(&mut self, element: Text, area: Area, content: &str) {
        if !content.is_empty() {
            self.texts.push(area);
            // As a plain element, or the crate puts a line break on both sides of the text.
            self.add(Element::from(element));
        }
    }
}

/// Least distance in pixels between labels that are drawn only where there is room.
const GAP: f64 = 3.0;

/// A number as it stands in a picture: hundredths of a pixel do, and nothing that is no number gets in.
pub(crate) fn rounded(value: f64) -> f64 {
    if value.is_finite() { (value * 100.0).round() / 100.0 } else { 0.0 }
}

fn rectangle(area: Area) -> Rectangle {
    Rectangle::new()
        .set("x", rounded(area.left))
        .set("y", rounded(area.top))
        .set("width", rounded(area.width()))
        .set("height", rounded(area.height()))
}

fn text_element(content: &str, style: Style, anchor: Anchor) -> Text {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let element = Text::new(content)
        .set("font-family", "sans-serif")
        .set("font-size", style.size)
        .set("fill", style.colour)
        .set("text-anchor", anchor);
    if style.bold { element.set("font-weight", "bold") } else { element }
}

fn text_area(x: f64, y: f64, anchor: Anchor, style: Style, content: &str) -> Area {
    let width = style.width(content);
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Area { left, top: y - style.size * ASCENT, right: left + width, bottom: y + style.size * DESCENT }
}
