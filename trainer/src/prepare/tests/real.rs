//! The acceptance of `prepare` on ENCODE peaks, where the data is at hand.

use std::fs;
use std::path::{Path, PathBuf};

use polaris_genomics::Strand;

use super::*;
use crate::windows_file::{LabelledWindow, read_windows};

const PEAKS: [(&str, &str, usize); 2] = [
    ("KHSRP", "peaks/KHSRP.K562.ENCFF031FMO.bed.gz", 994),
    ("TARDBP", "peaks/TARDBP.K562.ENCFF037TVC.bed.gz", 295),
];

fn data() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("POLARIS_DATA").map_or_else(default, PathBuf::from).join("hg38");
    folder.join("genome.fa.gz").exists().then_some(folder)
}

#[test]
fn encode_peaks() {
    let Some(data) = data().and_then(|folder| folder.canonicalize().ok()) else {
        eprintln!("skipped: no real data; set POLARIS_DATA");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let shown = |name: &str| data.join(name).display().to_string();
    let bundle = format!(
        "format = 1\nassembly = \"GRCh38\"\nfasta = {:?}\nannotation = {:?}\nsequenced = {:?}\n[expression]\nK562 = {:?}\n",
        shown("genome.fa.gz"),
        shown("annotation.gtf.gz"),
        shown("sequenced.bed"),
        shown("expression/K562.tsv.gz")
    );
    let rows = PEAKS.map(|(rbp, path, _)| format!("{rbp}\tK562\t{}\n", shown(path)));
    let path = |name: &str| folder.path().join(name);
    fs::write(path("reference.toml"), bundle).unwrap();
    fs::write(path("peaks.tsv"), format!("rbp\tcell_line\tpath\n{}", rows.concat())).unwrap();
    let (reference, table) = (folder.path().display().to_string(), path("peaks.tsv").display().to_string());
    for (out, jobs) in [("first", "1"), ("second", "3")] {
        let out = path(out).display().to_string();
        prepare(&["--reference", &reference, "--peaks", &table, "--out", &out, "--jobs", jobs]).unwrap();
    }
    for (rbp, _, on_sequenced) in PEAKS {
        let model = format!("{rbp}.K562");
        for name in ["windows.bed", "prepare.json"] {
            let read = |out: &str| fs::read(path(out).join(&model).join(name)).unwrap();
            assert!(read("first") == read("second"), "{model}/{name} depends on --jobs");
        }
        let record = Record::read(&path("first").join(&model)).unwrap();
        // A few more than lie wholly in a sequenced block, since --max-n lets them reach 50 bases beyond, and a few
        // fewer, since the assembly has gaps within blocks (chr22:20.52 Mb).
        let kept = record.peaks.kept + record.peaks.duplicate;
        assert!(kept.abs_diff(on_sequenced) <= on_sequenced / 50, "{model}: {kept}");
        assert_eq!((record.peaks.isolated, record.negatives.taken), (0, record.peaks.kept));
        check(&read_windows(&path("first").join(&model).join("windows.bed")).unwrap());
    }
}

fn check(windows: &[LabelledWindow]) {
    let (positives, negatives): (Vec<_>, Vec<_>) = windows.iter().partition(|row| row.positive);
    let mean = |rows: &[&LabelledWindow]| rows.iter().map(|row| row.gc).sum::<f64>() / rows.len() as f64;
    let difference = mean(&positives) - mean(&negatives);
    assert!(difference.abs() < 0.01, "mean GC differs by {difference}");
    let statistic = kolmogorov_smirnov(&positives, &negatives);
    assert!(statistic < 0.08, "{statistic}");
    let forward =
        |rows: &[&LabelledWindow]| rows.iter().filter(|row| row.window.strand == Strand::Forward).count();
    assert_eq!(forward(&positives), forward(&negatives));
    for negative in &negatives {
        for positive in positives.iter().filter(|positive| positive.window.contig == negative.window.contig) {
            let shared = negative.window.end0().min(positive.window.end0())
                - negative.window.start0.max(positive.window.start0);
            assert!(shared <= 200, "{} and {} share {shared}", negative.name, positive.name);
        }
    }
    eprintln!(
        "{} and {} windows: GC differs by {difference:.4}, by up to {statistic:.3}",
        positives.len(),
        negatives.len()
    );
}

/// The largest difference between the cumulative distributions of GC content.
fn kolmogorov_smirnov(left: &[&LabelledWindow], right: &[&LabelledWindow]) -> f64 {
    let share = |rows: &[&LabelledWindow], gc: f64| {
        rows.iter().filter(|row| row.gc <= gc).count() as f64 / rows.len() as f64
    };
    left.iter().chain(right).map(|row| (share(left, row.gc) - share(right, row.gc)).abs()).fold(0.0, f64::max)
}
