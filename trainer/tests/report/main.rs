//! `report`: the page in a real browser, and what it is made of.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod browser;
mod fixture;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fixture::{MODELS, results};

/// Runs `report` over `results` into `<folder>/report.html`.
fn report(folder: &Path, results: &[&Path]) -> Output {
    let mut trainer = Command::new(env!("CARGO_BIN_EXE_polaris-trainer"));
    trainer.arg("report").args(results).arg("--out").arg(folder.join("report.html"));
    trainer.output().unwrap()
}

fn page(folder: &Path) -> String {
    let output = report(folder, &[&folder.join("results")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(folder.join("report.html")).unwrap()
}

#[test]
fn every_figure_is_there_fits_and_can_be_filtered() {
    let folder = tempfile::tempdir().unwrap();
    results(&folder.path().join("results"));
    let page = page(folder.path());
    let Some(found) = browser::inspect(folder.path(), &page) else { return };
    for width in ["1280", "390"] {
        let of = &found[width];
        assert_eq!(of["figures"], 11, "{width}: {of}");
        assert_eq!(of["problems"].as_array().unwrap().len(), 0, "{width}: {:#}", of["problems"]);
        assert!(of["texts"].as_u64().unwrap() > 100, "{width}: {of}");
    }
    let filter = &found["filter"];
    // The lines of one model: five folding windows, four methods, four sizes, and one in each of seven other tables.
    assert_eq!(filter["rows"], 20, "{filter}");
    assert_eq!(filter["wrong_rows"], 0, "{filter}");
    assert_eq!(filter["wrong_marks"], 0, "{filter}");
    let said = filter["said"].as_str().unwrap();
    assert!(said.starts_with(&format!("1 of {} models", MODELS.len())), "{said}");
    assert_eq!(found["sorted"], true, "{found}");
    assert_eq!(found["restored"], true, "{found}");
}

#[test]
fn the_page_is_whole_without_network_and_script_and_names_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    results(&folder.path().join("results"));
    let page = page(folder.path());
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("@import"), "fetches");
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && !page.contains("<img"), "not escaped");
    // Without script the tables are there, and the form that needs it is not.
    assert!(page.contains("<form hidden") && page.matches("<table>").count() == 11, "{}", page.len());
    let csv = fs::read_to_string(folder.path().join("report.csv")).unwrap();
    for figure in ["auroc", "peaks", "cross-cell", "ablation", "methods", "structure", "learning-curve"] {
        assert!(csv.lines().any(|line| line.starts_with(&format!("{figure},"))), "{figure} is missing");
    }
    assert!(
        csv.contains("cross-cell,1,QKI,HepG2,QKI; K562; HepG2,cross-cell AUROC,0.875,0.8125,0.9375\n"),
        "{csv}"
    );
}

#[test]
fn what_is_missing_says_which_command_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    fs::create_dir(&results).unwrap();
    fs::write(results.join("notes.json"), "{\"kind\": \"shopping\"}").unwrap();
    let refused = report(folder.path(), &[&results]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no results of any command"), "{refused:?}");
    assert!(!folder.path().join("report.html").exists());
    let named = report(folder.path(), &[&results.join("notes.json")]);
    assert!(String::from_utf8_lossy(&named.stderr).contains("of no command whose results"), "{named:?}");

    fs::write(results.join("d.tsv"), "model\tdiffusion\teffective_bases\tmaps\nQKI.K562\t0.07\t300\t9\n")
        .unwrap();
    let page = page(folder.path());
    assert_eq!(page.matches("class=\"missing\"").count(), 10);
    for command in ["train", "cross-cell", "ablation", "compare", "learning-curve", "motifs", "assess"] {
        assert!(page.contains(&format!("polaris-trainer {command} ")), "{command}");
    }
}
