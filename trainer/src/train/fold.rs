//! Training of all folds of all models, several at a time, each alone or many as a stack.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, anyhow};
use polaris_model::training::{Example, StackedTask, TrainError, fit, fit_stacked, predict};
use polaris_model::{FoldMetrics, Manifest, ModelId, Split, Weights};

use super::checkpoint::Checkpoint;
use super::dataset::Dataset;
use super::log::ModelLog;
use super::plan::{Plan, Task};
use super::progress::{Line, Progress};
use super::stacks;
use crate::metrics::{auroc, average_precision};
use crate::terminal;

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
    let models: Vec<Model> = datasets
        .iter()
        .enumerate()
        .map(|(model, dataset)| Model {
            open: AtomicUsize::new(tasks.iter().filter(|(owner, _)| *owner == model).count()),
            failed: AtomicBool::new(false),
            folds: Mutex::default(),
            outcome: Mutex::default(),
            log: ModelLog::new(plan, &dataset.id),
        })
        .collect();
    for (dataset, model) in datasets.iter().zip(&models) {
        model.log.note(format_args!(
            "polaris-trainer {}: {} bound and {} unbound windows, recipe {}, seed {}, {}",
            env!("CARGO_PKG_VERSION"),
            dataset.positives(),
            dataset.windows.len() - dataset.positives(),
            plan.recipe.name,
            plan.seed,
            plan.device
        ));
        for reason in plan.left_out(dataset) {
            model.log.note(&reason);
            terminal::say(format_args!("note: {}: {reason}", dataset.id));
        }
    }
    let units = stacks::units(plan, &tasks);
    let progress = Progress::new(plan, &tasks);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs.min(units.len()) {
            scope.spawn(|| {
                while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let unit: Vec<Job<'_>> = unit
                        .iter()
                        .filter_map(|&index| {
                            let (model, task) = tasks.get(index)?;
                            Some(Job { state: models.get(*model)?, task })
                        })
                        .collect();
                    train(plan, &unit, &progress);
                    for Job { state, task } in unit {
                        // The one who closes the last fold of a model finishes it.
                        if state.open.fetch_sub(1, Ordering::AcqRel) == 1 {
                            state.finish(task.dataset, &progress, &finish);
                        }
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
struct Model {
    open: AtomicUsize,
    failed: AtomicBool,
    folds: Mutex<Vec<TrainedFold>>,
    outcome: Mutex<Option<anyhow::Result<Manifest>>>,
    log: ModelLog,
}

/// A fold to train, and the model that it belongs to.
#[derive(Clone, Copy)]
struct Job<'a> {
    state: &'a Model,
    task: &'a Task<'a>,
}

impl Model {
    /// Takes what became of a fold.
    fn keep(&self, task: &Task<'_>, checkpoint: anyhow::Result<Checkpoint>) {
        match checkpoint {
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
            progress.published(manifest, &self.log);
        }
        self.settle(outcome);
    }

    fn settle(&self, outcome: anyhow::Result<Manifest>) {
        if let Err(error) = &outcome {
            self.log.note(format_args!("failed: {error:#}"));
        }
        if let Ok(mut place) = self.outcome.lock() {
            place.get_or_insert(outcome);
        }
    }
}

/// Trains folds together, but for those that have a checkpoint and those of models that have failed.
fn train(plan: &Plan, unit: &[Job<'_>], progress: &Progress) {
    let mut rest = Vec::new();
    for &job in unit.iter().filter(|job| !job.state.failed.load(Ordering::Relaxed)) {
        let Job { state, task } = job;
        match Checkpoint::find(plan, task) {
            Some(checkpoint) => {
                progress.reused(task, &state.log, &checkpoint.metrics);
                state.keep(task, Ok(checkpoint));
            }
            None => rest.push(job),
        }
    }
    match rest.as_slice() {
        [] => {}
        // A stack of one rounds as the stack would that it was part of before an interruption.
        [Job { state, task }] if !plan.stacked() => {
            state.keep(task, train_alone(plan, task, &state.log, progress))
        }
        _ => train_stacked(plan, &rest, progress),
    }
}

fn train_alone(
    plan: &Plan,
    task: &Task<'_>,
    log: &ModelLog,
    progress: &Progress,
) -> anyhow::Result<Checkpoint> {
    let (training, held_out) = task.indices();
    let pick = |indices: &[usize]| -> Vec<Example> {
        indices.iter().filter_map(|&index| task.dataset.examples.get(index).cloned()).collect()
    };
    let mut line = progress.start(task, log, training.len(), 1);
    let mut losses = Vec::new();
    let weights = fit(
        task.dataset.architecture,
        &pick(&training),
        &plan.recipe,
        plan.seed(task),
        plan.device,
        &mut |epoch| {
            losses.push(epoch.loss);
            line.epoch(&epoch);
            ControlFlow::Continue(())
        },
    )?;
    let metrics = evaluate(plan, task, &weights, training.len(), &pick(&held_out))?;
    let checkpoint = Checkpoint::keep(plan, task, &weights, metrics, losses)?;
    line.done(&metrics);
    Ok(checkpoint)
}

/// Trains folds of one architecture as a stack. If the device cannot, halves of it are tried.
fn train_stacked(plan: &Plan, jobs: &[Job<'_>], progress: &Progress) {
    let Some(architecture) = jobs.first().map(|job| job.task.dataset.architecture) else { return };
    let sides: Vec<(Vec<usize>, Vec<usize>)> = jobs.iter().map(|job| job.task.indices()).collect();
    let tasks: Vec<StackedTask<'_>> = jobs
        .iter()
        .zip(&sides)
        .map(|(Job { task, .. }, (training, _))| StackedTask {
            examples: training.iter().filter_map(|&index| task.dataset.examples.get(index)).collect(),
            seed: plan.seed(task),
        })
        .collect();
    let mut lines: Vec<(Line<'_>, Vec<f64>)> = jobs
        .iter()
        .zip(&sides)
        .map(|(Job { state, task }, (training, _))| {
            (progress.start(task, &state.log, training.len(), jobs.len()), Vec::new())
        })
        .collect();
    let trained = fit_stacked(architecture, &tasks, &plan.recipe, plan.device, &mut |index, epoch| {
        if let Some((line, losses)) = lines.get_mut(index) {
            losses.push(epoch.loss);
            line.epoch(&epoch);
        }
        ControlFlow::Continue(())
    });
    let trained = match trained {
        Ok(trained) => trained,
        Err(error) => {
            lines.iter().for_each(|(line, _)| line.abandon());
            return try_halves(plan, jobs, progress, &error);
        }
    };
    for (((job, (training, held_out)), (line, losses)), weights) in
        jobs.iter().zip(&sides).zip(lines).zip(trained)
    {
        let Job { state, task } = job;
        if weights.is_err() {
            line.abandon();
        }
        let keep = |weights: Weights| {
            let held_out: Vec<Example> =
                held_out.iter().filter_map(|&index| task.dataset.examples.get(index).cloned()).collect();
            let metrics = evaluate(plan, task, &weights, training.len(), &held_out)?;
            let checkpoint = Checkpoint::keep(plan, task, &weights, metrics, losses)?;
            line.done(&metrics);
            Ok(checkpoint)
        };
        state.keep(task, weights.map_err(anyhow::Error::from).and_then(keep));
    }
}

/// What libtorch cannot do for want of memory it can do for fewer networks.
fn try_halves(plan: &Plan, jobs: &[Job<'_>], progress: &Progress, error: &TrainError) {
    let (first, second) = jobs.split_at(jobs.len() / 2);
    if first.is_empty() {
        for Job { state, task } in jobs {
            state.keep(task, Err(anyhow!("{error}")));
        }
        return;
    }
    let reason = error.to_string();
    let reason = reason.lines().next().unwrap_or_default();
    progress.say(&format!("a stack of {} networks failed ({reason}); half as many are tried", jobs.len()));
    for half in [first, second] {
        train_stacked(plan, half, progress);
    }
}

fn evaluate(
    plan: &Plan,
    task: &Task<'_>,
    weights: &Weights,
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
