//! Variants that cannot be scored have a reason each; what is no VCF is refused and leaves nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::PathBuf;

use polaris_tests::{Exit, HarnessError, Pipeline, info, names, rows, text};

const COLUMNS: &str = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("out")).unwrap();
        Self { folder }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn score(&self, pipeline: &Pipeline, content: impl AsRef<[u8]>) -> Result<Exit, HarnessError> {
        let input = self.folder.path().join("in.vcf");
        std::fs::write(&input, content).unwrap();
        let program = pipeline.score(&input, &self.out().join("out.vcf.gz"))?;
        program.arg("--tsv").arg(self.out().join("out.tsv")).env("TMPDIR", self.folder.path()).run()
    }
}

/// The first simulated substitution, in its columns.
fn substitution(text: &str) -> Vec<&str> {
    rows(text).into_iter().find(|row| row[3].len() == 1 && row[4].len() == 1).unwrap()
}

#[test]
fn reasons_by_allele() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let text_in = text(&pipeline.variants())?;
    let row = substitution(&text_in);
    let (contig, position1, reference, alternate) = (row[0], row[1], row[3], row[4]);
    let records = [
        (format!("{contig}\t{position1}\tgood\t{reference}\t{alternate}"), "."),
        // Its REF is the genome's other letter.
        (format!("{contig}\t{position1}\tmismatch\t{alternate}\t{reference}"), "ref_mismatch"),
        (format!("chrZ\t{position1}\tunknown\t{reference}\t{alternate}"), "contig_unknown"),
        (format!("{contig}\t999999999\tbeyond\t{reference}\t{alternate}"), "off_contig"),
        (
            format!("{contig}\t{position1}\tmixed\t{reference}\t<DEL>,{alternate},*"),
            "symbolic,.,spanning_deletion",
        ),
    ];
    let body: String = records.iter().map(|(record, _)| format!("{record}\t.\t.\t.\n")).collect();
    let exit = place.score(&pipeline, format!("##fileformat=VCFv4.2\n{COLUMNS}\n{body}"))?;
    exit.refused(
        0,
        &[
            "5 records, 7 alleles: 2 scored, 5 skipped",
            "skipped, ref_mismatch: 1",
            "skipped, contig_unknown: 1",
        ],
    );
    let output = text(&place.out().join("out.vcf.gz"))?;
    let scored = rows(&output);
    assert_eq!(scored.len(), records.len());
    for (row, (record, reasons)) in scored.iter().zip(&records) {
        assert_eq!(row[..5].join("\t"), *record);
        assert_eq!(info(row, "POLARIS_SKIPPED").unwrap().join(","), *reasons);
    }
    // A bad neighbor does not change a good allele's score.
    assert_eq!(info(&scored[0], "POLARIS_DELTA").unwrap()[0], info(&scored[4], "POLARIS_DELTA").unwrap()[1]);
    let table = text(&place.out().join("out.tsv"))?;
    let skipped = rows(&table).iter().skip(1).filter(|row| row[17] != ".").count();
    assert_eq!(skipped, 5);
    Ok(())
}

#[test]
fn without_samples_and_without_records() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let text_in = text(&pipeline.variants())?;
    let row = substitution(&text_in)[..5].join("\t");
    let header = format!("##fileformat=VCFv4.2\n{COLUMNS}");
    let samples = format!("{header}\tFORMAT\tS1\n{row}\t.\t.\t.\tGT\t0/1\n");
    for (content, tail) in [(format!("{header}\n{row}\t.\t.\t.\n"), &[][..]), (samples, &["GT", "0/1"])] {
        place.score(&pipeline, content)?.refused(0, &["1 record, 1 allele: 1 scored, 0 skipped"]);
        let output = text(&place.out().join("out.vcf.gz"))?;
        assert_eq!(rows(&output)[0][8..], *tail);
    }
    place.score(&pipeline, format!("{header}\n"))?.refused(0, &["0 records, 0 alleles: 0 scored, 0 skipped"]);
    let output = text(&place.out().join("out.vcf.gz"))?;
    assert!(output.starts_with("##fileformat=VCFv4.2\n") && output.ends_with(&format!("{COLUMNS}\n")));
    assert_eq!(text(&place.out().join("out.tsv"))?.lines().count(), 1);
    Ok(())
}

#[test]
fn what_is_no_vcf() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let whole = std::fs::read(pipeline.variants()).unwrap();
    let text_in = text(&pipeline.variants())?;
    let late = format!("{text_in}chr1\tseven\t.\tA\tC\t.\t.\t.\n");
    let last = format!("in.vcf:{}:POS: `seven`", late.lines().count());
    let cases: [(&[u8], &str); 6] = [
        (b"", "in.vcf is empty"),
        (b"hello\n", "in.vcf:1: no #CHROM"),
        (b"##fileformat=VCFv4.2\nchr1\t1\t.\tA\tC\t.\t.\t.\n", "in.vcf:2: no #CHROM"),
        (&whole[..whole.len() - 28], "in.vcf"),
        (&whole[..whole.len() / 2], "in.vcf"),
        (late.as_bytes(), &last),
    ];
    for (content, part) in cases {
        place.score(&pipeline, content)?.refused(1, &["polaris-client: ", part]);
        assert_eq!(names(&place.out())?, [""; 0], "{part}");
    }
    // Nothing else either: no socket's folder, no temporary file.
    assert_eq!(names(place.folder.path())?, ["in.vcf", "out"]);
    Ok(())
}
