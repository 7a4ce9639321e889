//! Records of a FASTA as targets: RNA strands of their own, with N beyond their ends.

use std::collections::HashMap;
use std::sync::Arc;

use polaris_genomics::{Strand, Window};
use polaris_proto::v1::LocalizeWindow;

use super::super::error::LocalizeError;
use super::super::fasta::{Reader, Record};
use super::super::options::RecordCovariates;
use super::super::target::{Target, TargetWindow, gaps};
use super::regions::{place, tiling};
use super::{Asked, Sink};
use crate::messages::window_message;
use crate::regions::StrandedRegion;

/// Records and what is assumed of them.
pub(in super::super) struct Records {
    pub(in super::super) reader: Reader,
    pub(in super::super) asked: Asked,
    pub(in super::super) covariates: RecordCovariates,
    /// Those whose expression the models read.
    pub(in super::super) cell_lines: Vec<String>,
}

impl Records {
    pub(in super::super) fn plan(mut self, sink: Sink<'_>) -> Result<(), LocalizeError> {
        while let Some(record) = self.reader.next_record()? {
            self.asked.check_size(&record.name, u64::try_from(record.bases.len()).unwrap_or(u64::MAX))?;
            if !sink(self.target(record)) {
                break;
            }
        }
        Ok(())
    }

    fn target(&self, record: Record) -> Target {
        let Record { name, bases } = record;
        let region = StrandedRegion {
            name: name.clone(),
            contig: name.clone(),
            start0: 0,
            end0: u64::try_from(bases.len()).unwrap_or(u64::MAX),
            strand: Strand::Forward,
        };
        let name: Arc<str> = name.into();
        let place = place(&region);
        let value = self.covariates.tpm.unwrap_or(0.0).ln_1p();
        let expression: HashMap<String, f32> =
            self.cell_lines.iter().map(|cell_line| (cell_line.clone(), value)).collect();
        let mut covered = vec![false; bases.len()];
        let mut windows = Vec::new();
        for window in tiling(self.asked.length, bases.len()).centered(&region) {
            let sequence = padded(&bases, &window);
            if sequence.iter().all(|&base| base == b'N') {
                continue;
            }
            let bound = |position0: i64| usize::try_from(position0).unwrap_or(0).min(bases.len());
            if let Some(covered) = covered.get_mut(bound(window.start0)..bound(window.end0())) {
                covered.fill(true);
            }
            let reference = Some(window_message(sequence, expression.clone(), self.covariates.region));
            windows.push(TargetWindow { window, message: LocalizeWindow { reference, allele: None } });
        }
        let reason_at = |offset0: usize| match (covered.get(offset0), bases.get(offset0)) {
            (Some(true), Some(b'N')) => Some("unknown_base"),
            (Some(true), Some(_)) => None,
            _ => Some("mostly_n"),
        };
        let gaps = gaps(&name, &place, reason_at);
        Target { name, place, letters: bases, windows, alternate: None, gaps }
    }
}

/// The bases of a window on a record; N beyond its ends.
fn padded(bases: &[u8], window: &Window) -> Vec<u8> {
    let at = |position0: i64| usize::try_from(position0).ok().and_then(|at0| bases.get(at0)).copied();
    (window.start0..).take(window.length).map(|position0| at(position0).unwrap_or(b'N')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(text: &str, length: usize) -> Vec<Target> {
        let records = Records {
            reader: Reader::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), "x.fa".into(), 100),
            asked: Asked { length, models: 2 },
            covariates: RecordCovariates { tpm: Some(1.0), region: None },
            cell_lines: vec!["K562".into()],
        };
        let mut targets = Vec::new();
        records
            .plan(&mut |target| {
                targets.push(target);
                true
            })
            .unwrap();
        targets
    }

    fn sequences(target: &Target) -> Vec<(i64, &str)> {
        let of = |asked: &TargetWindow| asked.window.start0;
        let windows = target.windows.iter();
        windows
            .map(|asked| (of(asked), asked.message.reference.as_ref().unwrap().sequence.as_str()))
            .collect()
    }

    #[test]
    fn records_are_padded_exact_or_tiled() {
        let targets = targets(">short one\nACG\n>whole\nACGUacgu\n>long\nAAAACCCCGG\n", 8);
        assert_eq!(sequences(&targets[0]), [(-3, "NNNACGNN")]);
        assert_eq!((targets[0].place.start0, targets[0].place.length), (0, 3));
        assert_eq!(sequences(&targets[1]), [(0, "ACGTACGT")]);
        // Ten bases: three windows, each base in the middle half of one.
        assert_eq!(sequences(&targets[2]), [(-3, "NNNAAAAC"), (1, "AAACCCCG"), (5, "CCCGGNNN")]);
        assert_eq!(targets[2].letters, b"AAAACCCCGG");
        let window = targets[0].windows[0].message.reference.as_ref().unwrap();
        assert_eq!(window.expression["K562"], 2.0_f32.ln());
    }

    #[test]
    fn what_is_unknown_is_a_gap() {
        let targets = targets(">n\nNNNN\n>some\nANNC\n", 4);
        assert!(targets[0].windows.is_empty());
        let gaps = |target: &Target| -> Vec<_> {
            target.gaps.iter().map(|gap| (gap.start0, gap.end0, gap.reason.clone())).collect()
        };
        assert_eq!(gaps(&targets[0]), [(0, 4, "mostly_n".to_owned())]);
        assert_eq!(gaps(&targets[1]), [(1, 3, "unknown_base".to_owned())]);
    }
}
