//! The table of all values: a row for each base, model and map.

use super::columns::Position;
use super::explained::{Explained, LayerMap};
use crate::number;

/// Names of the columns, with the line's end.
pub(super) const HEADER: &str = "contig\tposition1\toffset\tstrand\tbase\tname\tmodel\tallele\tvalue\n";

/// Rows that are handed on at once, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// Hands on the rows of a target in pieces: map after map, by position. Bases of which nothing is known have none.
/// Gives how many there are.
pub(super) fn write<E>(
    explained: &Explained,
    models: &[String],
    mut sink: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let columns = &explained.columns;
    let mut piece = Vec::new();
    let mut rows = 0;
    for (model, maps) in models.iter().zip(&explained.models) {
        for map in &maps.maps {
            for column in columns.forward().filter(|column| columns.has_value(map.layer, *column)) {
                let Some(row) = row(explained, model, map, column) else { continue };
                piece.extend_from_slice(row.as_bytes());
                rows += 1;
                if piece.len() >= PIECE_BYTES {
                    sink(&piece)?;
                    piece.clear();
                }
            }
        }
    }
    sink(&piece)?;
    Ok(rows)
}

fn row(explained: &Explained, model: &str, map: &LayerMap, column: usize) -> Option<String> {
    let columns = &explained.columns;
    let Position { position0, offset } = columns.position(column)?;
    let value = number::text(*map.values.get(column)?);
    let base = char::from(columns.letter(map.layer, column));
    let (contig, strand) = (&columns.place().contig, columns.place().strand);
    let (name, position1, allele) = (&explained.name, position0 + 1, map.layer.code());
    Some(format!("{contig}\t{position1}\t{offset}\t{strand}\t{base}\t{name}\t{model}\t{allele}\t{value}\n"))
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Strand, Window};
    use polaris_proto::v1::AlignedBlock;

    use super::super::columns::{Columns, Layer};
    use super::super::explained::ModelMaps;
    use super::*;

    fn place(strand: Strand) -> Window {
        Window { contig: "chr1".into(), start0: 10, length: 3, strand }
    }

    fn explained(columns: Columns, maps: Vec<(Layer, Vec<f32>)>) -> Explained {
        let map = |(layer, values)| LayerMap { layer, values, clusters: Vec::new() };
        let maps = maps.into_iter().map(map).collect();
        let model = ModelMaps { maps, ..ModelMaps::default() };
        Explained { name: "x".into(), columns, gaps: Vec::new(), windows: 1, models: vec![model] }
    }

    fn rows(explained: &Explained) -> String {
        let mut out = Vec::new();
        let sink = |piece: &[u8]| {
            out.extend_from_slice(piece);
            Ok::<_, std::convert::Infallible>(())
        };
        let count = write(explained, &["A.K562".to_owned()], sink).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), usize::try_from(count).unwrap());
        assert!(text.lines().all(|line| line.split('\t').count() == HEADER.split('\t').count()));
        text
    }

    #[test]
    fn rows_go_up_on_both_strands_and_leave_unknown_bases_out() {
        let stretch = |strand| {
            let columns = Columns::of_stretch(place(strand), b"ANC".to_vec());
            rows(&explained(columns, vec![(Layer::Reference, vec![0.5, 9.0, -0.25])]))
        };
        assert_eq!(
            stretch(Strand::Forward),
            "chr1\t11\t0\t+\tA\tx\tA.K562\tref\t0.5\nchr1\t13\t0\t+\tC\tx\tA.K562\tref\t-0.25\n"
        );
        assert_eq!(
            stretch(Strand::Reverse),
            "chr1\t11\t0\t-\tC\tx\tA.K562\tref\t-0.25\nchr1\t13\t0\t-\tA\tx\tA.K562\tref\t0.5\n"
        );
    }

    #[test]
    fn inserted_and_deleted_bases_have_rows_of_their_own_allele() {
        let block = |reference0, alternate0, length| AlignedBlock { reference0, alternate0, length };
        let blocks = [
            block(Some(0), Some(0), 1),
            block(None, Some(1), 1),
            block(Some(1), None, 1),
            block(Some(2), Some(2), 1),
        ];
        let columns = Columns::of_alleles(place(Strand::Forward), b"ACG", b"ATG", &blocks).unwrap();
        let maps = vec![
            (Layer::Reference, vec![1.0, 0.0, 2.0, 3.0]),
            (Layer::Alternate, vec![1.0, 4.0, 0.0, 3.0]),
            (Layer::Difference, vec![0.0, 4.0, -2.0, 0.0]),
        ];
        let short: Vec<String> = rows(&explained(columns, maps))
            .lines()
            .map(|row| {
                let cells: Vec<&str> = row.split('\t').collect();
                [cells[1], cells[2], cells[4], cells[7], cells[8]].join(" ")
            })
            .collect();
        assert_eq!(
            short,
            [
                "11 0 A ref 1",
                "12 0 C ref 2",
                "13 0 G ref 3",
                "11 0 A alt 1",
                "11 1 T alt 4",
                "13 0 G alt 3",
                "11 0 A difference 0",
                "11 1 T difference 4",
                "12 0 - difference -2",
                "13 0 G difference 0",
            ]
        );
    }
}
