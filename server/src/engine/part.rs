//! What a job has of a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use polaris_model::WindowInput;

use super::QueueError;
use super::answer::{Answer, RowValues};
use super::job::Job;

/// A row of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) window: usize,
    /// 0 is the window itself; its substitutions follow.
    pub(super) row: usize,
}

/// A job, and its rows of a batch.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) job: Job,
    /// Places in the batch, and the rows of the job's answer that they are for.
    pub(super) rows: Vec<(Place, usize)>,
    /// What it added to the batch.
    pub(super) work: u64,
}

impl Part {
    /// Takes its rows out of what `models` answered. Gives the job back if there is more to calculate.
    pub(super) fn deliver(mut self, rows: &Rows<'_>, models: &Range<usize>) -> Option<Job> {
        for (place, own_row) in std::mem::take(&mut self.rows) {
            let set = rows.get(place).and_then(|row| self.job.answer.set(own_row, models, row));
            if set.is_none() {
                self.job.fail(QueueError::ShortAnswer);
                return None;
            }
        }
        self.job.finish()
    }

    /// The windows that it has rows of, without what others want of them. Its places are among these from now on.
    pub(super) fn alone(&mut self, windows: &[WindowInput]) -> Vec<WindowInput> {
        let mut wanted: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (place, _) in &self.rows {
            // The window itself is always there.
            wanted.entry(place.window).or_default().extend([0, place.row]);
        }
        let own_place = |place: &Place| {
            let rows = wanted.get(&place.window)?;
            Some(Place { window: wanted.range(..place.window).count(), row: rows.range(..place.row).count() })
        };
        for (place, _) in &mut self.rows {
            *place = own_place(place).unwrap_or(*place);
        }
        wanted.iter().filter_map(|(&window, rows)| Some(with_rows(windows.get(window)?, rows))).collect()
    }
}

/// A window with those of its substitutions that have these rows.
fn with_rows(window: &WindowInput, rows: &BTreeSet<usize>) -> WindowInput {
    let substitutions = window.substitutions.iter().enumerate();
    let wanted = substitutions.filter(|(index, _)| rows.contains(&(index + 1)));
    WindowInput {
        sequence: window.sequence.clone(),
        region: window.region,
        expression: window.expression.clone(),
        substitutions: wanted.map(|(_, substitution)| substitution.clone()).collect(),
    }
}

/// Finds the rows of a batch in its answer.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    answer: &'a Answer,
    /// The first row of each window.
    first_rows: Vec<usize>,
}

impl<'a> Rows<'a> {
    /// Of the answer to these windows.
    pub(super) fn new(answer: &'a Answer, windows: &[WindowInput]) -> Self {
        let mut next = 0;
        let row_of = |window: &WindowInput| {
            let first = next;
            next += window.rows();
            first
        };
        Self { answer, first_rows: windows.iter().map(row_of).collect() }
    }

    /// The values of a place; `None` if the answer is too short.
    pub(super) fn get(&self, place: Place) -> Option<RowValues<'a>> {
        self.answer.row(self.first_rows.get(place.window)? + place.row)
    }
}
