//! What is compared.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use polaris_model::comparison::Body;

/// What `--methods` names, without what it needs to be run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct MethodName(&'static Row);

/// How a method learns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// POLARIS as it is published.
    Polaris,
    /// A network for comparison.
    Network(Body),
    /// POLARIS with the structure of a folder's files.
    Structure(PathBuf),
    /// POLARIS on the windows of all models at once, an output for each.
    Joint(Body),
    /// Logistic regression on counts of k-mers.
    Kmer,
    /// LS-GKM.
    Gkm,
}

/// A method, and what it reads beside the sequence where that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) expression: bool,
    pub(super) region: bool,
}

#[derive(Debug, Eq, PartialEq)]
struct Row {
    name: &'static str,
    kind: NamedKind,
    expression: bool,
    region: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum NamedKind {
    Polaris,
    Network(Body),
    Structure,
    Joint(Body),
    Kmer,
    Gkm,
}

const fn row(name: &'static str, kind: NamedKind, expression: bool, region: bool) -> Row {
    Row { name, kind, expression, region }
}

const POLARIS: Body = Body::Polaris { dilation: 1 };

static ROWS: [Row; 14] = [
    row("polaris", NamedKind::Polaris, true, true),
    row("polaris-sequence", NamedKind::Polaris, false, false),
    row("polaris-region", NamedKind::Polaris, false, true),
    row("polaris-expression", NamedKind::Polaris, true, false),
    row("polaris-structure", NamedKind::Structure, true, true),
    row("polaris-joint", NamedKind::Joint(POLARIS), true, true),
    row("polaris-joint-dilated", NamedKind::Joint(Body::Polaris { dilation: 2 }), true, true),
    row("cnn-lstm", NamedKind::Network(Body::CnnLstm), true, true),
    row("cnn-lstm-sequence", NamedKind::Network(Body::CnnLstm), false, false),
    row("seqweaver", NamedKind::Network(Body::Seqweaver), false, false),
    row("seqweaver+", NamedKind::Network(Body::Seqweaver), true, true),
    row("kmer", NamedKind::Kmer, true, true),
    row("kmer-sequence", NamedKind::Kmer, false, false),
    row("gkm", NamedKind::Gkm, false, false),
];

/// Not a method.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no method; known are {known}", known = ROWS.iter().map(|row| row.name).collect::<Vec<_>>().join(", "))]
pub(super) struct UnknownMethod(String);

impl FromStr for MethodName {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        ROWS.iter().find(|row| row.name == text).map(Self).ok_or_else(|| UnknownMethod(text.to_owned()))
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl MethodName {
    /// The method, or one for each folder of structure files.
    pub(super) fn methods(self, structure: &[PathBuf]) -> Vec<Method> {
        let method =
            |name: String, kind| Method { name, kind, expression: self.0.expression, region: self.0.region };
        let plain = |kind| vec![method(self.0.name.to_owned(), kind)];
        match self.0.kind {
            NamedKind::Polaris => plain(Kind::Polaris),
            NamedKind::Network(body) => plain(Kind::Network(body)),
            NamedKind::Joint(body) => plain(Kind::Joint(body)),
            NamedKind::Kmer => plain(Kind::Kmer),
            NamedKind::Gkm => plain(Kind::Gkm),
            NamedKind::Structure => structure
                .iter()
                .map(|folder| {
                    method(
                        format!("{}:{}", self.0.name, folder_name(folder)),
                        Kind::Structure(folder.clone()),
                    )
                })
                .collect(),
        }
    }

    /// Whether it reads structure files.
    pub(super) fn reads_structure(self) -> bool {
        self.0.kind == NamedKind::Structure
    }
}

/// The last part of a path, which tells runs over several folders apart.
fn folder_name(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

impl Method {
    /// The same without covariates that there are not.
    pub(super) fn reading(&self, expression: bool, region: bool) -> Self {
        Self { expression: self.expression && expression, region: self.region && region, ..self.clone() }
    }

    /// What it reads, in words.
    pub(super) fn reads(&self) -> &'static str {
        match (self.expression, self.region) {
            (false, false) => "the sequence alone",
            (true, false) => "sequence and expression",
            (false, true) => "sequence and region",
            (true, true) => "sequence, expression and region",
        }
    }

    /// How long a window takes, roughly, beside one of POLARIS: for the progress bar.
    pub(super) fn weight(&self) -> u64 {
        match self.kind {
            Kind::Network(Body::Seqweaver) => 10,
            Kind::Gkm => 10,
            _ => 1,
        }
    }

    /// The name as a part of a file's name.
    pub(super) fn file_name(&self) -> String {
        self.name.replace(['/', ':'], "_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_they_read() {
        let of = |name: &str| name.parse::<MethodName>().unwrap().methods(&[]);
        assert_eq!(
            of("polaris")[0],
            Method { name: "polaris".to_owned(), kind: Kind::Polaris, expression: true, region: true }
        );
        assert!(!of("seqweaver+")[0].reading(false, true).expression);
        assert_eq!(
            of("polaris-sequence")[0],
            Method { name: "polaris-sequence".to_owned(), ..of("polaris")[0].reading(false, false) }
        );
        let error = "cnn".parse::<MethodName>().unwrap_err().to_string();
        assert!(error.starts_with("`cnn` is no method; known are polaris, polaris-sequence"), "{error}");
    }

    #[test]
    fn a_structure_method_for_each_folder() {
        let folders = [PathBuf::from("folded/w50"), PathBuf::from("/x/w1000/")];
        let name: MethodName = "polaris-structure".parse().unwrap();
        let methods = name.methods(&folders);
        let names: Vec<&str> = methods.iter().map(|method| method.name.as_str()).collect();
        assert_eq!(names, ["polaris-structure:w50", "polaris-structure:w1000"]);
        assert_eq!(methods[0].file_name(), "polaris-structure_w50");
        assert!(name.reads_structure() && name.methods(&[]).is_empty());
    }
}
