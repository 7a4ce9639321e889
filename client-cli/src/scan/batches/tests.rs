use std::path::Path;

use polaris_genomics::{Interval, IntervalSet, ReferenceBundle, Strand};
use proptest::prelude::*;

use super::*;

const BASES: usize = 4000;

/// A bundle of one contig.
fn bundle(folder: &Path) -> Arc<ReferenceBundle> {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("genome.fa", &format!(">chr1\n{}\n", "ACGT".repeat(BASES / 4)));
    write("genome.fa.fai", &format!("chr1\t{BASES}\t6\t{BASES}\t{}\n", BASES + 1));
    write("genes.gtf", "chr1\tx\tgene\t1\t90\t.\t+\t.\tgene_id \"G\"; gene_name \"G\";\n");
    write(
        "reference.toml",
        "format = 1\nassembly = \"test-1\"\nfasta = \"genome.fa\"\nannotation = \"genes.gtf\"\n",
    );
    Arc::new(ReferenceBundle::open(folder).unwrap())
}

fn planner(bundle: Arc<ReferenceBundle>, wanted: &[(u64, u64)], length: usize, stride: usize) -> Planner {
    let interval = |&(start0, end0): &(u64, u64)| Interval { contig: "chr1".into(), start0, end0 };
    let wanted = Arc::new(IntervalSet::from_intervals(wanted.iter().map(interval)));
    let contigs: Arc<[Contig]> =
        vec![Contig { name: "chr1".into(), length: u64::try_from(BASES).unwrap() }].into();
    let layer = |track| Layer {
        track,
        strand: Strand::Reverse,
        wanted: Arc::clone(&wanted),
        contigs: Arc::clone(&contigs),
        unknown: Arc::default(),
    };
    Planner {
        covariates: Covariates::new(bundle, Vec::new()),
        layers: [Track::Probability, Track::Localization].map(layer).into(),
        length,
        stride: NonZeroUsize::new(stride).unwrap(),
        room: Room { predicted: 1000, localized: 1000, bytes: 1 << 20 },
    }
}

#[test]
fn planning_stops_when_told_though_its_batches_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let planner = planner(bundle(folder.path()), &[(0, 1000)], 100, 50);
    let (sender, _batches) = mpsc::channel(8);
    let asked = |stop| planner.run(&sender, &AtomicBool::new(stop), &Progress::new(true)).unwrap().asked;
    assert_eq!(asked(true), 0);
    assert!(asked(false) > 0);
}

#[test]
fn windows_are_counted_as_they_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let last = u64::try_from(BASES).unwrap();
    let stretches = proptest::collection::vec((0..last, 1_u64..600), 0..8);
    proptest!(|(stretches in stretches, length in 1_usize..400, stride in 1_usize..400)| {
        let wanted: Vec<_> =
            stretches.iter().map(|&(start0, bases)| (start0, (start0 + bases).min(last))).collect();
        let planner = planner(Arc::clone(&bundle), &wanted, length, stride);
        for layer in &planner.layers {
            let cut = planner.slots(layer, &layer.contigs[0]).count();
            let counted = count_slots(layer, &layer.contigs[0], length, planner.stride);
            prop_assert_eq!(counted, u64::try_from(cut).unwrap(), "{:?}", layer.track);
        }
    });
}
