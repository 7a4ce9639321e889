//! Against a store in memory and one in a folder.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use object_store::memory::InMemory;
use object_store::{ObjectStore, PutPayload};
use polaris_model::{ModelId, Registry, VersionCopy};

use super::pull::pull;
use super::push::push;
use super::remote::Remote;
use super::{Options, block_on};
use crate::files::sha256_of;

const VERSION: &str = "2026-01-02-0123abcd";
const LATER: &str = "2026-01-03-4567cdef";

fn options() -> Options {
    Options { only: Vec::new(), jobs: 4.try_into().unwrap() }
}

/// Any bytes do for a network here: what they mean is libtorch's business.
fn manifest(id: &str, version: &str, model: &[u8]) -> Vec<u8> {
    let (rbp, cell_line) = id.split_once('.').unwrap();
    let metrics = serde_json::json!({
        "fold": 0, "trained_on": 8, "positives": 1, "negatives": 1, "auroc": 0.5, "auprc": 0.5
    });
    serde_json::json!({
        "format": 1, "id": id, "version": version, "created": "2026-01-02T03:04:05Z", "tool_version": "0.1.0",
        "rbp": rbp, "cell_line": cell_line, "model_sha256": sha256_of(model),
        "architecture": {"input_length": 1000, "expression": true, "region": true},
        "training": {
            "assembly": "a", "reference_digest": "d", "windows_sha256": "w", "seed": 1, "positives": 1, "negatives": 1,
            "recipe": polaris_model::training::Recipe::standard(), "held_out": metrics, "held_out_split": "chromosome",
            "held_out_contigs": [], "evaluations": [], "delta_background": null
        }
    })
    .to_string()
    .into_bytes()
}

fn publish(registry: &Registry, id: &str, version: &str, model: &[u8]) {
    let id: ModelId = id.parse().unwrap();
    let manifest = manifest(&id.to_string(), version, model);
    let copy = VersionCopy::verified((&id, version), manifest, model.to_vec(), "test").unwrap();
    registry.import(&copy).unwrap();
}

fn published(folder: &Path) -> Registry {
    let registry = Registry::create(folder).unwrap();
    publish(&registry, "QKI.K562", VERSION, b"a network");
    publish(&registry, "QKI.HepG2", VERSION, b"another");
    registry
}

/// Names, links and contents of everything in a folder.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let (path, name) =
            entry.map(|entry| (entry.path(), entry.file_name().into_string().unwrap())).unwrap();
        if path.is_symlink() {
            found.push((name, fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()));
        } else if path.is_dir() {
            let below = contents(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes));
            found.extend(below);
        } else {
            found.push((name, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn memory() -> Remote {
    Remote::of(InMemory::new(), "s3://models/polaris")
}

#[test]
fn a_registry_comes_back_as_it_went() {
    let folder = tempfile::tempdir().unwrap();
    let (there, back, store) =
        (folder.path().join("a"), folder.path().join("b"), folder.path().join("store/x"));
    let registry = published(&there);
    let address = format!("file://{}", store.display());
    for remote in [memory(), Remote::open(&address).unwrap()] {
        let to = Registry::create(&back).unwrap();
        block_on(async {
            assert_eq!(push(&registry, &remote, &options()).await?, (2, 0));
            assert_eq!(push(&registry, &remote, &options()).await?, (0, 2));
            assert_eq!(pull(&remote, &to, &options()).await?, (2, 0));
            assert_eq!(contents(&there), contents(&back));
            assert_eq!(pull(&remote, &to, &options()).await?, (0, 2));
            anyhow::Ok(())
        })
        .unwrap();
        fs::remove_dir_all(&back).unwrap();
    }
    assert_eq!(fs::read_to_string(store.join("QKI.K562/current")).unwrap(), format!("{VERSION}\n"));
}

#[test]
fn a_later_version_becomes_current_and_a_rollback_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let registry = published(&folder.path().join("a"));
    let to = Registry::create(&folder.path().join("b")).unwrap();
    let (remote, id) = (memory(), "QKI.K562".parse().unwrap());
    block_on(async {
        push(&registry, &remote, &options()).await?;
        pull(&remote, &to, &options()).await?;
        publish(&registry, "QKI.K562", LATER, b"a better network");
        assert_eq!(push(&registry, &remote, &options()).await?, (1, 1));
        assert_eq!(pull(&remote, &to, &options()).await?, (1, 1));
        assert_eq!(to.manifest(&id)?.version, LATER);
        registry.make_current(&id, VERSION)?;
        assert_eq!(push(&registry, &remote, &options()).await?, (0, 2));
        assert_eq!(pull(&remote, &to, &options()).await?, (0, 2));
        assert_eq!(to.manifest(&id)?.version, VERSION);
        assert!(to.has(&id, LATER));
        anyhow::Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_half_published_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let registry = published(&folder.path().join("a"));
    let to = Registry::create(&folder.path().join("b")).unwrap();
    let store = InMemory::new();
    let pending = [
        ("PUM2.K562/2026-01-02-0123abcd/model.pt", b"began".to_vec()),
        ("QKI.K562/2026-01-03-4567cdef/model.pt", b"began".to_vec()),
    ];
    block_on(async {
        for (name, bytes) in pending {
            store.put(&format!("models/polaris/{name}").into(), PutPayload::from(bytes)).await?;
        }
        let remote = Remote::of(store, "s3://models/polaris");
        let nothing = pull(&remote, &to, &options()).await.unwrap_err().to_string();
        assert!(nothing.contains("holds no model"), "{nothing}");
        push(&registry, &remote, &options()).await?;
        assert_eq!(pull(&remote, &to, &options()).await?, (2, 0));
        assert_eq!(contents(registry.directory()), contents(to.directory()));
        anyhow::Ok(())
    })
    .unwrap();
}

#[test]
fn a_damaged_model_is_named_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let registry = published(&folder.path().join("a"));
    let to = Registry::create(&folder.path().join("b")).unwrap();
    let store = folder.path().join("store");
    let remote = Remote::open(&format!("file://{}", store.display())).unwrap();
    block_on(push(&registry, &remote, &options())).unwrap();
    fs::write(store.join("QKI.K562").join(VERSION).join("model.pt"), b"a netw0rk").unwrap();
    let only = Options { only: vec!["QKI.K562".parse().unwrap()], ..options() };
    let error = format!("{:#}", block_on(pull(&remote, &to, &only)).unwrap_err());
    assert!(error.contains("QKI.K562") && error.contains("model.pt") && error.contains("sha256"), "{error}");
    assert!(contents(to.directory()).is_empty(), "{:?}", contents(to.directory()));
    // Nor is one handed on, or a version there replaced.
    publish(&to, "QKI.K562", VERSION, b"other contents");
    let error = block_on(push(&to, &remote, &options())).unwrap_err().to_string();
    assert!(error.contains("never changed"), "{error}");
    fs::write(registry.directory().join("QKI.HepG2").join(VERSION).join("model.pt"), b"damaged").unwrap();
    let error = format!("{:#}", block_on(push(&registry, &remote, &options())).unwrap_err());
    assert!(error.contains("QKI.HepG2"), "{error}");
}

#[test]
fn a_version_that_is_damaged_here_is_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let registry = published(&folder.path().join("a"));
    let to = Registry::create(&folder.path().join("b")).unwrap();
    let (remote, id): (_, ModelId) = (memory(), "QKI.K562".parse().unwrap());
    let version = to.directory().join("QKI.K562").join(VERSION);
    block_on(async {
        push(&registry, &remote, &options()).await?;
        pull(&remote, &to, &options()).await?;
        for damage in ["model.pt", "manifest.json"] {
            fs::write(version.join(damage), b"damaged")?;
            assert!(to.copy_of(&id, VERSION).is_err());
            assert_eq!(pull(&remote, &to, &options()).await?, (1, 1), "{damage}");
            assert_eq!(fs::read(version.join("model.pt"))?, b"a network");
        }
        fs::remove_file(version.join("model.pt"))?;
        assert_eq!(pull(&remote, &to, &options()).await?, (1, 1));
        assert_eq!(to.manifest(&id)?.version, VERSION);
        anyhow::Ok(())
    })
    .unwrap();
    // What was damaged is hidden, and can be looked at.
    let names = fs::read_dir(to.directory().join("QKI.K562")).unwrap();
    let hidden =
        names.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".damaged-"));
    assert_eq!(hidden.count(), 3);
}

/// Answers one request that there is no such object; gives what was asked.
fn answer_once(listener: TcpListener) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(listener.accept().unwrap().0);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        let reply = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        lines.get_mut().write_all(reply.as_bytes()).unwrap();
        head
    })
}

#[test]
fn the_environment_says_where_and_who() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let environment = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "who"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        // Of something else.
        ("REGION", "nowhere"),
    ];
    let odd = (OsString::from("AWS_ODD"), OsString::from_vec(vec![0xff]));
    let environment = environment.map(|(name, value)| (name.into(), value.into())).into_iter().chain([odd]);
    let asked = answer_once(listener);
    let remote = Remote::open_with("s3://models/polaris", environment).unwrap();
    let id = "QKI.K562".parse().unwrap();
    assert_eq!(block_on(remote.current(&id)).unwrap(), None);
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("GET /models/polaris/QKI.K562/current HTTP/1.1"), "{asked}");
    let signed = "authorization: AWS4-HMAC-SHA256 Credential=who/";
    let line = asked.lines().find(|line| line.starts_with(signed)).unwrap_or_else(|| panic!("{asked}"));
    assert!(line.contains("/eu-central-1/s3/"), "{line}");
}

#[test]
fn a_folder_of_every_cloud_is_the_folder() {
    let environment = [
        ("AZURE_STORAGE_ACCOUNT_NAME", "account"),
        ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0"),
        ("GOOGLE_SKIP_SIGNATURE", "true"),
    ];
    for address in ["s3://models/human/polaris", "gs://models/human/polaris", "az://models/human/polaris"] {
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let remote = Remote::open_with(address, environment).unwrap();
        assert_eq!(remote.root().as_ref(), "human/polaris", "{address}");
    }
}

#[test]
fn names_that_lead_elsewhere_and_addresses_of_other_kinds_are_refused() {
    let store = InMemory::new();
    let id = "QKI.K562".parse().unwrap();
    for name in ["../QKI.HepG2/x", "", ".hidden", "a/b"] {
        block_on(async {
            store
                .put(&"models/polaris/QKI.K562/current".into(), PutPayload::from(name.as_bytes().to_vec()))
                .await?;
            let remote = Remote::of(store.fork(), "s3://models/polaris");
            let error = remote.current(&id).await.unwrap_err().to_string();
            assert!(error.contains("no name of a version"), "{error}");
            anyhow::Ok(())
        })
        .unwrap();
    }
    for address in ["models/polaris", "https://host/x", "ftp://host/x", ""] {
        let error = Remote::open(address).unwrap_err().to_string();
        assert!(error.contains("s3://"), "{error}");
    }
    assert!(Remote::open("s3:///").is_err());
}
