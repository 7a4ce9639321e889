use std::sync::Mutex;

use super::*;

/// Answers the first value of `expression` plus the model's index as logit, and notes the batches. What drives a
/// prediction is the logit, twice.
#[derive(Default)]
struct Recorder {
    batches: Mutex<Vec<(usize, Vec<usize>)>>,
    methods: Mutex<Vec<Option<LocalizationMethod>>>,
    fails: bool,
}

impl Predictor for Recorder {
    fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
        self.methods.lock().unwrap().push(None);
        self.calculate(windows, models)
    }

    fn localize(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: LocalizationMethod,
    ) -> Result<Localizations, EngineError> {
        self.methods.lock().unwrap().push(Some(method));
        let predictions = self.calculate(windows, models)?;
        let values = predictions.logits.iter().flat_map(|&logit| [logit, logit]).collect();
        Ok(Localizations { predictions, method, values })
    }
}

impl Recorder {
    fn calculate(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
        self.batches.lock().unwrap().push((windows.len(), models.to_vec()));
        if self.fails {
            return Err(EngineError::Model { index: 9, models: 1 });
        }
        let logits: Vec<f32> = windows
            .iter()
            .flat_map(|window| models.iter().map(|&model| window.expression[0] + model as f32))
            .collect();
        Ok(Predictions {
            models: models.len(),
            probabilities: logits.iter().map(|value| value / 1000.0).collect(),
            logits,
        })
    }
}

fn settings(max_batch_windows: usize, queue_windows: usize, queue_wait_ms: u64) -> EngineSettings {
    EngineSettings {
        device: polaris_model::Device::Cpu,
        threads: 1,
        max_batch_windows,
        queue_windows,
        queue_wait: Duration::from_millis(queue_wait_ms),
    }
}

fn windows(values: std::ops::Range<u16>) -> Vec<WindowInput> {
    values
        .map(|value| WindowInput {
            sequence: Vec::new(),
            region: None,
            expression: vec![f32::from(value)],
            substitutions: Vec::new(),
        })
        .collect()
}

/// Leaves jobs in the queue, then runs the engine until all is answered.
async fn run(
    settings: EngineSettings,
    calls: Vec<(Vec<WindowInput>, Vec<usize>, Deadline)>,
    recorder: Recorder,
) -> (Vec<Result<Predictions, QueueError>>, Vec<(usize, Vec<usize>)>) {
    let (engine, queue) = queue(&settings);
    let tasks: Vec<_> = calls
        .into_iter()
        .map(|(windows, models, deadline)| {
            let engine = engine.clone();
            tokio::spawn(async move { engine.predict(windows, models.into(), deadline).await })
        })
        .collect();
    drop(engine);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let recorder = tokio::task::spawn_blocking(move || {
        queue.run(&recorder);
        recorder
    });
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    (answers, recorder.await.unwrap().batches.into_inner().unwrap())
}

#[tokio::test]
async fn jobs_with_the_same_models_share_a_batch_and_large_ones_are_split() {
    let none = Deadline::default();
    let calls = vec![
        (windows(0..2), vec![0, 1], none),
        (windows(10..11), vec![1], none),
        (windows(20..27), vec![0, 1], none),
    ];
    let (answers, batches) = run(settings(4, 100, 1000), calls, Recorder::default()).await;
    assert_eq!(batches, [(4, vec![0, 1]), (1, vec![1]), (4, vec![0, 1]), (1, vec![0, 1])]);
    let logits: Vec<Vec<f32>> = answers.into_iter().map(|answer| answer.unwrap().logits).collect();
    assert_eq!(logits[0], [0.0, 1.0, 1.0, 2.0]);
    assert_eq!(logits[1], [11.0]);
    let expected: Vec<f32> = (20..27).flat_map(|value| [value as f32, value as f32 + 1.0]).collect();
    assert_eq!(logits[2], expected);
}

#[tokio::test]
async fn late_and_abandoned_work_never_reaches_the_models() {
    let (engine, queue) = queue(&settings(8, 100, 1000));
    let expired = {
        let engine = engine.clone();
        tokio::spawn(async move {
            let question = Question { models: [0].into(), method: None };
            engine.submit(windows(0..3), question, Deadline::after(Duration::ZERO)).await
        })
    };
    let abandoned = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.predict(windows(0..3), [0].into(), Deadline::default()).await })
    };
    while engine.permits.available_permits() > 94 {
        tokio::task::yield_now().await;
    }
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    let permits = Arc::clone(&engine.permits);
    drop(engine);
    let recorder = tokio::task::spawn_blocking(move || {
        let recorder = Recorder::default();
        queue.run(&recorder);
        recorder
    });
    assert!(matches!(expired.await.unwrap(), Err(QueueError::DeadlineExceeded)));
    assert!(recorder.await.unwrap().batches.lock().unwrap().is_empty());
    assert_eq!(permits.available_permits(), 100);
}

#[tokio::test]
async fn a_full_queue_refuses_after_the_wait_and_frees_its_room() {
    let (engine, _queue) = queue(&settings(8, 4, 10));
    let holder = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.predict(windows(0..3), [0].into(), Deadline::default()).await })
    };
    while engine.permits.available_permits() == 4 {
        tokio::task::yield_now().await;
    }
    let refused = engine.predict(windows(0..2), [0].into(), Deadline::default()).await;
    assert!(matches!(refused, Err(QueueError::Full { windows: 2, queue_windows: 4, .. })));
    let late = engine.predict(windows(0..2), [0].into(), Deadline::after(Duration::from_millis(1))).await;
    assert!(matches!(late, Err(QueueError::DeadlineExceeded)));
    let too_many = engine.predict(windows(0..5), [0].into(), Deadline::default()).await;
    assert!(matches!(too_many, Err(QueueError::Full { windows: 5, .. })));
    holder.abort();
}

#[tokio::test]
async fn a_failing_engine_answers_every_job_of_the_batch() {
    let none = Deadline::default();
    let calls = vec![(windows(0..2), vec![0], none), (windows(2..3), vec![0], none)];
    let recorder = Recorder { fails: true, ..Recorder::default() };
    let (answers, batches) = run(settings(8, 100, 1000), calls, recorder).await;
    assert_eq!(batches, [(3, vec![0])]);
    assert!(answers.iter().all(|answer| matches!(answer, Err(QueueError::Engine(_)))));
}

#[tokio::test]
async fn an_ended_engine_says_so() {
    let (engine, queue) = queue(&settings(8, 100, 1000));
    drop(queue);
    let answer = engine.predict(windows(0..1), [0].into(), Deadline::default()).await;
    assert!(matches!(answer, Err(QueueError::Stopped)));
}

#[tokio::test]
async fn maps_are_calculated_apart_and_mutagenesis_window_by_window() {
    use LocalizationMethod::{GradCam, Mutagenesis};
    let (engine, queue) = queue(&settings(4, 100, 1000));
    let localize = |values, method| {
        let (engine, models) = (engine.clone(), Arc::from([0, 1]));
        tokio::spawn(
            async move { engine.localize(windows(values), models, method, Deadline::default()).await },
        )
    };
    let mutagenesis = localize(0..2, Mutagenesis);
    let (first, second) = (localize(10..12, GradCam), localize(20..23, GradCam));
    let predicted = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.predict(windows(30..31), [0, 1].into(), Deadline::default()).await })
    };
    drop(engine);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let recorder = tokio::task::spawn_blocking(move || {
        let recorder = Recorder::default();
        queue.run(&recorder);
        recorder
    });
    let answer = mutagenesis.await.unwrap().unwrap();
    assert_eq!((answer.method, answer.predictions.logits), (Mutagenesis, vec![0.0, 1.0, 1.0, 2.0]));
    assert_eq!(answer.values, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
    assert_eq!(first.await.unwrap().unwrap().values[..2], [10.0, 10.0]);
    // In two batches.
    let values = second.await.unwrap().unwrap().values;
    assert_eq!(values, [20.0, 20.0, 21.0, 21.0, 21.0, 21.0, 22.0, 22.0, 22.0, 22.0, 23.0, 23.0]);
    assert_eq!(predicted.await.unwrap().unwrap().logits, [30.0, 31.0]);
    let recorder = recorder.await.unwrap();
    let batches = recorder.batches.into_inner().unwrap();
    let batches: Vec<_> =
        batches.iter().map(|(windows, _)| *windows).zip(recorder.methods.into_inner().unwrap()).collect();
    let expected =
        [(1, Some(Mutagenesis)), (4, Some(GradCam)), (1, None), (1, Some(Mutagenesis)), (1, Some(GradCam))];
    assert_eq!(batches, expected);
}

#[test]
fn batches_of_maps_are_smaller() {
    let most = |method| Question { models: [0].into(), method }.most_windows(256);
    assert_eq!((most(None), most(Some(LocalizationMethod::HiresCam))), (256, 64));
    assert_eq!(most(Some(LocalizationMethod::Mutagenesis)), 1);
}

#[test]
fn an_answer_that_is_short_has_no_part_for_the_last_window() {
    let predictions =
        Predictions { models: 2, logits: vec![1.0, 2.0, 3.0], probabilities: vec![0.1, 0.2, 0.3] };
    let answer = Answer { predictions, values: Vec::new() };
    assert!(answer.part(0..1).is_some() && answer.part(1..2).is_none());
}
