//! The server that the client starts for itself. A script stands for it that runs this test program again, as a
//! fake server on the socket that it is told.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_stream::wrappers::UnixListenerStream;

use crate::bundle::{Bundle, vcf};
use crate::fake_server::{Behavior, Failure, Fake};
use crate::program::{client, outputs, records, run, text};

const LIMIT: Duration = Duration::from_secs(30);

/// Writes the script. It leaves its process id in `server.pid`; `mode` says how it behaves.
pub(crate) fn script(bundle: &Bundle, mode: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let pid = bundle.folder().join("server.pid");
    let text = format!(
        "#!/bin/sh\necho $$ > '{}'\nexport FAKE_SERVER_MODE={mode} FAKE_SERVER_ARGUMENTS=\"$*\"\n\
         exec '{}' --exact embedded::fake_server_process --ignored --nocapture\n",
        pid.display(),
        program.display()
    );
    let path = bundle.file("polaris-server", text);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::create_dir_all(bundle.folder().join("registry")).unwrap();
    path
}

fn score(bundle: &Bundle, mode: &str, input: &Path) -> Command {
    let mut command = client();
    // Where a client that is killed leaves the folder of its socket.
    command.env("TMPDIR", bundle.folder());
    command.arg("score").arg(input).arg("--reference").arg(bundle.directory());
    command.arg("--registry").arg(bundle.folder().join("registry"));
    command.arg("--server-binary").arg(script(bundle, mode));
    command.arg("-o").arg(bundle.folder().join("out.vcf"));
    command
}

fn some_variants(bundle: &Bundle) -> PathBuf {
    let rows: Vec<String> = (1200..1600).map(|position1| bundle.substitution("chr1", position1)).collect();
    bundle.file("in.vcf", vcf(&rows))
}

/// Waits.
pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LIMIT, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn server_process(bundle: &Bundle) -> PathBuf {
    let pid = std::fs::read_to_string(bundle.folder().join("server.pid")).unwrap();
    Path::new("/proc").join(pid.trim())
}

pub(crate) fn assert_server_gone(bundle: &Bundle) {
    let process = server_process(bundle);
    until("the server has gone", || !process.exists());
}

#[test]
fn is_started_for_the_run_and_stopped_afterwards() {
    let bundle = Bundle::new();
    let input = some_variants(&bundle);
    let ended = run(&mut score(&bundle, "serve", &input)).succeeded();
    assert!(ended.stderr.contains("polaris-server: one model was refused"), "{}", ended.stderr);
    assert_eq!(records(&text(&bundle.folder().join("out.vcf"))).len(), 400);
    assert_server_gone(&bundle);
}

#[test]
fn a_model_list_needs_no_variants() {
    let bundle = Bundle::new();
    let mut command = client();
    command.arg("models").arg("--registry").arg(bundle.folder().join("registry"));
    let ended = run(command.arg("--server-binary").arg(script(&bundle, "serve"))).succeeded();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(text.contains("\nQKI.K562      1        test-1    151     expression, region  0.900"), "{text}");
    assert_server_gone(&bundle);
}

#[test]
fn its_own_words_are_shown_when_it_dies() {
    let bundle = Bundle::new();
    let input = some_variants(&bundle);
    let refused =
        run(&mut score(&bundle, "refuse", &input)).failed(&["exit status: 7", "the registry is empty"]);
    assert_eq!(refused.stderr.matches("the registry is empty").count(), 1, "{}", refused.stderr);
    run(&mut score(&bundle, "exit", &input)).failed(&["exit status: 3", "out of memory"]);
    assert!(outputs(bundle.folder()).is_empty());
    let mut never = score(&bundle, "never", &input);
    run(never.args(["--start-timeout-s", "1"])).failed(&["not ready within 1 s", "--start-timeout-s"]);
    assert_server_gone(&bundle);
}

#[test]
fn a_program_that_is_missing() {
    let bundle = Bundle::new();
    let input = some_variants(&bundle);
    let mut command = score(&bundle, "serve", &input);
    std::fs::remove_file(bundle.folder().join("polaris-server")).unwrap();
    run(&mut command).failed(&["polaris-server was not found", "--server-binary", "POLARIS_SERVER_BINARY"]);
    let mut command = score(&bundle, "serve", &input);
    std::fs::remove_dir(bundle.folder().join("registry")).unwrap();
    run(&mut command).failed(&["no model registry at"]);
    assert!(outputs(bundle.folder()).is_empty());
}

/// Starts a run that waits for more input, with its server up.
fn waiting(bundle: &Bundle) -> Child {
    let mut command = score(bundle, "serve", Path::new("-"));
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut text = vcf(&[]);
    for position1 in 1200..1600 {
        text += &format!("{}\t.\t.\t.\n", bundle.substitution("chr1", position1));
    }
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), text.as_bytes()).unwrap();
    let partial = || outputs(bundle.folder()).iter().any(|name| name.ends_with(".partial"));
    until("the run has begun", || partial() && bundle.folder().join("server.ready").exists());
    child
}

/// Sends a signal.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ctrl_c_stops_everything() {
    let bundle = Bundle::new();
    let mut child = waiting(&bundle);
    // Standard input stays open: that the run ends is the signal's doing.
    let _input = child.stdin.take();
    signal(&child, "-INT");
    let ended = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.to_string(), "exit status: 1", "{words}");
    assert!(words.contains("interrupted"), "{words}");
    assert!(outputs(bundle.folder()).is_empty());
    assert_server_gone(&bundle);
}

#[test]
fn a_killed_client_leaves_no_server() {
    let bundle = Bundle::new();
    let mut child = waiting(&bundle);
    signal(&child, "-KILL");
    assert_eq!(child.wait().unwrap().code(), None);
    assert!(!bundle.folder().join("out.vcf").exists());
    assert_server_gone(&bundle);
}

#[test]
#[ignore = "run as a process by the tests above"]
fn fake_server_process() {
    let Ok(arguments) = std::env::var("FAKE_SERVER_ARGUMENTS") else { return };
    let mode = std::env::var("FAKE_SERVER_MODE").unwrap();
    let words: Vec<&str> = arguments.split(' ').collect();
    assert_eq!(words[0], "serve");
    assert_eq!(words[words.len() - 3..], ["--stop-with-stdin", "--log", "warn"]);
    let registry = words[words.iter().position(|word| *word == "--registry").unwrap() + 1];
    let listen = words[words.iter().position(|word| *word == "--listen").unwrap() + 1];
    let socket = Path::new(listen.strip_prefix("unix:").unwrap());
    let folder = std::fs::metadata(socket.parent().unwrap()).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    if mode == "refuse" {
        eprintln!("the registry is empty");
        std::process::exit(7);
    }
    eprintln!("one model was refused");
    let ready = Path::new(registry).with_file_name("server.ready");
    tokio::runtime::Runtime::new().unwrap().block_on(serve(socket, &ready, &mode));
    std::process::exit(0);
}

async fn serve(socket: &Path, ready: &Path, mode: &str) {
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    let after = (mode == "exit").then_some((5, Failure::Exit));
    let fake = Fake::new(Behavior { after, ..Behavior::default() });
    let server = tonic::transport::Server::builder().add_service(health).add_service(fake.service());
    tokio::spawn(server.serve_with_incoming(UnixListenerStream::new(listener)));
    if mode != "never" {
        tokio::time::sleep(Duration::from_millis(100)).await;
        reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
        std::fs::write(ready, b"").unwrap();
    }
    let until_closed = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(until_closed).await.unwrap().unwrap();
}
