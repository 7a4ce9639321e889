//! A model with windows to look at.

use anyhow::bail;
use polaris_genomics::ReferenceBundle;
use polaris_model::localization::{LocalizationMethod, MapOptions};
use polaris_model::{EngineError, Ensemble, Manifest, ModelId, WindowInput};

use super::Progress;
use crate::windows_file::LabelledWindow;

/// Windows whose class activation maps are calculated at once.
const CHUNK_WINDOWS: usize = 32;

/// How a map is calculated, as the command line names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Method {
    /// Exact effects of every substitution; some 0.1 s for each window and model.
    Mutagenesis,
    /// Activations weighted by the mean of their gradients, as published.
    GradCam,
    /// Activations times gradients, position by position.
    HiresCam,
}

impl From<Method> for LocalizationMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Mutagenesis => Self::Mutagenesis,
            Method::GradCam => Self::GradCam,
            Method::HiresCam => Self::HiresCam,
        }
    }
}

impl From<LocalizationMethod> for Method {
    fn from(method: LocalizationMethod) -> Self {
        match method {
            LocalizationMethod::Mutagenesis => Self::Mutagenesis,
            LocalizationMethod::GradCam => Self::GradCam,
            LocalizationMethod::HiresCam => Self::HiresCam,
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Mutagenesis => "mutagenesis",
            Self::GradCam => "grad-cam",
            Self::HiresCam => "hires-cam",
        })
    }
}

/// A held-out window.
#[derive(Clone, Debug)]
pub(crate) struct Examined {
    /// Its line of the file.
    pub(crate) row: LabelledWindow,
    /// What the model reads; the sequence is that of the RNA's strand.
    pub(crate) input: WindowInput,
    /// Predicted probability of binding.
    pub(crate) probability: f32,
    /// The same before the logistic function, which keeps apart what rounds to 0 and 1.
    pub(crate) logit: f32,
}

/// A loaded model and held-out windows.
#[derive(Debug)]
pub(crate) struct Subject {
    id: ModelId,
    ensemble: Ensemble,
    /// The windows, in the order of the file.
    pub(crate) windows: Vec<Examined>,
}

impl Subject {
    /// Cuts the windows' sequences and predicts them.
    ///
    /// # Errors
    /// If a sequence cannot be read, windows have another length than the model's, or lack the expression that it reads.
    pub(super) fn new(
        id: &ModelId,
        ensemble: Ensemble,
        rows: Vec<LabelledWindow>,
        bundle: &ReferenceBundle,
    ) -> anyhow::Result<Self> {
        let mut inputs = Vec::with_capacity(rows.len());
        for row in &rows {
            let expression = match (ensemble.cell_lines(), row.expression) {
                ([], _) => Vec::new(),
                (_, Some(value)) => vec![value],
                (_, None) => bail!("{} has no expression value, which the model reads", row.name),
            };
            let sequence = row.window.sequence(bundle.reference())?;
            inputs.push(WindowInput { sequence, region: row.region, expression, substitutions: Vec::new() });
        }
        let predictions = ensemble.predict(&inputs, &[0])?;
        let windows = rows
            .into_iter()
            .zip(inputs)
            .zip(predictions.probabilities.into_iter().zip(predictions.logits))
            .map(|((row, input), (probability, logit))| Examined { row, input, probability, logit })
            .collect();
        Ok(Self { id: id.clone(), ensemble, windows })
    }

    /// What the model is and how it was made.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        self.ensemble.models().first()
    }

    /// The windows predicted above a probability, strongest first, `count` at most.
    pub(crate) fn strongest(&self, above: f32, count: usize) -> Vec<&Examined> {
        let mut windows: Vec<&Examined> =
            self.windows.iter().filter(|window| window.probability > above).collect();
        windows.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        windows.truncate(count);
        windows
    }

    /// The model's maps of windows, in their order.
    ///
    /// # Errors
    /// If the engine fails.
    pub(crate) fn maps(
        &self,
        windows: &[&Examined],
        options: &MapOptions,
        progress: &Progress,
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        progress.start(format_args!("{} by {}", self.id, Method::from(options.method)), windows.len());
        // Mutagenesis shares nothing between windows, and the bar moves with each.
        let chunk = if options.method == LocalizationMethod::Mutagenesis { 1 } else { CHUNK_WINDOWS };
        let input_length = self.ensemble.input_length();
        let width = options.method.values(input_length).max(1);
        let mut maps = Vec::with_capacity(windows.len());
        for chunk in windows.chunks(chunk) {
            let inputs: Vec<WindowInput> = chunk.iter().map(|window| window.input.clone()).collect();
            let values = self.ensemble.localize(&inputs, &[0], options.method)?.values;
            maps.extend(values.chunks_exact(width).map(|values| options.map(values, input_length)));
            progress.step(chunk.len());
        }
        Ok(maps)
    }
}
