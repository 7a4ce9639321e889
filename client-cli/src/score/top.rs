//! The alleles with the largest changes, for the summary.

use serde::{Deserialize, Serialize};

/// How many are kept.
const KEPT: usize = 500;

/// Letters of a text in the list, at most: of an allele this long, its beginning alone may be known.
pub(super) const LONGEST_ALLELE: usize = 60;

/// An allele with its largest change.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Hit {
    pub(super) contig: String,
    pub(super) position1: u64,
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) alternate: String,
    pub(super) gene: String,
    pub(super) strand: String,
    pub(super) model: String,
    pub(super) ref_probability: f32,
    pub(super) alt_probability: f32,
    pub(super) delta: f32,
    pub(super) quantile: Option<f32>,
}

/// The hits with the largest |delta|, largest first; of several as large those that came first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Top {
    hits: Vec<Hit>,
}

impl Top {
    /// Whether a change of this size would be kept.
    pub(super) fn takes(&self, delta: f32) -> bool {
        self.hits.len() < KEPT || self.hits.last().is_some_and(|last| delta.abs() > last.delta.abs())
    }

    /// Adds a hit if it is among the largest.
    pub(super) fn add(&mut self, hit: Hit) {
        let place = self.hits.partition_point(|other| other.delta.abs() >= hit.delta.abs());
        self.hits.insert(place, hit);
        self.hits.truncate(KEPT);
    }

    /// Largest first.
    pub(super) fn hits(&self) -> &[Hit] {
        &self.hits
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn hit(position1: u64, delta: f32) -> Hit {
        Hit {
            contig: "chr1".into(),
            position1,
            id: ".".into(),
            reference: "A".into(),
            alternate: "C".into(),
            gene: "G".into(),
            strand: "+".into(),
            model: "QKI.K562".into(),
            ref_probability: 0.5,
            alt_probability: 0.5 + delta,
            delta,
            quantile: None,
        }
    }

    #[test]
    fn largest_first_and_no_more_than_are_kept() {
        let mut top = Top::default();
        for index in 0..2 * KEPT {
            let delta = f32::from(u16::try_from(index % 700).unwrap()) / 1000.0;
            if top.takes(delta) {
                top.add(hit(u64::try_from(index).unwrap(), -delta));
            }
        }
        assert_eq!(top.hits().len(), KEPT);
        assert!(top.hits().is_sorted_by(|one, other| one.delta.abs() >= other.delta.abs()));
        assert_eq!(top.hits()[0].position1, 699);
    }
}
