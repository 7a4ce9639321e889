//! The ensemble on the processor: a loop over models, with each stage cut to what a processor does best.
//!
//! The first convolution of one-hot bases is a sum of two table rows ([`conv1`]). The second is the real work: it needs
//! seven products for four outputs ([`toom_cook`]), which are exactly one window of the pooling behind it, so that nothing
//! of its size ever reaches memory ([`conv2`]). The first dense layer is one product over all windows of a block
//! ([`dense`]), and a substitution corrects it by what the few positions that it reaches have changed ([`pass`]). All
//! products are those of [`kernels`], in the processor's vector instructions.
//!
//! Models and blocks of windows are dealt out to a pool of threads. Each number is calculated in the same order whatever it
//! is calculated with, so that answers do not depend on batches or threads.

mod aligned;
mod codes;
mod conv1;
mod conv2;
mod dense;
mod direct;
pub(crate) mod instruction_set;
mod kernels;
pub(crate) mod learning;
mod maps;
mod model;
mod panels;
mod pass;
mod pool;
mod shared;
mod toom_cook;
mod window;
mod word;

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator,
};

use crate::ensemble::{ActivationMap, WindowInput};
use crate::precision::Precision;
use crate::weights::Weights;
pub(crate) use direct::DirectConvolution;
use kernels::KernelWord;
pub(crate) use kernels::Processor;
use maps::MapScratch;
use model::CpuModel;
use pass::Scratch;
use pool::Pool;
pub(crate) use shared::SharedNetworks;
use window::EncodedWindow;
use word::Bf16Pair;

/// Work of a task, in positions of the second pooling: 64 windows of 1000 bases, so that a layer's weights are read once
/// for many.
const TASK_POSITIONS: usize = 64 * 60;
/// Work of a task that calculates maps: the activations of its windows are to stay in the caches.
const MAP_TASK_POSITIONS: usize = 32 * 60;
/// Tasks for each thread, if there are windows enough: so that none waits long for the last.
const TASKS_PER_THREAD: usize = 4;
/// What the dense layers behind the first cost, as a share of a window.
const HEAD_SHARE: usize = 60;

/// All models, ready to calculate.
#[derive(Debug)]
pub(crate) enum CpuEnsemble {
    /// With products of 32-bit floats.
    Strict(Models<f32>),
    /// With products of bfloat16.
    Fast(Models<Bf16Pair>),
}

/// Models with the threads and the room to run them.
#[derive(Debug)]
pub(crate) struct Models<T> {
    models: Vec<Arc<CpuModel<T>>>,
    processor: Processor,
    threads: rayon::ThreadPool,
    room: Pool<(Scratch<T>, MapScratch)>,
}

/// What an ensemble is made of.
#[derive(Debug)]
pub(crate) struct CpuMember<'a> {
    /// The model's weights.
    pub(crate) weights: Cow<'a, Weights>,
    /// Column of the expression that it reads, if it does.
    pub(crate) expression: Option<usize>,
}

impl CpuEnsemble {
    /// Makes an ensemble of `count` members, several at once on all threads. Those that are `shared` are taken as they
    /// are; the weights of the others are dropped when they are brought into order.
    ///
    /// # Errors
    /// The first of `member`, which is asked for every member whether others fail or not.
    pub(crate) fn new<'a, E: Send>(
        processor: Processor,
        threads: rayon::ThreadPool,
        precision: Precision,
        count: usize,
        shared: &SharedNetworks,
        member: impl Fn(usize) -> Result<CpuMember<'a>, E> + Sync,
    ) -> Result<Self, E> {
        Ok(match precision {
            Precision::Strict => {
                Self::Strict(Models::new(processor, threads, count, &shared.strict, member)?)
            }
            Precision::Fast => Self::Fast(Models::new(processor, threads, count, &shared.fast, member)?),
        })
    }

    /// Its networks, for another ensemble.
    pub(crate) fn shared(&self) -> SharedNetworks {
        match self {
            Self::Strict(all) => SharedNetworks { strict: all.shared(), ..SharedNetworks::default() },
            Self::Fast(all) => SharedNetworks { fast: all.shared(), ..SharedNetworks::default() },
        }
    }

    /// Logits `[rows][models]` of checked windows and their substitutions.
    pub(crate) fn logits(&self, windows: &[WindowInput], models: &[usize]) -> Vec<f32> {
        match self {
            Self::Strict(all) => all.logits(windows, models),
            Self::Fast(all) => all.logits(windows, models),
        }
    }

    /// Logits `[windows][models]` and signed maps `[windows][models][positions of the second convolution]` of checked
    /// windows, whose substitutions are left aside.
    pub(crate) fn maps(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        map: ActivationMap,
    ) -> (Vec<f32>, Vec<f32>) {
        match self {
            Self::Strict(all) => all.maps(windows, models, map),
            Self::Fast(all) => all.maps(windows, models, map),
        }
    }
}

/// Logits of checked windows by one model, with products of 32-bit floats, on this thread.
pub(crate) fn strict_logits(
    weights: &Weights,
    expression: Option<usize>,
    windows: &[WindowInput],
) -> Vec<f32> {
    let windows: Vec<_> = windows.iter().map(|window| EncodedWindow::new(window, Vec::new())).collect();
    let model = CpuModel::<f32>::new(weights, expression);
    model.logits(Processor::new(), &windows.iter().collect::<Vec<_>>(), &mut Scratch::default())
}

/// Some windows for one model.
#[derive(Clone, Copy, Debug)]
struct Task<'a> {
    /// Column of the model in the answer.
    column: usize,
    model: usize,
    windows: &'a [Piece<'a>],
}

/// A window, or some of the substitutions of one.
#[derive(Debug)]
struct Piece<'a> {
    window: EncodedWindow<'a>,
    /// Row of the window in the answer, and that of its first substitution here.
    row: usize,
    first_allele_row: usize,
}

impl<T: KernelWord> Models<T> {
    fn new<'a, E: Send>(
        processor: Processor,
        threads: rayon::ThreadPool,
        count: usize,
        shared: &[Option<Arc<CpuModel<T>>>],
        member: impl Fn(usize) -> Result<CpuMember<'a>, E> + Sync,
    ) -> Result<Self, E> {
        let model = |index: usize| {
            if let Some(Some(model)) = shared.get(index) {
                return Ok(Arc::clone(model));
            }
            let member = member(index)?;
            Ok(Arc::new(CpuModel::new(&member.weights, member.expression)))
        };
        // All of them, so that everything that is wrong comes to light at once.
        let models: Vec<Result<_, E>> =
            threads.install(|| (0..count).into_par_iter().with_max_len(1).map(model).collect());
        let models = models.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { models, processor, threads, room: Pool::default() })
    }

    fn shared(&self) -> Vec<Option<Arc<CpuModel<T>>>> {
        self.models.iter().cloned().map(Some).collect()
    }

    fn logits(&self, windows: &[WindowInput], models: &[usize]) -> Vec<f32> {
        let mut row = 0;
        let mut pieces = Vec::with_capacity(windows.len());
        for window in windows {
            let mut first_allele_row = row + 1;
            for piece in EncodedWindow::pieces(window, TASK_POSITIONS) {
                let alleles = piece.alleles();
                pieces.push(Piece { window: piece, row, first_allele_row });
                first_allele_row += alleles;
            }
            row += window.rows();
        }
        let mut logits = vec![0.0; row * models.len()];
        let answers = self.run(&pieces, models, TASK_POSITIONS, |model, windows, (scratch, _)| {
            model.logits(self.processor, windows, scratch)
        });
        for (task, answer) in answers {
            let mut answer = answer.into_iter();
            for piece in task.windows {
                let alleles = piece.first_allele_row..piece.first_allele_row + piece.window.alleles();
                for row in std::iter::once(piece.row).chain(alleles) {
                    if let (Some(out), Some(logit)) =
                        (logits.get_mut(row * models.len() + task.column), answer.next())
                    {
                        *out = logit;
                    }
                }
            }
        }
        logits
    }

    fn maps(&self, windows: &[WindowInput], models: &[usize], map: ActivationMap) -> (Vec<f32>, Vec<f32>) {
        let pieces: Vec<Piece<'_>> = windows
            .iter()
            .enumerate()
            .map(|(row, window)| Piece {
                window: EncodedWindow::new(window, Vec::new()),
                row,
                first_allele_row: row,
            })
            .collect();
        let positions = self.models.first().map_or(0, |model| model.activation_positions);
        let mut logits = vec![0.0; windows.len() * models.len()];
        let mut maps = vec![0.0; logits.len() * positions];
        let answers = self.run(&pieces, models, MAP_TASK_POSITIONS, |model, windows, (scratch, room)| {
            model.logits_and_maps(self.processor, windows, map, scratch, room)
        });
        for (task, (some_logits, some_maps)) in answers {
            for ((piece, logit), map) in
                task.windows.iter().zip(some_logits).zip(some_maps.chunks_exact(positions.max(1)))
            {
                let place = piece.row * models.len() + task.column;
                if let Some(out) = logits.get_mut(place) {
                    *out = logit;
                }
                if let Some(out) = maps.get_mut(place * positions..(place + 1) * positions) {
                    out.copy_from_slice(map);
                }
            }
        }
        (logits, maps)
    }

    /// Cuts work into tasks of at most `most` windows and calculates them on all threads.
    fn run<'a, A: Send>(
        &self,
        pieces: &'a [Piece<'a>],
        models: &[usize],
        most: usize,
        calculate: impl Fn(&CpuModel<T>, &[&EncodedWindow<'a>], &mut (Scratch<T>, MapScratch)) -> A + Sync,
    ) -> Vec<(Task<'a>, A)> {
        let blocks = blocks(pieces, models.len(), self.threads.current_num_threads(), most);
        let tasks: Vec<Task<'a>> = models
            .iter()
            .enumerate()
            .flat_map(|(column, &model)| blocks.iter().map(move |&windows| Task { column, model, windows }))
            .collect();
        self.threads.install(|| {
            tasks
                .par_iter()
                .with_max_len(1)
                .filter_map(|task| {
                    let model = self.models.get(task.model)?;
                    let windows: Vec<_> = task.windows.iter().map(|piece| &piece.window).collect();
                    Some((*task, self.room.with(|room| calculate(model, &windows, room))))
                })
                .collect()
        })
    }
}

/// Cuts windows into blocks of like cost: of at most `most`, and less if there would not be enough of them for all threads.
fn blocks<'a>(pieces: &'a [Piece<'a>], models: usize, threads: usize, most: usize) -> Vec<&'a [Piece<'a>]> {
    let total: usize = pieces.iter().map(|piece| piece.window.work()).sum();
    let wanted = (threads * TASKS_PER_THREAD).div_ceil(models.max(1)).max(total.div_ceil(most));
    let mut blocks = Vec::new();
    let (mut rest, mut left, mut todo) = (pieces, total, wanted);
    while !rest.is_empty() {
        let share = left.div_ceil(todo.max(1)).min(most);
        let mut work = 0;
        // The piece that reaches the share belongs to the block.
        let count = rest
            .iter()
            .take_while(|piece| {
                let fits = work == 0 || (work < share && work + piece.window.work() <= most);
                work += if fits { piece.window.work() } else { 0 };
                fits
            })
            .count();
        let (block, after) = rest.split_at(count);
        blocks.push(block);
        (rest, left, todo) = (after, left - work, todo.saturating_sub(1));
    }
    blocks
}

#[cfg(test)]
mod tests;
