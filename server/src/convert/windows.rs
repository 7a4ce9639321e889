//! A window of a request.

use polaris_genomics::{RegionClass, parse_sequence};
use polaris_model::WindowInput;
use polaris_proto::v1::{Region, Window};
use prost::UnknownEnumValue;

use super::Violations;
use crate::catalog::{Catalog, Selection};

/// Checks a window at `field`; `None` once something is wrong with it.
pub(super) fn window(
    window: &Window,
    field: &str,
    catalog: &Catalog,
    selection: &Selection,
    violations: &mut Violations,
) -> Option<WindowInput> {
    let bases = sequence(&window.sequence, &format!("{field}.sequence"), catalog, violations);
    let region = region(window.region, field, violations);
    let expression: Vec<Option<f32>> = selection
        .expression
        .iter()
        .map(|cell_line| match cell_line {
            None => Some(0.0),
            Some(cell_line) => expression(window, cell_line, field, violations),
        })
        .collect();
    Some(WindowInput {
        sequence: bases?,
        region: region?,
        expression: expression.into_iter().collect::<Option<_>>()?,
        substitutions: Vec::new(),
    })
}

/// Checks a sequence that must be as long as a window.
pub(super) fn sequence(
    text: &str,
    field: &str,
    catalog: &Catalog,
    violations: &mut Violations,
) -> Option<Vec<u8>> {
    if text.len() != catalog.input_length() {
        violations.add(field, format!("{} bases, the models read {}", text.len(), catalog.input_length()));
        return None;
    }
    parse_sequence(text.as_bytes()).map_err(|error| violations.add(field, error.to_string())).ok()
}

fn region(value: i32, field: &str, violations: &mut Violations) -> Option<Option<RegionClass>> {
    region_of(value)
        .map_err(|_| {
            violations.add(format!("{field}.region"), format!("{value} is no region class, 0 to 6 are"))
        })
        .ok()
}

/// The class that a number of the contract stands for.
pub(super) fn region_of(value: i32) -> Result<Option<RegionClass>, UnknownEnumValue> {
    Ok(match Region::try_from(value)? {
        Region::Unspecified => None,
        Region::Intron => Some(RegionClass::Intron),
        Region::Exon => Some(RegionClass::Exon),
        Region::OneToFiveKb => Some(RegionClass::OneToFiveKb),
        Region::Promoter => Some(RegionClass::Promoter),
        Region::ThreePrimeUtr => Some(RegionClass::ThreePrimeUtr),
        Region::FivePrimeUtr => Some(RegionClass::FivePrimeUtr),
    })
}

fn expression(window: &Window, cell_line: &str, field: &str, violations: &mut Violations) -> Option<f32> {
    let field = format!("{field}.expression[{cell_line:?}]");
    match window.expression.get(cell_line) {
        Some(&value) if value.is_finite() && value >= 0.0 => Some(value),
        Some(value) => {
            violations.add(field, format!("{value} is no ln(TPM + 1), which is finite and at least 0"));
            None
        }
        None => {
            violations.add(field, format!("missing; a chosen model reads the expression in {cell_line}"));
            None
        }
    }
}
