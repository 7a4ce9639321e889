use super::*;
use crate::cpu::instruction_set::InstructionSet;
use crate::cpu::word::{Bf16Pair, Word};
use crate::weights::split_mix_64;

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    // Steps of 2^-6 from -1 to 1, which bfloat16 holds exactly.
    (0..count).map(|_| (split_mix_64(&mut state) >> 57) as f32 / 64.0 - 1.0).collect()
}

struct Layer {
    inputs: usize,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Layer {
    fn new(outputs: usize, inputs: usize) -> Self {
        Self { inputs, weight: numbers(outputs * inputs, 3), bias: numbers(outputs, 4) }
    }

    /// Outputs from `first` on of one row of inputs, without the bias, in float64.
    fn product(&self, row: &[f32], first: usize) -> Vec<f64> {
        let product = |weights: &[f32]| {
            weights[first..].iter().zip(row).map(|(weight, input)| f64::from(weight * input)).sum()
        };
        self.weight.chunks_exact(self.inputs).map(product).collect()
    }
}

fn check<T: KernelWord>(processor: Processor, layer: &Layer, rows: usize) {
    let dense = Dense::<T>::new(&layer.weight, &layer.bias);
    let (inputs, width, outputs) = (layer.inputs, dense.width(), layer.bias.len());
    let input = numbers(rows * inputs, rows as u64);
    let row = |index: usize| &input[index * inputs..(index + 1) * inputs];
    let (mut packed, mut out) = (PackedRows::new(), Vec::new());
    dense.apply(processor, rows, row, &mut packed, &mut out);
    let tolerance = 1e-4 * (inputs as f64).sqrt();
    for index in 0..rows {
        let found = &out[index * width..(index + 1) * width];
        for (output, expected) in layer.product(row(index), 0).into_iter().enumerate() {
            let expected = expected + f64::from(layer.bias[output]);
            assert!((f64::from(found[output]) - expected).abs() < tolerance, "{index} {output}");
        }
        assert!(found[outputs..].iter().all(|&filling| filling == 0.0));
        let mut alone = Vec::new();
        dense.apply(processor, 1, |_| row(index), &mut packed, &mut alone);
        assert_eq!(alone, found);
    }

    let (first, count) = (inputs / 4 * 2, inputs / 4);
    let changes = numbers(rows * count, 9);
    let mut corrected = out.clone();
    dense.correct(processor, first, count, &changes, &mut packed, &mut corrected);
    for index in 0..rows {
        let change = layer.product(&changes[index * count..(index + 1) * count], first);
        for (output, change) in change.into_iter().enumerate() {
            let found = f64::from(corrected[index * width + output]) - f64::from(out[index * width + output]);
            assert!((found - change).abs() < tolerance, "{index} {output}: {found} {change}");
        }
    }
}

fn check_gradients<T: KernelWord>(processor: Processor, layer: &Layer, rows: usize) {
    let dense = Dense::<T>::new(&layer.weight, &layer.bias);
    let (width, outputs) = (dense.width(), layer.bias.len());
    let mut of_outputs = vec![0.0; rows * width];
    for (row, numbers) in of_outputs.chunks_exact_mut(width).zip(numbers(rows * outputs, 5).chunks(outputs)) {
        row[..outputs].copy_from_slice(numbers);
    }
    let mut found = Vec::new();
    dense.gradients(processor, &of_outputs, &mut GradientRoom::default(), &mut found);
    assert_eq!(found.len(), rows * layer.inputs);
    for (row, found) in of_outputs.chunks_exact(width).zip(found.chunks_exact(layer.inputs)) {
        for (input, found) in found.iter().enumerate() {
            let weights = layer.weight.iter().skip(input).step_by(layer.inputs);
            let expected: f64 = row.iter().zip(weights).map(|(a, b)| f64::from(a * b)).sum();
            assert!((f64::from(*found) - expected).abs() < 1e-3, "{input}: {found} {expected}");
        }
    }
}

#[test]
fn products_are_those_of_float64_on_every_processor() {
    // The second has more words than a strip.
    for (outputs, inputs, most) in [(64, 300, 25), (40, 2000, 3), (300, 600, 2)] {
        let layer = Layer::new(outputs, inputs);
        for processor in InstructionSet::ALL.into_iter().filter_map(Processor::with) {
            for rows in 1..=most {
                check::<f32>(processor, &layer, rows);
                check::<Bf16Pair>(processor, &layer, rows);
            }
        }
    }
    const { assert!(Bf16Pair::NUMBERS * crate::cpu::kernels::STRIP_WORDS < 2000) };
}

#[test]
fn gradients_are_those_of_float64_on_every_processor() {
    for (outputs, inputs) in [(64, 300), (300, 24)] {
        let layer = Layer::new(outputs, inputs);
        for processor in InstructionSet::ALL.into_iter().filter_map(Processor::with) {
            for rows in 1..=13 {
                check_gradients::<f32>(processor, &layer, rows);
                check_gradients::<Bf16Pair>(processor, &layer, rows);
            }
        }
    }
}
