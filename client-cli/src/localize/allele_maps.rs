//! Small pictures of alleles' maps, for the page of `score`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use polaris_genomics::{ReferenceBundle, Strand};
use tokio::task::spawn_blocking;

use super::assembly::Assembly;
use super::error::LocalizeError;
use super::explained::Explained;
use super::flow::{Asking, call};
use super::options::MapChoice;
use super::pictures::Pictures;
use super::plan::variants::{name, target};
use super::request::{Budget, pack};
use super::target::Target;
use crate::connect::{self, Channel, REPLY_BYTES};
use crate::messages::Covariates;
use crate::requirements::ChosenModels;
use crate::vcf::{Record, WindowLayout, allele_windows};

/// An allele, the first alternate of its record, on one strand, and the model whose map is wanted.
pub(crate) struct WantedMap {
    pub(crate) record: Record,
    pub(crate) strand: Strand,
    pub(crate) model: String,
}

/// How maps are made.
#[derive(Clone)]
pub(crate) struct MapMaker {
    bundle: Arc<ReferenceBundle>,
    covariates: Covariates,
    layout: WindowLayout,
    chosen: ChosenModels,
    reply_limit: Duration,
}

impl MapMaker {
    /// For these models, with windows as they are cut for scores.
    pub(crate) fn new(
        bundle: Arc<ReferenceBundle>,
        layout: WindowLayout,
        chosen: ChosenModels,
        reply_limit: Duration,
    ) -> Self {
        let covariates = Covariates::new(Arc::clone(&bundle), chosen.cell_lines());
        Self { bundle, covariates, layout, chosen, reply_limit }
    }

    /// SVGs of reference, alternate and difference, as a server explains them; in the order of what is wanted, none where
    /// an allele has no window.
    pub(crate) async fn pictures(
        &self,
        channel: Channel,
        wanted: Vec<WantedMap>,
    ) -> anyhow::Result<Vec<Option<String>>> {
        let (maker, mut drawn) = (self.clone(), Vec::with_capacity(wanted.len()));
        let cut = move || wanted.into_iter().map(|wanted| maker.cut(wanted)).collect::<Result<Vec<_>, _>>();
        let targets = spawn_blocking(cut).await.context("the thread that cuts windows ended early")??;
        let decoded = self.chosen.limits.response_bytes.max(REPLY_BYTES);
        let service = connect::service(channel).max_decoding_message_size(decoded);
        for target in targets {
            let Some((target, model)) = target else {
                drawn.push(None);
                continue;
            };
            let models = [model];
            let length = self.chosen.input_length;
            let asking = Asking {
                service: service.clone(),
                budget: Budget::new(&models, length, true, true, self.chosen.limits),
                options: MapChoice::default().message(true),
                all_models: false,
                length,
                reply_limit: self.reply_limit,
            };
            let explained = explain(&asking, target, &models).await?;
            let maker = self.clone();
            let picture = spawn_blocking(move || maker.draw(&explained, &models)).await;
            drawn.push(picture.context("the thread that draws ended early")??);
        }
        Ok(drawn)
    }

    fn cut(&self, wanted: WantedMap) -> Result<Option<(Target, String)>, LocalizeError> {
        let WantedMap { record, strand, model } = wanted;
        let Some(alternate) = record.alternates().next() else { return Ok(None) };
        let Ok(cut) = allele_windows(&record, alternate, self.layout, &self.bundle)? else { return Ok(None) };
        let Some(cut) = cut.windows.into_iter().find(|cut| cut.window.strand == strand) else {
            return Ok(None);
        };
        let name = name(&record, alternate).into();
        Ok(Some((target(name, cut, &self.covariates)?, model)))
    }

    fn draw(&self, explained: &Explained, models: &[String]) -> anyhow::Result<Option<String>> {
        let quantity = format!("{}, logit", MapChoice::default().method.name());
        let mut pictures = Pictures::new(true, false, 1, None, quantity);
        pictures.assembly = Some(self.bundle.assembly().to_owned());
        let (Some(model), Some(maps)) = (models.first(), explained.models.first()) else { return Ok(None) };
        Ok(Some(pictures.small(explained, model, maps)?))
    }
}

async fn explain(asking: &Asking, target: Target, models: &[String]) -> anyhow::Result<Explained> {
    let mut targets = [target];
    let packed = pack(&mut targets, &asking.budget, &asking.options, asking.all_models);
    let [target] = targets;
    let mut assembly = Assembly::new(target, &asking.budget.groups, asking.length);
    for planned in packed {
        let replies = call(asking, planned.request).await?;
        for (index, reply) in replies.iter().enumerate() {
            assembly.add(0, index, planned.group, models, reply)?;
        }
    }
    Ok(assembly.finish())
}
