//! Vectors of AVX-512 and AVX2.

mod avx2;
mod avx512;

pub(super) use avx2::Eight;
pub(super) use avx512::Sixteen;
