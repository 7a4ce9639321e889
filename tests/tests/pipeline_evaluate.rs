//! `evaluate` counts every row of the truth.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use polaris_tests::{Exit, HarnessError, Pipeline, Program, rows, text};

/// Alleles and alleles not scored of a line of the table; `section` 0 is all variants, 1 those on unseen contigs.
fn counts(report: &str, section: usize, title: &str) -> (usize, usize) {
    let mut lines = report.lines().filter(|line| line.trim_start().starts_with(title));
    let line = lines.nth(section).unwrap();
    let mut numbers = line.trim_start()[title.len()..].split_whitespace().map(|word| word.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn evaluate(pipeline: &Pipeline, scores: &std::path::Path) -> Result<Exit, HarnessError> {
    let program = Program::trainer(&["evaluate", "--truth"])?.arg(pipeline.simulated().join("truth.tsv"));
    program.arg("--scores").arg(scores).arg("--registry").arg(pipeline.registry()).run()
}

#[test]
fn counts_add_up() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let scores = folder.path().join("scores.tsv.gz");
    let score = pipeline.score(&pipeline.variants(), &folder.path().join("out.vcf"))?;
    score.arg("--tsv").arg(&scores).run()?.succeeded();
    let report = evaluate(&pipeline, &scores)?.succeeded().stdout;

    let truth = text(&pipeline.simulated().join("truth.tsv"))?;
    let truth = rows(&truth).split_off(1);
    assert!(truth.len() >= 60);
    let registry = pipeline.open_registry()?;
    let mut total = 0;
    for (title, effect) in [("breaks a motif", "break"), ("makes a motif", "make"), ("neutral", "neutral")] {
        let of_effect: Vec<_> = truth.iter().filter(|row| row[7] == effect).collect();
        let model = |row: &[&str]| format!("{}.{}", row[5], row[6]);
        let other = of_effect.iter().filter(|row| !Pipeline::MODELS.contains(&model(row).as_str())).count();
        assert_eq!(counts(&report, 0, title), (of_effect.len(), other), "{report}");
        total += of_effect.len();
        let unseen = of_effect.iter().filter(|row| {
            let manifest = registry.manifest(&model(row).parse().unwrap());
            manifest.is_ok_and(|manifest| manifest.training.held_out_contigs.iter().any(|c| c == row[1]))
        });
        assert_eq!(counts(&report, 1, title), (unseen.count(), 0), "{report}");
    }
    assert_eq!(total, truth.len());
    Ok(())
}

#[test]
fn a_table_of_other_variants_is_refused() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let scores = folder.path().join("scores.tsv");
    std::fs::write(&scores, "contig\tposition\nchr1\t7\n").unwrap();
    let name = format!("{}:1", scores.display());
    evaluate(&pipeline, &scores)?.refused(1, &[&name, "header", "position1"]);
    evaluate(&pipeline, &folder.path().join("missing"))?.refused(1, &["missing"]);

    let header = folder.path().join("header.vcf");
    let text = text(&pipeline.variants())?;
    let lines: String = text.split_inclusive('\n').filter(|line| line.starts_with('#')).collect();
    std::fs::write(&header, lines).unwrap();
    let score = pipeline.score(&header, &folder.path().join("out.vcf"))?;
    score.arg("--tsv").arg(&scores).run()?.succeeded();
    evaluate(&pipeline, &scores)?.refused(1, &["none of the", "has a score"]);
    Ok(())
}
