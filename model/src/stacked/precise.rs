//! Whether a device multiplies 32-bit floats as such.
//!
//! libtorch lets convolutions of cuDNN round to TF32 unless told otherwise, and what it links for Rust has no way to
//! tell it. So nothing here is a convolution: all is a product of matrices, for which libtorch asks cuBLAS for plain
//! 32-bit floats unless the environment says otherwise (`TORCH_ALLOW_TF32_CUBLAS_OVERRIDE`). Whether that holds is
//! tried, not assumed.

use tch::{Device, Kind, TchError, Tensor};

/// Rows and columns of the matrices that are tried: large enough for the kernels that calculate ensembles.
const SIZE: i64 = 256;

/// # Errors
/// If products are rounded to less than 32-bit floats.
pub(super) fn verify(device: Device) -> Result<(), TchError> {
    // One bit further than TF32 keeps, and exact as a 32-bit float; so are 1 and their product.
    let fine = 1.0 + 2f64.powi(-11);
    let shape = [2, SIZE, SIZE];
    let values = Tensor::f_full(shape, fine, (Kind::Float, device))?;
    let identity = Tensor::f_eye(SIZE, (Kind::Float, device))?.f_expand(shape, false)?;
    for product in [values.f_bmm(&identity)?, identity.f_bmm(&values)?] {
        let off = product.f_sub_scalar(fine)?.f_abs()?.f_max()?;
        if off.f_double_value(&[])? != 0.0 {
            return Err(TchError::Kind(format!(
                "{device:?} rounds products of 32-bit floats, which strict precision does not allow; unset \
                 TORCH_ALLOW_TF32_CUBLAS_OVERRIDE or use fast precision"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_exact() {
        verify(Device::Cpu).unwrap();
    }
}
