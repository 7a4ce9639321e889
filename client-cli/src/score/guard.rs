//! Watches how many REF alleles are not what the reference has, before anything is asked about them.

use clap::ValueEnum;

use super::plan::{AllelePlan, Plan, RecordPlan};
use super::summary::Counts;
use crate::vcf::{Record, SkipReason};

/// What becomes of an allele whose REF is not what the reference has.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum RefMismatch {
    /// The run stops
    Error,
    /// It is skipped and counted, however many there are
    Skip,
    /// It is skipped and counted, the first are named, and too many stop the run
    Warn,
}

/// Alleles among which too many mismatches stop the run.
const WATCHED: u64 = 1000;
/// Fewer alleles than this say nothing about the assembly.
const LEAST: u64 = 100;
/// Of `WATCHED` alleles; more than this are too many.
const TOLERATED_PERCENT: u64 = 5;
/// Records with a mismatch that are named.
const NAMED: u64 = 10;

/// Reasons that are found after REF was compared.
const AFTER_REF: [SkipReason; 3] = [SkipReason::NoTranscript, SkipReason::Unsequenced, SkipReason::TooLong];

/// Why a run stops.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuardError {
    /// `--ref-mismatch error`.
    #[error("{0}: correct the record, or choose --ref-mismatch skip or warn")]
    Mismatch(String),
    /// Far too many.
    #[error(
        "wrong build? {mismatched} of the first {compared} alleles have a REF that is not what the reference ({assembly}) \
         has there: are the variants on another assembly, such as hg19 against hg38? Use the bundle of their assembly, or \
         --ref-mismatch skip to go on all the same"
    )]
    WrongBuild {
        /// Alleles whose REF differs.
        mismatched: u64,
        /// Alleles whose REF was compared.
        compared: u64,
        /// The bundle's.
        assembly: String,
    },
}

/// What has been seen.
pub(super) struct Guard {
    policy: RefMismatch,
    assembly: String,
    compared: u64,
    mismatched: u64,
    /// Records that were named.
    named: u64,
}

impl Guard {
    /// `assembly` is the bundle's, for messages; `done` what an earlier run has seen.
    pub(super) fn new(policy: RefMismatch, assembly: &str, done: &Counts) -> Self {
        let mismatched = done.of_reason(SkipReason::RefMismatch);
        let skipped: u64 = AFTER_REF.iter().map(|&reason| done.of_reason(reason)).sum();
        let compared = done.scored + mismatched + skipped;
        Self { policy, assembly: assembly.to_owned(), compared, mismatched, named: mismatched.min(NAMED) }
    }

    /// Looks at the next records. Gives what is to be said; `describe` says what is wrong with the REF of one.
    pub(super) fn look(
        &mut self,
        plan: &Plan,
        describe: impl Fn(&Record) -> String,
    ) -> Result<Vec<String>, GuardError> {
        let mut wrong = plan.records.iter().filter(|record| differs(record)).map(|record| &record.record);
        if self.policy == RefMismatch::Error {
            return wrong.next().map_or(Ok(Vec::new()), |first| Err(GuardError::Mismatch(describe(first))));
        }
        for allele in plan.records.iter().flat_map(|record| &record.alleles) {
            let watched = self.compared < WATCHED;
            match allele {
                AllelePlan::Skipped(SkipReason::RefMismatch) => {
                    self.compared += 1;
                    self.mismatched += 1;
                }
                AllelePlan::Scored(_) => self.compared += 1,
                AllelePlan::Skipped(reason) => self.compared += u64::from(AFTER_REF.contains(reason)),
            }
            let certain = self.mismatched * 100 > WATCHED * TOLERATED_PERCENT && self.compared >= LEAST;
            if watched && (certain || self.compared == WATCHED) {
                self.judge()?;
            }
        }
        if self.policy != RefMismatch::Warn {
            return Ok(Vec::new());
        }
        let mut said = Vec::new();
        for record in wrong {
            match self.named {
                ..NAMED => said.push(describe(record)),
                NAMED => said.push("further REF mismatches are counted and not named".to_owned()),
                _ => break,
            }
            self.named += 1;
        }
        Ok(said)
    }

    /// At the end of the input.
    pub(super) fn end(&self) -> Result<(), GuardError> {
        match self.compared {
            LEAST..WATCHED => self.judge(),
            _ => Ok(()),
        }
    }

    fn judge(&self) -> Result<(), GuardError> {
        match self.policy != RefMismatch::Skip && self.mismatched * 100 > self.compared * TOLERATED_PERCENT {
            true => Err(GuardError::WrongBuild {
                mismatched: self.mismatched,
                compared: self.compared,
                assembly: self.assembly.clone(),
            }),
            false => Ok(()),
        }
    }
}

/// Whether the REF of a record is not what the reference has.
fn differs(record: &RecordPlan) -> bool {
    let mismatch = |allele: &AllelePlan| matches!(allele, AllelePlan::Skipped(SkipReason::RefMismatch));
    record.alleles.iter().any(mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcf::Line;

    fn plan(alleles: impl Iterator<Item = bool>) -> Plan {
        let line = || Line::new(b"1\t1\t.\tA\tC\t.\t.\t.\n".to_vec(), 1);
        let mut plan = Plan::default();
        for matches in alleles {
            let allele = match matches {
                true => AllelePlan::Scored(Vec::new()),
                false => AllelePlan::Skipped(SkipReason::RefMismatch),
            };
            plan.records
                .push(RecordPlan { record: Record::parse(line(), "x").unwrap(), alleles: vec![allele] });
        }
        plan
    }

    fn guard(policy: RefMismatch) -> Guard {
        Guard::new(policy, "GRCh38", &Counts::default())
    }

    fn look(mut guard: Guard, plan: &Plan) -> Result<Vec<String>, GuardError> {
        guard.look(plan, |_| "here".to_owned())
    }

    #[test]
    fn five_percent_are_tolerated_and_no_more() {
        let of = |every: usize| plan((0..1000).map(move |index| index % every != 0));
        assert!(look(guard(RefMismatch::Warn), &of(20)).is_ok());
        assert!(matches!(look(guard(RefMismatch::Warn), &of(19)), Err(GuardError::WrongBuild { .. })));
        assert!(look(guard(RefMismatch::Skip), &of(2)).is_ok());
        // Later ones are the business of --max-skipped.
        let mut late = guard(RefMismatch::Warn);
        late.look(&plan((0..1000).map(|_| true)), |_| String::new()).unwrap();
        assert!(look(late, &plan((0..1000).map(|_| false))).is_ok());
    }

    #[test]
    fn a_run_that_is_gone_on_with_is_not_judged_anew() {
        let mut done = Counts::default();
        (0..995).for_each(|_| done.allele(None));
        (0..5).for_each(|_| done.allele(Some(SkipReason::RefMismatch)));
        let later = plan((0..200).map(|_| false));
        assert!(look(Guard::new(RefMismatch::Warn, "GRCh38", &done), &later).is_ok());
        // It has not yet been judged here.
        let mut early = Counts::default();
        (0..99).for_each(|_| early.allele(Some(SkipReason::NoTranscript)));
        assert!(look(Guard::new(RefMismatch::Warn, "GRCh38", &early), &later).is_err());
        assert_eq!(look(Guard::new(RefMismatch::Warn, "GRCh38", &done), &later).unwrap().len(), 6);
    }

    #[test]
    fn it_is_not_waited_for_a_thousand() {
        let refused = look(guard(RefMismatch::Warn), &plan((0..120).map(|_| false))).unwrap_err().to_string();
        assert!(refused.starts_with("wrong build? 100 of the first 100 alleles"), "{refused}");
        let mut few = guard(RefMismatch::Warn);
        few.look(&plan((0..99).map(|_| false)), |_| String::new()).unwrap();
        assert!(few.end().is_ok());
        let mut hundred = guard(RefMismatch::Warn);
        hundred.look(&plan((0..200).map(|index| index % 10 != 0)), |_| String::new()).unwrap();
        assert!(matches!(hundred.end(), Err(GuardError::WrongBuild { mismatched: 20, compared: 200, .. })));
    }

    #[test]
    fn the_first_are_named() {
        let mut warned = guard(RefMismatch::Warn);
        let twelve = plan((0..12).map(|_| false));
        let described = std::cell::Cell::new(0);
        let describe = |_: &Record| {
            described.set(described.get() + 1);
            "here".to_owned()
        };
        assert_eq!(warned.look(&twelve, describe).unwrap().len(), 11);
        assert!(warned.look(&twelve, describe).unwrap().is_empty());
        assert_eq!(described.get(), 10);
        assert!(look(guard(RefMismatch::Skip), &plan((0..2).map(|_| false))).unwrap().is_empty());
        assert!(matches!(
            look(guard(RefMismatch::Error), &plan([true, false].into_iter())),
            Err(GuardError::Mismatch(_))
        ));
    }
}
