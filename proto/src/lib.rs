//! The gRPC contract of POLARIS. The documentation of every message stands in
//! `proto/polaris/v1/polaris.proto`; nothing here has logic of its own.

/// `polaris.v1`: messages, client and server of `PolarisService`.
#[expect(
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod v1 {
    tonic::include_proto!("polaris.v1");
}

/// The encoded `FileDescriptorSet` of every protocol file, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/polaris_descriptor.bin"));
