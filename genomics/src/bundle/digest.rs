//! A digest that changes when anything a bundle holds changes.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{BundleError, manifest::Manifest};
use crate::beside;

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

/// The same, remembered in the bundle's folder for as long as no file has another size or time of change. A folder that
/// cannot be written is no failure.
pub(super) fn remembered(manifest: &Manifest) -> Result<String, BundleError> {
    let stamp = stamp(manifest);
    let memory = manifest.path.with_file_name(MEMORY);
    let text = std::fs::read_to_string(&memory).unwrap_or_default();
    if let Some((digest, stamped)) = text.split_once('\n')
        && stamp.as_deref() == Some(stamped)
        && digest.len() == 64
    {
        return Ok(digest.to_owned());
    }
    let digest = digest(manifest)?;
    if let Some(stamp) = stamp {
        beside::write(&memory, format!("{digest}\n{stamp}").as_bytes());
    }
    Ok(digest)
}

/// Where the digest is remembered.
const MEMORY: &str = ".polaris-digest";

/// Size and time of change of every file, with everything else that the digest is made of.
fn stamp(manifest: &Manifest) -> Option<String> {
    let mut text = format!("{}\n", manifest.assembly);
    let own = [("fasta", &manifest.fasta), ("annotation", &manifest.annotation)];
    let sequenced = manifest.sequenced.iter().map(|path| ("sequenced", path));
    let expression = manifest.expression.iter().map(|(cell_line, path)| (cell_line.as_str(), path));
    for (role, path) in own.into_iter().chain(sequenced).chain(expression) {
        let metadata = std::fs::metadata(path).ok()?;
        let changed = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        text += &format!("{role}\t{}\t{}\t{}\n", path.display(), metadata.len(), changed.as_nanos());
    }
    Some(text)
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
