//! A server whose scores depend on nothing but the sequence and the model, strict about what it is sent.

mod alleles;
mod windows;

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::polaris_service_server::{PolarisService, PolarisServiceServer};
use polaris_proto::v1::{
    AlleleScores, Limits, ListModelsRequest, ListModelsResponse, LocalizeRequest, LocalizeResponse, Model,
    ModelValues, PredictRequest, PredictResponse, ScoreVariantsRequest, ScoreVariantsResponse, Window,
    WindowScores,
};
use polaris_proto::v1::{GetModelRequest, GetModelResponse, ServerInfoRequest, ServerInfoResponse};
use tokio::runtime::Runtime;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt};

pub(crate) use self::windows::map_value;
use crate::bundle::LENGTH;

/// What the server does beside answering.
#[derive(Clone, Default)]
pub(crate) struct Behavior {
    /// What happens after so many requests.
    pub(crate) after: Option<(usize, Failure)>,
    /// Cell line of the first model.
    pub(crate) cell_line: Option<&'static str>,
    /// Largest response of Localize.
    pub(crate) response_bytes: Option<u32>,
    /// Time that an answer of ScoreVariants takes.
    pub(crate) delay: Option<Duration>,
    /// One of so many requests finds the queue full, with a hint when to come again.
    pub(crate) full_every: Option<usize>,
    /// What it says to calculate on; it does not know the question if it says nothing.
    pub(crate) device: Option<&'static str>,
    /// Version of the models.
    pub(crate) version: Option<&'static str>,
}

/// How a server fails.
#[derive(Clone, Copy)]
pub(crate) enum Failure {
    /// An error in the stream.
    Status,
    /// An error that does not pass.
    Internal,
    /// A reply with a value too few.
    Short,
    /// Silence.
    Silence,
    /// The process ends.
    Exit,
}

/// Windows that a request may hold.
pub(crate) const MAX_WINDOWS: u32 = 20;

/// The service, and how many requests it has answered.
#[derive(Clone, Default)]
pub(crate) struct Fake {
    behavior: Behavior,
    answered: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    /// Sequences that Predict, and references that ScoreVariants was asked about.
    sequences: Arc<Mutex<HashSet<String>>>,
}

impl Fake {
    /// A service.
    pub(crate) fn new(behavior: Behavior) -> Self {
        Self { behavior, ..Self::default() }
    }

    /// To be added to a server.
    pub(crate) fn service(self) -> PolarisServiceServer<Self> {
        PolarisServiceServer::new(self)
    }

    fn models(&self) -> Vec<Model> {
        let cell_line = self.behavior.cell_line.unwrap_or("K562");
        let model = |id: &str, cell_line: &str, uses_expression| Model {
            id: id.into(),
            version: self.behavior.version.unwrap_or("1").into(),
            cell_line: cell_line.into(),
            assembly: "test-1".into(),
            input_length: u32::try_from(LENGTH).unwrap(),
            uses_expression,
            uses_region: true,
            auroc: Some(0.9),
            ..Model::default()
        };
        vec![model(&format!("QKI.{cell_line}"), cell_line, true), model("TARDBP.HepG2", "HepG2", false)]
    }

    fn answer(&self, request: &ScoreVariantsRequest) -> Result<ScoreVariantsResponse, Status> {
        let all = self.models();
        let chosen = |model: &&Model| request.model_ids.is_empty() || request.model_ids.contains(&model.id);
        let models: Vec<&Model> = all.iter().filter(chosen).collect();
        let mut windows = 0;
        let mut scores = Vec::new();
        for window in &request.windows {
            let reference =
                window.reference.as_ref().ok_or_else(|| Status::invalid_argument("no reference"))?;
            check(reference, &models)?;
            windows += 1;
            let mut alleles = Vec::new();
            for allele in &window.alleles {
                let alternates = alternates(&reference.sequence, allele.change.as_ref())?;
                windows += alternates.len();
                alleles.push(allele_scores(&reference.sequence, &alternates, &models));
            }
            scores.push(WindowScores {
                reference: Some(values(std::slice::from_ref(&reference.sequence), &models)),
                alleles,
            });
        }
        if windows > usize::try_from(MAX_WINDOWS).unwrap() || windows < 2 {
            return Err(Status::invalid_argument(format!("{windows} windows")));
        }
        let model_ids = models.iter().map(|model| model.id.clone()).collect();
        Ok(ScoreVariantsResponse { request_id: request.request_id, model_ids, windows: scores })
    }

    async fn reply(
        &self,
        request: Result<ScoreVariantsRequest, Status>,
    ) -> Result<ScoreVariantsResponse, Status> {
        let request = request?;
        if let Some(delay) = self.behavior.delay {
            tokio::time::sleep(delay).await;
        }
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.behavior.full_every.is_some_and(|every| asked % every == every - 1) {
            let hint = ErrorDetails::with_retry_info(Some(Duration::from_millis(20)));
            self.answered.fetch_add(1, Ordering::SeqCst);
            return Err(Status::with_error_details(Code::ResourceExhausted, "the queue is full", hint));
        }
        let mut reply = self.answer(&request)?;
        let references = request.windows.into_iter().filter_map(|window| window.reference);
        self.sequences.lock().unwrap().extend(references.map(|reference| reference.sequence));
        if let Some(Failure::Short) = self.fail().await? {
            reply.windows[0].alleles[0].deltas.pop();
        }
        Ok(reply)
    }

    /// Counts an answer, and fails if it is time to.
    async fn fail(&self) -> Result<Option<Failure>, Status> {
        let answered = self.answered.fetch_add(1, Ordering::SeqCst);
        let failure = self.behavior.after.filter(|(after, _)| answered >= *after).map(|(_, failure)| failure);
        match failure {
            Some(Failure::Status) => Err(Status::unavailable("the device has gone")),
            Some(Failure::Internal) => Err(Status::internal("a task has failed")),
            Some(Failure::Silence) => std::future::pending().await,
            Some(Failure::Exit) => {
                eprintln!("out of memory");
                std::process::exit(3)
            }
            failure => Ok(failure),
        }
    }
}

/// The probability of a sequence: a number between 0 and 1 that no other sequence is likely to have.
pub(crate) fn probability(sequence: &str, model: &str) -> f32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in sequence.bytes().chain(model.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 29;
    f32::from(u16::try_from(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48).unwrap()) / 65536.0
}

fn check(window: &Window, models: &[&Model]) -> Result<(), Status> {
    check_sequence(&window.sequence)?;
    for model in models.iter().filter(|model| model.uses_expression) {
        if !window.expression.contains_key(&model.cell_line) {
            return Err(Status::invalid_argument("no expression"));
        }
    }
    Ok(())
}

fn check_sequence(sequence: &str) -> Result<(), Status> {
    match sequence.len() == LENGTH && sequence.bytes().all(|base| b"ACGTN".contains(&base)) {
        true => Ok(()),
        false => Err(Status::invalid_argument(format!("sequence {sequence}"))),
    }
}

fn alternates(reference: &str, change: Option<&Change>) -> Result<Vec<String>, Status> {
    let alternates = match change {
        Some(Change::Substitution(substitution)) => {
            let start = usize::try_from(substitution.offset0).unwrap();
            let mut alternate = reference.to_owned();
            if substitution.bases.is_empty() || start + substitution.bases.len() > LENGTH {
                return Err(Status::invalid_argument("substitution off the window"));
            }
            alternate.replace_range(start..start + substitution.bases.len(), &substitution.bases);
            vec![alternate]
        }
        Some(Change::Resized(resized)) => vec![resized.left_anchored.clone(), resized.right_anchored.clone()],
        None => return Err(Status::invalid_argument("no change")),
    };
    for alternate in &alternates {
        check_sequence(alternate)?;
        if alternate == reference {
            return Err(Status::invalid_argument("the alternate is the reference"));
        }
    }
    Ok(alternates)
}

fn values(sequences: &[String], models: &[&Model]) -> ModelValues {
    let count = sequences.iter().map(|_| 1.0).sum::<f32>();
    let mean = |model: &&Model| {
        sequences.iter().map(|sequence| probability(sequence, &model.id)).sum::<f32>() / count
    };
    let probabilities: Vec<f32> = models.iter().map(mean).collect();
    ModelValues { logits: vec![0.0; probabilities.len()], probabilities }
}

fn allele_scores(reference: &str, alternates: &[String], models: &[&Model]) -> AlleleScores {
    let before = values(&[reference.to_owned()], models);
    let after = values(alternates, models);
    let deltas =
        after.probabilities.iter().zip(&before.probabilities).map(|(after, before)| after - before).collect();
    AlleleScores {
        deltas,
        logit_deltas: vec![0.5; models.len()],
        spreads: vec![0.0; models.len()],
        delta_quantiles: models.iter().map(|model| if model.uses_expression { 0.75 } else { -1.0 }).collect(),
        alternate: Some(after),
    }
}

#[tonic::async_trait]
impl PolarisService for Fake {
    async fn list_models(
        &self,
        _: Request<ListModelsRequest>,
    ) -> Result<Response<ListModelsResponse>, Status> {
        let limits = Limits {
            max_windows_per_request: MAX_WINDOWS,
            max_request_bytes: 1 << 20,
            max_response_bytes: self.response_bytes(),
        };
        Ok(Response::new(ListModelsResponse { models: self.models(), limits: Some(limits) }))
    }

    async fn get_model(&self, _: Request<GetModelRequest>) -> Result<Response<GetModelResponse>, Status> {
        Err(Status::unimplemented("not asked by the client"))
    }

    async fn server_info(
        &self,
        _: Request<ServerInfoRequest>,
    ) -> Result<Response<ServerInfoResponse>, Status> {
        let Some(device) = self.behavior.device else {
            return Err(Status::unimplemented("a server of an earlier contract"));
        };
        Ok(Response::new(ServerInfoResponse {
            device: device.to_owned(),
            precision: "fast".to_owned(),
            model_set_digest: "ab12".to_owned(),
            ..ServerInfoResponse::default()
        }))
    }

    async fn predict(&self, request: Request<PredictRequest>) -> Result<Response<PredictResponse>, Status> {
        let mut reply = self.predicted(request.get_ref())?;
        let windows = &request.get_ref().windows;
        self.sequences.lock().unwrap().extend(windows.iter().map(|window| window.sequence.clone()));
        if let Some(Failure::Short) = self.fail().await? {
            reply.predictions.pop();
        }
        Ok(Response::new(reply))
    }

    type LocalizeStream = Pin<Box<dyn Stream<Item = Result<LocalizeResponse, Status>> + Send>>;

    async fn localize(
        &self,
        request: Request<LocalizeRequest>,
    ) -> Result<Response<Self::LocalizeStream>, Status> {
        let replies = self.localized(request.get_ref())?;
        let fake = self.clone();
        let replies = tokio_stream::iter(replies).then(move |reply| {
            let fake = fake.clone();
            async move {
                let mut reply: LocalizeResponse = reply;
                if let Some(Failure::Short) = fake.fail().await? {
                    reply.maps[0].reference.as_mut().unwrap().values.pop();
                }
                Ok(reply)
            }
        });
        Ok(Response::new(Box::pin(replies)))
    }

    type ScoreVariantsStream = Pin<Box<dyn Stream<Item = Result<ScoreVariantsResponse, Status>> + Send>>;

    async fn score_variants(
        &self,
        request: Request<Streaming<ScoreVariantsRequest>>,
    ) -> Result<Response<Self::ScoreVariantsStream>, Status> {
        let fake = self.clone();
        let replies = request.into_inner().then(move |request| {
            let fake = fake.clone();
            async move { fake.reply(request).await }
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

/// A fake server on a port picked by the system, until dropped.
pub(crate) struct Running {
    pub(crate) url: String,
    answered: Arc<AtomicUsize>,
    sequences: Arc<Mutex<HashSet<String>>>,
    runtime: Option<Runtime>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(behavior: Behavior) -> Self {
        Self::at("127.0.0.1:0", behavior)
    }

    /// Starts it where another was.
    pub(crate) fn restart(url: &str, behavior: Behavior) -> Self {
        Self::at(url.strip_prefix("http://").unwrap(), behavior)
    }

    fn at(address: &str, behavior: Behavior) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = Fake::new(behavior);
        let (answered, sequences) = (Arc::clone(&fake.answered), Arc::clone(&fake.sequences));
        let server = tonic::transport::Server::builder().add_service(fake.service());
        // As the real server: without it, answers wait 40 ms for the client's acknowledgement.
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        runtime.spawn(server.serve_with_incoming(incoming));
        Self { url, answered, sequences, runtime: Some(runtime) }
    }

    /// Answers begun so far.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Different sequences that Predict, and references that ScoreVariants was asked about so far.
    pub(crate) fn distinct_sequences(&self) -> usize {
        self.sequences.lock().unwrap().len()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}
