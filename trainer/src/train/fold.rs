//! Training of all folds of all models, several at a time.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, anyhow};
use polaris_model::training::{Example, fit, predict};
use polaris_model::{FoldMetrics, Manifest, ModelId, Split};

use super::checkpoint::Checkpoint;
use super::dataset::Dataset;
use super::plan::{Plan, Task};
use super::progress::Progress;
use crate::metrics::{auroc, average_precision};

/// A trained fold of a split.
#[derive(Clone, Debug)]
pub(super) struct TrainedFold {
    pub(super) split: Split,
    pub(super) checkpoint: Checkpoint,
}

/// A model of the run: published, or why not.
pub(super) type Outcome = (ModelId, anyhow::Result<Manifest>);

/// Trains every fold of every model on `jobs` threads, and hands each model to `finish` when its folds are
/// done. A model that fails does not stop the others.
///
/// Returns the outcome of each model, in their order.
pub(super) fn train_all(
    plan: &Plan,
    datasets: &[Dataset],
    finish: impl Fn(&Dataset, &[TrainedFold]) -> anyhow::Result<Manifest> + Sync,
) -> anyhow::Result<Vec<Outcome>> {
    let tasks: Vec<(usize, Task<'_>)> = datasets
        .iter()
        .enumerate()
        .flat_map(|(model, dataset)| plan.tasks(dataset).into_iter().map(move |task| (model, task)))
        .collect();
    let models: Vec<Model> = (0..datasets.len())
        .map(|model| Model {
            open: AtomicUsize::new(tasks.iter().filter(|(owner, _)| *owner == model).count()),
            ..Model::default()
        })
        .collect();
    let progress = Progress::new(plan, &tasks);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs.min(tasks.len()) {
            scope.spawn(|| {
                while let Some((model, task)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (Some(state), Some(dataset)) = (models.get(*model), datasets.get(*model)) else {
                        continue;
                    };
                    state.work(plan, task, &progress);
                    // The one who closes the last fold of a model finishes it.
                    if state.open.fetch_sub(1, Ordering::AcqRel) == 1 {
                        state.finish(dataset, &progress, &finish);
                    }
                }
            });
        }
    });
    progress.close();
    datasets
        .iter()
        .zip(models)
        .map(|(dataset, model)| {
            let outcome = model.outcome.into_inner().map_err(|_| anyhow!("a training thread died"))?;
            let outcome = outcome.unwrap_or_else(|| {
                Err(anyhow!(
                    "no fold holds both bound and unbound windows; more contigs or windows are needed"
                ))
            });
            Ok((dataset.id.clone(), outcome))
        })
        .collect()
}

/// A model while its folds are trained.
#[derive(Default)]
struct Model {
    open: AtomicUsize,
    failed: AtomicBool,
    folds: Mutex<Vec<TrainedFold>>,
    outcome: Mutex<Option<anyhow::Result<Manifest>>>,
}

impl Model {
    fn work(&self, plan: &Plan, task: &Task<'_>, progress: &Progress) {
        if self.failed.load(Ordering::Relaxed) {
            return;
        }
        match train(plan, task, progress) {
            Ok(checkpoint) => {
                if let Ok(mut folds) = self.folds.lock() {
                    folds.push(TrainedFold { split: task.split, checkpoint });
                }
            }
            Err(error) => {
                self.failed.store(true, Ordering::Relaxed);
                self.settle(Err(error.context(format!("{} fold {}", task.split, task.fold))));
            }
        }
    }

    fn finish(
        &self,
        dataset: &Dataset,
        progress: &Progress,
        finish: impl Fn(&Dataset, &[TrainedFold]) -> anyhow::Result<Manifest>,
    ) {
        if self.failed.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mut folds) = self.folds.lock() else { return };
        // Threads finish in any order; what is published must not depend on it.
        folds.sort_by_key(|fold| (fold.split, fold.checkpoint.metrics.fold));
        let outcome = finish(dataset, &folds);
        if let Ok(manifest) = &outcome {
            progress.published(manifest);
        }
        self.settle(outcome);
    }

    fn settle(&self, outcome: anyhow::Result<Manifest>) {
        if let Ok(mut place) = self.outcome.lock() {
            place.get_or_insert(outcome);
        }
    }
}

/// Trains one fold, or takes it from its checkpoint.
fn train(plan: &Plan, task: &Task<'_>, progress: &Progress) -> anyhow::Result<Checkpoint> {
    if let Some(checkpoint) = Checkpoint::find(plan, task) {
        progress.reused(task, &checkpoint.metrics);
        return Ok(checkpoint);
    }
    let (training, held_out) = task.indices();
    let pick = |indices: &[usize]| -> Vec<Example> {
        indices.iter().filter_map(|&index| task.dataset.examples.get(index).cloned()).collect()
    };
    let line = progress.start(task);
    let mut losses = Vec::new();
    let weights = fit(
        task.dataset.architecture,
        &pick(&training),
        &plan.recipe,
        plan.seed(task),
        plan.device,
        &mut |epoch| {
            losses.push(epoch.loss);
            line.epoch(&epoch, training.len());
            ControlFlow::Continue(())
        },
    )?;
    let metrics = evaluate(plan, task, &weights, training.len(), &pick(&held_out))?;
    let checkpoint = Checkpoint::keep(plan, task, &weights, metrics, losses)?;
    line.done(&metrics);
    Ok(checkpoint)
}

fn evaluate(
    plan: &Plan,
    task: &Task<'_>,
    weights: &polaris_model::Weights,
    trained_on: usize,
    held_out: &[Example],
) -> anyhow::Result<FoldMetrics> {
    let labels: Vec<bool> = held_out.iter().map(|example| example.positive).collect();
    let scores: Vec<f64> = predict(weights, held_out, plan.device)?.into_iter().map(f64::from).collect();
    let positives = labels.iter().filter(|&&positive| positive).count();
    Ok(FoldMetrics {
        fold: task.fold.into(),
        trained_on,
        positives,
        negatives: labels.len() - positives,
        auroc: auroc(&labels, &scores).context("area under the ROC curve")?,
        auprc: average_precision(&labels, &scores).context("average precision")?,
    })
}
