//! Scores are the same from a server of the client's own and from one that runs, and nothing is lost on the way.

use std::collections::{BTreeMap, BTreeSet};

use polaris_tests::{HarnessError, Pipeline, Program, Server, info, names, rows, text};

#[tokio::test(flavor = "multi_thread")]
async fn embedded_and_running_servers_agree() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let table = |program: Program, name: &str| program.arg("--tsv").arg(at(name));
    // All in one request: which windows share a batch, a matter of timing else, shows in the last digits.
    let whole = ["--batch-windows", "400"];
    let own = pipeline.score(&pipeline.variants(), &at("own.vcf.gz"))?.args(&whole);
    table(own, "own.tsv").run()?.succeeded();

    // With the threads of the client's own, for the same reason.
    let registry = pipeline.registry().display().to_string();
    let server = Server::with_arguments(&["serve", "--registry", &registry]).start().await?;
    let url = format!("unix:{}", server.socket().display());
    let running = |name: &str| -> Result<Program, HarnessError> {
        let program = Program::client(&["score", "--server", &url, "--reference"])?.arg(pipeline.reference());
        Ok(program.arg(pipeline.variants()).arg("-o").arg(at(name)))
    };
    table(running("running.vcf")?.args(&whole), "running.tsv.gz").run()?.succeeded();
    let small = running("small.vcf")?.args(&["--batch-windows", "7"]);
    table(small, "small.tsv").run()?.succeeded();

    let body = |name: &str| -> Result<Vec<String>, HarnessError> {
        let text = text(&at(name))?;
        Ok(text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
    };
    assert_eq!(body("own.vcf.gz")?, body("running.vcf")?);
    let own = text(&at("own.tsv"))?;
    assert_eq!(own, text(&at("running.tsv.gz"))?);
    // The size of requests is none of the result's business, but for rounding.
    let small = text(&at("small.tsv"))?;
    let (own, small) = (rows(&own).split_off(1), rows(&small).split_off(1));
    assert_eq!(own.len(), small.len());
    for (own, small) in own.iter().zip(&small) {
        assert_eq!(own[..11], small[..11]);
        for (left, right) in own[11..14].iter().zip(&small[11..14]) {
            let difference = left.parse::<f64>().unwrap() - right.parse::<f64>().unwrap();
            assert!(difference.abs() < 2e-6, "{own:?} {small:?}");
        }
    }
    let files = ["own.tsv", "own.vcf.gz", "running.tsv.gz", "running.vcf", "small.tsv", "small.vcf"];
    assert_eq!(names(folder.path())?, files);
    Ok(())
}

#[test]
fn every_record_comes_out_in_order() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.vcf.gz");
    pipeline.score(&pipeline.variants(), &output)?.run()?.succeeded();
    let (before, after) = (text(&pipeline.variants())?, text(&output)?);
    let (before_rows, after_rows) = (rows(&before), rows(&after));
    assert!(before_rows.len() > 50);
    assert_eq!(before_rows.len(), after_rows.len());
    for (before, after) in before_rows.iter().zip(&after_rows) {
        assert_eq!(before[..7], after[..7]);
        let alleles = after[4].split(',').count();
        for field in ["DELTA", "MODEL", "REF", "ALT", "STRAND", "QUANTILE", "SKIPPED"] {
            assert_eq!(info(after, &format!("POLARIS_{field}")).unwrap().len(), alleles, "{after:?}");
        }
    }
    let header = |text: &str| -> Vec<String> {
        let ours = |line: &str| line.contains("POLARIS_");
        text.lines().filter(|line| line.starts_with('#') && !ours(line)).map(str::to_owned).collect()
    };
    assert_eq!(header(&before), header(&after));
    Ok(())
}

/// Each allele has a row for each model and strand, and INFO shows the largest change among them.
#[test]
fn the_table_adds_up() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let (output, table) = (folder.path().join("out.vcf"), folder.path().join("out.tsv"));
    let exit = pipeline.score(&pipeline.variants(), &output)?.arg("--tsv").arg(&table).run()?.succeeded();
    let (output, table) = (text(&output)?, text(&table)?);
    let mut lines = rows(&table);
    let header = lines.remove(0);
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let number = |row: &[&str], name: &str| -> f64 { row[column(name)].parse().unwrap() };

    let mut by_allele: BTreeMap<(String, String), Vec<&Vec<&str>>> = BTreeMap::new();
    for row in &lines {
        assert_eq!((row.len(), row[column("skipped")]), (header.len(), "."));
        let (reference, alternate) = (number(row, "ref_probability"), number(row, "alt_probability"));
        assert!([reference, alternate].iter().all(|value| (0.0..=1.0).contains(value)), "{row:?}");
        assert!((alternate - reference - number(row, "delta")).abs() < 2e-6, "{row:?}");
        let logit = |p: f64| (p / (1.0 - p)).ln();
        assert!((logit(alternate) - logit(reference) - number(row, "logit_delta")).abs() < 1e-4, "{row:?}");
        assert!((0.0..=1.0).contains(&number(row, "delta_quantile")), "{row:?}");
        let key = (row[column("id")].to_owned(), row[column("alternate")].to_owned());
        by_allele.entry(key).or_default().push(row);
    }
    let mut alleles = 0;
    for record in rows(&output) {
        let values = |field: &str| info(&record, &format!("POLARIS_{field}")).unwrap();
        for (index, alternate) in record[4].split(',').enumerate() {
            alleles += 1;
            let rows = &by_allele[&(record[2].to_owned(), alternate.to_owned())];
            let strands: BTreeSet<&str> = rows.iter().map(|row| row[column("strand")]).collect();
            let asked: BTreeSet<(&str, &str)> =
                rows.iter().map(|row| (row[column("strand")], row[column("model")])).collect();
            assert_eq!(asked.len(), rows.len(), "{rows:?}");
            assert_eq!(rows.len(), strands.len() * Pipeline::MODELS.len(), "{rows:?}");
            let largest = rows.iter().map(|row| number(row, "delta").abs()).fold(0.0, f64::max);
            let shown: f64 = values("DELTA")[index].parse().unwrap();
            assert!((shown.abs() - largest).abs() < 1e-9, "{record:?} {rows:?}");
            let same = |row: &&&Vec<&str>| {
                let fields = [
                    ("DELTA", "delta"),
                    ("MODEL", "model"),
                    ("STRAND", "strand"),
                    ("REF", "ref_probability"),
                    ("ALT", "alt_probability"),
                    ("QUANTILE", "delta_quantile"),
                ];
                fields.iter().all(|(field, name)| values(field)[index] == row[column(name)])
            };
            assert_eq!(rows.iter().filter(same).count(), 1, "{record:?} {rows:?}");
        }
    }
    assert_eq!(by_allele.len(), alleles);
    let records = rows(&output).len();
    exit.refused(0, &[&format!("{records} records, {alleles} alleles: {alleles} scored, 0 skipped")]);
    Ok(())
}
