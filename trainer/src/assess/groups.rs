//! Windows that overlap.

use polaris_genomics::Window;

/// The number of each window's group, from 0 in the order of contigs, strands and positions. Windows of a contig's strand
/// that overlap belong to one group, and so do all that a chain of overlaps connects.
pub(crate) fn overlapping(windows: &[&Window]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..windows.len()).collect();
    let place = |window: &Window| (window.strand.index(), window.start0);
    order.sort_by(|left, right| {
        let (left, right) = (windows[*left], windows[*right]);
        left.contig.cmp(&right.contig).then_with(|| place(left).cmp(&place(right)))
    });
    let mut groups = vec![0; windows.len()];
    let mut open: Option<(&Window, i64, usize)> = None;
    for index in order {
        let window = windows[index];
        let (end0, group) = match open {
            None => (window.end0(), 0),
            Some((last, end0, group)) => {
                let beside = last.contig == window.contig && last.strand == window.strand;
                if beside && window.start0 < end0 {
                    (end0.max(window.end0()), group)
                } else {
                    (window.end0(), group + 1)
                }
            }
        };
        groups[index] = group;
        open = Some((window, end0, group));
    }
    groups
}

#[cfg(test)]
mod tests {
    use polaris_genomics::Strand::{self, Forward, Reverse};

    use super::*;

    fn groups(windows: &[(&str, i64, Strand)]) -> Vec<usize> {
        let windows: Vec<Window> = windows
            .iter()
            .map(|(contig, start0, strand)| Window {
                contig: (*contig).to_owned(),
                start0: *start0,
                length: 100,
                strand: *strand,
            })
            .collect();
        overlapping(&windows.iter().collect::<Vec<_>>())
    }

    #[test]
    fn chains_of_overlaps_on_one_strand() {
        let windows = [
            ("chr1", 350, Forward),
            ("chr1", 0, Forward),
            ("chr1", 180, Forward),
            ("chr1", 99, Forward),
            // Touches the one that ends at 280, but shares no base with it.
            ("chr1", 280, Reverse),
            ("chr1", 280, Forward),
            ("chr2", 350, Forward),
        ];
        assert_eq!(groups(&windows), [1, 0, 0, 0, 2, 1, 3]);
        assert_eq!(groups(&[]), [0; 0]);
    }

    #[test]
    fn the_same_place_twice_is_one_group() {
        assert_eq!(groups(&[("chr1", 5, Forward), ("chr1", 5, Forward), ("chr1", 105, Forward)]), [0, 0, 1]);
    }
}
