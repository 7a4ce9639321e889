//! Rates of the engine's parts on this processor, for benchmarks.

use std::time::{Duration, Instant};

use crate::cpu::DirectConvolution;

/// Work of some repetitions.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Multiplications and additions.
    pub operations: f64,
    /// The fastest of the repetitions: what neighbours on the machine do counts least in it.
    pub time: Duration,
}

impl Rate {
    /// 10^9 multiplications and additions a second.
    pub fn gflops(&self) -> f64 {
        self.operations / self.time.as_secs_f64() / 1e9
    }
}

/// The second convolution of 1000-base windows by the direct method, with pooling, on `threads` threads at once.
pub fn direct_convolution(threads: usize, repetitions: usize) -> Rate {
    /// Windows of one repetition, for each thread.
    const WINDOWS: usize = 64;
    let threads = threads.max(1);
    let convolution = DirectConvolution::example();
    let time = (0..repetitions.max(1)).map(|_| {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| convolution.run(WINDOWS));
            }
        });
        start.elapsed()
    });
    Rate {
        operations: convolution.operations() * (WINDOWS * threads) as f64,
        time: time.min().unwrap_or_default(),
    }
}
