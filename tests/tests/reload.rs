//! The server follows its registry: it waits for what is missing or broken, takes what is new as a whole, and keeps what
//! it has when the new is bad.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use polaris_proto::v1::{
    GetModelRequest, GetModelResponse, ListModelsRequest, ModelState, PredictRequest, ServerInfoRequest,
};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, ServerProcess, TestRegistry};
use tonic::{Code, Request, Status};
use tonic_health::pb::health_check_response::ServingStatus;

const LIMIT: Duration = Duration::from_secs(60);
const MODEL: &str = "QKI.K562";

fn server(registry: &TestRegistry) -> Server {
    Server::new(registry.directory()).setting("REGISTRY__POLL_MS", 20)
}

async fn model(server: &ServerProcess, id: &str) -> Result<GetModelResponse, Status> {
    Ok(server.client().get_model(GetModelRequest { id: id.to_owned() }).await?.into_inner())
}

fn request(model_ids: &[&str]) -> PredictRequest {
    let model_ids = model_ids.iter().map(|&id| id.to_owned()).collect();
    PredictRequest { windows: vec![Random::new(3).window(INPUT_LENGTH)], model_ids }
}

/// Waits until a model is served in a version.
async fn until_version(server: &ServerProcess, id: &str, version: &str) {
    let version_is = async || model(server, id).await.unwrap().model.unwrap().version == version;
    let wait = async {
        while !version_is().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.unwrap();
}

#[tokio::test]
async fn a_truncated_model_is_named_and_waited_for() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let whole = registry.truncate("QKI.HepG2")?;
    registry.truncate("PUM2.K562")?;
    let mut server = server(&registry).spawn()?;
    let line = server.wait_for_line("nothing is served", LIMIT).await?;
    assert!(line.contains("ERROR") && line.contains("QKI.HepG2") && line.contains("PUM2.K562"), "{line}");
    for service in ["", "QKI.HepG2", "polaris.v1.PolarisService"] {
        assert_eq!(server.health(service).await.unwrap(), ServingStatus::NotServing, "{service:?}");
    }
    let broken = model(&server, "QKI.HepG2").await.unwrap();
    assert_eq!((broken.state(), broken.model.is_none()), (ModelState::Failed, true));
    assert!(broken.reason.contains("QKI.HepG2") && broken.reason.contains("sha256"), "{}", broken.reason);
    assert_eq!(server.client().predict(request(&[])).await.unwrap_err().code(), Code::Unavailable);

    std::fs::write(registry.model_file("QKI.HepG2"), whole).unwrap();
    std::fs::remove_dir_all(registry.directory().join("PUM2.K562")).unwrap();
    server.wait_until_serving(LIMIT).await?;
    assert_eq!(model(&server, "QKI.HepG2").await.unwrap().state(), ModelState::Serving);
    assert_eq!(server.health("QKI.HepG2").await.unwrap(), ServingStatus::Serving);
    assert_eq!(server.health("PUM2.K562").await.unwrap_err().code(), Code::NotFound);
    assert_eq!(server.client().predict(request(&[])).await.unwrap().into_inner().model_ids.len(), 3);
    Ok(())
}

#[tokio::test]
async fn what_is_required_is_waited_for() -> Result<(), HarnessError> {
    let registry = TestRegistry::empty()?;
    let mut by_count = server(&registry).setting("REGISTRY__REQUIRE", 2).spawn()?;
    let mut by_name = server(&registry).setting("REGISTRY__REQUIRE", "PUM2.K562").spawn()?;
    by_count.wait_for_line("holds no models", LIMIT).await?;
    by_name.wait_for_line("holds no models", LIMIT).await?;
    registry.publish(MODEL, INPUT_LENGTH, true, true)?;
    by_count.wait_for_line("has 1 models to serve, registry.require is 2", LIMIT).await?;
    by_name.wait_for_line("has no model PUM2.K562; it has QKI.K562", LIMIT).await?;
    assert_eq!(by_count.health("").await.unwrap(), ServingStatus::NotServing);
    assert_eq!(model(&by_name, "PUM2.K562").await.unwrap().state(), ModelState::Failed);
    registry.publish("PUM2.K562", INPUT_LENGTH, false, true)?;
    by_count.wait_until_serving(LIMIT).await?;
    by_name.wait_until_serving(LIMIT).await
}

/// `POLARIS_RELOADS=50 cargo test --release -p polaris-tests --test reload -- --nocapture under_load` checks memory as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_models_are_changed_under_load() -> Result<(), HarnessError> {
    let reloads: u64 = std::env::var("POLARIS_RELOADS").map_or(6, |count| count.parse().unwrap());
    let registry = TestRegistry::all_variants()?;
    let server = Arc::new(server(&registry).start().await?);
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..3)
        .map(|seed| {
            let (stop, answered, mut client) = (Arc::clone(&stop), Arc::clone(&answered), server.client());
            tokio::spawn(async move {
                let mut random = Random::new(seed);
                while !stop.load(Ordering::Relaxed) {
                    let windows = (0..20).map(|_| random.window(INPUT_LENGTH)).collect();
                    client.predict(PredictRequest { windows, model_ids: Vec::new() }).await?;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Status>(())
            })
        })
        .collect();
    let mut good = registry.publish_version(MODEL, 1000)?.version;
    until_version(&server, MODEL, &good).await;
    let mut memory = Vec::new();
    for round in 1..=reloads {
        let manifest = registry.publish_version(MODEL, 1000 + round)?;
        if round % 5 == 0 {
            // Broken on purpose. It may be seen before it is broken, so it is broken under its own name first.
            let version = registry.directory().join(MODEL).join(&manifest.version);
            std::fs::write(version.join("manifest.json"), "{").unwrap();
            let failed = async {
                while model(&server, MODEL).await.unwrap().reason.is_empty() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(LIMIT, failed).await.unwrap();
            let found = model(&server, MODEL).await.unwrap();
            assert_eq!(found.state(), ModelState::Serving);
            assert_eq!(server.health("").await.unwrap(), ServingStatus::Serving);
            assert!(found.reason.contains("manifest.json"), "{}", found.reason);
            assert!([&good, &manifest.version].contains(&&found.model.unwrap().version));
        } else {
            good = manifest.version;
            until_version(&server, MODEL, &good).await;
            assert_eq!(model(&server, MODEL).await.unwrap().reason, "");
        }
        memory.push(server.resident_bytes()? >> 20);
    }
    stop.store(true, Ordering::Relaxed);
    for load in load {
        load.await.unwrap().unwrap();
    }
    let answered = answered.load(Ordering::Relaxed);
    eprintln!("{reloads} reloads, {answered} requests answered, resident MiB: {memory:?}");
    assert!(answered > 0);
    // A sample may fall into a batch: ten are taken together.
    if let [_, _, _, _, _, settled @ ..] = &memory[..]
        && settled.len() > 20
    {
        let mean = |samples: &[u64]| samples.iter().sum::<u64>() as f64 / samples.len() as f64;
        let (first, last) = (mean(&settled[..10]), mean(&settled[settled.len() - 10..]));
        assert!(last <= 1.05 * first, "memory grows from {first:.0} to {last:.0} MiB: {memory:?}");
    }
    Ok(())
}

/// Weights take most of the memory. Where the C library keeps what replaced ones took, each round adds some tenths.
#[tokio::test]
async fn what_replaced_models_took_goes_back_to_the_system() -> Result<(), HarnessError> {
    const MODELS: [&str; 8] =
        ["A.K562", "B.K562", "C.K562", "D.K562", "E.K562", "F.K562", "G.K562", "H.K562"];
    /// Of windows as they are used: the weights of short ones are too small for blocks of their own.
    const LENGTH: usize = 1000;
    let registry = TestRegistry::empty()?;
    let window = PredictRequest { windows: vec![Random::new(3).window(LENGTH)], model_ids: Vec::new() };
    for id in MODELS {
        registry.publish_version_of(id, LENGTH, 0)?;
    }
    let server = server(&registry).start().await?;
    server.client().predict(window.clone()).await.unwrap();
    let most = server.resident_bytes()? as f64 * 1.25;
    for round in 1..=4 {
        for id in MODELS {
            let version = registry.publish_version_of(id, LENGTH, round)?.version;
            until_version(&server, id, &version).await;
        }
        server.client().predict(window.clone()).await.unwrap();
    }
    let goes_back = async {
        while server.resident_bytes().unwrap() as f64 > most {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let back = tokio::time::timeout(Duration::from_secs(5), goes_back).await;
    let (resident, most) = (server.resident_bytes()? >> 20, most as u64 >> 20);
    assert!(back.is_ok(), "{resident} MiB, at most {most} expected");
    Ok(())
}

#[tokio::test]
async fn several_versions_side_by_side_and_canaries() -> Result<(), HarnessError> {
    let registry = TestRegistry::empty()?;
    let old = registry.publish_version(MODEL, 1)?.version;
    let new = registry.publish_version(MODEL, 2)?.version;
    let (old, new) = (format!("{MODEL}@{old}"), format!("{MODEL}@{new}"));
    let server = server(&registry).setting("REGISTRY__CANARY", &old).start().await?;
    let ask = async |id: &str, canary: Option<&'static str>| {
        let mut request = Request::new(request(&[id]));
        if let Some(canary) = canary {
            request.metadata_mut().insert("polaris-canary", canary.parse().unwrap());
        }
        let reply = server.client().predict(request).await.unwrap().into_inner();
        assert_eq!(reply.model_ids, [id]);
        reply.predictions[0].logits[0]
    };
    let (old_logit, new_logit) = (ask(&old, None).await, ask(&new, None).await);
    assert_ne!(old_logit, new_logit);
    assert_eq!(ask(MODEL, None).await, new_logit);
    assert_eq!(ask(MODEL, Some("true")).await, old_logit);
    assert_eq!(ask(MODEL, Some("false")).await, new_logit);
    let mut wrong = Request::new(request(&[]));
    wrong.metadata_mut().insert("polaris-canary", "yes".parse().unwrap());
    assert_eq!(server.client().predict(wrong).await.unwrap_err().code(), Code::InvalidArgument);

    let listed = server.client().list_models(ListModelsRequest {}).await.unwrap().into_inner().models;
    assert_eq!(listed.len(), 1);
    assert_eq!(format!("{MODEL}@{}", listed[0].version), new);
    let info = server.client().server_info(ServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!((info.models, info.model_set_digest.len()), (2, 64));
    assert_eq!(server.health(&old).await.unwrap(), ServingStatus::Serving);
    Ok(())
}
