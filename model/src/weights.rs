//! The weights of one network in host memory, independent of libtorch.

use crate::architecture::{Architecture, KERNEL_WIDTH, Parameter};

/// All weights of one network, as 32-bit floats in the order of [`Architecture::parameters`].
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    architecture: Architecture,
    tensors: Vec<Vec<f32>>,
}

/// Weights that do not fit their architecture or cannot be calculated with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WeightsError {
    /// A tensor is absent.
    #[error("the tensor {0} is missing")]
    Missing(&'static str),
    /// A tensor that the architecture does not have.
    #[error("the tensor {0} is not part of this architecture")]
    Unexpected(String),
    /// A tensor of another shape.
    #[error("the tensor {name} has {found} elements, {expected} are expected")]
    Elements {
        /// Name of the tensor.
        name: &'static str,
        /// Elements that the architecture has.
        expected: usize,
        /// Elements found.
        found: usize,
    },
    /// NaN or infinity.
    #[error("the tensor {name} holds {value} at element {element}")]
    NotFinite {
        /// Name of the tensor.
        name: &'static str,
        /// Index in row-major order, from 0.
        element: usize,
        /// The value found.
        value: f32,
    },
}

impl Weights {
    /// Takes tensors in the order of [`Architecture::parameters`], each in row-major order.
    ///
    /// # Errors
    /// If a tensor is missing, has another number of elements, or holds a value that is not finite.
    pub fn new(architecture: Architecture, tensors: Vec<Vec<f32>>) -> Result<Self, WeightsError> {
        let parameters = architecture.parameters();
        for (index, parameter) in parameters.iter().enumerate() {
            let tensor = tensors.get(index).ok_or(WeightsError::Missing(parameter.name))?;
            if tensor.len() != parameter.elements() {
                return Err(WeightsError::Elements {
                    name: parameter.name,
                    expected: parameter.elements(),
                    found: tensor.len(),
                });
            }
            if let Some((element, &value)) = tensor.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                return Err(WeightsError::NotFinite { name: parameter.name, element, value });
            }
        }
        if tensors.len() > parameters.len() {
            return Err(WeightsError::Unexpected(format!("number {}", parameters.len())));
        }
        Ok(Self { architecture, tensors })
    }

    /// Weights from a formula, the same on every machine: for tests and benchmarks. Element n of tensor i is
    /// (2u - 1) * limit with u from SplitMix64 seeded with `seed` + i, and limit that of Glorot's uniform
    /// initialization (0.05 for biases). The golden values are those of `seed` 1000.
    pub fn from_formula(architecture: Architecture, seed: u64) -> Self {
        let tensors = architecture
            .parameters()
            .iter()
            .map(|parameter| {
                let limit = initial_limit(parameter).unwrap_or(0.05);
                let mut state = seed.wrapping_add(parameter.ordinal as u64);
                (0..parameter.elements())
                    .map(|_| {
                        let unit = (split_mix_64(&mut state) >> 40) as f64 / f64::from(1u32 << 24);
                        ((2.0 * unit - 1.0) * limit) as f32
                    })
                    .collect()
            })
            .collect();
        Self { architecture, tensors }
    }

    /// The architecture that the weights belong to.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The tensor of that name, in row-major order, if the architecture has it.
    pub(crate) fn tensor(&self, name: &str) -> Option<&[f32]> {
        self.iter().find(|(parameter, _)| parameter.name == name).map(|(_, values)| values)
    }

    /// Each tensor with its name and shape, in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = (Parameter, &[f32])> {
        self.architecture.parameters().into_iter().zip(self.tensors.iter().map(Vec::as_slice))
    }
}

/// Bound of Glorot's uniform initialization; `None` for biases, which start at zero.
pub(crate) fn initial_limit(parameter: &Parameter) -> Option<f64> {
    let (&fan_out, rest) = parameter.shape.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let fan_in: usize = rest.iter().product();
    let receptive = if parameter.name.starts_with("conv") { KERNEL_WIDTH } else { 1 };
    Some((6.0 / (fan_in + fan_out * receptive) as f64).sqrt())
}

/// One step of SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) fn split_mix_64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_reference_values() {
        let mut state = 1_234_567;
        let values: Vec<u64> = (0..3).map(|_| split_mix_64(&mut state)).collect();
        assert_eq!(values, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let architecture = Architecture::new(151, false, true).unwrap();
        let good = Weights::from_formula(architecture, 1);
        assert_eq!(Weights::new(architecture, good.tensors.clone()), Ok(good.clone()));

        let mut tensors = good.tensors.clone();
        tensors[2][17] = f32::NAN;
        assert!(matches!(
            Weights::new(architecture, tensors),
            Err(WeightsError::NotFinite { name: "conv2.weight", element: 17, .. })
        ));
        let mut tensors = good.tensors.clone();
        tensors[4].pop();
        assert!(matches!(
            Weights::new(architecture, tensors),
            Err(WeightsError::Elements { name: "dense1.weight", .. })
        ));
        let mut tensors = good.tensors.clone();
        tensors.pop();
        assert_eq!(Weights::new(architecture, tensors), Err(WeightsError::Missing("output.bias")));
    }

    #[test]
    fn initialization_bounds() {
        let architecture = Architecture::new(1000, true, true).unwrap();
        let limits: Vec<_> = architecture.parameters().iter().map(initial_limit).collect();
        assert!((limits[0].unwrap() - (6.0f64 / (32.0 + 800.0)).sqrt()).abs() < 1e-12);
        assert_eq!(limits[1], None);
        assert!((limits[4].unwrap() - (6.0f64 / (6000.0 + 600.0)).sqrt()).abs() < 1e-12);
    }
}
