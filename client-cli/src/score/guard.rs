//! Watches how many REF alleles are not what the reference has, before anything is asked about them.

use clap::ValueEnum;

use super::plan::{AllelePlan, Plan};
use crate::vcf::SkipReason;

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
/// Mismatches that are named.
const NAMED: u64 = 10;

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
}

impl Guard {
    /// `assembly` is the bundle's, for messages.
    pub(super) fn new(policy: RefMismatch, assembly: &str) -> Self {
        Self { policy, assembly: assembly.to_owned(), compared: 0, mismatched: 0 }
    }

    /// Looks at the next records. Gives what is to be said.
    pub(super) fn look(&mut self, plan: &Plan) -> Result<Vec<String>, GuardError> {
        if let (RefMismatch::Error, Some(first)) = (self.policy, plan.mismatches.first()) {
            return Err(GuardError::Mismatch(first.clone()));
        }
        let before = self.mismatched;
        for allele in plan.records.iter().flat_map(|record| &record.alleles) {
            let watched = self.compared < WATCHED;
            match allele {
                AllelePlan::Skipped(SkipReason::RefMismatch) => {
                    self.compared += 1;
                    self.mismatched += 1;
                }
                AllelePlan::Scored(_)
                | AllelePlan::Skipped(
                    SkipReason::NoTranscript | SkipReason::Unsequenced | SkipReason::TooLong,
                ) => {
                    self.compared += 1;
                }
                AllelePlan::Skipped(_) => {}
            }
            let certain = self.mismatched * 100 > WATCHED * TOLERATED_PERCENT && self.compared >= LEAST;
            if watched && (certain || self.compared == WATCHED) {
                self.judge()?;
            }
        }
        if self.policy != RefMismatch::Warn {
            return Ok(Vec::new());
        }
        let left = usize::try_from(NAMED.saturating_sub(before)).unwrap_or(0);
        let mut said: Vec<String> = plan.mismatches.iter().take(left).cloned().collect();
        if before < NAMED && self.mismatched > NAMED {
            said.push("further REF mismatches are counted and not named".to_owned());
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

#[cfg(test)]
mod tests {
    use super::super::plan::RecordPlan;
    use super::*;
    use crate::vcf::{Line, Record};

    fn plan(alleles: impl Iterator<Item = bool>) -> Plan {
        let line = || Line::new(b"1\t1\t.\tA\tC\t.\t.\t.\n".to_vec(), 1);
        let mut plan = Plan::default();
        for matches in alleles {
            let allele = match matches {
                true => AllelePlan::Scored(Vec::new()),
                false => AllelePlan::Skipped(SkipReason::RefMismatch),
            };
            plan.mismatches.extend((!matches).then(|| "here".to_owned()));
            plan.records
                .push(RecordPlan { record: Record::parse(line(), "x").unwrap(), alleles: vec![allele] });
        }
        plan
    }

    fn guard(policy: RefMismatch) -> Guard {
        Guard::new(policy, "GRCh38")
    }

    #[test]
    fn five_percent_are_tolerated_and_no_more() {
        let of = |every: usize| plan((0..1000).map(move |index| index % every != 0));
        assert!(guard(RefMismatch::Warn).look(&of(20)).is_ok());
        assert!(matches!(guard(RefMismatch::Warn).look(&of(19)), Err(GuardError::WrongBuild { .. })));
        assert!(guard(RefMismatch::Skip).look(&of(2)).is_ok());
        // Later ones are the business of --max-skipped.
        let mut late = guard(RefMismatch::Warn);
        late.look(&plan((0..1000).map(|_| true))).unwrap();
        assert!(late.look(&plan((0..1000).map(|_| false))).is_ok());
    }

    #[test]
    fn it_is_not_waited_for_a_thousand() {
        let refused = guard(RefMismatch::Warn).look(&plan((0..120).map(|_| false))).unwrap_err().to_string();
        assert!(refused.starts_with("wrong build? 100 of the first 100 alleles"), "{refused}");
        let mut few = guard(RefMismatch::Warn);
        few.look(&plan((0..99).map(|_| false))).unwrap();
        assert!(few.end().is_ok());
        let mut hundred = guard(RefMismatch::Warn);
        hundred.look(&plan((0..200).map(|index| index % 10 != 0))).unwrap();
        assert!(matches!(hundred.end(), Err(GuardError::WrongBuild { mismatched: 20, compared: 200, .. })));
    }

    #[test]
    fn the_first_are_named() {
        let mut warned = guard(RefMismatch::Warn);
        assert_eq!(warned.look(&plan((0..12).map(|_| false))).unwrap().len(), 11);
        assert!(warned.look(&plan((0..12).map(|_| false))).unwrap().is_empty());
        assert!(guard(RefMismatch::Skip).look(&plan((0..2).map(|_| false))).unwrap().is_empty());
        assert!(matches!(
            guard(RefMismatch::Error).look(&plan([true, false].into_iter())),
            Err(GuardError::Mismatch(_))
        ));
    }
}
