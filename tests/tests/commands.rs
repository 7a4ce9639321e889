//! `polaris-server check` and `polaris-server health`.

use polaris_tests::{HarnessError, Program, Server, TestRegistry};

fn check(registry: &TestRegistry) -> Result<Program, HarnessError> {
    Ok(Program::server(&["check", "--threads", "1", "--registry"])?.arg(registry.directory()))
}

#[test]
fn check_verifies_every_model() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let good = check(&registry)?.run()?.succeeded();
    assert!(good.stdout.contains("it can serve") && good.stdout.contains("TARDBP.K562"), "{}", good.stdout);

    let file = registry.model_file("QKI.K562");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    std::fs::remove_file(registry.manifest_file("PUM2.K562")).unwrap();
    let bad = check(&registry)?.run()?.refused(1, &["BAD   model", "2 faults"]);
    let named = |model: &str| bad.stdout.lines().any(|line| line.starts_with("BAD") && line.contains(model));
    assert!(named("QKI.K562") && named("PUM2.K562") && !named("QKI.HepG2"), "{}", bad.stdout);

    check(&registry)?.args(&["--models", "X.K562"]).run()?.refused(1, &["X.K562"]);
    let required = check(&registry)?.env("POLARIS__REGISTRY__REQUIRE", "99").run()?;
    required.refused(1, &["BAD   registry", "registry.require is 99"]);
    let beside =
        check(&registry)?.env("POLARIS__REGISTRY__VERSIONS", "[\"QKI.HepG2@no-such-version\"]").run()?;
    beside.refused(1, &["BAD   model", "no-such-version"]);
    check(&registry)?.args(&["--device", "cuda:99"]).run()?.refused(1, &["BAD   device"]);
    check(&registry)?.args(&["--device", "tpu"]).run()?.refused(64, &["engine.device"]);
    Ok(())
}

#[tokio::test]
async fn health_is_told_by_the_exit_code() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let address = format!("unix:{}", server.socket().display());
    let health =
        |arguments: &[&str]| Program::server(&["health", "--server", &address])?.args(arguments).run();
    assert_eq!(health(&[])?.succeeded().stdout, "SERVING\n");
    health(&["--service", "polaris.v1.PolarisService"])?.succeeded();
    health(&["--service", "polaris.v1.Other"])?.refused(1, &["NotFound"]);
    health(&["--cert", "a.pem"])?.refused(64, &["--key"]);
    Program::server(&["health", "--server", "127.0.0.1:1"])?.run()?.refused(1, &["127.0.0.1:1", "refused"]);
    Ok(())
}
