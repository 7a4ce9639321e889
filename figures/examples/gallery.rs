//! Writes a picture of every kind, of simulated values, into a folder: `cargo run --example gallery -- FOLDER`.

use std::{error::Error, f32::consts::PI, fs, path::PathBuf};

use polaris_figures::{Alphabet, Cluster, Figure, Logo, LogoComparison, Panel, XAxis, png};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder for the pictures")?);
    fs::create_dir_all(&folder)?;
    let pictures = [
        ("window", window().to_svg()?),
        ("variant", variant().to_svg()?),
        ("deletion", deletion().to_svg()?),
        ("short", short().to_svg()?),
        ("hostile", hostile().to_svg()?),
        ("logo", found().to_svg()?),
        ("comparison", comparison().to_svg()?),
    ];
    for (name, svg) in pictures {
        fs::write(folder.join(name).with_extension("png"), png::render(&svg, 1.5)?)?;
        fs::write(folder.join(name).with_extension("svg"), svg)?;
    }
    Ok(())
}

/// A repeatable number from 0 to 1.
fn noise(seed: usize) -> f32 {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1u64 << 24) as f32
}

fn sequence(length: usize) -> Vec<u8> {
    (0..length).map(|index| b"ACGU"[(noise(index) * 4.0) as usize % 4]).collect()
}

/// A smooth map with a peak at each of `peaks` (column, height).
fn map(length: usize, peaks: &[(f32, f32)]) -> Vec<f32> {
    let value = |column: usize| {
        let peak = |(at, height): &(f32, f32)| height * (-((column as f32 - at) / 9.0).powi(2)).exp();
        let wave = 0.03 * (1.0 + (column as f32 * 2.0 * PI / 61.0).sin());
        wave + 0.05 * noise(column * 7 + 3) + peaks.iter().map(peak).sum::<f32>()
    };
    (0..length).map(value).collect()
}

fn window() -> Figure {
    let mut letters = sequence(1000);
    letters.splice(612..618, *b"UGCAUG");
    let clusters = [(601..628, 0.93), (630..641, 0.52), (240..262, 0.61), (263..270, 0.55), (800..831, 0.71)];
    let clusters = clusters.map(|(columns, score)| Cluster { columns, score });
    let values = map(1000, &[(614.0, 1.1), (250.0, 0.6), (815.0, 0.7)]);
    let panel = Panel { clusters: clusters.to_vec(), ..Panel::new("Grad-CAM", "logit", letters, values) };
    Figure {
        title: "RBFOX2.K562 binding map".to_owned(),
        subtitle: "chr11:5,225,572-5,226,571 (GRCh38), minus strand, probability 0.971".to_owned(),
        x_axis: XAxis::falling("chr11, minus strand", 5_226_571),
        panels: vec![panel],
        notes: vec!["Bars: motif clusters with their mean score (threshold 0.5).".to_owned()],
        ..Figure::default()
    }
}

fn variant() -> Figure {
    let mut letters = sequence(1000);
    letters.splice(497..503, *b"UGCAUG");
    let mut alternate = letters.clone();
    alternate[500] = b'U';
    let before = map(1000, &[(500.0, 1.2), (250.0, 0.5), (815.0, 0.4)]);
    let after = map(1000, &[(500.0, 0.25), (250.0, 0.5), (815.0, 0.4), (560.0, 0.2)]);
    let change = before.iter().zip(&after).map(|(before, after)| after - before).collect();
    let motif = |score| vec![Cluster { columns: 486..514, score }];
    Figure {
        title: "rs12345: loss of an RBFOX2 site".to_owned(),
        subtitle: "RBFOX2.K562, P 0.951 to 0.402, delta logit -3.37, quantile 0.998".to_owned(),
        x_axis: XAxis::rising("chr9 (GRCh38), plus strand", 136_500_001),
        panels: vec![
            Panel { clusters: motif(0.88), ..Panel::new("reference", "logit", letters, before) },
            Panel::new("alternate", "logit", alternate.clone(), after),
            Panel::new("alternate - reference", "\u{394} logit", alternate, change),
        ],
        highlight: Some(500..501),
        ..Figure::default()
    }
}

fn deletion() -> Figure {
    let letters = sequence(400);
    let mut alternate = letters.clone();
    alternate[200..209].fill(b'-');
    let mut values = map(400, &[(204.0, -0.9), (120.0, 0.8)]);
    let mut after = values.clone();
    values[60] = f32::NAN;
    after[190..220].fill(0.1);
    Figure {
        title: "A deletion of nine bases".to_owned(),
        panels: vec![
            Panel::new("reference", "logit", letters, values),
            Panel::new("alternate", "logit", alternate, after),
        ],
        highlight: Some(200..209),
        ..Figure::default()
    }
}

fn short() -> Figure {
    let values = vec![0.1, -0.2, 0.4, 0.9, 1.0, 0.7, -0.4, -0.1, 0.0, 0.3];
    Figure { panels: vec![Panel::new("", "", b"ACGUNacgu-".to_vec(), values)], ..Figure::default() }
}

fn hostile() -> Figure {
    let long = "<&\">' name_of_a_FASTA_record_without_any_space_".repeat(8);
    let clusters =
        (0..120).map(|index| Cluster { columns: index * 9..index * 9 + 30, score: index as f32 / 9.0 });
    let values = map(1500, &[(700.0, -4e7), (710.0, 9e7)]);
    let panel = Panel {
        clusters: clusters.collect(),
        ..Panel::new(long.clone(), "a quantity with a long name", sequence(1500), values)
    };
    Figure {
        title: long.clone(),
        subtitle: long.clone(),
        x_axis: XAxis::rising(long.clone(), i64::MAX - 700),
        panels: vec![panel.clone(), Panel { values: vec![0.0; 1500], quantity: "zeros".to_owned(), ..panel }],
        notes: vec![long; 2],
        ..Figure::default()
    }
}

fn found() -> Logo {
    let weights = vec![
        [0.22, 0.18, 0.2, 0.4],
        [0.02, 0.02, 0.02, 0.94],
        [0.02, 0.01, 0.96, 0.01],
        [0.05, 0.9, 0.03, 0.02],
        [0.97, 0.01, 0.01, 0.01],
        [0.03, 0.05, 0.02, 0.9],
        [0.05, 0.01, 0.92, 0.02],
        [0.3, 0.2, 0.2, 0.3],
    ];
    Logo {
        title: "RBFOX2, filter 17".to_owned(),
        caption: "412 sites above half of the filter's largest activation".to_owned(),
        alphabet: Alphabet::Rna,
        weights,
    }
}

fn comparison() -> LogoComparison {
    let upper = Logo { title: "recovered: filter 17".to_owned(), ..found() };
    let known = upper.weights.iter().skip(1).take(6).copied().collect();
    LogoComparison {
        title: "RBFOX2.K562".to_owned(),
        caption: "p = 0.001".to_owned(),
        lower: Logo { title: "known: UGCAUG".to_owned(), weights: known, ..Logo::default() },
        upper,
        offset: 1,
    }
}
