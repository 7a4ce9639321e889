//! Alternate alleles of a reference window.

use polaris_genomics::parse_sequence;
use polaris_model::{Substitution, WindowInput};
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{self, Allele, Resized, VariantWindow};

use super::{Violations, windows};
use crate::catalog::{Catalog, Selection};

/// What is wrong with an allele that is neither.
const NO_CHANGE: &str = "either substitution or resized must be given";

/// What rows an allele has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AlleleRows {
    /// One, as a substitution of the reference window.
    Substitution,
    /// Two windows of its own: the alternate with its 5' part in place, then with its 3' part in place.
    Resized,
}

/// Rows of an allele; each counts as a window.
pub(super) fn allele_count(allele: &Allele) -> usize {
    if matches!(allele.change, Some(Change::Resized(_))) { 2 } else { 1 }
}

/// Rows of a reference with its alternates.
pub(super) fn window_count(window: &VariantWindow) -> usize {
    1 + window.alleles.iter().map(allele_count).sum::<usize>()
}

/// Checks a reference window and its alleles at `field` and adds them to `out`: the reference with those alleles that are
/// as long as it as its substitutions, then the windows of the others. Returns what rows each allele has; of use only if
/// there was no violation.
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
    let Some(mut reference) =
        windows::window(reference, &format!("{field}.reference"), catalog, selection, violations)
    else {
        return Vec::new();
    };
    let mut substitutions = Vec::with_capacity(window.alleles.len());
    let mut resized_windows = Vec::new();
    let mut rows = Vec::with_capacity(window.alleles.len());
    for (index, allele) in window.alleles.iter().enumerate() {
        let field = format!("{field}.alleles[{index}]");
        match &allele.change {
            Some(Change::Substitution(change)) => {
                let field = format!("{field}.substitution");
                substitutions.extend(substitution(change, &field, &reference, violations));
                rows.push(AlleleRows::Substitution);
            }
            Some(Change::Resized(change)) => {
                let field = format!("{field}.resized");
                resized(change, &field, catalog, &reference, &mut resized_windows, violations);
                rows.push(AlleleRows::Resized);
            }
            None => violations.add(field, NO_CHANGE),
        }
    }
    reference.substitutions = substitutions;
    out.push(reference);
    out.append(&mut resized_windows);
    rows
}

/// Checks an allele at `field` and adds its windows to `out`, all of them whole. `None` if it has no change or its
/// substitution is wrong; what was added is of use only if there was no violation.
pub(super) fn allele_windows(
    allele: &Allele,
    field: &str,
    catalog: &Catalog,
    reference: &WindowInput,
    out: &mut Vec<WindowInput>,
    violations: &mut Violations,
) -> Option<()> {
    match &allele.change {
        Some(Change::Substitution(change)) => {
            let change = substitution(change, &format!("{field}.substitution"), reference, violations)?;
            let mut alternate = reference.clone();
            let replaced = change.offset0..change.offset0 + change.bases.len();
            alternate.sequence.get_mut(replaced)?.copy_from_slice(&change.bases);
            out.push(alternate);
        }
        Some(Change::Resized(change)) => {
            resized(change, &format!("{field}.resized"), catalog, reference, out, violations);
        }
        None => {
            violations.add(field, NO_CHANGE);
            return None;
        }
    }
    Some(())
}

fn substitution(
    change: &v1::Substitution,
    field: &str,
    reference: &WindowInput,
    violations: &mut Violations,
) -> Option<Substitution> {
    let field_bases = format!("{field}.bases");
    if change.bases.is_empty() {
        violations.add(field_bases, "at least one base is needed");
        return None;
    }
    // First, so that no more letters are read than a window has.
    let (offset0, count, length) = (change.offset0 as usize, change.bases.len(), reference.sequence.len());
    if offset0.checked_add(count).is_none_or(|end0| end0 > length) {
        let description =
            format!("{count} bases from offset {offset0} reach beyond the window of {length} bases");
        violations.add(format!("{field}.offset0"), description);
        return None;
    }
    let bases = parse_sequence(change.bases.as_bytes())
        .map_err(|error| violations.add(field_bases, error.to_string()))
        .ok()?;
    Some(Substitution { offset0, bases })
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
