//! The weights that training starts from.

use super::batches::Example;
use super::random::Stream;
use super::recipe::Recipe;
use crate::architecture::{Architecture, DENSE_UNITS, REGIONS};

/// Factor of half the sum of squared coefficients in the regression on covariates: as if each were drawn from a
/// standard normal distribution, so that a region class without bound windows does not drive its coefficient off.
const RIDGE: f64 = 1.0;
/// Passes over the coefficients at most, and the largest move in a pass that ends the search.
const PASSES: usize = 10_000;
const TOLERANCE: f64 = 1e-7;

/// First values of every tensor of the network, in the order of its parameters: drawn, and what covariates add to the
/// logit fitted to the examples beforehand if the recipe says so.
pub(super) fn first_weights<'a>(
    architecture: Architecture,
    examples: impl Iterator<Item = &'a Example>,
    recipe: &Recipe,
    seed: u64,
) -> Vec<Vec<f32>> {
    let mut stream = Stream::new(seed, 1);
    let parameters = architecture.parameters();
    let mut tensors: Vec<Vec<f32>> = parameters.iter().map(|parameter| stream.initial(parameter)).collect();
    if recipe.fitted_covariates && (architecture.expression() || architecture.region()) {
        let fitted = CovariateRegression::fit(architecture, examples);
        for (parameter, values) in parameters.iter().zip(&mut tensors) {
            fitted.write(parameter.name, values);
        }
    }
    tensors
}

/// Logistic regression of the labels on the covariates alone.
#[derive(Debug)]
struct CovariateRegression {
    /// Of the covariates that the network reads, in the order of the output unit's inputs: expression, then regions.
    coefficients: Vec<f64>,
    intercept: f64,
}

impl CovariateRegression {
    /// By steps along one coefficient at a time, each as long as the bound of the curvature allows: every step lowers the
    /// loss, which has one minimum.
    fn fit<'a>(architecture: Architecture, examples: impl Iterator<Item = &'a Example>) -> Self {
        let rows: Vec<(Vec<f64>, f64)> = examples
            .map(|example| (covariates(architecture, example), f64::from(u8::from(example.positive))))
            .collect();
        let width = architecture.output_inputs() - DENSE_UNITS[2];
        // The last one is the intercept: its input is always 1 and its square is not penalised.
        let mut coefficients = vec![0.0; width + 1];
        let input = |row: &[f64], column: usize| row.get(column).copied().unwrap_or(1.0);
        let mut logits = vec![0.0; rows.len()];
        for _ in 0..PASSES {
            let mut largest: f64 = 0.0;
            for (column, coefficient) in coefficients.iter_mut().enumerate() {
                let ridge = if column < width { RIDGE } else { 0.0 };
                let (mut slope, mut curvature) = (ridge * *coefficient, ridge);
                for ((row, label), logit) in rows.iter().zip(&logits) {
                    let value = input(row, column);
                    slope += value * (1.0 / (1.0 + f64::exp(-logit)) - label);
                    curvature += value * value / 4.0;
                }
                if curvature == 0.0 {
                    continue;
                }
                let step = -slope / curvature;
                *coefficient += step;
                for ((row, _), logit) in rows.iter().zip(&mut logits) {
                    *logit += step * input(row, column);
                }
                largest = largest.max(step.abs());
            }
            if largest < TOLERANCE {
                break;
            }
        }
        let intercept = coefficients.pop().unwrap_or_default();
        Self { coefficients, intercept }
    }

    /// Writes into a tensor what the regression says of it: the linear layers of the covariates pass their inputs on, the
    /// output unit weighs them.
    fn write(&self, parameter: &str, values: &mut [f32]) {
        match parameter {
            "expression.weight" => values.fill(1.0),
            "region.weight" => {
                for (row, values) in values.chunks_exact_mut(REGIONS).enumerate() {
                    values.fill(0.0);
                    values.iter_mut().skip(row).take(1).for_each(|value| *value = 1.0);
                }
            }
            "output.weight" => {
                for (value, coefficient) in values.iter_mut().skip(DENSE_UNITS[2]).zip(&self.coefficients) {
                    *value = *coefficient as f32;
                }
            }
            "output.bias" => values.fill(self.intercept as f32),
            _ => {}
        }
    }
}

/// Covariates of an example as the network reads them.
fn covariates(architecture: Architecture, example: &Example) -> Vec<f64> {
    let mut row = Vec::new();
    if architecture.expression() {
        row.push(f64::from(example.expression));
    }
    if architecture.region() {
        let class = example.region.map(|region| region.index());
        row.extend((0..REGIONS).map(|index| f64::from(u8::from(class == Some(index)))));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use polaris_genomics::RegionClass;

    fn example(expression: f32, region: Option<RegionClass>, positive: bool) -> Example {
        Example { sequence: vec![b'A'; 59], flank_bases: 0, expression, region, positive }
    }

    /// At the minimum the gradient is zero: the residuals of each covariate are what the ridge pulls.
    #[test]
    fn the_slope_is_zero_at_the_fit() {
        let architecture = Architecture::new(59, true, true).unwrap();
        let examples: Vec<Example> = (0..90)
            .map(|index| {
                let region = RegionClass::ALL.get(index % 7).copied();
                example((index % 11) as f32 / 2.0, region, index % 3 == 0 || index % 7 == 1)
            })
            .collect();
        let fit = CovariateRegression::fit(architecture, examples.iter());
        assert_eq!(fit.coefficients.len(), 7);
        let mut slopes: Vec<f64> = fit.coefficients.iter().map(|value| RIDGE * value).collect();
        let mut total = 0.0;
        for example in &examples {
            let row = covariates(architecture, example);
            let logit = fit.intercept + row.iter().zip(&fit.coefficients).map(|(x, b)| x * b).sum::<f64>();
            let residual = 1.0 / (1.0 + (-logit).exp()) - f64::from(u8::from(example.positive));
            total += residual;
            slopes.iter_mut().zip(&row).for_each(|(slope, value)| *slope += value * residual);
        }
        assert!(total.abs() < 1e-3 && slopes.iter().all(|slope| slope.abs() < 1e-3), "{total} {slopes:?}");
        // Of all classes, every exon is bound.
        assert!(fit.coefficients[2] > 1.0, "{fit:?}");
    }

    #[test]
    fn only_what_covariates_add_is_fitted() {
        let examples = [example(3.0, Some(RegionClass::Exon), true), example(0.5, None, false)];
        let fitted = Recipe { fitted_covariates: true, ..Recipe::standard() };
        for (expression, region) in [(true, true), (true, false), (false, true), (false, false)] {
            let architecture = Architecture::new(59, expression, region).unwrap();
            let drawn = first_weights(architecture, examples.iter(), &Recipe::standard(), 5);
            let first = first_weights(architecture, examples.iter(), &fitted, 5);
            for ((parameter, drawn), first) in architecture.parameters().iter().zip(drawn).zip(first) {
                match parameter.name {
                    "output.weight" => {
                        let (sequence, covariates) = first.split_at(DENSE_UNITS[2]);
                        assert_eq!(sequence, &drawn[..DENSE_UNITS[2]]);
                        assert!(covariates.iter().any(|value| *value > 0.1) || !(expression || region));
                    }
                    "output.bias" => assert_eq!(first == drawn, !(expression || region)),
                    "expression.weight" => assert_eq!(first, [1.0]),
                    "region.weight" => assert_eq!(first.iter().sum::<f32>(), REGIONS as f32),
                    _ => assert_eq!(first, drawn, "{}", parameter.name),
                }
            }
        }
    }
}
