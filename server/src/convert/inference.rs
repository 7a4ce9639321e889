//! A ModelInfer call of the Open Inference Protocol.

use polaris_genomics::{RegionClass, parse_sequence};
use polaris_model::WindowInput;
use polaris_proto::inference::ModelInferRequest;

use super::tensors::{Tensor, Values, tensor};
use super::{RequestError, Violations, selection, windows};
use crate::catalog::{Catalog, Selection};

/// The name that stands for all models.
pub(crate) const ENSEMBLE: &str = "ensemble";
/// Input: the windows, as letters `[n]` or one-hot `[n, 4, length]` in the order A C G T.
pub(crate) const SEQUENCE: &str = "sequence";
/// Input: ln(TPM + 1) of the nearest gene, `[n, 1]`; for all models at once one for each cell line, `expression.K562`.
pub(crate) const EXPRESSION: &str = "expression";
/// Input: the region class, one-hot `[n, 6]` in the order of `polaris.v1.Region`, or its number there `[n]`.
pub(crate) const REGION: &str = "region";
/// Outputs, `[n, models]`.
pub(crate) const OUTPUTS: [&str; 2] = ["probability", "logit"];

/// A ModelInfer call, checked.
#[derive(Clone, Debug)]
pub(crate) struct Inference {
    /// Models to ask.
    pub(crate) selection: Selection,
    /// In the order of the request.
    pub(crate) windows: Vec<WindowInput>,
    /// Outputs that are wanted, in order; places in [`OUTPUTS`].
    pub(crate) outputs: Vec<usize>,
    /// Values are to be returned as bytes, as they came.
    pub(crate) raw: bool,
}

/// The models that a name and a version, which may be empty, stand for.
///
/// # Errors
/// If there is no such model.
pub(crate) fn named(name: &str, version: &str, catalog: &Catalog) -> Result<Selection, RequestError> {
    match (name, version) {
        (ENSEMBLE, "") => Ok(catalog.all()),
        (name, "") => selection(&[name.to_owned()], catalog),
        (name, version) => selection(&[format!("{name}@{version}")], catalog),
    }
}

/// Checks a ModelInfer call of at most `max_windows` windows.
///
/// # Errors
/// As [`super::prediction`].
pub(crate) fn inference(
    request: &ModelInferRequest,
    catalog: &Catalog,
    max_windows: u32,
) -> Result<Inference, RequestError> {
    let selection = named(&request.model_name, &request.model_version, catalog)?;
    let raw = !request.raw_input_contents.is_empty();
    let mut violations = Violations::default();
    if raw && request.raw_input_contents.len() != request.inputs.len() {
        let (raw, inputs) = (request.raw_input_contents.len(), request.inputs.len());
        let error =
            violations.with("raw_input_contents", format!("{raw} of them, there are {inputs} inputs"));
        return Err(error);
    }
    let inputs = Inputs { request, raw };
    let outputs = outputs(request, &mut violations);
    let Some(sequence) = inputs.get(SEQUENCE, &mut violations) else {
        return Err(violations.with(format!("inputs[{SEQUENCE}]"), "this input is needed, as BYTES or FP32"));
    };
    let count = sequence.shape.first().copied().unwrap_or(0);
    super::count_within(count, max_windows)?;
    let sequences = sequences(&sequence, count, catalog.input_length(), &mut violations);
    let regions = regions(&inputs, count, &selection, catalog, &mut violations);
    let expressions = expressions(&inputs, count, &selection, &mut violations);
    violations.none()?;
    let rows = sequences.into_iter().zip(regions).enumerate();
    let windows = rows.map(|(row, (sequence, region))| WindowInput {
        sequence,
        region,
        expression: expressions.iter().map(|values| values.get(row).copied().unwrap_or(0.0)).collect(),
        substitutions: Vec::new(),
    });
    Ok(Inference { selection, windows: windows.collect(), outputs, raw })
}

struct Inputs<'a> {
    request: &'a ModelInferRequest,
    raw: bool,
}

impl<'a> Inputs<'a> {
    /// An input by its name; `None` if it is not there or wrong.
    fn get(&self, name: &str, violations: &mut Violations) -> Option<Tensor<'a>> {
        let index = self.request.inputs.iter().position(|input| input.name == name)?;
        let raw = self.raw.then(|| self.request.raw_input_contents.get(index).map(Vec::as_slice)).flatten();
        tensor(self.request.inputs.get(index)?, raw, violations)
    }
}

fn outputs(request: &ModelInferRequest, violations: &mut Violations) -> Vec<usize> {
    if request.outputs.is_empty() {
        return (0..OUTPUTS.len()).collect();
    }
    let mut outputs = Vec::with_capacity(OUTPUTS.len());
    for output in &request.outputs {
        match OUTPUTS.iter().position(|name| *name == output.name) {
            Some(place) if !outputs.contains(&place) => outputs.push(place),
            Some(_) => violations.add(format!("outputs[{}]", output.name), "named twice"),
            None => violations.add(format!("outputs[{}]", output.name), "there are probability and logit"),
        }
    }
    outputs
}

fn sequences(tensor: &Tensor<'_>, count: usize, length: usize, violations: &mut Violations) -> Vec<Vec<u8>> {
    let field = |row: usize| format!("{}[{row}]", tensor.field);
    match (&tensor.values, tensor.shape.as_slice()) {
        (Values::Bytes(texts), [_] | [_, 1]) => {
            let mut sequences = Vec::with_capacity(count);
            for (row, text) in texts.iter().enumerate() {
                if text.len() != length {
                    violations.add(field(row), format!("{} bases, the models read {length}", text.len()));
                    continue;
                }
                match parse_sequence(text) {
                    Ok(sequence) => sequences.push(sequence),
                    Err(error) => violations.add(field(row), error.to_string()),
                }
            }
            sequences
        }
        (Values::Floats(values), &[_, 4, bases]) if bases == length => {
            let mut sequences = Vec::with_capacity(count);
            for (row, window) in values.chunks_exact(4 * length).enumerate() {
                let letters: Result<Vec<u8>, usize> =
                    (0..length).map(|at| letter(window, length, at)).collect();
                match letters {
                    Ok(sequence) => sequences.push(sequence),
                    Err(at) => violations
                        .add(field(row), format!("position {at} is neither one-hot nor all 0, which is N")),
                }
            }
            sequences
        }
        _ => {
            let expected = format!("BYTES [n] or FP32 [n, 4, {length}] is expected, not {:?}", tensor.shape);
            violations.add(format!("{}.shape", tensor.field), expected);
            Vec::new()
        }
    }
}

/// The letter at a position of a one-hot window `[4][length]`, or else the position.
fn letter(window: &[f32], length: usize, at: usize) -> Result<u8, usize> {
    let row = [0, 1, 2, 3].map(|base| window.get(base * length + at).copied().unwrap_or(f32::NAN));
    let ones = row.iter().filter(|&&value| value == 1.0).count();
    let zeros = row.iter().filter(|&&value| value == 0.0).count();
    match (ones, zeros) {
        (0, 4) => Ok(b'N'),
        (1, 3) => {
            Ok(row.iter().zip(b"ACGT").find(|(value, _)| **value == 1.0).map_or(b'N', |(_, base)| *base))
        }
        _ => Err(at),
    }
}

fn regions(
    inputs: &Inputs<'_>,
    count: usize,
    selection: &Selection,
    catalog: &Catalog,
    violations: &mut Violations,
) -> Vec<Option<RegionClass>> {
    let none = vec![None; count];
    let Some(tensor) = inputs.get(REGION, violations) else {
        let there = inputs.request.inputs.iter().any(|input| input.name == REGION);
        if !there && catalog.chosen(selection).any(|model| model.architecture.region()) {
            violations.add(format!("inputs[{REGION}]"), "a chosen model reads this input");
        }
        return none;
    };
    let numbers: Vec<Option<i64>> = match (&tensor.values, tensor.shape.as_slice()) {
        (Values::Integers(numbers), &[rows] | &[rows, 1]) if rows == count => {
            numbers.iter().map(|&number| Some(number)).collect()
        }
        (Values::Floats(values), &[rows, 6]) if rows == count => values.chunks_exact(6).map(class).collect(),
        _ => {
            let expected =
                format!("FP32 [{count}, 6] or INT64 [{count}] is expected, not {:?}", tensor.shape);
            violations.add(format!("{}.shape", tensor.field), expected);
            return none;
        }
    };
    let mut regions = Vec::with_capacity(count);
    for (row, number) in numbers.into_iter().enumerate() {
        let number = number.and_then(|number| i32::try_from(number).ok());
        match number.and_then(|number| windows::region_of(number).ok()) {
            Some(region) => regions.push(region),
            None => violations.add(
                format!("{}[{row}]", tensor.field),
                "no region class: a number 0 to 6, or at most one 1 among six values",
            ),
        }
    }
    regions
}

/// The number of a one-hot class; 0 if there is none.
fn class(row: &[f32]) -> Option<i64> {
    let ones: Vec<usize> =
        row.iter().enumerate().filter(|(_, value)| **value == 1.0).map(|(at, _)| at).collect();
    let zeros = row.iter().filter(|&&value| value == 0.0).count();
    match ones.as_slice() {
        [] if zeros == row.len() => Some(0),
        [at] if zeros + 1 == row.len() => i64::try_from(at + 1).ok(),
        _ => None,
    }
}

/// For each cell line of the engine the values of all windows; none where no chosen model reads them.
fn expressions(
    inputs: &Inputs<'_>,
    count: usize,
    selection: &Selection,
    violations: &mut Violations,
) -> Vec<Vec<f32>> {
    let single = inputs.request.model_name != ENSEMBLE;
    let column = |cell_line: &Option<String>| {
        let Some(cell_line) = cell_line else { return Vec::new() };
        let name = if single { EXPRESSION.to_owned() } else { format!("{EXPRESSION}.{cell_line}") };
        let Some(tensor) = inputs.get(&name, violations) else {
            if !inputs.request.inputs.iter().any(|input| input.name == name) {
                violations.add(
                    format!("inputs[{name}]"),
                    format!("a chosen model reads the expression in {cell_line}"),
                );
            }
            return Vec::new();
        };
        let (Values::Floats(values), &[rows] | &[rows, 1]) = (&tensor.values, tensor.shape.as_slice()) else {
            let expected = format!("FP32 [{count}, 1] is expected, not {:?}", tensor.shape);
            violations.add(format!("{}.shape", tensor.field), expected);
            return Vec::new();
        };
        if rows != count {
            violations.add(format!("{}.shape", tensor.field), format!("{rows} values for {count} windows"));
        }
        if let Some(row) = values.iter().position(|value| !value.is_finite() || *value < 0.0) {
            let field = format!("{}[{row}]", tensor.field);
            violations.add(field, "no ln(TPM + 1), which is finite and at least 0");
        }
        values.to_vec()
    };
    selection.expression.iter().map(column).collect()
}

#[cfg(test)]
mod tests;
