use proptest::prelude::*;

use super::*;

fn place(strand: Strand) -> Window {
    Window { contig: "chr1".to_owned(), start0: 100, length: 6, strand }
}

fn block(reference0: Option<u32>, alternate0: Option<u32>, length: u32) -> AlignedBlock {
    AlignedBlock { reference0, alternate0, length }
}

fn positions(columns: &Columns) -> Vec<(i64, u32)> {
    let of = |column| columns.position(column).map(|position| (position.position0, position.offset));
    (0..columns.len()).filter_map(of).collect()
}

/// Reference ACGTAC, two bases TT inserted after ACG.
fn insertion(strand: Strand) -> Columns {
    let blocks = [block(Some(0), Some(0), 3), block(None, Some(3), 2), block(Some(3), Some(5), 3)];
    Columns::of_alleles(place(strand), b"ACGTAC", b"ACGTTTAC", &blocks).unwrap()
}

#[test]
fn a_stretch_runs_with_its_strand() {
    let forward = Columns::of_stretch(place(Strand::Forward), b"ACGTNC".to_vec());
    assert_eq!(positions(&forward), [(100, 0), (101, 0), (102, 0), (103, 0), (104, 0), (105, 0)]);
    let reverse = Columns::of_stretch(place(Strand::Reverse), b"ACGTNC".to_vec());
    assert_eq!(positions(&reverse), [(105, 0), (104, 0), (103, 0), (102, 0), (101, 0), (100, 0)]);
    assert_eq!(reverse.forward().collect::<Vec<_>>(), [5, 4, 3, 2, 1, 0]);
    assert_eq!(reverse.interval0(&(1..3)), Some((103, 105)));
    assert!(reverse.has_value(Layer::Reference, 3) && !reverse.has_value(Layer::Reference, 4));
    assert_eq!(reverse.changed(), None);
}

#[test]
fn inserted_bases_stand_after_a_base_of_the_forward_strand() {
    let columns = insertion(Strand::Forward);
    assert_eq!(columns.reference, b"ACG--TAC");
    assert_eq!(columns.alternate.as_deref(), Some(&b"ACGTTTAC"[..]));
    let expected = [(100, 0), (101, 0), (102, 0), (102, 1), (102, 2), (103, 0), (104, 0), (105, 0)];
    assert_eq!(positions(&columns), expected);
    assert_eq!(columns.changed(), Some(3..5));
    assert_eq!(columns.of_bases(Layer::Reference), [0, 1, 2, 5, 6, 7]);
    assert!(!columns.has_value(Layer::Reference, 3) && columns.has_value(Layer::Difference, 3));
}

#[test]
fn on_the_minus_strand_they_count_backwards() {
    let columns = insertion(Strand::Reverse);
    // 5' to 3' the window reads 105, 104, 103, then what stands between 102 and 103, then 102, 101, 100.
    let expected = [(105, 0), (104, 0), (103, 0), (102, 2), (102, 1), (102, 0), (101, 0), (100, 0)];
    assert_eq!(positions(&columns), expected);
    let forward: Vec<_> = columns
        .forward()
        .filter_map(|column| columns.position(column))
        .map(|at| (at.position0, at.offset))
        .collect();
    assert!(forward.is_sorted(), "{forward:?}");
}

#[test]
fn deleted_bases_are_gaps_of_the_alternate() {
    let blocks = [block(Some(0), Some(0), 2), block(Some(2), None, 1), block(Some(3), Some(2), 3)];
    let columns = Columns::of_alleles(place(Strand::Forward), b"ACGTAC", b"ACTAC", &blocks).unwrap();
    assert_eq!(columns.alternate.as_deref(), Some(&b"AC-TAC"[..]));
    assert_eq!(positions(&columns), [(100, 0), (101, 0), (102, 0), (103, 0), (104, 0), (105, 0)]);
    assert_eq!((columns.changed(), columns.letter(Layer::Difference, 2)), (Some(2..3), GAP));
    assert!(columns.has_value(Layer::Difference, 2) && !columns.has_value(Layer::Alternate, 2));
    assert_eq!(columns.of_bases(Layer::Alternate), [0, 1, 3, 4, 5]);
}

#[test]
fn a_substitution_is_one_block_and_its_columns_differ() {
    let columns =
        Columns::of_alleles(place(Strand::Forward), b"ACGTAC", b"ACTTAC", &[block(Some(0), Some(0), 6)])
            .unwrap();
    assert_eq!(columns.changed(), Some(2..3));
}

#[test]
fn alignments_that_leave_bases_out_are_refused() {
    for blocks in [
        vec![],
        vec![block(Some(0), Some(0), 5)],
        vec![block(Some(0), Some(0), 7)],
        vec![block(Some(1), Some(0), 6)],
        vec![block(Some(0), Some(0), 3), block(Some(2), Some(3), 3)],
        vec![block(Some(0), None, u32::MAX)],
    ] {
        let refused = Columns::of_alleles(place(Strand::Forward), b"ACGTAC", b"ACTTAC", &blocks);
        assert!(matches!(refused, Err(ReplyError::Alignment)), "{blocks:?}");
    }
}

proptest! {
    #[test]
    fn positions_are_the_inverse_of_offsets(start0 in 0_i64..50, length in 1_usize..40, offset0 in 0_usize..40, reverse in any::<bool>()) {
        prop_assume!(offset0 < length);
        let strand = if reverse { Strand::Reverse } else { Strand::Forward };
        let place = Window { contig: "c".to_owned(), start0, length, strand };
        let position0 = u64::try_from(position0(&place, offset0)).unwrap();
        prop_assert_eq!(place.offset0(position0), Some(offset0));
    }
}
