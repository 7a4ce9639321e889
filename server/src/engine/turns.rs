//! Whose turn it is.
//!
//! A caller is one call, whatever number of requests it streams. Its work is that of all its jobs that wait, each counted
//! whole until it is answered, so that a large one does not push to the front with its last windows. Interactive callers
//! have at most [`INTERACTIVE_WINDOWS`](super::cost::INTERACTIVE_WINDOWS) of it, unless they say themselves what they are,
//! and go first, in the order of their arrival; the others are bulk callers, of which the one that has been served least goes first. While both wait, bulk
//! callers have at least a quarter of the work, so that they get on whatever else comes.
//!
//! Bulk callers are served by self-clocked fair queueing (S. J. Golestani, "A self-clocked fair queueing scheme for
//! broadband applications", INFOCOM 1994): the clock is what the caller whose turn it was has been served, it never goes
//! back, and who is new starts at it. So nobody waits for ever while others come and go.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Priority;
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
    /// Where bulk callers who are new start.
    clock: u64,
}

/// Who goes next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// How many jobs are of those who do.
    pub(super) jobs: usize,
    interactive: bool,
    /// Both kinds wait.
    contended: bool,
}

impl Turns {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, credit: Self::most_credit(bounds), served: HashMap::new(), clock: 0 }
    }

    fn most_credit(bounds: Bounds) -> u64 {
        INTERACTIVE_SHARE * bounds.work(bounds.max_batch_windows.max(LEAST_BATCH_WINDOWS))
    }

    /// Puts the jobs whose turn it is before the others, in the order in which they go.
    pub(super) fn next(&mut self, waiting: &mut [Job]) -> Turn {
        let mut work: HashMap<u64, u64> = HashMap::new();
        for job in waiting.iter() {
            *work.entry(job.caller.id).or_default() += job.work;
        }
        let most = self.bounds.work(super::cost::INTERACTIVE_WINDOWS);
        let bulk = |job: &Job| match job.caller.priority {
            Priority::BySize => work.get(&job.caller.id).is_some_and(|&work| work > most),
            Priority::Interactive => false,
            Priority::Bulk => true,
        };
        let interactive_jobs = waiting.iter().filter(|job| !bulk(job)).count();
        let contended = (1..waiting.len()).contains(&interactive_jobs);
        if !contended {
            self.credit = Self::most_credit(self.bounds);
        }
        let interactive = interactive_jobs > 0 && (!contended || self.credit > 0);
        self.welcome(waiting.iter().filter(|job| bulk(job)).map(|job| job.caller.id));
        waiting.sort_by_cached_key(|job| {
            let turn = bulk(job) != interactive;
            (Reverse(turn), self.served.get(&job.caller.id).copied(), job.arrival)
        });
        let jobs = if interactive { interactive_jobs } else { waiting.len() - interactive_jobs };
        Turn { jobs, interactive, contended }
    }

    /// Forgets who has gone. Who is new starts at the clock, and not where the one served least is: that may be another
    /// who is new, and then it would be their turn for ever.
    fn welcome(&mut self, callers: impl Iterator<Item = u64>) {
        let served = |caller| (caller, self.served.get(&caller).copied().unwrap_or(self.clock));
        self.served = callers.map(served).collect();
    }

    /// Notes the work that each caller has in the batch of a turn. The first is the one whose turn it was.
    pub(super) fn took(&mut self, turn: Turn, work_by_caller: impl Iterator<Item = (u64, u64)>) {
        let mut all = 0;
        let mut first = None;
        for (caller, work) in work_by_caller {
            all += work;
            first.get_or_insert(caller);
            if let Some(served) = self.served.get_mut(&caller) {
                *served += work;
            }
        }
        if turn.interactive {
            if turn.contended {
                let least = self.bounds.work(LEAST_BATCH_WINDOWS);
                self.credit = self.credit.saturating_sub(all.max(least));
            }
            return;
        }
        let served = first.and_then(|caller| self.served.get(&caller));
        self.clock = self.clock.max(served.copied().unwrap_or(0));
        self.credit = (self.credit + INTERACTIVE_SHARE * all).min(Self::most_credit(self.bounds));
    }
}
