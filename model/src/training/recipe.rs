//! Training recipes: every number that decides how weights come about.

use serde::{Deserialize, Serialize};

/// How a network is trained. Two recipes are built in: [`Recipe::paper`] and [`Recipe::standard`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name under which it is reported.
    pub name: String,
    /// Rule that updates the weights.
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Windows a step.
    pub batch_windows: usize,
    /// Passes over the training windows.
    pub epochs: usize,
    /// Factor of the sum of squared kernel weights of both convolutions, added to the loss.
    pub kernel_l2: f64,
    /// Share of values dropped after the first pooling, the second pooling and the second dense layer.
    pub dropout: [f64; 3],
    /// Windows are cut up to this many bases to either side of where they stand, at random.
    pub shift_bases: usize,
    /// Decay of the running mean of the weights that is kept instead of the last ones, if any.
    pub average_decay: Option<f64>,
    /// Whether what covariates add starts from a logistic regression on them alone, and not from chance, so that the
    /// sequence is read for what covariates leave open. Left out of records where it is not done, as published.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fitted_covariates: bool,
}

/// A rule that updates weights from gradients.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent without momentum.
    Sgd {
        /// Step size.
        learning_rate: f64,
    },
    /// RMSprop (Tieleman and Hinton 2012), decay 0.9.
    RmsProp {
        /// Step size.
        learning_rate: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019), betas 0.9 and 0.999.
    AdamW {
        /// Step size.
        learning_rate: f64,
        /// Share of each weight matrix that a step takes away, times the step size. Biases are exempt.
        weight_decay: f64,
    },
}

/// How the learning rate changes over training.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Stays as it is.
    Constant,
    /// Rises linearly over the first tenth of the steps, then falls along a cosine to a hundredth.
    WarmUpCosine,
}

/// A recipe that cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("recipe {recipe}: {field} is {found}, expected {expected}")]
pub struct RecipeError {
    /// Name of the recipe.
    pub recipe: String,
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub found: String,
    /// The values allowed.
    pub expected: &'static str,
}

impl Recipe {
    /// The published recipe: SGD at 0.01, binary cross-entropy, L2 on the kernels, 10 epochs of batches of 16.
    pub fn paper() -> Self {
        Self {
            name: "paper".to_owned(),
            optimizer: Optimizer::Sgd { learning_rate: 0.01 },
            schedule: Schedule::Constant,
            batch_windows: 16,
            epochs: 10,
            kernel_l2: 0.01,
            dropout: [0.15; 3],
            shift_bases: 0,
            average_decay: None,
            fitted_covariates: false,
        }
    }

    /// The default recipe: AdamW with a warm-up and cosine schedule, windows shifted at random, a fifth of
    /// the published penalty, more dropout. Chosen by held-out chromosomes; `docs/results.md` compares the two.
    pub fn standard() -> Self {
        Self {
            name: "standard".to_owned(),
            optimizer: Optimizer::AdamW { learning_rate: 1e-3, weight_decay: 0.01 },
            schedule: Schedule::WarmUpCosine,
            batch_windows: 16,
            epochs: 20,
            kernel_l2: 0.002,
            dropout: [0.15, 0.3, 0.3],
            shift_bases: 20,
            average_decay: None,
            fitted_covariates: false,
        }
    }

    /// The built-in recipe of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::paper(), Self::standard()].into_iter().find(|recipe| recipe.name == name)
    }

    /// Steps over so many examples.
    pub(crate) fn steps(&self, examples: usize) -> usize {
        examples.div_ceil(self.batch_windows) * self.epochs
    }

    /// Checks that the numbers make sense together.
    ///
    /// # Errors
    /// With the first setting that is out of its range.
    pub fn check(&self) -> Result<(), RecipeError> {
        let (learning_rate, weight_decay) = match self.optimizer {
            Optimizer::Sgd { learning_rate } | Optimizer::RmsProp { learning_rate } => (learning_rate, 0.0),
            Optimizer::AdamW { learning_rate, weight_decay } => (learning_rate, weight_decay),
        };
        let average = self.average_decay.unwrap_or(0.5);
        let checks: [(bool, &'static str, String, &'static str); 8] = [
            (
                learning_rate > 0.0 && learning_rate <= 10.0,
                "learning_rate",
                learning_rate.to_string(),
                "0 < x <= 10",
            ),
            ((0.0..=1.0).contains(&weight_decay), "weight_decay", weight_decay.to_string(), "0 <= x <= 1"),
            (
                (1..=65_536).contains(&self.batch_windows),
                "batch_windows",
                self.batch_windows.to_string(),
                "1 to 65536",
            ),
            ((1..=10_000).contains(&self.epochs), "epochs", self.epochs.to_string(), "1 to 10000"),
            ((0.0..=1.0).contains(&self.kernel_l2), "kernel_l2", self.kernel_l2.to_string(), "0 <= x <= 1"),
            (
                self.dropout.iter().all(|rate| (0.0..1.0).contains(rate)),
                "dropout",
                format!("{:?}", self.dropout),
                "rates 0 <= x < 1",
            ),
            (self.shift_bases <= 10_000, "shift_bases", self.shift_bases.to_string(), "at most 10000"),
            (average > 0.0 && average < 1.0, "average_decay", average.to_string(), "0 < x < 1"),
        ];
        match checks.into_iter().find(|(good, ..)| !good) {
            None => Ok(()),
            Some((_, field, found, expected)) => {
                Err(RecipeError { recipe: self.name.clone(), field, found, expected })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_recipes_are_sound_and_round_trip() {
        for name in ["paper", "standard"] {
            let recipe = Recipe::by_name(name).unwrap();
            recipe.check().unwrap();
            let text = serde_json::to_string(&recipe).unwrap();
            assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe);
        }
        assert_eq!(Recipe::by_name("fancy"), None);
    }

    #[test]
    fn bad_numbers_are_named() {
        let bad = Recipe { dropout: [0.1, 1.0, 0.1], ..Recipe::paper() };
        assert_eq!(bad.check().unwrap_err().field, "dropout");
        let bad = Recipe { optimizer: Optimizer::Sgd { learning_rate: f64::NAN }, ..Recipe::paper() };
        assert_eq!(bad.check().unwrap_err().field, "learning_rate");
        let bad = Recipe { average_decay: Some(1.0), ..Recipe::paper() };
        assert_eq!(bad.check().unwrap_err().field, "average_decay");
    }
}
