use super::*;
use crate::cpu::direct::DirectConv2;
use crate::cpu::instruction_set::InstructionSet;
use crate::cpu::word::Bf16Pair;
use crate::weights::split_mix_64;

struct Numbers(u64);

impl Numbers {
    /// From -1 to 1.
    fn next(&mut self) -> f32 {
        (split_mix_64(&mut self.0) >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

struct Layer {
    weight: Vec<f32>,
    bias: Vec<f32>,
    positions: Vec<Filters>,
}

fn layer(positions: usize) -> Layer {
    let mut numbers = Numbers(positions as u64);
    Layer {
        weight: (0..FILTERS * FILTERS * KERNEL_WIDTH).map(|_| numbers.next() * 0.06).collect(),
        bias: (0..FILTERS).map(|_| numbers.next() * 0.05).collect(),
        positions: (0..positions).map(|_| std::array::from_fn(|_| numbers.next().max(0.0))).collect(),
    }
}

impl Layer {
    /// Activations at a position in float64.
    fn activation(&self, position: usize, output: usize) -> f64 {
        let mut sum = f64::from(self.bias[output]);
        for offset in 0..KERNEL_WIDTH {
            for input in 0..FILTERS {
                let weight = self.weight[(output * FILTERS + input) * KERNEL_WIDTH + offset];
                sum += f64::from(weight) * f64::from(self.positions[position + offset][input]);
            }
        }
        sum.max(0.0)
    }

    fn pooled(&self, start: usize, output: usize) -> f64 {
        (0..POOL_WIDTH).map(|position| self.activation(start + position, output)).fold(0.0, f64::max)
    }

    fn check(&self, starts: &[usize], found: &[Filters], tolerance: f64) {
        let mut largest = 0f64;
        for (start, found) in starts.iter().zip(found) {
            for (output, &found) in found.iter().enumerate() {
                let expected = self.pooled(*start, output);
                largest = largest.max(expected);
                assert!(
                    (f64::from(found) - expected).abs() < tolerance,
                    "{start} {output}: {found} {expected}"
                );
            }
        }
        assert!(largest > 0.3);
    }
}

fn processors() -> Vec<Processor> {
    InstructionSet::ALL.into_iter().filter_map(Processor::with).collect()
}

fn toom_cook<T: KernelWord>(layer: &Layer, processor: Processor, starts: &[usize]) -> Vec<Filters> {
    let mut out = vec![[0.0; FILTERS]; starts.len()];
    let conv2 = Conv2::<T>::new(&layer.weight, &layer.bias);
    conv2.pooled(processor, &layer.positions, starts, &mut Conv2Scratch::default(), &mut out);
    out
}

fn direct<T: KernelWord>(layer: &Layer, processor: Processor, pooled: usize) -> Vec<Filters> {
    let mut out = vec![[0.0; FILTERS]; pooled];
    let positions: Vec<T> = layer.positions.as_flattened().chunks(T::NUMBERS).map(T::of).collect();
    DirectConv2::<T>::new(&layer.weight, &layer.bias).pooled(processor, &positions, &mut out);
    out
}

#[test]
fn both_methods_agree_with_float64_on_every_processor() {
    // Blocks of every size, and a last pooled position that sees the last position.
    for pooled in (1..=12).chain([25]) {
        let layer = layer(POOL_WIDTH * pooled + KERNEL_WIDTH - 1);
        let starts: Vec<usize> = (0..pooled).map(|index| index * POOL_WIDTH).collect();
        for processor in processors() {
            layer.check(&starts, &toom_cook::<f32>(&layer, processor, &starts), 1e-5);
            layer.check(&starts, &direct::<f32>(&layer, processor, pooled), 2e-6);
            layer.check(&starts, &toom_cook::<Bf16Pair>(&layer, processor, &starts), 2e-2);
            layer.check(&starts, &direct::<Bf16Pair>(&layer, processor, pooled), 1e-2);
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_others() {
    let layer = layer(200);
    for processor in processors() {
        check_rows::<f32>(&layer, processor);
        check_rows::<Bf16Pair>(&layer, processor);
    }
}

fn check_rows<T: KernelWord>(layer: &Layer, processor: Processor) {
    let starts: Vec<usize> = (0..40).map(|index| index * POOL_WIDTH).collect();
    let all = toom_cook::<T>(layer, processor, &starts);
    let pieces = [starts[7..9].to_vec(), vec![100, 0, 4, 80, 96], vec![120]].concat();
    let some = toom_cook::<T>(layer, processor, &pieces);
    for (start, found) in pieces.iter().zip(&some) {
        assert_eq!(found, &all[start / POOL_WIDTH]);
    }
}

#[test]
fn activations_are_those_that_are_pooled() {
    let layer = layer(60);
    let starts = [0, 4, 8, 12];
    let (mut out, mut activations) = (vec![[0.0; FILTERS]; 4], vec![[0.0; FILTERS]; 16]);
    let conv2 = Conv2::<f32>::new(&layer.weight, &layer.bias);
    let processor = Processor::new();
    let scratch = &mut Conv2Scratch::default();
    conv2.pooled_and_activations(processor, &layer.positions, &starts, scratch, &mut out, &mut activations);
    assert_eq!(out, toom_cook::<f32>(&layer, processor, &starts));
    for (position, activations) in activations.iter().enumerate() {
        for (output, &found) in activations.iter().enumerate() {
            assert!((f64::from(found) - layer.activation(position, output)).abs() < 1e-5);
        }
    }
}
