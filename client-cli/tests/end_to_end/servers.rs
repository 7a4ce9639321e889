//! Servers that are full, restarted, or several.

use std::time::Duration;

use crate::bundle::{Bundle, vcf};
use crate::fake_server::{Behavior, Failure, Running};
use crate::program::{records, run, score, text};

fn variants(bundle: &Bundle) -> std::path::PathBuf {
    let rows: Vec<String> = (1200..2400).map(|position1| bundle.substitution("chr1", position1)).collect();
    bundle.file("in.vcf", vcf(&rows))
}

fn body(path: &std::path::Path) -> Vec<Vec<String>> {
    records(&text(path))
}

#[test]
fn a_full_server_is_asked_again() {
    let bundle = Bundle::new();
    let (calm, full) = (
        Running::start(Behavior::default()),
        Running::start(Behavior { full_every: Some(13), ..Behavior::default() }),
    );
    let input = variants(&bundle);
    let (expected, output) = (bundle.folder().join("calm.vcf"), bundle.folder().join("out.vcf"));
    run(&mut score(&input, &bundle.directory(), &calm.url, &expected)).succeeded();
    run(&mut score(&input, &bundle.directory(), &full.url, &output)).succeeded();
    assert_eq!(body(&output), body(&expected));
    assert!(full.answered() > calm.answered());
}

#[test]
fn a_server_that_is_restarted_is_waited_for() {
    let bundle = Bundle::new();
    let input = variants(&bundle);
    let (expected, output) = (bundle.folder().join("calm.vcf"), bundle.folder().join("out.vcf"));
    let slow = || Behavior { delay: Some(Duration::from_millis(3)), ..Behavior::default() };
    let server = Running::start(slow());
    let url = server.url.clone();
    run(&mut score(&input, &bundle.directory(), &url, &expected)).succeeded();
    let before = server.answered();
    let mut child = score(&input, &bundle.directory(), &url, &output)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    crate::embedded::until("the run is in the middle", || server.answered() > before + 30);
    drop(server);
    std::thread::park_timeout(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the run did not wait");
    let server = Running::restart(&url, slow());
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("is away") && said.contains("asking again"), "{said}");
    assert!(server.answered() > 0);
    assert_eq!(body(&output), body(&expected));
}

#[test]
fn a_server_that_comes_back_with_other_models_is_refused() {
    let bundle = Bundle::new();
    let input = variants(&bundle);
    let output = bundle.folder().join("out.vcf");
    let server = Running::start(Behavior { delay: Some(Duration::from_millis(3)), ..Behavior::default() });
    let url = server.url.clone();
    let mut child = score(&input, &bundle.directory(), &url, &output)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    crate::embedded::until("the run is in the middle", || server.answered() > 30);
    drop(server);
    let _server = Running::restart(&url, Behavior { version: Some("2"), ..Behavior::default() });
    let said = child.stderr.take().map(std::io::read_to_string).unwrap().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("has other models than when the run began"), "{said}");
    assert!(!output.exists());
}

#[test]
fn several_servers_share_the_work_and_replace_each_other() {
    let bundle = Bundle::new();
    let input = variants(&bundle);
    let (expected, output) = (bundle.folder().join("calm.vcf"), bundle.folder().join("out.vcf"));
    let slow = |after| Behavior { delay: Some(Duration::from_millis(2)), after, ..Behavior::default() };
    let (first, second) = (Running::start(slow(None)), Running::start(slow(None)));
    run(&mut score(&input, &bundle.directory(), &first.url, &expected)).succeeded();
    let alone = first.answered();
    let both = format!("{},{}", first.url, second.url);
    run(&mut score(&input, &bundle.directory(), &both, &output)).succeeded();
    assert_eq!(body(&output), body(&expected));
    let shares = [first.answered() - alone, second.answered()];
    assert!(shares.iter().all(|share| share * 5 > alone), "{shares:?} of {alone}");
    // One dies for good in the middle.
    let dying = Running::start(slow(Some((20, Failure::Status))));
    let both = format!("{},{}", dying.url, second.url);
    let mut command = score(&input, &bundle.directory(), &both, &output);
    let ended = run(command.args(["--retry-s", "1"])).succeeded();
    assert_eq!(body(&output), body(&expected), "{}", ended.stderr);
    // One fails in a way that does not pass, and then all.
    let broken = || Running::start(slow(Some((20, Failure::Internal))));
    let (one, other) = (broken(), broken());
    run(&mut score(&input, &bundle.directory(), &format!("{},{}", one.url, second.url), &output)).succeeded();
    assert_eq!(body(&output), body(&expected));
    run(&mut score(&input, &bundle.directory(), &format!("{},{}", one.url, other.url), &output))
        .failed(&["a task has failed"]);
    let other = Running::start(Behavior { version: Some("2"), ..Behavior::default() });
    let both = format!("{},{}", other.url, second.url);
    run(&mut score(&input, &bundle.directory(), &both, &output)).failed(&["have different models"]);
    // One that is not there is gone on without.
    let both = format!("http://127.0.0.1:1,{}", second.url);
    let ended = run(&mut score(&input, &bundle.directory(), &both, &output)).succeeded();
    assert!(ended.stderr.contains("going on without http://127.0.0.1:1"), "{}", ended.stderr);
}

#[test]
fn a_server_that_answers_wrongly_is_set_aside() {
    let bundle = Bundle::new();
    let input = variants(&bundle);
    let (expected, output) = (bundle.folder().join("calm.vcf"), bundle.folder().join("out.vcf"));
    let server = |after| {
        Running::start(Behavior { delay: Some(Duration::from_millis(1)), after, ..Behavior::default() })
    };
    let (good, wrong) = (server(None), || server(Some((10, Failure::Short))));
    run(&mut score(&input, &bundle.directory(), &good.url, &expected)).succeeded();
    let one = wrong();
    let both = format!("{},{}", one.url, good.url);
    let ended = run(&mut score(&input, &bundle.directory(), &both, &output)).succeeded();
    assert_eq!(body(&output), body(&expected));
    let said =
        format!("going on without it, others do its work: the server at {}/ answered request", one.url);
    assert!(
        ended.stderr.contains(&said) && ended.stderr.contains("1 values, 2 were asked"),
        "{}",
        ended.stderr
    );
    // Where none is left the run ends, and can be gone on with.
    std::fs::remove_file(&output).unwrap();
    let two = [wrong(), wrong()];
    for urls in [two[0].url.clone(), format!("{},{}", two[1].url, wrong().url)] {
        let mut command = score(&input, &bundle.directory(), &urls, &output);
        let ended = run(command.args(["--resume", "--checkpoint-records", "20"]));
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        ended.failed(&["1 values, 2 were asked", "the same command goes on with it"]);
        assert!(!output.exists() && bundle.folder().join(".out.vcf.checkpoint").exists());
    }
    let mut command = score(&input, &bundle.directory(), &good.url, &output);
    let ended = run(command.args(["--resume", "--checkpoint-records", "20"])).succeeded();
    assert!(ended.stderr.contains("going on after"), "{}", ended.stderr);
    assert_eq!(body(&output), body(&expected));
}
