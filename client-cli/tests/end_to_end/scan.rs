//! Tracks along genes and regions: right windows, right bases, right strand.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use bigtools::BigWigRead;
use polaris_proto::v1::LocalizationMethod;

use crate::bundle::{Bundle, LENGTH};
use crate::embedded::{signal, until};
use crate::fake_server::{Behavior, Failure, Running, map_value, probability};
use crate::program::{client, outputs, run, text};
use crate::scores::reverse_complement;

fn scan(bundle: &Bundle, url: &str, what: &[&str]) -> Command {
    let mut command = client();
    command.arg("scan").args(what).arg("--reference").arg(bundle.directory());
    command.args(["--server", url]).arg("-o").arg(bundle.folder().join("out"));
    command
}

/// Values by base of a bedGraph.
fn bases(path: &Path) -> BTreeMap<(String, i64), f32> {
    let mut bases = BTreeMap::new();
    for line in text(path).lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let (start0, end0): (i64, i64) = (columns[1].parse().unwrap(), columns[2].parse().unwrap());
        for base0 in start0..end0 {
            let twice = bases.insert((columns[0].to_owned(), base0), columns[3].parse().unwrap());
            assert!(twice.is_none(), "{line}");
        }
    }
    bases
}

fn files(bundle: &Bundle) -> Vec<String> {
    let entries = std::fs::read_dir(bundle.folder().join("out")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_probability_is_that_of_the_window_around_its_bin() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // The contig's start and end, within a bin, and a gene of the minus strand.
    let what =
        ["chr1:1-60:+", "1:5,981-6,000:+", "--gene", "REVERSE", "--format", "bedgraph", "--stride", "40"];
    let ended = run(&mut scan(&bundle, &server.url, &what)).succeeded();
    assert!(ended.stderr.contains("3 regions, 2080 bases"), "{}", ended.stderr);

    for (model, strand, regions) in
        [("QKI.K562", "plus", [0..60, 5980..6000]), ("TARDBP.HepG2", "minus", [2500..4500, 0..0])]
    {
        let found = bases(&bundle.folder().join(format!("out/{model}.probability.{strand}.bedgraph")));
        let mut expected = BTreeMap::new();
        for base0 in regions.into_iter().flatten() {
            let bin0 = base0 / 40 * 40;
            let middle0 = i64::midpoint(bin0, (bin0 + 40).min(6000));
            let mut window = bundle.sequence("chr1", middle0 - 75, LENGTH);
            if strand == "minus" {
                window = reverse_complement(&window);
            }
            expected.insert(("chr1".to_owned(), base0), probability(&window, model));
        }
        assert_eq!(found, expected, "{model}");
    }
}

#[test]
fn maps_lie_on_the_bases_that_they_are_about() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // One region shorter than a window at either end of the contig, and one of several windows.
    let what =
        ["chr1:1-9", "chr1:5990-6000", "chr1:2000-2700", "--strand", "both", "--tracks", "localization"];
    let mut command = scan(&bundle, &server.url, &what);
    run(command.args(["--format", "bedgraph", "--method", "mutagenesis"])).succeeded();
    for model in ["QKI.K562", "TARDBP.HepG2"] {
        for strand in ["plus", "minus"] {
            let found = bases(&bundle.folder().join(format!("out/{model}.localization.{strand}.bedgraph")));
            let expected = [0..9, 5989..6000, 1999..2700].into_iter().flatten().map(|base0| {
                let mut base = bundle.sequence("chr1", base0, 1);
                if strand == "minus" {
                    base = reverse_complement(&base);
                }
                let base = base.chars().next().unwrap();
                (("chr1".to_owned(), base0), map_value(base, model, LocalizationMethod::Mutagenesis))
            });
            assert_eq!(found, expected.collect(), "{model} {strand}");
        }
    }
}

#[test]
fn tracks_are_the_same_whatever_a_response_can_hold() {
    let bundle = Bundle::new();
    let what = ["gene:FORWARD", "--tracks", "localization,probability", "--batch-windows", "7"];
    let mut written = Vec::new();
    // Room for the maps of two models, or of one.
    for response_bytes in [None, Some(1000)] {
        let server = Running::start(Behavior { response_bytes, ..Behavior::default() });
        run(&mut scan(&bundle, &server.url, &what)).succeeded();
        let contents = files(&bundle)
            .into_iter()
            .map(|name| std::fs::read(bundle.folder().join("out").join(name)).unwrap());
        written.push(contents.collect::<Vec<_>>());
    }
    assert!(written[0] == written[1]);
    assert_eq!(
        files(&bundle),
        [
            "QKI.K562.localization.plus.bw",
            "QKI.K562.probability.plus.bw",
            "TARDBP.HepG2.localization.plus.bw",
            "TARDBP.HepG2.probability.plus.bw",
            "gaps.bed",
            "tracks.tsv"
        ]
    );
    assert_eq!(
        text(&bundle.folder().join("out/tracks.tsv")),
        "file\tmodel\ttrack\tstrand\n\
         QKI.K562.localization.plus.bw\tQKI.K562\tlocalization\t+\n\
         TARDBP.HepG2.localization.plus.bw\tTARDBP.HepG2\tlocalization\t+\n\
         QKI.K562.probability.plus.bw\tQKI.K562\tprobability\t+\n\
         TARDBP.HepG2.probability.plus.bw\tTARDBP.HepG2\tprobability\t+\n"
    );
    let server = Running::start(Behavior { response_bytes: Some(600), ..Behavior::default() });
    run(&mut scan(&bundle, &server.url, &what)).failed(&["at most 600 bytes, a map of 151 bases needs"]);
}

#[test]
fn what_is_not_sequenced_is_a_gap() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let what = ["--gene", "DARK", "--format", "bedgraph", "--models", "QKI.K562"];
    let ended = run(&mut scan(&bundle, &server.url, &what)).succeeded();
    assert!(ended.stderr.contains("2 gaps"), "{}", ended.stderr);
    // Bases 1000 to 3000 are N. Maps have values up to their edge, but say nothing of N itself.
    assert_eq!(
        text(&bundle.folder().join("out/gaps.bed")),
        "chr3\t1000\t3000\tprobability:mostly_n\t0\t+\nchr3\t1000\t3000\tlocalization:unknown_base\t0\t+\n"
    );
    for (track, gap) in [("probability", 1000..3000), ("localization", 1000..3000)] {
        let found = bases(&bundle.folder().join(format!("out/QKI.K562.{track}.plus.bedgraph")));
        let missing: Vec<i64> =
            (0..4000).filter(|&base0| !found.contains_key(&("chr3".to_owned(), base0))).collect();
        assert_eq!(missing, gap.collect::<Vec<_>>(), "{track}");
    }
    // All of it a gap: no track, and no failure.
    let nothing = ["chr3:1500-1600", "--models", "QKI.K562", "-q"];
    std::fs::remove_dir_all(bundle.folder().join("out")).unwrap();
    let ended = run(&mut scan(&bundle, &server.url, &nothing)).succeeded();
    assert_eq!(ended.stderr, "");
    assert_eq!(files(&bundle), ["gaps.bed", "tracks.tsv"]);
}

#[test]
fn regions_that_overlap_on_several_contigs_make_a_bigwig() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let bed = bundle.file(
        "in.bed",
        "chr3\t3500\t3700\tc\t0\t+\nchr1\t1100\t1300\ta\t0\t+\nchr1\t1250\t1275\n1\t1290\t1400\tb\t0\t+\nchr1\t1450\t1460\te\t0\t+\nchr2\t0\t90\td\t0\t+\n",
    );
    for format in ["bigwig", "bedgraph"] {
        let mut command = scan(&bundle, &server.url, &["--bed", bed.to_str().unwrap(), "--format", format]);
        let ended = run(&mut command).succeeded();
        // Bins: 6, 1, 2 and 4. Windows of maps: 6, 1 more since one is shared, 4 of which one is N, and 5.
        assert!(ended.stderr.contains("600 bases: 28 windows asked, 1 left out, 0 gaps"), "{}", ended.stderr);
    }
    for track in ["probability", "localization"] {
        let path = bundle.folder().join(format!("out/QKI.K562.{track}.plus"));
        let expected = bases(&path.with_added_extension("bedgraph"));
        assert_eq!(expected.len(), 300 + 10 + 90 + 200);
        let mut reader = BigWigRead::open_file(path.with_added_extension("bw").to_str().unwrap()).unwrap();
        let chroms: Vec<_> = reader.chroms().iter().map(|chrom| (chrom.name.clone(), chrom.length)).collect();
        assert_eq!(chroms, [("chr1".into(), 6000), ("chr2".into(), 2000), ("chr3".into(), 4000)]);
        let mut found = BTreeMap::new();
        for (contig, length) in chroms {
            for entry in reader.get_interval(&contig, 0, length).unwrap() {
                let entry = entry.unwrap();
                found.extend(
                    (entry.start..entry.end).map(|base0| ((contig.clone(), i64::from(base0)), entry.value)),
                );
            }
        }
        assert_eq!(found, expected, "{track}");
    }
}

#[test]
fn what_goes_wrong_leaves_no_folder() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let cases: [(&[&str], &str); 6] = [
        (&["chr1:5000-6001"], "chr1:5000-6001: bases 5000 to 6001 are not all on chr1, which has 6000"),
        (&["--gene", "FORWARDS"], "no gene `FORWARDS`: is it one of FORWARD?"),
        (&["--bed", "/nonexistent.bed"], "/nonexistent.bed: No such file"),
        (&["chr2:1-5"], "choose with --strand"),
        (&["chr1:1-5", "--models", "X.K562"], "no model `X.K562`"),
        (&["chr1-5"], "`chr1-5` is no region"),
    ];
    for (what, words) in cases {
        run(&mut scan(&bundle, &server.url, what)).failed(&[words]);
        assert!(outputs(bundle.folder()).is_empty(), "{words}");
    }
    for track in ["probability", "localization"] {
        let cases: [(Failure, &str); 3] = [
            (Failure::Status, "the device has gone"),
            (Failure::Short, "its version does not fit this client"),
            (Failure::Silence, "has not answered for 1 s"),
        ];
        for (failure, words) in cases {
            let server = Running::start(Behavior { after: Some((3, failure)), ..Behavior::default() });
            let what =
                ["chr1", "--strand", "+", "--tracks", track, "--batch-windows", "5", "--timeout-s", "1"];
            run(&mut scan(&bundle, &server.url, &what)).failed(&[words]);
            assert!(outputs(bundle.folder()).is_empty(), "{words}");
        }
    }
    assert_eq!(
        run(client().args(["scan", "-o", "x", "--reference", "r", "--server", "http://h:1"])).code,
        Some(2)
    );
}

#[test]
fn ctrl_c_leaves_no_half_track() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior { after: Some((3, Failure::Silence)), ..Behavior::default() });
    let out = bundle.folder().join("out");
    std::fs::create_dir(&out).unwrap();
    let what = ["chr1", "--strand", "+", "--batch-windows", "5"];
    let child = scan(&bundle, &server.url, &what).stderr(Stdio::piped()).spawn().unwrap();
    until("the server hangs", || server.answered() > 3);
    signal(&child, "-INT");
    let ended = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{words}");
    assert!(words.contains("interrupted"), "{words}");
    assert_eq!(files(&bundle), [""; 0]);
}
