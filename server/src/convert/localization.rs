//! A Localize call.

use polaris_model::WindowInput;
use polaris_model::localization::{AlleleAlignment, LocalizationMethod, MapResolution};
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{Allele, LocalizeRequest, LocalizeWindow};

use super::alleles::{allele_count, allele_windows};
use super::map_form::{MapForm, map_form};
use super::{RequestError, Violations, count_within, resized, selection, windows};
use crate::catalog::{Catalog, Selection};

/// The distances of as many positions take 64 MiB.
const MOST_CLUSTERED_POSITIONS: usize = 4096;

/// A Localize call, checked.
#[derive(Clone, Debug)]
pub(crate) struct Localization {
    /// Models to ask.
    pub(crate) selection: Selection,
    /// In the order of the request.
    pub(crate) windows: Vec<LocalizedWindow>,
    /// What the maps are to be.
    pub(crate) form: MapForm,
}

/// A window to explain.
#[derive(Clone, Debug)]
pub(crate) struct LocalizedWindow {
    /// The window, then those of its allele: one of a substitution, the left-anchored and the right-anchored one of a
    /// resized allele.
    pub(crate) rows: Vec<WindowInput>,
    /// The allele that it is compared with.
    pub(crate) allele: Option<Compared>,
}

/// An allele beside its reference window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compared {
    /// Base stands by base.
    Substitution,
    /// Bases were gained or lost.
    Resized(AlleleAlignment),
}

impl Compared {
    /// Windows of the allele.
    pub(crate) fn rows(self) -> usize {
        match self {
            Self::Substitution => 1,
            Self::Resized(_) => 2,
        }
    }
}

/// Checks a Localize call of at most `max_windows` windows, alternates included.
///
/// # Errors
/// As [`super::prediction`].
pub(crate) fn localization(
    request: LocalizeRequest,
    catalog: &Catalog,
    max_windows: u32,
) -> Result<Localization, RequestError> {
    let selection = selection(&request.model_ids, catalog)?;
    let count = |window: &LocalizeWindow| 1 + window.allele.as_ref().map_or(0, allele_count);
    count_within(request.windows.iter().map(count).fold(0, usize::saturating_add), max_windows)?;
    let mut violations = Violations::default();
    let form = map_form(&request.options.unwrap_or_default(), &mut violations);
    let mut windows = Vec::with_capacity(request.windows.len());
    for (index, window) in request.windows.iter().enumerate() {
        let field = format!("windows[{index}]");
        windows.extend(localized_window(window, &field, catalog, &selection, &mut violations));
    }
    on_one_grid(&form, &windows, &mut violations);
    clustered(&form, &windows, catalog.input_length(), &mut violations);
    violations.none()?;
    Ok(Localization { selection, windows, form })
}

/// Checks a window at `field`; of use only if there was no violation.
fn localized_window(
    window: &LocalizeWindow,
    field: &str,
    catalog: &Catalog,
    selection: &Selection,
    violations: &mut Violations,
) -> Option<LocalizedWindow> {
    let field_reference = format!("{field}.reference");
    let Some(reference) = &window.reference else {
        violations.add(field_reference, "missing");
        return None;
    };
    let reference = windows::window(reference, &field_reference, catalog, selection, violations)?;
    if reference.sequence.iter().all(|&base| base == b'N') {
        let description = "nothing but N: there is no base whose part in the prediction could be told";
        violations.add(format!("{field_reference}.sequence"), description);
        return None;
    }
    let Some(alternate) = &window.allele else {
        return Some(LocalizedWindow { rows: vec![reference], allele: None });
    };
    let mut rows = vec![reference.clone()];
    let field_allele = format!("{field}.allele");
    allele_windows(alternate, &field_allele, catalog, &reference, &mut rows, violations)?;
    let allele = Some(compared(alternate, &field_allele, &rows, violations)?);
    Some(LocalizedWindow { rows, allele })
}

fn compared(
    allele: &Allele,
    field: &str,
    rows: &[WindowInput],
    violations: &mut Violations,
) -> Option<Compared> {
    let Some(Change::Resized(change)) = &allele.change else { return Some(Compared::Substitution) };
    let [reference, left, right] = rows else { return None };
    let anchored =
        resized::Anchored { reference: &reference.sequence, left: &left.sequence, right: &right.sequence };
    anchored.alignment(change, &format!("{field}.resized"), violations).map(Compared::Resized)
}

/// The network's own positions do not stand above each other where an allele is longer or shorter.
fn on_one_grid(form: &MapForm, windows: &[LocalizedWindow], violations: &mut Violations) {
    let of_bases =
        form.map.resolution == MapResolution::Base || form.map.method == LocalizationMethod::Mutagenesis;
    let resized = windows.iter().position(|window| matches!(window.allele, Some(Compared::Resized(_))));
    if let Some(index) = resized.filter(|_| !of_bases) {
        let description = format!(
            "the native positions of the allele of windows[{index}], which is longer or shorter, do not correspond to \
             those of the reference: ask for MAP_RESOLUTION_BASE"
        );
        violations.add("options.resolution", description);
    }
}

/// Clustering compares all pairs of positions.
fn clustered(form: &MapForm, windows: &[LocalizedWindow], input_length: usize, violations: &mut Violations) {
    let positions = |window: &LocalizedWindow| match window.allele {
        Some(Compared::Resized(alignment)) => alignment.alternate_length().max(input_length),
        _ => form.map.geometry(input_length).positions,
    };
    let most = windows.iter().map(positions).max().unwrap_or(0);
    if form.clusters.is_some() && most > MOST_CLUSTERED_POSITIONS {
        let description = format!(
            "maps of {most} positions cannot be clustered, at most {MOST_CLUSTERED_POSITIONS} can: ask for \
             MAP_RESOLUTION_NATIVE, or leave the clusters out"
        );
        violations.add("options.clusters", description);
    }
}

#[cfg(test)]
mod tests;
