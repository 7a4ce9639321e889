//! Maps of which bases drive a prediction, as plain numbers: what the engine gives, brought to the form that is asked
//! for.

mod alignment;
mod alleles;
mod clusters;
mod diffusion;

pub use alignment::{MapAlignment, MapGeometry};
pub use alleles::{AlignedRun, AlleleAlignment};
pub use clusters::{Cluster, ClusterError, ClusterOptions, Linkage, clusters};
pub use diffusion::{Diffusion, MapSpread, map_spread};

use crate::architecture::{BASES, conv2_positions};

/// How a map says which bases drive a prediction; all are about the logit.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum LocalizationMethod {
    /// Activations of the last convolution weighted by the mean over positions of their gradients (Selvaraju et al.
    /// 2017; the paper's equations 1 and 2).
    #[default]
    GradCam,
    /// Activations times gradients, position by position (Draelos and Carin 2020): exact for this network's head.
    HiresCam,
    /// What each substitution of each base does to the prediction: exact, and much more work.
    Mutagenesis,
}

impl LocalizationMethod {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::GradCam, Self::HiresCam, Self::Mutagenesis];

    /// Values of a window as the engine gives them: one for each position of the second convolution, or four for each
    /// base.
    pub fn values(self, input_length: usize) -> usize {
        match self {
            Self::GradCam | Self::HiresCam => conv2_positions(input_length),
            Self::Mutagenesis => input_length * BASES,
        }
    }

    /// Where the positions of its maps lie before they are laid onto bases.
    pub fn native_geometry(self, input_length: usize) -> MapGeometry {
        match self {
            Self::GradCam | Self::HiresCam => MapGeometry::of_convolution(conv2_positions(input_length)),
            Self::Mutagenesis => MapGeometry::of_bases(input_length, 1),
        }
    }
}

/// Positions that a map has values for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MapResolution {
    /// Every base of the window.
    #[default]
    Base,
    /// Positions of the last convolution; bases for mutagenesis.
    Native,
}

/// What a map is to be.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MapOptions {
    /// How it is calculated.
    pub method: LocalizationMethod,
    /// Negative values are kept, where bases speak against binding; otherwise they are 0 (equation 2).
    pub signed: bool,
    /// Positions that it has values for.
    pub resolution: MapResolution,
    /// How positions of the network are laid onto bases.
    pub alignment: MapAlignment,
}

impl MapOptions {
    /// Where the positions of the maps lie.
    pub fn geometry(&self, input_length: usize) -> MapGeometry {
        let native = self.method.native_geometry(input_length);
        match self.resolution {
            MapResolution::Native => native,
            MapResolution::Base => MapGeometry::of_bases(input_length, native.receptive_field),
        }
    }

    /// A signed map at its resolution from the engine's values of one window and model.
    pub fn signed_map(&self, values: &[f32], input_length: usize) -> Vec<f32> {
        if self.method == LocalizationMethod::Mutagenesis {
            return mutagenesis_map(values);
        }
        match self.resolution {
            MapResolution::Native => values.to_vec(),
            MapResolution::Base => self.alignment.to_bases(values, input_length),
        }
    }

    /// The map at its resolution, rectified unless it is to be signed.
    pub fn map(&self, values: &[f32], input_length: usize) -> Vec<f32> {
        let mut map = self.signed_map(values, input_length);
        if !self.signed {
            rectify(&mut map);
        }
        map
    }
}

/// Puts 0 for what is negative.
pub fn rectify(map: &mut [f32]) {
    for value in map {
        *value = value.max(0.0);
    }
}

/// Contribution of each base from the effects of its substitutions, `[length][4]`: the logit minus the mean logit of its
/// three substitutions. Positive where the base speaks for binding; 0 for N, which has none.
pub fn mutagenesis_map(effects: &[f32]) -> Vec<f32> {
    // The base that is there adds 0. What is 0 must not become -0, which is written as such.
    effects.chunks_exact(BASES).map(|base| 0.0 - base.iter().sum::<f32>() / (BASES - 1) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_counts_by_what_its_loss_does() {
        let effects = [0.0, -3.0, 0.0, -1.5, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(mutagenesis_map(&effects), [1.5, 0.0]);
        assert!(mutagenesis_map(&effects)[1].is_sign_positive());
    }

    #[test]
    fn maps_take_the_form_that_is_asked_for() {
        let values: Vec<f32> = (0..conv2_positions(60)).map(|p| p as f32 - 2.0).collect();
        let mut options = MapOptions { resolution: MapResolution::Native, ..MapOptions::default() };
        assert_eq!(options.map(&values, 60)[..4], [0.0, 0.0, 0.0, 1.0]);
        options.signed = true;
        assert_eq!(options.map(&values, 60), values);
        options.resolution = MapResolution::Base;
        assert_eq!(options.map(&values, 60).len(), 60);
        assert_eq!(options.geometry(60), MapGeometry::of_bases(60, 39));
        options.method = LocalizationMethod::Mutagenesis;
        assert_eq!(options.map(&[0.0; 240], 60), [0.0; 60]);
        assert_eq!(LocalizationMethod::Mutagenesis.values(60), 240);
    }
}
