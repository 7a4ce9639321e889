//! A run's server, whether it runs already or is started for the run, and the signals that end the run early.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use polaris_genomics::ReferenceBundle;
use polaris_proto::v1::{ListModelsRequest, ListModelsResponse};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tonic::Code;

use crate::connect::{self, Channel, ServerAddress};
use crate::console::Progress;
use crate::credentials::Credentials;
use crate::server_process::{EmbeddedServer, ServerProcess, ServerProcessError};

/// Why a server has not said which models it has.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    /// It will not.
    #[error("the server at {address} refused: {reason}")]
    Refused {
        /// The server.
        address: String,
        /// In its words.
        reason: String,
        /// It may be otherwise later.
        may_pass: bool,
    },
    /// It has not answered.
    #[error("the server at {address} did not list its models within {limit_s} s: raise --timeout-s")]
    TimedOut {
        /// The server.
        address: String,
        /// Longest wait.
        limit_s: u64,
    },
}

impl ListError {
    /// Whether it may be otherwise later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Refused { may_pass: true, .. } | Self::TimedOut { .. })
    }
}

/// Which server to ask.
#[derive(Clone, Debug)]
pub(crate) enum ServerChoice {
    /// One that runs already.
    Running(ServerAddress),
    /// One of our own.
    Embedded(EmbeddedServer),
}

/// Which server to ask, and how long to wait for it.
#[derive(Clone, Debug)]
pub(crate) struct ServerOptions {
    /// The server.
    pub(crate) choice: ServerChoice,
    /// Longest wait for any one answer.
    pub(crate) reply_limit: Duration,
    /// What is shown to it.
    pub(crate) credentials: Credentials,
}

/// A server for the length of a run. `close` stops it if it is our own.
pub(crate) struct Session {
    process: Option<ServerProcess>,
    address: ServerAddress,
    reply_limit: Duration,
    credentials: Credentials,
}

impl Session {
    /// Starts the server if it is to be our own; does not wait for it.
    pub(crate) fn open(options: &ServerOptions) -> anyhow::Result<Self> {
        let (process, address) = match &options.choice {
            ServerChoice::Running(address) => (None, address.clone()),
            ServerChoice::Embedded(server) => {
                let process = ServerProcess::spawn(server)?;
                let address = process.address();
                (Some(process), address)
            }
        };
        let credentials = options.credentials.clone();
        Ok(Self { process, address, reply_limit: options.reply_limit, credentials })
    }

    /// Waits until the server answers; gives the channel to it and its models.
    pub(crate) async fn connect(&mut self) -> anyhow::Result<(Channel, ListModelsResponse)> {
        let channel = match &mut self.process {
            Some(process) => process.ready().await?,
            None => connect::connect(&self.address, &self.credentials).await?,
        };
        let models = self.list_models(channel.clone(), &self.address).await?;
        Ok((channel, models))
    }

    /// Asks a server for its models.
    pub(crate) async fn list_models(
        &self,
        channel: Channel,
        address: &ServerAddress,
    ) -> Result<ListModelsResponse, ListError> {
        let mut service = connect::service(channel);
        match timeout(self.reply_limit, service.list_models(ListModelsRequest {})).await {
            Ok(Ok(reply)) => Ok(reply.into_inner()),
            Ok(Err(status)) => Err(ListError::Refused {
                address: address.to_string(),
                reason: connect::describe(&status),
                may_pass: matches!(status.code(), Code::Unavailable | Code::ResourceExhausted),
            }),
            Err(_) => {
                Err(ListError::TimedOut { address: address.to_string(), limit_s: self.reply_limit.as_secs() })
            }
        }
    }

    /// The server's address, for messages.
    pub(crate) fn name(&self) -> String {
        self.address.to_string()
    }

    /// What is shown to servers.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Longest wait for any one answer.
    pub(crate) fn reply_limit(&self) -> Duration {
        self.reply_limit
    }

    /// Shows what our own server has said.
    pub(crate) fn show_messages(&mut self, progress: &Progress) {
        for line in self.process.iter_mut().flat_map(ServerProcess::take_messages) {
            progress.say(&format!("polaris-server: {line}"));
        }
    }

    /// Ends a run with its outcome: a failure is explained by the death of our own server where that is behind it, and
    /// otherwise what the server has said is shown, unless errors alone are wanted. Stops our own server.
    pub(crate) async fn finish<T>(
        mut self,
        outcome: anyhow::Result<T>,
        progress: &Progress,
        quiet: bool,
    ) -> anyhow::Result<T> {
        let outcome = match outcome {
            Ok(value) => Ok(value),
            Err(error) => Err(self.explain(error).await),
        };
        if outcome.is_ok() && !quiet {
            self.show_messages(progress);
        }
        self.close().await;
        outcome
    }

    /// The death of our own server, where that is behind a failure.
    async fn explain(&mut self, error: anyhow::Error) -> anyhow::Error {
        let Some(process) = self.process.as_mut().filter(|_| !error.is::<ServerProcessError>()) else {
            return error;
        };
        match process.death().await {
            Some(death) => error.context(death),
            None => error,
        }
    }

    /// Stops our own server.
    pub(crate) async fn close(self) {
        if let Some(process) = self.process {
            process.stop().await;
        }
    }
}

/// Pages of the genome that are kept, of 64 Ki bases: what is asked about lies in order, and the parts that are cut side
/// by side are neighbors, so that more would only fill memory as a run goes on.
const GENOME_PAGES: usize = 32;

/// Opens the reference bundle on a thread that may wait.
pub(crate) async fn open_bundle(path: PathBuf) -> anyhow::Result<Arc<ReferenceBundle>> {
    let opened = tokio::task::spawn_blocking(move || ReferenceBundle::open(&path)).await;
    let bundle = opened.context("the thread that loads the reference ended early")??;
    Ok(Arc::new(bundle.keeping(GENOME_PAGES)))
}

/// SIGINT (Ctrl-C) and SIGTERM, remembered from the moment of creation.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Listens from now on.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Runs the work to its end, or drops it when a signal arrives.
    pub(crate) async fn unless<T>(
        &mut self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        tokio::select! {
            outcome = work => outcome,
            _ = self.interrupt.recv() => anyhow::bail!("interrupted: no output was written"),
            _ = self.terminate.recv() => anyhow::bail!("terminated: no output was written"),
        }
    }

    /// Waits for a signal.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
