//! Peaks that no model can be made of: said so, and nothing is written for them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};

use polaris_tests::{HarnessError, Pipeline, Program, names, text};

struct Place {
    folder: tempfile::TempDir,
    out: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("prepared");
        Self { folder, out }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn table(&self, pipeline: &Pipeline, table: &str) -> Result<Program, HarnessError> {
        let peaks = self.file("peaks.tsv", &format!("rbp\tcell_line\tpath\n{table}"));
        let program = Program::trainer(&["prepare", "--length", "151", "--peaks"])?.arg(peaks);
        Ok(program.arg("--reference").arg(pipeline.reference()).arg("--out").arg(&self.out))
    }
}

fn simulated_peaks(pipeline: &Pipeline) -> PathBuf {
    pipeline.simulated().join("peaks/QKI.K562.bed.gz")
}

#[test]
fn tables() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let good = simulated_peaks(&pipeline).display().to_string();
    let cases: [(String, &[&str]); 5] = [
        (
            format!("QKI\tHeLa\t{good}\n"),
            &["QKI.HeLa", "no expression table of cell line HeLa", "HepG2, K562", "--no-expression"],
        ),
        ("QKI\tK562\n".to_owned(), &["peaks.tsv:2: 2 columns", "`path`"]),
        (format!("Q KI\tK562\t{good}\n"), &["peaks.tsv:2:rbp: `Q KI`"]),
        (format!("QKI\tK562\t{good}\nQKI\tK562\t{good}\n"), &["peaks.tsv:3:rbp", "line 2 already"]),
        (String::new(), &["peaks.tsv: no peak files are named"]),
    ];
    for (table, parts) in cases {
        place.table(&pipeline, &table)?.run()?.refused(1, parts);
        assert!(!place.out.exists(), "{table}");
    }
    Ok(())
}

#[test]
fn an_unknown_cell_line_without_expression() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let table = format!("QKI\tHeLa\t{}\n", simulated_peaks(&pipeline).display());
    place.table(&pipeline, &table)?.args(&["--no-expression"]).run()?.succeeded();
    let train = |without: &[&str]| -> Result<Program, HarnessError> {
        let program = Program::trainer(&["train", "--folds", "1", "--splits", "chromosome", "--prepared"])?;
        let program = program.arg(&place.out).arg("--reference").arg(pipeline.reference());
        let program = program.arg("--registry").arg(place.folder.path().join("registry"));
        Ok(program.arg("--recipe").arg(pipeline.recipe_file()).args(&["--background", "0"]).args(without))
    };
    let parts = ["windows.bed", "no expression value", "--without expression"];
    train(&[])?.run()?.refused(1, &parts);
    train(&["--without", "expression"])?.run()?.succeeded();
    assert_eq!(names(&place.folder.path().join("registry"))?, ["QKI.HeLa"]);
    Ok(())
}

#[test]
fn peak_files() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let good = text(&simulated_peaks(&pipeline))?;
    let lines: Vec<&str> = good.lines().collect();
    let elsewhere = good.replace("chr", "contig");
    let few = lines[..12].join("\n");
    let spaces = good.replacen('\t', " ", 60);
    let broken = good.replacen(lines[4], &lines[4].replacen('\t', "\tx", 1), 1);
    let cases: [(&str, &str, Vec<&str>); 6] = [
        ("elsewhere.bed", &elsewhere, vec!["skipped: 0 positive windows", "unknown contig"]),
        ("few.bed", &few, vec!["skipped: 1", "positive windows, --min-positives is 20"]),
        ("empty.bed", "", vec!["empty.bed: no peaks"]),
        ("spaces.bed", &spaces, vec!["spaces.bed:1"]),
        ("broken.bed", &broken, vec!["broken.bed:5:"]),
        ("missing.bed", "", vec!["missing.bed: No such file"]),
    ];
    for (name, content, parts) in &cases {
        let path = place.file(name, content);
        if *name == "missing.bed" {
            std::fs::remove_file(&path).unwrap();
        }
        let parts: Vec<&str> = parts.iter().copied().chain(["QKI.K562"]).collect();
        place.table(&pipeline, &format!("QKI\tK562\t{name}\n"))?.run()?.refused(1, &parts);
        assert!(nothing_in(&place.out)?, "{name}");
    }
    Ok(())
}

#[test]
fn the_others_are_still_made() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let peaks = simulated_peaks(&pipeline);
    let few: String = text(&peaks)?.split_inclusive('\n').take(12).collect();
    place.file("few.bed", &few);
    let good = format!("QKI\tK562\t{}\n", peaks.display());
    let skipped = place.table(&pipeline, &format!("PUM2\tK562\tfew.bed\n{good}"))?.run()?.succeeded();
    let line = skipped.stdout.lines().find(|line| line.starts_with("PUM2.K562")).unwrap();
    assert!(line.contains("skipped: 1"), "{line}");
    assert_eq!(names(&place.out)?, ["QKI.K562"]);

    let failed = place.table(&pipeline, &format!("PUM2\tK562\tmissing.bed\n{good}"))?.run()?;
    failed.refused(1, &["error: PUM2.K562: ", "missing.bed", "1 of 2 models failed"]);
    assert_eq!(names(&place.out)?, ["QKI.K562"]);
    assert_eq!(names(&place.out.join("QKI.K562"))?, ["prepare.json", "windows.bed"]);
    Ok(())
}

/// Neither a model's folder nor a temporary file.
fn nothing_in(folder: &Path) -> Result<bool, HarnessError> {
    Ok(!folder.exists() || names(folder)?.is_empty())
}
