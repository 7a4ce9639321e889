//! Clients that are not ours get a prediction. Each is skipped with a word where it is not installed: Python packages are
//! looked for by `POLARIS_PYTHON` or python3, the programs grpcurl, node and k6 in PATH, packages of node in NODE_PATH.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use polaris_tests::{HarnessError, INPUT_LENGTH, Server, ServerProcess, TestRegistry};
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(60);
const MODEL: &str = "QKI.K562";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn script(name: &str) -> PathBuf {
    repository().join("tests").join(name)
}

fn python() -> Command {
    Command::new(std::env::var("POLARIS_PYTHON").unwrap_or_else(|_| "python3".to_owned()))
}

/// Whether a command that asks for a tool succeeds.
async fn there(tool: &str, command: &mut Command) -> bool {
    let found = command.output().await.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: {tool} is not installed");
    }
    found
}

async fn run(command: &mut Command) -> Output {
    let output = tokio::time::timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
    output
}

async fn start() -> Result<(TestRegistry, ServerProcess, String), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server = Server::new(registry.directory()).listen("127.0.0.1:0").spawn()?;
    let line = server.wait_for_line("listening", LIMIT).await?;
    let address = line.split("address=").nth(1).unwrap().trim().to_owned();
    server.wait_for_line(" serving ", LIMIT).await?;
    Ok((registry, server, address))
}

async fn python_client(packages: &str, client: &str) -> Result<(), HarnessError> {
    if !there(packages, python().args(["-c", &format!("import {packages}")])).await {
        return Ok(());
    }
    let (_registry, _server, address) = start().await?;
    let output = run(python().arg(script(client)).args([&address, MODEL, &INPUT_LENGTH.to_string()])).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("probability ["));
    Ok(())
}

#[tokio::test]
async fn triton() -> Result<(), HarnessError> {
    python_client("tritonclient.grpc, numpy", "clients/triton.py").await
}

#[tokio::test]
async fn grpcio() -> Result<(), HarnessError> {
    python_client("grpc, grpc_reflection, grpc_health", "clients/grpcio.py").await
}

#[tokio::test]
async fn grpc_js() -> Result<(), HarnessError> {
    let packages = "require('@grpc/grpc-js'), require('@grpc/proto-loader')";
    if !there("grpc-js", Command::new("node").args(["-e", packages])).await {
        return Ok(());
    }
    let (_registry, _server, address) = start().await?;
    let mut node = Command::new("node");
    node.arg(script("clients/grpc_js.js")).args([&address, MODEL, &INPUT_LENGTH.to_string()]);
    let output = run(node.arg(repository().join("proto"))).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("probability ["));
    Ok(())
}

#[tokio::test]
async fn grpcurl() -> Result<(), HarnessError> {
    if !there("grpcurl", Command::new("grpcurl").arg("-help")).await {
        return Ok(());
    }
    let (_registry, _server, address) = start().await?;
    let sequence = "A".repeat(INPUT_LENGTH);
    let request = format!(
        r#"{{"windows": [{{"sequence": "{sequence}", "expression": {{"K562": 1.5}}}}], "model_ids": ["{MODEL}"]}}"#
    );
    let mut grpcurl = Command::new("grpcurl");
    let output =
        run(grpcurl.args(["-plaintext", "-d", &request, &address, "polaris.v1.PolarisService/Predict"]))
            .await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("probabilities"));
    Ok(())
}

#[tokio::test]
async fn k6() -> Result<(), HarnessError> {
    if !there("k6", Command::new("k6").arg("version")).await {
        return Ok(());
    }
    let (_registry, _server, address) = start().await?;
    let mut k6 = Command::new("k6");
    k6.args(["run", "--quiet", "-e", &format!("ADDRESS={address}"), "-e", &format!("BASES={INPUT_LENGTH}")]);
    run(k6.args(["-e", "VUS=2", "-e", "DURATION=2s"]).arg(script("load/predict.js"))).await;
    Ok(())
}
