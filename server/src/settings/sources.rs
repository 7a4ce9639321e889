//! Where settings come from, and how an error says so.

use std::path::Path;

use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};

use super::SettingsError;
use super::raw::RawSettings;

/// Two underscores: container platforms set variables such as `POLARIS_PORT` of their own.
const ENVIRONMENT_PREFIX: &str = "POLARIS__";

/// A setting given as a flag.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    /// As typed: `--threads`.
    pub(crate) flag: &'static str,
    /// `section.key`.
    pub(crate) key: &'static str,
    /// What was given.
    pub(crate) value: Value,
}

impl Provider for Flag {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("the flag {}", self.flag))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default
            .collect(figment::util::nest(self.key, self.value.clone()).into_dict().unwrap_or_default()))
    }
}

/// All sources, merged: defaults, file, environment, flags.
pub(super) fn merge(config: Option<&Path>, flags: Vec<Flag>) -> Figment {
    let mut figment = Figment::from(Serialized::defaults(RawSettings::default()));
    if let Some(path) = config {
        figment = figment.merge(Toml::file_exact(path));
    }
    figment = figment.merge(Env::prefixed(ENVIRONMENT_PREFIX).split("__"));
    flags.into_iter().fold(figment, Figment::merge)
}

/// Reads the merged sources into the raw structure.
///
/// # Errors
/// With every key of an unknown name or another type.
pub(super) fn extract(figment: &Figment) -> Result<RawSettings, SettingsError> {
    figment.extract().map_err(|errors| {
        let texts: Vec<String> = errors.into_iter().map(|error| describe(&error)).collect();
        SettingsError::Unreadable(texts.join("; "))
    })
}

fn describe(error: &figment::Error) -> String {
    let key = error.path.join(".");
    let kind = match &error.kind {
        // What stands there instead may be a secret.
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) if key.starts_with("auth") => {
            format!("something else than {expected}")
        }
        kind => kind.to_string(),
    };
    let origin = error.metadata.as_ref().map(|metadata| format!(" (from {})", origin(metadata, &key)));
    let origin = origin.unwrap_or_default();
    match key.as_str() {
        "" => format!("{kind}{origin}"),
        key => format!("{key}: {kind}{origin}"),
    }
}

/// Where the value of `key` comes from, for people.
pub(super) fn origin_of(figment: &Figment, key: &str) -> String {
    figment.find_metadata(key).map_or_else(|| "nowhere".to_owned(), |metadata| origin(metadata, key))
}

fn origin(metadata: &Metadata, key: &str) -> String {
    match &metadata.source {
        Some(Source::File(path)) => format!("the file {}", path.display()),
        Some(Source::Code(_)) => "the built-in defaults".to_owned(),
        _ if metadata.name.contains(ENVIRONMENT_PREFIX) && key.contains('.') => {
            let name = key.to_uppercase().replace('.', "__");
            format!("the environment variable {ENVIRONMENT_PREFIX}{name}")
        }
        _ => metadata.name.to_string(),
    }
}
