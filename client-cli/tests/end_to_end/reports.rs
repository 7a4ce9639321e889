//! Accounts of a run: what was skipped, counts that add up, and ends with exit codes of their own.

use std::path::Path;

use crate::bundle::{Bundle, vcf};
use crate::fake_server::{Behavior, Failure, Running};
use crate::program::{Ended, info, outputs, records, run, score, text};

/// Asserts a code and words.
fn ended(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    for word in words {
        assert!(ended.stderr.contains(word), "no `{word}` in: {}", ended.stderr);
    }
}

/// `good` substitutions that agree with the reference and then `bad` ones that do not.
fn some(bundle: &Bundle, good: usize, bad: usize) -> String {
    let mut rows: Vec<String> = (1200..).take(good).map(|at1| bundle.substitution("chr1", at1)).collect();
    rows.extend(
        (3200..).take(bad).map(|at1| {
            format!("chr1\t{at1}\t.\t{}\t{}", bundle.other("chr1", at1), bundle.base("chr1", at1))
        }),
    );
    vcf(&rows)
}

#[test]
fn skipped_alleles_are_listed_and_counted() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let rows = [
        format!("{},<DEL>,*", bundle.substitution("chr1", 1700)),
        bundle.substitution("chr2", 500),
        bundle.substitution("chr1", 1800),
    ];
    let input = bundle.file("sample.vcf", vcf(&rows));
    let place = |name: &str| bundle.folder().join(name);
    let mut command = score(&input, &bundle.directory(), &server.url, &place("out.vcf"));
    command.arg("--skipped").arg(place("skipped.tsv")).arg("--stats").arg(place("run_mqc.json"));
    command.arg("--html").arg(place("run.html")).arg("--table").arg(place("all.jsonl"));
    run(&mut command).succeeded();
    let skipped = text(&place("skipped.tsv"));
    let reasons: Vec<(&str, &str)> = skipped
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[4], columns[6])
        })
        .collect();
    let other = bundle.other("chr2", 500);
    assert_eq!(reasons, [("<DEL>", "symbolic"), ("*", "spanning_deletion"), (other, "no_transcript")]);
    let stats: serde_json::Value = serde_json::from_str(&text(&place("run_mqc.json"))).unwrap();
    let bars = stats["data"]["sample"].as_object().unwrap();
    let sum: u64 = bars.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!((sum, stats["polaris"]["alleles"].as_u64().unwrap()), (5, 5));
    assert_eq!(stats["polaris"]["scored"], 2);
    let page = text(&place("run.html"));
    assert!(page.contains("3 records, 5 alternate alleles: 2 scored, 3 skipped"), "{page}");
    assert!(page.contains("<td>chr1_1800</td>") && page.contains("<td>FORWARD</td>"));
    assert_eq!(text(&place("all.jsonl")).lines().count(), 5);
    let header = text(&place("out.vcf"));
    for line in ["model_digest=sha256:", "assembly=test-1", "reference_digest=sha256:", "device=not told"] {
        assert!(header.contains(&format!("\n##POLARIS_{line}")), "{line}");
    }
}

#[test]
fn too_many_skipped_have_a_code_of_their_own() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", some(&bundle, 8, 2));
    let output = bundle.folder().join("out.vcf");
    let limited = |limit: &str| {
        run(score(&input, &bundle.directory(), &server.url, &output).args(["--max-skipped", limit]))
    };
    ended(&limited("2"), 0, &[]);
    ended(&limited("20%"), 0, &[]);
    std::fs::remove_file(&output).unwrap();
    ended(&limited("19%"), 3, &["2 of 10 alleles were skipped, --max-skipped allows 19%"]);
    assert_eq!(records(&text(&output)).len(), 10);
    ended(&limited("1"), 3, &["--max-skipped allows 1"]);
}

#[test]
fn another_build_is_asked_about_before_anything_is_scored() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let output = bundle.folder().join("out.vcf.gz");
    let mismatched = bundle.file("in.vcf", some(&bundle, 0, 400));
    let command = |input: &Path| score(input, &bundle.directory(), &server.url, &output);
    ended(
        &run(&mut command(&mismatched)),
        4,
        &["wrong build? 100 of the first 100 alleles", "test-1", "hg19"],
    );
    assert!(outputs(bundle.folder()).is_empty());
    assert_eq!(server.answered(), 0);
    run(command(&mismatched).args(["--ref-mismatch", "skip"])).succeeded();
    // A few are named.
    let few = bundle.file("in.vcf", some(&bundle, 300, 12));
    let said = run(&mut command(&few)).succeeded().stderr;
    let base = bundle.base("chr1", 3200);
    assert!(
        said.contains(&format!(
            "line 306: chr1:3200: REF is {}, the reference has {base}",
            bundle.other("chr1", 3200)
        )),
        "{said}"
    );
    assert_eq!(said.matches("the reference has").count(), 10, "{said}");
    assert!(said.contains("further REF mismatches are counted and not named"), "{said}");
    run(command(&few).args(["--ref-mismatch", "error"])).failed(&["line 306: chr1:3200: REF is"]);
}

#[test]
fn chosen_models_have_fields_of_their_own() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", vcf(&[format!("{},<DEL>", bundle.substitution("chr1", 2700))]));
    let output = bundle.folder().join("out.vcf");
    let table = bundle.folder().join("out.tsv");
    let mut command = score(&input, &bundle.directory(), &server.url, &output);
    command.args(["--models", "*.K562,TARDBP.*", "--table-layout", "wide", "--table"]).arg(&table);
    run(&mut command).succeeded();
    let record = &records(&text(&output))[0];
    let deltas: Vec<f32> = ["QKI.K562", "TARDBP.HepG2"]
        .map(|model| info(record, &format!("POLARIS_DELTA_{model}"))[0].parse().unwrap())
        .to_vec();
    let model = &info(record, "POLARIS_MODEL")[0];
    let largest = info(record, &format!("POLARIS_DELTA_{model}"));
    assert_eq!(info(record, "POLARIS_DELTA"), largest);
    assert_eq!(largest[1], ".");
    let size = largest[0].parse::<f32>().unwrap().abs();
    assert!(deltas.iter().all(|delta| delta.abs() <= size));
    let wide = text(&table);
    let lines: Vec<Vec<&str>> = wide.lines().map(|line| line.split('\t').collect()).collect();
    assert!(lines.len() == 4 && lines.iter().all(|line| line.len() == 23), "{wide}");
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_would_be() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let text = some(&bundle, 90, 3)
        + &format!("{}\t.\t.\t.\n", bundle.substitution("chr1", 1700).replace("chr1\t", "chrUn\t"));
    let input = bundle.file("in.vcf", text);
    let output = bundle.folder().join("out.vcf");
    let ended = run(score(&input, &bundle.directory(), &server.url, &output).arg("--dry-run")).succeeded();
    let said = String::from_utf8(ended.stdout).unwrap();
    for words in [
        "94 records, 94 alleles: 90 would be scored, 4 skipped",
        "skipped, ref_mismatch: 3",
        "chrUn: 1 records, which the reference does not have",
        "REF agrees with the reference for 90 of 93 alleles",
        "one server would take about",
    ] {
        assert!(said.contains(words), "no `{words}` in: {said}");
    }
    assert!(outputs(bundle.folder()).is_empty());
}

#[test]
fn left_alignment_can_be_left_away() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // A base that the next one repeats: deleting either is the same change.
    let twice = (1200..1900).find(|&at1| bundle.base("chr1", at1) == bundle.base("chr1", at1 + 1)).unwrap();
    let base = |at1| bundle.base("chr1", at1);
    let rows = [
        format!("chr1\t{}\ta\t{}{}\t{}", twice - 1, base(twice - 1), base(twice), base(twice - 1)),
        // Padded behind instead of before.
        format!("chr1\t{}\tb\t{}{}\t{}", twice + 1, base(twice + 1), base(twice + 2), base(twice + 2)),
    ];
    let input = bundle.file("in.vcf", vcf(&rows));
    let output = bundle.folder().join("out.vcf");
    let scored = |switch: &str| {
        run(score(&input, &bundle.directory(), &server.url, &output).args(["--normalize", switch]))
            .succeeded();
        let records = records(&text(&output));
        (records[0][7].clone(), records[1][7].clone(), records[1][..5].join("\t"))
    };
    let (first, second, record) = scored("on");
    assert_eq!(first, second);
    assert_eq!(record, rows[1]);
    let (first, second, record) = scored("off");
    assert_ne!(first, second);
    assert_eq!(record, rows[1]);
}

/// The page as a browser has it when its script has run; none where there is no browser.
fn in_browser(page: &Path, profile: &Path) -> Option<String> {
    let mut browser = std::process::Command::new("chromium");
    browser.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--dump-dom",
    ]);
    browser.arg(format!("--user-data-dir={}", profile.display())).arg(format!("file://{}", page.display()));
    let Ok(ended) = browser.output() else {
        eprintln!("skipped: there is no chromium to look at the page with");
        return None;
    };
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    Some(String::from_utf8(ended.stdout).unwrap())
}

#[test]
fn the_page_shows_maps_of_the_largest_changes() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // On one strand, on both, a deletion, and an allele of which the list has but the beginning.
    let long = bundle.sequence("chr1", 1399, 62);
    let rows = [
        bundle.substitution("chr1", 1300),
        bundle.substitution("chr1", 2700),
        format!("chr1\t1350\tdeletion\t{}\t{}", bundle.sequence("chr1", 1349, 4), bundle.base("chr1", 1350)),
        format!("chr1\t1400\tlong\t{long}\t{}", &long[..1]),
    ];
    let input = bundle.file("in.vcf", vcf(&rows));
    let page = bundle.folder().join("out.html");
    let command = |url: &str| {
        let mut command = score(&input, &bundle.directory(), url, &bundle.folder().join("out.vcf"));
        command.arg("--html").arg(&page);
        command
    };
    run(&mut command(&server.url)).succeeded();
    let whole = text(&page);
    assert_eq!(whole.matches("<figure id=\"map").count(), 3, "{whole}");
    assert_eq!(whole.matches("<a href=\"#map").count(), 3);
    for panel in ["reference", "alternate", "difference"] {
        assert!(whole.matches(&format!(">{panel}</text>")).count() >= 3, "{panel}");
    }
    // Small enough for a page with many, and nothing is fetched from elsewhere.
    assert!(whole.len() < 3 * 100_000, "{} bytes", whole.len());
    assert!(!whole.contains("src=") && !whole.contains("href=\"http"));
    if let Some(shown) = in_browser(&page, &bundle.folder().join("profile")) {
        assert!(shown.contains("<span id=\"shown\">4 of 4</span>"), "{shown}");
        assert_eq!(shown.matches("<svg").count(), 3);
    }
    run(command(&server.url).args(["--html-maps", "1"])).succeeded();
    assert_eq!(text(&page).matches("<figure id=\"map").count(), 1);
    run(command(&server.url).args(["--html-maps", "0"])).succeeded();
    assert!(!text(&page).contains("<figure"));
    // A server that makes none costs the page its maps and nothing else.
    let without = Running::start(Behavior { after: Some((1, Failure::Internal)), ..Behavior::default() });
    let ended = run(&mut command(&without.url)).succeeded();
    assert!(ended.stderr.contains("the page is without maps") && ended.stderr.contains("a task has failed"));
    assert!(!text(&page).contains("<figure") && text(&page).contains("<td>chr1_1300</td>"));
}
