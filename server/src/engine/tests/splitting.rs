use super::*;

fn rows_of(value: u16, offsets: Range<usize>) -> Vec<f32> {
    let substituted = offsets.map(|offset0| f32::from(value) + 1000.0 * (offset0 + 1) as f32);
    std::iter::once(f32::from(value)).chain(substituted).collect()
}

#[tokio::test]
async fn a_window_with_more_substitutions_than_a_batch_holds_goes_in_several() {
    let desk = Desk::new(settings(3, 10_000));
    let answer = desk.ask(vec![substituted(5, 0..4000)], &[0]).await;
    let asked = desk.run(Recorder::new(1)).await;
    // 24 substitutions cost as much as the two windows that are left beside the reference.
    assert_eq!(asked.len(), 4000_usize.div_ceil(24));
    assert!(asked[..asked.len() - 1].iter().all(|batch| batch.windows == [(5, 24)]));
    assert_eq!(logits(answer).await, rows_of(5, 0..4000));
}

#[tokio::test]
async fn even_the_smallest_batch_takes_some_substitutions_along() {
    let desk = Desk::new(settings(1, 100));
    let answer = desk.ask(vec![substituted(5, 0..30)], &[0]).await;
    let asked = desk.run(Recorder::new(1)).await;
    let substitutions: Vec<usize> = asked.iter().map(|batch| batch.windows[0].1).collect();
    assert_eq!(substitutions, [12, 12, 6]);
    assert_eq!(logits(answer).await, rows_of(5, 0..30));
}

#[tokio::test]
async fn a_window_that_fits_a_batch_is_not_taken_apart() {
    let desk = Desk::new(settings(4, 1000));
    let mut some = vec![substituted(1, 0..24), substituted(2, 0..24)];
    some.extend(windows(3..4));
    let answer = desk.ask(some, &[0]).await;
    let asked = desk.run(Recorder::new(1)).await;
    let batches: Vec<_> = asked.into_iter().map(|asked| asked.windows).collect();
    assert_eq!(batches, [vec![(1, 24)], vec![(2, 24), (3, 0)]]);
    assert_eq!(logits(answer).await, [rows_of(1, 0..24), rows_of(2, 0..24), vec![3.0]].concat());
}

#[tokio::test]
async fn substitutions_weigh_a_twelfth() {
    let desk = Desk::new(settings(64, 10_000));
    let some = (0..100).map(|value| substituted(value, 0..12)).collect();
    let answer = desk.ask(some, &[0]).await;
    let batches: Vec<_> = desk.run(Recorder::new(1)).await.iter().map(Asked::short).collect();
    assert_eq!(batches, [(0, 32), (32, 32), (64, 32), (96, 4)]);
    let expected: Vec<f32> = (0..100).flat_map(|value| rows_of(value, 0..12)).collect();
    assert_eq!(logits(answer).await, expected);
}
