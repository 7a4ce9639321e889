//! Writing motifs.

use std::fmt::Write;

use super::Motif;
use crate::position_matrix::Column;

/// The text of a file with these motifs, over ACGU, before this background.
pub(crate) fn meme_text(motifs: &[Motif], [a, c, g, u]: Column) -> String {
    let mut text = String::from("MEME version 4\n\nALPHABET= ACGU\n\nBackground letter frequencies\n");
    let _ = writeln!(text, "A {a:.5} C {c:.5} G {g:.5} U {u:.5}");
    for motif in motifs {
        let _ = write!(text, "\nMOTIF {}", motif.id);
        if let Some(name) = &motif.name {
            let _ = write!(text, " {name}");
        }
        let _ = write!(text, "\n\nletter-probability matrix: alength= 4 w= {}", motif.matrix.width());
        if let Some(sites) = motif.sites {
            let _ = write!(text, " nsites= {sites}");
        }
        text.push('\n');
        for [a, c, g, u] in motif.matrix.columns() {
            let _ = writeln!(text, " {a:.6} {c:.6} {g:.6} {u:.6}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::read_motifs;
    use super::*;
    use crate::position_matrix::PositionMatrix;

    #[test]
    fn what_is_written_is_read_back() {
        let columns = [[0.5, 0.25, 0.125, 0.125], [0.0, 0.0, 0.0, 1.0]];
        let matrix = PositionMatrix::from_counts(&columns, 0.0);
        let named = Motif { id: "QKI.K562".into(), name: Some("QKI".into()), sites: Some(7), matrix };
        let plain = Motif { id: "other".into(), name: None, sites: None, ..named.clone() };
        let text = meme_text(&[named.clone(), plain.clone()], [0.3, 0.2, 0.2, 0.3]);
        let block = "MOTIF QKI.K562 QKI\n\nletter-probability matrix: alength= 4 w= 2 nsites= 7\n \
                     0.500000 0.250000 0.125000 0.125000\n 0.000000 0.000000 0.000000 1.000000\n\nMOTIF other\n\n\
                     letter-probability matrix: alength= 4 w= 2\n";
        assert!(text.contains(block), "{text}");
        assert!(text.contains("\nA 0.30000 C 0.20000 G 0.20000 U 0.30000\n"), "{text}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        assert_eq!(read_motifs(file.path()).unwrap(), [named, plain]);
    }
}
