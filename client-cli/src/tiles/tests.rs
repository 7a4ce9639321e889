use proptest::prelude::*;

use super::*;

fn region(start0: u64, end0: u64, strand: Strand) -> StrandedRegion {
    StrandedRegion { name: String::new(), contig: "chr1".to_owned(), start0, end0, strand }
}

fn starts(windows: impl Iterator<Item = Window>) -> Vec<i64> {
    windows.map(|window| window.start0).collect()
}

fn stride(bases: usize) -> NonZeroUsize {
    NonZeroUsize::new(bases).unwrap()
}

#[test]
fn the_grid_begins_before_the_contig_and_is_the_same_for_every_region() {
    let tiling = Tiling::half(1000);
    assert_eq!(starts(tiling.on_grid("chr1", 0, 1, Strand::Reverse)), [-500, 0]);
    assert_eq!(starts(tiling.on_grid("chr1", 499, 501, Strand::Forward)), [-500, 0, 500]);
    assert_eq!(starts(tiling.on_grid("chr1", 500, 501, Strand::Forward)), [0, 500]);
    assert_eq!(starts(Tiling::half(151).on_grid("chr1", 150, 151, Strand::Forward)), [0, 75, 150]);
    let window = tiling.on_grid("chr1", 0, 1, Strand::Reverse).next().unwrap();
    assert_eq!((window.contig.as_str(), window.length, window.strand), ("chr1", 1000, Strand::Reverse));
}

#[test]
fn a_short_region_gets_one_window_around_it() {
    let tiling = Tiling::half(1000);
    assert_eq!(starts(tiling.centered(&region(2000, 2100, Strand::Forward))), [1550]);
    assert_eq!(starts(tiling.centered(&region(0, 500, Strand::Forward))), [-250]);
    assert_eq!(starts(tiling.centered(&region(0, 501, Strand::Forward))), [-500, 0]);
}

#[test]
fn bins_end_with_the_contig() {
    let contig = Contig { name: "chr1".to_owned(), length: 120 };
    let all = |start0, end0| {
        bins(&contig, start0, end0, Strand::Reverse, 10, stride(50))
            .map(|bin| (bin.start0, bin.end0, bin.window.start0, bin.window.midpoint0()))
            .collect::<Vec<_>>()
    };
    assert_eq!(all(0, 120), [(0, 50, 20, 25), (50, 100, 70, 75), (100, 120, 105, 110)]);
    assert_eq!(all(60, 61), [(50, 100, 70, 75)]);
    assert_eq!(all(119, 500), [(100, 120, 105, 110)]);
}

#[test]
fn strides_beyond_the_length_would_pass_bases_over() {
    assert_eq!(Tiling::new(10, stride(50)), Tiling::new(10, stride(10)));
    assert_eq!(Tiling::half(1), Tiling::new(1, stride(1)));
}

proptest! {
    #[test]
    fn every_base_is_in_a_window_and_windows_are_in_order(
        start0 in 0_u64..3000,
        bases in 1_u64..3000,
        length in 1_usize..1200,
        step in 1_usize..1200,
    ) {
        let tiling = Tiling::new(length, stride(step));
        let region = region(start0, start0 + bases, Strand::Forward);
        let distance = i64::try_from(step.min(length)).unwrap();
        let length = i64::try_from(length).unwrap();
        let all: Vec<_> = tiling.on_grid("chr1", start0, start0 + bases, Strand::Forward).collect();
        let (start0, end0) = (start0.cast_signed(), (start0 + bases).cast_signed());
        for starts in [starts(all.into_iter()), starts(tiling.centered(&region))] {
            prop_assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == distance));
            prop_assert!(starts[0] <= start0 && starts[starts.len() - 1] + length >= end0);
            // None is there for nothing.
            prop_assert!(starts.iter().all(|&window0| window0 < end0 && window0 + length > start0));
        }
    }

    #[test]
    fn bins_follow_each_other(start0 in 0_u64..500, bases in 1_u64..500, step in 1_usize..90) {
        let contig = Contig { name: "chr1".to_owned(), length: 1000 };
        let all: Vec<Bin> = bins(&contig, start0, start0 + bases, Strand::Forward, 31, stride(step)).collect();
        prop_assert!(all[0].start0 <= start0 && all[all.len() - 1].end0 >= start0 + bases);
        prop_assert!(all.windows(2).all(|pair| pair[0].end0 == pair[1].start0 && pair[0].window.start0 < pair[1].window.start0));
        prop_assert!(all.iter().all(|bin| (bin.start0..bin.end0).contains(&bin.window.midpoint0())));
    }
}
