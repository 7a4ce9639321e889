//! A full queue refuses with RESOURCE_EXHAUSTED and a hint when to come again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;
use tonic_types::StatusExt;

/// Windows of the call that fills the queue.
const MOST_WINDOWS: usize = 4096;

#[tokio::test]
async fn what_finds_no_room_is_refused_with_a_hint() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    // Nothing is kept and no window comes twice, so that all is work.
    let mut server = Server::new(registry.directory())
        .args(&["--log", "polaris_server=debug"])
        .setting("LIMITS__MAX_WINDOWS_PER_REQUEST", MOST_WINDOWS)
        .setting("ENGINE__QUEUE_WINDOWS", MOST_WINDOWS)
        .setting("ENGINE__QUEUE_WAIT_MS", 1)
        .setting("ENGINE__CACHE_BYTES", 0)
        .start()
        .await?;
    let mut random = Random::new(11);
    let mut request = |windows| PredictRequest {
        windows: (0..windows).map(|_| random.window(INPUT_LENGTH)).collect(),
        model_ids: Vec::new(),
    };
    // Made first: the queue is full only as long as the first call is worked on.
    let (first, others) = (request(MOST_WINDOWS), [(); 8].map(|()| request(20)));
    let client = server.client();
    let call = |request: PredictRequest| {
        let mut client = client.clone();
        tokio::spawn(async move { client.predict(request).await })
    };
    let first = call(first);
    server.wait_for_line("windows=64 ", Duration::from_secs(10)).await?;
    let others = others.map(&call);
    for other in others {
        let status = other.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
        assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "1000");
    }
    assert_eq!(first.await.unwrap().unwrap().into_inner().predictions.len(), MOST_WINDOWS);
    // The room of all is free again.
    let again = call(request(MOST_WINDOWS)).await.unwrap().unwrap().into_inner();
    assert_eq!(again.predictions.len(), MOST_WINDOWS);
    Ok(())
}

/// Windows of a request here.
const WINDOWS: usize = 64;
/// Bases of a window here: more work for the server than for those who ask.
const BASES: usize = 1000;

/// `POLARIS_OVERLOAD_SECONDS=60 cargo test --release -p polaris-tests --test overload -- --nocapture four_times` tells how
/// much of the capacity is of use and what memory it takes. What is asserted here leaves room for busy machines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_four_times_the_capacity_work_goes_on() -> Result<(), HarnessError> {
    let seconds = std::env::var("POLARIS_OVERLOAD_SECONDS").map_or(5, |seconds| seconds.parse().unwrap());
    let registry = TestRegistry::empty()?;
    for id in ["QKI.K562", "PUM2.K562"] {
        registry.publish(id, BASES, true, true)?;
    }
    let server = Server::new(registry.directory())
        .setting("LIMITS__MAX_WINDOWS_PER_REQUEST", 512)
        .setting("ENGINE__QUEUE_WINDOWS", 512)
        .setting("ENGINE__QUEUE_WAIT_MS", 50)
        .setting("ENGINE__CACHE_BYTES", 0)
        .start()
        .await?;
    let mut random = Random::new(12);
    let requests: Vec<PredictRequest> = (0..128)
        .map(|_| PredictRequest {
            windows: (0..WINDOWS).map(|_| random.window(BASES)).collect(),
            model_ids: Vec::new(),
        })
        .collect();
    let requests = Arc::new(requests);
    let client = server.client();
    let call = |number: usize| {
        let (mut client, requests) = (client.clone(), Arc::clone(&requests));
        tokio::spawn(
            async move { client.predict(requests[number % requests.len()].clone()).await.map(|_| ()) },
        )
    };

    let start = Instant::now();
    let mut calls: Vec<_> = (0..4).map(call).collect();
    let mut answered = 0;
    while start.elapsed() < Duration::from_secs(seconds) / 2 {
        for (number, next) in calls.iter_mut().enumerate() {
            std::mem::replace(next, call(answered * 4 + number)).await.unwrap().unwrap();
        }
        answered += 1;
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let capacity = ((answered + 1) * 4 * WINDOWS) as f64 / start.elapsed().as_secs_f64();

    let mut ticks = tokio::time::interval(Duration::from_secs_f64(WINDOWS as f64 / (4.0 * capacity)));
    let start = Instant::now();
    let mut calls = Vec::new();
    let mut memory = None;
    while start.elapsed() < Duration::from_secs(seconds) {
        ticks.tick().await;
        calls.push(call(calls.len()));
        if start.elapsed() > Duration::from_secs(seconds) / 5 && memory.is_none() {
            memory = Some(server.resident_bytes()?);
        }
    }
    let (sent, mut good) = (calls.len(), 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(()) => good += 1,
            Err(status) => {
                assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
                assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
                assert!(status.metadata().get("grpc-retry-pushback-ms").is_some());
            }
        }
    }
    let goodput = (good * WINDOWS) as f64 / start.elapsed().as_secs_f64();
    let (before, after) = (memory.unwrap() >> 20, server.resident_bytes()? >> 20);
    eprintln!(
        "capacity {capacity:.0} windows/s; {sent} requests sent, {good} answered: {goodput:.0} windows/s, {:.0}%; \
         resident {before} MiB, at the end {after} MiB",
        100.0 * goodput / capacity
    );
    assert!(good < sent && goodput > capacity / 3.0, "{good} of {sent}, {goodput} of {capacity}");
    assert!(after < before + before / 2, "{before} {after}");
    Ok(())
}
