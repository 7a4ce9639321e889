//! Sequences as numbers of their 4-mers.

/// Letters of a code: A, C, G, T, N.
pub(crate) const LETTERS: usize = 5;
/// Bases of a code.
pub(crate) const CODE_BASES: usize = 4;
/// Codes that there are.
pub(crate) const CODES: usize = LETTERS.pow(CODE_BASES as u32);

/// The code of the four bases from each position on, first base first. `sequence` is in A C G T N.
pub(crate) fn codes(sequence: &[u8]) -> Vec<u16> {
    sequence
        .windows(CODE_BASES)
        .map(|bases| bases.iter().fold(0, |code, &base| code * LETTERS as u16 + letter(base)))
        .collect()
}

fn letter(base: u8) -> u16 {
    match base {
        b'A' => 0,
        b'C' => 1,
        b'G' => 2,
        b'T' => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_every_position() {
        assert_eq!(codes(b"AAACT"), [1, 8]);
        assert_eq!(codes(b"NNNN"), [CODES as u16 - 1]);
        assert!(codes(b"ACG").is_empty());
    }
}
