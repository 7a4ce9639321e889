//! Whose turn it is.
//!
//! A caller is one call, whatever number of requests it streams. Interactive callers have at most
//! [`INTERACTIVE_WINDOWS`](super::cost::INTERACTIVE_WINDOWS) of work in the queue and go first, in the order of their
//! arrival; the others are bulk callers, of which the one that has been served least goes first. While both wait, bulk
//! callers have at least a quarter of the work, so that they get on whatever else comes.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::cost::Bounds;
use super::job::Job;

/// Work that interactive callers may take for each work that bulk callers had, while both wait.
const INTERACTIVE_SHARE: u64 = 3;
/// What a batch counts at least, in windows for all models: reading all weights is as much work as several windows.
const LEAST_BATCH_WINDOWS: usize = 8;

/// Decides who goes next.
#[derive(Debug)]
pub(super) struct Turns {
    bounds: Bounds,
    /// Work that interactive callers may take before it is the turn of the bulk callers.
    credit: u64,
    /// Work that bulk callers who wait have had, by their ids.
    served: HashMap<u64, u64>,
    next: Next,
}

/// Who goes next.
#[derive(Clone, Copy, Debug, Default)]
struct Next {
    interactive: bool,
    /// Both kinds wait.
    contended: bool,
}

impl Turns {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, credit: Self::most_credit(bounds), served: HashMap::new(), next: Next::default() }
    }

    fn most_credit(bounds: Bounds) -> u64 {
        INTERACTIVE_SHARE * bounds.work(bounds.max_batch_windows.max(LEAST_BATCH_WINDOWS))
    }

    /// Puts the jobs whose turn it is before the others, in the order in which they go, and says how many they are.
    pub(super) fn next(&mut self, waiting: &mut [Job]) -> usize {
        let mut work: HashMap<u64, u64> = HashMap::new();
        for job in waiting.iter() {
            *work.entry(job.caller.id).or_default() += job.work;
        }
        let most = self.bounds.work(super::cost::INTERACTIVE_WINDOWS);
        let bulk = |job: &Job| work.get(&job.caller.id).is_some_and(|&work| work > most);
        let interactive_jobs = waiting.iter().filter(|job| !bulk(job)).count();
        self.next.contended = (1..waiting.len()).contains(&interactive_jobs);
        if !self.next.contended {
            self.credit = Self::most_credit(self.bounds);
        }
        self.next.interactive = interactive_jobs > 0 && (!self.next.contended || self.credit > 0);
        self.welcome(waiting.iter().filter(|job| bulk(job)).map(|job| job.caller.id).collect());
        waiting.sort_by_cached_key(|job| {
            let bulk = bulk(job);
            let turn = bulk != self.next.interactive;
            (Reverse(turn), self.served.get(&job.caller.id).copied(), job.arrival)
        });
        if self.next.interactive { interactive_jobs } else { waiting.len() - interactive_jobs }
    }

    /// A bulk caller who is new starts as if it had had what the one served least has had.
    fn welcome(&mut self, callers: Vec<u64>) {
        let least = callers.iter().filter_map(|caller| self.served.get(caller)).min().copied().unwrap_or(0);
        self.served = callers
            .into_iter()
            .map(|caller| (caller, self.served.get(&caller).copied().unwrap_or(least)))
            .collect();
    }

    /// Notes the work of the batch that those who were next have got, by their callers.
    pub(super) fn took(&mut self, work_by_caller: impl Iterator<Item = (u64, u64)>) {
        let mut all = 0;
        for (caller, work) in work_by_caller {
            all += work;
            if let Some(served) = self.served.get_mut(&caller) {
                *served += work;
            }
        }
        if self.next.interactive && self.next.contended {
            let least = self.bounds.work(LEAST_BATCH_WINDOWS);
            self.credit = self.credit.saturating_sub(all.max(least));
        } else if !self.next.interactive {
            self.credit = (self.credit + INTERACTIVE_SHARE * all).min(Self::most_credit(self.bounds));
        }
    }
}
