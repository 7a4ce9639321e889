//! Products for training, against sums in 64 bits.

use super::*;
use crate::weights::split_mix_64;

fn numbers(count: usize, state: &mut u64) -> Vec<f32> {
    (0..count).map(|_| (split_mix_64(state) >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn processors() -> impl Iterator<Item = Processor> {
    InstructionSet::ALL.into_iter().filter_map(Processor::with)
}

#[test]
fn rows_of_all_sizes() {
    let mut state = 3;
    for processor in processors() {
        for (rows, inner, columns) in
            [(1, 1, 16), (2, 3, 32), (13, 40, 48), (25, 7, 16), (12, 0, 32), (0, 5, 16)]
        {
            let (left_stride, right_stride, out_stride) = (inner + 3, columns + 5, columns + 1);
            let left = numbers(rows * left_stride, &mut state);
            let right = numbers((inner + 1) * right_stride, &mut state);
            let start = numbers(rows * out_stride, &mut state);
            for accumulate in [false, true] {
                let mut out = start.clone();
                multiply_rows(
                    processor,
                    (rows, inner, columns),
                    Rows { values: &left, stride: left_stride },
                    Rows { values: &right, stride: right_stride },
                    &mut out,
                    out_stride,
                    accumulate,
                );
                for row in 0..rows {
                    for column in 0..out_stride {
                        let place = row * out_stride + column;
                        let products = (0..inner).map(|index| {
                            f64::from(left[row * left_stride + index])
                                * f64::from(right[index * right_stride + column])
                        });
                        let expected = match column < columns {
                            // What lies between the rows stays.
                            false => f64::from(start[place]),
                            true if accumulate => f64::from(start[place]) + products.sum::<f64>(),
                            true => products.sum(),
                        };
                        assert!(
                            (f64::from(out[place]) - expected).abs() < 1e-5,
                            "{processor:?} {rows} {inner} {columns}: {row} {column}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn slices_are_weighted_and_added() {
    let mut state = 4;
    let source = numbers(3 * SLICE, &mut state);
    let start = numbers(SLICE, &mut state);
    let terms: Vec<Term> = [(0, 0.5), (112, -1.5), (2 * SLICE as u32, 0.25), (17, 1.0)]
        .map(|(start, weight)| Term { start, weight })
        .into();
    for processor in processors() {
        for count in 0..=terms.len() {
            let mut out = start.clone();
            add_weighted_slices(processor, &source, &terms[..count], out.first_chunk_mut().unwrap());
            for (index, (out, start)) in out.iter().zip(&start).enumerate() {
                let expected = f64::from(*start)
                    + terms[..count]
                        .iter()
                        .map(|term| f64::from(term.weight) * f64::from(source[term.start as usize + index]))
                        .sum::<f64>();
                assert!((f64::from(*out) - expected).abs() < 1e-5, "{processor:?} {index}");
            }
        }
    }
}

#[test]
#[should_panic = "term.start"]
fn a_slice_beyond_the_source_is_refused() {
    let mut out = [0.0; SLICE];
    add_weighted_slices(Processor::new(), &[0.0; SLICE], &[Term { start: 1, weight: 1.0 }], &mut out);
}
