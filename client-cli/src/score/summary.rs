//! What a run did, in numbers that add up.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::vcf::SkipReason;

/// Counts of a run.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Counts {
    pub(super) records: u64,
    pub(super) alleles: u64,
    pub(super) scored: u64,
    /// By reason code.
    skipped: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts an allele.
    pub(super) fn allele(&mut self, skipped: Option<SkipReason>) {
        self.alleles += 1;
        match skipped {
            None => self.scored += 1,
            Some(reason) => match self.skipped.get_mut(reason.code()) {
                Some(count) => *count += 1,
                None => {
                    self.skipped.insert(reason.code().to_owned(), 1);
                }
            },
        }
    }

    /// Alleles without a score.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Alleles that were skipped for one reason.
    pub(super) fn of_reason(&self, reason: SkipReason) -> u64 {
        self.skipped.get(reason.code()).copied().unwrap_or(0)
    }

    /// How many were skipped for each reason that occurred, in the order of `SkipReason::ALL`.
    pub(super) fn by_reason(&self) -> Vec<(&'static str, u64)> {
        let count = |reason: &SkipReason| Some((reason.code(), *self.skipped.get(reason.code())?));
        SkipReason::ALL.iter().filter_map(count).collect()
    }

    /// The lines for standard error.
    pub(super) fn report(&self, models: usize, time: Duration, outputs: &[String]) -> String {
        let skipped = self.skipped();
        let mut text = format!(
            "{}, {}: {} scored, {skipped} skipped",
            counted(self.records, "record"),
            counted(self.alleles, "allele"),
            self.scored
        );
        for (reason, count) in self.by_reason() {
            text += &format!("\n  skipped, {reason}: {count}");
        }
        let seconds = time.as_secs_f64();
        let models = counted(u64::try_from(models).unwrap_or(u64::MAX), "model");
        text += &format!("\n  {models}, {seconds:.1} s");
        for output in outputs {
            text += &format!("\n  wrote {output}");
        }
        text
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up() {
        let mut counts = Counts { records: 1, ..Counts::default() };
        for skipped in
            [None, Some(SkipReason::Symbolic), Some(SkipReason::Unsequenced), Some(SkipReason::Symbolic)]
        {
            counts.allele(skipped);
        }
        assert_eq!(
            counts.report(2, Duration::from_millis(1250), &["out.vcf.gz".into()]),
            "1 record, 4 alleles: 1 scored, 3 skipped\n  skipped, symbolic: 2\n  skipped, unsequenced: 1\n  \
             2 models, 1.2 s\n  wrote out.vcf.gz"
        );
    }
}
