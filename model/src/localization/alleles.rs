//! The bases of two alleles side by side.

/// How the bases of an alternate correspond to those of a reference window that it replaces bases of.
///
/// The alternate reaches exactly as far as the reference window: it has `added` bases where the reference has `removed`,
/// and is longer or shorter by the difference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AlleleAlignment {
    length: usize,
    offset0: usize,
    removed: usize,
    added: usize,
}

/// Columns of an alignment in which both alleles have bases, or one of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AlignedRun {
    /// First base in the reference; `None` where only the alternate has bases.
    pub reference0: Option<usize>,
    /// First base in the alternate; `None` where only the reference has bases.
    pub alternate0: Option<usize>,
    /// Columns.
    pub length: usize,
}

impl AlleleAlignment {
    /// Bases `[offset0, offset0 + removed)` of a reference window of `length` bases are replaced by `added` others; `None`
    /// if they reach beyond the window.
    pub fn new(length: usize, offset0: usize, removed: usize, added: usize) -> Option<Self> {
        let end = offset0.checked_add(removed)?;
        (end <= length && offset0.checked_add(added)? <= length).then_some(Self {
            length,
            offset0,
            removed,
            added,
        })
    }

    /// Bases of the alternate.
    pub fn alternate_length(&self) -> usize {
        self.length - self.removed + self.added
    }

    /// The runs in order. Replaced and new bases stand above each other as far as both go.
    pub fn runs(&self) -> Vec<AlignedRun> {
        let paired = self.offset0 + self.removed.min(self.added);
        let after = self.length - self.offset0 - self.removed;
        let run = |reference0: Option<usize>, alternate0: Option<usize>, length| AlignedRun {
            reference0,
            alternate0,
            length,
        };
        let rest = run(Some(self.offset0 + self.removed), Some(self.offset0 + self.added), after);
        let runs = if self.removed == self.added {
            vec![run(Some(0), Some(0), self.length)]
        } else if self.removed > self.added {
            vec![run(Some(0), Some(0), paired), run(Some(paired), None, self.removed - self.added), rest]
        } else {
            vec![run(Some(0), Some(0), paired), run(None, Some(paired), self.added - self.removed), rest]
        };
        runs.into_iter().filter(|run| run.length > 0).collect()
    }

    /// Values of the alternate, `width` for each base, from those of its two windows: the `left` one whose 5' part and
    /// the `right` one whose 3' part stands where the reference's does. Bases before the change are the left one's and
    /// those after it the right one's, so that the pooling grid is the reference's in both; the new bases are the mean.
    pub fn joined(&self, left: &[f32], right: &[f32], width: usize) -> Vec<f32> {
        let length = self.alternate_length();
        let mut joined = Vec::with_capacity(length * width);
        for base in 0..length {
            let in_left = left.get(base * width..(base + 1) * width);
            // The right window ends with the alternate.
            let in_right = (base + self.length)
                .checked_sub(length)
                .and_then(|base| right.get(base * width..(base + 1) * width));
            let values = if base < self.offset0 {
                (in_left, in_left)
            } else if base >= self.offset0 + self.added {
                (in_right, in_right)
            } else {
                (in_left.or(in_right), in_right.or(in_left))
            };
            match values {
                (Some(left), Some(right)) => {
                    joined.extend(left.iter().zip(right).map(|(a, b)| 0.5 * (a + b)))
                }
                _ => joined.extend(std::iter::repeat_n(0.0, width)),
            }
        }
        joined
    }

    /// Alternate minus reference for each column; a base that the other allele does not have counts 0 there.
    pub fn difference(&self, reference: &[f32], alternate: &[f32]) -> Vec<f32> {
        let value =
            |map: &[f32], base: Option<usize>| base.and_then(|base| map.get(base)).copied().unwrap_or(0.0);
        let column = |run: &AlignedRun, column: usize| {
            let at = |first: Option<usize>| first.map(|first| first + column);
            value(alternate, at(run.alternate0)) - value(reference, at(run.reference0))
        };
        self.runs().iter().flat_map(|run| (0..run.length).map(move |index| column(run, index))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(alignment: AlleleAlignment) -> Vec<(Option<usize>, Option<usize>, usize)> {
        alignment.runs().iter().map(|run| (run.reference0, run.alternate0, run.length)).collect()
    }

    #[test]
    fn gaps_stand_where_one_allele_has_nothing() {
        let insertion = AlleleAlignment::new(10, 4, 0, 3).unwrap();
        assert_eq!(runs(insertion), [(Some(0), Some(0), 4), (None, Some(4), 3), (Some(4), Some(7), 6)]);
        let deletion = AlleleAlignment::new(10, 4, 3, 1).unwrap();
        assert_eq!(runs(deletion), [(Some(0), Some(0), 5), (Some(5), None, 2), (Some(7), Some(5), 3)]);
        assert_eq!(runs(AlleleAlignment::new(10, 4, 2, 2).unwrap()), [(Some(0), Some(0), 10)]);
        assert_eq!(AlleleAlignment::new(10, 9, 2, 0), None);
        assert_eq!(AlleleAlignment::new(10, 9, 0, 2), None);
    }

    #[test]
    fn each_side_of_an_insertion_is_that_of_the_window_in_place() {
        let insertion = AlleleAlignment::new(4, 2, 0, 2).unwrap();
        // Alternate a b x y c d: the left window is a b x y, the right one x y c d.
        let joined = insertion.joined(&[1.0, 2.0, 3.0, 4.0], &[30.0, 40.0, 50.0, 60.0], 1);
        assert_eq!(joined, [1.0, 2.0, 16.5, 22.0, 50.0, 60.0]);
        assert_eq!(insertion.difference(&[1.0, 1.0, 1.0, 1.0], &joined), [0.0, 1.0, 16.5, 22.0, 49.0, 59.0]);
    }

    #[test]
    fn each_side_of_a_deletion_is_that_of_the_window_in_place() {
        let deletion = AlleleAlignment::new(4, 1, 2, 0).unwrap();
        // Reference a b c d, alternate a d: the left window is a d e f, the right one y z a d.
        let joined = deletion.joined(&[1.0, 2.0, 3.0, 4.0], &[30.0, 40.0, 50.0, 60.0], 1);
        assert_eq!(joined, [1.0, 60.0]);
        assert_eq!(deletion.difference(&[1.0, 2.0, 3.0, 4.0], &joined), [0.0, -2.0, -3.0, 56.0]);
    }

    proptest! {
        #[test]
        fn runs_cover_both_alleles_once(length in 1_usize..60, offset0 in 0_usize..60, removed in 0_usize..20, added in 0_usize..20) {
            let Some(alignment) = AlleleAlignment::new(length, offset0, removed, added) else { return Ok(()) };
            let bases = |first: fn(&AlignedRun) -> Option<usize>| -> Vec<usize> {
                let runs = alignment.runs();
                runs.iter().flat_map(|run| first(run).map_or(0..0, |first| first..first + run.length)).collect()
            };
            prop_assert_eq!(bases(|run| run.reference0), (0..length).collect::<Vec<_>>());
            prop_assert_eq!(bases(|run| run.alternate0), (0..alignment.alternate_length()).collect::<Vec<_>>());
            let columns: usize = alignment.runs().iter().map(|run| run.length).sum();
            prop_assert_eq!(alignment.difference(&vec![0.0; length], &vec![1.0; alignment.alternate_length()]).len(), columns);
            let windows = vec![2.0; length * 4];
            prop_assert_eq!(alignment.joined(&windows, &windows, 4), vec![2.0; alignment.alternate_length() * 4]);
        }
    }
}
