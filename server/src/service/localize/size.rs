//! How large a response can be, known before anything is calculated.

use polaris_model::localization::{LocalizationMethod, MapGeometry};
use polaris_proto::v1::{AlignedBlock, Cluster, LocalizeResponse, ModelMaps, ModelValues, PositionMap};
use prost::Message;

use super::maps::{geometry, number};
use crate::catalog::Catalog;
use crate::convert::{Compared, Localization, MapForm, RequestError, Violation};

/// Responses of a chunk, in bytes, as far as several windows fit.
const CHUNK_BYTES: usize = 16 << 20;
/// Enough for a full batch of the engine.
const MOST_CHUNK_WINDOWS: usize = 32;
/// A value different from 0, which would not be written.
const VALUE: f32 = 1.0;
/// Blocks of a resized allele: before the change, the change, and after it.
const MOST_BLOCKS: usize = 3;

/// Windows that are worked on at once: as many as make a batch if their responses are small.
pub(super) fn chunk_windows(method: LocalizationMethod, response_bytes: usize) -> usize {
    match method {
        // Each is more work than a batch of others.
        LocalizationMethod::Mutagenesis => 1,
        LocalizationMethod::GradCam | LocalizationMethod::HiresCam => {
            (CHUNK_BYTES / response_bytes.max(1)).clamp(1, MOST_CHUNK_WINDOWS)
        }
    }
}

/// Bytes of the largest response that a call can have, if that is at most `max_bytes`.
///
/// # Errors
/// With the numbers and what would help.
pub(super) fn within(
    localization: &Localization,
    catalog: &Catalog,
    max_bytes: u32,
) -> Result<usize, RequestError> {
    let input_length = catalog.input_length();
    let alternate_length = |allele: Compared| match allele {
        Compared::Substitution => input_length,
        Compared::Resized(alignment) => alignment.alternate_length(),
    };
    let alleles = localization.windows.iter().map(|window| window.allele).enumerate();
    let longest = alleles.max_by_key(|(_, allele)| allele.map(alternate_length));
    let (index, allele) = longest.unwrap_or_default();
    let shape = Shape { form: &localization.form, input_length };
    let bytes =
        shape.response_bytes(localization.windows.len(), allele, localization.selection.names.to_vec());
    if bytes <= max_bytes as usize {
        return Ok(bytes);
    }
    let models = localization.selection.models.len();
    let description = format!(
        "its response for {models} models could have {bytes} bytes, at most {max_bytes} are allowed: ask for fewer \
         models, native resolution or top_k, or without clusters and substitution effects"
    );
    Err(RequestError::Invalid(vec![Violation { field: format!("windows[{index}]"), description }]))
}

/// What a response consists of.
#[derive(Clone, Copy, Debug)]
struct Shape<'a> {
    form: &'a MapForm,
    input_length: usize,
}

impl Shape<'_> {
    /// Encoded bytes that a response to one of `windows` windows does not exceed.
    fn response_bytes(self, windows: usize, allele: Option<Compared>, model_ids: Vec<String>) -> usize {
        let models = model_ids.len();
        let values = || ModelValues { probabilities: vec![VALUE; models], logits: vec![VALUE; models] };
        let end = number(2 * self.input_length);
        let block = AlignedBlock { reference0: Some(end), alternate0: Some(end), length: end };
        let response = LocalizeResponse {
            window_index: number(windows),
            model_ids,
            geometry: Some(geometry(self.geometry())),
            reference: Some(values()),
            alternate: allele.map(|_| values()),
            alignment: allele.map(|_| vec![block; MOST_BLOCKS]).unwrap_or_default(),
            maps: Vec::new(),
        };
        let with_one =
            LocalizeResponse { maps: vec![self.model_maps(allele)], ..LocalizeResponse::default() };
        response.encoded_len() + models * with_one.encoded_len()
    }

    fn geometry(self) -> MapGeometry {
        self.form.map.geometry(self.input_length)
    }

    fn model_maps(self, allele: Option<Compared>) -> ModelMaps {
        let positions = self.geometry().positions;
        let (alternate, columns) = match allele {
            Some(Compared::Resized(alignment)) => {
                let columns = alignment.runs().iter().map(|run| run.length).sum();
                (alignment.alternate_length(), columns)
            }
            _ => (positions, positions),
        };
        ModelMaps {
            reference: Some(self.position_map(positions)),
            alternate: allele.map(|_| self.position_map(alternate)),
            difference: allele.map(|_| self.values(columns)),
        }
    }

    /// Each position a cluster of its own, at the offset that takes most room.
    fn position_map(self, positions: usize) -> PositionMap {
        let last0 = number(self.geometry().center0(positions));
        let cluster = Cluster { start0: last0, end0: last0, score: VALUE, summit0: last0, motif: true };
        let clusters = if self.form.clusters.is_some() { positions } else { 0 };
        let effects = if self.form.substitution_effects { self.form.map.method.values(positions) } else { 0 };
        PositionMap {
            clusters: vec![cluster; clusters],
            substitution_effects: vec![VALUE; effects],
            ..self.values(positions)
        }
    }

    /// The last positions, whose indices take most room.
    fn values(self, positions: usize) -> PositionMap {
        let kept = self.form.kept;
        let values = kept.top_k.unwrap_or(positions).min(positions);
        let some_left_out = kept.threshold.is_some() || values < positions;
        let indices = if some_left_out { positions - values..positions } else { 0..0 };
        PositionMap {
            values: vec![VALUE; values],
            indices: indices.map(number).collect(),
            ..PositionMap::default()
        }
    }
}

#[cfg(test)]
mod tests;
