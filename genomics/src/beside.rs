//! Files that are kept beside those that they were made from, to save time the next time. Where they cannot be written, time
//! is not saved, and nothing else is lost.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Writes a file under a name of its own and renames it, so that no other process reads half of it. A folder that
/// is meant to stay as it is, nobody having leave to write it, stays so for the system's administrator too.
pub(crate) fn write(path: &Path, content: &[u8]) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if fs::metadata(folder).map_or(true, |metadata| metadata.permissions().readonly()) {
        return;
    }
    // Two processes of one number may write here from two machines.
    let written: io::Result<()> = tempfile::Builder::new()
        .prefix(".polaris-")
        .permissions(PermissionsExt::from_mode(0o666))
        .tempfile_in(folder)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.persist(path).map(|_| ()).map_err(|error| error.error)
        });
    // Without it, time is not saved.
    let _ = written;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_nobody_may_write_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o555)).unwrap();
        write(&path, b"text");
        assert!(!path.exists());
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        write(&path, b"text");
        assert_eq!(fs::read(&path).unwrap(), b"text");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
