use proptest::prelude::*;

use super::*;

fn read(content: &[u8]) -> Result<Vec<LabelledWindow>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("windows.bed");
    std::fs::write(&path, content).unwrap();
    let prefix = format!("{}/", folder.path().display());
    read_windows(&path).map_err(|error| error.to_string().replace(&prefix, ""))
}

const LINES: &[u8] =
    b"#contig\tstart0\tend0\tname\tscore\tstrand\tlabel\texpression\tregion\tgc\tfold_chromosome\tfold_random
chr1\t100\t1100\tpositive_1\t1000\t+\t1\t3.258097\t3utr\t0.4210\t0\t4
chr2\t0\t1000\tnegative_1\t0\t-\t0\tNA\tnone\t0.5000\t3\t2
";

#[test]
fn the_layout_is_the_documented_one() {
    let windows = read(LINES).unwrap();
    assert_eq!(windows.len(), 2);
    assert_eq!(
        windows[0].window,
        Window { contig: "chr1".into(), start0: 100, length: 1000, strand: Strand::Forward }
    );
    assert!(windows[0].positive && !windows[1].positive);
    assert_eq!(windows[0].region, Some(RegionClass::ThreePrimeUtr));
    assert_eq!((windows[0].expression, windows[1].expression), (Some(3.258097), None));
    assert_eq!((windows[0].fold_chromosome, windows[0].fold_random), (0, 4));
    let mut written = Vec::new();
    write_windows(&mut written, &windows).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(LINES.to_vec()).unwrap());
}

#[test]
fn mistakes_are_named_with_their_place() {
    let text = String::from_utf8(LINES.to_vec()).unwrap();
    let cases = [
        ("#contig", "contig", "windows.bed: the first line is not"),
        ("chr1\t100\t1100", "chr1\t100\t100", "windows.bed:2:end0: `100`: the end lies beyond"),
        ("chr2\t0\t1000", "chr2\t0\t999", "windows.bed:3:end0: `999`: the windows above are 1000 bases long"),
        ("chr1\t100", "chr1\t-1", "windows.bed:2:start0: `-1`"),
        ("\t1000\t+", "\t1001\t+", "windows.bed:2:score: `1001`"),
        ("\t-\t0", "\t.\t0", "windows.bed:3:strand: `.`"),
        ("\t0\tNA", "\t2\tNA", "windows.bed:3:label: `2`"),
        ("NA", "NaN", "windows.bed:3:expression: `NaN`"),
        ("3utr", "utr", "windows.bed:2:region: `utr`"),
        ("0.4210", "1.5", "windows.bed:2:gc: `1.5`"),
        ("\t0\t4\n", "\t5\t4\n", "windows.bed:2:fold_chromosome: `5`"),
        ("\t3\t2\n", "\t3\n", "windows.bed:3: 11 columns, 12 belong there"),
    ];
    for (from, to, expected) in cases {
        let error = read(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(read(b"").unwrap_err().contains("no windows"));
}

prop_compose! {
    fn labelled(length: usize)(
        contig in "[A-Za-z0-9_.]{1,8}",
        start0 in 0_i64..4_000_000_000,
        reverse in any::<bool>(),
        score in 0_u16..=1000,
        positive in any::<bool>(),
        expression in proptest::option::of(0_u32..12_000_000),
        region in proptest::option::of(proptest::sample::select(RegionClass::ALL.to_vec())),
        gc in 0_u32..=10_000,
        folds in (0..FOLDS, 0..FOLDS),
    ) -> LabelledWindow {
        let strand = if reverse { Strand::Reverse } else { Strand::Forward };
        LabelledWindow {
            window: Window { contig, start0, length, strand },
            name: format!("{}_{start0}", if positive { "positive" } else { "negative" }),
            score,
            positive,
            expression: expression.map(|millionths| format!("{:.6}", f64::from(millionths) / 1e6).parse().unwrap()),
            region,
            gc: f64::from(gc) / 1e4,
            fold_chromosome: folds.0,
            fold_random: folds.1,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        windows in (1_usize..2000).prop_flat_map(|length| proptest::collection::vec(labelled(length), 1..20))
    ) {
        let mut written = Vec::new();
        write_windows(&mut written, &windows).unwrap();
        prop_assert_eq!(read(&written).unwrap(), windows);
    }
}
