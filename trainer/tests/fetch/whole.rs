//! Files that come in one piece, or need not come.

use crate::harness::{Bench, letters, sha256};
use crate::server::{Reply, Server};

#[test]
fn files_come_verified_and_nothing_else_is_left() {
    let bench = Bench::new(Server::start(|request| match request.path.as_str() {
        "/a" => Reply::whole(b"abc"),
        "/b" => Reply::whole(&letters(300_000, 1)),
        _ => Reply::whole(b""),
    }));
    let b = format!("peaks/deep/b.bed\t@/b\t{}", sha256(&letters(300_000, 1)));
    let a = "a.txt\t@/a\t-\t900150983cd24fb0d6963f7d28e17f72\t3";
    let words = bench.fetch(&[a, &b, "empty\t@/empty"], &[]).succeeded();
    assert_eq!(bench.content("a.txt"), b"abc");
    assert_eq!(bench.content("peaks/deep/b.bed"), letters(300_000, 1));
    assert_eq!(bench.content("empty"), b"");
    assert_eq!(bench.names(), ["a.txt", "empty", "fetch.lock", "peaks"]);
    assert_eq!(std::fs::read_dir(bench.path("peaks/deep")).unwrap().count(), 1);
    assert!(words.contains("3 files: 3 fetched"), "{words}");
    assert!(words.contains("a.txt: fetched, 3 B, verified"), "{words}");
    let asked = bench.server.requests();
    assert!(asked.iter().all(|request| request.header("accept-encoding") == Some("identity")), "{asked:?}");
}

#[test]
fn what_is_there_and_verifies_is_left() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    bench.put("a", b"abc");
    let line = format!("a\t@/a\t{}", sha256(b"abc"));
    let words = bench.fetch(&[&line], &[]).succeeded();
    assert!(words.contains("a: there already"), "{words}");
    assert_eq!(bench.server.requests().len(), 0);
}

#[test]
fn what_is_there_and_differs_is_replaced_only_by_the_right_one() {
    let bench = Bench::new(Server::start(|request| {
        Reply::whole(if request.earlier == 0 { b"wrong" } else { b"right" })
    }));
    bench.put("a", b"other");
    let line = format!("a\t@/a\t{}", sha256(b"right"));
    bench.fetch(&[&line], &[]).failed();
    assert_eq!(bench.content("a"), b"other");
    let words = bench.fetch(&[&line], &[]).succeeded();
    assert!(words.contains("a: there, but wrong sha256"), "{words}");
    assert_eq!(bench.content("a"), b"right");
}

#[test]
fn mirrors_lead_elsewhere_and_unused_ones_are_told() {
    let bench = Bench::new(Server::start(|request| Reply::whole(request.path.as_bytes())));
    let deeper = format!("https://data.example/files/={}/mirrored/", bench.server.address());
    let lines = ["a\t@/files/a", "b\t@/other/b"];
    let options = ["--mirror", &deeper, "--mirror", "https://nobody.example/=https://e.org/"];
    let words = bench.fetch(&lines, &options).succeeded();
    assert_eq!(bench.content("a"), b"/mirrored/a");
    assert_eq!(bench.content("b"), b"/other/b");
    assert!(words.contains("note: --mirror https://nobody.example/: no address"), "{words}");
}

#[test]
fn redirections_are_followed_and_keep_the_range() {
    let body = letters(5000, 2);
    let bench = Bench::new(Server::start(move |request| match (request.path.as_str(), request.earlier) {
        ("/a", _) => Reply::new("307 Temporary Redirect", b"").with("Location", "/stored"),
        (_, 0) => Reply::ranged(request, &body, "\"v1\"").cut(1000),
        _ => Reply::ranged(request, &body, "\"v1\""),
    }));
    bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), letters(5000, 2));
    assert_eq!(bench.server.requests().last().unwrap().range_start(), Some(1000));
}

#[test]
fn a_dry_run_lists_and_touches_nothing() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    let words = bench.fetch(&["a\t@/a\t-\t-\t12345", "b\t@/b"], &["--dry-run"]).succeeded();
    assert!(words.contains("12345"), "{words}");
    assert!(words.contains("to fetch: 2 of 2 files, 12345 bytes"), "{words}");
    assert!(words.contains("and 1 of unknown size"), "{words}");
    assert!(words.contains(&format!("{}/a", bench.server.address())), "{words}");
    assert!(!bench.out().exists());
    assert_eq!(bench.server.requests().len(), 0);
}

#[test]
fn a_part_of_the_manifest_is_fetched() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    let lines = ["peaks/a\t@/a", "peaks/b\t@/b", "genome\t@/g"];
    bench.fetch(&lines, &["--only", "peaks/b", "--only", "gen"]).succeeded();
    assert_eq!(bench.names(), ["fetch.lock", "genome", "peaks"]);
    assert!(!bench.path("peaks/a").exists());
    let words = bench.fetch(&lines, &["--only", "x"]).failed();
    assert!(words.contains("--only x: no name"), "{words}");
}

#[test]
fn gzip_files_come_as_they_are_stored() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"\x1f\x8b\x08").with("Content-Encoding", "gzip")));
    let words = bench.fetch(&["a.gz\t@/a", "b.bed\t@/b"], &[]).failed();
    assert_eq!(bench.content("a.gz"), b"\x1f\x8b\x08");
    assert!(words.contains("b.bed: failed: the server sends it compressed (gzip)"), "{words}");
}
