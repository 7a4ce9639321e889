//! The gRPC contract of POLARIS. The documentation of every message stands in
//! `proto/polaris/v1/*.proto` and `proto/inference/grpc_service.proto`; nothing here has logic of its own.

/// `polaris.v1`: messages, clients and servers of `PolarisService` and `AdminService`.
#[expect(
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod v1 {
    tonic::include_proto!("polaris.v1");
}

/// `inference`: messages, client and server of `GRPCInferenceService`, the Open Inference Protocol.
#[expect(
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod inference {
    tonic::include_proto!("inference");
}

/// The encoded `FileDescriptorSet` of what every client may call, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/polaris_descriptor.bin"));

/// The encoded `FileDescriptorSet` of `AdminService`, which is on the admin listener alone.
pub const ADMIN_FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/admin_descriptor.bin"));
