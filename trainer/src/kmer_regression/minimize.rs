//! The least value of a smooth convex function: L-BFGS (Nocedal and Wright 2006, algorithm 7.5).

use std::collections::VecDeque;

/// Pairs of steps and gradient changes that are remembered.
const MEMORY: usize = 10;
/// Halvings of a step before the function counts as flat.
const MOST_HALVINGS: usize = 30;
/// Share of the decrease that the gradient promises which a step has to bring.
const SUFFICIENT: f64 = 1e-4;

/// A step with the change of the gradient over it.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// 1 / (step . change).
    inverse: f64,
}

/// Goes downhill from `start` until the gradient is no longer than `tolerance`, no step goes lower, or `most_steps` are taken.
/// `evaluate` writes the gradient and answers the value.
pub(super) fn minimize(
    start: Vec<f64>,
    tolerance: f64,
    most_steps: usize,
    evaluate: impl Fn(&[f64], &mut [f64]) -> f64,
) -> Vec<f64> {
    let mut place = start;
    let mut gradient = vec![0.0; place.len()];
    let mut value = evaluate(&place, &mut gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::new();
    for _ in 0..most_steps {
        if dot(&gradient, &gradient).sqrt() <= tolerance {
            break;
        }
        let direction = direction(&gradient, &pairs);
        let promised = dot(&direction, &gradient);
        // Before anything is known of the curvature, a step of length 1 at most.
        let mut length = if pairs.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let mut next_gradient = vec![0.0; place.len()];
        let next = (0..MOST_HALVINGS).find_map(|_| {
            let next: Vec<f64> = place.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            let lower = evaluate(&next, &mut next_gradient);
            let enough = lower <= value + SUFFICIENT * length * promised;
            length /= 2.0;
            enough.then_some((next, lower))
        });
        let Some((next, lower)) = next else { break };
        let step: Vec<f64> = next.iter().zip(&place).map(|(new, old)| new - old).collect();
        let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-12 * dot(&change, &change) {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair { step, change, inverse: 1.0 / curvature });
        }
        (place, value, gradient) = (next, lower, next_gradient);
    }
    place
}

/// The gradient turned and scaled by what the pairs tell of the curvature: the two-loop recursion.
fn direction(gradient: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut factors = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let factor = pair.inverse * dot(&pair.step, &direction);
        add(&mut direction, -factor, &pair.change);
        factors.push(factor);
    }
    if let Some(last) = pairs.back() {
        let scale = 1.0 / (last.inverse * dot(&last.change, &last.change));
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for (pair, factor) in pairs.iter().zip(factors.iter().rev()) {
        let back = pair.inverse * dot(&pair.change, &direction);
        add(&mut direction, factor - back, &pair.step);
    }
    direction
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    for (value, other) in to.iter_mut().zip(what) {
        *value += factor * other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_a_narrow_valley() {
        // (x - 3)^2 + 1000 (y + x)^2, with its bottom at (3, -3).
        let bottom = minimize(vec![-5.0, 8.0], 1e-10, 200, |at, gradient| {
            let (a, b) = (at[0] - 3.0, at[1] + at[0]);
            gradient[0] = 2.0 * a + 2000.0 * b;
            gradient[1] = 2000.0 * b;
            a * a + 1000.0 * b * b
        });
        assert!((bottom[0] - 3.0).abs() < 1e-6 && (bottom[1] + 3.0).abs() < 1e-6, "{bottom:?}");
    }

    #[test]
    fn stays_where_it_is_flat() {
        assert_eq!(minimize(vec![1.0, 2.0], 1e-6, 10, |_, _| 7.0), [1.0, 2.0]);
    }
}
