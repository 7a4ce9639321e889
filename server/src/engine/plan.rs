//! Windows of a job, with what is to become of each of their rows.

use std::collections::VecDeque;

use polaris_model::WindowInput;
use polaris_model::localization::LocalizationMethod;

use super::answer::Answer;
use super::cost::Rates;
use super::question::Question;
use super::result_cache::ResultCache;
use super::row_key::{RowKey, RowKeys};
use crate::metrics::metrics;

/// A window with rows that are still wanted.
#[derive(Clone, Debug)]
pub(super) struct WantedWindow {
    /// The window; its substitutions are those that are wanted.
    pub(super) window: WindowInput,
    /// Key of its own row.
    pub(super) key: RowKey,
    /// Where its own row belongs in the answer, if that is wanted.
    pub(super) row: Option<usize>,
    /// What is wanted of each of its substitutions.
    pub(super) substitutions: Vec<WantedRow>,
}

/// A row that is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantedRow {
    /// What it is.
    pub(super) key: RowKey,
    /// Where it belongs in the answer.
    pub(super) row: usize,
}

/// Windows ready for the queue: made on the caller's side, so that the engine's thread has little to do between batches.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) question: Question,
    pub(super) wanted: VecDeque<WantedWindow>,
    /// Rows of the answer.
    rows: usize,
    /// Filled in as far as results were there. Without any it takes no memory before there is room in the queue.
    answer: Option<Answer>,
}

/// A [`Plan`] of windows of which is asked what drives their predictions.
#[derive(Debug)]
pub(crate) struct MapPlan {
    pub(super) plan: Plan,
    pub(super) method: LocalizationMethod,
}

impl Plan {
    /// Looks each row up among the results that are there.
    pub(super) fn new(question: Question, windows: Vec<WindowInput>, cache: Option<&ResultCache>) -> Self {
        let mut plan = Self {
            question,
            wanted: VecDeque::with_capacity(windows.len()),
            rows: windows.iter().map(WindowInput::rows).sum(),
            answer: None,
        };
        // Without models there is nothing to ask.
        if plan.question.models.is_empty() {
            return plan;
        }
        let keys = RowKeys::of(&plan.question);
        let mut first_row = 0;
        for window in windows {
            let next_row = first_row + window.rows();
            plan.add(window, first_row, &keys, cache);
            first_row = next_row;
        }
        plan
    }

    fn add(
        &mut self,
        mut window: WindowInput,
        first_row: usize,
        keys: &RowKeys,
        cache: Option<&ResultCache>,
    ) {
        let key = keys.of_window(&window);
        let row = (!self.look_up(&key, first_row, cache)).then_some(first_row);
        let mut wanted = Vec::with_capacity(window.substitutions.len());
        let mut row_of_next = first_row;
        window.substitutions.retain(|substitution| {
            row_of_next += 1;
            let substitution = WantedRow { key: key.of_substitution(substitution), row: row_of_next };
            let missing = !self.look_up(&substitution.key, substitution.row, cache);
            wanted.extend(missing.then_some(substitution));
            missing
        });
        if row.is_some() || !wanted.is_empty() {
            self.wanted.push_back(WantedWindow { window, key, row, substitutions: wanted });
        }
    }

    fn look_up(&mut self, key: &RowKey, row: usize, cache: Option<&ResultCache>) -> bool {
        let Some(cache) = cache else { return false };
        let found = cache.get(key);
        if let Some(metrics) = metrics() {
            if found.is_some() { &metrics.cache_hits } else { &metrics.cache_misses }.inc();
        }
        let Some(found) = found else { return false };
        let models = self.question.models.len();
        let answer = self.answer.get_or_insert_with(|| Answer::blank(models, self.rows));
        answer.set(row, &(0..models), found.row()).is_some()
    }

    /// The answer as far as it is known.
    pub(super) fn take_answer(&mut self) -> Answer {
        let blank = || Answer::blank(self.question.models.len(), self.rows);
        self.answer.take().unwrap_or_else(blank)
    }

    /// Rows that are wanted.
    pub(super) fn wanted_rows(&self) -> usize {
        self.wanted.iter().map(|window| usize::from(window.row.is_some()) + window.substitutions.len()).sum()
    }

    /// What they cost.
    pub(super) fn cost(&self) -> u64 {
        self.wanted.iter().map(|window| window.cost(window.rates(&self.question))).sum()
    }
}

impl WantedWindow {
    /// What its rows cost.
    pub(super) fn rates(&self, question: &Question) -> Rates {
        Rates::of(question.method, self.window.sequence.len())
    }

    /// Cost of the window and all substitutions that are wanted.
    pub(super) fn cost(&self, rates: Rates) -> u64 {
        rates.window + rates.substitution * self.substitutions.len() as u64
    }

    /// Forgets the first substitutions.
    pub(super) fn drop_first(&mut self, substitutions: usize) {
        self.window.substitutions.drain(..substitutions);
        self.substitutions.drain(..substitutions);
    }

    /// The window without substitutions.
    pub(super) fn alone(&self) -> WindowInput {
        WindowInput {
            sequence: self.window.sequence.clone(),
            region: self.window.region,
            expression: self.window.expression.clone(),
            substitutions: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use polaris_model::Substitution;

    use super::super::answer::RowValues;
    use super::*;

    #[test]
    fn a_plan_takes_memory_for_its_answer_once_something_of_it_is_known() {
        let question = Question { models: [0, 1].into(), method: None };
        let window = WindowInput {
            sequence: b"ACGT".to_vec(),
            region: None,
            expression: Vec::new(),
            substitutions: vec![Substitution { offset0: 1, bases: b"A".to_vec() }],
        };
        let cache = ResultCache::new(1 << 20);
        let plan = |question| Plan::new(question, vec![window.clone()], cache.as_ref());
        let unknown = plan(question.clone());
        assert!(unknown.answer.is_none() && unknown.wanted_rows() == 2);
        let row = RowValues { logits: &[1.0, 2.0], probabilities: &[0.1, 0.2], values: &[] };
        cache.as_ref().unwrap().insert(unknown.wanted[0].substitutions[0].key, row);
        let mut known = plan(question);
        assert_eq!(known.wanted_rows(), 1);
        assert_eq!(known.take_answer().predictions.logits, [0.0, 0.0, 1.0, 2.0]);
    }
}
