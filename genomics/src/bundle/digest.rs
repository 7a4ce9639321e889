//! A digest that changes when anything a bundle holds changes.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{BundleError, manifest::Manifest};

/// Every part goes in with its role and its length, so that no two bundles give the same bytes. Indexes are left out:
/// they say nothing that the FASTA does not.
pub(super) fn digest(manifest: &Manifest) -> Result<String, BundleError> {
    let mut hasher = Sha256::new();
    update(&mut hasher, "assembly", manifest.assembly.as_bytes());
    file(&mut hasher, "fasta", &manifest.fasta)?;
    file(&mut hasher, "annotation", &manifest.annotation)?;
    if let Some(path) = &manifest.sequenced {
        file(&mut hasher, "sequenced", path)?;
    }
    for (cell_line, path) in &manifest.expression {
        update(&mut hasher, "cell line", cell_line.as_bytes());
        file(&mut hasher, "expression", path)?;
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn update(hasher: &mut Sha256, role: &str, bytes: &[u8]) {
    hasher.update(role);
    hasher.update([0]);
    hasher.update((bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

fn file(hasher: &mut Sha256, role: &str, path: &Path) -> Result<(), BundleError> {
    stream(hasher, role, path).map_err(|cause| BundleError::Read { path: path.to_owned(), cause })
}

fn stream(hasher: &mut Sha256, role: &str, path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    update(hasher, role, &file.metadata()?.len().to_le_bytes());
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}
