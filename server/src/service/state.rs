//! Which models answer, and what became of the others.

use std::collections::{BTreeMap, BTreeSet};

use polaris_proto::v1::{GetModelResponse, ModelState};

use super::{Serving, list_models};
use crate::convert::RequestError;
use crate::status::ServiceError;

/// The state of a server.
#[derive(Debug, Default)]
pub(super) struct State {
    phase: Phase,
    /// Names of models that are being loaded.
    loading: BTreeSet<String>,
    /// Models that were not taken, and why.
    failed: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Loading,
    Serving(Box<Serving>),
    Stopping,
}

impl State {
    pub(super) fn load(&mut self, models: BTreeSet<String>) {
        // What has failed stays known until it is known better.
        self.loading = models;
    }

    pub(super) fn fail(&mut self, models: BTreeMap<String, String>) {
        self.loading.clear();
        self.failed = models;
    }

    pub(super) fn begin(&mut self, serving: Serving) {
        self.phase = Phase::Serving(Box::new(serving));
        self.fail(BTreeMap::new());
    }

    pub(super) fn end(&mut self) {
        self.phase = Phase::Stopping;
    }

    pub(super) fn serving(&self) -> Result<&Serving, ServiceError> {
        match &self.phase {
            Phase::Loading => Err(ServiceError::Loading),
            Phase::Serving(serving) => Ok(serving),
            Phase::Stopping => Err(ServiceError::Stopping),
        }
    }

    /// What is known about a model.
    pub(super) fn model(&self, name: &str) -> Result<GetModelResponse, ServiceError> {
        let response = |state: ModelState| GetModelResponse {
            model: None,
            state: state.into(),
            reason: self.failed.get(name).cloned().unwrap_or_default(),
        };
        match self.serving() {
            Err(ServiceError::Stopping) => Err(ServiceError::Stopping),
            Ok(serving) if serving.catalog.model(name).is_some() => Ok(GetModelResponse {
                model: serving.catalog.model(name).map(list_models::model),
                ..response(ModelState::Serving)
            }),
            _ if self.failed.contains_key(name) => Ok(response(ModelState::Failed)),
            _ if self.loading.contains(name) => Ok(response(ModelState::Loading)),
            Ok(_) => Err(RequestError::UnknownModel { id: name.to_owned() }.into()),
            Err(loading) => Err(loading),
        }
    }
}
