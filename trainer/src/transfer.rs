//! `polaris-trainer pull` and `push`: registries in object storage.
//!
//! ```text
//! s3://bucket/folder/RBFOX2.K562/2026-11-22-1f0c9a7b/model.pt
//!                                                   /manifest.json
//!                   /RBFOX2.K562/current              the name of a version, as there are no links
//! ```

mod pull;
mod push;
mod remote;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use polaris_model::ModelId;

pub(crate) use self::pull::run as pull;
pub(crate) use self::push::run as push;

const STORAGE: &str = "\
Addresses: s3://BUCKET/FOLDER, gs://BUCKET/FOLDER, az://CONTAINER/FOLDER, and file:///FOLDER for a shared disk.\n\n\
Credentials come from the environment, under the names that the tools of each cloud use: AWS_ACCESS_KEY_ID and \
AWS_SECRET_ACCESS_KEY, or a web identity, or the machine's role (AWS_REGION; AWS_ENDPOINT for other services that speak S3, \
with AWS_ALLOW_HTTP=true without TLS); GOOGLE_APPLICATION_CREDENTIALS; AZURE_STORAGE_ACCOUNT_NAME with \
AZURE_STORAGE_ACCOUNT_KEY or an identity. A request may take 300 s, the transfer of its file included; AWS_TIMEOUT, \
GOOGLE_TIMEOUT or AZURE_TIMEOUT, such as \"20 min\", is for slower lines.";

/// Options of `pull`.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("Examples:\n  \
    polaris-trainer pull s3://models/polaris registry\n  \
    polaris-trainer pull gs://models/polaris registry --only QKI.K562,QKI.HepG2\n\n\
    Every file is verified against its manifest before anything of a model is seen; what is there already is not fetched \
    again.\n\n{STORAGE}"))]
pub(crate) struct PullArguments {
    /// Address of the registry in object storage.
    url: String,
    /// Folder of the registry to fetch it to; made if it is missing.
    registry: PathBuf,
    #[command(flatten)]
    options: Options,
}

/// Options of `push`.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("Examples:\n  \
    polaris-trainer push registry s3://models/polaris\n\n\
    A model's current version is stored whole before it becomes the current one there; versions are never changed.\n\n\
    {STORAGE}"))]
pub(crate) struct PushArguments {
    /// Folder of the registry.
    registry: PathBuf,
    /// Address of the registry in object storage.
    url: String,
    #[command(flatten)]
    options: Options,
}

/// Options of both.
#[derive(Debug, clap::Args)]
struct Options {
    /// These models only, comma-separated, such as QKI.HepG2,PUM2.K562.
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    only: Vec<ModelId>,
    /// Models that are carried at once; each takes some 20 MB of memory.
    #[arg(long, value_name = "N", default_value = "8")]
    jobs: NonZeroUsize,
}

/// What became of one model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Carried {
    /// Its files were carried.
    Whole,
    /// They were there already.
    Nothing,
}

/// Runs what waits for the network.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Does `carry` for each model, several at once, and counts. The first error ends all.
async fn carry_all<F: Future<Output = anyhow::Result<Carried>>>(
    ids: &[ModelId],
    options: &Options,
    carry: impl Fn(ModelId) -> F,
) -> anyhow::Result<(usize, usize)> {
    use futures_util::{StreamExt, TryStreamExt, stream};
    stream::iter(ids.iter().cloned().map(carry))
        .buffer_unordered(options.jobs.get())
        .try_fold((0, 0), |(whole, nothing), carried| async move {
            Ok(match carried {
                Carried::Whole => (whole + 1, nothing),
                Carried::Nothing => (whole, nothing + 1),
            })
        })
        .await
}

/// The named ones of the models that are there, or all.
fn choose(found: Vec<ModelId>, only: &[ModelId], place: &str) -> anyhow::Result<Vec<ModelId>> {
    if let Some(missing) = only.iter().find(|id| !found.contains(id)) {
        anyhow::bail!("{place} has no current version of {missing}");
    }
    let chosen: Vec<ModelId> = found.into_iter().filter(|id| only.is_empty() || only.contains(id)).collect();
    if chosen.is_empty() {
        anyhow::bail!("{place} holds no model; is it the right address?");
    }
    Ok(chosen)
}
