//! Whether the windows of a resized allele agree with what is said of their difference from the reference.

use polaris_model::localization::AlleleAlignment;
use polaris_proto::v1::Resized;

use super::Violations;

/// Sequences of a reference window and of both windows of its alternate, equally long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchored<'a> {
    /// The reference.
    pub(super) reference: &'a [u8],
    /// The alternate with its 5' part in place.
    pub(super) left: &'a [u8],
    /// The alternate with its 3' part in place.
    pub(super) right: &'a [u8],
}

impl Anchored<'_> {
    /// How the alternate's bases correspond to the reference's: `removed` bases from `offset0` on are replaced by `added`
    /// others, and both windows must show just that as far as they reach. `None` once something is wrong.
    pub(super) fn alignment(
        self,
        change: &Resized,
        field: &str,
        violations: &mut Violations,
    ) -> Option<AlleleAlignment> {
        let length = self.reference.len();
        let (offset0, removed, added) =
            (change.offset0 as usize, change.removed as usize, change.added as usize);
        let field_of = |name: &str| format!("{field}.{name}");
        if removed == 0 && added == 0 {
            let description = "removed and added are 0: they must say where the alleles differ";
            violations.add(field_of("offset0"), description);
            return None;
        }
        let Some(alignment) = AlleleAlignment::new(length, offset0, removed, added) else {
            let description = format!(
                "{removed} removed or {added} added bases from offset {offset0} reach beyond the window of {length} bases"
            );
            violations.add(field_of("offset0"), description);
            return None;
        };
        match self.disagreement(offset0, removed, added) {
            None => Some(alignment),
            Some((name, description)) => {
                violations.add(field_of(name), description);
                None
            }
        }
    }

    /// The first window that does not show the change, and the rule that it breaks. The change lies in the window.
    fn disagreement(self, offset0: usize, removed: usize, added: usize) -> Option<(&'static str, String)> {
        let (before, after) = (self.reference.get(..offset0)?, self.reference.get(offset0 + removed..)?);
        let (left_before, left_rest) = self.left.split_at_checked(offset0)?;
        let (left_added, left_after) = left_rest.split_at_checked(added)?;
        let (right_rest, right_after) = self.right.split_at_checked(offset0 + removed)?;
        let (right_before, right_added) =
            right_rest.split_at_checked(right_rest.len().saturating_sub(added))?;
        let end = offset0 + removed;
        let broken = |name, holds: bool, rule: String| (!holds).then_some((name, rule));
        broken(
            "left_anchored",
            left_before == before,
            format!(
                "its first {offset0} bases must be the reference's: only what follows offset0 may differ"
            ),
        )
        .or_else(|| {
            let rule =
                format!("what follows its {added} added bases must be the reference from base {end} on");
            broken("left_anchored", same_start(left_after, after), rule)
        })
        .or_else(|| {
            let rule =
                format!("it must end with the reference from base {end} on, the {} last bases", after.len());
            broken("right_anchored", right_after == after, rule)
        })
        .or_else(|| {
            let rule = format!("its bases before base {end} must end with the added bases of left_anchored");
            broken("right_anchored", same_end(right_added, left_added), rule)
        })
        .or_else(|| {
            let rule = format!("what precedes its added bases must be the reference before base {offset0}");
            broken("right_anchored", same_end(right_before, before), rule)
        })
    }
}

/// As far as both go from their starts.
fn same_start(one: &[u8], other: &[u8]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// As far as both go from their ends.
fn same_end(one: &[u8], other: &[u8]) -> bool {
    one.iter().rev().zip(other.iter().rev()).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = "AACCGGTTACGT";

    fn check(left: &str, right: &str, offset0: u32, removed: u32, added: u32) -> Result<usize, String> {
        let change = Resized {
            left_anchored: left.to_owned(),
            right_anchored: right.to_owned(),
            offset0,
            removed,
            added,
        };
        let anchored =
            Anchored { reference: REFERENCE.as_bytes(), left: left.as_bytes(), right: right.as_bytes() };
        let mut violations = Violations::default();
        let alignment = anchored.alignment(&change, "r", &mut violations);
        match violations.none() {
            Ok(()) => Ok(alignment.unwrap().alternate_length()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn what_a_client_cuts_is_accepted() {
        // TG between CC and GG; the ends of the shifted sides fall off.
        assert_eq!(check("AACCTGGGTTAC", "CCTGGGTTACGT", 4, 0, 2), Ok(14));
        // GGT becomes C; bases from outside come in.
        assert_eq!(check("AACCCTACGTNN", "GGAACCCTACGT", 4, 3, 1), Ok(10));
        // At either end.
        assert_eq!(check("TTTTAACCGGTT", "AACCGGTTACGT", 0, 0, 4), Ok(16));
        assert_eq!(check("AACCGGTTACNN", "NNAACCGGTTAC", 10, 2, 0), Ok(10));
        // More bases added than the right window has room for: it shows the last of TGATGAC.
        assert_eq!(check("ATGATGACCCGG", "ACCCGGTTACGT", 1, 1, 7), Ok(18));
    }

    #[test]
    fn each_rule_names_its_window() {
        let broken = |left, right| check(left, right, 4, 0, 2).unwrap_err();
        assert!(broken("AACTTGGGTTAC", "CCTGGGTTACGT").starts_with("r.left_anchored: its first 4 bases"));
        assert!(
            broken("AACCTGGGTTAA", "CCTGGGTTACGT").starts_with("r.left_anchored: what follows its 2 added")
        );
        assert!(broken("AACCTGGGTTAC", "CCTGGGTTACGA").contains("from base 4 on, the 8 last bases"));
        assert!(
            broken("AACCTGGGTTAC", "CCTAGGTTACGT").starts_with("r.right_anchored: its bases before base 4")
        );
        assert!(
            broken("AACCTGGGTTAC", "CGTGGGTTACGT").starts_with("r.right_anchored: what precedes its added")
        );
        let nothing = check(REFERENCE, REFERENCE, 4, 0, 0).unwrap_err();
        assert!(nothing.starts_with("r.offset0: removed and added are 0"), "{nothing}");
        for (offset0, removed, added) in [(11, 2, 0), (11, 0, 2), (u32::MAX, 1, 2), (0, u32::MAX, 0)] {
            let beyond = check(REFERENCE, REFERENCE, offset0, removed, added).unwrap_err();
            assert!(beyond.starts_with("r.offset0") && beyond.contains("12 bases"), "{beyond}");
        }
    }
}
