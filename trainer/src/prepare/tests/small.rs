use std::collections::BTreeMap;
use std::fs;

use polaris_genomics::{RegionClass, Strand};

use super::super::folds::ClassCounts;
use super::world::{World, peaks, read};
use super::*;

fn record(world: &World, model: &str) -> Record {
    Record::read(&world.path("out").join(model)).unwrap()
}

fn prepare_file(world: &World, peaks: &str, more: &[&str]) -> anyhow::Result<()> {
    let (reference, out) = (world.text("reference"), world.text("out"));
    let file = world.write("peaks.bed", peaks);
    let arguments = [
        "--reference",
        &reference,
        "--out",
        &out,
        "--peaks-file",
        &file,
        "--rbp",
        "QKI",
        "--cell-line",
        "K562",
    ];
    prepare(&[&arguments[..], more].concat())
}

#[test]
fn windows_are_around_the_peaks_and_negatives_match_them() {
    let world = World::new();
    prepare_file(&world, &peaks(), &[]).unwrap();
    let record = record(&world, "QKI.K562");
    assert_eq!((record.peaks.read, record.peaks.kept, record.negatives.taken), (48, 48, 48));
    assert!(!record.isolated_dropped && record.p_values && record.expression);
    assert_eq!(record.gc.positives, record.gc.negatives);
    assert_eq!(record.forward, ClassCounts { positives: 24, negatives: 24 });

    let windows = read(&world.path("out/QKI.K562"));
    let (positives, negatives): (Vec<_>, Vec<_>) = windows.iter().partition(|row| row.positive);
    // The peak 9000..9061 has its middle at 9030; its signal is 4 of at most 7.
    let first = positives[0];
    assert_eq!((first.name.as_str(), first.window.start0, first.window.end0()), ("positive_1", 8_530, 9_530));
    assert_eq!((first.score, first.region), (571, Some(RegionClass::Exon)));
    assert!((first.expression.unwrap() - 10_f32.ln()).abs() < 1e-6);
    for negative in &negatives {
        assert!(!negative.window.contig.is_empty() && negative.score == 0);
        let (start0, end0) = (negative.window.start0, negative.window.end0());
        let genes =
            if negative.window.strand == Strand::Forward { (5_000, 45_000) } else { (55_000, 95_000) };
        assert!(end0.min(genes.1) - start0.max(genes.0) >= 500, "{negative:?}");
        for positive in positives.iter().filter(|positive| positive.window.contig == negative.window.contig) {
            let shared = end0.min(positive.window.end0()) - start0.max(positive.window.start0);
            assert!(shared <= 200, "{negative:?} {positive:?}");
        }
        // At most 5% of a window lies in the unsequenced end of chr6.
        assert!(negative.window.contig != "chr6" || end0 <= 90_050, "{negative:?}");
    }
    let folds: BTreeMap<_, _> = windows.iter().map(|row| (&row.window.contig, row.fold_chromosome)).collect();
    assert!(windows.iter().all(|row| folds[&row.window.contig] == row.fold_chromosome));
    assert_eq!(record.folds_chromosome.len(), 5);
}

#[test]
fn every_peak_without_a_window_has_a_reason() {
    let world = World::new();
    let line = |contig: &str, start0: u32, strand: char, p: f64| {
        format!("{contig}\t{start0}\t{}\tp\t0\t{strand}\t5\t{p}\t-1\t-1\n", start0 + 50)
    };
    let more = [
        line("chr1", 20_000, '+', 1.9), // p = 0.0126
        line("chr9", 20_000, '+', 5.0), // no such contig
        line("chr1", 50_000, '.', 5.0), // no transcript
        line("chr1", 30, '+', 5.0),     // leaves the contig
        line("chr6", 95_000, '-', 5.0), // unsequenced
        line("chr1", 9_005, '+', 5.0),  // the window of the first peak: 9005..9055 has its middle at 9030 too
        line("chr2", 20_000, '.', 5.0), // takes the gene's strand
        line("chr3", 99_970, '+', 5.0), // leaves the contig
    ];
    prepare_file(&world, &format!("{}{}", peaks(), more.concat()), &[]).unwrap();
    let counts = record(&world, "QKI.K562").peaks;
    assert_eq!((counts.read, counts.kept), (56, 49));
    let expected = [
        ("p value", 1),
        ("unknown contig", 1),
        ("no strand", 1),
        ("off contig", 2),
        ("unsequenced", 1),
        ("duplicate", 1),
    ];
    assert_eq!(counts.dropped(), expected);
    let windows = read(&world.path("out/QKI.K562"));
    let unstranded =
        windows.iter().find(|row| row.positive && row.window.contig == "chr2" && row.window.start0 == 19_525);
    assert_eq!(unstranded.unwrap().window.strand, Strand::Forward);
}

#[test]
fn the_papers_recipe_drops_isolated_peaks() {
    let world = World::new();
    // A neighbor for each peak of chr1 to chr3: 300 bases off.
    let neighbors = peaks()
        .lines()
        .filter(|line| ["chr1\t", "chr2\t", "chr3\t"].iter().any(|contig| line.starts_with(contig)))
        .map(|line| {
            let mut fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
            fields[1] = (fields[1].parse::<u32>().unwrap() + 361).to_string();
            fields[2] = (fields[2].parse::<u32>().unwrap() + 361).to_string();
            format!("{}\n", fields.join("\t"))
        })
        .collect::<String>();
    let all = peaks() + &neighbors;
    prepare_file(&world, &all, &["--recipe", "paper"]).unwrap();
    let paper = record(&world, "QKI.K562");
    assert_eq!((paper.peaks.isolated, paper.peaks.kept, paper.peaks.overlapping), (24, 48, 48));
    prepare_file(&world, &all, &["--recipe", "paper", "--isolated", "keep"]).unwrap();
    assert_eq!(record(&world, "QKI.K562").peaks.isolated, 0);
    // Fold changes of 1: the peaks are raw.
    let raw = all.lines().map(|line| {
        let mut fields: Vec<&str> = line.split('\t').collect();
        fields[6] = "1";
        format!("{}\n", fields.join("\t"))
    });
    prepare_file(&world, &raw.collect::<String>(), &[]).unwrap();
    assert!(record(&world, "QKI.K562").isolated_dropped);
}

#[test]
fn a_model_does_not_depend_on_its_company_and_is_reused() {
    let world = World::new();
    world.write("a.bed", &peaks());
    world.write("few.bed", &peaks().lines().take(5).map(|line| format!("{line}\n")).collect::<String>());
    let table = world.write(
        "peaks.tsv",
        "rbp\tcell_line\tpath\nFEW\tK562\tfew.bed\nPUM2\tK562\ta.bed\nQKI\tK562\ta.bed\n",
    );
    let reference = world.text("reference");
    let run_into = |out: &str, more: &[&str]| {
        let out = world.text(out);
        prepare(&[&["--reference", &reference, "--peaks", &table, "--out", &out][..], more].concat())
    };
    run_into("out", &["--jobs", "2"]).unwrap();
    run_into("other", &["--jobs", "1", "--only", "QKI.K562"]).unwrap();
    assert!(!world.path("out/FEW.K562").exists() && !world.path("other/PUM2.K562").exists());
    for name in ["windows.bed", "prepare.json"] {
        let read = |folder: &str| fs::read(world.path(folder).join(name)).unwrap();
        assert!(read("out/QKI.K562") == read("other/QKI.K562"), "{name}");
        assert!(read("out/QKI.K562") != read("out/PUM2.K562"), "{name}: other models draw other negatives");
    }
    let windows = world.path("out/QKI.K562/windows.bed");
    let written = || fs::metadata(&windows).unwrap().modified().unwrap();
    let first = written();
    run_into("out", &[]).unwrap();
    assert_eq!(written(), first, "nothing has changed");
    fs::write(&windows, "edited").unwrap();
    run_into("out", &[]).unwrap();
    assert_eq!(read(&world.path("out/QKI.K562")).len(), 96, "an edited file is made anew");
    let before = fs::read(&windows).unwrap();
    run_into("out", &["--seed", "2"]).unwrap();
    assert!(fs::read(&windows).unwrap() != before);
    let error = run_into("out", &["--min-positives", "100"]).unwrap_err();
    assert!(error.to_string().contains("no model has enough windows"), "{error}");
    assert!(!windows.exists(), "windows of other options would mislead");
}

#[test]
fn bed_without_p_values_and_a_cell_line_without_expression() {
    let world = World::new();
    let bed: String = peaks()
        .lines()
        .map(|line| format!("{}\n", line.split('\t').take(6).collect::<Vec<_>>().join("\t")))
        .collect();
    let (reference, out, file) = (world.text("reference"), world.text("out"), world.write("ctk.bed", &bed));
    let arguments = [
        "--reference",
        &reference,
        "--out",
        &out,
        "--peaks-file",
        &file,
        "--rbp",
        "QKI",
        "--cell-line",
        "HeLa",
    ];
    let error = prepare(&arguments).unwrap_err().to_string();
    assert!(error.contains("no expression table of cell line HeLa; it has K562"), "{error}");
    prepare(&[&arguments[..], &["--no-expression"]].concat()).unwrap();
    let record = record(&world, "QKI.HeLa");
    assert!(!record.p_values && !record.expression && !record.isolated_dropped);
    assert!(read(&world.path("out/QKI.HeLa")).iter().all(|row| row.expression.is_none()));
}

#[test]
fn a_broken_peak_file_fails_its_model_alone() {
    let world = World::new();
    world.write("a.bed", &peaks());
    world.write("broken.bed", "chr1\t10\n");
    let table = world.write("peaks.tsv", "rbp\tcell_line\tpath\nBAD\tK562\tbroken.bed\nQKI\tK562\ta.bed\n");
    let (reference, out) = (world.text("reference"), world.text("out"));
    let error = prepare(&["--reference", &reference, "--peaks", &table, "--out", &out]).unwrap_err();
    assert_eq!(error.to_string(), "1 of 2 models failed, for the reasons above");
    assert!(world.path("out/QKI.K562/prepare.json").exists() && !world.path("out/BAD.K562").exists());
}

#[test]
fn a_narrow_genome_gives_neighboring_bins_and_then_no_more() {
    let world = World::new();
    // Far more negatives than the bins of so small a genome hold apart from the peaks.
    prepare_file(&world, &peaks(), &["--negatives-per-positive", "100", "--gc-bins", "200"]).unwrap();
    let record = record(&world, "QKI.K562");
    let negatives = &record.negatives;
    assert_eq!((negatives.wanted, negatives.taken + negatives.missing), (4800, 4800));
    let windows = read(&world.path("out/QKI.K562"));
    let distinct: std::collections::HashSet<_> =
        windows.iter().map(|row| (&row.window.contig, row.window.start0, row.window.strand)).collect();
    assert_eq!(distinct.len(), windows.len());
    let refused = negatives.off_contig
        + negatives.unsequenced
        + negatives.gc
        + negatives.untranscribed
        + negatives.on_peaks;
    assert_eq!(negatives.draws, refused + negatives.duplicate + negatives.taken as u64);
    assert_eq!(negatives.missing, 0);
    let relaxed: usize = negatives.relaxations.iter().map(|relaxation| relaxation.count).sum();
    let moved: usize = record
        .gc
        .positives
        .iter()
        .zip(&record.gc.negatives)
        .map(|(positives, negatives)| (positives * 100).saturating_sub(*negatives))
        .sum();
    assert!(moved <= relaxed, "{moved} of {relaxed}");
}

#[test]
fn unknown_and_impossible_models_are_named() {
    let world = World::new();
    let (reference, out) = (world.text("reference"), world.text("out"));
    world.write("a.bed", &peaks());
    let table = world.write("peaks.tsv", "rbp\tcell_line\tpath\nQKI\tK562\ta.bed\n");
    let error =
        prepare(&["--reference", &reference, "--peaks", &table, "--out", &out, "--only", "QKI.K562,QKI.A"]);
    assert!(error.unwrap_err().to_string().ends_with("peaks.tsv has QKI.K562"));
    let file = world.text("a.bed");
    let arguments =
        ["--reference", &reference, "--out", &out, "--peaks-file", &file, "--cell-line", "K562", "--rbp"];
    let error = format!("{:#}", prepare(&[&arguments[..], &["QKI/5"]].concat()).unwrap_err());
    assert!(error.starts_with("--rbp and --cell-line: \"QKI/5.K562\" is no model id"), "{error}");
    // Neither a table nor a file; and both.
    assert!(prepare(&["--reference", &reference, "--out", &out]).is_err());
    assert!(prepare(&[&arguments[..], &["QKI", "--peaks", &table]].concat()).is_err());
    assert!(!world.path("out").exists());
}

#[test]
fn wrong_options_are_named() {
    let world = World::new();
    for (flags, expected) in [
        (["--length", "10"], "--length 10"),
        (["--max-p", "0"], "--max-p 0"),
        (["--max-n", "1"], "--max-n 1"),
        (["--gc-bins", "0"], "--gc-bins 0"),
        (["--negatives-per-positive", "0"], "--negatives-per-positive 0"),
        (["--min-positives", "9"], "--min-positives 9"),
        (["--jobs", "0"], "--jobs 0"),
    ] {
        let error = prepare_file(&world, &peaks(), &flags).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
