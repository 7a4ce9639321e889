//! The log: a line for each refused request, with its id, as text or JSON.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Request;

const LIMIT: Duration = Duration::from_secs(10);

fn request(id: Option<&'static str>, model: Option<&str>) -> Request<PredictRequest> {
    let windows = vec![Random::new(6).window(INPUT_LENGTH)];
    let model_ids = model.iter().map(|&model| model.to_owned()).collect();
    let mut request = Request::new(PredictRequest { windows, model_ids });
    if let Some(id) = id {
        request.metadata_mut().insert("x-request-id", id.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn a_refused_request_is_a_line_with_its_id() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server = Server::new(registry.directory()).setting("SERVER__LOG_FORMAT", "json").start().await?;
    let mut client = server.client();
    let good = client.predict(request(Some("mine-1"), None)).await.unwrap();
    assert_eq!(good.metadata().get("x-request-id").unwrap(), "mine-1");
    let refused = client.predict(request(Some("mine-2"), Some("X.K562"))).await.unwrap_err();
    assert_eq!(refused.metadata().get("x-request-id").unwrap(), "mine-2");
    let made = client.predict(request(None, Some("X.K562"))).await.unwrap_err();
    let made = made.metadata().get("x-request-id").unwrap().to_str().unwrap().to_owned();

    for id in ["mine-2", &made] {
        let line = server.wait_for_line(id, LIMIT).await?;
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "a request was refused");
        assert_eq!(line["method"], "polaris.v1.PolarisService/Predict");
        assert_eq!((&line["code"], &line["request_id"]), (&"NOT_FOUND".into(), &id.into()));
        assert!(line["duration_ms"].is_number() && line["peer"] == "unix", "{line}");
    }
    server.signal(rustix::process::Signal::TERM)?;
    let log = server.exit(LIMIT).await?.stderr;
    assert!(!log.contains("mine-1"), "{log}");
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
    Ok(())
}
