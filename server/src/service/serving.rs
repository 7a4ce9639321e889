//! A set of models that answers, and what a call meets before it gets there.

use std::sync::Arc;

use polaris_model::Precision;
use polaris_proto::v1::ListModelsResponse;

use super::list_models;
use crate::catalog::Catalog;
use crate::engine::Engine;
use crate::rate_limit::RateLimit;
use crate::request_context::RequestContext;
use crate::settings::{Limits, Settings};
use crate::status::ServiceError;

/// What stays the same whatever models are served.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(super) device: String,
    /// As it is set; a set of models may have to do with another.
    pub(super) precision: Precision,
    pub(super) queue_windows: usize,
    canary_percent: u8,
    rate_limit: Option<RateLimit>,
}

impl Rules {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            limits: settings.limits,
            device: settings.engine.device.to_string(),
            precision: settings.engine.precision,
            queue_windows: settings.engine.queue_windows,
            canary_percent: settings.registry.canary_percent,
            rate_limit: RateLimit::new(settings.limits.windows_per_second),
        }
    }
}

/// What is there once models are loaded. A call that has it is answered by these models, whatever comes after them.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    pub(crate) catalog: Arc<Catalog>,
    /// The same models with canaries in the place of the versions that are current.
    canary_catalog: Option<Arc<Catalog>>,
    pub(crate) engine: Engine,
    pub(super) models: Arc<ListModelsResponse>,
    pub(super) digest: Arc<str>,
    pub(super) precision: Precision,
    pub(crate) rules: Arc<Rules>,
}

impl Serving {
    pub(super) fn new(
        catalog: Catalog,
        canary_catalog: Option<Catalog>,
        precision: Precision,
        engine: Engine,
        rules: Arc<Rules>,
    ) -> Self {
        Self {
            models: Arc::new(list_models::response(catalog.current(), rules.limits)),
            digest: catalog.digest().into(),
            catalog: Arc::new(catalog),
            canary_catalog: canary_catalog.map(Arc::new),
            precision,
            engine,
            rules,
        }
    }

    /// For a call: with canaries if it is theirs.
    pub(super) fn for_call(mut self, context: &RequestContext) -> Self {
        if let Some(canary) = &self.canary_catalog
            && context.asks_canary(self.rules.canary_percent)
        {
            self.catalog = Arc::clone(canary);
        }
        self
    }

    /// Lets so many windows of a call in.
    ///
    /// # Errors
    /// If its client has asked more than it may.
    pub(crate) fn admit(&self, context: &RequestContext, windows: usize) -> Result<(), ServiceError> {
        let Some(limit) = &self.rules.rate_limit else { return Ok(()) };
        let windows_per_second = self.rules.limits.windows_per_second;
        limit
            .take(&context.client, windows)
            .map_err(|wait| ServiceError::RateLimited { windows_per_second, wait })
    }
}
