mod bad_input;
mod maps;
mod placement;
mod queueing;
mod recorder;
mod sharing;
mod splitting;
mod turns;

use std::ops::Range;
use std::sync::mpsc as standard;

use polaris_model::Substitution;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinHandle, spawn_blocking};

use super::*;
use recorder::{Asked, Recorder};

fn settings(max_batch_windows: usize, queue_windows: usize) -> EngineSettings {
    EngineSettings {
        device: polaris_model::Device::Cpu,
        threads: 1,
        precision: polaris_model::Precision::Strict,
        max_batch_windows,
        queue_windows,
        queue_wait: Duration::from_secs(1),
        cache_bytes: 0,
    }
}

/// Windows that differ in their first expression value.
fn windows(values: Range<u16>) -> Vec<WindowInput> {
    values
        .map(|value| WindowInput {
            sequence: Vec::new(),
            region: None,
            expression: vec![f32::from(value)],
            substitutions: Vec::new(),
        })
        .collect()
}

/// A window with substitutions at these offsets.
fn substituted(value: u16, offsets: Range<usize>) -> WindowInput {
    let substitutions = offsets.map(|offset0| Substitution { offset0, bases: b"A".to_vec() }).collect();
    WindowInput { substitutions, ..windows(value..value + 1).remove(0) }
}

type Answered = Result<Predictions, QueueError>;

/// A queue before which callers stand before the engine runs.
struct Desk {
    engine: Engine,
    queue: EngineQueue,
}

impl Desk {
    fn new(settings: EngineSettings) -> Self {
        let (engine, queue) = Queues::new(settings).open();
        Self { engine, queue }
    }

    /// Leaves a job of a caller of its own.
    async fn ask(&self, windows: Vec<WindowInput>, models: &[usize]) -> JoinHandle<Answered> {
        ask(&self.engine, windows, models, self.caller()).await
    }

    fn caller(&self) -> Caller {
        self.engine.caller(Deadline::default())
    }

    /// Runs the engine until all is answered.
    async fn run(self, recorder: Recorder) -> Vec<Asked> {
        let Self { engine, queue } = self;
        drop(engine);
        spawn_blocking(move || {
            queue.run(&recorder);
            recorder.asked()
        })
        .await
        .unwrap()
    }

    /// Runs the engine, which says its number before each batch and then waits.
    fn run_step_by_step(self, models: usize) -> (Engine, Steps) {
        let (sender, batches) = unbounded_channel();
        let (go_on, goes_on) = standard::channel();
        let recorder = Recorder { steps: Some((sender, goes_on.into())), ..Recorder::new(models) };
        let run = spawn_blocking(move || {
            self.queue.run(&recorder);
            recorder.asked()
        });
        (self.engine, Steps { batches, go_on, run })
    }
}

/// An engine that waits before each batch.
struct Steps {
    batches: UnboundedReceiver<usize>,
    go_on: standard::Sender<()>,
    run: JoinHandle<Vec<Asked>>,
}

impl Steps {
    /// Waits until the batch of this number is in the engine.
    async fn until(&mut self, batch: usize) {
        loop {
            // A batch that never comes must fail the test, not hold it up.
            let next = tokio::time::timeout(Duration::from_secs(30), self.batches.recv());
            let found = next.await.unwrap().unwrap();
            if found == batch {
                return;
            }
            self.go_on.send(()).unwrap();
        }
    }

    /// Lets the engine go on to the end.
    async fn finish(self) -> Vec<Asked> {
        let Self { batches, go_on, run } = self;
        drop((batches, go_on));
        run.await.unwrap()
    }
}

/// Leaves a job, so that it is in the queue when this returns.
async fn ask(
    engine: &Engine,
    windows: Vec<WindowInput>,
    models: &[usize],
    caller: Caller,
) -> JoinHandle<Answered> {
    let engine = engine.clone();
    let plan = engine.plan(windows, models.into());
    let task = tokio::spawn(async move { Ok(engine.predict(plan, caller).await?.0) });
    // Tests run on one thread, where what has been spawned has its turn now.
    tokio::task::yield_now().await;
    task
}

async fn logits(task: JoinHandle<Answered>) -> Vec<f32> {
    task.await.unwrap().unwrap().logits
}
