use std::io::Write;

use figment::value::Value;

use polaris_model::{ModelId, Precision};

use super::*;

fn registry() -> Flag {
    Flag { flag: "--registry", key: "registry.directory", value: Value::from("models") }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn from_file(text: &str) -> Result<Settings, String> {
    let file = file(text);
    Settings::load(Some(file.path()), vec![registry()])
        .map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
}

#[test]
fn defaults() {
    let settings = Settings::load(None, vec![registry()]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:50051");
    assert_eq!((settings.limits.max_windows, settings.limits.max_bytes), (4096, 16_777_216));
    assert_eq!(settings.limits.max_response_bytes, 4_194_304);
    assert_eq!((settings.engine.max_batch_windows, settings.drain_limit), (64, Duration::from_secs(10)));
    assert_eq!((settings.engine.precision, settings.engine.cache_bytes), (Precision::Strict, 268_435_456));
    let cuda = Flag { flag: "--device", key: "engine.device", value: Value::from("cuda:1") };
    let on_cuda = Settings::load(None, vec![registry(), cuda]).unwrap();
    assert_eq!(on_cuda.engine.max_batch_windows, 256);
    assert!(settings.engine.threads >= 1 && settings.registry.models.is_empty());
}

#[test]
fn a_flag_wins_over_the_file() {
    let file = file("[engine]\nthreads = 3\nmax_batch_windows = 8\n[registry]\nmodels = [\"QKI.K562\"]\n");
    let threads = Flag { flag: "--threads", key: "engine.threads", value: Value::from(5) };
    let models = Flag { flag: "--models", key: "registry.models", value: Value::from("A.K562, B.K562") };
    let settings = Settings::load(Some(file.path()), vec![registry(), threads, models]).unwrap();
    assert_eq!((settings.engine.threads, settings.engine.max_batch_windows), (5, 8));
    let models: Vec<String> = settings.registry.models.iter().map(ModelId::to_string).collect();
    assert_eq!(models, ["A.K562", "B.K562"]);
}

#[test]
fn precision_and_cache_are_set_like_the_others() {
    let file = file("[engine]\nprecision = \"strict\"\ncache_bytes = 0\n");
    let fast = Flag { flag: "--precision", key: "engine.precision", value: Value::from("fast") };
    let settings = Settings::load(Some(file.path()), vec![registry(), fast]).unwrap();
    assert_eq!((settings.engine.precision, settings.engine.cache_bytes), (Precision::Fast, 0));
    assert_eq!(settings.engine.precision.to_string(), "fast");
}

#[test]
fn errors_name_key_value_place_and_range() {
    let threads = Flag { flag: "--threads", key: "engine.threads", value: Value::from(0) };
    let error = Settings::load(None, vec![registry(), threads]).unwrap_err();
    assert_eq!(error.to_string(), "engine.threads is 0 (from the flag --threads): expected 1 to 1024");
    assert_eq!(
        from_file("[server]\ndrain_limit_ms = -1\n").unwrap_err(),
        "server.drain_limit_ms is -1 (from the file FILE): expected 0 to 600000"
    );
    for (text, parts) in [
        ("[engine]\nthreds = 3\n", ["engine", "threds", "FILE"]),
        ("[engine]\nmax_batch_windows = \"many\"\n", ["engine.max_batch_windows", "many", "FILE"]),
        ("[engine]\ndevice = \"tpu\"\n", ["engine.device", "tpu", "FILE"]),
        ("[engine]\nprecision = \"half\"\n", ["engine.precision", "half", "strict or fast"]),
        ("[engine]\ncache_bytes = -1\n", ["engine.cache_bytes", "-1", "0 to 1099511627776"]),
        ("[engine]\nqueue_windows = 100\n", ["engine.queue_windows", "100", "4096"]),
        (
            "[limits]\nmax_response_bytes = 1024\n",
            ["limits.max_response_bytes", "1024", "65536 to 1073741824"],
        ),
        ("[registry]\nmodels = [\"../x\"]\n", ["registry.models", "../x", "FILE"]),
        ("[registry]\nrequire = 0\n", ["registry.require is 0", "FILE", "1 to 1000000"]),
        ("[registry]\nversions = [\"QKI.K562\"]\n", ["registry.versions", "QKI.K562", "@<version>"]),
        ("[registry]\ncanary = [\"QKI.K562@../x\"]\n", ["registry.canary", "../x", "@<version>"]),
        ("[registry]\nwhen_broken = \"cry\"\n", ["registry.when_broken", "cry", "wait or exit"]),
        ("[server]\nlisten = \"localhost\"\n", ["server.listen", "localhost", "FILE"]),
        ("[server]\nlog = \"a=b=c\"\n", ["server.log", "a=b=c", "FILE"]),
        ("engine = [\n", ["settings", "", "FILE"]),
    ] {
        let error = from_file(text).unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
}

#[test]
fn a_missing_file_or_registry_is_an_error() {
    let error = Settings::load(Some(Path::new("no/such.toml")), vec![registry()]).unwrap_err().to_string();
    assert!(error.contains("no/such.toml"), "{error}");
    let error = Settings::load(None, Vec::new()).unwrap_err().to_string();
    assert!(error.contains("registry.directory") && error.contains("--registry"), "{error}");
}

#[test]
fn settings_of_what_surrounds_the_service() {
    let digest = "0A".repeat(32);
    let text = format!(
        "[admin]\nlisten = \"127.0.0.1:9464\"\n[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n\
         [server]\nlog_format = \"json\"\nmax_connection_age_s = 60\n\
         [telemetry]\notlp_endpoint = \"http://localhost:4317\"\nsample_ratio = 0.25\n\
         [[auth.tokens]]\nname = \"a\"\nsha256 = \"{digest}\"\nrole = \"admin\"\n"
    );
    let settings = from_file(&text).unwrap();
    assert_eq!(settings.admin.listen.as_ref().unwrap().to_string(), "127.0.0.1:9464");
    assert_eq!(settings.max_connection_age, Some(Duration::from_secs(60)));
    assert_eq!(settings.telemetry.otlp_endpoint.as_deref(), Some("http://localhost:4317"));
    assert_eq!((settings.tokens.len(), settings.tls.as_ref().unwrap().client_ca.as_ref()), (1, None));
    assert!(!format!("{settings:?}").to_lowercase().contains(&digest.to_lowercase()));

    // An empty text is none.
    let empty = "[admin]\nlisten = \"\"\n[tls]\ncertificate = \"\"\nkey = \"\"\nclient_ca = \"\"\n";
    let settings = from_file(empty).unwrap();
    assert!(settings.admin.listen.is_none() && settings.tls.is_none() && settings.tokens.is_empty());
}

#[test]
fn what_surrounds_the_service_is_checked_as_well() {
    for (text, named) in [
        ("[tls]\nkey = \"k.pem\"\n", "tls.certificate"),
        ("[tls]\ncertificate = \"c.pem\"\n", "tls.key"),
        ("[tls]\nclient_ca = \"c.pem\"\n", "tls.certificate"),
        ("[admin]\ntls = true\n", "tls.certificate"),
        ("[admin]\nlisten = \"9464\"\n", "admin.listen"),
        ("[server]\nlog_format = \"xml\"\n", "text or json"),
        ("[telemetry]\notlp_endpoint = \"localhost:4317\"\n", "telemetry.otlp_endpoint"),
        ("[telemetry]\nsample_ratio = 1.5\n", "0 to 1"),
        ("[auth]\ntokens = \"polaris_secret\"\n", "auth.tokens"),
        (
            "[[auth.tokens]]\nname = \"a\"\nsha256 = \"polaris_secret\"\nrole = \"infer\"\n",
            "sha256 of entry 1",
        ),
    ] {
        let error = from_file(text).unwrap_err();
        assert!(error.contains(named) && !error.contains("secret"), "{text}: {error}");
    }
}

#[test]
fn what_is_required_is_a_count_or_a_list() {
    let require = |text: &str| from_settings(text).registry.require;
    assert_eq!(require(""), Requirement::Any);
    assert_eq!(require("[registry]\nrequire = 160\n"), Requirement::Count(160));
    assert_eq!(require("[registry]\nrequire = \"3\"\n"), Requirement::Count(3));
    let models = Requirement::Models(vec!["QKI.K562".parse().unwrap(), "PUM2.K562".parse().unwrap()]);
    assert_eq!(require("[registry]\nrequire = \"QKI.K562, PUM2.K562\"\n"), models);
    let versions =
        from_settings("[registry]\nversions = [\"QKI.K562@2026-11-22-1f0c9a7b\"]\n").registry.versions;
    assert_eq!(versions[0].to_string(), "QKI.K562@2026-11-22-1f0c9a7b");
    let ageless = from_settings("");
    assert_eq!((ageless.max_connection_age, ageless.registry.poll), (None, Some(Duration::from_secs(2))));
}

fn from_settings(text: &str) -> Settings {
    from_file(text).unwrap()
}
