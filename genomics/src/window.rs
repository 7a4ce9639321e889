//! Windows: what a model sees of the genome.

use crate::{
    reference::{Reference, ReferenceError},
    sequence::reverse_complement_in_place,
    strand::Strand,
};

/// A stretch of one strand of a contig, which may reach beyond the contig on either side.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Window {
    /// The contig's name or an alias of it.
    pub contig: String,
    /// First base on the forward strand, 0-based; negative before the contig.
    pub start0: i64,
    /// Length in bases.
    pub length: usize,
    /// The strand that is read.
    pub strand: Strand,
}

impl Window {
    /// The window that starts `length / 2` bases before `position0`.
    pub fn centered(contig: &str, position0: u64, length: usize, strand: Strand) -> Self {
        let start0 = signed(position0).saturating_sub(signed_length(length / 2));
        Self { contig: contig.to_owned(), start0, length, strand }
    }

    /// The base `length / 2` after the start, at which covariates are looked up; 0 where that is off the contig.
    pub fn midpoint0(&self) -> u64 {
        u64::try_from(self.start0.saturating_add(signed_length(self.length / 2))).unwrap_or(0)
    }

    /// The base after the last on the forward strand.
    pub fn end0(&self) -> i64 {
        self.start0.saturating_add(signed_length(self.length))
    }

    /// The sequence on the window's strand, `length` letters of A, C, G, T, N; N for what lies off the contig.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`] if the contig is unknown or the FASTA cannot be read.
    pub fn sequence(&self, reference: &Reference) -> Result<Vec<u8>, ReferenceError> {
        let mut sequence = reference.fetch(&self.contig, self.start0, self.end0())?;
        if self.strand == Strand::Reverse {
            reverse_complement_in_place(&mut sequence);
        }
        Ok(sequence)
    }

    /// Offset of a base of the contig in the window's own sequence; `None` outside the window.
    pub fn offset0(&self, position0: u64) -> Option<usize> {
        let from_start = i64::try_from(position0).ok()?.checked_sub(self.start0)?;
        let offset0 = usize::try_from(from_start).ok().filter(|&offset0| offset0 < self.length)?;
        Some(match self.strand {
            Strand::Forward => offset0,
            Strand::Reverse => self.length - 1 - offset0,
        })
    }
}

/// No contig is longer than `i64::MAX`, so saturation changes no answer.
pub(crate) fn signed(position0: u64) -> i64 {
    i64::try_from(position0).unwrap_or(i64::MAX)
}

pub(crate) fn signed_length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::reference_of;

    #[test]
    fn a_window_starts_half_its_length_before_the_position() {
        let window = Window::centered("chr1", 700, 1000, Strand::Forward);
        assert_eq!((window.start0, window.end0(), window.midpoint0()), (200, 1200, 700));
        let odd = Window::centered("chr1", 20, 151, Strand::Reverse);
        assert_eq!((odd.start0, odd.end0(), odd.midpoint0()), (-55, 96, 20));
        let before = Window { contig: "chr1".to_owned(), start0: -90, length: 100, strand: Strand::Forward };
        assert_eq!(before.midpoint0(), 0);
    }

    #[test]
    fn the_reverse_strand_is_read_backwards() {
        let (_directory, reference) = reference_of(&[("chr1", b"AACCGGTTTA")]);
        let mut window = Window { contig: "1".to_owned(), start0: -2, length: 6, strand: Strand::Forward };
        assert_eq!(window.sequence(&reference).unwrap(), b"NNAACC");
        window.strand = Strand::Reverse;
        assert_eq!(window.sequence(&reference).unwrap(), b"GGTTNN");
        assert_eq!(window.offset0(0), Some(3));
        assert_eq!(window.offset0(4), None);
    }

    #[test]
    fn the_ends_of_the_number_line_do_no_harm() {
        let window = Window::centered("chr1", u64::MAX, 10, Strand::Reverse);
        assert_eq!(window.end0(), i64::MAX);
        assert_eq!(window.offset0(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn the_letter_at_an_offset_is_the_base_of_the_position(
            genome in proptest::collection::vec(proptest::sample::select(b"ACGT".to_vec()), 1..60),
            start0 in -20_i64..80,
            length in 1_usize..40,
            position0 in 0_u64..60,
            reverse in any::<bool>(),
        ) {
            let (_directory, reference) = reference_of(&[("chr1", &genome)]);
            let strand = if reverse { Strand::Reverse } else { Strand::Forward };
            let window = Window { contig: "chr1".to_owned(), start0, length, strand };
            let sequence = window.sequence(&reference).unwrap();
            prop_assert_eq!(sequence.len(), length);
            if let Some(offset0) = window.offset0(position0) {
                let base = genome.get(position0 as usize).copied().unwrap_or(b'N');
                let expected = if reverse { crate::complement(base) } else { base };
                prop_assert_eq!(sequence[offset0], expected);
            }
        }
    }
}
