//! Localize refuses what it cannot answer before it calculates anything, and says why.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    self, Allele, ClusterOptions, LocalizeRequest, LocalizeWindow, MapOptions, MapResolution, Resized, Window,
};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn plain(reference: Window) -> LocalizeWindow {
    LocalizeWindow { reference: Some(reference), allele: None }
}

fn request(windows: Vec<LocalizeWindow>, options: MapOptions) -> LocalizeRequest {
    LocalizeRequest { model_ids: Vec::new(), windows, options: Some(options) }
}

/// Two bases more after the first 20.
fn insertion(reference: &Window, added: u32) -> LocalizeWindow {
    let sequence = &reference.sequence;
    let changed = format!("{}AC{}", &sequence[..20], &sequence[20..]);
    let resized = Resized {
        left_anchored: changed[..sequence.len()].to_owned(),
        right_anchored: changed[2..].to_owned(),
        offset0: 20,
        removed: 0,
        added,
    };
    let allele = Some(Allele { change: Some(Change::Resized(resized)) });
    LocalizeWindow { reference: Some(reference.clone()), allele }
}

fn check(status: &Status, field: &str, part: &str) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_details_bad_request().unwrap();
    assert_eq!(details.field_violations[0].field, field, "{status}");
    assert!(details.field_violations[0].description.contains(part), "{status} has no {part:?}");
}

#[tokio::test]
async fn wrong_requests() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let good = Random::new(41).window(INPUT_LENGTH);
    let unknown = plain(Window { sequence: "N".repeat(INPUT_LENGTH), ..good.clone() });
    let none = MapOptions::default();
    let native = MapOptions { resolution: MapResolution::Native.into(), ..none };
    let alpha = ClusterOptions { alpha: Some(2.0), ..ClusterOptions::default() };
    for (window, options, field, part) in [
        (unknown, none, "windows[1].reference.sequence", "nothing but N"),
        (LocalizeWindow::default(), none, "windows[1].reference", "missing"),
        (insertion(&good, 1), none, "windows[1].allele.resized.left_anchored", "base 20"),
        (insertion(&good, 0), none, "windows[1].allele.resized.offset0", "where the alleles differ"),
        (insertion(&good, 2), native, "options.resolution", "MAP_RESOLUTION_BASE"),
        (plain(good.clone()), MapOptions { method: 9, ..none }, "options.method", "9"),
        (plain(good.clone()), MapOptions { threshold: Some(1.1), ..none }, "options.threshold", "1.1"),
        (
            plain(good.clone()),
            MapOptions { clusters: Some(alpha), ..none },
            "options.clusters.alpha",
            "alpha is 2",
        ),
    ] {
        let refused = server.localize(request(vec![plain(good.clone()), window], options)).await;
        check(&refused.unwrap_err(), field, part);
    }
    let unknown =
        LocalizeRequest { model_ids: vec!["SRSF1.K562".to_owned()], ..request(vec![plain(good)], none) };
    let status = server.localize(unknown).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "{status}");
    assert_eq!(status.get_details_resource_info().unwrap().resource_name, "SRSF1.K562");
    Ok(())
}

#[tokio::test]
async fn responses_beyond_the_limit() -> Result<(), HarnessError> {
    let registry = TestRegistry::empty()?;
    registry.publish("QKI.K562", 1000, false, false)?;
    registry.publish("PUM2.K562", 1000, false, false)?;
    let limit = 65_536;
    let server =
        Server::new(registry.directory()).setting("LIMITS__MAX_RESPONSE_BYTES", limit).start().await?;
    let limits = server.client().list_models(v1::ListModelsRequest {}).await.unwrap().into_inner().limits;
    assert_eq!(limits.unwrap().max_response_bytes, limit);

    let reference = Random::new(42).window(1000);
    let options = MapOptions { clusters: Some(ClusterOptions::default()), ..MapOptions::default() };
    let large = request(vec![plain(reference.clone()), insertion(&reference, 2)], options);
    let refused = server.localize(large.clone()).await.unwrap_err();
    check(&refused, "windows[1]", "2 models");
    for part in ["at most 65536", "fewer models", "native resolution", "top_k"] {
        assert!(refused.message().contains(part), "{refused}");
    }
    // What helps, each by itself. The client takes no more than the limit.
    let one_model = LocalizeRequest { model_ids: vec!["QKI.K562".to_owned()], ..large.clone() };
    let native = MapOptions { resolution: MapResolution::Native.into(), ..options };
    let native = request(vec![plain(reference)], native);
    let no_clusters = LocalizeRequest { options: None, ..large.clone() };
    for (smaller, windows) in [(one_model, 2), (native, 1), (no_clusters, 2)] {
        let mut client = server.client().max_decoding_message_size(limit as usize);
        let mut answers = client.localize(smaller).await.unwrap().into_inner();
        for _ in 0..windows {
            assert!(answers.message().await.unwrap().is_some());
        }
        assert!(answers.message().await.unwrap().is_none());
    }
    Ok(())
}
