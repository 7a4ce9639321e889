use std::{fs, io::Write, sync::Arc};

use proptest::prelude::*;

use super::*;
use crate::{
    testing::{real_data, reference_of, write_fasta},
    window::signed_length,
};

fn naive(genome: &[u8], start0: i64, end0: i64) -> Vec<u8> {
    let base = |position0: i64| {
        let inside = usize::try_from(position0).ok().and_then(|position0| genome.get(position0));
        inside.copied().map_or(b'N', crate::normalize_base)
    };
    (start0..end0).map(base).collect()
}

/// Compresses `path` to `path.gz` in blocks of 30 bytes, with its `.gzi` and the `.fai` of the plain file.
fn bgzip(path: &Path) -> PathBuf {
    let plain = fs::read(path).unwrap();
    let (mut packed, mut index) = (Vec::new(), Vec::new());
    for (block, chunk) in plain.chunks(30).enumerate() {
        if block > 0 {
            index.push((packed.len() as u64, block as u64 * 30));
        }
        let mut writer = noodles_bgzf::io::Writer::new(Vec::new());
        writer.write_all(chunk).unwrap();
        writer.try_finish().unwrap();
        let with_end = writer.into_inner();
        // The last 28 bytes are the empty block that marks the end of a file.
        packed.extend_from_slice(&with_end[..with_end.len() - 28]);
    }
    let target = path.with_extension("fa.gz");
    fs::write(&target, packed).unwrap();
    noodles_bgzf::gzi::fs::write(path.with_extension("fa.gz.gzi"), &index.into()).unwrap();
    fs::copy(path.with_extension("fa.fai"), path.with_extension("fa.gz.fai")).unwrap();
    target
}

#[test]
fn what_lies_off_the_contig_is_n_and_never_the_next_contig() {
    let (_directory, reference) = reference_of(&[("chr1", b"acgtRyUA"), ("chr2", b"GGGG"), ("chrM", b"T")]);
    assert_eq!(reference.fetch("chr1", 0, 8).unwrap(), b"ACGTNNTA");
    assert_eq!(reference.fetch("1", -3, 2).unwrap(), b"NNNAC");
    assert_eq!(reference.fetch("chr1", 6, 12).unwrap(), b"TANNNN");
    assert_eq!(reference.fetch("chr1", -9, -4).unwrap(), b"NNNNN");
    assert_eq!(reference.fetch("chr1", 100, 103).unwrap(), b"NNN");
    assert_eq!(reference.fetch("2", -1, 5).unwrap(), b"NGGGGN");
    assert_eq!(reference.fetch("MT", 0, 1).unwrap(), b"T");
    assert_eq!(reference.fetch("chr2", 3, 1).unwrap(), b"");
}

#[test]
fn contigs_are_found_by_name_before_alias() {
    let (_directory, reference) = reference_of(&[("chrM", b"AAA"), ("chrMT", b"CCCC"), ("7", b"G")]);
    assert_eq!(reference.contig("chrMT").unwrap().length, 4);
    assert_eq!(reference.contig("MT").unwrap().name, "chrM");
    assert_eq!(reference.contig("chr7").unwrap().name, "7");
    assert_eq!(reference.contig("chr8"), None);
    assert_eq!(reference.contigs().len(), 3);
}

#[test]
fn errors_name_the_file_and_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    let message = |path: &Path| Reference::open(path).err().unwrap().to_string();
    assert!(message(&path).contains("genome.fa: No such file"), "{}", message(&path));
    write_fasta(&path, &[("chr1", b"ACGTACGTAC"), ("chr2", b"ACGT")], "\n");
    let packed = bgzip(&path);

    fs::remove_file(path.with_extension("fa.gz.gzi")).unwrap();
    assert!(message(&packed).contains("genome.fa.gz.gzi: "), "{}", message(&packed));
    assert!(message(&packed).ends_with("genome.fa.gz`"), "{}", message(&packed));

    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 4]).unwrap();
    assert!(message(&path).contains("chr2 ends before base 4"), "{}", message(&path));
    fs::write(path.with_extension("fa.fai"), b"").unwrap();
    assert!(message(&path).contains("names no contig"), "{}", message(&path));
    fs::write(path.with_extension("fa.fai"), b"chr1\tx\n").unwrap();
    assert!(message(&path).contains("genome.fa.fai: "), "{}", message(&path));
    fs::remove_file(path.with_extension("fa.fai")).unwrap();
    let missing = message(&path);
    assert!(missing.contains("genome.fa.fai: "), "{missing}");
    assert!(missing.contains("`samtools faidx ") && missing.ends_with("genome.fa`"), "{missing}");

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&text).unwrap();
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    assert!(message(&path).contains("| bgzip >"), "{}", message(&path));
}

#[test]
fn an_index_older_than_the_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    write_fasta(&path, &[("chr1", b"ACGTACGTACG"), ("chr2", b"ACGT")], "\n");
    let index = fs::read(path.with_extension("fa.fai")).unwrap();
    for changed in [&b"ACGTACGTACGT"[..], b"ACGTACGTAC"] {
        write_fasta(&path, &[("chr1", changed), ("chr2", b"ACGT")], "\n");
        fs::write(path.with_extension("fa.fai"), &index).unwrap();
        let message = Reference::open(&path).err().unwrap().to_string();
        assert!(
            message.contains("the sequence of chr1 ") && message.contains("`samtools faidx "),
            "{message}"
        );
    }
}

#[test]
fn an_index_of_absurd_numbers_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("genome.fa");
    write_fasta(&plain, &[("chr1", b"ACGTACGTACG")], "\n");
    let bgzipped = bgzip(&plain);
    for numbers in [
        "18446744073709551615\t6\t7\t8",
        "11\t18446744073709551615\t7\t8",
        "11\t9223372036854775808\t7\t8",
        "11\t6\t1\t18446744073709551615",
        "18446744073709551614\t6\t1\t18446744073709551615",
        "9223372036854775807\t6\t7\t8",
        "400\t6\t7\t8",
    ] {
        for path in [&plain, &bgzipped] {
            let mut index = path.clone().into_os_string();
            index.push(".fai");
            fs::write(index, format!("chr1\t{numbers}\n")).unwrap();
            let message = Reference::open(path).err().unwrap().to_string();
            assert!(message.contains("`samtools faidx "), "{numbers}: {message}");
        }
    }
}

#[test]
fn a_contig_of_two_lines_in_the_index_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    write_fasta(&path, &[("chr1", b"ACGT"), ("chr1", b"ACGT")], "\n");
    let message = Reference::open(&path).err().unwrap().to_string();
    assert!(message.contains("\"chr1\" is there twice"), "{message}");
}

#[test]
fn requests_that_cannot_be_answered() {
    let (_directory, reference) = reference_of(&[("chr1", b"ACGT"), ("chr2", b"A")]);
    let message = reference.fetch("chr3", 0, 1).unwrap_err().to_string();
    assert!(message.ends_with("no contig \"chr3\": the file starts with chr1, chr2"), "{message}");
    let message = reference.fetch("chr1", i64::MIN, i64::MAX).unwrap_err().to_string();
    assert!(message.contains("ask for less"), "{message}");
}

#[test]
fn pages_meet_without_a_seam_and_threads_agree() {
    let length = 2 * PAGE_BASES as usize + 5_000;
    let genome: Vec<u8> = (0..length).map(|index| b"ACGT"[(index * index / 7 + index) % 4]).collect();
    let (_directory, reference) = reference_of(&[("chr1", &genome)]);
    let reference = Arc::new(reference);
    std::thread::scope(|scope| {
        for thread in 0..4_i64 {
            let (reference, genome) = (Arc::clone(&reference), &genome);
            scope.spawn(move || {
                for step in 0..60 {
                    let start0 = (step * 2_311 + thread * 977) % (signed_length(length) + 2_000) - 1_000;
                    let fetched = reference.fetch("chr1", start0, start0 + 1_500).unwrap();
                    assert_eq!(fetched, naive(genome, start0, start0 + 1_500));
                }
            });
        }
    });
    assert_eq!(
        reference.fetch("chr1", -1, signed_length(length) + 1).unwrap(),
        naive(&genome, -1, signed_length(length) + 1)
    );
}

#[test]
fn real_genome_reads_alike_twice() {
    let Some(folder) = real_data() else { return };
    let reference = Reference::open(&folder.join("genome.fa.gz")).unwrap();
    assert_eq!(reference.contigs().len(), 25);
    let sequenced = crate::IntervalSet::read_bed(&folder.join("sequenced.bed")).unwrap();
    for (contig, intervals) in sequenced.iter() {
        let (start0, end0) = (intervals[0].0.cast_signed(), intervals[0].1.cast_signed());
        let block = reference.fetch(contig, start0, end0).unwrap();
        assert!(crate::gc_fraction(&block).is_some_and(|gc| (0.25..0.75).contains(&gc)), "{contig}:{start0}");
        let middle = (end0 - start0) / 2;
        let again = reference.fetch(contig, start0 + middle, start0 + middle + 100).unwrap();
        assert_eq!(again, block[middle as usize..middle as usize + 100]);
    }
    let end0 = reference.contig("chr9").unwrap().length.cast_signed();
    assert_eq!(reference.fetch("9", end0 - 5, end0 + 5).unwrap().len(), 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fetch_equals_a_genome_in_memory(
        first in proptest::collection::vec(proptest::sample::select(b"ACGTNacgtnRu".to_vec()), 1..120),
        second in proptest::collection::vec(proptest::sample::select(b"ACGT".to_vec()), 0..40),
        line_end in proptest::sample::select(vec!["\n", "\r\n"]),
        compressed in any::<bool>(),
        spans in proptest::collection::vec((-200_i64..300, -5_i64..250), 1..20),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let mut path = directory.path().join("genome.fa");
        write_fasta(&path, &[("chr1", &first), ("chr2", &second), ("chr3", b"GATTACA")], line_end);
        if compressed {
            path = bgzip(&path);
        }
        let reference = Reference::open(&path).unwrap();
        for (start0, length) in spans {
            for (contig, genome) in [("chr1", &first), ("2", &second)] {
                let fetched = reference.fetch(contig, start0, start0 + length).unwrap();
                prop_assert_eq!(fetched, naive(genome, start0, start0 + length));
            }
        }
    }

    #[test]
    fn no_request_panics(start0 in any::<i64>(), end0 in any::<i64>()) {
        let (_directory, reference) = reference_of(&[("chr1", b"ACGT")]);
        let near = start0.saturating_add(end0 % 1_000);
        prop_assert!(reference.fetch("chr1", start0, near).is_ok());
        if end0.abs_diff(start0) > MAX_FETCH_BASES && start0 < end0 {
            let error = reference.fetch("chr1", start0, end0).unwrap_err();
            let is_too_long = matches!(error, ReferenceError::TooLong { .. });
            prop_assert!(is_too_long, "{}", error);
        }
    }
}
