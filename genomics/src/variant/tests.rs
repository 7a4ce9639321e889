use std::io::Read;

use proptest::prelude::*;

use super::*;
use crate::testing::{real_data, reference_of};

fn variant(position0: u64, reference: &[u8], alternate: &[u8]) -> Variant {
    Variant::new("chr1", position0, reference, alternate).unwrap()
}

/// What a contig becomes when a variant is applied.
fn applied(genome: &[u8], variant: &Variant) -> Vec<u8> {
    let start = variant.position0 as usize;
    let after = start + variant.reference.len();
    [&genome[..start], &variant.alternate, &genome[after..]].concat()
}

#[test]
fn letters_are_checked_and_raised() {
    assert_eq!(variant(4, b"acn", b"G").reference, b"ACN");
    for (reference, alternate, message) in [
        (&b"A"[..], &b"<DEL>"[..], "chr1:5: the alternate allele has '<' at offset 0"),
        (b"AR", b"T", "chr1:5: the reference allele has 'R' at offset 1"),
        (b"A", b"*", "'*'"),
        (b"A", b"G]17:198982]", "']' at offset 1"),
        (b"A", b"U", "'U'"),
    ] {
        let error = Variant::new("chr1", 4, reference, alternate).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn trimming_gives_the_bare_change() {
    let (_directory, reference) = reference_of(&[("chr1", b"ACGTTGCA")]);
    for (spelled, bare) in [
        (variant(1, b"CGT", b"CAT"), variant(2, b"G", b"A")),
        (variant(1, b"CG", b"TA"), variant(1, b"CG", b"TA")),
        (variant(0, b"ACGT", b"AGCT"), variant(1, b"CG", b"GC")),
        (variant(0, b"AC", b"A"), variant(1, b"C", b"")),
        (variant(0, b"A", b"AG"), variant(1, b"", b"G")),
        (variant(1, b"CGT", b"CAAAT"), variant(2, b"G", b"AAA")),
    ] {
        assert_eq!(spelled.normalize(&reference).unwrap(), bare);
        assert_eq!(spelled.is_indel(), bare.is_indel());
    }
    assert!(!variant(1, b"CG", b"TA").is_indel());
    assert!(variant(2, b"G", b"AAA").is_indel());
}

#[test]
fn indels_go_left_as_far_as_the_repeat() {
    let (_directory, reference) = reference_of(&[("chr1", b"GCACACACATTTT")]);
    let deletion = variant(1, b"CA", b"");
    for spelled in
        [variant(6, b"ACA", b"A"), variant(0, b"GCA", b"G"), variant(4, b"AC", b""), variant(7, b"CA", b"")]
    {
        assert_eq!(spelled.normalize(&reference).unwrap(), deletion);
    }
    let insertion = variant(9, b"", b"TT");
    for spelled in [variant(12, b"T", b"TTT"), variant(8, b"A", b"ATT"), variant(13, b"", b"TT")] {
        assert_eq!(spelled.normalize(&reference).unwrap(), insertion);
    }
    let (_directory, poly) = reference_of(&[("chr1", &[b'A'; 400])]);
    assert_eq!(variant(399, b"A", b"AAAA").normalize(&poly).unwrap(), variant(0, b"", b"AAA"));
}

#[test]
fn nothing_moves_along_unknown_bases() {
    let (_directory, reference) = reference_of(&[("chr1", b"ANNNNC")]);
    assert_eq!(variant(3, b"N", b"").normalize(&reference).unwrap(), variant(3, b"N", b""));
}

#[test]
fn the_contig_gets_its_name_in_the_fasta() {
    let (_directory, reference) = reference_of(&[("chrM", b"ACGT")]);
    let normal = Variant::new("MT", 1, b"C", b"T").unwrap().normalize(&reference).unwrap();
    assert_eq!(normal.contig, "chrM");
}

#[test]
fn what_cannot_be_normalized_is_named_with_its_place() {
    let (_directory, reference) = reference_of(&[("chr1", b"ACGT")]);
    let message = |variant: &Variant| variant.normalize(&reference).unwrap_err().to_string();
    let mismatch = message(&variant(1, b"GG", b"T"));
    assert!(mismatch.starts_with("chr1:2: the reference allele is GG, but the FASTA has CG"), "{mismatch}");
    assert!(
        message(&variant(1, b"CG", b"CG")).starts_with("chr1:2: reference and alternate allele are the same")
    );
    assert!(
        message(&variant(3, b"TA", b"T")).starts_with("chr1:4: the reference allele of 2 bases reaches past")
    );
    assert!(message(&variant(u64::MAX, b"TA", b"T")).contains("reaches past"));
    let elsewhere = Variant::new("chr2", 0, b"A", b"C").unwrap();
    assert!(message(&elsewhere).contains("no contig \"chr2\""));
    assert_eq!(variant(4, b"", b"A").normalize(&reference).unwrap(), variant(4, b"", b"A"));
}

fn bases(alphabet: &'static [u8], size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(proptest::sample::select(alphabet), size)
}

proptest! {
    /// Two letters make many repeats, in which indels can be spelled in many ways.
    #[test]
    fn all_spellings_of_a_change_become_one(
        genome in bases(b"AC", 20..90),
        start in 0_usize..200,
        removed in 0_usize..6,
        alternate in bases(b"AC", 0..6),
        before in 0_usize..8,
        after in 0_usize..8,
        shift in 0_usize..12,
    ) {
        let (_directory, reference) = reference_of(&[("chr1", &genome)]);
        let start = start % genome.len();
        let end = (start + removed).min(genome.len());
        let bare = variant(start as u64, &genome[start..end], &alternate);
        let changed = applied(&genome, &bare);
        prop_assume!(changed != genome);
        let normal = bare.normalize(&reference).unwrap();
        prop_assert_eq!(applied(&genome, &normal), changed.clone());
        prop_assert_eq!(normal.normalize(&reference).unwrap(), normal.clone());

        let (left, right) = (start.saturating_sub(before), (end + after).min(genome.len()));
        let padded = variant(
            left as u64,
            &genome[left..right],
            &[&genome[left..start], &alternate, &genome[end..right]].concat(),
        );
        prop_assert_eq!(padded.normalize(&reference).unwrap(), normal.clone());

        // The same indel further right, where that changes the genome alike.
        if normal.reference.is_empty() != normal.alternate.is_empty() {
            let position0 = normal.position0 as usize + shift;
            let size = normal.reference.len().max(normal.alternate.len());
            let shifted = if normal.reference.is_empty() {
                changed.get(position0..position0 + size).map(|bases| variant(position0 as u64, b"", bases))
            } else {
                genome.get(position0..position0 + size).map(|bases| variant(position0 as u64, bases, b""))
            };
            let shifted = shifted.filter(|shifted| shifted.position0 as usize <= genome.len());
            if let Some(shifted) = shifted.filter(|shifted| applied(&genome, shifted) == changed) {
                prop_assert!(shifted.position0 >= normal.position0);
                prop_assert_eq!(shifted.normalize(&reference).unwrap(), normal.clone());
            }
        }
    }

    #[test]
    fn a_normal_indel_cannot_go_further_left(
        genome in bases(b"AC", 10..60),
        start in 0_usize..60,
        alternate in bases(b"AC", 1..4),
    ) {
        let (_directory, reference) = reference_of(&[("chr1", &genome)]);
        let bare = variant((start % genome.len()) as u64, b"", &alternate);
        let normal = bare.normalize(&reference).unwrap();
        let changed = applied(&genome, &bare);
        let leftmost = (0..=genome.len()).find(|&position| {
            let inserted = &changed[position..position + alternate.len()];
            applied(&genome, &variant(position as u64, b"", inserted)) == changed
        });
        prop_assert_eq!(Some(normal.position0 as usize), leftmost);
    }
}

#[test]
fn real_variants_agree_with_the_genome() {
    let Some(folder) = real_data() else { return };
    let reference = Reference::open(&folder.join("genome.fa.gz")).unwrap();
    for name in ["clinvar_small", "common_snps", "consplice_pathogenic_splice"] {
        let path = folder.join(format!("variants/{name}.hg38.vcf.gz"));
        let mut text = String::new();
        crate::open_text(&path).unwrap().read_to_string(&mut text).unwrap();
        let (mut alleles, mut indels) = (0, 0);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let position0 = columns[1].parse::<u64>().unwrap() - 1;
            for alternate in columns[4].split(',') {
                let spelled =
                    Variant::new(columns[0], position0, columns[3].as_bytes(), alternate.as_bytes()).unwrap();
                let normal = spelled.normalize(&reference).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(normal.normalize(&reference).unwrap(), normal);
                alleles += 1;
                indels += usize::from(normal.is_indel());
            }
        }
        assert!(alleles > 100, "{name} has {alleles} alleles");
        eprintln!("{name}: {alleles} alleles agree with the genome, {indels} of them indels");
    }
}
