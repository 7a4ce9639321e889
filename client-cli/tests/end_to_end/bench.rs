//! Loads: what is sent, what is counted, and that the numbers are there as a whole or not at all.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::bundle::Bundle;
use crate::embedded::{assert_server_gone, script, signal, until};
use crate::fake_server::{Behavior, Failure, Running};
use crate::program::{Ended, client, outputs, run};

/// `bench`, short, with its numbers in `out.json`.
fn bench(bundle: &Bundle, url: &str, arguments: &[&str]) -> Command {
    let mut command = client();
    command.args(["bench", "--server", url, "--windows", "4"]);
    if !arguments.contains(&"--duration") {
        command.args(["--duration", "0.3", "--warm-up", "0.05"]);
    }
    command.args(arguments).arg("--json").arg(json_path(bundle));
    command
}

fn json_path(bundle: &Bundle) -> PathBuf {
    bundle.folder().join("out.json")
}

fn numbers(bundle: &Bundle) -> Value {
    serde_json::from_slice(&std::fs::read(json_path(bundle)).unwrap()).unwrap()
}

fn failing(after: usize, failure: Failure) -> Running {
    Running::start(Behavior { after: Some((after, failure)), ..Behavior::default() })
}

/// The value of a row of the table.
fn row(ended: &Ended, name: &str) -> Option<String> {
    let text = String::from_utf8(ended.stdout.clone()).unwrap();
    let value = |line: &str| line.trim_start().strip_prefix(name).map(|value| value.trim().to_owned());
    text.lines().find_map(value)
}

fn usize_of(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

#[test]
fn closed_loop_of_every_method() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let mut before = 0;
    for (call, answers) in [("predict", 1), ("score", 1), ("localize", 4)] {
        let load = ["--call", call, "--concurrency", "3", "--duration", "1", "--warm-up", "0.05"];
        let ended = run(&mut bench(&bundle, &server.url, &load)).succeeded();
        let found = numbers(&bundle);
        let calls = usize_of(&found["calls"]);
        assert!(calls >= 3, "{call}: {calls}");
        assert_eq!(found["answered"], found["calls"]);
        assert_eq!((&found["errors"], &found["failed"]), (&json!({}), &json!(0)));
        // The server has answered the warm-up too.
        assert!(server.answered() - before >= calls * answers, "{call}");
        before = server.answered();

        let per_s = usize_of(&found["answered_in_span"]) as f64;
        assert!((found["windows_per_s"].as_f64().unwrap() - 4.0 * per_s).abs() < 1e-6, "{found}");
        assert_eq!(found["alleles_per_s"].is_null(), call != "score");
        let latency = |name: &str| found["latency_ms"][name].as_f64().unwrap();
        let names = ["p50", "p90", "p95", "p99", "max"];
        assert!(latency("p50") > 0.0 && names.is_sorted_by_key(|name| latency(name)), "{found}");
        assert_eq!(found["settings"]["call"], call);
        assert_eq!(found["settings"]["load"], json!({"loop": "closed", "concurrency": 3}));
        assert_eq!(found["settings"]["models"], json!(["QKI.K562", "TARDBP.HepG2"]));
        assert_eq!(found["server"]["address"].as_str().unwrap().trim_end_matches('/'), server.url);

        assert_eq!(row(&ended, "calls "), Some(calls.to_string()));
        assert_eq!(row(&ended, "answered"), Some(calls.to_string()));
        assert_eq!(row(&ended, "not sent"), None);
        assert_eq!(row(&ended, "latency in ms"), Some(", of the calls answered".to_owned()));
    }
}

#[test]
fn windows_are_others_in_every_call_unless_they_are_to_be_repeated() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    run(&mut bench(&bundle, &server.url, &[])).succeeded();
    assert!(server.answered() > 2);
    assert_eq!(server.distinct_sequences(), 4 * server.answered());

    let server = Running::start(Behavior::default());
    run(&mut bench(&bundle, &server.url, &["--repeat"])).succeeded();
    assert!(server.answered() > 2);
    assert_eq!(server.distinct_sequences(), 4);
    assert_eq!(numbers(&bundle)["settings"]["repeat"], true);
}

#[test]
fn open_loop_sends_what_is_due() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let load = ["--rate", "100", "--arrivals", "constant", "--duration", "0.4", "--warm-up", "0.1"];
    let ended = run(&mut bench(&bundle, &server.url, &load)).succeeded();
    let found = numbers(&bundle);
    assert_eq!(server.answered(), 50);
    assert_eq!(
        (&found["calls"], &found["answered"], &found["not_sent"]),
        (&json!(40), &json!(40), &json!(0))
    );
    assert_eq!(row(&ended, "not sent"), Some("0".to_owned()));
    let load = json!({"loop": "open", "rate_per_s": 100.0, "arrivals": "constant", "max_outstanding": 256});
    assert_eq!(found["settings"]["load"], load);

    // Random arrivals are those of the seed.
    let calls = |seed: &str| {
        let load = ["--rate", "200", "--duration", "0.3", "--warm-up", "0", "--seed", seed];
        run(&mut bench(&bundle, &server.url, &load)).succeeded();
        usize_of(&numbers(&bundle)["calls"])
    };
    let first = calls("3");
    assert_eq!(first, calls("3"));
    assert!((30..90).contains(&first), "{first}");
}

#[test]
fn an_open_loop_is_bounded_and_does_not_hide_a_server_that_is_silent() {
    let bundle = Bundle::new();
    let server = failing(0, Failure::Silence);
    let load = ["--rate", "200", "--arrivals", "constant", "--duration", "0.2", "--warm-up", "0"];
    let mut command = bench(&bundle, &server.url, &load);
    let ended = run(command.args(["--max-outstanding", "2", "--timeout-s", "5"]))
        .failed(&["2 of 2 calls failed, the first with DEADLINE_EXCEEDED", "38 calls were due and not sent"]);
    let found = numbers(&bundle);
    assert_eq!((&found["calls"], &found["not_sent"]), (&json!(2), &json!(38)));
    assert_eq!(found["errors"], json!({"DEADLINE_EXCEEDED": 2}));
    assert_eq!(found["latency_ms"], Value::Null);
    assert_eq!(row(&ended, "not sent"), Some("38".to_owned()));

    // All callers wait for the calls of the warm-up: there is nothing to report, and the reason is not the duration.
    std::fs::remove_file(json_path(&bundle)).unwrap();
    let load = ["--duration", "0.3", "--warm-up", "0.5", "--timeout-s", "1"];
    let mut command = bench(&bundle, &server.url, &load);
    run(&mut command).failed(&["those before failed with DEADLINE_EXCEEDED: no answer within 1 s"]);
    assert!(outputs(bundle.folder()).is_empty());
}

#[test]
fn errors_are_counted_by_code_and_do_not_end_the_run() {
    let bundle = Bundle::new();
    for (failure, name, words) in [
        (Failure::Status, "UNAVAILABLE", "UNAVAILABLE: the device has gone"),
        (Failure::Short, "UNFIT_ANSWER", "other numbers of windows"),
    ] {
        for call in ["predict", "score", "localize"] {
            // After the first of the measured calls: there is no warm-up. Localize is answered window by window.
            let server = failing(if call == "localize" { 4 } else { 1 }, failure);
            let load = ["--call", call, "--concurrency", "1", "--duration", "1", "--warm-up", "0"];
            let ended = run(&mut bench(&bundle, &server.url, &load)).failed(&[words]);
            let found = numbers(&bundle);
            let count = |name: &str| usize_of(&found[name]);
            assert_eq!(count("answered"), 1, "{call}: {found}");
            assert!(count("failed") > 1, "{call}: {found}");
            assert_eq!(count("calls"), count("answered") + count("failed"));
            assert_eq!(found["errors"], json!({name: count("failed")}));
            assert_eq!(row(&ended, name), Some(count("failed").to_string()));
            assert!(found["latency_ms"]["max"].is_number(), "{found}");
        }
    }
}

#[test]
fn numbers_that_cannot_be_written_are_shown_all_the_same() {
    let bundle = Bundle::new();
    // Each of them is a failure, and that of the calls comes first.
    for (server, words) in [
        (Running::start(Behavior::default()), "polaris-client: cannot"),
        (failing(3, Failure::Status), "the first with UNAVAILABLE"),
    ] {
        let mut command = client();
        command.args(["bench", "--server", &server.url, "--windows", "4", "--duration", "0.3"]);
        let ended =
            run(command.args(["--warm-up", "0", "--json", "/dev/full"])).failed(&["/dev/full", words]);
        assert!(row(&ended, "windows/s").is_some());
        assert!(ended.stderr.trim_end().lines().last().unwrap().contains(words), "{}", ended.stderr);
    }
    assert!(outputs(bundle.folder()).is_empty());
}

#[test]
fn settings_that_the_server_cannot_serve() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior { response_bytes: Some(1000), ..Behavior::default() });
    for (arguments, words) in [
        (
            &["--windows", "21"][..],
            "21 windows, reference and alternate ones counted alike, and the server takes 20",
        ),
        (&["--call", "score", "--alleles", "5"], "lower --windows or --alleles"),
        (&["--call", "score", "--alleles", "454"], "a window of 151 bases has 453 single substitutions"),
        (&["--call", "localize"], "the maps of 2 models need"),
        (&["--models", "RBFOX2.K562"], "no model `RBFOX2.K562`"),
        (&["--rate", "0.01", "--arrivals", "constant"], "no call began"),
    ] {
        let mut command = client();
        command.args(["bench", "--server", &server.url, "--duration", "0.1", "--warm-up", "0.01"]);
        if !arguments.contains(&"--windows") {
            command.args(["--windows", "4"]);
        }
        let ended = run(command.args(arguments).arg("--json").arg(json_path(&bundle))).failed(&[words]);
        assert!(ended.stdout.is_empty(), "{arguments:?}");
        assert!(outputs(bundle.folder()).is_empty(), "{arguments:?}");
    }
    assert_eq!(run(client().args(["bench", "--server", &server.url, "--rate", "0"])).code, Some(2));
    assert_eq!(run(client().args(["bench", "--duration", "1"])).code, Some(2));
}

#[test]
fn a_server_that_is_not_there_leaves_older_numbers_alone() {
    let bundle = Bundle::new();
    bundle.file("out.json", "{}");
    run(&mut bench(&bundle, "unix:/nonexistent/s", &[])).failed(&["cannot connect to unix:/nonexistent/s"]);
    assert_eq!(std::fs::read(json_path(&bundle)).unwrap(), b"{}");
    assert_eq!(outputs(bundle.folder()), ["out.json"]);

    let server = Running::start(Behavior::default());
    let mut command = client();
    command.args(["bench", "--server", &server.url, "--json"]).arg(bundle.folder().join("missing/out.json"));
    run(&mut command).failed(&["missing"]);
    assert_eq!(server.answered(), 0);
}

#[test]
fn ctrl_c_reports_what_was_measured_so_far() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let mut command = bench(&bundle, &server.url, &["--duration", "600", "--warm-up", "0"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("calls are answered", || server.answered() > 5);
    signal(&child, "-INT");
    let ended = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{words}");
    assert!(words.contains("interrupted after "), "{words}");
    assert!(String::from_utf8_lossy(&ended.stdout).contains("windows/s"));
    let found = numbers(&bundle);
    assert_eq!(found["interrupted"], true);
    assert!(usize_of(&found["answered"]) >= 4, "{found}");
    assert!(usize_of(&found["given_up"]) <= 2, "{found}");
    assert!(found["measured_s"].as_f64().unwrap() < 60.0, "{found}");

    let mut command = bench(&bundle, &server.url, &["--duration", "1", "--warm-up", "600"]);
    let before = server.answered();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("calls are answered", || server.answered() > before);
    signal(&child, "-TERM");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("before anything was measured"));
}

#[test]
fn a_server_of_its_own() {
    let bundle = Bundle::new();
    let with = |mode: &str, duration: &str| {
        let mut command = client();
        command.env("TMPDIR", bundle.folder()).arg("bench").args(["--windows", "4", "--warm-up", "0"]);
        command.arg("--registry").arg(bundle.folder().join("registry"));
        command.arg("--server-binary").arg(script(&bundle, mode)).args(["--duration", duration]);
        command.arg("--json").arg(json_path(&bundle));
        command
    };
    run(&mut with("serve", "0.3")).succeeded();
    let registry = numbers(&bundle)["server"]["registry"].as_str().map(PathBuf::from);
    assert_eq!(registry.as_deref(), Some(Path::new(&bundle.folder().join("registry"))));
    assert_server_gone(&bundle);

    // It dies after five calls: the numbers are there, and so is the reason.
    run(with("exit", "1").args(["--concurrency", "1"])).failed(&["exit status: 3", "out of memory"]);
    assert_eq!(numbers(&bundle)["answered"], 5);
}
