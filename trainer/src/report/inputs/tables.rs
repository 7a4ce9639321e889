//! The tables of `motifs`, `diffusion` and `train`, by their header.

use std::path::Path;

use anyhow::bail;

use super::{DiffusionRow, Inputs, MatchRow, MotifRow, Trained, Training};
use crate::report::model::Model;

/// A line by the names of its columns.
struct Line<'a> {
    header: &'a [&'a str],
    cells: Vec<&'a str>,
}

impl Line<'_> {
    /// `None` for `NA` and an empty field.
    fn text(&self, column: &str) -> Option<String> {
        let place = self.header.iter().position(|name| *name == column)?;
        self.cells.get(place).filter(|cell| !["", "NA"].contains(cell)).map(|cell| (*cell).to_owned())
    }

    fn number(&self, column: &str) -> Option<f64> {
        self.text(column)?.parse().ok().filter(|value: &f64| value.is_finite())
    }

    fn model(&self) -> Option<Model> {
        self.text("model").map(|name| Model::new(&name))
    }
}

impl Inputs {
    /// Takes what a table holds; says what it is, or nothing if it is of no command.
    pub(super) fn read_table(&mut self, text: &str, file: &Path) -> anyhow::Result<Option<&'static str>> {
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let kind = match header.as_slice() {
            ["model", "consensus", ..] => "motifs",
            ["model", "rank", ..] => "matches",
            ["model", "diffusion", ..] => "diffusion",
            // The table of a run that has no metrics.json beside it.
            ["model", "positives", ..] if !file.with_file_name("metrics.json").is_file() => "training",
            _ => return Ok(None),
        };
        let mut rows = Vec::new();
        for (number, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            if cells.len() != header.len() {
                bail!("line {}: {} columns, but the header has {}", number + 2, cells.len(), header.len());
            }
            rows.push(Line { header: &header, cells });
        }
        match kind {
            "motifs" => self.motifs = rows.iter().filter_map(motif).collect(),
            "matches" => self.matches = rows.iter().filter_map(matched).collect(),
            "diffusion" => self.diffusion = rows.iter().filter_map(diffusion).collect(),
            _ => {
                let name = file.parent().and_then(Path::file_name).and_then(|name| name.to_str());
                let models = rows.iter().filter_map(trained).collect();
                self.training.push(Training { name: name.unwrap_or("trained").to_owned(), models });
            }
        }
        Ok(Some(kind))
    }
}

fn motif(line: &Line<'_>) -> Option<MotifRow> {
    Some(MotifRow {
        model: line.model()?,
        consensus: line.text("consensus"),
        sites: line.number("sites"),
        bits: line.number("bits"),
        best: line.text("match"),
        similarity: line.number("similarity"),
        q: line.number("q"),
    })
}

fn matched(line: &Line<'_>) -> Option<MatchRow> {
    let name = match line.text("name")?.as_str() {
        "." => line.text("id")?,
        name => name.to_owned(),
    };
    Some(MatchRow { model: line.model()?, rank: line.number("rank")?, name })
}

fn diffusion(line: &Line<'_>) -> Option<DiffusionRow> {
    Some(DiffusionRow {
        model: line.model()?,
        diffusion: line.number("diffusion"),
        effective_bases: line.number("effective_bases"),
        maps: line.number("maps"),
    })
}

fn trained(line: &Line<'_>) -> Option<Trained> {
    let split = |name: &str| {
        let auroc = line.number(&format!("auroc_{name}"))?;
        Some((name.to_owned(), auroc, line.number(&format!("auprc_{name}"))))
    };
    let splits = ["chromosome", "random"].into_iter().filter_map(split).collect();
    Some(Trained { model: line.model()?, bound: line.number("positives"), splits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Inputs, anyhow::Result<Option<&'static str>>) {
        let mut inputs = Inputs::default();
        let kind = inputs.read_table(text, Path::new("nowhere/paper/summary.tsv"));
        (inputs, kind)
    }

    #[test]
    fn tables_by_their_header() {
        let (inputs, kind) = read("model\tconsensus\tbits\nA.K562\tUGU\t4.5\nB.K562\tNA\tNA\n");
        assert_eq!(kind.unwrap(), Some("motifs"));
        assert_eq!((inputs.motifs[0].bits, inputs.motifs[1].consensus.as_deref()), (Some(4.5), None));
        let (inputs, kind) = read("model\tpositives\tauroc_chromosome\nA.K562\t20\t0.75\n");
        assert_eq!((kind.unwrap(), inputs.training[0].name.as_str()), (Some("training"), "paper"));
        assert_eq!(inputs.auroc(&Model::new("A.K562")), Some(0.75));
        assert_eq!(read("rbp\tcell_line\tpath\n").1.unwrap(), None);
        assert_eq!(read("").1.unwrap(), None);
        // Of another command, whatever its lines look like.
        assert_eq!(read("model\toutcome\nA.K562\tfailed\twhy\n").1.unwrap(), None);
    }

    #[test]
    fn a_line_that_is_cut_off_is_told() {
        let message = read("model\tdiffusion\nA.K562\n").1.unwrap_err().to_string();
        assert_eq!(message, "line 2: 1 columns, but the header has 2");
    }
}
