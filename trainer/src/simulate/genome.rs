//! Contigs with a background sequence: isochores of differing GC, few CpG.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::streams::log_uniform;

/// A contig and its bases (upper-case ACGT).
#[derive(Clone, Debug)]
pub(super) struct Contig {
    pub(super) name: String,
    pub(super) sequence: Vec<u8>,
}

/// The largest contig is about this many times as long as the smallest.
const LARGEST_TO_SMALLEST: f64 = 2.0;

/// `count` contigs of `bases` in all, of unequal length, with background sequence.
pub(super) fn background(rng: &mut ChaCha8Rng, bases: u64, count: usize) -> Vec<Contig> {
    let name_and_fill = |(index, length): (usize, u64)| Contig {
        name: format!("chr{}", index + 1),
        sequence: isochores(rng, length as usize),
    };
    lengths(bases, count).into_iter().enumerate().map(name_and_fill).collect()
}

/// Lengths falling evenly from the largest to the smallest; their sum is `bases`.
fn lengths(bases: u64, count: usize) -> Vec<u64> {
    let weight = |index: usize| {
        let step = if count > 1 { index as f64 / (count - 1) as f64 } else { 0.0 };
        LARGEST_TO_SMALLEST - (LARGEST_TO_SMALLEST - 1.0) * step
    };
    let total: f64 = (0..count).map(weight).sum();
    let mut lengths: Vec<u64> =
        (0..count).map(|index| (bases as f64 * weight(index) / total).floor() as u64).collect();
    let rest = bases - lengths.iter().sum::<u64>();
    if let Some(first) = lengths.first_mut() {
        *first += rest;
    }
    lengths
}

/// Sequence of stretches of 20 to 120 kb whose GC is 36% to 56%, more often low, as in mammals.
fn isochores(rng: &mut ChaCha8Rng, length: usize) -> Vec<u8> {
    let mut sequence = Vec::with_capacity(length);
    while sequence.len() < length {
        let end = length.min(sequence.len() + log_uniform(rng, 20_000.0, 120_000.0) as usize);
        let gc = 0.36 + 0.20 * rng.random::<f64>().powf(1.5);
        while sequence.len() < end {
            let local_end = end.min(sequence.len() + 2_000);
            let local_gc = gc + rng.random_range(-0.03..0.03);
            extend(rng, &mut sequence, local_end, local_gc);
        }
    }
    sequence
}

/// Draws bases up to `end`; most CpG decay to TpG or CpA, as methylated ones do.
fn extend(rng: &mut ChaCha8Rng, sequence: &mut Vec<u8>, end: usize, gc: f64) {
    while sequence.len() < end {
        let strong = rng.random_bool(gc);
        let first = rng.random_bool(0.5);
        let base = match (strong, first) {
            (true, true) => b'G',
            (true, false) => b'C',
            (false, true) => b'A',
            (false, false) => b'T',
        };
        let decays = base == b'G' && sequence.last() == Some(&b'C') && rng.random_bool(0.7);
        if decays && rng.random_bool(0.5) {
            sequence.pop();
            sequence.extend_from_slice(b"TG");
        } else {
            sequence.push(if decays { b'A' } else { base });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{Part, stream};
    use super::*;

    #[test]
    fn lengths_are_unequal_and_sum_to_the_whole() {
        let lengths = lengths(3_000_001, 10);
        assert_eq!(lengths.iter().sum::<u64>(), 3_000_001);
        assert!(lengths.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn gc_varies_between_stretches_and_cpg_is_rare() {
        let contigs = background(&mut stream(1, Part::Background), 1_000_000, 2);
        let bases: usize = contigs.iter().map(|contig| contig.sequence.len()).sum();
        assert_eq!(bases, 1_000_000);
        let sequence = &contigs[0].sequence;
        assert!(sequence.iter().all(|base| b"ACGT".contains(base)));
        let gc: Vec<f64> = sequence
            .chunks(10_000)
            .map(|chunk| chunk.iter().filter(|base| b"GC".contains(base)).count() as f64 / chunk.len() as f64)
            .collect();
        let (low, high) = gc.iter().fold((1.0f64, 0.0f64), |(low, high), &x| (low.min(x), high.max(x)));
        assert!(low < 0.42 && high > 0.47 && low > 0.3 && high < 0.62, "{low} {high}");
        let pairs = |pair: &[u8]| sequence.windows(2).filter(|window| *window == pair).count();
        assert!(2 * pairs(b"CG") < pairs(b"GC"));
    }
}
