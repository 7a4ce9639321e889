//! `deploy/tests/metrics.txt`, by which dashboard and alert rules are checked without a server, is what the server exports.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry, http, text};

/// Kind and labels of each metric of the server's own.
fn families(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut families = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
            families.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if let Some((name, rest)) = line.split_once('{') {
            let plain = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let family = plain.filter(|plain| families.contains_key(*plain)).unwrap_or(name);
            let labels = rest.split_once('}').unwrap().0.split("\",").filter_map(|pair| pair.split_once('='));
            families.get_mut(family).unwrap().1.extend(labels.map(|(label, _)| label.to_owned()));
        }
    }
    families.retain(|name, _| name.starts_with("polaris_"));
    families
}

#[tokio::test]
async fn the_recorded_metrics_are_those_of_the_server() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server =
        Server::new(registry.directory()).setting("ADMIN__LISTEN", "127.0.0.1:0").start().await?;
    let admin = server.admin_address().await?;
    let windows = vec![Random::new(7).window(INPUT_LENGTH)];
    server.client().predict(PredictRequest { windows, model_ids: Vec::new() }).await.unwrap();
    let exported = families(&http(&admin, "GET", "/metrics", None).await?.body);
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/tests/metrics.txt");
    assert_eq!(families(&text(&recorded)?), exported, "record /metrics anew in {}", recorded.display());
    Ok(())
}
