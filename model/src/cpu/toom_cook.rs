//! Four neighbouring outputs of a width-4 convolution by seven products instead of sixteen (Toom-Cook, also known as
//! Winograd's minimal filtering F(4, 4)).
//!
//! The outputs are coefficients of a product of polynomials, which is evaluated at 0, 1, -1, 1/2, -1/2, -2 and infinity.
//! Seven inputs and four weights are each brought to these points by fixed sums, multiplied point by point, and the four
//! outputs are fixed sums of the products. Among the sets of small points these lose the least precision: about three bits
//! of a 32-bit float.

use super::conv1::CHUNK;

/// Products for four outputs.
pub(crate) const POINTS: usize = 7;
/// Weights of a convolution.
pub(crate) const TAPS: usize = 4;
/// Outputs that share their products.
pub(crate) const OUTPUTS: usize = 4;
/// Inputs that these see.
pub(crate) const INPUTS: usize = 7;

type Vector = [f32; CHUNK];

/// Finite points.
const FINITE: [f64; POINTS - 1] = [0.0, 1.0, -1.0, 0.5, -0.5, -2.0];

/// Four weights at the seven points.
pub(crate) fn weights_at_points(weights: [f64; TAPS]) -> [f64; POINTS] {
    std::array::from_fn(|index| {
        let Some(&point) = FINITE.get(index) else { return weights[TAPS - 1] };
        let value = weights.iter().rev().fold(0.0, |value, weight| value * point + weight);
        let others = FINITE.iter().filter(|&&other| other != point);
        value / others.map(|other| point - other).product::<f64>()
    })
}

/// Seven inputs at the seven points.
#[inline(always)]
pub(crate) fn inputs_at_points(inputs: [&Vector; INPUTS]) -> [Vector; POINTS] {
    let mut out = [[0f32; CHUNK]; POINTS];
    for lane in 0..CHUNK {
        let d: [f32; INPUTS] = std::array::from_fn(|input| inputs[input][lane]);
        // The product of (x - point) over all finite points, and without some: what is left of it has few terms.
        let all = |j: usize| {
            (d[j + 5] - 1.25 * d[j + 3] + 0.25 * d[j + 1]) + 2.0 * (d[j + 4] - 1.25 * d[j + 2] + 0.25 * d[j])
        };
        let without_one = |j: usize| (d[j + 4] - 0.25 * d[j + 2]) + 2.0 * (d[j + 3] - 0.25 * d[j + 1]);
        let without_half = |j: usize| (d[j + 4] - d[j + 2]) + 2.0 * (d[j + 3] - d[j + 1]);
        let (one, half) = ([without_one(0), without_one(1)], [without_half(0), without_half(1)]);
        out[0][lane] = all(0);
        out[1][lane] = one[1] + one[0];
        out[2][lane] = one[1] - one[0];
        out[3][lane] = half[1] + 0.5 * half[0];
        out[4][lane] = half[1] - 0.5 * half[0];
        out[5][lane] = d[5] - 1.25 * d[3] + 0.25 * d[1];
        out[6][lane] = all(1);
    }
    out
}

/// Four outputs from the products at the seven points.
#[inline(always)]
pub(crate) fn outputs(products: [&Vector; POINTS]) -> [Vector; OUTPUTS] {
    let mut out = [[0f32; CHUNK]; OUTPUTS];
    for lane in 0..CHUNK {
        let m: [f32; POINTS] = std::array::from_fn(|point| products[point][lane]);
        let (even1, odd1) = (m[1] + m[2], m[1] - m[2]);
        let (even2, odd2) = (m[3] + m[4], m[3] - m[4]);
        out[0][lane] = m[0] + even1 + even2 + m[5];
        out[1][lane] = odd1 + 0.5 * odd2 - 2.0 * m[5];
        out[2][lane] = even1 + 0.25 * even2 + 4.0 * m[5];
        out[3][lane] = odd1 + 0.125 * odd2 - 8.0 * m[5] + m[6];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_convolution() {
        let mut state = 5;
        let mut number =
            || (crate::weights::split_mix_64(&mut state) >> 40) as f64 / f64::from(1 << 23) - 1.0;
        for _ in 0..200 {
            let weights: [f64; TAPS] = std::array::from_fn(|_| number());
            let inputs: [Vector; INPUTS] = std::array::from_fn(|_| std::array::from_fn(|_| number() as f32));
            let weights_at = weights_at_points(weights);
            let inputs_at = inputs_at_points(std::array::from_fn(|input| &inputs[input]));
            let products: [Vector; POINTS] =
                std::array::from_fn(|point| inputs_at[point].map(|value| value * weights_at[point] as f32));
            let found = outputs(std::array::from_fn(|point| &products[point]));
            for (output, found) in found.iter().enumerate() {
                for (lane, &found) in found.iter().enumerate() {
                    let seen = (0..TAPS).map(|tap| f64::from(inputs[output + tap][lane]));
                    let expected: f64 = seen.zip(weights).map(|(input, weight)| input * weight).sum();
                    assert!(
                        (f64::from(found) - expected).abs() < 5e-6,
                        "{output} {lane}: {found} {expected}"
                    );
                }
            }
        }
    }
}
