//! Which bases are taken by planted motifs.

use super::genes::Span;

/// A clear margin that is kept between clusters, in bases.
const MARGIN: u64 = 12;

/// One flag per base of every contig.
#[derive(Clone, Debug)]
pub(super) struct Occupancy {
    taken: Vec<Vec<bool>>,
}

impl Occupancy {
    /// Nothing taken on contigs of these lengths.
    pub(super) fn new(lengths: impl Iterator<Item = usize>) -> Self {
        Self { taken: lengths.map(|length| vec![false; length]).collect() }
    }

    /// Whether the span and the margin around it lie on the contig and are free.
    pub(super) fn is_free(&self, contig: usize, span: Span) -> bool {
        self.is_clear(contig, span, MARGIN)
    }

    /// Whether nothing is taken within `margin` of the span, all of which lies on the contig.
    pub(super) fn is_clear(&self, contig: usize, span: Span, margin: u64) -> bool {
        let (start, end) = (span.0.saturating_sub(margin) as usize, (span.1 + margin) as usize);
        let stretch = self.taken.get(contig).and_then(|taken| taken.get(start..end));
        stretch.is_some_and(|stretch| !stretch.contains(&true))
    }

    /// Takes the span.
    pub(super) fn take(&mut self, contig: usize, span: Span) {
        let stretch =
            self.taken.get_mut(contig).and_then(|taken| taken.get_mut(span.0 as usize..span.1 as usize));
        if let Some(stretch) = stretch {
            stretch.fill(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_span_keeps_its_margin_and_the_contig_ends() {
        let mut occupancy = Occupancy::new([200usize].into_iter());
        assert!(occupancy.is_free(0, (50, 60)));
        occupancy.take(0, (50, 60));
        assert!(!occupancy.is_free(0, (71, 80)) && occupancy.is_free(0, (72, 80)));
        assert!(occupancy.is_clear(0, (60, 70), 0) && !occupancy.is_clear(0, (60, 70), 1));
        assert!(!occupancy.is_free(0, (185, 195)) && !occupancy.is_free(1, (50, 60)));
    }
}
