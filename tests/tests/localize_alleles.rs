//! Localize beside an allele: maps of both and their difference, base by base where the alleles correspond.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use polaris_model::Ensemble;
use polaris_model::localization::{AlleleAlignment, LocalizationMethod, MapOptions, MapResolution, rectify};
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    self, Allele, LocalizeRequest, LocalizeResponse, LocalizeWindow, PositionMap, Resized, Substitution,
    Window,
};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry, engine_window};

const TOLERANCE: f32 = 1e-5;
/// Bases of the transcript on either side of the window.
const FLANK: usize = 40;

fn request(reference: &Window, change: Change, options: v1::MapOptions) -> LocalizeRequest {
    let allele = Some(Allele { change: Some(change) });
    let window = LocalizeWindow { reference: Some(reference.clone()), allele };
    LocalizeRequest { model_ids: Vec::new(), windows: vec![window], options: Some(options) }
}

/// Logits and signed maps at each base (or position) of windows, `[windows][models]`.
fn calculated(
    ensemble: &Ensemble,
    windows: &[Window],
    form: MapOptions,
) -> (Vec<Vec<f32>>, Vec<Vec<Vec<f32>>>) {
    let inputs: Vec<_> = windows.iter().map(|window| engine_window(window, ensemble.cell_lines())).collect();
    let all: Vec<usize> = (0..ensemble.models().len()).collect();
    let found = ensemble.localize(&inputs, &all, form.method).unwrap();
    let maps: Vec<Vec<f32>> = found
        .values
        .chunks(form.method.values(INPUT_LENGTH))
        .map(|values| form.signed_map(values, INPUT_LENGTH))
        .collect();
    let logits = found.predictions.logits.chunks(all.len()).map(<[f32]>::to_vec).collect();
    (logits, maps.chunks(all.len()).map(<[Vec<f32>]>::to_vec).collect())
}

fn values(map: &Option<PositionMap>) -> &[f32] {
    map.as_ref().map_or(&[], |map| &map.values)
}

fn rectified(map: &[f32]) -> Vec<f32> {
    let mut map = map.to_vec();
    rectify(&mut map);
    map
}

#[tokio::test]
async fn a_substitution_stands_base_by_base_or_position_by_position() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let ensemble = registry.ensemble()?;
    let server = Server::new(registry.directory()).start().await?;
    let reference = Random::new(31).window(INPUT_LENGTH);
    let mut sequence = reference.sequence.clone();
    sequence.replace_range(74..77, "GTA");
    let alternate = Window { sequence, ..reference.clone() };
    let change = Change::Substitution(Substitution { offset0: 74, bases: "gua".to_owned() });
    for (resolution, positions) in [(MapResolution::Base, INPUT_LENGTH), (MapResolution::Native, 29)] {
        let form = MapOptions { resolution, ..MapOptions::default() };
        let (logits, maps) = calculated(&ensemble, &[reference.clone(), alternate.clone()], form);
        let resolution = i32::from(resolution == MapResolution::Native) * 2;
        let options = v1::MapOptions { resolution, ..v1::MapOptions::default() };
        let found = server.localize(request(&reference, change.clone(), options)).await.unwrap().remove(0);
        assert_close(&found.reference.as_ref().unwrap().logits, &logits[0]);
        assert_close(&found.alternate.as_ref().unwrap().logits, &logits[1]);
        let blocks: Vec<_> = found.alignment.iter().map(|b| (b.reference0, b.alternate0, b.length)).collect();
        assert_eq!(blocks, [(Some(0), Some(0), INPUT_LENGTH as u32)]);
        for (model, found) in found.maps.iter().enumerate() {
            let (before, after) = (rectified(&maps[0][model]), rectified(&maps[1][model]));
            let difference: Vec<f32> =
                after.iter().zip(&before).map(|(after, before)| after - before).collect();
            assert_eq!(difference.len(), positions);
            assert!(difference.iter().any(|value| value.abs() > TOLERANCE));
            assert_close(values(&found.reference), &before);
            assert_close(values(&found.alternate), &after);
            assert_close(values(&found.difference), &difference);
        }
    }
    Ok(())
}

/// A change of a transcript of which the window is the middle.
fn resized(transcript: &str, offset0: usize, removed: usize, bases: &str) -> Resized {
    let (start, end) = (FLANK, FLANK + INPUT_LENGTH);
    let changed =
        format!("{}{bases}{}", &transcript[..start + offset0], &transcript[start + offset0 + removed..]);
    let end = end + bases.len() - removed;
    Resized {
        left_anchored: changed[start..start + INPUT_LENGTH].to_owned(),
        right_anchored: changed[end - INPUT_LENGTH..end].to_owned(),
        offset0: offset0 as u32,
        removed: removed as u32,
        added: bases.len() as u32,
    }
}

fn check(found: &LocalizeResponse, alignment: AlleleAlignment, logits: &[Vec<f32>], maps: &[Vec<Vec<f32>>]) {
    let mean: Vec<f32> = logits[1].iter().zip(&logits[2]).map(|(left, right)| (left + right) / 2.0).collect();
    assert_close(&found.reference.as_ref().unwrap().logits, &logits[0]);
    assert_close(&found.alternate.as_ref().unwrap().logits, &mean);
    let columns: u32 = found.alignment.iter().map(|block| block.length).sum();
    for (model, found) in found.maps.iter().enumerate() {
        let joined = alignment.joined(&maps[1][model], &maps[2][model], 1);
        let difference = alignment.difference(&maps[0][model], &joined);
        assert_eq!((joined.len(), difference.len()), (alignment.alternate_length(), columns as usize));
        assert_close(values(&found.reference), &maps[0][model]);
        assert_close(values(&found.alternate), &joined);
        assert_close(values(&found.difference), &difference);
    }
}

#[tokio::test]
async fn resized_alleles_stand_in_columns() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let ensemble = registry.ensemble()?;
    let server = Server::new(registry.directory()).start().await?;
    let mut random = Random::new(32);
    let transcript = random.sequence(INPUT_LENGTH + 2 * FLANK);
    let sequence = transcript[FLANK..FLANK + INPUT_LENGTH].to_owned();
    let reference = Window { sequence, ..random.window(INPUT_LENGTH) };
    let length = INPUT_LENGTH as u32;
    let insertion = [(Some(0), Some(0), 76), (None, Some(76), 4), (Some(76), Some(80), length - 76)];
    let deletion = [(Some(0), Some(0), 74), (Some(74), None, 5), (Some(79), Some(74), length - 79)];
    for method in [LocalizationMethod::GradCam, LocalizationMethod::Mutagenesis] {
        for (offset0, removed, bases, blocks) in [(75, 1, "GATTC", insertion), (73, 6, "C", deletion)] {
            let change = resized(&transcript, offset0, removed, bases);
            let with = |sequence: &str| Window { sequence: sequence.to_owned(), ..reference.clone() };
            let windows = [reference.clone(), with(&change.left_anchored), with(&change.right_anchored)];
            let form = MapOptions { method, ..MapOptions::default() };
            let (logits, maps) = calculated(&ensemble, &windows, form);
            let wire = if method == LocalizationMethod::GradCam {
                v1::LocalizationMethod::Unspecified
            } else {
                v1::LocalizationMethod::Mutagenesis
            };
            let options = v1::MapOptions { method: wire.into(), signed: true, ..v1::MapOptions::default() };
            let asked = request(&reference, Change::Resized(change), options);
            let found = server.localize(asked).await.unwrap().remove(0);
            let found_blocks: Vec<_> = found
                .alignment
                .iter()
                .map(|block| (block.reference0, block.alternate0, block.length))
                .collect();
            assert_eq!(found_blocks, blocks);
            let alignment = AlleleAlignment::new(INPUT_LENGTH, offset0, removed, bases.len()).unwrap();
            check(&found, alignment, &logits, &maps);
        }
    }
    Ok(())
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < TOLERANCE), "{found:?} {expected:?}");
}
