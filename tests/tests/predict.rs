//! Predict gives what the ensemble gives in this process, for all four input variants.

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry, engine_window};

#[tokio::test]
async fn predictions_are_those_of_the_ensemble() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let ids = registry.registry().model_ids()?;
    let ensemble = registry.ensemble()?;
    let server = Server::new(registry.directory()).start().await?;

    let mut random = Random::new(1);
    // More than one batch of the engine.
    let windows: Vec<_> = (0..300).map(|_| random.window(INPUT_LENGTH)).collect();
    let inputs: Vec<_> = windows.iter().map(|window| engine_window(window, ensemble.cell_lines())).collect();
    let all: Vec<usize> = (0..ids.len()).collect();
    // Another order than the engine's, and not all.
    for (chosen, model_ids) in [(all, Vec::new()), (vec![3, 0], vec!["TARDBP.K562", "PUM2.K562"])] {
        let expected = ensemble.predict(&inputs, &chosen).unwrap();
        let model_ids = model_ids.into_iter().map(str::to_owned).collect();
        let request = PredictRequest { windows: windows.clone(), model_ids };
        let answer = server.client().predict(request).await.unwrap().into_inner();
        let names: Vec<String> = chosen.iter().map(|&index| ids[index].to_string()).collect();
        assert_eq!(answer.model_ids, names);
        assert_eq!(answer.predictions.len(), windows.len());
        for (row, values) in answer.predictions.iter().enumerate() {
            let range = row * chosen.len()..(row + 1) * chosen.len();
            assert_close(&values.logits, &expected.logits[range.clone()]);
            assert_close(&values.probabilities, &expected.probabilities[range]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_is_asked_again_is_the_same_to_the_bit() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    // Calculated again, and kept.
    for cache_bytes in [0, 256 << 20] {
        let server =
            Server::new(registry.directory()).setting("ENGINE__CACHE_BYTES", cache_bytes).start().await?;
        let mut random = Random::new(4);
        let mut windows: Vec<_> = (0..100).map(|_| random.window(INPUT_LENGTH)).collect();
        let first = server.predict(windows.clone()).await.unwrap();
        // In other batches, beside others.
        windows.reverse();
        windows.insert(30, random.window(INPUT_LENGTH));
        let mut second = server.predict(windows).await.unwrap();
        second.remove(30);
        second.reverse();
        assert_eq!(first, second, "{cache_bytes}");
    }
    Ok(())
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}");
}
