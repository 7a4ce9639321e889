//! Variants and their normal form.

use crate::{
    reference::{Reference, ReferenceError},
    sequence::normalize_base,
    window::signed,
};

/// What is wrong with a variant.
#[derive(Debug, thiserror::Error)]
pub enum VariantError {
    /// A letter that is no base.
    #[error(
        "{contig}:{position1}: the {allele} allele has {letter:?} at offset {offset0} (0-based): only A, C, G, T and N \
         are allowed, in either case"
    )]
    Letter {
        /// The contig.
        contig: String,
        /// Position of the variant, 1-based.
        position1: u64,
        /// `reference` or `alternate`.
        allele: &'static str,
        /// Offset in the allele, 0-based.
        offset0: usize,
        /// The letter.
        letter: char,
    },
    /// Both alleles are the same.
    #[error("{contig}:{position1}: reference and alternate allele are the same: nothing to score")]
    NoChange {
        /// The contig.
        contig: String,
        /// Position of the variant, 1-based.
        position1: u64,
    },
    /// The reference allele reaches past the contig.
    #[error(
        "{contig}:{position1}: the reference allele of {bases} bases reaches past the contig, which has {length}"
    )]
    OffContig {
        /// The contig.
        contig: String,
        /// Position of the variant, 1-based.
        position1: u64,
        /// Length of the reference allele.
        bases: usize,
        /// Length of the contig.
        length: u64,
    },
    /// The reference allele is not what the FASTA has there.
    #[error(
        "{contig}:{position1}: the reference allele is {found}, but the FASTA has {expected}: the variants are of \
         another assembly, or shifted"
    )]
    ReferenceMismatch {
        /// The FASTA's bases, at most 40 of them.
        expected: String,
        /// The variant's bases, at most 40 of them.
        found: String,
        /// The contig.
        contig: String,
        /// Position of the variant, 1-based.
        position1: u64,
    },
    /// An allele that does not fit into a window.
    #[error("{contig}:{position1}: an allele has {length} bases, but at most {limit} fit into the window")]
    TooLong {
        /// The contig.
        contig: String,
        /// Position of the variant, 1-based.
        position1: u64,
        /// Length of the longer allele.
        length: usize,
        /// Most bases an allele can have: half the window.
        limit: usize,
    },
    /// The reference could not answer.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

/// An alternate allele: the reference bases `[position0, position0 + reference.len())` become `alternate`.
///
/// Both alleles are in upper-case A, C, G, T, N. In normal form an insertion has an empty reference and stands before
/// the base at `position0`; a deletion has an empty alternate.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Variant {
    /// The contig's name or an alias of it.
    pub contig: String,
    /// First base that changes, 0-based.
    pub position0: u64,
    /// The bases of the reference.
    pub reference: Vec<u8>,
    /// What stands in their place.
    pub alternate: Vec<u8>,
}

impl Variant {
    /// A variant of these alleles, which may be empty, be padded with shared bases, or be in lower case.
    ///
    /// # Errors
    ///
    /// [`VariantError::Letter`] for a letter other than A, C, G, T, N: symbolic alleles are no variants.
    pub fn new(
        contig: impl Into<String>,
        position0: u64,
        reference: &[u8],
        alternate: &[u8],
    ) -> Result<Self, VariantError> {
        let contig = contig.into();
        let position1 = position0.saturating_add(1);
        let check = |allele, letters: &[u8]| {
            let checked = letters.iter().enumerate().map(|(offset0, &letter)| match letter {
                b'A' | b'C' | b'G' | b'T' | b'N' | b'a' | b'c' | b'g' | b't' | b'n' => {
                    Ok(normalize_base(letter))
                }
                _ => Err((offset0, char::from(letter))),
            });
            checked.collect::<Result<Vec<u8>, _>>().map_err(|(offset0, letter)| VariantError::Letter {
                contig: contig.clone(),
                position1,
                allele,
                offset0,
                letter,
            })
        };
        let (reference, alternate) = (check("reference", reference)?, check("alternate", alternate)?);
        Ok(Self { contig, position0, reference, alternate })
    }

    /// The normal form: checked against the FASTA, without shared bases at either end, an insertion or deletion as
    /// far left as it goes, the contig under the FASTA's name. All spellings of a change have the same normal form.
    ///
    /// N is no known base, so that nothing is moved along a run of N.
    ///
    /// # Errors
    ///
    /// [`VariantError`] if the reference allele is not the FASTA's or lies off the contig, if nothing changes, or if
    /// the contig is unknown.
    pub fn normalize(&self, reference: &Reference) -> Result<Self, VariantError> {
        let mut normal = self.trim(reference)?;
        let bases = match (normal.reference.is_empty(), normal.alternate.is_empty()) {
            (true, _) => &mut normal.alternate,
            (false, true) => &mut normal.reference,
            (false, false) => return Ok(normal),
        };
        normal.position0 = shift_left(reference, &normal.contig, normal.position0, bases)?;
        Ok(normal)
    }

    /// Checked against the FASTA, without shared bases at either end, the contig under the FASTA's name: as the normal
    /// form, but an insertion or deletion stays where it is.
    ///
    /// # Errors
    ///
    /// As [`Variant::normalize`].
    pub fn trim(&self, reference: &Reference) -> Result<Self, VariantError> {
        let contig = self.check_reference(reference)?;
        let shorter = self.reference.len().min(self.alternate.len());
        let suffix = shared(self.reference.iter().rev(), self.alternate.iter().rev());
        let prefix = shared(self.reference.iter(), self.alternate.iter()).min(shorter - suffix);
        let inner = |allele: &[u8]| allele.get(prefix..allele.len() - suffix).unwrap_or_default().to_vec();
        let (reference, alternate) = (inner(&self.reference), inner(&self.alternate));
        if reference.is_empty() && alternate.is_empty() {
            return Err(VariantError::NoChange { contig, position1: self.position1() });
        }
        Ok(Self { contig, position0: self.position0 + prefix as u64, reference, alternate })
    }

    /// Whether bases are gained or lost.
    pub fn is_indel(&self) -> bool {
        self.reference.len() != self.alternate.len()
    }

    /// Position as VCF writes it, 1-based.
    pub fn position1(&self) -> u64 {
        self.position0.saturating_add(1)
    }

    /// The FASTA's name of the contig, if the reference allele is what stands there.
    fn check_reference(&self, reference: &Reference) -> Result<String, VariantError> {
        let start0 = signed(self.position0);
        let bases = self.reference.len();
        let Some(contig) = reference.contig(&self.contig) else {
            reference.fetch(&self.contig, start0, start0)?;
            return Ok(self.contig.clone());
        };
        let end0 = self.position0.checked_add(bases as u64).filter(|end0| *end0 <= contig.length);
        let Some(end0) = end0 else {
            return Err(VariantError::OffContig {
                contig: contig.name.clone(),
                position1: self.position1(),
                bases,
                length: contig.length,
            });
        };
        let expected = reference.fetch(&self.contig, start0, signed(end0))?;
        if expected != self.reference {
            return Err(VariantError::ReferenceMismatch {
                expected: crate::text::shown(&expected),
                found: crate::text::shown(&self.reference),
                contig: contig.name.clone(),
                position1: self.position1(),
            });
        }
        Ok(contig.name.clone())
    }
}

fn shared<'a>(left: impl Iterator<Item = &'a u8>, right: impl Iterator<Item = &'a u8>) -> usize {
    left.zip(right).take_while(|(left, right)| left == right).count()
}

/// Moves inserted or deleted `bases` left as long as the base before them equals their last one; gives the new
/// position and turns the bases accordingly.
fn shift_left(
    reference: &Reference,
    contig: &str,
    position0: u64,
    bases: &mut [u8],
) -> Result<u64, ReferenceError> {
    const FIRST_LOOK_BASES: u64 = 64;
    const MAX_LOOK_BASES: u64 = 64 * 1024;
    let (mut end0, mut shift, mut look) = (position0, 0_usize, FIRST_LOOK_BASES);
    let period = bases.len();
    'reading: while end0 > 0 {
        let start0 = end0.saturating_sub(look);
        let before = reference.fetch(contig, signed(start0), signed(end0))?;
        for &base in before.iter().rev() {
            let last = bases.get(period - 1 - shift % period);
            if base == b'N' || last != Some(&base) {
                break 'reading;
            }
            shift += 1;
        }
        end0 = start0;
        look = (look * 4).min(MAX_LOOK_BASES);
    }
    if period > 0 {
        bases.rotate_right(shift % period);
    }
    Ok(position0 - shift as u64)
}

#[cfg(test)]
mod tests;
