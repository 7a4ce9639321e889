//! Responses from what the engine says of their windows.

use polaris_model::Localizations;
use polaris_model::localization::{AlignedRun, MapGeometry, rectify};
use polaris_proto::v1::{self, AlignedBlock, LocalizeResponse, ModelMaps, PositionMap};

use super::{clusters, selection};
use crate::convert::{Compared, MapForm};
use crate::service::rows::{Row, mean, rows};
use crate::status::ServiceError;

/// Values of substitutions for each base.
const LETTERS: usize = 4;

/// One window of a call, explained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Explanation<'a> {
    /// What the engine says of several windows.
    pub(super) localizations: &'a Localizations,
    /// What the maps are to be.
    pub(super) form: &'a MapForm,
    /// Length of a window in bases.
    pub(super) input_length: usize,
    /// Row of the window; those of its allele follow.
    pub(super) first_row: usize,
}

/// A map at its resolution with the effects that it comes from, if they are asked for.
struct Drawn {
    map: Vec<f32>,
    effects: Vec<f32>,
}

impl Explanation<'_> {
    /// The response about the window with this index in the request.
    ///
    /// # Errors
    /// If the engine said less than was asked, or something that is no number.
    pub(super) fn response(
        self,
        index: usize,
        allele: Option<Compared>,
        model_ids: Vec<String>,
    ) -> Result<LocalizeResponse, ServiceError> {
        let alternate = match allele {
            None => None,
            Some(Compared::Substitution) => Some(mean(self.row(1)?, self.row(1)?)),
            Some(Compared::Resized(_)) => Some(mean(self.row(1)?, self.row(2)?)),
        };
        let maps =
            (0..model_ids.len()).map(|model| self.model_maps(model, allele)).collect::<Result<_, _>>()?;
        Ok(LocalizeResponse {
            window_index: number(index),
            model_ids,
            geometry: Some(geometry(self.geometry())),
            reference: Some(self.row(0)?.values()),
            alternate,
            alignment: allele.map(|allele| blocks(allele, self.input_length)).unwrap_or_default(),
            maps,
        })
    }

    fn geometry(&self) -> MapGeometry {
        self.form.map.geometry(self.input_length)
    }

    /// Predictions of the window (0) or of one of its allele's.
    fn row(&self, row: usize) -> Result<Row<'_>, ServiceError> {
        let row = rows(&self.localizations.predictions).nth(self.first_row + row);
        let row = row.ok_or(ServiceError::ShortAnswer)?;
        finite(row.logits).map(|_| row)
    }

    /// What the engine says of the window (0) or one of its allele's and a model.
    fn values(&self, row: usize, model: usize) -> Result<&[f32], ServiceError> {
        let width = self.form.map.method.values(self.input_length);
        let start = ((self.first_row + row) * self.localizations.predictions.models + model) * width;
        let values = self.localizations.values.get(start..start + width);
        values.ok_or(ServiceError::ShortAnswer).and_then(finite)
    }

    fn model_maps(&self, model: usize, allele: Option<Compared>) -> Result<ModelMaps, ServiceError> {
        let reference = self.asked(self.drawn(0, model)?);
        let alternate = match allele {
            None => None,
            Some(Compared::Substitution) => Some(self.drawn(1, model)?),
            Some(Compared::Resized(alignment)) => {
                // Joined before negative values become 0, so that a changed base counts as the mean of both.
                let (left, right) = (self.drawn(1, model)?, self.drawn(2, model)?);
                let map = alignment.joined(&left.map, &right.map, 1);
                let with_effects = !left.effects.is_empty();
                let effects = with_effects.then(|| alignment.joined(&left.effects, &right.effects, LETTERS));
                Some(Drawn { map, effects: effects.unwrap_or_default() })
            }
        };
        let alternate = alternate.map(|drawn| self.asked(drawn));
        let difference =
            alternate.as_ref().map(|alternate| difference(allele, &reference.map, &alternate.map));
        Ok(ModelMaps {
            difference: difference.map(|map| self.kept(map)),
            alternate: alternate.map(|drawn| self.position_map(drawn)),
            reference: Some(self.position_map(reference)),
        })
    }

    /// The signed map of the window (0) or one of its allele's.
    fn drawn(&self, row: usize, model: usize) -> Result<Drawn, ServiceError> {
        let values = self.values(row, model)?;
        let effects = if self.form.substitution_effects { values.to_vec() } else { Vec::new() };
        Ok(Drawn { map: self.form.map.signed_map(values, self.input_length), effects })
    }

    /// Rectified unless it is to be signed.
    fn asked(&self, mut drawn: Drawn) -> Drawn {
        if !self.form.map.signed {
            rectify(&mut drawn.map);
        }
        drawn
    }

    fn position_map(&self, drawn: Drawn) -> PositionMap {
        let clusters = self.form.clusters.map(|form| clusters::clusters(&drawn.map, self.geometry(), &form));
        PositionMap {
            clusters: clusters.unwrap_or_default(),
            substitution_effects: drawn.effects,
            ..self.kept(drawn.map)
        }
    }

    /// The values that are asked for, and nothing else.
    fn kept(&self, map: Vec<f32>) -> PositionMap {
        let (values, indices) = selection::kept(map, self.form.kept);
        let indices = indices.into_iter().map(number).collect();
        PositionMap { values, indices, ..PositionMap::default() }
    }
}

/// Alternate minus reference of maps as they are asked for: of rectified maps unless they are signed.
fn difference(allele: Option<Compared>, reference: &[f32], alternate: &[f32]) -> Vec<f32> {
    match allele {
        Some(Compared::Resized(alignment)) => alignment.difference(reference, alternate),
        _ => alternate.iter().zip(reference).map(|(alternate, reference)| alternate - reference).collect(),
    }
}

fn finite(values: &[f32]) -> Result<&[f32], ServiceError> {
    if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(ServiceError::NotFinite) }
}

/// Positions and counts as a reply has them; none is near the limit.
pub(super) fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

pub(super) fn geometry(geometry: MapGeometry) -> v1::MapGeometry {
    v1::MapGeometry {
        positions: number(geometry.positions),
        first_center0: number(geometry.first_center0),
        stride: number(geometry.stride),
        receptive_field: number(geometry.receptive_field),
    }
}

/// How the bases of an allele correspond to those of a window of `length` bases.
pub(super) fn blocks(allele: Compared, length: usize) -> Vec<AlignedBlock> {
    let block = |run: AlignedRun| AlignedBlock {
        reference0: run.reference0.map(number),
        alternate0: run.alternate0.map(number),
        length: number(run.length),
    };
    match allele {
        Compared::Substitution => {
            vec![block(AlignedRun { reference0: Some(0), alternate0: Some(0), length })]
        }
        Compared::Resized(alignment) => alignment.runs().into_iter().map(block).collect(),
    }
}

#[cfg(test)]
mod tests;
