//! From object storage to a folder.

use anyhow::Context;
use polaris_model::{ModelId, Registry, VersionCopy};

use super::remote::Remote;
use super::{Carried, Options, PullArguments, block_on, carry_all, choose};
use crate::terminal;

/// Fetches the current version of every model.
pub(crate) fn run(arguments: &PullArguments) -> anyhow::Result<()> {
    let remote = Remote::open(&arguments.url)?;
    let registry = Registry::create(&arguments.registry)?;
    let (fetched, there) = block_on(pull(&remote, &registry, &arguments.options))?;
    terminal::say(format_args!(
        "{}: {fetched} models fetched and verified, {there} were there already",
        arguments.registry.display()
    ));
    Ok(())
}

/// The same; how many were fetched, and how many were there.
pub(super) async fn pull(
    remote: &Remote,
    registry: &Registry,
    options: &Options,
) -> anyhow::Result<(usize, usize)> {
    let mut published = Vec::new();
    for id in remote.models().await? {
        // Without a current version it is still being published for the first time.
        if let Some(version) = remote.current(&id).await? {
            published.push((id, version));
        }
    }
    let ids = choose(published.iter().map(|(id, _)| id.clone()).collect(), &options.only, remote.address())?;
    let published = &published;
    carry_all(&ids, options, |id| async move {
        let version = published.iter().find(|(other, _)| *other == id).map(|(_, version)| version);
        fetch(remote, registry, &id, version.context("not published")?).await
    })
    .await
}

async fn fetch(remote: &Remote, registry: &Registry, id: &ModelId, version: &str) -> anyhow::Result<Carried> {
    let place = remote.place(id, version);
    let manifest = remote
        .manifest(id, version)
        .await?
        .with_context(|| format!("{place} has no manifest, though it is the current version"))?;
    let expected = VersionCopy::manifest_of((id, version), &manifest, &place)?;
    let there = registry.has(id, version).then(|| registry.copy_of(id, version));
    // The name holds a digest of all that is told of the network; what else could differ is the day it was published.
    if let Some(Ok(copy)) = &there
        && copy.manifest().model_sha256 == expected.model_sha256
    {
        registry.make_current(id, version)?;
        return Ok(Carried::Nothing);
    }
    let model = remote.model(id, version).await?;
    let copy = VersionCopy::verified((id, version), manifest, model, &place)?;
    // A good copy is at hand before a damaged one goes.
    if let Some(Err(damage)) = there {
        terminal::say(format_args!("{id} {version} is damaged here and replaced: {damage}"));
        registry.repair(&copy)?;
    } else {
        registry.import(&copy)?;
    }
    Ok(Carried::Whole)
}
