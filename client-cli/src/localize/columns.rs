//! The columns of a map: bases of a stretch in its own 5' to 3' sense, or two alleles side by side.

use std::ops::Range;

use polaris_genomics::{Strand, Window};
use polaris_proto::v1::AlignedBlock;

use super::reply::ReplyError;

/// Stands where an allele has no base.
pub(super) const GAP: u8 = b'-';

/// Where a column lies on the contig.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Position {
    /// The base, or for an inserted one the base before it on the forward strand; -1 before the contig.
    pub(super) position0: i64,
    /// Counts inserted bases from 1, in the forward strand's order; 0 for a base of the reference.
    pub(super) offset: u32,
}

/// Letters of a stretch, or of two alleles. N stands where nothing is said.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    place: Window,
    /// None if each column is a base of the stretch.
    positions: Option<Vec<Position>>,
    /// Of the reference, in its columns; gaps where the alternate alone has bases.
    pub(super) reference: Vec<u8>,
    /// Of the alternate, if there is one.
    pub(super) alternate: Option<Vec<u8>>,
}

/// Which map of a window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layer {
    Reference,
    Alternate,
    Difference,
}

impl Layer {
    /// As the table names it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Reference => "ref",
            Self::Alternate => "alt",
            Self::Difference => "difference",
        }
    }
}

impl Columns {
    /// Of a stretch without another allele. `letters` are on its strand, as many as it has bases.
    pub(super) fn of_stretch(place: Window, letters: Vec<u8>) -> Self {
        Self { place, positions: None, reference: letters, alternate: None }
    }

    /// Of two alleles of a window, aligned by blocks. Both are on the window's strand.
    pub(super) fn of_alleles(
        place: Window,
        reference: &[u8],
        alternate: &[u8],
        blocks: &[AlignedBlock],
    ) -> Result<Self, ReplyError> {
        let mut positions = Vec::new();
        let mut letters = Aligned::default();
        let (mut reference_done, mut alternate_done) = (0, 0);
        for block in blocks {
            let length = usize::try_from(block.length).unwrap_or(usize::MAX);
            let references = take(block.reference0, length, &mut reference_done, reference)?;
            let alternates = take(block.alternate0, length, &mut alternate_done, alternate)?;
            match references {
                Some(bases) => positions.extend(
                    (reference_done - bases.len()..reference_done).map(|offset0| of_base(&place, offset0)),
                ),
                None => positions.extend(inserted(&place, reference_done, length)),
            }
            letters.add(references, alternates, length);
        }
        let Aligned { reference: letters, alternate: others } = letters;
        match (reference_done, alternate_done) == (reference.len(), alternate.len()) {
            true => {
                Ok(Self { place, positions: Some(positions), reference: letters, alternate: Some(others) })
            }
            false => Err(ReplyError::Alignment),
        }
    }

    /// The stretch that the reference's letters are of.
    pub(super) fn place(&self) -> &Window {
        &self.place
    }

    pub(super) fn len(&self) -> usize {
        self.reference.len()
    }

    pub(super) fn position(&self, column: usize) -> Option<Position> {
        match &self.positions {
            Some(positions) => positions.get(column).copied(),
            None => (column < self.len()).then(|| of_base(&self.place, column)),
        }
    }

    /// All columns in the order of the forward strand.
    pub(super) fn forward(&self) -> Box<dyn Iterator<Item = usize>> {
        match self.place.strand {
            Strand::Forward => Box::new(0..self.len()),
            Strand::Reverse => Box::new((0..self.len()).rev()),
        }
    }

    /// The letter of a layer: that of the alternate for a difference.
    pub(super) fn letter(&self, layer: Layer, column: usize) -> u8 {
        let letters = match (layer, &self.alternate) {
            (Layer::Alternate | Layer::Difference, Some(alternate)) => alternate,
            _ => &self.reference,
        };
        letters.get(column).copied().unwrap_or(b'N')
    }

    /// Whether a layer says something of a column: of a known base, for a difference in either allele.
    pub(super) fn has_value(&self, layer: Layer, column: usize) -> bool {
        let is_base = |layer| !matches!(self.letter(layer, column), b'N' | GAP);
        is_base(layer) || layer == Layer::Difference && is_base(Layer::Reference)
    }

    /// The columns of a layer's own bases, in their order.
    pub(super) fn of_bases(&self, layer: Layer) -> Vec<usize> {
        (0..self.len()).filter(|&column| self.letter(layer, column) != GAP).collect()
    }

    /// From the first to the last column in which the alleles differ.
    pub(super) fn changed(&self) -> Option<Range<usize>> {
        let alternate = self.alternate.as_ref()?;
        let differs = |column: &usize| self.reference.get(*column) != alternate.get(*column);
        let first = (0..self.len()).find(differs)?;
        let last = (0..self.len()).rev().find(differs)?;
        Some(first..last + 1)
    }

    /// First base and the base after the last, on the forward strand, of a run of columns.
    pub(super) fn interval0(&self, columns: &Range<usize>) -> Option<(i64, i64)> {
        let (first, last) = (self.position(columns.start)?, self.position(columns.end.checked_sub(1)?)?);
        let (low, high) = (first.position0.min(last.position0), first.position0.max(last.position0));
        Some((low, high + 1))
    }
}

/// Letters of both alleles, side by side.
#[derive(Default)]
struct Aligned {
    reference: Vec<u8>,
    alternate: Vec<u8>,
}

impl Aligned {
    fn add(&mut self, references: Option<&[u8]>, alternates: Option<&[u8]>, length: usize) {
        for (letters, bases) in [(&mut self.reference, references), (&mut self.alternate, alternates)] {
            match bases {
                Some(bases) => letters.extend_from_slice(bases),
                None => letters.extend(std::iter::repeat_n(GAP, length)),
            }
        }
    }
}

fn of_base(place: &Window, offset0: usize) -> Position {
    Position { position0: position0(place, offset0), offset: 0 }
}

/// Of bases that stand before the base at an offset of the reference's.
fn inserted(place: &Window, offset0: usize, length: usize) -> impl Iterator<Item = Position> {
    let (after0, strand) = (position0(place, offset0), place.strand);
    let count = u32::try_from(length).unwrap_or(u32::MAX);
    (0..count).map(move |index| match strand {
        Strand::Forward => Position { position0: after0 - 1, offset: index + 1 },
        Strand::Reverse => Position { position0: after0, offset: count - index },
    })
}

/// Where a base of a stretch's own sequence lies on the contig; the inverse of `Window::offset0`, and goes on beyond
/// the stretch's ends.
pub(super) fn position0(place: &Window, offset0: usize) -> i64 {
    let offset0 = i64::try_from(offset0).unwrap_or(i64::MAX);
    match place.strand {
        Strand::Forward => place.start0.saturating_add(offset0),
        Strand::Reverse => place.end0().saturating_sub(1).saturating_sub(offset0),
    }
}

/// The next bases of an allele, if a block has any of it.
fn take<'a>(
    start0: Option<u32>,
    length: usize,
    done: &mut usize,
    bases: &'a [u8],
) -> Result<Option<&'a [u8]>, ReplyError> {
    let Some(start0) = start0 else { return Ok(None) };
    let taken = bases.get(*done..done.saturating_add(length)).ok_or(ReplyError::Alignment)?;
    if usize::try_from(start0) != Ok(*done) {
        return Err(ReplyError::Alignment);
    }
    *done += length;
    Ok(Some(taken))
}

#[cfg(test)]
mod tests;
