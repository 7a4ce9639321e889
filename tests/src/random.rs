//! Random windows, the same in every run.

use polaris_model::WindowInput;
use polaris_proto::v1::{Region, Window};

/// A generator of test data (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins a sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `bound` - 1; 0 if there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z.checked_rem(bound as u64).unwrap_or(0)).unwrap_or(0)
    }

    /// Bases A, C, G and T.
    pub fn sequence(&mut self, length: usize) -> String {
        (0..length).map(|_| ['A', 'C', 'G', 'T'][self.below(4)]).collect()
    }

    /// A window with expression in K562 and HepG2 and a region class or none.
    pub fn window(&mut self, length: usize) -> Window {
        let mut expression = || self.below(8000) as f32 / 1000.0;
        let expression = [("K562".to_owned(), expression()), ("HepG2".to_owned(), expression())].into();
        let region = i32::try_from(self.below(7)).unwrap_or(0);
        Window { sequence: self.sequence(length), expression, region }
    }
}

/// The window as the engine reads it, for the cell lines of an ensemble.
pub fn engine_window(window: &Window, cell_lines: &[String]) -> WindowInput {
    use polaris_genomics::RegionClass;
    let region = match window.region() {
        Region::Unspecified => None,
        Region::Intron => Some(RegionClass::Intron),
        Region::Exon => Some(RegionClass::Exon),
        Region::OneToFiveKb => Some(RegionClass::OneToFiveKb),
        Region::Promoter => Some(RegionClass::Promoter),
        Region::ThreePrimeUtr => Some(RegionClass::ThreePrimeUtr),
        Region::FivePrimeUtr => Some(RegionClass::FivePrimeUtr),
    };
    WindowInput {
        sequence: window.sequence.clone().into_bytes(),
        region,
        expression: cell_lines
            .iter()
            .map(|line| window.expression.get(line).copied().unwrap_or(0.0))
            .collect(),
        substitutions: Vec::new(),
    }
}
