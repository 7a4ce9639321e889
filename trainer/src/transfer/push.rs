//! From a folder to object storage.

use anyhow::bail;
use polaris_model::{ModelId, Registry, VersionCopy};

use super::remote::Remote;
use super::{Carried, Options, PushArguments, block_on, carry_all, choose};
use crate::terminal;

/// Stores the current version of every model.
pub(crate) fn run(arguments: &PushArguments) -> anyhow::Result<()> {
    let registry = Registry::open(&arguments.registry)?;
    let remote = Remote::open(&arguments.url)?;
    let (stored, there) = block_on(push(&registry, &remote, &arguments.options))?;
    terminal::say(format_args!("{}: {stored} models stored, {there} were there already", arguments.url));
    Ok(())
}

/// The same; how many were stored, and how many were there.
pub(super) async fn push(
    registry: &Registry,
    remote: &Remote,
    options: &Options,
) -> anyhow::Result<(usize, usize)> {
    let ids = choose(registry.model_ids()?, &options.only, &registry.directory().display().to_string())?;
    carry_all(&ids, options, |id| async move { store(registry, remote, &id).await }).await
}

async fn store(registry: &Registry, remote: &Remote, id: &ModelId) -> anyhow::Result<Carried> {
    let version = registry.manifest(id)?.version;
    // Verified: a damaged model is not handed on.
    let copy = registry.copy_of(id, &version)?;
    let place = remote.place(id, &version);
    let carried = match remote.manifest(id, &version).await? {
        // The manifest is stored last: the version is whole.
        Some(there) => {
            let there = VersionCopy::manifest_of((id, &version), &there, &place)?;
            if there.model_sha256 != copy.manifest().model_sha256 {
                bail!("{place} is published with other contents; a version is never changed");
            }
            Carried::Nothing
        }
        None => {
            remote.store(id, &version, copy.into_files()).await?;
            Carried::Whole
        }
    };
    if remote.current(id).await?.as_deref() != Some(version.as_str()) {
        remote.make_current(id, &version).await?;
    }
    Ok(carried)
}
