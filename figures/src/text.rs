//! How wide text is, and how it is made to fit. No font is at hand when a picture is laid out, so widths are guessed
//! from above: at least as wide as the wide fonts that browsers and resvg take for `sans-serif`.

/// How a piece of text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Height of an em in pixels.
    pub(crate) size: f64,
    /// Whether it is bold.
    pub(crate) bold: bool,
    /// Its colour.
    pub(crate) colour: &'static str,
}

impl Style {
    /// Height of a line in pixels.
    pub(crate) fn line_height(self) -> f64 {
        self.size * (ASCENT + DESCENT)
    }

    /// An upper bound of the width of `text` in pixels.
    pub(crate) fn width(self, text: &str) -> f64 {
        let ems: f64 = text.chars().map(em_width).sum();
        ems * self.size * if self.bold { 1.12 } else { 1.0 }
    }

    /// `text`, or its start and an ellipsis, no wider than `room` pixels. Empty if not even that fits.
    pub(crate) fn fit(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let mut kept = String::new();
        let mut left = room - self.width(ELLIPSIS);
        if left < 0.0 {
            return kept;
        }
        let mut buffer = [0; 4];
        for character in text.chars() {
            left -= self.width(character.encode_utf8(&mut buffer));
            if left < 0.0 {
                break;
            }
            kept.push(character);
        }
        kept.truncate(kept.trim_end().len());
        kept.push_str(ELLIPSIS);
        kept
    }

    /// `text` in at most `lines` lines of `room` pixels, broken at spaces where it can be; the last one ends in an
    /// ellipsis if there is more.
    pub(crate) fn wrap(self, text: &str, room: f64, lines: usize) -> Vec<String> {
        let mut rest = text.trim();
        let mut wrapped = Vec::new();
        while !rest.is_empty() && wrapped.len() + 1 < lines && self.width(rest) > room {
            let end = self.break_at(rest, room);
            let (line, after) = rest.split_at(end);
            wrapped.push(self.fit(line.trim_end(), room));
            rest = after.trim_start();
        }
        if !rest.is_empty() && lines > 0 {
            wrapped.push(self.fit(rest, room));
        }
        wrapped
    }

    /// Where a line of `room` pixels ends in `text`, in bytes: at its last space, else in the middle of a word.
    fn break_at(self, text: &str, room: f64) -> usize {
        let mut used = 0.0;
        let mut space = None;
        let mut buffer = [0; 4];
        for (at, character) in text.char_indices() {
            if character == ' ' {
                space = Some(at);
            }
            used += self.width(character.encode_utf8(&mut buffer));
            if used > room && at > 0 {
                return space.unwrap_or(at);
            }
        }
        text.len()
    }
}

/// Part of an em above the line that letters stand on.
pub(crate) const ASCENT: f64 = 0.95;
/// Part of an em below the line that letters stand on.
pub(crate) const DESCENT: f64 = 0.25;

const ELLIPSIS: &str = "\u{2026}";

/// `text` as XML may hold it, in one line: control characters become spaces, marks that turn the direction of writing
/// and characters that XML forbids go.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .filter(|character| {
            !matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
        })
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

/// An upper bound of the width of a character in ems.
fn em_width(character: char) -> f64 {
    match character {
        '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' | ' ' => 0.36,
        'f' | 't' | 'r' | 'I' | 'J' | '(' | ')' | '[' | ']' | '{' | '}' | '/' | '\\' | '-' => 0.46,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '+' | '=' | '<' | '>' | '~' | '#' | '&' | '^' => 1.0,
        'A'..='Z' => 0.8,
        _ if character.is_ascii() => 0.65,
        _ => 1.1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Style, clean};

    const PLAIN: Style = Style { size: 10.0, bold: false, colour: "#000000" };

    #[test]
    fn long_text_ends_in_an_ellipsis() {
        assert_eq!(PLAIN.fit("nine chars", 100.0), "nine chars");
        assert_eq!(PLAIN.fit("nine chars", 40.0), "nine\u{2026}");
        assert_eq!(PLAIN.fit("nine chars", 5.0), "");
    }

    #[test]
    fn text_wraps_at_spaces_and_within_words_only_if_it_must() {
        assert_eq!(PLAIN.wrap("one two three", 60.0, 9), ["one two", "three"]);
        assert_eq!(PLAIN.wrap("aaaaaaaaaaaaaa", 40.0, 2), ["aaaaaa", "aaaa\u{2026}"]);
        assert_eq!(PLAIN.wrap("  ", 40.0, 2), [""; 0]);
    }

    #[test]
    fn control_characters_do_not_reach_the_picture() {
        assert_eq!(clean("a\tb\u{0}c\u{202E}d\u{FFFF}<"), "a b cd<");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room(text in any::<String>(), room in 0.0..300.0_f64, lines in 0..4_usize) {
            let wrapped = PLAIN.wrap(&clean(&text), room, lines);
            prop_assert!(wrapped.len() <= lines);
            for line in wrapped {
                prop_assert!(PLAIN.width(&line) <= room, "{line:?}");
            }
        }
    }
}
