use LocalizationMethod::{GradCam, Mutagenesis};

use super::*;

type Localized = JoinHandle<Result<Localizations, QueueError>>;

async fn localize(
    engine: &Engine,
    windows: Vec<WindowInput>,
    models: Vec<usize>,
    method: LocalizationMethod,
) -> Localized {
    let engine = engine.clone();
    let plan = engine.plan_maps(windows, models.into(), method);
    let task = tokio::spawn(async move { engine.localize(plan, engine.caller(Deadline::default())).await });
    tokio::task::yield_now().await;
    task
}

/// Windows of 100 bases, whose mutagenesis is the work of 26 windows.
fn of_bases(values: Range<u16>) -> Vec<WindowInput> {
    let with_bases = |window| WindowInput { sequence: b"A".repeat(100), ..window };
    windows(values).into_iter().map(with_bases).collect()
}

#[tokio::test]
async fn maps_are_calculated_apart_and_mutagenesis_window_by_window() {
    let desk = Desk::new(settings(4, 100));
    let mutagenesis = localize(&desk.engine, windows(0..2), vec![0, 1], Mutagenesis).await;
    let first = localize(&desk.engine, windows(10..12), vec![0, 1], GradCam).await;
    let second = localize(&desk.engine, windows(20..23), vec![0, 1], GradCam).await;
    let predicted = desk.ask(windows(30..31), &[0, 1]).await;
    let asked = desk.run(Recorder::new(2)).await;
    let answer = mutagenesis.await.unwrap().unwrap();
    assert_eq!((answer.method, answer.predictions.logits), (Mutagenesis, vec![0.0, 1.0, 1.0, 2.0]));
    assert_eq!(answer.values, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
    assert_eq!(first.await.unwrap().unwrap().values[..2], [10.0, 10.0]);
    // In two batches.
    let values = second.await.unwrap().unwrap().values;
    assert_eq!(values, [20.0, 20.0, 21.0, 21.0, 21.0, 21.0, 22.0, 22.0, 22.0, 22.0, 23.0, 23.0]);
    assert_eq!(logits(predicted).await, [30.0, 31.0]);
    let batches: Vec<_> = asked.iter().map(|asked| (asked.windows.len(), asked.method)).collect();
    let expected =
        [(1, Some(Mutagenesis)), (1, Some(Mutagenesis)), (4, Some(GradCam)), (1, Some(GradCam)), (1, None)];
    assert_eq!(batches, expected);
}

#[tokio::test]
async fn mutagenesis_goes_some_models_at_a_time_and_others_have_their_turn_between() {
    let desk = Desk::new(settings(10, 100));
    let models: Vec<usize> = (0..8).collect();
    // 3 of 8 models are the work of 9.75 windows.
    let mutagenesis = localize(&desk.engine, of_bases(0..2), models.clone(), Mutagenesis).await;
    let (engine, mut steps) = desk.run_step_by_step(8);
    steps.until(1).await;
    let other = ask(&engine, windows(50..51), &models, engine.caller(Deadline::default())).await;
    drop(engine);
    let asked = steps.finish().await;
    let batches: Vec<_> = asked.iter().map(|asked| (asked.short().0, asked.models.clone())).collect();
    let parts = [vec![0, 1, 2], vec![3, 4, 5], vec![6, 7]];
    let part = |window, part: usize| (window, parts[part].clone());
    let expected =
        [part(0, 0), part(0, 1), (50, models.clone()), part(0, 2), part(1, 0), part(1, 1), part(1, 2)];
    assert_eq!(batches, expected);
    assert_eq!(logits(other).await, (50..58).map(|value| value as f32).collect::<Vec<_>>());
    // Each model's answer is in its column.
    let answer = mutagenesis.await.unwrap().unwrap();
    let expected: Vec<f32> =
        (0..2).flat_map(|window| (0..8).map(move |model| (window + model) as f32)).collect();
    assert_eq!(answer.predictions.logits, expected);
    let twice: Vec<f32> = expected.iter().flat_map(|&value| [value, value]).collect();
    assert_eq!(answer.values, twice);
}

#[tokio::test]
async fn the_same_window_is_explained_once() {
    let desk = Desk::new(settings(10, 100));
    let models: Vec<usize> = (0..8).collect();
    let mut tasks = Vec::new();
    for method in [Mutagenesis, GradCam, Mutagenesis, GradCam] {
        tasks.push(localize(&desk.engine, of_bases(4..5), models.clone(), method).await);
    }
    let asked = desk.run(Recorder::new(8)).await;
    assert_eq!(asked.iter().filter(|asked| asked.method == Some(Mutagenesis)).count(), 3);
    assert_eq!(asked.iter().filter(|asked| asked.method == Some(GradCam)).count(), 1);
    for task in tasks {
        let answer = task.await.unwrap().unwrap();
        assert_eq!(answer.predictions.logits, (4..12).map(|value| value as f32).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn who_comes_in_the_middle_of_the_models_is_told_of_all() {
    let desk = Desk::new(settings(10, 100));
    let models: Vec<usize> = (0..8).collect();
    let first = localize(&desk.engine, of_bases(4..5), models.clone(), Mutagenesis).await;
    let (engine, mut steps) = desk.run_step_by_step(8);
    steps.until(0).await;
    let second = localize(&engine, of_bases(4..5), models.clone(), Mutagenesis).await;
    drop(engine);
    steps.finish().await;
    for task in [first, second] {
        let answer = task.await.unwrap().unwrap();
        assert_eq!(answer.predictions.logits, (4..12).map(|value| value as f32).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_window_that_goes_by_itself_goes_with_all_its_substitutions() {
    let desk = Desk::new(settings(4, 100));
    let first = localize(&desk.engine, vec![substituted(1, 0..3)], vec![0, 1], Mutagenesis).await;
    let second = localize(&desk.engine, vec![substituted(1, 2..5)], vec![0, 1], Mutagenesis).await;
    let asked = desk.run(Recorder::new(2)).await;
    assert_eq!(asked.into_iter().map(|asked| asked.windows).collect::<Vec<_>>(), [[(1, 5)]]);
    let logits = async |task: Localized| task.await.unwrap().unwrap().predictions.logits;
    assert_eq!(logits(first).await, [1.0, 2.0, 1001.0, 1002.0, 2001.0, 2002.0, 3001.0, 3002.0]);
    assert_eq!(logits(second).await, [1.0, 2.0, 3001.0, 3002.0, 4001.0, 4002.0, 5001.0, 5002.0]);
}
