//! Compiles the protocol files with protox, so that no protoc is needed, and keeps the descriptor sets
//! for server reflection: what every client may call, and what an operator may.

use std::path::PathBuf;

use prost::Message;
use prost_types::FileDescriptorSet;

const FILES: [&str; 2] = ["polaris/v1/polaris.proto", "inference/grpc_service.proto"];
const ADMIN_FILE: &str = "polaris/v1/admin.proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let files: Vec<PathBuf> = FILES.iter().chain([&ADMIN_FILE]).map(|file| root.join(file)).collect();
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let (admin, public) = descriptors.file.clone().into_iter().partition(|file| file.name() == ADMIN_FILE);
    for (name, file) in [("polaris_descriptor.bin", public), ("admin_descriptor.bin", admin)] {
        std::fs::write(out.join(name), FileDescriptorSet { file }.encode_to_vec())?;
    }
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
