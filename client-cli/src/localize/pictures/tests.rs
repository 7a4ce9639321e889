use polaris_genomics::Window;
use polaris_proto::v1::AlignedBlock;

use super::super::explained::ColumnCluster;
use super::*;

fn pictures(most: usize) -> Pictures {
    Pictures { assembly: Some("test-1".into()), ..Pictures::new(true, false, most, Some(3), "logit".into()) }
}

fn layer(layer: Layer, values: &[f32]) -> LayerMap {
    LayerMap { layer, values: values.to_vec(), clusters: Vec::new() }
}

/// ATG on a strand, its T lost and a C put in before its G.
fn variant(strand: Strand) -> Explained {
    let place = Window { contig: "chr1".into(), start0: 10, length: 3, strand };
    let block = |reference0, alternate0, length| AlignedBlock { reference0, alternate0, length };
    let blocks = [
        block(Some(0), Some(0), 1),
        block(Some(1), None, 1),
        block(None, Some(1), 1),
        block(Some(2), Some(2), 1),
    ];
    let columns = Columns::of_alleles(place, b"ATG", b"ACG", &blocks).unwrap();
    let mut maps = ModelMaps {
        probability: 0.9204,
        alternate_probability: Some(0.1987),
        maps: vec![
            layer(Layer::Reference, &[1.0, 2.0, 0.0, 3.0]),
            layer(Layer::Alternate, &[1.0, 0.0, 4.0, 3.0]),
            layer(Layer::Difference, &[0.0, -2.0, 4.0, 0.0]),
        ],
    };
    maps.maps[0].clusters.push(ColumnCluster { columns: 0..2, summit: 1, score: 0.75 });
    Explained { name: "rs1_T>C".into(), columns, gaps: Vec::new(), windows: 1, models: vec![maps] }
}

#[test]
fn a_variant_s_alleles_stand_above_each_other() {
    let explained = variant(Strand::Reverse);
    let figure = pictures(9).figure(&explained, "QKI.K562", &explained.models[0]);
    assert_eq!(figure.title, "QKI.K562: rs1_T>C");
    assert_eq!(figure.subtitle, "probability of binding: reference 0.920, alternate 0.199, change -0.722");
    assert_eq!(figure.x_axis, XAxis::falling("chr1 (test-1), minus strand", 13));
    assert_eq!((figure.highlight, figure.zoom), (Some(1..3), Some(1..4)));
    let letters: Vec<&[u8]> = figure.panels.iter().map(|panel| &panel.letters[..]).collect();
    assert_eq!(letters, [b"AU-G", b"A-CG", b"AUCG"]);
    assert_eq!(figure.panels[2].values, [0.0, -2.0, 4.0, 0.0]);
    assert!(figure.panels[0].values[2].is_nan() && figure.panels[1].values[1].is_nan());
    assert_eq!(figure.panels[0].clusters, [Cluster { columns: 0..2, score: 0.75 }]);
}

#[test]
fn a_stretch_is_shown_around_its_largest_value() {
    let place = Window { contig: "tx".into(), start0: 0, length: 6, strand: Strand::Forward };
    let columns = Columns::of_stretch(place, b"ACGTNC".to_vec());
    let maps = vec![layer(Layer::Reference, &[0.0, 0.5, 0.0, -2.0, 9.0, 0.0])];
    let models = vec![ModelMaps { probability: 0.5, maps, ..ModelMaps::default() }];
    let explained = Explained { name: "tx".into(), columns, gaps: Vec::new(), windows: 3, models };
    let figure =
        Pictures { assembly: None, ..pictures(9) }.figure(&explained, "QKI.K562", &explained.models[0]);
    assert_eq!((figure.highlight, figure.zoom), (None, Some(2..5)));
    assert_eq!(figure.x_axis, XAxis::rising("tx", 1));
    assert_eq!(figure.panels[0].letters, b"ACGUNC");
    assert!(figure.panels[0].values[4].is_nan());
    assert_eq!(figure.subtitle, "largest probability of binding of 3 windows 0.500");
}

#[test]
fn the_largest_changes_are_drawn_and_the_others_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut pictures = pictures(2);
    let mut explained = variant(Strand::Forward);
    let mut small = explained.models[0].clone();
    small.alternate_probability = Some(0.92);
    explained.models = vec![small.clone(), explained.models[0].clone(), small];
    let models = ["A", "B", "C"].map(str::to_owned);
    pictures.add(&explained, &models, folder.path()).unwrap();
    pictures.add(&explained, &models, folder.path()).unwrap();
    assert_eq!((pictures.drawn, pictures.left_out), (2, 4));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    let svg = std::fs::read_to_string(folder.path().join("rs1_T_C.B.svg")).unwrap();
    assert!(svg.contains("B: rs1_T") && !svg.contains("NaN"), "{svg}");
    assert!(folder.path().join("rs1_T_C.A.svg").exists());
}

#[test]
fn names_are_taken_once() {
    let mut pictures = pictures(1);
    let mut name = |strand| pictures.free_name("a/b", "Q.K", strand);
    let names = [Strand::Forward, Strand::Reverse, Strand::Reverse, Strand::Reverse].map(&mut name);
    assert_eq!(names, ["a_b.Q.K", "a_b.Q.K.minus", "a_b.Q.K.minus.2", "a_b.Q.K.minus.3"]);
}

#[test]
fn names_of_files() {
    for (name, expected) in [
        ("chr1:1,200-3,000", "chr1_1_200-3_000"),
        ("rs1_A>C", "rs1_A_C"),
        ("../../etc/passwd", "_.._.._etc_passwd"),
        ("", "_"),
        ("HLA-A*01:01", "HLA-A_01_01"),
    ] {
        assert_eq!(safe_name(name), expected);
    }
    assert_eq!(safe_name(&"é".repeat(300)).len(), 100);
}

#[test]
fn zooms_stay_within() {
    assert_eq!(around(0..1, 4, 10), 0..4);
    assert_eq!(around(9..10, 4, 10), 6..10);
    assert_eq!(around(4..6, 5, 10), 3..8);
    assert_eq!(around(4..6, 99, 10), 0..10);
}
