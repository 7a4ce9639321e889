use super::*;

fn keeping(cache_bytes: u64) -> EngineSettings {
    EngineSettings { cache_bytes, ..settings(64, 1000) }
}

#[tokio::test]
async fn the_same_rows_of_several_callers_are_calculated_once() {
    let desk = Desk::new(keeping(0));
    let first = desk.ask(vec![substituted(7, 0..2), substituted(7, 1..3)], &[0]).await;
    let second = desk.ask(vec![substituted(7, 2..4)], &[0]).await;
    let other_models = desk.ask(windows(7..8), &[1]).await;
    let asked = desk.run(Recorder::new(2)).await;
    assert_eq!(asked.iter().map(|asked| asked.windows.clone()).collect::<Vec<_>>(), [[(7, 4)], [(7, 0)]]);
    assert_eq!(logits(first).await, [7.0, 1007.0, 2007.0, 7.0, 2007.0, 3007.0]);
    assert_eq!(logits(second).await, [7.0, 3007.0, 4007.0]);
    assert_eq!(logits(other_models).await, [8.0]);
}

#[tokio::test]
async fn what_has_been_calculated_is_kept_to_the_bit() {
    let desk = Desk::new(keeping(1 << 20));
    let first = desk.ask(vec![substituted(3, 0..2)], &[0, 1]).await;
    let (engine, mut steps) = desk.run_step_by_step(2);
    steps.until(0).await;
    steps.go_on.send(()).unwrap();
    let first = first.await.unwrap().unwrap();
    let again = |window| ask(&engine, window, &[0, 1], engine.caller(Deadline::default()));
    let second = again(vec![substituted(3, 0..2)]).await.await.unwrap().unwrap();
    assert_eq!(first, second);
    assert_eq!(second.probabilities[5], 2.004);
    // Of what is new, only that goes to the engine, with the window that it is in.
    let third = again(vec![substituted(3, 1..3), windows(4..5).remove(0)]).await;
    let other_order = ask(&engine, windows(3..4), &[1, 0], engine.caller(Deadline::default())).await;
    drop(engine);
    let windows: Vec<_> = steps.finish().await.into_iter().map(|asked| asked.windows).collect();
    assert_eq!(windows, [vec![(3, 2)], vec![(3, 1), (4, 0)], vec![(3, 0)]]);
    let expected = [3.0, 4.0, 2003.0, 2004.0, 3003.0, 3004.0, 4.0, 5.0];
    assert_eq!(logits(third).await, expected);
    assert_eq!(logits(other_order).await, [4.0, 3.0]);
}

#[tokio::test]
async fn what_is_being_calculated_is_waited_for() {
    for (cache_bytes, expected) in [(1 << 20, 1), (0, 2)] {
        let desk = Desk::new(keeping(cache_bytes));
        let first = desk.ask(windows(3..4), &[0]).await;
        let (engine, mut steps) = desk.run_step_by_step(1);
        steps.until(0).await;
        let second = ask(&engine, windows(3..4), &[0], engine.caller(Deadline::default())).await;
        drop(engine);
        assert_eq!(steps.finish().await.len(), expected);
        assert_eq!((logits(first).await, logits(second).await), (vec![3.0], vec![3.0]));
    }
}

#[tokio::test]
async fn a_caller_who_leaves_takes_nothing_from_one_who_shares_its_rows() {
    let desk = Desk::new(keeping(0));
    let leaving = desk.ask(vec![substituted(3, 0..4), windows(5..6).remove(0)], &[0]).await;
    let staying = desk.ask(vec![substituted(3, 2..5)], &[0]).await;
    let (engine, mut steps) = desk.run_step_by_step(1);
    drop(engine);
    steps.until(0).await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    let batches: Vec<_> = steps.finish().await.into_iter().map(|asked| asked.windows).collect();
    assert_eq!(batches, [[(3, 5), (5, 0)]]);
    assert_eq!(logits(staying).await, [3.0, 3003.0, 4003.0, 5003.0]);
}

#[tokio::test]
async fn failures_are_not_kept() {
    let (engine, queue) = Queues::new(keeping(1 << 20)).open();
    let failing = ask(&engine, windows(3..4), &[0], engine.caller(Deadline::default())).await;
    drop(spawn_blocking(move || queue.run(&Recorder { fails: |_, _| true, ..Recorder::new(1) })));
    assert!(matches!(failing.await.unwrap(), Err(QueueError::Engine(_))));
    assert_eq!(engine.plan(windows(3..4), [0].into()).wanted_rows(), 1);
}
