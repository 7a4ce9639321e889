use super::*;

#[tokio::test]
async fn small_callers_go_before_large_ones() {
    let desk = Desk::new(settings(20, 1000));
    let bulk = desk.ask(windows(0..60), &[0]).await;
    let interactive = desk.ask(windows(100..101), &[0]).await;
    let batches: Vec<_> = desk.run(Recorder::new(1)).await.iter().map(Asked::short).collect();
    // In a batch of its own, so that it does not wait for bulk work.
    assert_eq!(batches, [(100, 1), (0, 20), (20, 20), (40, 20)]);
    assert_eq!((logits(bulk).await.len(), logits(interactive).await), (60, vec![100.0]));
}

#[tokio::test]
async fn callers_may_say_themselves_what_they_are() {
    let desk = Desk::new(settings(20, 1000));
    let bulk = desk.caller().with_priority(Priority::Bulk);
    let _bulk = ask(&desk.engine, windows(100..101), &[0], bulk).await;
    let interactive = desk.caller().with_priority(Priority::Interactive);
    let _interactive = ask(&desk.engine, windows(0..30), &[0], interactive).await;
    let batches: Vec<_> = desk.run(Recorder::new(1)).await.iter().map(Asked::short).collect();
    assert_eq!(batches, [(0, 20), (20, 10), (100, 1)]);
}

#[tokio::test]
async fn work_counts_by_the_models_that_are_asked() {
    let desk = Desk::new(settings(20, 1000));
    let _all = desk.ask(windows(0..17), &[0, 1, 2, 3]).await;
    let _one = desk.ask(windows(100..160), &[2]).await;
    let batches: Vec<_> = desk.run(Recorder::new(4)).await.iter().map(Asked::short).collect();
    assert_eq!(batches, [(100, 20), (120, 20), (140, 20), (0, 17)]);
}

#[tokio::test]
async fn many_small_requests_of_one_stream_are_a_large_caller() {
    let desk = Desk::new(settings(8, 1000));
    let stream = desk.caller();
    for value in 0..20 {
        ask(&desk.engine, windows(value..value + 1), &[0], stream).await;
    }
    let _small = desk.ask(windows(100..110), &[0]).await;
    let batches: Vec<_> = desk.run(Recorder::new(1)).await.iter().map(Asked::short).collect();
    // Nobody waits for the answers of the stream, whose tasks go on all the same.
    assert_eq!(batches, [(100, 8), (108, 2), (0, 8), (8, 8), (16, 4)]);
}

#[tokio::test]
async fn large_callers_take_turns_whatever_number_of_requests_each_has() {
    let desk = Desk::new(settings(20, 1000));
    let stream = desk.caller();
    for first in [0, 100, 200] {
        ask(&desk.engine, windows(first..first + 20), &[0], stream).await;
    }
    let _other = desk.ask(windows(500..560), &[0]).await;
    let batches: Vec<_> = desk.run(Recorder::new(1)).await.iter().map(Asked::short).collect();
    assert_eq!(batches, [(0, 20), (500, 20), (100, 20), (520, 20), (200, 20), (540, 20)]);
}

#[tokio::test]
async fn a_large_caller_who_is_new_does_not_make_up_for_the_past() {
    let desk = Desk::new(settings(20, 1000));
    let _first = desk.ask(windows(0..120), &[0]).await;
    let (engine, mut steps) = desk.run_step_by_step(1);
    steps.until(2).await;
    let _second = ask(&engine, windows(500..560), &[0], engine.caller(Deadline::default())).await;
    drop(engine);
    let batches: Vec<_> = steps.finish().await.iter().map(|asked| asked.short().0).collect();
    assert_eq!(batches, [0, 20, 40, 60, 500, 80, 520, 100, 540]);
}

#[tokio::test]
async fn large_callers_get_on_whatever_small_ones_come() {
    let desk = Desk::new(settings(16, 10_000));
    let _bulk = desk.ask(windows(0..64), &[0]).await;
    for first in (1000..1640).step_by(16) {
        desk.ask(windows(first..first + 16), &[0]).await;
    }
    let bulk: Vec<bool> =
        desk.run(Recorder::new(1)).await.iter().map(|asked| asked.short().0 < 1000).collect();
    // Every fourth batch until there is no more.
    assert_eq!(bulk.len(), 44);
    let expected: Vec<bool> = (0..44).map(|batch| batch % 4 == 3 && batch < 16).collect();
    assert_eq!(bulk, expected);
}

#[tokio::test]
async fn a_large_caller_gets_on_whatever_large_ones_are_new() {
    let desk = Desk::new(settings(20, 10_000));
    let mut next = 1000;
    let mut newcomer = || {
        next += 20;
        windows(next - 20..next)
    };
    // Two are always there who have not been served, with another in each batch.
    let mut tasks = Vec::new();
    for _ in 0..2 {
        tasks.push(desk.ask(newcomer(), &[0]).await);
    }
    let old = desk.ask(windows(0..200), &[0]).await;
    let (engine, mut steps) = desk.run_step_by_step(1);
    for batch in 0..30 {
        steps.until(batch).await;
        let caller = engine.caller(Deadline::default());
        tasks.push(ask(&engine, newcomer(), &[0], caller).await);
        steps.go_on.send(()).unwrap();
    }
    drop(engine);
    let asked = steps.finish().await;
    let turns: Vec<usize> = asked
        .iter()
        .enumerate()
        .filter(|(_, asked)| asked.short().0 < 1000)
        .map(|(batch, _)| batch)
        .collect();
    assert_eq!(logits(old).await.len(), 200);
    // The others are more and more, and share with it.
    assert!(turns.len() == 10 && turns[0] <= 3 && turns[4] < 20, "{turns:?}");
}
