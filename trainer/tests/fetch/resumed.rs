//! Files that come in pieces.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Bench, Ended, letters, sha256};
use crate::server::{Reply, Server};

const SIZE: usize = 200_000;

fn line(content: &[u8]) -> String {
    format!("a\t@/a\t{}", sha256(content))
}

/// A server with ranges that cuts the first answer off.
fn cutting_once() -> Server {
    let body = letters(SIZE, 1);
    Server::start(move |request| {
        let reply = Reply::ranged(request, &body, "\"v1\"");
        if request.earlier == 0 { reply.cut(70_000) } else { reply }
    })
}

#[test]
fn a_cut_connection_is_resumed() {
    let bench = Bench::new(cutting_once());
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
    let asked = bench.server.requests();
    assert_eq!(asked.len(), 2);
    assert_eq!((asked[0].range_start(), asked[1].range_start()), (None, Some(70_000)));
    assert_eq!(asked[1].header("if-range"), Some("\"v1\""));
}

#[test]
fn a_later_run_goes_on_where_the_first_stopped() {
    let bench = Bench::new(cutting_once());
    let words = bench.fetch(&["a\t@/a"], &["--retries", "0"]).failed();
    assert!(words.contains("1 attempts failed, the last one: cut off after 70000"), "{words}");
    assert_eq!(bench.names(), ["a.part", "a.part.json"]);
    bench.fetch(&["a\t@/a"], &["--retries", "0"]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
    assert_eq!(bench.names(), ["a", "fetch.lock"]);
    assert_eq!(bench.server.requests()[1].range_start(), Some(70_000));
}

#[test]
fn dates_tell_versions_where_there_are_no_tags() {
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    let body = letters(SIZE, 1);
    let bench = Bench::new(Server::start(move |request| match request.range_start() {
        Some(start) if request.header("if-range") == Some(DATE) => Reply::rest(start, &body),
        _ => Reply::whole(&body).with("Last-Modified", DATE).with("ETag", "W/\"weak\"").cut(5000),
    }));
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
}

#[test]
fn a_server_without_ranges_sends_it_whole_again() {
    let body = letters(SIZE, 1);
    let bench = Bench::new(Server::start(move |request| {
        let reply = Reply::whole(&body).with("ETag", "\"v1\"");
        if request.earlier == 0 { reply.cut(70_000) } else { reply }
    }));
    bench.fetch(&[&line(&letters(SIZE, 1))], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
    assert_eq!(bench.server.requests().len(), 2);
}

#[test]
fn a_file_that_changed_meanwhile_is_begun_anew() {
    let bench = Bench::new(Server::start(|request| match request.earlier {
        0 => Reply::ranged(request, &letters(SIZE, 1), "\"v1\"").cut(70_000),
        _ => Reply::ranged(request, &letters(SIZE, 2), "\"v2\""),
    }));
    bench.fetch(&["a\t@/a"], &["--retries", "0"]).failed();
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 2));
}

#[test]
fn the_rest_of_another_version_is_not_taken() {
    // This server does not heed If-Range, but its tag tells.
    let bench = Bench::new(Server::start(|request| match (request.earlier, request.range_start()) {
        (0, _) => Reply::whole(&letters(SIZE, 1)).with("ETag", "\"v1\"").cut(70_000),
        (_, Some(start)) => Reply::rest(start, &letters(SIZE, 2)).with("ETag", "\"v2\""),
        (_, None) => Reply::whole(&letters(SIZE, 2)).with("ETag", "\"v2\""),
    }));
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 2));
}

#[test]
fn the_rest_of_another_date_is_not_taken() {
    let (first, second) = ("Mon, 02 Nov 2026 10:00:00 GMT", "Tue, 03 Nov 2026 10:00:00 GMT");
    let bench = Bench::new(Server::start(move |request| match (request.earlier, request.range_start()) {
        (0, _) => Reply::whole(&letters(SIZE, 1)).with("Last-Modified", first).cut(70_000),
        (_, Some(start)) => Reply::rest(start, &letters(SIZE, 2)).with("Last-Modified", second),
        (_, None) => Reply::whole(&letters(SIZE, 2)).with("Last-Modified", second),
    }));
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 2));
}

#[test]
fn without_tag_or_checksum_it_is_begun_anew() {
    let body = letters(SIZE, 1);
    let bench = Bench::new(Server::start(move |request| {
        let reply = Reply::whole(&body);
        if request.earlier == 0 { reply.cut(70_000) } else { reply }
    }));
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
    assert_eq!(bench.server.requests()[1].range_start(), None);
}

#[test]
fn pieces_that_do_not_belong_together_are_fetched_anew() {
    // No tag: the pieces are of two versions, which only the checksum tells.
    let bench = Bench::new(Server::start(|request| match (request.earlier, request.range_start()) {
        (0, _) => Reply::whole(&letters(SIZE, 1)).cut(70_000),
        (_, Some(start)) => Reply::rest(start, &letters(SIZE, 2)),
        (_, None) => Reply::whole(&letters(SIZE, 2)),
    }));
    let words = bench.fetch(&[&line(&letters(SIZE, 2))], &[]).succeeded();
    assert!(words.contains("came in pieces and is fetched anew"), "{words}");
    assert_eq!(bench.content("a"), letters(SIZE, 2));
    assert_eq!(bench.server.requests().len(), 3);
}

#[test]
fn a_whole_partial_file_is_only_verified() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"unasked")));
    bench.put("a.part", b"abc");
    bench.fetch(&[&format!("a\t@/a\t{}\t-\t3", sha256(b"abc"))], &[]).succeeded();
    assert_eq!(bench.content("a"), b"abc");
    assert_eq!(bench.server.requests().len(), 0);
}

#[test]
fn a_range_that_cannot_be_is_no_dead_end() {
    let body = letters(SIZE, 1);
    let bench = Bench::new(Server::start(move |request| Reply::ranged(request, &body, "\"v1\"")));
    // More than the file has: another file's beginning.
    bench.put("a.part", &letters(SIZE + 5, 3));
    bench.fetch(&[&line(&letters(SIZE, 1))], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
}

#[test]
fn a_silent_server_is_asked_again() {
    let body = letters(SIZE, 1);
    let bench = Bench::new(Server::start(move |request| {
        let reply = Reply::ranged(request, &body, "\"v1\"");
        if request.earlier == 0 { reply.stalled(70_000) } else { reply }
    }));
    bench.fetch(&["a\t@/a"], &["--timeout", "2"]).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
    assert_eq!(bench.server.requests().last().unwrap().range_start(), Some(70_000));
}

#[test]
fn an_interrupted_run_leaves_what_the_next_one_resumes() {
    let body = letters(SIZE, 1);
    let bench = Bench::new(Server::start(move |request| {
        let reply = Reply::ranged(request, &body, "\"v1\"");
        if request.earlier == 0 { reply.stalled(70_000) } else { reply }
    }));
    let mut child = bench.command(&["a\t@/a"], &[]).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let arrived = || std::fs::metadata(bench.path("a.part")).map_or(0, |metadata| metadata.len());
    while arrived() < 70_000 {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("nothing arrives");
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    // While it runs nobody else writes there.
    let words = bench.fetch(&["a\t@/a"], &[]).failed();
    assert!(words.contains("another fetch writes there"), "{words}");

    // Not SIGINT: a shell lets what it runs in the background ignore that.
    let interrupt = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), None, "ended by the signal");
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert_eq!(bench.names(), ["a.part", "a.part.json"], "{words}");
    Ended(bench.command(&["a\t@/a"], &[]).output().unwrap()).succeeded();
    assert_eq!(bench.content("a"), letters(SIZE, 1));
    assert_eq!(bench.server.requests()[1].range_start(), Some(70_000));
}
