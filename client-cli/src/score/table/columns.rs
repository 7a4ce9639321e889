//! What a Parquet table is made of, put aside by columns: a place, that is, an allele on a strand, once, and the scores of
//! all models there.

use super::super::reply::ModelScore;
use super::text::region_name;
use super::{Allele, StrandScores};
use crate::vcf::SkipReason;

/// Scores of a model, in the order of the schema.
pub(super) const SCORES: usize = 6;

/// An allele, on one strand if it is scored.
pub(super) struct Place {
    pub(super) contig: String,
    pub(super) position1: i64,
    pub(super) id: Option<String>,
    pub(super) reference: String,
    pub(super) alternate: String,
    pub(super) allele_index: i32,
    pub(super) strand: Option<&'static str>,
    pub(super) transcribed: Option<bool>,
    pub(super) gene: Option<String>,
    pub(super) region: Option<String>,
    pub(super) skipped: Option<&'static str>,
}

/// A row: a place, and a model if it is scored.
pub(super) struct Row {
    /// Number of the place.
    pub(super) place: u32,
    /// Number of the model.
    pub(super) model: Option<u32>,
    /// NaN for a number that there is not.
    pub(super) scores: [f32; SCORES],
}

/// Rows that are put aside.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) places: Vec<Place>,
    pub(super) rows: Vec<Row>,
    /// Bytes that the texts of the places take.
    text_bytes: usize,
}

impl Rows {
    /// Adds a scored allele; `model_number` knows the models.
    pub(super) fn push_scored(
        &mut self,
        allele: &Allele<'_>,
        strands: &[StrandScores<'_>],
        model_number: impl Fn(&str) -> Option<u32>,
    ) {
        for strand in strands {
            let placement = strand.placement;
            let place = self.add(Place {
                strand: Some(if placement.strand.to_string() == "-" { "-" } else { "+" }),
                transcribed: Some(placement.transcribed),
                gene: (!placement.genes.is_empty()).then(|| placement.genes.clone()),
                region: Some(region_name(strand.region)),
                ..Place::of(allele)
            });
            let rows = strand.scores.iter().map(|score| Row {
                place,
                model: model_number(score.model),
                scores: numbers(score),
            });
            self.rows.extend(rows);
        }
    }

    /// Adds a skipped allele.
    pub(super) fn push_skipped(&mut self, allele: &Allele<'_>, reason: SkipReason) {
        let place = self.add(Place { skipped: Some(reason.code()), ..Place::of(allele) });
        self.rows.push(Row { place, model: None, scores: [f32::NAN; SCORES] });
    }

    /// About what they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.text_bytes + self.places.len() * size_of::<Place>() + self.rows.len() * size_of::<Row>()
    }

    /// Forgets them, keeping the room.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.rows.clear();
        self.text_bytes = 0;
    }

    fn add(&mut self, place: Place) -> u32 {
        let texts = [&place.contig, &place.reference, &place.alternate];
        let more = [&place.id, &place.gene, &place.region].into_iter().flatten();
        self.text_bytes += texts.into_iter().chain(more).map(String::capacity).sum::<usize>();
        self.places.push(place);
        // Far more would not fit into memory.
        u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
    }
}

impl Place {
    fn of(allele: &Allele<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let record = allele.record;
        Self {
            contig: text(record.contig()),
            position1: i64::try_from(record.position1()).unwrap_or(i64::MAX),
            id: Some(text(record.id())).filter(|id| id != "."),
            reference: text(record.reference()),
            alternate: text(allele.alternate),
            allele_index: i32::try_from(allele.index1).unwrap_or(i32::MAX),
            strand: None,
            transcribed: None,
            gene: None,
            region: None,
            skipped: None,
        }
    }
}

fn numbers(score: &ModelScore<'_>) -> [f32; SCORES] {
    [
        score.reference,
        score.alternate,
        score.delta,
        score.logit_delta,
        score.spread,
        score.quantile.unwrap_or(f32::NAN),
    ]
}
