//! Models of an ensemble that its successor takes over.

use super::{Backend, Ensemble};
use crate::cpu::SharedNetworks;
use crate::precision::Precision;
use crate::registry::{Manifest, ModelId};

/// Models in memory, for another ensemble that is to hold some of the same. Those on a GPU lie in tensors of all models
/// and are loaded again.
#[derive(Clone, Debug, Default)]
pub struct SharedModels {
    precision: Precision,
    members: Vec<SharedModel>,
    networks: SharedNetworks,
}

#[derive(Clone, Debug)]
struct SharedModel {
    id: ModelId,
    version: String,
    sha256: String,
    /// Column of the expression that it reads, if it does.
    expression: Option<usize>,
    exact: Vec<f32>,
}

impl Ensemble {
    /// Its models, for another ensemble.
    pub fn shared(&self) -> SharedModels {
        let Backend::Cpu(backend) = &self.backend else { return SharedModels::default() };
        let member = |(index, manifest): (usize, &Manifest)| SharedModel {
            id: manifest.id.clone(),
            version: manifest.version.clone(),
            sha256: manifest.model_sha256.clone(),
            expression: expression_column(manifest, &self.cell_lines),
            exact: self.exact.get(index).cloned().unwrap_or_default(),
        };
        SharedModels {
            precision: self.precision,
            members: self.manifests.iter().enumerate().map(member).collect(),
            networks: backend.shared(),
        }
    }
}

impl SharedModels {
    /// The place of the network that a manifest is about, if it is here and reads the same column of the expression. It is
    /// looked for by its version too: another version with the same digest has a file of its own, which may be broken.
    pub(super) fn place(
        &self,
        manifest: &Manifest,
        expression: Option<usize>,
        precision: Precision,
    ) -> Option<usize> {
        let same = |member: &SharedModel| {
            member.id == manifest.id
                && member.version == manifest.version
                && member.sha256 == manifest.model_sha256
                && member.expression == expression
        };
        if self.precision == precision { self.members.iter().position(same) } else { None }
    }

    /// What strict arithmetic says of the samples by the model at a place.
    pub(super) fn exact(&self, place: usize) -> Vec<f32> {
        self.members.get(place).map(|member| member.exact.clone()).unwrap_or_default()
    }

    /// The networks at these places, in that order.
    pub(super) fn networks(&self, places: &[Option<usize>]) -> SharedNetworks {
        self.networks.at(places)
    }
}

/// Column of the expression that a model reads, if it does, where an ensemble takes that of `cell_lines`.
pub(super) fn expression_column(manifest: &Manifest, cell_lines: &[String]) -> Option<usize> {
    manifest.architecture.expression().then(|| cell_lines.binary_search(&manifest.cell_line).ok()).flatten()
}
