//! The planted motifs and their places.

use polaris_genomics::reverse_complement;

use super::peaks::motif_count;
use super::*;
use crate::meme::read_motifs;

#[test]
fn motifs_are_those_of_the_planted_units() {
    let motifs = read_motifs(&shared().directory.path().join("motifs.meme")).unwrap();
    let consensus: Vec<(&str, String)> =
        motifs.iter().map(|motif| (motif.id.as_str(), motif.matrix.consensus())).collect();
    let expected = [
        ("QKI", "ACUAAC"),
        ("RBFOX2", "UGCAUG"),
        ("PUM2", "UGUANAUA"),
        ("HNRNPC", "UUUUU"),
        ("TARDBP", "GUGUG"),
        ("SRSF1", "GGAGGA"),
    ]
    .map(|(id, consensus)| (id, consensus.to_owned()));
    assert_eq!(consensus, expected);
    // Two of five planted units have an A in the middle.
    assert_eq!(motifs[2].matrix.columns()[4], [0.4, 0.2, 0.2, 0.2]);
}

#[test]
fn copies_stand_where_the_table_says() {
    let genome = genome();
    let rows = rows("sites.tsv", true);
    let planted: usize = shared().world.sites.iter().map(|site| site.copies.len()).sum();
    assert_eq!(rows.len(), planted);
    for row in &rows {
        let span = row[1].parse::<usize>().unwrap()..row[2].parse::<usize>().unwrap();
        let bases = &genome[&row[0]][span];
        let bases = if row[3] == "+" { bases.to_vec() } else { reverse_complement(bases) };
        assert!(motif_count(&row[4], &bases) >= 1, "{row:?} {}", String::from_utf8_lossy(&bases));
        assert!(["K562", "HepG2", "K562,HepG2", "."].contains(&row[5].as_str()), "{row:?}");
    }
    assert!(rows.iter().any(|row| row[5] == "K562,HepG2" && row[4] == "QKI"));
}
