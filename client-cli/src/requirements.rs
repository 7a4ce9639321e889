//! Which models are asked, and whether the reference bundle has what they need.

use polaris_genomics::ReferenceBundle;
use polaris_proto::v1::{ListModelsResponse, Model};
use sha2::{Digest, Sha256};

use crate::connect::{REPLY_BYTES, REQUEST_BYTES};

/// Room in a request for all but sequences and model ids.
const OVERHEAD_BYTES: usize = 64 << 10;

/// Why the run cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequirementsError {
    /// The server serves nothing.
    #[error("the server has no models: publish some to its registry with `polaris-trainer train`")]
    NoModels,
    /// A name on the command line that the server does not know.
    #[error("--models: the server has no model `{id}`: it has {known}")]
    UnknownModel {
        /// As typed.
        id: String,
        /// The server's.
        known: String,
    },
    /// Windows of two lengths.
    #[error(
        "models of different window lengths cannot be asked together: {first} takes {first_length} bases, \
         {second} {second_length}: choose with --models"
    )]
    InputLengths {
        /// A model.
        first: String,
        /// Its length.
        first_length: u32,
        /// Another.
        second: String,
        /// Its length.
        second_length: u32,
    },
    /// The server's limits leave no room.
    #[error(
        "the server takes {windows} windows and {bytes} bytes a request: an allele needs 3 windows and {needed} bytes: raise its limits"
    )]
    Limits {
        /// Published by the server.
        windows: u32,
        /// Published by the server.
        bytes: u32,
        /// For one allele.
        needed: usize,
    },
    /// Another genome.
    #[error(
        "model {model} was trained on assembly {trained}, the reference bundle is {bundle}: use the bundle of {trained}, \
         or --allow-assembly-mismatch if they are the same genome under two names"
    )]
    Assembly {
        /// A model.
        model: String,
        /// Its assembly.
        trained: String,
        /// The bundle's.
        bundle: String,
    },
    /// No expression for a model.
    #[error(
        "model {model} needs expression in {cell_line}, the reference bundle has {known}: add a table for {cell_line} \
         to [expression] in reference.toml, or choose other models with --models"
    )]
    Expression {
        /// A model.
        model: String,
        /// Its cell line.
        cell_line: String,
        /// The bundle's.
        known: String,
    },
}

/// The most that a request and an answer may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// Reference and alternate windows alike.
    pub(crate) windows: usize,
    /// Of a request, encoded.
    pub(crate) bytes: usize,
    /// Of one answer of Localize, encoded.
    pub(crate) response_bytes: usize,
}

/// The models of a run.
#[derive(Clone, Debug)]
pub(crate) struct ChosenModels {
    /// All that will answer.
    pub(crate) models: Vec<Model>,
    /// To be named in requests: none if all are asked.
    pub(crate) requested: Vec<String>,
    /// Length of their windows in bases.
    pub(crate) input_length: usize,
    /// What the server takes and gives.
    pub(crate) limits: RequestLimits,
}

/// Picks the models by id or by a pattern with `*` and `?`, all if none is named, and sizes the requests.
pub(crate) fn choose(
    listed: ListModelsResponse,
    requested: &[String],
    batch_windows: u32,
) -> Result<ChosenModels, RequirementsError> {
    let mut models: Vec<Model> = Vec::new();
    for pattern in requested {
        for model in find(&listed.models, pattern)? {
            if !models.iter().any(|known| known.id == model.id) {
                models.push(model);
            }
        }
    }
    let requested: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
    if requested.is_empty() {
        models = listed.models;
    }
    let Some(first) = models.first() else { return Err(RequirementsError::NoModels) };
    if let Some(second) = models.iter().find(|model| model.input_length != first.input_length) {
        return Err(RequirementsError::InputLengths {
            first: first.id.clone(),
            first_length: first.input_length,
            second: second.id.clone(),
            second_length: second.input_length,
        });
    }
    let input_length = usize::try_from(first.input_length).unwrap_or(usize::MAX);
    let needed = OVERHEAD_BYTES
        .saturating_add(input_length.saturating_mul(3))
        .saturating_add(requested.iter().map(|id| id.len() + 8).sum());
    let published = listed.limits.unwrap_or_default();
    let bytes = match usize::try_from(published.max_request_bytes).unwrap_or(usize::MAX) {
        0 => REQUEST_BYTES,
        bytes => bytes.min(REQUEST_BYTES),
    };
    let windows = match published.max_windows_per_request {
        0 => batch_windows,
        windows => windows.min(batch_windows),
    };
    if windows < 3 || bytes < needed {
        let (windows, bytes) = (published.max_windows_per_request, published.max_request_bytes);
        return Err(RequirementsError::Limits { windows, bytes, needed });
    }
    let response_bytes = match published.max_response_bytes {
        0 => REPLY_BYTES,
        bytes => usize::try_from(bytes).unwrap_or(usize::MAX),
    };
    let windows = usize::try_from(windows).unwrap_or(usize::MAX);
    let limits = RequestLimits { windows, bytes, response_bytes };
    Ok(ChosenModels { models, requested, input_length, limits })
}

/// The models that an id or a pattern means: at least one.
fn find(models: &[Model], pattern: &str) -> Result<Vec<Model>, RequirementsError> {
    let found: Vec<Model> =
        models.iter().filter(|model| matches(pattern.as_bytes(), model.id.as_bytes())).cloned().collect();
    match found.is_empty() {
        false => Ok(found),
        true => Err(RequirementsError::UnknownModel {
            id: pattern.to_owned(),
            known: listed(models.iter().map(|model| model.id.as_str())),
        }),
    }
}

/// Whether a name is what a pattern means: `*` stands for any letters, `?` for one.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last star stands, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while place < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&letter) if letter == b'?' || Some(&letter) == name.get(place) => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((start, taken)) => {
                    star = Some((start, taken + 1));
                    at = start + 1;
                    place = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|&letter| letter == b'*')
}

/// SHA-256, in hexadecimal, of which models there are: id, version and digest of the file of each, sorted.
pub(crate) fn model_digest(models: &[Model]) -> String {
    let mut lines: Vec<String> =
        models.iter().map(|model| format!("{}\t{}\t{}\n", model.id, model.version, model.sha256)).collect();
    lines.sort();
    let digest = Sha256::digest(lines.concat());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ChosenModels {
    /// Their ids.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.models.iter().map(|model| model.id.clone()).collect()
    }

    /// Cell lines whose expression they read, each once, sorted.
    pub(crate) fn cell_lines(&self) -> Vec<String> {
        let needed = self.models.iter().filter(|model| model.uses_expression);
        let mut cell_lines: Vec<String> = needed.map(|model| model.cell_line.clone()).collect();
        cell_lines.sort();
        cell_lines.dedup();
        cell_lines
    }

    /// Whether a bundle serves them all.
    pub(crate) fn check_bundle(
        &self,
        bundle: &ReferenceBundle,
        allow_assembly_mismatch: bool,
    ) -> Result<(), RequirementsError> {
        let cell_lines: Vec<&str> = bundle.cell_lines().collect();
        self.check(bundle.assembly(), &cell_lines, allow_assembly_mismatch)
    }

    fn check(
        &self,
        assembly: &str,
        cell_lines: &[&str],
        allow_assembly_mismatch: bool,
    ) -> Result<(), RequirementsError> {
        for model in &self.models {
            if !allow_assembly_mismatch && model.assembly != assembly {
                return Err(RequirementsError::Assembly {
                    model: model.id.clone(),
                    trained: model.assembly.clone(),
                    bundle: assembly.to_owned(),
                });
            }
            if model.uses_expression && !cell_lines.contains(&model.cell_line.as_str()) {
                return Err(RequirementsError::Expression {
                    model: model.id.clone(),
                    cell_line: model.cell_line.clone(),
                    known: listed(cell_lines.iter().copied()),
                });
            }
        }
        Ok(())
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = names.collect();
    match names.len() {
        0 => "none".to_owned(),
        count @ ..=SHOWN => format!("{} ({count})", names.join(", ")).replace(" (1)", ""),
        count => format!("{}, ... ({count})", names.get(..SHOWN).unwrap_or_default().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use polaris_proto::v1::Limits;

    use super::*;

    fn model(id: &str, cell_line: &str, input_length: u32) -> Model {
        Model {
            id: id.into(),
            cell_line: cell_line.into(),
            assembly: "GRCh38".into(),
            uses_expression: true,
            input_length,
            ..Model::default()
        }
    }

    fn reply(models: Vec<Model>, windows: u32, bytes: u32) -> ListModelsResponse {
        let limits =
            Limits { max_windows_per_request: windows, max_request_bytes: bytes, ..Limits::default() };
        ListModelsResponse { models, limits: Some(limits) }
    }

    #[test]
    fn limits_are_obeyed() {
        let two = || vec![model("A.K562", "K562", 1000), model("B.HepG2", "HepG2", 1000)];
        let chosen = choose(reply(two(), 64, 1 << 20), &[], 128).unwrap();
        assert_eq!((chosen.limits.windows, chosen.limits.bytes), (64, 1 << 20));
        assert_eq!(chosen.cell_lines(), ["HepG2", "K562"]);
        assert_eq!(choose(reply(two(), 0, 0), &[], 128).unwrap().limits.windows, 128);
        assert!(matches!(choose(reply(two(), 2, 1 << 20), &[], 128), Err(RequirementsError::Limits { .. })));
        assert!(matches!(choose(reply(two(), 64, 3000), &[], 128), Err(RequirementsError::Limits { .. })));
    }

    #[test]
    fn models_that_do_not_fit() {
        assert!(matches!(choose(reply(vec![], 64, 0), &[], 9), Err(RequirementsError::NoModels)));
        let mixed = vec![model("A.K562", "K562", 1000), model("B.K562", "K562", 151)];
        let refused = choose(reply(mixed.clone(), 64, 0), &[], 9).unwrap_err().to_string();
        assert!(refused.contains("A.K562 takes 1000 bases, B.K562 151"), "{refused}");
        let one = choose(reply(mixed.clone(), 64, 0), &["B.K562".into()], 9).unwrap();
        assert_eq!((one.input_length, one.ids()), (151, vec!["B.K562".to_owned()]));
        let refused = choose(reply(mixed, 64, 0), &["C.K562".into()], 9).unwrap_err().to_string();
        assert!(refused.contains("no model `C.K562`: it has A.K562, B.K562"), "{refused}");
    }

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("QKI.*", "QKI.K562", true),
            ("*.K562", "QKI.K562", true),
            ("*", "", true),
            ("Q?I.*6?", "QKI.K562", true),
            ("QKI", "QKI.K562", false),
            ("*.HepG2", "QKI.K562", false),
            ("*K*2*", "QKI.K562", true),
            ("?", "", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern}");
        }
        let three =
            vec![model("A.K562", "K562", 9), model("B.K562", "K562", 9), model("A.HepG2", "HepG2", 9)];
        let chosen = choose(reply(three, 64, 0), &["*.K562".into(), "A.*".into()], 9).unwrap();
        assert_eq!(chosen.requested, ["A.K562", "B.K562", "A.HepG2"]);
    }

    #[test]
    fn another_file_is_another_digest() {
        let (one, other) = (model("A.K562", "K562", 9), model("B.K562", "K562", 9));
        let digest = model_digest(&[one.clone(), other.clone()]);
        assert_eq!(digest.len(), 64);
        assert_eq!(model_digest(&[other.clone(), one.clone()]), digest);
        assert_ne!(model_digest(&[Model { sha256: "0".into(), ..one }, other]), digest);
    }

    #[test]
    fn bundles_that_do_not_serve() {
        let chosen = choose(reply(vec![model("A.K562", "K562", 1000)], 64, 0), &[], 9).unwrap();
        assert!(chosen.check("GRCh38", &["HepG2", "K562"], false).is_ok());
        let refused = chosen.check("GRCh37", &["K562"], false).unwrap_err().to_string();
        assert!(refused.contains("--allow-assembly-mismatch"), "{refused}");
        assert!(chosen.check("GRCh37", &["K562"], true).is_ok());
        let refused = chosen.check("GRCh38", &["HepG2"], false).unwrap_err().to_string();
        assert!(
            refused.starts_with("model A.K562 needs expression in K562, the reference bundle has HepG2:"),
            "{refused}"
        );
    }
}
