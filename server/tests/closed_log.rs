//! A log that nobody reads any more: the parent process of an embedded server may die.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::process::{Command, Stdio};

fn server_without_a_log() -> Command {
    let (_, log) = std::io::pipe().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_polaris-server"));
    command.arg("serve").stdin(Stdio::null()).stderr(log);
    command
}

#[test]
fn the_server_ends_as_it_would_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut empty_registry = server_without_a_log();
    empty_registry.args(["--listen", "127.0.0.1:0", "--registry"]).arg(folder.path());
    empty_registry.env("POLARIS__REGISTRY__WHEN_BROKEN", "exit");
    assert_eq!(empty_registry.status().unwrap().code(), Some(1));
    assert_eq!(server_without_a_log().status().unwrap().code(), Some(64), "no registry is named");
}
