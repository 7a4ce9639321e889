//! What a request check would have refused does no harm here either.

use super::*;

#[tokio::test]
async fn nothing_to_ask_is_answered_without_the_engine() {
    let desk = Desk::new(settings(8, 100));
    assert!(logits(desk.ask(Vec::new(), &[0, 1]).await).await.is_empty());
    let without_models = desk.ask(vec![substituted(0, 0..2)], &[]).await.await.unwrap().unwrap();
    assert_eq!((without_models.models, without_models.logits.len()), (0, 0));
    let maps = desk.engine.plan_maps(windows(0..2), [].into(), LocalizationMethod::GradCam);
    assert!(desk.engine.localize(maps, desk.caller()).await.unwrap().values.is_empty());
    assert!(desk.run(Recorder::new(2)).await.is_empty());
}

#[tokio::test]
async fn windows_without_a_base_that_is_known_are_windows_like_others() {
    let desk = Desk::new(settings(8, 100));
    let unknown = WindowInput { sequence: vec![b'N'; 60], ..substituted(3, 0..1) };
    let answer = desk.ask(vec![unknown], &[0]).await;
    desk.run(Recorder::new(1)).await;
    assert_eq!(logits(answer).await, [3.0, 1003.0]);
}

#[tokio::test]
async fn an_answer_that_is_short_ends_the_job() {
    struct Short;
    impl Predictor for Short {
        fn model_count(&self) -> usize {
            1
        }
        fn predict(&self, _: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
            Ok(Predictions { models: models.len(), logits: vec![1.0], probabilities: vec![0.5] })
        }
        fn localize(
            &self,
            windows: &[WindowInput],
            models: &[usize],
            method: LocalizationMethod,
        ) -> Result<Localizations, EngineError> {
            Ok(Localizations { predictions: self.predict(windows, models)?, method, values: vec![1.0] })
        }
    }
    let desk = Desk::new(settings(8, 100));
    let (enough, too_few) = (desk.ask(windows(0..1), &[0]).await, desk.ask(windows(1..3), &[0]).await);
    let Desk { engine, queue } = desk;
    drop(engine);
    spawn_blocking(move || queue.run(&Short)).await.unwrap();
    assert_eq!(logits(enough).await, [1.0]);
    assert!(matches!(too_few.await.unwrap(), Err(QueueError::ShortAnswer)));
}
