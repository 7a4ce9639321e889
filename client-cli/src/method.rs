//! How maps say which bases drive a prediction.

use clap::ValueEnum;
use polaris_proto::v1::LocalizationMethod;

/// How a map is calculated.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Method {
    /// Grad-CAM: activations of the last convolution, weighted by their mean gradients
    #[default]
    GradCam,
    /// HiResCAM: activations times gradients, position by position
    HiresCam,
    /// What every single substitution does: exact, and much more work
    Mutagenesis,
}

impl Method {
    /// As pictures name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GradCam => "Grad-CAM",
            Self::HiresCam => "HiResCAM",
            Self::Mutagenesis => "mutagenesis",
        }
    }
}

impl From<Method> for LocalizationMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::GradCam => Self::GradCam,
            Method::HiresCam => Self::HiresCam,
            Method::Mutagenesis => Self::Mutagenesis,
        }
    }
}
