//! Tensors of the Open Inference Protocol, in either of their two encodings.

use std::borrow::Cow;

use polaris_proto::inference::model_infer_request::InferInputTensor;

use super::Violations;

/// A tensor whose values are as many as its shape says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor<'a> {
    /// Where it stands in the request, for people.
    pub(super) field: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Values<'a>,
}

/// Values of a tensor, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values<'a> {
    /// BYTES.
    Bytes(Vec<&'a [u8]>),
    /// FP32.
    Floats(Cow<'a, [f32]>),
    /// INT64.
    Integers(Cow<'a, [i64]>),
}

impl Values<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Integers(values) => values.len(),
        }
    }
}

/// Reads a tensor whose values are in `raw`, or else in its contents. `None` once something is wrong with it.
pub(super) fn tensor<'a>(
    input: &'a InferInputTensor,
    raw: Option<&'a [u8]>,
    violations: &mut Violations,
) -> Option<Tensor<'a>> {
    let field = format!("inputs[{}]", input.name);
    let shape: Option<Vec<usize>> = input.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
    let elements = shape
        .as_ref()
        .and_then(|shape| shape.iter().try_fold(1usize, |elements, &size| elements.checked_mul(size)));
    let (Some(shape), Some(elements)) = (shape, elements) else {
        violations.add(format!("{field}.shape"), format!("{:?} is no shape of a tensor", input.shape));
        return None;
    };
    let contents = input.contents.as_ref();
    let values = match (input.datatype.as_str(), raw) {
        ("BYTES", Some(raw)) => strings(raw).map(Values::Bytes),
        ("BYTES", None) => Some(Values::Bytes(
            contents
                .map_or(Vec::new(), |contents| contents.bytes_contents.iter().map(Vec::as_slice).collect()),
        )),
        ("FP32", Some(raw)) => numbers(raw, f32::from_le_bytes).map(|values| Values::Floats(values.into())),
        ("FP32", None) => {
            Some(Values::Floats(contents.map_or(&[][..], |contents| &contents.fp32_contents).into()))
        }
        ("INT64", Some(raw)) => {
            numbers(raw, i64::from_le_bytes).map(|values| Values::Integers(values.into()))
        }
        ("INT64", None) => {
            Some(Values::Integers(contents.map_or(&[][..], |contents| &contents.int64_contents).into()))
        }
        (other, _) => {
            violations.add(
                format!("{field}.datatype"),
                format!("{other:?} is not read; BYTES, FP32 and INT64 are"),
            );
            return None;
        }
    };
    let Some(values) = values else {
        violations.add(field, "its raw contents are cut off".to_owned());
        return None;
    };
    if values.len() != elements {
        violations.add(field, format!("{} values, the shape {shape:?} has {elements}", values.len()));
        return None;
    }
    Some(Tensor { field, shape, values })
}

/// Strings, each after its length in four bytes.
fn strings(mut raw: &[u8]) -> Option<Vec<&[u8]>> {
    let mut strings = Vec::new();
    while !raw.is_empty() {
        let (length, rest) = raw.split_first_chunk()?;
        let (string, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        strings.push(string);
        raw = rest;
    }
    Some(strings)
}

fn numbers<const BYTES: usize, T>(raw: &[u8], number: fn([u8; BYTES]) -> T) -> Option<Vec<T>> {
    let (chunks, rest) = raw.as_chunks::<BYTES>();
    rest.is_empty().then(|| chunks.iter().map(|&chunk| number(chunk)).collect())
}
