//! Models taken together one after another.

use tch::{Device, Kind, TchError, Tensor};

use super::layout::{Layout, SEEN_BASES, WIDTH};
use super::weights::StackedWeights;
use super::{Limits, StackedEnsemble, precise};
use crate::architecture::{DENSE_UNITS, FILTERS, REGIONS};
use crate::ensemble::EngineError;
use crate::precision::Precision;
use crate::weights::Weights;

/// Room for a number of models on a device, filled by one model after another: the host's copy of a model can go as
/// soon as it is added, and there is never a second copy of all on the device.
#[derive(Debug)]
pub(crate) struct StackedBuilder {
    weights: StackedWeights,
    device: Device,
    count: usize,
    added: usize,
    /// Columns of expression that windows have to have.
    columns: usize,
}

impl StackedEnsemble {
    /// Makes room for `count` models over windows of `input_length` bases.
    ///
    /// # Errors
    /// If the device has not the memory, or does not calculate as exactly as [`Precision::Strict`] asks for.
    pub(crate) fn builder(
        count: usize,
        input_length: usize,
        device: Device,
        precision: Precision,
    ) -> Result<StackedBuilder, EngineError> {
        let _no_grad = tch::no_grad_guard();
        if precision == Precision::Strict {
            precise::verify(device)?;
        }
        let layout = Layout::new(input_length, precision);
        let [dense1, dense2, dense3] = DENSE_UNITS.map(|units| units as i64);
        let models = count as i64;
        let channels = layout.channels;
        let zeros = |kind: Kind, a: i64, b: i64| Tensor::f_zeros([models, a, b], (kind, device));
        let rounded = |a, b| zeros(layout.kind, a, b);
        let exact = |a, b| zeros(Kind::Float, a, b);
        let weights = StackedWeights {
            layout,
            conv1: rounded(layout.conv1_inputs, channels)?,
            conv2: rounded(WIDTH * channels, channels)?,
            conv2_taps: rounded(channels, WIDTH * channels)?,
            conv2_bias: rounded(1, channels)?,
            dense1: rounded(dense1, layout.dense1_inputs())?,
            dense1_sum: exact(dense1, channels)?,
            dense1_bias: exact(1, dense1)?,
            dense2: exact(dense2, dense1)?,
            dense2_bias: exact(1, dense2)?,
            dense3: exact(dense3, dense2)?,
            dense3_bias: exact(1, dense3)?,
            output: exact(1, dense3)?,
            expression: Tensor::f_zeros([models, 1], (Kind::Float, device))?,
            region: Tensor::f_zeros([models, REGIONS as i64], (Kind::Float, device))?,
            output_bias: Tensor::f_zeros([models, 1], (Kind::Float, device))?,
            column: Tensor::f_zeros([models], (Kind::Int64, device))?,
        };
        Ok(StackedBuilder { weights, device, count, added: 0, columns: 0 })
    }
}

impl StackedBuilder {
    /// Copies the weights of the next model. `expression` is the column of expression that it reads.
    ///
    /// # Errors
    /// If there is no room for a further model or it reads windows of another length.
    pub(crate) fn add(&mut self, weights: &Weights, expression: Option<usize>) -> Result<(), EngineError> {
        let _no_grad = tch::no_grad_guard();
        let layout = self.weights.layout;
        let length = weights.architecture().input_length();
        if self.added >= self.count {
            return Err(refusal(format!("a model more than the {} that there is room for", self.count)));
        }
        if length != layout.input_length {
            let expected = layout.input_length;
            return Err(refusal(format!("a model over {length} bases among those over {expected}")));
        }
        let named = Named(weights);
        self.add_convolutions(&named)?;
        self.add_dense(&named)?;
        self.add_covariates(&named, expression)?;
        self.added += 1;
        Ok(())
    }

    /// The ensemble of all models that were added.
    ///
    /// # Errors
    /// If there are fewer than was said.
    pub(crate) fn finish(self) -> Result<StackedEnsemble, EngineError> {
        self.finish_within(Limits::DEFAULT)
    }

    /// The same with other limits.
    pub(super) fn finish_within(self, limits: Limits) -> Result<StackedEnsemble, EngineError> {
        if self.added < self.count {
            return Err(refusal(format!("{} models of {}", self.added, self.count)));
        }
        Ok(StackedEnsemble {
            weights: self.weights,
            device: self.device,
            count: self.count,
            columns: self.columns,
            limits,
        })
    }

    fn add_convolutions(&self, named: &Named) -> Result<(), TchError> {
        let filters = FILTERS as i64;
        // [out, base, place] as [place * 4 + base, out].
        let conv1 = named.tensor("conv1.weight")?.f_permute([2, 1, 0])?.f_flatten(0, 1)?;
        self.put(&self.weights.conv1, &[(0, SEEN_BASES), (0, filters)], &conv1)?;
        let bias = named.tensor("conv1.bias")?.f_unsqueeze(0)?;
        self.put(&self.weights.conv1, &[(SEEN_BASES, 1), (0, filters)], &bias)?;

        let conv2 = named.tensor("conv2.weight")?;
        let channels = self.weights.layout.channels;
        let by_place = conv2.f_permute([2, 1, 0])?;
        let stacked = self.weights.conv2.f_view([-1, WIDTH, channels, channels])?;
        self.put(&stacked, &[(0, WIDTH), (0, filters), (0, filters)], &by_place)?;
        let by_input = conv2.f_permute([1, 2, 0])?.f_flip([1])?;
        let stacked = self.weights.conv2_taps.f_view([-1, channels, WIDTH, channels])?;
        self.put(&stacked, &[(0, filters), (0, WIDTH), (0, filters)], &by_input)?;
        let bias = named.tensor("conv2.bias")?.f_unsqueeze(0)?;
        self.put(&self.weights.conv2_bias, &[(0, 1), (0, filters)], &bias)
    }

    fn add_dense(&self, named: &Named) -> Result<(), TchError> {
        let weights = &self.weights;
        let filters = FILTERS as i64;
        let dense1 = named.tensor("dense1.weight")?;
        let (units, positions, _) = dense1.size3()?;
        let stacked = weights.dense1.f_view([-1, units, positions, weights.layout.channels])?;
        self.put(&stacked, &[(0, units), (0, positions), (0, filters)], &dense1)?;
        let sum = dense1.f_sum_dim_intlist(1, false, Kind::Float)?;
        self.put(&weights.dense1_sum, &[(0, units), (0, filters)], &sum)?;
        self.put(&weights.dense1_bias, &[], &named.tensor("dense1.bias")?.f_unsqueeze(0)?)?;
        self.put(&weights.dense2, &[], &named.tensor("dense2.weight")?)?;
        self.put(&weights.dense2_bias, &[], &named.tensor("dense2.bias")?.f_unsqueeze(0)?)?;
        self.put(&weights.dense3, &[], &named.tensor("dense3.weight")?)?;
        self.put(&weights.dense3_bias, &[], &named.tensor("dense3.bias")?.f_unsqueeze(0)?)?;
        let (units, output) = (DENSE_UNITS[2], named.tensor("output.weight")?);
        self.put(&weights.output, &[], &output.f_narrow(1, 0, units as i64)?)
    }

    /// Folds the linear branches of the covariates into what they add to the logit.
    fn add_covariates(&mut self, named: &Named, expression: Option<usize>) -> Result<(), TchError> {
        let output = named.values("output.weight")?.get(DENSE_UNITS[2]..).unwrap_or_default();
        let mut bias = named.values("output.bias")?.iter().copied().map(f64::from).sum::<f64>();
        let (own, shared) =
            output.split_at(usize::from(named.0.architecture().expression()).min(output.len()));
        let dot = |values: &mut dyn Iterator<Item = f32>, weights: &[f32]| -> f64 {
            values.zip(weights).map(|(value, &weight)| f64::from(value) * f64::from(weight)).sum()
        };
        if named.0.architecture().expression() {
            let weight = dot(&mut named.values("expression.weight")?.iter().copied(), own);
            bias += dot(&mut named.values("expression.bias")?.iter().copied(), own);
            self.put(&self.weights.expression, &[], &Tensor::f_from_slice(&[weight as f32])?)?;
            // Column 0 holds 0 for models without a column of their own.
            let column = expression.map_or(0, |column| column as i64 + 1);
            self.columns = self.columns.max(expression.map_or(0, |column| column + 1));
            let mut place = self.weights.column.f_narrow(0, self.added as i64, 1)?;
            place.f_copy_(&Tensor::f_from_slice(&[column])?)?;
        }
        if named.0.architecture().region() {
            let branch = named.values("region.weight")?;
            let folded: Vec<f32> = (0..REGIONS)
                .map(|class| dot(&mut branch.iter().skip(class).step_by(REGIONS).copied(), shared) as f32)
                .collect();
            bias += dot(&mut named.values("region.bias")?.iter().copied(), shared);
            self.put(&self.weights.region, &[], &Tensor::f_from_slice(&folded)?)?;
        }
        self.put(&self.weights.output_bias, &[], &Tensor::f_from_slice(&[bias as f32])?)
    }

    /// Copies values of the model that is being added to a part of a stacked tensor: for each further dimension where
    /// it starts and how long it is.
    fn put(&self, stacked: &Tensor, part: &[(i64, i64)], values: &Tensor) -> Result<(), TchError> {
        let mut place = stacked.f_select(0, self.added as i64)?;
        for (dimension, &(start, length)) in part.iter().enumerate() {
            place = place.f_narrow(dimension as i64, start, length)?;
        }
        place.f_copy_(values)
    }
}

/// The tensors of a model by name.
struct Named<'a>(&'a Weights);

impl<'a> Named<'a> {
    fn values(&self, name: &str) -> Result<&'a [f32], TchError> {
        self.find(name).map(|(_, values)| values)
    }

    fn tensor(&self, name: &str) -> Result<Tensor, TchError> {
        let (shape, values) = self.find(name)?;
        Tensor::f_from_slice(values)?.f_reshape(shape)
    }

    fn find(&self, name: &str) -> Result<(Vec<i64>, &'a [f32]), TchError> {
        let found = self.0.iter().find(|(parameter, _)| parameter.name == name);
        let (parameter, values) = found.ok_or_else(|| TchError::Shape(format!("there is no {name}")))?;
        Ok((parameter.shape.iter().map(|&size| size as i64).collect(), values))
    }
}

/// What the caller has to have made sure of.
fn refusal(message: String) -> EngineError {
    EngineError::from(TchError::Shape(message))
}
