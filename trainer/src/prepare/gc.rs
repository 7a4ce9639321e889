//! GC content: bins, and what a window must have to be one.

use polaris_genomics::{ReferenceBundle, ReferenceError, Window, gc_fraction};

/// The bin of a fraction among `bins` equal ones; the last includes 1.
pub(super) fn gc_bin(fraction: f64, bins: usize) -> usize {
    ((fraction.max(0.0) * bins as f64) as usize).min(bins.saturating_sub(1))
}

/// The fractions' counts by bin.
pub(super) fn gc_histogram(fractions: impl Iterator<Item = f64>, bins: usize) -> Vec<usize> {
    let mut counts = vec![0; bins];
    for fraction in fractions {
        counts[gc_bin(fraction, bins)] += 1;
    }
    counts
}

/// The largest number of bases without sequence that a window of `length` may have.
fn most_unsequenced(length: usize, max_n: f64) -> usize {
    (length as f64 * max_n).floor() as usize
}

/// The GC fraction of a window that lies on its contig, or None if more than the share `max_n` of it is unsequenced: by
/// the bundle's sequenced regions if it has them, and by the Ns that the FASTA holds.
///
/// # Errors
/// Those of reading the FASTA.
pub(super) fn sequenced_gc(
    bundle: &ReferenceBundle,
    window: &Window,
    max_n: f64,
) -> Result<Option<f64>, ReferenceError> {
    let most = most_unsequenced(window.length, max_n);
    let (start0, end0) = (window.start0.max(0).unsigned_abs(), window.end0().max(0).unsigned_abs());
    if let Some(sequenced) = bundle.sequenced() {
        let inside =
            usize::try_from(sequenced.overlap_bases(&window.contig, start0, end0)).unwrap_or(usize::MAX);
        if inside.saturating_add(most) < window.length {
            return Ok(None);
        }
    }
    let bases = bundle.reference().fetch(&window.contig, window.start0, window.end0())?;
    let unsequenced = bases.iter().filter(|base| **base == b'N').count();
    Ok(if unsequenced > most { None } else { gc_fraction(&bases) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_equal_and_the_last_is_closed() {
        let cases = [(0.0, 0), (0.0499, 0), (0.05, 1), (0.5, 10), (0.999, 19), (1.0, 19)];
        for (fraction, bin) in cases {
            assert_eq!(gc_bin(fraction, 20), bin, "{fraction}");
        }
        assert_eq!(gc_histogram([0.1, 0.2, 0.9, 1.0].into_iter(), 4), [2, 0, 0, 2]);
    }

    #[test]
    fn the_share_of_unsequenced_bases_is_rounded_down() {
        assert_eq!(
            (most_unsequenced(1000, 0.05), most_unsequenced(151, 0.05), most_unsequenced(1000, 0.0)),
            (50, 7, 0)
        );
    }
}
