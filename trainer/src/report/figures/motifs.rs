//! The motifs that models look for.

use super::{CellLines, counted, signed};
use crate::report::inputs::{Inputs, MotifRow};
use crate::report::model::Model;
use crate::report::numbers::{median_of, spearman};
use crate::report::plot::{Axis, Mark, Scatter, Strip, StripPoint, Strips};
use crate::report::section::{Content, Section};
use crate::report::table::{Cell, Column, Row, Table};

mod logo;

const MOTIFS: &str = "polaris-trainer motifs --registry registry --prepared prepared --reference reference \\\n    \
                      --known Ray2013_rbp_RNA.meme --out results/motifs";

/// How a model's motif stands to the known ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Recovery {
    First,
    Among,
    Other,
}

const RECOVERIES: [(Recovery, &str); 3] = [
    (Recovery::First, "own motif matches best"),
    (Recovery::Among, "own motif in the best ten"),
    (Recovery::Other, "another protein\u{2019}s motif"),
];

/// Whose known motifs the models' motifs resemble.
pub(super) fn recovery(inputs: &Inputs, lines: &CellLines) -> Section {
    let found: Vec<&MotifRow> = inputs.motifs.iter().filter(|row| row.consensus.is_some()).collect();
    let content = (!inputs.motifs.is_empty()).then(|| {
        let of = |row: &MotifRow| recovered(inputs, row);
        let strips = RECOVERIES.map(|(recovery, name)| {
            let points = found.iter().filter(|row| of(row) == recovery).filter_map(|row| {
                let similarity = row.similarity?;
                let (consensus, best) = (row.consensus.as_deref()?, row.best.as_deref().unwrap_or("none"));
                Some(StripPoint {
                    value: similarity,
                    series: lines.series(&row.model.line),
                    model: row.model.clone(),
                    title: format!("{}: {consensus}, best match {best}, similarity {similarity:.2}", row.model),
                })
            });
            Strip { name: name.to_owned(), points: points.collect() }
        });
        let first = found.iter().filter(|row| of(row) == Recovery::First).count();
        let significant = found.iter().filter(|row| row.q.is_some_and(|q| q < 0.05)).count();
        Content {
            finding: format!(
                "A motif was found in {} of {}; {significant} match a known one (q below 0.05), {first} that of their own \
                 protein first.",
                found.len(),
                counted(inputs.motifs.len(), "model", "models")
            ),
            caption: "The motif that each model\u{2019}s maps point at, compared with known ones by the correlation of \
                      their columns. Own means that the protein\u{2019}s name stands in that of the known motif: a \
                      protein that the collection lacks, or calls by another name, counts as another\u{2019}s."
                .to_owned(),
            plot: Strips {
                label: "Similarity to the best known motif".to_owned(),
                axis: Axis::area("similarity of the best match", found.iter().filter_map(|row| row.similarity)),
                strips: strips.to_vec(),
            }
            .svg(),
            legend: lines.legend(found.iter().map(|row| row.model.line.as_str())),
            table: table(inputs),
        }
    });
    Section { id: "motifs", title: "Motif recovery", command: MOTIFS, content }
}

fn recovered(inputs: &Inputs, row: &MotifRow) -> Recovery {
    let own = |name: &str| name.to_uppercase().contains(&row.model.rbp.to_uppercase());
    if row.best.as_deref().is_some_and(own) {
        return Recovery::First;
    }
    let mut matches = inputs.matches.iter().filter(|found| found.model == row.model && found.rank <= 10.0);
    if matches.any(|found| own(&found.name)) { Recovery::Among } else { Recovery::Other }
}

fn table(inputs: &Inputs) -> Table {
    let columns = vec![
        Column::text("model"),
        Column::text("motif"),
        Column::number("sites", 0),
        Column::number("information (bits)", 1),
        Column::text("best match"),
        Column::number("similarity", 2),
        Column::number("q", 4),
        Column::number("rank of own", 0),
    ];
    let rows = inputs.motifs.iter().map(|row| {
        let motif = inputs.matrices.iter().find(|motif| Model::new(&motif.id) == row.model);
        let picture = match (&row.consensus, motif) {
            (Some(consensus), Some(motif)) => {
                Cell::Picture { svg: logo::svg(motif.matrix.columns()), text: consensus.clone() }
            }
            (Some(consensus), None) => Cell::Text(consensus.clone()),
            (None, _) => Cell::Missing,
        };
        let own = inputs.matches.iter().find(|found| {
            found.model == row.model && found.name.to_uppercase().contains(&row.model.rbp.to_uppercase())
        });
        Row {
            model: Some(row.model.clone()),
            cells: vec![
                Cell::Text(row.model.to_string()),
                picture,
                Cell::plain(row.sites),
                Cell::plain(row.bits),
                row.best.clone().map_or(Cell::Missing, Cell::Text),
                Cell::plain(row.similarity),
                Cell::plain(row.q),
                Cell::plain(own.map(|found| found.rank)),
            ],
        }
    });
    Table { columns, rows: rows.collect() }
}

/// The information of motifs against how good their models are.
pub(super) fn information(inputs: &Inputs, lines: &CellLines) -> Section {
    let found: Vec<(&Model, f64, f64)> = inputs
        .motifs
        .iter()
        .filter_map(|row| Some((&row.model, row.bits?, inputs.auroc(&row.model)?)))
        .collect();
    let content = (!found.is_empty()).then(|| {
        let pairs: Vec<(f64, f64)> = found.iter().map(|(_, bits, auroc)| (*bits, *auroc)).collect();
        let marks = found.iter().map(|(model, bits, auroc)| Mark::Point {
            at: (*bits, *auroc),
            series: lines.series(&model.line),
            hollow: false,
            model: (*model).clone(),
            title: format!("{model}: {bits:.1} bits, AUROC {auroc:.3}"),
        });
        let rank = spearman(&pairs)
            .map_or_else(String::new, |rho| format!(" Spearman\u{2019}s rank correlation is {}.", signed(rho)));
        let median = median_of(pairs.iter().map(|pair| pair.0)).unwrap_or(0.0);
        let rows = found.iter().map(|(model, bits, auroc)| Row {
            model: Some((*model).clone()),
            cells: vec![
                Cell::Text(model.to_string()),
                Cell::plain(Some(*bits)),
                Cell::plain(Some(*auroc)),
            ],
        });
        Content {
            finding: format!("{}, {median:.1} bits in the median.{rank}", counted(found.len(), "motif", "motifs")),
            caption: "The information of a motif is summed over its columns, 2 bits less their entropy: how much of the \
                      sequence it prescribes. A model can be good without one, if region and expression tell enough."
                .to_owned(),
            plot: Scatter {
                label: "AUROC against the information of the motif".to_owned(),
                x: Axis::from_zero("information of the motif in bits", pairs.iter().map(|pair| pair.0)),
                y: Axis::area("AUROC", pairs.iter().map(|pair| pair.1)),
                marks: marks.collect(),
            }
            .svg(),
            legend: lines.legend(found.iter().map(|(model, ..)| model.line.as_str())),
            table: Table {
                columns: vec![
                    Column::text("model"),
                    Column::number("information (bits)", 1),
                    Column::number("AUROC", 3),
                ],
                rows: rows.collect(),
            },
        }
    });
    Section { id: "information", title: "Information content against AUROC", command: MOTIFS, content }
}
