//! Streams of random numbers that depend on the seed, the model and the purpose, and on nothing else.

use polaris_model::ModelId;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The stream of `purpose` for `model`: the same however many models are prepared, in whatever order.
pub(super) fn stream(seed: u64, model: &ModelId, purpose: &str) -> ChaCha8Rng {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(model.to_string())
        .chain_update([0])
        .chain_update(purpose)
        .finalize();
    ChaCha8Rng::from_seed(digest.into())
}

#[cfg(test)]
mod tests {
    use rand::RngCore;

    use super::*;

    #[test]
    fn streams_differ_by_seed_model_and_purpose() {
        let model = |rbp| ModelId::new(rbp, "K562").unwrap();
        let first = |seed, rbp, purpose| stream(seed, &model(rbp), purpose).next_u64();
        assert_eq!(first(1, "QKI", "folds"), first(1, "QKI", "folds"));
        let others = [first(2, "QKI", "folds"), first(1, "PUM2", "folds"), first(1, "QKI", "negatives")];
        assert!(!others.contains(&first(1, "QKI", "folds")));
    }
}
