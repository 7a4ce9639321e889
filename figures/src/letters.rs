//! The letters of logos as outlines, so that a logo needs no font.

/// The outline of a letter in a box one unit wide and high, y downwards, filled by the even-odd rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Glyph {
    /// The letter it shows.
    pub letter: char,
    /// SVG path data, which reaches all four sides of the box.
    pub path: &'static str,
    /// The letter's colour as `#RRGGBB`.
    pub colour: &'static str,
}

const A: Glyph = Glyph {
    letter: 'A',
    path: "M0,1L.38,0H.62L1,1H.8L.715,.77H.285L.2,1ZM.345,.6H.655L.5,.18Z",
    colour: "#109648",
};
const C: Glyph = Glyph {
    letter: 'C',
    path: "M1,.192A.559,.5 0 1 0 1,.808L.842,.703A.359,.33 0 1 1 .842,.297Z",
    colour: "#255C99",
};
const G: Glyph = Glyph {
    letter: 'G',
    path: "M1,.192A.559,.5 0 1 0 1,.808V.47H.55V.63H.8V.745A.359,.33 0 1 1 .842,.297Z",
    colour: "#F7B32B",
};
const T: Glyph = Glyph { letter: 'T', path: "M0,0H1V.18H.6V1H.4V.18H0Z", colour: "#D62839" };
const U: Glyph =
    Glyph { letter: 'U', path: "M0,0H.2V.6A.3,.24 0 0 0 .8,.6V0H1V.6A.5,.4 0 0 1 0,.6Z", colour: "#D62839" };
const N: Glyph = Glyph { letter: 'N', path: "M0,1V0H.22L.8,.66V0H1V1H.78L.2,.34V1Z", colour: "#8A8A8A" };

/// The outline of a base, upper or lower case. `None` for an alignment gap (`-`); any other letter is drawn as N.
#[must_use]
pub fn glyph(letter: u8) -> Option<Glyph> {
    match letter.to_ascii_uppercase() {
        b'A' => Some(A),
        b'C' => Some(C),
        b'G' => Some(G),
        b'T' => Some(T),
        b'U' => Some(U),
        b'-' => None,
        _ => Some(N),
    }
}

#[cfg(test)]
mod tests {
    use resvg::usvg;

    use super::glyph;

    #[test]
    fn every_outline_fills_its_box() {
        for letter in *b"ACGTUN" {
            let outline = glyph(letter).unwrap().path;
            let text = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'><path d='{outline}'/></svg>"
            );
            let tree = usvg::Tree::from_str(&text, &usvg::Options::default()).unwrap();
            let found = tree.root().abs_bounding_box();
            for (side, expected) in
                [(found.left(), 0.0), (found.top(), 0.0), (found.right(), 1.0), (found.bottom(), 1.0)]
            {
                assert!((side - expected).abs() < 0.01, "{}: {found:?}", char::from(letter));
            }
        }
    }

    #[test]
    fn gaps_have_no_outline_and_other_letters_are_n() {
        assert_eq!(glyph(b'-'), None);
        assert_eq!(glyph(b'R').unwrap().letter, 'N');
        assert_eq!(glyph(b'u').unwrap().letter, 'U');
        assert_eq!(glyph(b'u').unwrap().colour, glyph(b'T').unwrap().colour);
    }
}
