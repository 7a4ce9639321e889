//! Independent random streams, one per part, so that an option of one part does not shuffle another.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A part of the simulation with a random stream of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Background,
    Genes,
    Signals,
    Expression,
    /// Where the RBP of this index binds.
    Sites(usize),
    /// The peaks of the model of this index.
    Peaks(usize),
    Variants,
}

impl Part {
    fn number(self) -> u64 {
        match self {
            Self::Background => 1,
            Self::Genes => 2,
            Self::Signals => 3,
            Self::Expression => 4,
            Self::Variants => 5,
            Self::Sites(rbp) => 1_000 + rbp as u64,
            Self::Peaks(model) => 2_000 + model as u64,
        }
    }
}

/// The stream of `part` under `seed`.
pub(super) fn stream(seed: u64, part: Part) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(part.number());
    rng
}

/// A standard normal draw (Box-Muller).
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

/// A draw from `low..=high` that is uniform on the logarithmic scale.
pub(super) fn log_uniform(rng: &mut ChaCha8Rng, low: f64, high: f64) -> u64 {
    let exponent = rng.random_range(low.ln()..=high.ln());
    exponent.exp().round() as u64
}

/// One item drawn uniformly, `None` from an empty slice.
pub(super) fn pick<'a, T>(rng: &mut ChaCha8Rng, items: &'a [T]) -> Option<&'a T> {
    if items.is_empty() { None } else { items.get(rng.random_range(0..items.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_part_and_seed_and_repeat() {
        let first = |seed, part| stream(seed, part).random::<u64>();
        assert_eq!(first(1, Part::Genes), first(1, Part::Genes));
        assert_ne!(first(1, Part::Genes), first(1, Part::Signals));
        assert_ne!(first(1, Part::Sites(0)), first(1, Part::Sites(1)));
        assert_ne!(first(1, Part::Genes), first(2, Part::Genes));
    }

    #[test]
    fn normal_has_mean_zero_and_unit_variance() {
        let mut rng = stream(1, Part::Genes);
        let draws: Vec<f64> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn log_uniform_stays_in_its_range() {
        let mut rng = stream(1, Part::Genes);
        assert!((0..1000).all(|_| (200..=4000).contains(&log_uniform(&mut rng, 200.0, 4000.0))));
    }
}
