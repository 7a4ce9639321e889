//! Model files: TorchScript archives with named parameters and two methods, `forward` and `features`.
//!
//! libtorch can trace one method and turns weights into constants, so the archive is written here entry
//! by entry; reading goes through libtorch's own loader.

mod archive;
mod pickle;
mod read;
mod source;

pub use read::{ModelFileError, read_weights};

use crate::weights::Weights;

/// Root folder of the archive's entries.
const ROOT: &str = "polaris";
/// Version of the archive format, as libtorch numbers it.
const ARCHIVE_VERSION: &[u8] = b"3\n";

/// The bytes of a TorchScript file with these weights. The same weights give the same bytes.
///
/// The module has `forward(sequence [B, 4, L], expression [B, 1], region [B, 6]) -> probability [B, 1]` and
/// `features(sequence [B, 4, L]) -> activations [B, 100, positions]` of the second convolution after
/// rectification. Covariates that the architecture does not use are accepted and ignored.
///
/// # Errors
/// If the archive would exceed what its format can hold, 4 GiB.
pub fn write_model(weights: &Weights) -> Result<Vec<u8>, ArchiveTooLarge> {
    let mut archive = archive::Writer::new(ROOT);
    archive.entry("data.pkl", &pickle::module(weights))?;
    archive.entry("code/__torch__.py", source::module(weights.architecture()).as_bytes())?;
    archive.entry("constants.pkl", &pickle::EMPTY_TUPLE)?;
    archive.entry("version", ARCHIVE_VERSION)?;
    archive.entry("byteorder", b"little")?;
    for (index, (_, values)) in weights.iter().enumerate() {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        archive.entry(&format!("data/{index}"), &bytes)?;
    }
    archive.finish()
}

/// A model too large for the archive format.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a model file can hold at most 4 GiB")]
pub struct ArchiveTooLarge;
