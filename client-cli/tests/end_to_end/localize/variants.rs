//! Alleles of a VCF.

use polaris_figures::{FigureError, png};
use polaris_proto::v1::LocalizationMethod::GradCam;

use super::{files, localize, out, rows};
use crate::bundle::{Bundle, LENGTH, vcf};
use crate::fake_server::{Behavior, Running, map_value};
use crate::program::run;

/// Position, offset, base and value of a variant's rows by QKI on a strand.
fn map(bundle: &Bundle, strand: &str, allele: &str) -> Vec<(i64, u32, String, f32)> {
    let rows = rows(&out(bundle, "maps.tsv.gz"));
    let rows = rows.iter().filter(|row| row[3] == strand && row[6] == "QKI.K562" && row[7] == allele);
    rows.map(|row| {
        (row[1].parse().unwrap(), row[2].parse().unwrap(), row[4].clone(), row[8].parse().unwrap())
    })
    .collect()
}

fn complement(base: &str) -> String {
    crate::scores::reverse_complement(base)
}

fn value(base: &str) -> f32 {
    map_value(base.chars().next().unwrap(), "QKI.K562", GradCam)
}

#[test]
fn a_substitution_on_both_strands() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", vcf(&[format!("{},<DEL>", bundle.substitution("chr1", 2700))]));
    let ended = run(&mut localize(&bundle, &server.url, input.to_str().unwrap())).succeeded();
    // Two strands, two models, three maps.
    assert!(ended.stderr.contains("2 alleles, 2 windows: 12 maps"), "{}", ended.stderr);
    assert!(ended.stderr.contains("left out, symbolic: 1"), "{}", ended.stderr);
    let alternate = bundle.other("chr1", 2700);
    for strand in ["+", "-"] {
        let (reference, changed) = (map(&bundle, strand, "ref"), map(&bundle, strand, "alt"));
        let difference = map(&bundle, strand, "difference");
        assert_eq!(reference.len(), LENGTH);
        for ((before, after), delta) in reference.iter().zip(&changed).zip(&difference) {
            let forward = bundle.base("chr1", before.0);
            let on_strand = |base: &str| if strand == "+" { base.to_owned() } else { complement(base) };
            let (old, new) = match before.0 {
                2700 => (on_strand(&forward), on_strand(alternate)),
                _ => (on_strand(&forward), on_strand(&forward)),
            };
            assert_eq!(*before, (before.0, 0, old.clone(), value(&old)));
            assert_eq!(*after, (before.0, 0, new.clone(), value(&new)));
            assert_eq!(*delta, (before.0, 0, new.clone(), value(&new) - value(&old)));
        }
    }
    assert_eq!(
        rows(&out(&bundle, "gaps.tsv")),
        [[
            "chr1",
            "2700",
            "2700",
            ".",
            &format!("chr1_2700_{}><DEL>", bundle.base("chr1", 2700)),
            "symbolic"
        ]]
    );
    let name = format!("chr1_2700_{}_{alternate}.QKI.K562", bundle.base("chr1", 2700));
    let names = files(&bundle.folder().join("out"));
    for picture in [format!("{name}.svg"), format!("{name}.minus.svg")] {
        assert!(names.contains(&picture), "{picture} {names:?}");
        let svg = out(&bundle, &picture);
        assert!(["reference", "alternate", "difference", "change "].iter().all(|word| svg.contains(word)));
    }
}

#[test]
fn inserted_and_deleted_bases_have_their_places() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // Neither moves to the left: the base before differs from the last one inserted or deleted.
    let insertion = (1700..).find(|at| bundle.base("chr1", *at) == "A").unwrap();
    let deletion = (4000..)
        .find(|&at| {
            let base = |offset| bundle.base("chr1", at + offset);
            base(0) != base(2) && base(1) != base(3) && base(0) != base(1)
        })
        .unwrap();
    let input = bundle.file(
        "in.vcf",
        vcf(&[
            format!("chr1\t{insertion}\tins\tA\tACCG"),
            format!(
                "chr1\t{deletion}\tdel\t{}\t{}",
                bundle.sequence("chr1", deletion - 1, 3),
                bundle.base("chr1", deletion)
            ),
        ]),
    );
    run(localize(&bundle, &server.url, input.to_str().unwrap()).args(["--format", "tsv,bed,svg"]))
        .succeeded();

    let inserted: Vec<(i64, u32, String)> = map(&bundle, "+", "alt")
        .into_iter()
        .filter(|(_, offset, ..)| *offset > 0)
        .map(|(position1, offset, base, _)| (position1, offset, base))
        .collect();
    let expected = [(1, "C"), (2, "C"), (3, "G")];
    assert_eq!(inserted, expected.map(|(offset, base)| (insertion, offset, base.to_owned())));
    assert!(map(&bundle, "+", "ref").iter().all(|(_, offset, ..)| *offset == 0));
    assert_eq!(map(&bundle, "+", "difference").len(), LENGTH + 3);
    let gained: Vec<f32> =
        map(&bundle, "+", "difference").into_iter().filter(|row| row.1 > 0).map(|row| row.3).collect();
    assert_eq!(gained, [0.5, 0.5, 0.75]);

    // On the minus strand.
    let changed = map(&bundle, "-", "alt");
    assert!(changed.iter().all(|row| row.0 != deletion + 1 && row.0 != deletion + 2));
    assert_eq!(changed.len(), LENGTH - 2);
    let lost: Vec<(i64, String, f32)> = map(&bundle, "-", "difference")
        .into_iter()
        .filter(|row| row.2 == "-")
        .map(|row| (row.0, row.2, row.3))
        .collect();
    let minus = |at: i64| -value(&complement(&bundle.base("chr1", at)));
    assert_eq!(lost, [deletion + 1, deletion + 2].map(|at| (at, "-".to_owned(), minus(at))));
}

#[test]
fn pictures_are_drawn_in_either_format() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let at = (1700..).find(|at| bundle.base("chr1", *at) == "C").unwrap();
    let input = bundle.file("in.vcf", vcf(&[format!("chr1\t{at}\tsnv\tC\tG")]));
    let drawn = |format: &str| {
        run(localize(&bundle, &server.url, input.to_str().unwrap()).args(["--format", format]))
    };
    drawn("svg").succeeded();
    let svg = std::fs::read_to_string(bundle.folder().join("out/snv_C_G.QKI.K562.svg")).unwrap();
    assert!(svg.starts_with("<svg"), "{svg}");
    let probe = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";
    if let Err(FigureError::NoFont) = png::render(probe, 1.0) {
        eprintln!("skipped: PNG needs a font, and this system has none");
        drawn("png").failed(&["font"]);
        return;
    }
    drawn("png").succeeded();
    let png = std::fs::read(bundle.folder().join("out/snv_C_G.QKI.K562.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn clusters_of_either_allele_are_on_the_genome() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let at =
        (1700..).find(|at| bundle.base("chr1", *at) == "C" && bundle.base("chr1", at + 1) != "A").unwrap();
    let input = bundle.file("in.vcf", vcf(&[format!("chr1\t{at}\tins\tC\tCAAAA")]));
    run(localize(&bundle, &server.url, input.to_str().unwrap()).args(["--format", "bed"])).succeeded();
    let clusters = rows(&out(&bundle, "clusters.bed"));
    // All of it is inserted: it stands on the base before.
    let (before0, before1) = ((at - 1).to_string(), at.to_string());
    let found = clusters.iter().find(|row| row[9] == "alt" && row[1] == before0 && row[2] == before1);
    assert!(found.is_some(), "{clusters:?}");
    let starts: Vec<i64> = clusters.iter().map(|row| row[1].parse().unwrap()).collect();
    assert!(starts.is_sorted() && starts.iter().all(|start0| (at - 80..at + 80).contains(start0)));
}
