//! Rows that go to the models at once.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use polaris_model::{EngineError, Substitution, WindowInput};
use tracing::Span;

use super::answer::Answer;
use super::cost::{Bounds, WINDOW_COST};
use super::job::Job;
use super::part::{Part, Place, Rows};
use super::plan::WantedWindow;
use super::question::Question;
use super::result_cache::ResultCache;
use super::row_key::RowKey;
use super::{Predictor, QueueError};
use crate::metrics::metrics;

/// Rows of which the same is asked; none of them twice.
pub(super) struct Batch<'a> {
    question: Question,
    /// Those of the question's models that are asked.
    models: Range<usize>,
    /// The one window of a batch that asks some of the models.
    only: Option<RowKey>,
    most_cost: u64,
    cost: u64,
    windows: Vec<WindowInput>,
    places: HashMap<RowKey, Place>,
    parts: Vec<Part>,
    cache: Option<&'a ResultCache>,
}

impl<'a> Batch<'a> {
    /// An empty one for what this job asks next.
    pub(super) fn for_job(job: &Job, bounds: Bounds, cache: Option<&'a ResultCache>) -> Self {
        let question = job.question.clone();
        let all = question.models.len();
        let first = job.wanted.front();
        let bases = first.map_or(0, |wanted| wanted.window.sequence.len());
        let models = job.next_model..all.min(job.next_model + bounds.models_at_once(&question, bases));
        let only = first.map(|wanted| wanted.key).filter(|_| question.one_by_one());
        Self {
            only,
            // A window that goes by itself goes as a whole.
            most_cost: if only.is_some() { u64::MAX } else { bounds.batch_cost(&question) },
            // Maps are not kept.
            cache: cache.filter(|_| question.method.is_none()),
            question,
            models,
            cost: 0,
            windows: Vec::new(),
            places: HashMap::new(),
            parts: Vec::new(),
        }
    }

    /// Whether a job asks the same, and something of it may have room here.
    pub(super) fn accepts(&self, job: &Job) -> bool {
        let Some(first) = job.wanted.front() else { return false };
        let has_room = match self.only {
            Some(only) => first.key == only && job.next_model == self.models.start,
            // What is here already takes no room.
            None => self.cost < self.most_cost || self.places.contains_key(&first.key),
        };
        has_room && job.question.is(&self.question)
    }

    /// Takes what there is room for from a job that [`Self::accepts`] has accepted.
    pub(super) fn join(&mut self, mut job: Job) {
        job.begun();
        let (cost, mut rows) = (self.cost, Vec::new());
        if self.only.is_some() {
            // Its rows stay wanted until all models have been asked.
            let wanted = job.wanted.front().cloned();
            if wanted.is_some_and(|mut wanted| self.place(&mut wanted, &mut job.answer, &mut rows)) {
                job.asked_up_to(self.models.end);
            }
        } else {
            while let Some(wanted) = job.wanted.front_mut()
                && self.place(wanted, &mut job.answer, &mut rows)
            {
                job.wanted.pop_front();
            }
        }
        let work = (self.cost - cost) * self.models.len() as u64;
        self.parts.push(Part { job, rows, work });
    }

    /// What each caller added to it.
    pub(super) fn work_by_caller(&self) -> impl Iterator<Item = (u64, u64)> {
        self.parts.iter().map(|part| (part.job.caller.id, part.work))
    }

    /// Finds a place for each row of a window, or its result where another job has had it calculated. False if rows are
    /// left for which there is no room.
    fn place(
        &mut self,
        wanted: &mut WantedWindow,
        answer: &mut Answer,
        rows: &mut Vec<(Place, usize)>,
    ) -> bool {
        let rates = wanted.rates(&self.question);
        if let Some(row) = wanted.row {
            if !self.look_up(&wanted.key, row, answer) {
                let Some(window) = self.place_window(wanted) else { return false };
                rows.push((Place { window, row: 0 }, row));
            }
            wanted.row = None;
        }
        let mut placed = 0;
        for (substitution, row) in wanted.window.substitutions.iter().zip(&wanted.substitutions) {
            if let Some(&place) = self.places.get(&row.key) {
                rows.push((place, row.row));
            } else if !self.look_up(&row.key, row.row, answer) {
                let place = self.place_substitution(wanted, substitution, row.key, rates.substitution);
                let Some(place) = place else { break };
                rows.push((place, row.row));
            }
            placed += 1;
        }
        wanted.drop_first(placed);
        wanted.substitutions.is_empty()
    }

    fn look_up(&self, key: &RowKey, row: usize, answer: &mut Answer) -> bool {
        let found = self.cache.and_then(|cache| cache.get(key));
        found.and_then(|found| answer.set(row, &self.models, found.row())).is_some()
    }

    /// A window that would have to be taken apart waits for a batch of its own, because its rest needs it again.
    fn place_window(&mut self, wanted: &WantedWindow) -> Option<usize> {
        if let Some(place) = self.places.get(&wanted.key) {
            return Some(place.window);
        }
        let rates = wanted.rates(&self.question);
        if !self.windows.is_empty() && self.cost + wanted.cost(rates) > self.most_cost {
            return None;
        }
        let window = self.windows.len();
        self.windows.push(wanted.alone());
        self.places.insert(wanted.key, Place { window, row: 0 });
        self.cost += rates.window;
        Some(window)
    }

    fn place_substitution(
        &mut self,
        wanted: &WantedWindow,
        substitution: &Substitution,
        key: RowKey,
        cost: u64,
    ) -> Option<Place> {
        let window = self.place_window(wanted)?;
        let alone = self.windows.len() == 1;
        let substitutions = &mut self.windows.get_mut(window)?.substitutions;
        // A window goes along with as much work as it is itself, however small batches are to be.
        let needs_company = alone && (substitutions.len() as u64 + 1) * cost <= WINDOW_COST.max(cost);
        if self.cost + cost > self.most_cost && !needs_company {
            return None;
        }
        substitutions.push(substitution.clone());
        let place = Place { window, row: substitutions.len() };
        self.places.insert(key, place);
        self.cost += cost;
        Some(place)
    }

    /// Calculates, and answers the jobs that are complete. Returns the others.
    pub(super) fn run(mut self, predictor: &impl Predictor) -> Vec<Job> {
        tracing::debug!(
            windows = self.windows.len(),
            rows = self.places.len(),
            jobs = self.parts.len(),
            models = self.models.len(),
            method = self.question.method.map(tracing::field::debug),
            "batch"
        );
        let parts = std::mem::take(&mut self.parts);
        // All its rows may have been there.
        if self.windows.is_empty() {
            return parts.into_iter().filter_map(|part| part.job.finish()).collect();
        }
        let span = self.span(&parts);
        match span.in_scope(|| self.ask(predictor, &self.windows)) {
            Ok(answer) => self.deliver(&answer, parts),
            // It may be the fault of one of them.
            Err(error) if parts.len() > 1 => {
                tracing::warn!(%error, jobs = parts.len(), "a batch failed; its jobs go one by one");
                parts.into_iter().filter_map(|part| self.run_alone(part, predictor)).collect()
            }
            Err(error) => {
                fail(parts, error);
                Vec::new()
            }
        }
    }

    fn ask(&self, predictor: &impl Predictor, windows: &[WindowInput]) -> Result<Answer, EngineError> {
        let models = self.question.models.get(self.models.clone()).unwrap_or_default();
        let start = Instant::now();
        let answer = self.question.ask(predictor, windows, models);
        if let Some(metrics) = metrics() {
            metrics.batch_windows.observe(windows.len() as f64);
            metrics.computed(start.elapsed());
        }
        answer
    }

    /// In the trace of the request that is first, and linked to those of the others.
    fn span(&self, parts: &[Part]) -> Span {
        let parent = parts.first().and_then(|part| part.job.span.id());
        let span = tracing::info_span!(
            parent: parent,
            "batch",
            windows = self.windows.len(),
            rows = self.places.len(),
            jobs = parts.len(),
            models = self.models.len(),
        );
        for part in parts {
            span.follows_from(&part.job.span);
        }
        span
    }

    fn run_alone(&self, mut part: Part, predictor: &impl Predictor) -> Option<Job> {
        part.job = part.job.alive()?;
        let windows = part.alone(&self.windows);
        if windows.is_empty() {
            return part.job.finish();
        }
        match self.ask(predictor, &windows) {
            Ok(answer) => part.deliver(&Rows::new(&answer, &windows), &self.models),
            Err(error) => {
                fail([part], error);
                None
            }
        }
    }

    fn deliver(&self, answer: &Answer, parts: Vec<Part>) -> Vec<Job> {
        let rows = Rows::new(answer, &self.windows);
        // First, so that who asks again finds what has been answered.
        if let Some(cache) = self.cache {
            for (key, place) in &self.places {
                if let Some(row) = rows.get(*place) {
                    cache.insert(*key, row);
                }
            }
            if let Some(metrics) = metrics() {
                metrics.cache_bytes.set(cache.bytes().try_into().unwrap_or(i64::MAX));
            }
        }
        parts.into_iter().filter_map(|part| part.deliver(&rows, &self.models)).collect()
    }
}

fn fail(parts: impl IntoIterator<Item = Part>, error: EngineError) {
    let error = Arc::new(error);
    for part in parts {
        part.job.fail(QueueError::Engine(Arc::clone(&error)));
    }
}
