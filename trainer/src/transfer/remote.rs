//! A registry in object storage.

use std::ffi::OsString;

use anyhow::{Context, bail};
use object_store::path::Path;
use object_store::{ObjectStore, PutPayload, parse_url_opts};
use polaris_model::{CURRENT_LINK, MANIFEST_FILE, MODEL_FILE, ModelId};

/// Longest time for one request, the transfer of its file included; the store's own 30 s are short for 16 MB on a slow line.
const REQUEST_LIMIT: &str = "300 s";

/// Where a registry lies.
#[derive(Debug)]
pub(super) struct Remote {
    store: Box<dyn ObjectStore>,
    root: Path,
    address: String,
}

impl Remote {
    /// Nothing is asked for yet.
    ///
    /// # Errors
    /// If the address is none, or the environment lacks what it needs.
    pub(super) fn open(address: &str) -> anyhow::Result<Self> {
        Self::open_with(address, std::env::vars_os())
    }

    /// The same with any environment.
    pub(super) fn open_with(
        address: &str,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> anyhow::Result<Self> {
        const SCHEMES: [&str; 4] = ["s3", "gs", "az", "file"];
        let parsed = address.parse::<url::Url>().ok().filter(|url| SCHEMES.contains(&url.scheme()));
        let Some(url) = parsed else {
            bail!(
                "`{address}` is no address in object storage: write s3://BUCKET/FOLDER, gs://..., az://... or file:///FOLDER"
            );
        };
        if url.scheme() == "file"
            && let Ok(folder) = url.to_file_path()
        {
            std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        let options =
            [("timeout".to_owned(), REQUEST_LIMIT.to_owned())].into_iter().chain(of_clouds(environment));
        let (store, mut root) = parse_url_opts(&url, options).with_context(|| address.to_owned())?;
        if url.scheme() != "file" {
            // The store takes the first folder of az:// for the container, which it has read from the host as well.
            root = Path::from_url_path(url.path())?;
        }
        Ok(Self { store, root, address: address.trim_end_matches('/').to_owned() })
    }

    /// The folder in the bucket.
    #[cfg(test)]
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A store of a test.
    #[cfg(test)]
    pub(super) fn of(store: impl ObjectStore, address: &str) -> Self {
        Self { store: Box::new(store), root: Path::from("models/polaris"), address: address.to_owned() }
    }

    /// The address, for messages.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Models with folders, sorted; of one that is being published for the first time there may be no current version.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub(super) async fn models(&self) -> anyhow::Result<Vec<ModelId>> {
        let listed =
            self.store.list_with_delimiter(Some(&self.root)).await.with_context(|| self.address.clone())?;
        let names = listed.common_prefixes.iter().filter_map(|folder| folder.filename());
        let mut ids: Vec<ModelId> = names.filter_map(|name| name.parse().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    /// The name of a model's current version; `None` if it has none.
    ///
    /// # Errors
    /// If it cannot be read or is no name of a version.
    pub(super) async fn current(&self, id: &ModelId) -> anyhow::Result<Option<String>> {
        let place = self.place(id, CURRENT_LINK);
        let Some(bytes) = self.find(&self.path(id, &[CURRENT_LINK]), &place).await? else { return Ok(None) };
        let name = String::from_utf8_lossy(&bytes).trim().to_owned();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            bail!("{place}: {name:?} is no name of a version");
        }
        Ok(Some(name))
    }

    /// The manifest of a version as it is stored; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) async fn manifest(&self, id: &ModelId, version: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let place = format!("{}/{MANIFEST_FILE}", self.place(id, version));
        self.find(&self.path(id, &[version, MANIFEST_FILE]), &place).await
    }

    /// The model file of a version as it is stored.
    ///
    /// # Errors
    /// If it is missing or cannot be read.
    pub(super) async fn model(&self, id: &ModelId, version: &str) -> anyhow::Result<Vec<u8>> {
        let place = format!("{}/{MODEL_FILE}", self.place(id, version));
        let found = self.find(&self.path(id, &[version, MODEL_FILE]), &place).await?;
        found.with_context(|| format!("{place} is missing"))
    }

    /// Stores a version: the manifest last, so that a version with one is whole.
    ///
    /// # Errors
    /// If a file cannot be stored.
    pub(super) async fn store(
        &self,
        id: &ModelId,
        version: &str,
        (manifest, model): (Vec<u8>, Vec<u8>),
    ) -> anyhow::Result<()> {
        for (name, bytes) in [(MODEL_FILE, model), (MANIFEST_FILE, manifest)] {
            self.put(&self.path(id, &[version, name]), bytes).await?;
        }
        Ok(())
    }

    /// Makes a version the current one.
    ///
    /// # Errors
    /// If that cannot be stored.
    pub(super) async fn make_current(&self, id: &ModelId, version: &str) -> anyhow::Result<()> {
        self.put(&self.path(id, &[CURRENT_LINK]), format!("{version}\n").into_bytes()).await
    }

    /// Address of a file or folder of a model, for messages.
    pub(super) fn place(&self, id: &ModelId, name: &str) -> String {
        format!("{}/{id}/{name}", self.address)
    }

    fn path(&self, id: &ModelId, names: &[&str]) -> Path {
        names.iter().fold(self.root.child(id.to_string()), |path, &name| path.child(name))
    }

    async fn find(&self, path: &Path, place: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let found = match self.store.get(path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error).with_context(|| place.to_owned()),
        };
        Ok(Some(found.bytes().await.with_context(|| place.to_owned())?.to_vec()))
    }

    async fn put(&self, path: &Path, bytes: Vec<u8>) -> anyhow::Result<()> {
        let stored = self.store.put(path, PutPayload::from(bytes)).await;
        stored.map(drop).with_context(|| format!("{}: cannot store {path}", self.address))
    }
}

/// What an environment tells of the clouds, under the names that the store knows, which are those in lower case.
fn of_clouds(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (String, String)> {
    const CLOUDS: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];
    environment.into_iter().filter_map(|(name, value)| {
        let name =
            name.into_string().ok().filter(|name| CLOUDS.iter().any(|cloud| name.starts_with(cloud)))?;
        Some((name.to_ascii_lowercase(), value.into_string().ok()?))
    })
}
