//! The weights that training starts from.

use super::batches::Example;
use super::random::Stream;
use super::recipe::Recipe;
use crate::architecture::{Architecture, Parameter, REGIONS};

/// Factor of half the sum of squared coefficients in the regression on covariates: as if each were drawn from a
/// standard normal distribution, so that a region class without bound windows does not drive its coefficient off.
const RIDGE: f64 = 1.0;
/// Passes over the coefficients at most, and the largest move in a pass that ends the search.
const PASSES: usize = 10_000;
const TOLERANCE: f64 = 1e-7;

/// First values of every tensor of POLARIS, in the order of its parameters: drawn, and what covariates add to the logit
/// fitted to the examples beforehand if the recipe says so.
pub(super) fn first_weights<'a>(
    architecture: Architecture,
    examples: impl Iterator<Item = &'a Example>,
    recipe: &Recipe,
    seed: u64,
) -> Vec<Vec<f32>> {
    let mut stream = Stream::new(seed, 1);
    let parameters = architecture.parameters();
    let mut tensors: Vec<Vec<f32>> = parameters.iter().map(|parameter| stream.initial(parameter)).collect();
    if recipe.fitted_covariates {
        let covariates = Covariates { expression: architecture.expression(), region: architecture.region() };
        let labelled = examples.map(|example| (example, example.positive)).collect();
        covariates.fit(&parameters, &mut tensors, &[labelled]);
    }
    tensors
}

/// What is known of a window beside its sequence, in the order in which networks join it to their output units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Covariates {
    /// Whether ln(TPM + 1) of the nearest gene is read.
    pub(super) expression: bool,
    /// Whether the region class is read.
    pub(super) region: bool,
}

impl Covariates {
    /// Writes into a network's tensors what a logistic regression on the covariates says of each output: the linear layers
    /// of the covariates pass their inputs on, the output unit weighs them. `labelled` has the examples of known label of
    /// each output.
    pub(super) fn fit(
        self,
        parameters: &[Parameter],
        tensors: &mut [Vec<f32>],
        labelled: &[Vec<(&Example, bool)>],
    ) {
        let width = self.width();
        if width == 0 {
            return;
        }
        let regressions: Vec<Regression> = labelled
            .iter()
            .map(|examples| {
                let rows: Vec<(Vec<f64>, f64)> = examples
                    .iter()
                    .map(|(example, label)| (self.of(example), f64::from(u8::from(*label))))
                    .collect();
                Regression::fit(&rows, width)
            })
            .collect();
        for (parameter, values) in parameters.iter().zip(tensors) {
            match parameter.name {
                "expression.weight" => values.fill(1.0),
                "region.weight" => {
                    for (row, values) in values.chunks_exact_mut(REGIONS).enumerate() {
                        values.fill(0.0);
                        values.iter_mut().skip(row).take(1).for_each(|value| *value = 1.0);
                    }
                }
                "output.weight" => {
                    let joined = values.len() / regressions.len();
                    for (row, fitted) in values.chunks_exact_mut(joined).zip(&regressions) {
                        for (value, coefficient) in
                            row.iter_mut().skip(joined - width).zip(&fitted.coefficients)
                        {
                            *value = *coefficient as f32;
                        }
                    }
                }
                "output.bias" => {
                    for (value, fitted) in values.iter_mut().zip(&regressions) {
                        *value = fitted.intercept as f32;
                    }
                }
                _ => {}
            }
        }
    }

    fn width(self) -> usize {
        usize::from(self.expression) + if self.region { REGIONS } else { 0 }
    }

    fn of(self, example: &Example) -> Vec<f64> {
        let mut row = Vec::new();
        if self.expression {
            row.push(f64::from(example.expression));
        }
        if self.region {
            let class = example.region.map(|region| region.index());
            row.extend((0..REGIONS).map(|index| f64::from(u8::from(class == Some(index)))));
        }
        row
    }
}

/// Logistic regression of labels (0 or 1) on a few numbers.
#[derive(Debug)]
struct Regression {
    coefficients: Vec<f64>,
    intercept: f64,
}

impl Regression {
    /// By steps along one coefficient at a time, each as long as the bound of the curvature allows: every step lowers the
    /// loss, which has one minimum.
    fn fit(rows: &[(Vec<f64>, f64)], width: usize) -> Self {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::DENSE_UNITS;
    use polaris_genomics::RegionClass;

    fn example(expression: f32, region: Option<RegionClass>, positive: bool) -> Example {
        Example { sequence: vec![b'A'; 59], flank_bases: 0, expression, region, positive }
    }

    /// At the minimum the gradient is zero: the residuals of each covariate are what the ridge pulls.
    #[test]
    fn the_slope_is_zero_at_the_fit() {
        let examples: Vec<Example> = (0..90)
            .map(|index| {
                let region = RegionClass::ALL.get(index % 7).copied();
                example((index % 11) as f32 / 2.0, region, index % 3 == 0 || index % 7 == 1)
            })
            .collect();
        let covariates = Covariates { expression: true, region: true };
        let rows: Vec<_> = examples
            .iter()
            .map(|example| (covariates.of(example), f64::from(u8::from(example.positive))))
            .collect();
        let fit = Regression::fit(&rows, covariates.width());
        assert_eq!(fit.coefficients.len(), 7);
        let mut slopes: Vec<f64> = fit.coefficients.iter().map(|value| RIDGE * value).collect();
        let mut total = 0.0;
        for (row, label) in &rows {
            let logit = fit.intercept + row.iter().zip(&fit.coefficients).map(|(x, b)| x * b).sum::<f64>();
            let residual = 1.0 / (1.0 + (-logit).exp()) - label;
            total += residual;
            slopes.iter_mut().zip(row).for_each(|(slope, value)| *slope += value * residual);
        }
        assert!(total.abs() < 1e-3 && slopes.iter().all(|slope| slope.abs() < 1e-3), "{total} {slopes:?}");
        // Of all classes, every exon is bound.
        assert!(fit.coefficients[2] > 1.0, "{fit:?}");
    }

    #[test]
    fn only_what_covariates_add_is_fitted() {
        let examples = [example(3.0, Some(RegionClass::Exon), true), example(0.5, None, false)];
        let unfitted = Recipe::standard();
        let fitted = Recipe { fitted_covariates: true, ..Recipe::standard() };
        for (expression, region) in [(true, true), (true, false), (false, true), (false, false)] {
            let architecture = Architecture::new(59, expression, region).unwrap();
            let drawn = first_weights(architecture, examples.iter(), &unfitted, 5);
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
