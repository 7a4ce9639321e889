//! Whatever comes together, each caller is told what it would be told alone.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::*;

const MODELS: usize = 3;

/// What one caller asks.
#[derive(Clone, Debug)]
struct Asking {
    windows: Vec<(u16, Vec<usize>)>,
    models: Vec<usize>,
    leaves: bool,
}

fn asking() -> impl Strategy<Value = Asking> {
    let window = (0..4_u16, vec(0..6_usize, 0..5));
    let models = subsequence((0..MODELS).collect::<Vec<_>>(), 1..=MODELS).prop_shuffle();
    (vec(window, 1..6), models, prop::bool::weighted(0.2)).prop_map(|(windows, models, leaves)| Asking {
        windows,
        models,
        leaves,
    })
}

impl Asking {
    fn windows(&self) -> Vec<WindowInput> {
        let window = |(value, offsets): &(u16, Vec<usize>)| WindowInput {
            substitutions: offsets
                .iter()
                .flat_map(|&offset0| substituted(0, offset0..offset0 + 1).substitutions)
                .collect(),
            ..windows(*value..value + 1).remove(0)
        };
        self.windows.iter().map(window).collect()
    }

    /// As the [`Recorder`] answers.
    fn expected(&self) -> Vec<f32> {
        let rows = self.windows.iter().flat_map(|(value, offsets)| {
            let substituted = offsets.iter().map(|&offset0| 1000.0 * (offset0 + 1) as f32);
            std::iter::once(0.0).chain(substituted).map(|row| f32::from(*value) + row)
        });
        rows.flat_map(|row| self.models.iter().map(move |&model| row + model as f32)).collect()
    }
}

async fn check(all: &[Asking], settings: EngineSettings, split: Index) -> Result<(), TestCaseError> {
    let desk = Desk::new(settings);
    // Some wait before the engine runs, others come while it does.
    let (before, after) = all.split_at(split.index(all.len() + 1));
    let mut tasks = Vec::new();
    for asking in before {
        tasks.push((asking, desk.ask(asking.windows(), &asking.models).await));
    }
    let Desk { engine, queue } = desk;
    let run = spawn_blocking(move || queue.run(&Recorder::new(MODELS)));
    for asking in after {
        let caller = engine.caller(Deadline::default());
        tasks.push((asking, ask(&engine, asking.windows(), &asking.models, caller).await));
    }
    for (_, task) in tasks.iter().filter(|(asking, _)| asking.leaves) {
        task.abort();
    }
    for (asking, task) in tasks {
        if let Ok(answer) = task.await {
            let answer = answer.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(answer.logits, asking.expected());
        } else {
            prop_assert!(asking.leaves);
        }
    }
    let room = engine.room.clone();
    drop(engine);
    run.await.unwrap();
    prop_assert_eq!(room.free(), (settings.queue_windows, settings.queue_windows / 16));
    Ok(())
}

proptest! {
    #[test]
    fn every_caller_is_told_what_it_asked(
        all in vec(asking(), 1..12),
        max_batch_windows in 1..9_usize,
        cache_bytes in prop::sample::select(vec![0, 1 << 20]),
        split in any::<Index>(),
    ) {
        let settings = EngineSettings { cache_bytes, ..settings(max_batch_windows, 10_000) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(&all, settings, split))?;
    }
}
