//! Letters of a nucleotide sequence: normalising, complementing, encoding.

/// What is wrong with a sequence somebody sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SequenceError {
    /// A letter that is no base.
    #[error(
        "letter {letter:?} at offset {offset0} (0-based): only A, C, G, T, U and N are allowed, in either case"
    )]
    Letter {
        /// Offset of the letter in the sequence, 0-based.
        offset0: usize,
        /// The letter.
        letter: char,
    },
    /// A buffer of another size than the sequence needs.
    #[error("the one-hot buffer holds {found} values: expected {expected}, four for each base")]
    BufferLength {
        /// Four times the length of the sequence.
        expected: usize,
        /// Length of the buffer.
        found: usize,
    },
}

/// One base in upper case, U as T, everything but A, C, G, T as N.
pub const fn normalize_base(base: u8) -> u8 {
    match base {
        b'A' | b'a' => b'A',
        b'C' | b'c' => b'C',
        b'G' | b'g' => b'G',
        b'T' | b't' | b'U' | b'u' => b'T',
        _ => b'N',
    }
}

/// The pairing base in upper case; N for everything but A, C, G, T and U.
pub const fn complement(base: u8) -> u8 {
    match normalize_base(base) {
        b'A' => b'T',
        b'C' => b'G',
        b'G' => b'C',
        b'T' => b'A',
        _ => b'N',
    }
}

/// The other strand of a sequence, in its own 5' to 3' sense.
///
/// ```
/// assert_eq!(polaris_genomics::reverse_complement(b"AACGN"), b"NCGTT");
/// ```
pub fn reverse_complement(sequence: &[u8]) -> Vec<u8> {
    sequence.iter().rev().map(|&base| complement(base)).collect()
}

/// [`reverse_complement`] without a second buffer.
pub fn reverse_complement_in_place(sequence: &mut [u8]) {
    sequence.reverse();
    for base in sequence {
        *base = complement(*base);
    }
}

/// Writes the one-hot code of `sequence` (length L) to `out` as `[4][L]`, rows A, C, G, T; a column of zeros for N.
///
/// # Errors
///
/// [`SequenceError`] if `out` is not 4 L long, or for a letter other than A, C, G, T, U, N in either case.
pub fn one_hot(sequence: &[u8], out: &mut [f32]) -> Result<(), SequenceError> {
    let length = sequence.len();
    if out.len() != 4 * length {
        return Err(SequenceError::BufferLength { expected: 4 * length, found: out.len() });
    }
    out.fill(0.0);
    for (offset0, &letter) in sequence.iter().enumerate() {
        let row = match checked_base(offset0, letter)? {
            b'A' => 0,
            b'C' => 1,
            b'G' => 2,
            b'T' => 3,
            _ => continue,
        };
        out[row * length + offset0] = 1.0;
    }
    Ok(())
}

/// Fraction of G and C among the letters that are A, C, G, T or U; `None` if there is none of them.
pub fn gc_fraction(sequence: &[u8]) -> Option<f64> {
    let (mut strong, mut known) = (0_u32, 0_u32);
    for &base in sequence {
        match normalize_base(base) {
            b'G' | b'C' => {
                strong += 1;
                known += 1;
            }
            b'N' => {}
            _ => known += 1,
        }
    }
    (known > 0).then(|| f64::from(strong) / f64::from(known))
}

/// Checks a sequence that a user sent and gives it in upper case with T for U.
///
/// # Errors
///
/// [`SequenceError::Letter`] for the first letter other than A, C, G, T, U, N in either case.
pub fn parse_sequence(sequence: &[u8]) -> Result<Vec<u8>, SequenceError> {
    sequence.iter().enumerate().map(|(offset0, &letter)| checked_base(offset0, letter)).collect()
}

fn checked_base(offset0: usize, letter: u8) -> Result<u8, SequenceError> {
    match normalize_base(letter) {
        b'N' if !matches!(letter, b'N' | b'n') => {
            Err(SequenceError::Letter { offset0, letter: char::from(letter) })
        }
        base => Ok(base),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bases_become_upper_case_dna() {
        assert_eq!(b"acgtuACGTUnR-".map(normalize_base), *b"ACGTTACGTTNNN");
    }

    #[test]
    fn one_hot_is_channel_major_and_leaves_n_empty() {
        let mut out = [9.0; 20];
        one_hot(b"AcGuN", &mut out).unwrap();
        #[rustfmt::skip]
        assert_eq!(out, [
            1.0, 0.0, 0.0, 0.0, 0.0,
            0.0, 1.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 1.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 1.0, 0.0,
        ]);
    }

    #[test]
    fn one_hot_refuses_letters_and_sizes() {
        let mut out = [0.0; 12];
        assert_eq!(one_hot(b"ACR", &mut out), Err(SequenceError::Letter { offset0: 2, letter: 'R' }));
        assert_eq!(one_hot(b"ACGT", &mut out), Err(SequenceError::BufferLength { expected: 16, found: 12 }));
    }

    #[test]
    fn gc_counts_known_letters_only() {
        assert_eq!(gc_fraction(b"GCnnAu"), Some(0.5));
        assert_eq!(gc_fraction(b"NNN"), None);
        assert_eq!(gc_fraction(b""), None);
    }

    #[test]
    fn a_bad_letter_is_named_with_its_offset() {
        assert_eq!(parse_sequence(b"acgun").unwrap(), b"ACGTN");
        let message = parse_sequence(b"AC GT").unwrap_err().to_string();
        assert!(message.starts_with("letter ' ' at offset 2"), "{message}");
    }

    proptest! {
        #[test]
        fn reverse_complement_twice_is_identity(
            sequence in proptest::collection::vec(proptest::sample::select(b"ACGTN".to_vec()), 0..300),
        ) {
            prop_assert_eq!(&reverse_complement(&reverse_complement(&sequence)), &sequence);
            let mut in_place = sequence.clone();
            reverse_complement_in_place(&mut in_place);
            prop_assert_eq!(in_place, reverse_complement(&sequence));
        }

        #[test]
        fn one_hot_columns_name_their_base(
            sequence in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let length = sequence.len();
            let mut out = vec![0.5; 4 * length];
            match (one_hot(&sequence, &mut out), parse_sequence(&sequence)) {
                (Ok(()), Ok(bases)) => {
                    for (offset0, base) in bases.iter().enumerate() {
                        let column = [0, 1, 2, 3].map(|row| out[row * length + offset0]);
                        let expected = b"ACGT".map(|letter| if letter == *base { 1.0 } else { 0.0 });
                        prop_assert_eq!(column, expected);
                    }
                }
                (Err(left), Err(right)) => prop_assert_eq!(left, right),
                (left, right) => prop_assert!(false, "{:?} and {:?} disagree", left, right),
            }
        }
    }
}
