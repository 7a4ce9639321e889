use polaris_genomics::Strand;

use super::super::super::plan::Placement;
use super::*;
use crate::vcf::{Line, Record};

fn rows(form: TextForm) -> String {
    let line = Line::new(b"chr1\t7\trs1\tA\tC,<DEL>\t.\t.\t.\n".to_vec(), 1);
    let record = Record::parse(line, "in.vcf").unwrap();
    let placement =
        Placement { window: 0, allele: 0, strand: Strand::Reverse, transcribed: true, genes: "G1,G2".into() };
    let score = |model, delta| ModelScore {
        model,
        strand: Strand::Reverse,
        reference: 0.5,
        alternate: 0.5 + delta,
        delta,
        logit_delta: -1.5,
        spread: 0.0,
        quantile: None,
    };
    let strands = [StrandScores {
        placement: &placement,
        region: Some(RegionClass::Intron),
        scores: vec![score("QKI.K562", -0.25), score("A.K562", 0.1)],
    }];
    let models = ["A.K562".to_owned(), "QKI.K562".to_owned()];
    let mut out = header(form, &models).into_bytes();
    let allele = |alternate, index1| Allele { record: &record, alternate, index1 };
    push_scored(form, &models, &allele(b"C", 1), &strands, &mut out);
    push_skipped(form, &models, &allele(b"<DEL>", 2), SkipReason::Symbolic, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn long_has_a_row_for_each_model() {
    let text = rows(TextForm::Long);
    let expected = "chr1\t7\trs1\tA\tC\t1\t-\tyes\tG1,G2\tintron\tQKI.K562\t0.5\t0.25\t-0.25\t-1.5\t0\t.\t.\n\
                    chr1\t7\trs1\tA\tC\t1\t-\tyes\tG1,G2\tintron\tA.K562\t0.5\t0.6\t0.1\t-1.5\t0\t.\t.\n\
                    chr1\t7\trs1\tA\t<DEL>\t2\t.\t.\t.\t.\t.\t.\t.\t.\t.\t.\t.\tsymbolic\n";
    assert_eq!(text.split_once('\n').unwrap().1, expected);
    assert!(text.lines().all(|line| line.split('\t').count() == 18));
}

#[test]
fn wide_has_columns_for_each_model() {
    let text = rows(TextForm::Wide);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == 6 + 4 + 2 * 6 + 1), "{text}");
    assert_eq!((lines[0][12], lines[1][12]), ("A.K562:delta", "0.1"));
    assert_eq!((lines[0][18], lines[1][18]), ("QKI.K562:delta", "-0.25"));
    assert_eq!(lines[2].last(), Some(&"symbolic"));
}

#[test]
fn json_has_a_line_for_each_allele() {
    let text = rows(TextForm::JsonLines);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["strands"][0]["scores"]["A.K562"]["delta"], 0.1);
    assert_eq!(lines[0]["strands"][0]["genes"][1], "G2");
    assert_eq!(lines[1]["skipped"], "symbolic");
    assert_eq!(lines[1]["alternate"], "<DEL>");
}
