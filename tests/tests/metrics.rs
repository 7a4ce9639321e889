//! What the admin listener says: metrics that Prometheus reads, also under load, and nothing else.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use polaris_proto::v1::{PredictRequest, ScoreVariantsRequest};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, ServerProcess, TestRegistry, http};
use tonic::Code;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;

const LIMIT: Duration = Duration::from_secs(20);
const PREDICT: &str = r#"method="polaris.v1.PolarisService/Predict""#;

fn request(windows: usize) -> PredictRequest {
    let mut random = Random::new(21);
    PredictRequest {
        windows: (0..windows).map(|_| random.window(INPUT_LENGTH)).collect(),
        model_ids: Vec::new(),
    }
}

async fn start(registry: &TestRegistry) -> Result<(ServerProcess, String), HarnessError> {
    let mut server = Server::new(registry.directory())
        .args(&["--log", "polaris_server=debug"])
        .setting("ADMIN__LISTEN", "127.0.0.1:0")
        .start()
        .await?;
    let admin = server.admin_address().await?;
    Ok((server, admin))
}

async fn metrics(admin: &str) -> Result<String, HarnessError> {
    let answer = http(admin, "GET", "/metrics", None).await?;
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert!(
        answer.head.to_lowercase().contains("content-type: text/plain; version=0.0.4"),
        "{}",
        answer.head
    );
    Ok(answer.body)
}

/// The value of a series, given by the beginning of its line.
fn value(text: &str, series: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series))
        .unwrap_or_else(|| panic!("{series} in\n{text}"));
    line.trim().parse().unwrap()
}

/// Calls a method that there is not.
async fn call_unknown(server: &ServerProcess) -> Code {
    let mut grpc = Grpc::new(server.channel());
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<PredictRequest, PredictRequest>::default();
    let path = PathAndQuery::from_static("/polaris.v1.PolarisService/Guess");
    grpc.unary(tonic::Request::new(request(1)), path, codec).await.unwrap_err().code()
}

#[tokio::test]
async fn calls_are_counted_by_method_and_code() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let (server, admin) = start(&registry).await?;
    let mut client = server.client();
    client.predict(request(20)).await.unwrap();
    client.predict(request(20)).await.unwrap();
    assert_eq!(client.predict(request(0)).await.unwrap_err().code(), Code::InvalidArgument);
    let unknown = PredictRequest { model_ids: vec!["X.K562".to_owned()], ..request(1) };
    assert_eq!(client.predict(unknown).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(call_unknown(&server).await, Code::Unimplemented);
    // Its status comes in trailers.
    let wrong = ScoreVariantsRequest::default();
    let mut stream = client.score_variants(tokio_stream::iter([wrong])).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::InvalidArgument);

    let text = metrics(&admin).await?;
    let count = |method: &str, code: &str| {
        value(&text, &format!("polaris_rpc_duration_seconds_count{{code=\"{code}\",{method}}}"))
    };
    assert_eq!(count(PREDICT, "OK"), 2.0);
    assert_eq!(count(PREDICT, "INVALID_ARGUMENT"), 1.0);
    assert_eq!(count(PREDICT, "NOT_FOUND"), 1.0);
    assert_eq!(count(r#"method="unknown""#, "UNIMPLEMENTED"), 1.0);
    assert_eq!(count(r#"method="polaris.v1.PolarisService/ScoreVariants""#, "INVALID_ARGUMENT"), 1.0);
    assert!(!text.contains("Guess"));
    for (series, expected) in [
        (r#"polaris_requests_rejected_total{reason="invalid"}"#, 2.0),
        (r#"polaris_requests_rejected_total{reason="unknown_model"}"#, 1.0),
        ("polaris_models_ready", 4.0),
        ("polaris_models_expected", 4.0),
        ("polaris_queue_windows", 0.0),
        ("polaris_queue_capacity_windows", 17_408.0),
        ("polaris_cache_hits_total", 20.0),
        ("polaris_batch_windows_sum", 20.0),
        (r#"polaris_build_info{device="cpu",precision="strict",version="0.1.0"}"#, 1.0),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    assert!(value(&text, "polaris_cache_bytes") > 0.0);
    assert!(value(&text, "process_resident_memory_bytes") > 0.0);
    check_with_promtool(&text);
    Ok(())
}

/// `promtool check metrics`, if it is installed (Debian: prometheus).
fn check_with_promtool(text: &str) {
    let command = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn();
    let Ok(mut promtool) = command else {
        eprintln!("skipped: promtool is not installed");
        return;
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(promtool.wait().unwrap().success(), "promtool refuses\n{text}");
}

#[tokio::test]
async fn metrics_do_not_wait_for_the_engine() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let (mut server, admin) = start(&registry).await?;
    let mut client = server.client();
    let call = tokio::spawn(async move { client.predict(request(4096)).await });
    server.wait_for_line("windows=64 ", LIMIT).await?;
    let text = metrics(&admin).await?;
    assert!(!call.is_finished(), "the load was too small to tell");
    assert!(value(&text, "polaris_queue_windows") > 0.0);

    // A caller who goes away is counted, and so is its work.
    call.abort();
    let gone = [
        r#"polaris_rpc_duration_seconds_count{code="CANCELLED",method="polaris.v1.PolarisService/Predict"} 1"#,
        r#"polaris_requests_cancelled_total{where="queue"} 1"#,
        "polaris_queue_windows 0",
    ];
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let text = metrics(&admin).await?;
        if gone.iter().all(|line| text.lines().any(|found| found == *line)) {
            return Ok(());
        }
        assert!(tokio::time::Instant::now() < deadline, "{text}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn there_is_nothing_else() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let (_server, admin) = start(&registry).await?;
    for (method, path, status) in [("GET", "/", 404), ("GET", "/metrics/x", 404), ("POST", "/metrics", 405)] {
        assert_eq!(http(&admin, method, path, None).await?.status, status, "{method} {path}");
    }
    Ok(())
}
