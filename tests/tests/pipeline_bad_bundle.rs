//! A reference bundle that lacks something is refused by all that read it, with the file that is missing.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};

use polaris_tests::{HarnessError, Pipeline, Program, names};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { std::fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}

struct Bundle {
    folder: tempfile::TempDir,
}

impl Bundle {
    fn new(pipeline: &Pipeline) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&pipeline.reference(), &folder.path().join("reference"));
        std::fs::create_dir(folder.path().join("out")).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("reference")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// What reads a bundle, each writing into `out`.
    fn programs(&self, pipeline: &Pipeline) -> Result<Vec<Program>, HarnessError> {
        let prepare =
            Program::trainer(&["prepare", "--length", "151", "--peaks"])?.arg(pipeline.peaks_table());
        let train = Program::trainer(&["train", "--prepared"])?.arg(pipeline.prepared());
        let train = train.arg("--registry").arg(self.folder.path().join("registry"));
        let score = Program::client(&["score"])?.arg(pipeline.variants()).arg("--tsv");
        let score = score.arg(self.out().join("out.tsv")).arg("-o").arg(self.out().join("out.vcf.gz"));
        Ok(vec![
            prepare.arg("--out").arg(self.out()).arg("--reference").arg(self.path()),
            train.arg("--work").arg(self.out()).arg("--reference").arg(self.path()),
            score.arg("--registry").arg(pipeline.registry()).arg("--reference").arg(self.path()),
        ])
    }

    fn check(&self, pipeline: &Pipeline, parts: &[&str]) -> Result<(), HarnessError> {
        for program in self.programs(pipeline)? {
            program.run()?.refused(1, parts);
            assert_eq!(names(&self.out())?, [""; 0], "{parts:?}");
        }
        Ok(())
    }
}

#[test]
fn missing_files() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    for (file, field) in [
        ("genome.fa", "reference.toml:fasta: no file"),
        ("annotation.gtf.gz", "reference.toml:annotation: no file"),
        ("expression/HepG2.tsv.gz", "reference.toml:expression.HepG2: no file"),
        ("genome.fa.fai", "samtools faidx"),
        ("reference.toml", "a reference bundle is a folder with a reference.toml"),
    ] {
        let bundle = Bundle::new(&pipeline);
        std::fs::remove_file(bundle.path().join(file)).unwrap();
        bundle.check(&pipeline, &[field, file])?;
    }
    Ok(())
}

#[test]
fn wrong_files() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    for (file, content, parts) in [
        ("reference.toml", "format = 1\n", &["reference.toml", "assembly"][..]),
        (
            "annotation.gtf.gz",
            "chr1\tx\tgene\tone\t2\t.\t+\t.\tgene_id \"G\";\n",
            &["annotation.gtf.gz:1", "one"],
        ),
        ("expression/K562.tsv.gz", "gene_id\tTPM\nELSEWHERE\t1\n", &["K562.tsv.gz", "none of its genes"]),
    ] {
        let bundle = Bundle::new(&pipeline);
        std::fs::write(bundle.path().join(file), content).unwrap();
        bundle.check(&pipeline, parts)?;
    }
    Ok(())
}

/// Scoring with models that need a cell line's expression says which, and what to do about it.
#[test]
fn missing_expression() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let bundle = Bundle::new(&pipeline);
    let manifest = bundle.path().join("reference.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let without: String = text.split_inclusive('\n').filter(|line| !line.starts_with("HepG2")).collect();
    assert_ne!(text, without);
    std::fs::write(&manifest, without).unwrap();
    let score = || -> Result<Program, HarnessError> { Ok(bundle.programs(&pipeline)?.remove(2)) };
    score()?.run()?.refused(
        1,
        &[
            "model QKI.HepG2",
            "needs expression in HepG2",
            "the reference bundle has K562",
            "[expression]",
            "--models",
        ],
    );
    assert_eq!(names(&bundle.out())?, [""; 0]);
    // The remedy works.
    score()?.args(&["--models", "QKI.K562"]).run()?.succeeded();
    assert_eq!(names(&bundle.out())?, ["out.tsv", "out.vcf.gz"]);
    Ok(())
}
