//! What goes wrong, and what is said about it.

use crate::harness::{Bench, sha256};
use crate::server::{Reply, Server};

#[test]
fn a_busy_server_is_asked_again() {
    let bench = Bench::new(Server::start(|request| match request.earlier {
        0 => Reply::new("503 Service Unavailable", b"later").with("Retry-After", "0"),
        1 => Reply::new("429 Too Many Requests", b"later"),
        _ => Reply::whole(b"abc"),
    }));
    let words = bench.fetch(&["a\t@/a"], &[]).succeeded();
    assert_eq!(bench.content("a"), b"abc");
    assert_eq!(bench.server.requests().len(), 3);
    assert!(words.contains("a: the server answers 503 Service Unavailable; trying again"), "{words}");
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let bench = Bench::new(Server::start(|_| Reply::new("502 Bad Gateway", b"")));
    let words = bench.fetch(&["a\t@/a"], &["--retries", "2"]).failed();
    assert!(words.contains("3 attempts failed, the last one: the server answers 502 Bad Gateway"), "{words}");
    assert_eq!(bench.server.requests().len(), 3);
    assert!(bench.names().is_empty(), "{:?}", bench.names());
}

#[test]
fn a_wait_of_a_day_is_not_waited() {
    let bench =
        Bench::new(Server::start(|_| Reply::new("429 Too Many Requests", b"").with("Retry-After", "86400")));
    let words = bench.fetch(&["a\t@/a"], &[]).failed();
    assert!(words.contains("the server asks to wait for 86400 s"), "{words}");
    assert_eq!(bench.server.requests().len(), 1);
}

#[test]
fn a_missing_file_fails_alone_and_at_once() {
    let bench = Bench::new(Server::start(|request| match request.path.as_str() {
        "/here" => Reply::whole(b"abc"),
        _ => Reply::new("404 Not Found", b"<html>not here</html>"),
    }));
    let words = bench.fetch(&["gone\t@/gone", "here\t@/here"], &["--jobs", "1"]).failed();
    assert!(words.contains("2 files: 1 fetched (3 B), 0 there already, 1 failed"), "{words}");
    let address = format!("address  {}/gone", bench.server.address());
    for part in
        ["gone\n    failure  the server answers 404 Not Found", &address, "remedy   check the address"]
    {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert_eq!(bench.names(), ["fetch.lock", "here"]);
    assert_eq!(bench.server.requests().len(), 2);
}

#[test]
fn a_wrong_checksum_is_told_and_the_file_removed() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abd")));
    let (right, wrong) = (sha256(b"abc"), sha256(b"abd"));
    let words = bench.fetch(&[&format!("a\t@/a\t{right}")], &[]).failed();
    assert!(words.contains(&format!("wrong sha256: expected {right}, found {wrong}")), "{words}");
    assert!(bench.names().is_empty(), "{:?}", bench.names());
    assert_eq!(bench.server.requests().len(), 1);
}

#[test]
fn a_wrong_size_is_told_before_anything_is_fetched() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"<html>")));
    let words = bench.fetch(&["a\t@/a\t-\t-\t873"], &[]).failed();
    assert!(words.contains("wrong size: expected 873 bytes, found 6"), "{words}");
    assert!(bench.names().is_empty(), "{:?}", bench.names());
}

#[test]
fn names_do_not_leave_the_folder() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    for name in ["../a", "a/../../b", "/tmp/a"] {
        let words = bench.fetch(&[&format!("{name}\t@/a")], &[]).failed();
        assert!(words.contains(&format!("manifest.tsv:2:name: `{name}`")), "{words}");
    }
    assert!(!bench.out().exists());
    assert_eq!(bench.server.requests().len(), 0);
}

#[test]
fn what_stands_in_the_way_is_named() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    bench.put("a", b"a file");
    bench.put("b/c", b"a folder");
    let words = bench.fetch(&["a/x\t@/x", "b\t@/b"], &[]).failed();
    assert!(words.contains("b: something else stands where the file or its folder belongs"), "{words}");
    assert!(words.contains("a/x: something else stands"), "{words}");
    assert_eq!(bench.names(), ["a", "b"]);

    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    std::fs::write(bench.out(), b"a file").unwrap();
    let words = bench.fetch(&["a\t@/a"], &[]).failed();
    assert!(words.contains("the folder cannot be made"), "{words}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let bench = Bench::new(Server::start(|_| Reply::whole(b"abc")));
    let lead = "https://data.example/=http://127.0.0.1:1/";
    let words = bench.fetch(&["a\t@/a"], &["--retries", "1", "--mirror", lead]).failed();
    assert!(words.contains("2 attempts failed, the last one: "), "{words}");
    assert!(words.contains("address  http://127.0.0.1:1/a"), "{words}");
}
