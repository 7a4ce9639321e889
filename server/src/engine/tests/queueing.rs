use super::*;

#[tokio::test]
async fn jobs_with_the_same_models_share_a_batch_and_large_ones_are_split() {
    let desk = Desk::new(settings(4, 100));
    let first = desk.ask(windows(0..2), &[0, 1]).await;
    let second = desk.ask(windows(10..11), &[1]).await;
    let third = desk.ask(windows(20..27), &[0, 1]).await;
    let asked = desk.run(Recorder::new(2)).await;
    let batches: Vec<(usize, usize)> =
        asked.iter().map(|asked| (asked.windows.len(), asked.models.len())).collect();
    assert_eq!(batches, [(4, 2), (1, 1), (4, 2), (1, 2)]);
    assert_eq!(logits(first).await, [0.0, 1.0, 1.0, 2.0]);
    assert_eq!(logits(second).await, [11.0]);
    let expected: Vec<f32> = (20..27).flat_map(|value| [value as f32, value as f32 + 1.0]).collect();
    assert_eq!(logits(third).await, expected);
}

#[tokio::test]
async fn late_and_abandoned_work_never_reaches_the_models() {
    let desk = Desk::new(settings(8, 100));
    let late = desk.engine.caller(Deadline::after(Duration::ZERO));
    let expired = {
        let engine = desk.engine.clone();
        let plan = engine.plan(windows(0..3), [0].into());
        tokio::spawn(async move { engine.submit(plan, late).await })
    };
    let abandoned = desk.ask(windows(0..3), &[0]).await;
    let room = desk.engine.room.clone();
    // Small requests take of what is theirs first.
    assert_eq!(room.free(), (100, 0));
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    assert!(desk.run(Recorder::new(1)).await.is_empty());
    assert!(matches!(expired.await.unwrap(), Err(QueueError::DeadlineExceeded)));
    assert_eq!(room.free(), (100, 6));
}

#[tokio::test]
async fn a_caller_who_leaves_in_the_middle_of_a_batch_costs_no_other() {
    let desk = Desk::new(settings(4, 100));
    let leaving = desk.ask(windows(0..7), &[0]).await;
    let staying = desk.ask(windows(10..13), &[0]).await;
    let room = desk.engine.room.clone();
    let (engine, mut steps) = desk.run_step_by_step(1);
    steps.until(0).await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    drop(engine);
    let batches: Vec<_> = steps.finish().await.iter().map(Asked::short).collect();
    // What was left of the first is not calculated.
    assert_eq!(batches, [(0, 4), (10, 3)]);
    assert_eq!(logits(staying).await, [10.0, 11.0, 12.0]);
    assert_eq!(room.free(), (100, 6));
}

#[tokio::test]
async fn a_full_queue_refuses_after_the_wait_and_frees_its_room() {
    let queue_wait = Duration::from_millis(10);
    let desk = Desk::new(EngineSettings { queue_wait, ..settings(8, 4) });
    let holder = desk.ask(windows(0..3), &[0]).await;
    let refused = desk.ask(windows(0..2), &[0]).await.await.unwrap();
    assert!(matches!(refused, Err(QueueError::Full { windows: 2, queue_windows: 4, .. })));
    let plan = desk.engine.plan(windows(0..2), [0].into());
    let late = desk.engine.predict(plan, desk.engine.caller(Deadline::after(Duration::from_millis(1)))).await;
    assert!(matches!(late, Err(QueueError::DeadlineExceeded)));
    // Alternates count.
    let too_many = desk.ask(vec![substituted(0, 0..4)], &[0]).await.await.unwrap();
    assert!(matches!(too_many, Err(QueueError::TooLarge { windows: 5, queue_windows: 4 })));
    holder.abort();
}

#[tokio::test]
async fn small_requests_have_room_where_a_large_one_fills_the_queue() {
    let queue_wait = Duration::from_millis(10);
    let desk = Desk::new(EngineSettings { queue_wait, ..settings(64, 32) });
    let bulk = desk.ask(windows(0..32), &[0]).await;
    let small = desk.ask(windows(50..52), &[0]).await;
    let refused = desk.ask(windows(60..61), &[0]).await;
    assert!(matches!(refused.await.unwrap(), Err(QueueError::Full { windows: 1, .. })));
    desk.run(Recorder::new(1)).await;
    assert_eq!((logits(bulk).await.len(), logits(small).await.len()), (32, 2));
}

#[tokio::test]
async fn a_failing_engine_answers_every_job_of_the_batch() {
    let desk = Desk::new(settings(8, 100));
    let (first, second) = (desk.ask(windows(0..2), &[0]).await, desk.ask(windows(2..3), &[0]).await);
    let asked = desk.run(Recorder { fails: |_, _| true, ..Recorder::new(1) }).await;
    // Together, and then each by itself, once.
    assert_eq!(asked.iter().map(Asked::short).collect::<Vec<_>>(), [(0, 3), (0, 2), (2, 1)]);
    for answer in [first, second] {
        assert!(matches!(answer.await.unwrap(), Err(QueueError::Engine(_))));
    }
}

#[tokio::test]
async fn a_job_that_fails_does_not_fail_those_that_share_its_batch() {
    let desk = Desk::new(settings(64, 1000));
    let good = desk.ask(vec![substituted(1, 0..3), substituted(2, 4..6)], &[0, 1]).await;
    let bad = desk.ask(vec![substituted(2, 5..9), substituted(7, 0..1)], &[0, 1]).await;
    let other = desk.ask(vec![substituted(2, 4..7), substituted(1, 2..3)], &[0, 1]).await;
    let last = desk.ask(vec![substituted(2, 5..6)], &[0, 1]).await;
    let fails = |_, asked: &Asked| asked.windows.iter().any(|window| window.0 == 7);
    let asked = desk.run(Recorder { fails, ..Recorder::new(2) }).await;
    let batches: Vec<_> = asked.into_iter().map(|asked| asked.windows).collect();
    let expected = [
        vec![(1, 3), (2, 5), (7, 1)],
        // Without what the others want of the same windows.
        vec![(1, 3), (2, 2)],
        vec![(2, 4), (7, 1)],
        vec![(1, 1), (2, 3)],
        vec![(2, 1)],
    ];
    assert_eq!(batches, expected);
    assert!(matches!(bad.await.unwrap(), Err(QueueError::Engine(_))));
    let both = |rows: &[f32]| rows.iter().flat_map(|&row| [row, row + 1.0]).collect::<Vec<_>>();
    assert_eq!(logits(good).await, both(&[1.0, 1001.0, 2001.0, 3001.0, 2.0, 5002.0, 6002.0]));
    assert_eq!(logits(other).await, both(&[2.0, 5002.0, 6002.0, 7002.0, 1.0, 3001.0]));
    assert_eq!(logits(last).await, both(&[2.0, 6002.0]));
}

#[tokio::test]
async fn after_a_batch_that_failed_the_next_succeeds() {
    let desk = Desk::new(settings(4, 100));
    let (failing, next) = (desk.ask(windows(0..4), &[0]).await, desk.ask(windows(4..7), &[0]).await);
    let asked = desk.run(Recorder { fails: |batch, _| batch == 0, ..Recorder::new(1) }).await;
    assert_eq!(asked.iter().map(Asked::short).collect::<Vec<_>>(), [(0, 4), (4, 3)]);
    assert!(matches!(failing.await.unwrap(), Err(QueueError::Engine(_))));
    assert_eq!(logits(next).await, [4.0, 5.0, 6.0]);
}

#[tokio::test]
async fn an_ended_engine_says_so() {
    let Desk { engine, queue } = Desk::new(settings(8, 100));
    drop(queue);
    let answer = ask(&engine, windows(0..1), &[0], engine.caller(Deadline::default())).await;
    assert!(matches!(answer.await.unwrap(), Err(QueueError::Stopped)));
}
