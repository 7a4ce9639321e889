//! Diffusion: how far maps of a model are spread over a window (the paper's equation 3).

/// How spread one rectified map is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapSpread {
    /// H(X) / sum(X): entropy in nats of the map as a distribution over positions, over the sum of the map scaled to a
    /// largest value of 1.
    pub diffusion: f64,
    /// exp(H(X)): the number of positions over which an even map would be as spread.
    pub effective_positions: f64,
}

/// The spread of a rectified map; `None` for a map that is 0 everywhere, which points nowhere and has no spread.
pub fn map_spread(map: &[f32]) -> Option<MapSpread> {
    let values = || map.iter().map(|value| f64::from(*value)).filter(|value| *value > 0.0);
    let (largest, sum) = (values().fold(0.0, f64::max), values().sum::<f64>());
    if !(largest > 0.0 && sum.is_finite()) {
        return None;
    }
    // Each term is positive, so that a single position gives 0 and not -0.
    let entropy: f64 = values().map(|value| (value / sum) * (sum / value).ln()).sum();
    Some(MapSpread { diffusion: entropy / (sum / largest), effective_positions: entropy.exp() })
}

/// Mean spread of a model's maps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diffusion {
    /// Maps that have a spread.
    pub maps: usize,
    /// Maps that are 0 everywhere; they do not count in the means.
    pub empty_maps: usize,
    /// Mean of H(X) / sum(X); `None` if no map has a spread.
    pub diffusion: Option<f64>,
    /// Mean of exp(H(X)); `None` likewise.
    pub effective_positions: Option<f64>,
}

impl Diffusion {
    /// The mean over rectified maps of positive windows.
    pub fn of<'a>(maps: impl IntoIterator<Item = &'a [f32]>) -> Self {
        let (mut count, mut empty_maps, mut diffusion, mut effective) = (0, 0, 0.0, 0.0);
        for map in maps {
            match map_spread(map) {
                Some(spread) => {
                    count += 1;
                    diffusion += spread.diffusion;
                    effective += spread.effective_positions;
                }
                None => empty_maps += 1,
            }
        }
        let mean = |sum: f64| (count > 0).then(|| sum / count as f64);
        Self { maps: count, empty_maps, diffusion: mean(diffusion), effective_positions: mean(effective) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_map_is_as_wide_as_it_is() {
        let spread = map_spread(&[0.0, 3.0, 3.0, 0.0, 3.0, 3.0]).unwrap();
        assert!((spread.effective_positions - 4.0).abs() < 1e-12);
        assert!((spread.diffusion - 4f64.ln() / 4.0).abs() < 1e-12);
    }

    #[test]
    fn the_scale_of_a_map_does_not_matter() {
        let (map, scaled) = ([1.0, 2.0, 0.5], [10.0, 20.0, 5.0]);
        let (one, other) = (map_spread(&map).unwrap(), map_spread(&scaled).unwrap());
        assert!((one.diffusion - other.diffusion).abs() < 1e-12);
        // p = 2/7, 4/7, 1/7; the map scaled to 1 sums to 1.75.
        let entropy: f64 = [2.0, 4.0, 1.0].map(|p: f64| -p / 7.0 * (p / 7.0).ln()).iter().sum();
        assert!((one.diffusion - entropy / 1.75).abs() < 1e-12);
    }

    #[test]
    fn empty_maps_do_not_count() {
        assert_eq!(map_spread(&[0.0; 5]), None);
        assert_eq!(map_spread(&[]), None);
        let point: &[f32] = &[0.0, 2.0];
        assert_eq!(map_spread(point), Some(MapSpread { diffusion: 0.0, effective_positions: 1.0 }));
        let mean = Diffusion::of([point, &[0.0, 0.0], &[1.0, 1.0]]);
        assert_eq!((mean.maps, mean.empty_maps, mean.effective_positions), (2, 1, Some(1.5)));
        assert_eq!(Diffusion::of([&[0.0][..]]).diffusion, None);
    }
}
