//! Windows of a variant's two alleles.

use crate::{
    reference::Reference,
    sequence::reverse_complement,
    strand::Strand,
    variant::{Variant, VariantError},
    window::{Window, signed, signed_length},
};

/// No grid: windows are centred.
pub const NO_GRID: u32 = 1;

/// What an alternate allele makes of a window. Everything is on the window's strand, in its 5' to 3' sense.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AlternateWindow {
    /// As many bases as before: the window is as long, and only `bases` from `offset0` on differ.
    Substituted {
        /// Offset of the first changed base in the window.
        offset0: usize,
        /// The bases that stand there now.
        bases: Vec<u8>,
    },
    /// Bases were gained or lost: either end of the window can be kept in place.
    Resized {
        /// The window whose 5' part stays in place, as long as the reference's.
        left_anchored: Vec<u8>,
        /// The window whose 3' part stays in place, as long as the reference's.
        right_anchored: Vec<u8>,
        /// Offset of the first changed base in the reference's window.
        offset0: usize,
        /// Bases of the reference that are gone.
        removed: usize,
        /// Bases that stand there instead.
        added: usize,
    },
}

/// A window of the reference and what an alternate allele makes of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AlleleWindow {
    /// Where it lies.
    pub window: Window,
    /// The reference's sequence on the window's strand.
    pub reference: Vec<u8>,
    /// The alternate's.
    pub alternate: AlternateWindow,
}

/// The window that starts `length / 2` bases before a variant in normal form, read on `strand`, for both alleles.
///
/// With a `grid` above 1 it starts up to `grid - 1` bases earlier, at a multiple of that, so that variants that lie together
/// share their reference window. An allele so long that the window would then end within it keeps its own.
///
/// # Errors
///
/// [`VariantError::TooLong`] if an allele has more than `length / 2` bases; what the reference says.
pub fn allele_window(
    variant: &Variant,
    strand: Strand,
    length: usize,
    grid: u32,
    reference: &Reference,
) -> Result<AlleleWindow, VariantError> {
    let (removed, added) = (variant.reference.len(), variant.alternate.len());
    let half = length / 2;
    if removed.max(added) > half {
        return Err(VariantError::TooLong {
            contig: variant.contig.clone(),
            position1: variant.position1(),
            length: removed.max(added),
            limit: half,
        });
    }
    let mut window = Window::centered(&variant.contig, variant.position0, length, strand);
    let mut before = half;
    let beyond = window.start0.rem_euclid(i64::from(grid.max(1)));
    let offset = half.saturating_add(usize::try_from(beyond).unwrap_or(usize::MAX));
    if offset.saturating_add(removed.max(added)) <= length {
        window.start0 -= beyond;
        before = offset;
    }
    let sequence = window.sequence(reference)?;
    let alternate = if variant.is_indel() {
        let (start_kept, end_kept) = resized(variant, &window, reference)?;
        match strand {
            Strand::Forward => AlternateWindow::Resized {
                left_anchored: start_kept,
                right_anchored: end_kept,
                offset0: before,
                removed,
                added,
            },
            Strand::Reverse => AlternateWindow::Resized {
                left_anchored: reverse_complement(&end_kept),
                right_anchored: reverse_complement(&start_kept),
                offset0: length - before - removed,
                removed,
                added,
            },
        }
    } else {
        match strand {
            Strand::Forward => {
                AlternateWindow::Substituted { offset0: before, bases: variant.alternate.clone() }
            }
            Strand::Reverse => AlternateWindow::Substituted {
                offset0: length - before - added,
                bases: reverse_complement(&variant.alternate),
            },
        }
    };
    Ok(AlleleWindow { window, reference: sequence, alternate })
}

/// On the forward strand: the alternate with the window's first base in place, and with its last base in place.
fn resized(
    variant: &Variant,
    window: &Window,
    reference: &Reference,
) -> Result<(Vec<u8>, Vec<u8>), VariantError> {
    let removed = signed_length(variant.reference.len());
    let added = signed_length(variant.alternate.len());
    let change0 = signed(variant.position0);
    let after0 = change0.saturating_add(removed);
    let around = |start0: i64, end0: i64| -> Result<Vec<u8>, VariantError> {
        let mut sequence = reference.fetch(&window.contig, start0, change0)?;
        sequence.extend_from_slice(&variant.alternate);
        sequence.extend(reference.fetch(&window.contig, after0, end0)?);
        Ok(sequence)
    };
    let growth = added - removed;
    let start_kept = around(window.start0, window.end0().saturating_sub(growth))?;
    let end_kept = around(window.start0.saturating_add(growth), window.end0())?;
    Ok((start_kept, end_kept))
}

#[cfg(test)]
mod tests;
