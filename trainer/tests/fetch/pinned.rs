//! Files without a checksum: recorded the first time, verified ever after.

use crate::harness::{Bench, sha256};
use crate::server::{Reply, Server};

#[test]
fn the_first_run_records_and_later_ones_verify() {
    let bench = Bench::new(Server::start(|request| {
        Reply::whole(if request.earlier == 0 { b"first" } else { b"other" })
    }));
    let words = bench.fetch(&["a\t@/a"], &[]).succeeded();
    let digest = sha256(b"first");
    assert!(words.contains(&format!("a: fetched, 5 B, sha256 {digest}, not known before")), "{words}");
    let lock = String::from_utf8(bench.content("fetch.lock")).unwrap();
    assert!(lock.contains(&format!("a\thttps://data.example/a\t{digest}\t5\n")), "{lock}");

    let words = bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert!(words.contains("a: there already, 5 B, verified"), "{words}");

    // The file is gone and its source has changed.
    std::fs::remove_file(bench.path("a")).unwrap();
    let words = bench.fetch(&["a\t@/a"], &[]).failed();
    let other = sha256(b"other");
    assert!(
        words.contains(&format!("wrong sha256: expected {digest} by fetch.lock, found {other}")),
        "{words}"
    );
    assert!(words.contains("remove the line from fetch.lock"), "{words}");
    assert!(!bench.path("a").exists());
}

#[test]
fn another_address_is_another_file() {
    let bench = Bench::new(Server::start(|request| {
        Reply::whole(if request.path == "/a" { b"first" } else { b"other" })
    }));
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    bench.fetch(&["a\t@/b"], &[]).succeeded();
    assert_eq!(bench.content("a"), b"other");
    let lock = String::from_utf8(bench.content("fetch.lock")).unwrap();
    assert!(lock.contains(&format!("a\thttps://data.example/b\t{}\t5\n", sha256(b"other"))), "{lock}");
}

#[test]
fn a_lock_file_is_a_manifest() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    bench.fetch(&["peaks/a\t@/a", "b\t@/b"], &[]).succeeded();
    let lock = String::from_utf8(bench.content("fetch.lock")).unwrap();
    let elsewhere =
        Bench::new(Server::start(|request| Reply::whole(if request.path == "/a" { b"abc" } else { b"abd" })));
    let mut command = elsewhere.command(&[], &["--locked"]);
    let manifest = elsewhere.out().with_file_name("manifest.tsv");
    std::fs::write(manifest, lock).unwrap();
    let ended = crate::harness::Ended(command.output().unwrap());
    let words = ended.failed();
    assert!(words.contains("peaks/a: fetched, 3 B, verified"), "{words}");
    assert!(words.contains("b: failed: wrong sha256"), "{words}");
}

#[test]
fn locked_fetches_nothing_unknown() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    let known = format!("b\t@/b\t{}", sha256(b"abc"));
    let words = bench.fetch(&["a\t@/a", &known], &["--locked"]).failed();
    assert!(words.contains("a: failed: neither the manifest nor fetch.lock has a checksum of it"), "{words}");
    assert_eq!(bench.names(), ["b", "fetch.lock"]);
}
