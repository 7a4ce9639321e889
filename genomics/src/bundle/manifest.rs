//! `reference.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::BundleError;

const FILE_NAME: &str = "reference.toml";
const FORMAT: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[expect(
        dead_code,
        reason = "read before the rest, so that a later format is named and not its new entries"
    )]
    format: u32,
    assembly: String,
    fasta: PathBuf,
    annotation: PathBuf,
    sequenced: Option<PathBuf>,
    #[serde(default)]
    expression: BTreeMap<String, PathBuf>,
}

#[derive(Deserialize)]
struct Format {
    format: Option<u32>,
}

/// The manifest with its paths made from the folder it is in, each a file that is there.
pub(super) struct Manifest {
    pub(super) path: PathBuf,
    pub(super) assembly: String,
    pub(super) fasta: PathBuf,
    pub(super) annotation: PathBuf,
    pub(super) sequenced: Option<PathBuf>,
    pub(super) expression: BTreeMap<String, PathBuf>,
}

impl Manifest {
    pub(super) fn open(bundle: &Path) -> Result<Self, BundleError> {
        let path = if bundle.is_file() { bundle.to_owned() } else { bundle.join(FILE_NAME) };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) => return Err(BundleError::NoManifest { path, cause }),
        };
        let reason = |reason: String| BundleError::Manifest { path: path.clone(), reason };
        let Format { format } = toml::from_str(&text).map_err(|error| reason(error.to_string()))?;
        if format != Some(FORMAT) {
            let found = format.map_or("missing".to_owned(), |format| format.to_string());
            return Err(reason(format!("format is {found}: this version reads `format = {FORMAT}`")));
        }
        let raw: Raw = toml::from_str(&text).map_err(|error| reason(error.to_string()))?;
        if raw.assembly.trim().is_empty() {
            return Err(reason("assembly is empty: name the assembly, such as \"GRCh38\"".to_owned()));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let file = |field: &str, named: &Path| {
            let file = folder.join(named);
            match file.is_file() {
                true => Ok(file),
                false => {
                    Err(BundleError::MissingFile { manifest: path.clone(), field: field.to_owned(), file })
                }
            }
        };
        let fasta = file("fasta", &raw.fasta)?;
        let annotation = file("annotation", &raw.annotation)?;
        let sequenced = raw.sequenced.map(|named| file("sequenced", &named)).transpose()?;
        let mut expression = BTreeMap::new();
        for (cell_line, named) in raw.expression {
            let table = file(&format!("expression.{cell_line}"), &named)?;
            expression.insert(cell_line, table);
        }
        Ok(Self { path, assembly: raw.assembly, fasta, annotation, sequenced, expression })
    }
}
