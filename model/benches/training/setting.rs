//! What is trained: networks and their windows.

use polaris_model::training::{Example, Recipe};
use polaris_model::{Architecture, Device};

pub(crate) struct Setting {
    pub(crate) models: usize,
    pub(crate) steps: usize,
    pub(crate) rounds: usize,
    pub(crate) threads: usize,
    pub(crate) recipe: Recipe,
    pub(crate) architecture: Architecture,
    pub(crate) device: Device,
}

impl Setting {
    pub(crate) fn from_arguments() -> Self {
        // `cargo bench` adds an argument of its own.
        let arguments: Vec<String> =
            std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
        let option = |name: &str| {
            let place = arguments.iter().position(|argument| argument == name)?;
            arguments.get(place + 1).cloned()
        };
        let numbers: Vec<usize> = arguments.iter().map_while(|argument| argument.parse().ok()).collect();
        let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default).max(1);
        let recipe = Recipe::by_name(option("--recipe").as_deref().unwrap_or("standard")).unwrap();
        let length = option("--length").map_or(1000, |length| length.parse().unwrap());
        Self {
            models: number(0, 8),
            steps: number(1, 20),
            rounds: number(2, 3),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            recipe: Recipe { epochs: 1, ..recipe },
            architecture: Architecture::new(length, true, true).unwrap(),
            device: option("--device").map_or(Device::Cpu, |name| name.parse().unwrap()),
        }
    }

    /// Windows of bases that follow no pattern, every other one bound.
    pub(crate) fn data(&self) -> Vec<Vec<Example>> {
        let flank_bases = self.recipe.shift_bases;
        let length = self.architecture.input_length() + 2 * flank_bases;
        let mut state = 1u64;
        let mut below = move |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % limit
        };
        let mut example = move |index: usize| Example {
            sequence: (0..length).map(|_| b"ACGT"[below(4)]).collect(),
            flank_bases,
            expression: 1.0,
            region: None,
            positive: index.is_multiple_of(2),
        };
        let windows = self.steps * self.recipe.batch_windows;
        (0..self.models).map(|_| (0..windows).map(&mut example).collect()).collect()
    }
}
