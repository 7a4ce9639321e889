//! ServerInfo: what this server is.

use polaris_proto::v1::ServerInfoResponse;

use super::list_models;
use super::serving::{Rules, Serving};

/// What is known, also before anything is served.
pub(super) fn response(rules: &Rules, serving: Option<&Serving>) -> ServerInfoResponse {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    ServerInfoResponse {
        server_version: env!("CARGO_PKG_VERSION").to_owned(),
        api_versions: vec!["polaris.v1".to_owned(), "inference".to_owned()],
        device: rules.device.clone(),
        precision: serving.map_or(rules.precision, |serving| serving.precision).to_string(),
        limits: Some(list_models::limits(rules.limits)),
        model_set_digest: serving.map(|serving| serving.digest.to_string()).unwrap_or_default(),
        models: serving.map_or(0, |serving| count(serving.catalog.models().len())),
        queue_windows: count(rules.queue_windows),
    }
}
