//! What a row is, in 32 bytes.

use polaris_model::{Substitution, WindowInput};
use sha2::{Digest, Sha256};

use super::question::Question;

/// Two rows have the same key exactly if they are the same sequence with the same covariates, asked of the same models in
/// the same order: SHA-256, of which no two inputs with the same digest are known. A substitution and the whole window that
/// it amounts to are different rows, because their values may differ in the last bit.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct RowKey([u8; 32]);

/// Makes the keys of windows of which the same is asked.
#[derive(Clone, Debug)]
pub(super) struct RowKeys(Sha256);

impl RowKeys {
    /// For a question. Rows of different methods never meet.
    pub(super) fn of(question: &Question) -> Self {
        let mut digest = Sha256::new();
        for &model in question.models.iter() {
            digest.update((model as u64).to_le_bytes());
        }
        digest.update(u64::MAX.to_le_bytes());
        Self(digest)
    }

    /// Of the window itself. Every part has a fixed length or says its own, so that nothing reads in two ways.
    pub(super) fn of_window(&self, window: &WindowInput) -> RowKey {
        let mut digest = self.0.clone();
        digest.update((window.sequence.len() as u64).to_le_bytes());
        digest.update(&window.sequence);
        // The index is 0 to 5.
        digest.update([window.region.map_or(0, |region| 1 + region.index() as u8)]);
        for value in &window.expression {
            digest.update(value.to_bits().to_le_bytes());
        }
        RowKey(digest.finalize().into())
    }
}

impl RowKey {
    /// Of a substitution of the window that has this key.
    pub(super) fn of_substitution(&self, substitution: &Substitution) -> Self {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update((substitution.offset0 as u64).to_le_bytes());
        digest.update(&substitution.bases);
        Self(digest.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use polaris_genomics::RegionClass;

    use super::*;

    #[test]
    fn all_that_a_result_depends_on_is_in_the_key() {
        let question = |models: &[usize]| Question { models: models.into(), method: None };
        let window = WindowInput {
            sequence: b"ACGT".to_vec(),
            region: None,
            expression: vec![0.0, 1.0],
            substitutions: Vec::new(),
        };
        let keys = RowKeys::of(&question(&[0, 1]));
        let key = keys.of_window(&window);
        let windows = [
            WindowInput { sequence: b"ACGN".to_vec(), ..window.clone() },
            WindowInput { region: Some(RegionClass::Intron), ..window.clone() },
            WindowInput { region: Some(RegionClass::Exon), ..window.clone() },
            WindowInput { expression: vec![1.0, 0.0], ..window.clone() },
        ];
        let mut all: Vec<RowKey> = windows.iter().map(|window| keys.of_window(window)).collect();
        let models = [vec![0], vec![1], vec![1, 0], vec![]];
        all.extend(models.iter().map(|models| RowKeys::of(&question(models)).of_window(&window)));
        let substitutions = [(1, "A"), (2, "A"), (1, "AA"), (1, "C")];
        all.extend(
            substitutions
                .map(|(offset0, bases)| key.of_substitution(&Substitution { offset0, bases: bases.into() })),
        );
        all.push(key);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        // What a window carries besides is no part of its own row.
        let with = Substitution { offset0: 0, bases: b"C".to_vec() };
        assert_eq!(keys.of_window(&WindowInput { substitutions: vec![with], ..window }), key);
    }
}
