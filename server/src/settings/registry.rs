//! `[registry]`: which models to serve, and what to do when they change or are broken.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use polaris_model::ModelId;

use super::raw::RawRegistry;
use super::{Check, SettingsError};

/// Which models to serve.
#[derive(Clone, Debug)]
pub(crate) struct RegistrySettings {
    /// The registry.
    pub(crate) directory: PathBuf,
    /// Models to serve; all if empty.
    pub(crate) models: Vec<ModelId>,
    /// What must be there before anything is served.
    pub(crate) require: Requirement,
    /// Further versions, served beside the current ones.
    pub(crate) versions: Vec<ModelVersion>,
    /// Versions that answer in the place of the current ones where a request asks for it.
    pub(crate) canaries: Vec<ModelVersion>,
    /// Share of the other requests that they answer as well, in percent.
    pub(crate) canary_percent: u8,
    /// How often to look for changes; never if none.
    pub(crate) poll: Option<Duration>,
    /// What to do at the start if it cannot be served.
    pub(crate) when_broken: WhenBroken,
}

/// Models that must be there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Requirement {
    /// Whatever there is, but at least one.
    Any,
    /// At least so many.
    Count(usize),
    /// These.
    Models(Vec<ModelId>),
}

/// What to do with a registry that cannot be served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WhenBroken {
    /// Stay up without serving, say why, and try again when it changes.
    Wait,
    /// End with exit code 1.
    Exit,
}

/// A version of a model: `<RBP>.<cell line>@<version>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ModelVersion {
    /// The model.
    pub(crate) id: ModelId,
    /// Its version directory.
    pub(crate) version: String,
}

impl fmt::Display for ModelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

/// No version of a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("<RBP>.<cell line>@<version>, such as RBFOX2.K562@2026-11-22-1f0c9a7b")]
pub(crate) struct ModelVersionError;

impl FromStr for ModelVersion {
    type Err = ModelVersionError;

    fn from_str(text: &str) -> Result<Self, ModelVersionError> {
        let (id, version) = text.split_once('@').ok_or(ModelVersionError)?;
        let good = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        if version.is_empty() || version.starts_with('.') || !version.bytes().all(good) {
            return Err(ModelVersionError);
        }
        let id = id.parse().map_err(|_| ModelVersionError)?;
        Ok(Self { id, version: version.to_owned() })
    }
}

/// Neither.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("wait or exit")]
pub(crate) struct WhenBrokenError;

impl FromStr for WhenBroken {
    type Err = WhenBrokenError;

    fn from_str(text: &str) -> Result<Self, WhenBrokenError> {
        match text {
            "wait" => Ok(Self::Wait),
            "exit" => Ok(Self::Exit),
            _ => Err(WhenBrokenError),
        }
    }
}

pub(super) fn checked(raw: RawRegistry, check: &Check<'_>) -> Result<RegistrySettings, SettingsError> {
    let directory = raw.directory.filter(|directory| !directory.is_empty());
    let directory = directory.ok_or(SettingsError::Missing {
        key: "registry.directory",
        remedy: "--registry DIR, or POLARIS__REGISTRY__DIRECTORY",
    })?;
    let require = match raw.require.as_slice() {
        [] => Requirement::Any,
        [count] if count.parse::<i64>().is_ok() => {
            let count = count.parse().unwrap_or_default();
            Requirement::Count(check.range("registry.require", count, 1, 1_000_000)?)
        }
        ids => Requirement::Models(all(check, "registry.require", ids)?),
    };
    Ok(RegistrySettings {
        directory: PathBuf::from(directory),
        models: all(check, "registry.models", &raw.models)?,
        require,
        versions: all(check, "registry.versions", &raw.versions)?,
        canaries: all(check, "registry.canary", &raw.canary)?,
        canary_percent: check.range("registry.canary_percent", raw.canary_percent, 0, 100)?,
        poll: check.optional_milliseconds("registry.poll_ms", raw.poll_ms)?,
        when_broken: check.parse("registry.when_broken", &raw.when_broken)?,
    })
}

fn all<T: FromStr<Err: fmt::Display>>(
    check: &Check<'_>,
    key: &'static str,
    texts: &[String],
) -> Result<Vec<T>, SettingsError> {
    texts.iter().map(|text| check.parse(key, text)).collect()
}
