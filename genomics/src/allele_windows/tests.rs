use proptest::prelude::*;

use super::*;
use crate::testing::reference_of;

const GENOME: &[u8] = b"AACCGGTTACGTACGATCGATTTGCA";

fn window_of(
    position0: u64,
    removed: &[u8],
    added: &[u8],
    strand: Strand,
    length: usize,
) -> Result<AlleleWindow, VariantError> {
    let (_directory, reference) = reference_of(&[("chr1", GENOME)]);
    let variant = Variant::new("chr1", position0, removed, added).unwrap();
    allele_window(&variant, strand, length, NO_GRID, &reference)
}

fn text(bases: &[u8]) -> &str {
    std::str::from_utf8(bases).unwrap()
}

#[test]
fn a_substitution_is_named_on_the_strand_it_is_read_on() {
    let forward = window_of(10, b"G", b"T", Strand::Forward, 8).unwrap();
    assert_eq!(text(&forward.reference), "TTACGTAC");
    assert_eq!(forward.alternate, AlternateWindow::Substituted { offset0: 4, bases: b"T".to_vec() });
    let reverse = window_of(10, b"GT", b"TC", Strand::Reverse, 8).unwrap();
    assert_eq!(text(&reverse.reference), "GTACGTAA");
    assert_eq!(reverse.alternate, AlternateWindow::Substituted { offset0: 2, bases: b"GA".to_vec() });
}

#[test]
fn an_insertion_pushes_bases_out_at_the_free_end() {
    let window = window_of(10, b"", b"GGG", Strand::Forward, 8).unwrap();
    assert_eq!(text(&window.reference), "TTACGTAC");
    let expected = AlternateWindow::Resized {
        left_anchored: b"TTACGGGG".to_vec(),
        right_anchored: b"CGGGGTAC".to_vec(),
        offset0: 4,
        removed: 0,
        added: 3,
    };
    assert_eq!(window.alternate, expected);
}

#[test]
fn a_deletion_draws_bases_in_at_the_free_end() {
    let window = window_of(10, b"GT", b"", Strand::Forward, 8).unwrap();
    let expected = AlternateWindow::Resized {
        left_anchored: b"TTACACGA".to_vec(),
        right_anchored: b"GGTTACAC".to_vec(),
        offset0: 4,
        removed: 2,
        added: 0,
    };
    assert_eq!(window.alternate, expected);
}

#[test]
fn anchors_follow_the_strand() {
    let window = window_of(10, b"GT", b"", Strand::Reverse, 8).unwrap();
    let expected = AlternateWindow::Resized {
        left_anchored: reverse_complement(b"GGTTACAC"),
        right_anchored: reverse_complement(b"TTACACGA"),
        offset0: 2,
        removed: 2,
        added: 0,
    };
    assert_eq!(window.alternate, expected);
}

#[test]
fn a_contig_ends_in_n() {
    let window = window_of(1, b"A", b"", Strand::Forward, 8).unwrap();
    assert_eq!(text(&window.reference), "NNNAACCG");
    let expected = AlternateWindow::Resized {
        left_anchored: b"NNNACCGG".to_vec(),
        right_anchored: b"NNNNACCG".to_vec(),
        offset0: 4,
        removed: 1,
        added: 0,
    };
    assert_eq!(window.alternate, expected);
}

#[test]
fn alleles_beyond_half_the_window_are_refused() {
    assert!(window_of(10, b"", b"GGGG", Strand::Forward, 8).is_ok());
    for strand in Strand::ALL {
        let message = window_of(10, b"", b"GGGGG", strand, 9).unwrap_err().to_string();
        assert!(message.starts_with("chr1:11: an allele has 5 bases, but at most 4 fit"), "{message}");
        let message = window_of(10, b"GTACG", b"CATGC", strand, 9).unwrap_err().to_string();
        assert!(message.contains("at most 4"), "{message}");
    }
}

fn bases(size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(proptest::sample::select(b"ACGT"), size)
}

proptest! {
    /// Both alternates are stretches of the genome with the change made, and keep their anchored end.
    #[test]
    fn alternates_are_windows_of_the_changed_genome(
        genome in bases(1..80),
        position in 0_usize..80,
        removed in 0_usize..6,
        added in bases(0..6),
        length in 12_usize..30,
        grid in 0_u32..9,
        reverse in any::<bool>(),
    ) {
        let (_directory, reference) = reference_of(&[("chr1", &genome)]);
        let start = position % genome.len();
        let end = (start + removed).min(genome.len());
        let variant = Variant::new("chr1", start as u64, &genome[start..end], &added).unwrap();
        let strand = if reverse { Strand::Reverse } else { Strand::Forward };
        let windows = allele_window(&variant, strand, length, grid, &reference).unwrap();
        prop_assert_eq!(windows.reference.len(), length);
        let centred = signed_length(start) - signed_length(length / 2);
        let earlier = centred - windows.window.start0;
        let grid = i64::from(grid.max(1));
        prop_assert!((0..grid).contains(&earlier));
        let fits = length / 2 + (end - start).max(added.len()) + usize::try_from(grid).unwrap() <= length;
        prop_assert!(!fits || windows.window.start0.rem_euclid(grid) == 0);

        // Unknown bases on both sides, so that every window lies inside; offsets are into this genome.
        let margin = vec![b'N'; 50];
        let changed = [&margin[..], &genome[..start], &added, &genome[end..], &margin].concat();
        let window_start = usize::try_from(50 + windows.window.start0).unwrap();
        let growth = signed_length(added.len()) - signed_length(end - start);
        let at = |start: usize| {
            let mut sequence = changed[start..start + length].to_vec();
            if reverse {
                crate::reverse_complement_in_place(&mut sequence);
            }
            sequence
        };
        let start_kept = at(window_start);
        let end_kept = at(usize::try_from(signed_length(window_start) + growth).unwrap());
        match windows.alternate {
            AlternateWindow::Substituted { offset0, bases } => {
                prop_assert_eq!(growth, 0);
                let mut alternate = windows.reference.clone();
                alternate[offset0..offset0 + bases.len()].copy_from_slice(&bases);
                prop_assert_eq!(alternate, start_kept);
            }
            AlternateWindow::Resized { left_anchored, right_anchored, offset0, removed, added: gained } => {
                // What stands before the change is the same in both, and so is what stands after it.
                prop_assert_eq!((removed, gained), (end - start, added.len()));
                prop_assert_eq!(&left_anchored[..offset0], &windows.reference[..offset0]);
                prop_assert_eq!(&right_anchored[offset0 + removed..], &windows.reference[offset0 + removed..]);
                let (left, right) = if reverse { (end_kept, start_kept) } else { (start_kept, end_kept) };
                prop_assert_eq!(left_anchored, left);
                prop_assert_eq!(right_anchored, right);
            }
        }
    }
}
