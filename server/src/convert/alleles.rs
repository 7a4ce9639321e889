//! Alternate alleles of a reference window.

use polaris_genomics::parse_sequence;
use polaris_model::WindowInput;
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{Allele, Resized, Substitution, VariantWindow};

use super::{Violations, windows};
use crate::catalog::{Catalog, Selection};

/// How many windows an allele takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AlleleRows {
    /// The alternate window.
    Substitution,
    /// The alternate window with its 5' part in place, then with its 3' part in place.
    Resized,
}

/// Windows of an allele.
pub(super) fn allele_count(allele: &Allele) -> usize {
    if matches!(allele.change, Some(Change::Resized(_))) { 2 } else { 1 }
}

/// Windows of a reference with its alternates.
pub(super) fn window_count(window: &VariantWindow) -> usize {
    1 + window.alleles.iter().map(allele_count).sum::<usize>()
}

/// Checks a reference window and its alleles at `field` and adds them to `out`. Returns what was added for
/// each allele; of use only if there was no violation.
pub(super) fn variant_window(
    window: VariantWindow,
    field: &str,
    catalog: &Catalog,
    selection: &Selection,
    out: &mut Vec<WindowInput>,
    violations: &mut Violations,
) -> Vec<AlleleRows> {
    if window.alleles.is_empty() {
        violations.add(format!("{field}.alleles"), "at least one allele is needed");
    }
    let Some(reference) = &window.reference else {
        violations.add(format!("{field}.reference"), "missing");
        return Vec::new();
    };
    let Some(reference) =
        windows::window(reference, &format!("{field}.reference"), catalog, selection, violations)
    else {
        return Vec::new();
    };
    out.push(reference.clone());
    let mut rows = Vec::with_capacity(window.alleles.len());
    for (index, change) in window.alleles.iter().enumerate() {
        let field = format!("{field}.alleles[{index}]");
        rows.extend(allele(change, &field, catalog, &reference, out, violations));
    }
    rows
}

/// Checks an allele at `field` and adds its windows to `out`. Returns what was added; of use only if there was no
/// violation.
pub(super) fn allele(
    allele: &Allele,
    field: &str,
    catalog: &Catalog,
    reference: &WindowInput,
    out: &mut Vec<WindowInput>,
    violations: &mut Violations,
) -> Option<AlleleRows> {
    match &allele.change {
        Some(Change::Substitution(change)) => {
            out.extend(substitution(change, &format!("{field}.substitution"), reference, violations));
            Some(AlleleRows::Substitution)
        }
        Some(Change::Resized(change)) => {
            resized(change, &format!("{field}.resized"), catalog, reference, out, violations);
            Some(AlleleRows::Resized)
        }
        None => {
            violations.add(field, "either substitution or resized must be given");
            None
        }
    }
}

fn substitution(
    change: &Substitution,
    field: &str,
    reference: &WindowInput,
    violations: &mut Violations,
) -> Option<WindowInput> {
    let field_bases = format!("{field}.bases");
    if change.bases.is_empty() {
        violations.add(field_bases, "at least one base is needed");
        return None;
    }
    let bases = parse_sequence(change.bases.as_bytes())
        .map_err(|error| violations.add(field_bases, error.to_string()))
        .ok()?;
    let mut alternate = reference.clone();
    let start0 = change.offset0 as usize;
    let replaced = start0.checked_add(bases.len()).and_then(|end0| alternate.sequence.get_mut(start0..end0));
    let Some(replaced) = replaced else {
        let length = reference.sequence.len();
        let description =
            format!("{} bases from offset {start0} reach beyond the window of {length} bases", bases.len());
        violations.add(format!("{field}.offset0"), description);
        return None;
    };
    replaced.copy_from_slice(&bases);
    Some(alternate)
}

fn resized(
    change: &Resized,
    field: &str,
    catalog: &Catalog,
    reference: &WindowInput,
    out: &mut Vec<WindowInput>,
    violations: &mut Violations,
) {
    for (name, text) in [("left_anchored", &change.left_anchored), ("right_anchored", &change.right_anchored)]
    {
        let sequence = windows::sequence(text, &format!("{field}.{name}"), catalog, violations);
        out.extend(sequence.map(|sequence| WindowInput { sequence, ..reference.clone() }));
    }
}
