//! Finds the program `polaris-server`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::ServerProcessError;

const PROGRAM: &str = "polaris-server";

/// The program that was named, else the one beside this executable, else the first on PATH.
pub(super) fn server_binary(named: Option<&Path>) -> Result<PathBuf, ServerProcessError> {
    if let Some(path) = named {
        return match is_program(path) {
            true => Ok(path.to_owned()),
            false => Err(ServerProcessError::NotFound { looked: format!("at {}", path.display()) }),
        };
    }
    let own = std::env::current_exe().ok();
    find(own.as_deref().and_then(Path::parent), std::env::var_os("PATH").as_deref())
}

fn find(beside: Option<&Path>, path_variable: Option<&OsStr>) -> Result<PathBuf, ServerProcessError> {
    let on_path = path_variable.map(std::env::split_paths).into_iter().flatten();
    let folders = beside.map(Path::to_owned).into_iter().chain(on_path);
    folders.map(|folder| folder.join(PROGRAM)).find(|path| is_program(path)).ok_or_else(|| {
        let looked = match beside {
            Some(folder) => format!("in {} and on PATH", folder.display()),
            None => "on PATH".to_owned(),
        };
        ServerProcessError::NotFound { looked }
    })
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, mode: u32) -> PathBuf {
        let path = folder.join(PROGRAM);
        std::fs::write(&path, b"#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn beside_comes_before_path() {
        let (beside, on_path) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let second = put(on_path.path(), 0o755);
        let variable = on_path.path().as_os_str();
        assert_eq!(find(Some(beside.path()), Some(variable)).unwrap(), second);
        let first = put(beside.path(), 0o755);
        assert_eq!(find(Some(beside.path()), Some(variable)).unwrap(), first);
    }

    #[test]
    fn a_file_that_cannot_run_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = put(folder.path(), 0o644);
        assert!(find(Some(folder.path()), None).is_err());
        let message = server_binary(Some(&path)).unwrap_err().to_string();
        assert!(message.contains("--server-binary or POLARIS_SERVER_BINARY"), "{message}");
    }
}
