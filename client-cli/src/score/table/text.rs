//! Tables as text: tab-separated values, long or wide, and JSON lines.

use std::collections::HashMap;

use polaris_genomics::RegionClass;

use super::super::reply::ModelScore;
use super::{Allele, StrandScores};
use crate::number;
use crate::vcf::SkipReason;

/// Form of a table of text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TextForm {
    Long,
    Wide,
    JsonLines,
}

/// The columns that name an allele.
pub(in super::super) const ALLELE_COLUMNS: &str = "contig\tposition1\tid\treference\talternate\tallele_index";
/// The columns that say where it is scored.
const PLACE_COLUMNS: &str = "strand\ttranscribed\tgene\tregion";
/// The columns of one model.
const SCORE_COLUMNS: [&str; 6] =
    ["ref_probability", "alt_probability", "delta", "logit_delta", "spread", "delta_quantile"];

/// Names of the columns, with the line's end; nothing for JSON lines.
pub(super) fn header(form: TextForm, models: &[String]) -> String {
    match form {
        TextForm::JsonLines => String::new(),
        TextForm::Long => {
            let scores = SCORE_COLUMNS.join("\t");
            format!("{ALLELE_COLUMNS}\t{PLACE_COLUMNS}\tmodel\t{scores}\tskipped\n")
        }
        TextForm::Wide => {
            let columns =
                models.iter().flat_map(|model| SCORE_COLUMNS.map(|column| format!("\t{model}:{column}")));
            format!("{ALLELE_COLUMNS}\t{PLACE_COLUMNS}{}\tskipped\n", columns.collect::<String>())
        }
    }
}

impl Allele<'_> {
    /// Its columns, without an end.
    pub(in super::super) fn columns(&self) -> Vec<u8> {
        let Self { record, alternate, index1 } = self;
        let position1 = record.position1().to_string();
        let index1 = index1.to_string();
        let columns = [
            record.contig(),
            position1.as_bytes(),
            record.id(),
            record.reference(),
            alternate,
            index1.as_bytes(),
        ];
        columns.join(&b'\t')
    }

    /// Its row in the table of skipped alleles.
    pub(in super::super) fn push_skipped(&self, reason: SkipReason, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.columns());
        out.push(b'\t');
        out.extend_from_slice(reason.code().as_bytes());
        out.push(b'\n');
    }

    /// How its JSON line begins.
    pub(in super::super) fn json_beginning(&self) -> String {
        let mut text = serde_json::Value::Object(self.json()).to_string();
        text.pop();
        text + ","
    }

    fn json(&self) -> serde_json::Map<String, serde_json::Value> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into();
        let mut object = serde_json::Map::new();
        object.insert("contig".into(), text(self.record.contig()));
        object.insert("position1".into(), self.record.position1().into());
        object.insert("id".into(), text(self.record.id()));
        object.insert("reference".into(), text(self.record.reference()));
        object.insert("alternate".into(), text(self.alternate));
        object.insert("allele_index".into(), self.index1.into());
        object
    }
}

/// Appends the rows of a scored allele. `models` are those of the run, in the order of the wide columns.
pub(super) fn push_scored(
    form: TextForm,
    models: &[String],
    allele: &Allele<'_>,
    strands: &[StrandScores<'_>],
    out: &mut Vec<u8>,
) {
    if form == TextForm::JsonLines {
        let mut object = allele.json();
        object.insert("strands".into(), strands.iter().map(strand_json).collect());
        object.insert("skipped".into(), serde_json::Value::Null);
        return push_json(object, out);
    }
    let columns = allele.columns();
    for strand in strands {
        let place = place_columns(strand);
        if form == TextForm::Wide {
            let by_model: HashMap<&str, &ModelScore<'_>> =
                strand.scores.iter().map(|score| (score.model, score)).collect();
            out.extend_from_slice(&columns);
            out.extend_from_slice(place.as_bytes());
            for model in models {
                match by_model.get(model.as_str()) {
                    Some(score) => push_numbers(score, out),
                    None => out.extend_from_slice("\t.".repeat(SCORE_COLUMNS.len()).as_bytes()),
                }
            }
            out.extend_from_slice(b"\t.\n");
            continue;
        }
        for score in &strand.scores {
            out.extend_from_slice(&columns);
            out.extend_from_slice(place.as_bytes());
            out.push(b'\t');
            out.extend_from_slice(score.model.as_bytes());
            push_numbers(score, out);
            out.extend_from_slice(b"\t.\n");
        }
    }
}

/// Appends the row of a skipped allele.
pub(super) fn push_skipped(
    form: TextForm,
    models: &[String],
    allele: &Allele<'_>,
    reason: SkipReason,
    out: &mut Vec<u8>,
) {
    if form == TextForm::JsonLines {
        let mut object = allele.json();
        object.insert("strands".into(), serde_json::Value::Array(Vec::new()));
        object.insert("skipped".into(), reason.code().into());
        return push_json(object, out);
    }
    let scores = match form {
        TextForm::Wide => models.len() * SCORE_COLUMNS.len(),
        _ => 1 + SCORE_COLUMNS.len(),
    };
    out.extend_from_slice(&allele.columns());
    out.extend_from_slice("\t.".repeat(4 + scores).as_bytes());
    out.push(b'\t');
    out.extend_from_slice(reason.code().as_bytes());
    out.push(b'\n');
}

fn place_columns(strand: &StrandScores<'_>) -> String {
    let placement = strand.placement;
    let region = region_name(strand.region);
    let genes = if placement.genes.is_empty() { "." } else { &placement.genes };
    let transcribed = if placement.transcribed { "yes" } else { "nearest" };
    format!("\t{}\t{transcribed}\t{genes}\t{region}", placement.strand)
}

/// The name of a region class in tables.
pub(super) fn region_name(region: Option<RegionClass>) -> String {
    region.map_or_else(|| "none".to_owned(), |region| region.to_string())
}

fn push_numbers(score: &ModelScore<'_>, out: &mut Vec<u8>) {
    for value in [score.reference, score.alternate, score.delta, score.logit_delta, score.spread] {
        out.push(b'\t');
        out.extend_from_slice(number::text(value).as_bytes());
    }
    out.push(b'\t');
    out.extend_from_slice(score.quantile.map_or_else(|| ".".to_owned(), number::text).as_bytes());
}

fn strand_json(strand: &StrandScores<'_>) -> serde_json::Value {
    let placement = strand.placement;
    let scores = strand.scores.iter().map(|score| {
        let value = serde_json::json!({
            "ref_probability": exact(score.reference),
            "alt_probability": exact(score.alternate),
            "delta": exact(score.delta),
            "logit_delta": exact(score.logit_delta),
            "spread": exact(score.spread),
            "delta_quantile": score.quantile.map(exact),
        });
        (score.model.to_owned(), value)
    });
    let scores: serde_json::Map<String, serde_json::Value> = scores.collect();
    let genes: Vec<&str> = placement.genes.split(',').filter(|gene| !gene.is_empty()).collect();
    serde_json::json!({
        "strand": placement.strand.to_string(),
        "transcribed": placement.transcribed,
        "genes": genes,
        "region": region_name(strand.region),
        "scores": scores,
    })
}

/// The number that the text in the other forms says.
fn exact(value: f32) -> serde_json::Value {
    number::text(value).parse::<f64>().map_or(serde_json::Value::Null, Into::into)
}

fn push_json(object: serde_json::Map<String, serde_json::Value>, out: &mut Vec<u8>) {
    out.extend_from_slice(serde_json::Value::Object(object).to_string().as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests;
