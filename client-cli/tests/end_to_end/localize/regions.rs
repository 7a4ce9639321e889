//! Regions and BED files.

use polaris_proto::v1::LocalizationMethod::{GradCam, Mutagenesis};

use super::{files, localize, out, rows, runs};
use crate::bundle::Bundle;
use crate::fake_server::{Behavior, Running, map_value};
use crate::program::run;
use crate::scores::reverse_complement;

/// Bases of a stretch on a strand, by ascending position.
fn bases(bundle: &Bundle, start0: i64, length: usize, strand: &str) -> Vec<char> {
    let forward = bundle.sequence("chr1", start0, length);
    match strand {
        "+" => forward.chars().collect(),
        _ => reverse_complement(&forward).chars().rev().collect(),
    }
}

#[test]
fn every_base_of_a_region_has_the_value_of_its_letter() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // Shorter than a window at either end of the contig, exactly as long, and much longer.
    for (region, start0, length) in [
        ("chr1:1-9", 0, 9),
        ("1:5,990-6,000", 5989, 11),
        ("chr1:1001-1151", 1000, 151),
        ("chr1:2001-2700", 2000, 700),
    ] {
        let mut command = localize(&bundle, &server.url, region);
        run(command.args(["--strand", "both", "--format", "tsv", "--method", "mutagenesis"])).succeeded();
        let mut expected = Vec::new();
        let name = format!("chr1:{}-{}", start0 + 1, start0 + i64::try_from(length).unwrap());
        for strand in ["+", "-"] {
            for model in ["QKI.K562", "TARDBP.HepG2"] {
                for (position1, base) in (start0 + 1..).zip(bases(&bundle, start0, length, strand)) {
                    let value = map_value(base, model, Mutagenesis);
                    expected.push(
                        [
                            "chr1",
                            &position1.to_string(),
                            "0",
                            strand,
                            &base.to_string(),
                            &name,
                            model,
                            "ref",
                            &value.to_string(),
                        ]
                        .map(str::to_owned)
                        .to_vec(),
                    );
                }
            }
        }
        let mut found = rows(&out(&bundle, "maps.tsv.gz"));
        for row in &mut found {
            row[5] = row[5].replace("1:5,990-6,000", &name);
        }
        assert!(found == expected, "{region}: {:?} {:?}", found.first(), expected.first());
        assert_eq!(files(&bundle.folder().join("out")), ["gaps.tsv", "maps.tsv.gz"]);
    }
}

#[test]
fn the_strand_is_the_region_s_the_transcript_s_or_as_told() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let strands = |region: &str, more: &[&str]| {
        run(localize(&bundle, &server.url, region)
            .args(["--format", "tsv", "--models", "QKI.K562"])
            .args(more))
        .succeeded();
        let mut strands: Vec<String> =
            rows(&out(&bundle, "maps.tsv.gz")).into_iter().map(|row| row[3].clone()).collect();
        strands.dedup();
        strands.concat()
    };
    assert_eq!(strands("chr1:1200-1210", &[]), "+");
    assert_eq!(strands("chr1:4000-4010", &[]), "-");
    assert_eq!(strands("chr1:2700-2710", &[]), "+-");
    assert_eq!(strands("chr1:1200-1210:-", &[]), "-");
    assert_eq!(strands("chr1:1200-1210:-", &["--strand", "+"]), "+");
    assert_eq!(strands("chr1:1200-1210", &["--strand", "-"]), "-");
}

#[test]
fn clusters_are_whole_and_told_once_wherever_windows_meet() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    for strand in ["+", "-"] {
        let region = format!("chr1:501-2900:{strand}");
        run(localize(&bundle, &server.url, &region).args(["--format", "bed", "--models", "QKI.K562"]))
            .succeeded();
        let (start0, end0) = (500, 2900);
        let forward = bundle.sequence("chr1", start0, 2400);
        let sequence = if strand == "+" { forward } else { reverse_complement(&forward) };
        let mut expected: Vec<Vec<String>> = runs(&sequence)
            .into_iter()
            .map(|(start, end)| {
                let [start, end] = [start, end].map(|base| i64::try_from(base).unwrap());
                let place = match strand {
                    "+" => [start0 + start, start0 + end, start0 + start + 1],
                    _ => [end0 - end, end0 - start, end0 - 2 - start],
                };
                let [first, last, summit] = place.map(|base| base.to_string());
                ["chr1", &first, &last, "QKI.K562", "750", strand, &summit, "0.75", &region, "ref"]
                    .map(|cell| cell.replace(&format!(":{strand}"), ""))
                    .to_vec()
            })
            .collect();
        expected.sort_by_key(|row| row[1].parse::<i64>().unwrap());
        assert!(expected.len() > 20);
        assert_eq!(rows(&out(&bundle, "clusters.bed")), expected, "{strand}");
    }
}

#[test]
fn a_bed_makes_sorted_clusters_tracks_and_no_double_values() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let bed = "chr3\t3500\t3700\tc\t0\t+\n#comment\nchr1\t1250\t1500\tb\t0\t+\nchr1\t1100\t1300\ta\t0\t+\n\
               chr1\t3200\t3230\td\t0\t-\nchr1\t2690\t2700\n";
    let input = bundle.file("peaks.bed", bed);
    let mut command = localize(&bundle, &server.url, input.to_str().unwrap());
    let ended = run(command.args(["--format", "tsv,bedgraph,bigwig,bed,svg"])).succeeded();
    // The last is on both strands.
    assert!(ended.stderr.contains("6 regions, "), "{}", ended.stderr);
    let names: Vec<String> =
        rows(&out(&bundle, "maps.tsv.gz")).into_iter().map(|row| row[5].clone()).collect();
    let mut order = names.clone();
    order.dedup();
    assert_eq!(order, ["c", "b", "a", "d", "chr1:2691-2700"]);

    let plus = out(&bundle, "QKI.K562.plus.bedgraph");
    let mut covered = Vec::new();
    for line in plus.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let (start0, end0): (i64, i64) = (cells[1].parse().unwrap(), cells[2].parse().unwrap());
        for base0 in start0..end0 {
            let base = bundle.sequence(cells[0], base0, 1).chars().next().unwrap();
            assert_eq!(cells[3], map_value(base, "QKI.K562", GradCam).to_string(), "{line}");
            covered.push((cells[0].to_owned(), base0));
        }
    }
    let expected = [("chr1", 1100..1500), ("chr1", 2690..2700), ("chr3", 3500..3700)];
    let expected: Vec<(String, i64)> = expected
        .into_iter()
        .flat_map(|(contig, bases)| bases.map(|base0| (contig.to_owned(), base0)))
        .collect();
    assert_eq!(covered, expected);
    assert!(out(&bundle, "QKI.K562.minus.bedgraph").lines().count() > 5);
    assert!(files(&bundle.folder().join("out")).contains(&"TARDBP.HepG2.minus.bw".to_owned()));

    let keys: Vec<(String, i64)> = rows(&out(&bundle, "clusters.bed"))
        .into_iter()
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect();
    assert!(keys.is_sorted() && keys.len() > 4, "{keys:?}");
}

#[test]
fn results_are_the_same_whatever_a_request_or_response_can_hold() {
    let bundle = Bundle::new();
    let mut written = Vec::new();
    for (response_bytes, batch) in [(None, "128"), (None, "3"), (Some(1300), "128")] {
        let server = Running::start(Behavior { response_bytes, ..Behavior::default() });
        let mut command = localize(&bundle, &server.url, "chr1:1100-2600");
        run(command.args(["--strand", "both", "--batch-windows", batch, "--format", "tsv,bed"])).succeeded();
        written.push([out(&bundle, "maps.tsv.gz"), out(&bundle, "clusters.bed")]);
    }
    assert!(written[0] == written[1] && written[0] == written[2]);
}

#[test]
fn what_is_not_sequenced_is_an_explained_gap() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // Bases 1000 to 3000 are N.
    let input = bundle.file("in.bed", "chr3\t900\t1100\tedge\t0\t+\nchr3\t1500\t1600\tdark\t0\t+\n");
    let mut command = localize(&bundle, &server.url, input.to_str().unwrap());
    let ended = run(command.args(["--format", "tsv,bedgraph", "--models", "QKI.K562"])).succeeded();
    let gaps = rows(&out(&bundle, "gaps.tsv"));
    let ends: Vec<[&str; 3]> = gaps.iter().map(|row| [row[4].as_str(), &row[1], &row[2]]).collect();
    assert_eq!(ends.first().map(|[name, start, _]| [*name, start]), Some(["edge", "1001"]), "{gaps:?}");
    assert_eq!(ends.last(), Some(&["dark", "1501", "1600"]), "{gaps:?}");
    assert!(gaps.iter().all(|row| row[5] == "mostly_n" || row[5] == "unknown_base"), "{gaps:?}");
    let table = out(&bundle, "maps.tsv.gz");
    assert_eq!(rows(&table).len(), 100);
    assert!(
        !table.to_lowercase().contains("nan") && ended.stderr.contains("left out, mostly_n: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn pictures_are_drawn_up_to_the_limit() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.bed", "chr1\t1200\t1300\tone/two\t0\t-\nchr1\t1400\t1500\t.\t0\t+\n");
    let mut command = localize(&bundle, &server.url, input.to_str().unwrap());
    let ended = run(command.args(["--format", "svg", "--max-pictures", "3", "--zoom", "30"])).succeeded();
    assert!(
        ended.stderr.contains("3 pictures\n  1 picture not drawn: raise --max-pictures"),
        "{}",
        ended.stderr
    );
    let pictures = files(&bundle.folder().join("out"));
    assert_eq!(pictures.len(), 4, "{pictures:?}");
    assert!(pictures.contains(&"one_two.QKI.K562.svg".to_owned()), "{pictures:?}");
    let svg = out(&bundle, "one_two.QKI.K562.svg");
    assert!(svg.contains("minus strand") && svg.contains("QKI.K562: one/two") && !svg.contains("NaN"));
}
