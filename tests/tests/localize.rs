//! Localize gives what the ensemble gives in this process, for every method, in every form.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use polaris_model::localization::{
    LocalizationMethod, MapAlignment, MapOptions, MapResolution, clusters, rectify,
};
use polaris_model::{Ensemble, WindowInput};
use polaris_proto::v1::{self, LocalizeRequest, LocalizeResponse, LocalizeWindow, PositionMap, Window};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, ServerProcess, TestRegistry, engine_window};

const TOLERANCE: f32 = 1e-5;

struct Setting {
    ensemble: Ensemble,
    server: ServerProcess,
    _registry: TestRegistry,
}

impl Setting {
    async fn new() -> Result<Self, HarnessError> {
        let registry = TestRegistry::all_variants()?;
        let server = Server::new(registry.directory()).start().await?;
        Ok(Self { ensemble: registry.ensemble()?, server, _registry: registry })
    }

    fn inputs(&self, windows: &[Window]) -> Vec<WindowInput> {
        windows.iter().map(|window| engine_window(window, self.ensemble.cell_lines())).collect()
    }

    async fn localize(
        &self,
        windows: &[Window],
        model_ids: &[&str],
        options: v1::MapOptions,
    ) -> Vec<LocalizeResponse> {
        let windows =
            windows.iter().map(|window| LocalizeWindow { reference: Some(window.clone()), allele: None });
        let model_ids = model_ids.iter().map(|&id| id.to_owned()).collect();
        let request = LocalizeRequest { model_ids, windows: windows.collect(), options: Some(options) };
        self.server.localize(request).await.unwrap()
    }
}

fn windows(count: usize, seed: u64) -> Vec<Window> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.window(INPUT_LENGTH)).collect()
}

fn method(method: LocalizationMethod) -> i32 {
    match method {
        LocalizationMethod::GradCam => v1::LocalizationMethod::GradCam,
        LocalizationMethod::HiresCam => v1::LocalizationMethod::HiresCam,
        LocalizationMethod::Mutagenesis => v1::LocalizationMethod::Mutagenesis,
    }
    .into()
}

fn reference(response: &LocalizeResponse, model: usize) -> &PositionMap {
    response.maps[model].reference.as_ref().unwrap()
}

#[tokio::test]
async fn maps_are_those_of_the_ensemble() -> Result<(), HarnessError> {
    let setting = Setting::new().await?;
    for kind in LocalizationMethod::ALL {
        // Class activation maps of several chunks; mutagenesis takes longer.
        let windows = windows(if kind == LocalizationMethod::Mutagenesis { 3 } else { 70 }, 21);
        // Another order than the engine's, and not all.
        let expected = setting.ensemble.localize(&setting.inputs(&windows), &[3, 0], kind).unwrap();
        let width = kind.values(INPUT_LENGTH);
        for (signed, resolution, alignment) in [
            (false, MapResolution::Base, MapAlignment::ReceptiveField),
            (true, MapResolution::Base, MapAlignment::Stretch),
            (true, MapResolution::Native, MapAlignment::ReceptiveField),
        ] {
            let form = MapOptions { method: kind, signed, resolution, alignment };
            let options = v1::MapOptions {
                method: method(kind),
                signed,
                resolution: i32::from(resolution == MapResolution::Native) * 2,
                alignment: i32::from(alignment == MapAlignment::Stretch) * 2,
                ..v1::MapOptions::default()
            };
            let found = setting.localize(&windows, &["TARDBP.K562", "PUM2.K562"], options).await;
            assert_eq!(found.len(), windows.len());
            for (row, response) in found.iter().enumerate() {
                assert_eq!((response.window_index as usize, response.maps.len()), (row, 2));
                assert_eq!(response.model_ids, ["TARDBP.K562", "PUM2.K562"]);
                let logits = &expected.predictions.logits[2 * row..2 * row + 2];
                assert_close(&response.reference.as_ref().unwrap().logits, logits);
                assert_eq!((&response.alternate, response.alignment.len()), (&None, 0));
                assert_eq!(
                    response.geometry.unwrap().positions as usize,
                    form.geometry(INPUT_LENGTH).positions
                );
                for model in 0..2 {
                    let start = (2 * row + model) * width;
                    let map = form.map(&expected.values[start..start + width], INPUT_LENGTH);
                    assert!(map.iter().any(|&value| value != 0.0));
                    assert_close(&reference(response, model).values, &map);
                    assert!(reference(response, model).indices.is_empty());
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn effects_are_those_of_substituted_windows() -> Result<(), HarnessError> {
    let setting = Setting::new().await?;
    let mut window = windows(1, 22).remove(0);
    window.sequence.replace_range(60..62, "NN");
    let options = v1::MapOptions {
        method: v1::LocalizationMethod::Mutagenesis.into(),
        signed: true,
        substitution_effects: true,
        ..v1::MapOptions::default()
    };
    let found = setting.localize(std::slice::from_ref(&window), &[], options).await.remove(0);
    let mut substituted = vec![window.clone()];
    for base in 0..INPUT_LENGTH {
        for letter in ["A", "C", "G", "T"] {
            let mut sequence = window.sequence.clone();
            // N is no base to be substituted.
            if sequence.as_bytes()[base] != b'N' {
                sequence.replace_range(base..=base, letter);
            }
            substituted.push(Window { sequence, ..window.clone() });
        }
    }
    let predicted = setting.server.predict(substituted).await.unwrap();
    for model in 0..4 {
        let logit = predicted[0].logits[model];
        let effects: Vec<f32> = predicted[1..].iter().map(|values| values.logits[model] - logit).collect();
        let map: Vec<f32> = effects.chunks(4).map(|base| -base.iter().sum::<f32>() / 3.0).collect();
        assert!(map.iter().any(|value| value.abs() > 10.0 * TOLERANCE));
        assert_close(&reference(&found, model).substitution_effects, &effects);
        assert_close(&reference(&found, model).values, &map);
    }
    Ok(())
}

#[tokio::test]
async fn only_the_largest_values_and_clusters_of_the_whole_map() -> Result<(), HarnessError> {
    let setting = Setting::new().await?;
    let windows = windows(1, 23);
    let whole_options = v1::MapOptions {
        signed: true,
        method: v1::LocalizationMethod::HiresCam.into(),
        resolution: v1::MapResolution::Native.into(),
        ..v1::MapOptions::default()
    };
    let whole = setting.localize(&windows, &[], whole_options).await.remove(0);
    let options = v1::MapOptions {
        threshold: Some(0.3),
        top_k: Some(6),
        clusters: Some(v1::ClusterOptions::default()),
        ..whole_options
    };
    let some = setting.localize(&windows, &[], options).await.remove(0);
    let all = v1::ClusterOptions { include_all: true, ..v1::ClusterOptions::default() };
    let options = v1::MapOptions { clusters: Some(all), ..options };
    let with_all = setting.localize(&windows, &[], options).await.remove(0);
    let mut motifs = 0;
    for model in 0..4 {
        let map = &reference(&whole, model).values;
        let largest = map.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        let mut order: Vec<usize> = (0..map.len()).collect();
        order.sort_by(|&a, &b| map[b].abs().total_cmp(&map[a].abs()));
        let mut expected: Vec<usize> =
            order.into_iter().take(6).filter(|&position| map[position].abs() >= 0.3 * largest).collect();
        expected.sort_unstable();
        let found = reference(&some, model);
        assert_eq!(found.indices.iter().map(|&index| index as usize).collect::<Vec<_>>(), expected);
        assert_close(&found.values, &expected.iter().map(|&position| map[position]).collect::<Vec<_>>());

        let mut rectified = map.clone();
        rectify(&mut rectified);
        let expected = clusters(&rectified, 4, &Default::default());
        let found = &reference(&with_all, model).clusters;
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let base = |position: usize| 19 + 4 * position as u32;
            let last = *expected.positions.last().unwrap();
            assert_eq!((found.start0, found.end0), (base(expected.positions[0]), base(last) + 1));
            assert_eq!((found.summit0, found.motif), (base(expected.summit), expected.motif));
            assert_close(&[found.score], &[expected.score as f32]);
        }
        let only_motifs: Vec<_> = found.iter().filter(|cluster| cluster.motif).collect();
        assert_eq!(reference(&some, model).clusters.iter().collect::<Vec<_>>(), only_motifs);
        motifs += only_motifs.len();
    }
    assert!(motifs > 0);
    Ok(())
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < TOLERANCE), "{found:?} {expected:?}");
}
