//! Requests as they come, into values that the engine can calculate with, or what is wrong with them.

mod alleles;
mod inference;
mod localization;
mod map_form;
mod resized;
mod tensors;
mod violations;
mod windows;

use polaris_model::WindowInput;
use polaris_proto::v1::{PredictRequest, ScoreVariantsRequest};

pub(crate) use alleles::AlleleRows;
pub(crate) use inference::{ENSEMBLE, EXPRESSION, Inference, OUTPUTS, REGION, SEQUENCE, inference, named};
pub(crate) use localization::{Compared, Localization, LocalizedWindow, localization};
pub(crate) use map_form::{ClusterForm, Kept, MapForm};
pub(crate) use violations::Violation;
use violations::Violations;

use crate::catalog::{Catalog, Selection};

/// A request that cannot be answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum RequestError {
    /// Fields that are wrong; at least one.
    Invalid(Vec<Violation>),
    /// A model that is not served.
    UnknownModel {
        /// The id asked for.
        id: String,
    },
}

impl std::error::Error for RequestError {}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid(violations) => {
                if let Some(first) = violations.first() {
                    write!(f, "{}: {}", first.field, first.description)?;
                }
                match violations.len() {
                    0 | 1 => Ok(()),
                    count => write!(f, " (and {} more)", count - 1),
                }
            }
            Self::UnknownModel { id } => write!(f, "the model {id:?} is not served here"),
        }
    }
}

/// A Predict call, checked.
#[derive(Clone, Debug)]
pub(crate) struct Prediction {
    /// Models to ask.
    pub(crate) selection: Selection,
    /// In the order of the request.
    pub(crate) windows: Vec<WindowInput>,
}

/// A request of a ScoreVariants stream, checked.
#[derive(Clone, Debug)]
pub(crate) struct Scoring {
    /// Chosen by the caller.
    pub(crate) request_id: u64,
    /// Models to ask.
    pub(crate) selection: Selection,
    /// For each reference window: the reference with its substitutions, then two windows for each resized allele.
    pub(crate) windows: Vec<WindowInput>,
    /// For each reference window, what rows each allele has.
    pub(crate) alleles: Vec<Vec<AlleleRows>>,
}

/// Checks a Predict call of at most `max_windows` windows.
///
/// # Errors
/// If it names a model that is not served, or with the fields that are wrong.
pub(crate) fn prediction(
    request: PredictRequest,
    catalog: &Catalog,
    max_windows: u32,
) -> Result<Prediction, RequestError> {
    let selection = selection(&request.model_ids, catalog)?;
    count_within(request.windows.len(), max_windows)?;
    let mut violations = Violations::default();
    let mut windows = Vec::with_capacity(request.windows.len());
    for (index, window) in request.windows.into_iter().enumerate() {
        windows.extend(windows::window(
            &window,
            &format!("windows[{index}]"),
            catalog,
            &selection,
            &mut violations,
        ));
    }
    violations.none()?;
    Ok(Prediction { selection, windows })
}

/// Checks a request of a ScoreVariants stream of at most `max_windows` windows, alternates included.
///
/// # Errors
/// As [`prediction`].
pub(crate) fn scoring(
    request: ScoreVariantsRequest,
    catalog: &Catalog,
    max_windows: u32,
) -> Result<Scoring, RequestError> {
    let selection = selection(&request.model_ids, catalog)?;
    let count = request.windows.iter().map(alleles::window_count).fold(0, usize::saturating_add);
    count_within(count, max_windows)?;
    let mut violations = Violations::default();
    let mut windows = Vec::with_capacity(request.windows.len());
    let mut alleles = Vec::with_capacity(request.windows.len());
    for (index, window) in request.windows.into_iter().enumerate() {
        let field = format!("windows[{index}]");
        alleles.push(alleles::variant_window(
            window,
            &field,
            catalog,
            &selection,
            &mut windows,
            &mut violations,
        ));
    }
    violations.none()?;
    Ok(Scoring { request_id: request.request_id, selection, windows, alleles })
}

fn selection(ids: &[String], catalog: &Catalog) -> Result<Selection, RequestError> {
    if ids.is_empty() {
        return Ok(catalog.all());
    }
    let mut models = Vec::with_capacity(ids.len().min(catalog.models().len()));
    for (position, id) in ids.iter().enumerate() {
        let model = catalog.index_of(id).ok_or_else(|| RequestError::UnknownModel { id: id.clone() })?;
        if let Some(first) = models.iter().position(|&chosen| chosen == model) {
            let description = format!("{id} is named twice, first in model_ids[{first}]");
            return Err(RequestError::Invalid(vec![Violation {
                field: format!("model_ids[{position}]"),
                description,
            }]));
        }
        models.push(model);
    }
    Ok(catalog.selection(models, ids.to_vec()))
}

fn count_within(windows: usize, max_windows: u32) -> Result<(), RequestError> {
    let description = match windows {
        0 => "at least one window is needed".to_owned(),
        windows if windows > max_windows as usize => {
            format!(
                "{windows} windows with the alternate ones, at most {max_windows} are allowed: send several requests"
            )
        }
        _ => return Ok(()),
    };
    Err(RequestError::Invalid(vec![Violation { field: "windows".to_owned(), description }]))
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
