//! A client that is killed leaves no server behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use polaris_tests::{HarnessError, Pipeline, RunningProgram, names, text};

const LIMIT: Duration = Duration::from_secs(60);

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LIMIT, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// The `/proc` folder of the server that a client has started.
fn server_of(client: &RunningProgram) -> Option<PathBuf> {
    let parent = format!("PPid:\t{}", client.id());
    let is_ours = |folder: &PathBuf| {
        let status = std::fs::read_to_string(folder.join("status")).unwrap_or_default();
        status.starts_with("Name:\tpolaris-server\n") && status.lines().any(|line| line == parent)
    };
    std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()).find(is_ours)
}

/// Gone, or a zombie that nobody has waited for.
fn has_ended(process: &Path) -> bool {
    let status = std::fs::read_to_string(process.join("status"));
    status.map_or(true, |status| !status.contains("polaris-server") || status.contains("State:\tZ"))
}

/// A run that waits for more input after the simulated variants.
fn waiting(
    pipeline: &Pipeline,
    folder: &Path,
) -> Result<(RunningProgram, std::process::ChildStdin), HarnessError> {
    let program = pipeline.score(Path::new("-"), &folder.join("out.vcf"))?.with_stdin();
    let mut client = program.arg("--tsv").arg(folder.join("out.tsv")).env("TMPDIR", folder).spawn()?;
    let mut stdin = client.stdin().unwrap();
    stdin.write_all(text(&pipeline.variants())?.as_bytes()).unwrap();
    stdin.flush().unwrap();
    Ok((client, stdin))
}

fn check(serving: bool) -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let (client, stdin) = waiting(&pipeline, folder.path())?;
    let mut server = None;
    until("the server has been started", || {
        server = server_of(&client);
        server.is_some()
    });
    let server = server.unwrap();
    let socket = || {
        let folders = names(folder.path()).unwrap();
        folders.iter().any(|name| folder.path().join(name).join("polaris.sock").exists())
    };
    if serving {
        until("the server listens", socket);
    }
    assert!(!has_ended(&server));
    let exit = client.kill()?;
    assert_eq!(exit.code, None);
    until("the server has gone", || has_ended(&server));
    drop(stdin);
    let left = names(folder.path())?;
    assert!(!left.iter().any(|name| name == "out.vcf" || name == "out.tsv"), "{left:?}");
    assert!(!socket());
    Ok(())
}

#[test]
fn killed_as_the_server_starts() -> Result<(), HarnessError> {
    check(false)
}

#[test]
fn killed_while_it_serves() -> Result<(), HarnessError> {
    check(true)
}
