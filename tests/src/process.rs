//! A running server.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::{Exit, HarnessError};

const POLL: Duration = Duration::from_millis(10);

/// A server process; killed when dropped.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    socket: PathBuf,
    stdout: Output,
    stderr: Output,
    _folder: tempfile::TempDir,
}

impl ServerProcess {
    pub(crate) fn new(mut child: Child, folder: tempfile::TempDir, socket: PathBuf) -> Self {
        let stdout = Output::collect(child.stdout.take());
        let stderr = Output::collect(child.stderr.take());
        Self { child, socket, stdout, stderr, _folder: folder }
    }

    /// Memory that it has in use, in bytes.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn resident_bytes(&self) -> Result<u64, HarnessError> {
        let path = format!("/proc/{}/status", self.child.id().unwrap_or_default());
        let status = std::fs::read_to_string(&path).map_err(HarnessError::io(path))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes =
            line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|line| line.parse::<u64>().ok());
        Ok(kibibytes.unwrap_or_default() * 1024)
    }

    /// Everything that it has written to its standard error.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Path of its socket, if it listens at one.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A channel that connects on the first call.
    pub fn channel(&self) -> Channel {
        let address = format!("unix:{}", self.socket.display());
        Endpoint::from_shared(address)
            .unwrap_or_else(|_| Endpoint::from_static("unix:/invalid"))
            .connect_lazy()
    }

    /// What a health probe for `service` is told.
    ///
    /// # Errors
    /// The status of a failed call, also while nobody listens yet.
    pub async fn health(&self, service: &str) -> Result<ServingStatus, tonic::Status> {
        let request = HealthCheckRequest { service: service.to_owned() };
        Ok(HealthClient::new(self.channel()).check(request).await?.into_inner().status())
    }

    /// Waits for SERVING.
    ///
    /// # Errors
    /// If the server ends or the limit passes.
    pub async fn wait_until_serving(&mut self, limit: Duration) -> Result<(), HarnessError> {
        self.poll("SERVING", limit, async |server| {
            matches!(server.health("").await, Ok(ServingStatus::Serving))
        })
        .await
    }

    /// Waits until a line of its standard error contains `text`, and returns that line.
    ///
    /// # Errors
    /// If the server ends or the limit passes.
    pub async fn wait_for_line(&mut self, text: &str, limit: Duration) -> Result<String, HarnessError> {
        let find = |stderr: &str| stderr.lines().find(|line| line.contains(text)).map(str::to_owned);
        self.poll(text, limit, async |server| find(&server.stderr.text()).is_some()).await?;
        Ok(find(&self.stderr.text()).unwrap_or_default())
    }

    async fn poll(
        &mut self,
        what: &str,
        limit: Duration,
        mut done: impl AsyncFnMut(&Self) -> bool,
    ) -> Result<(), HarnessError> {
        let deadline = Instant::now() + limit;
        while !done(self).await {
            if let Ok(Some(status)) = self.child.try_wait() {
                self.stderr.finish().await;
                return Err(HarnessError::Ended { status: status.to_string(), stderr: self.stderr.text() });
            }
            if Instant::now() >= deadline {
                return Err(HarnessError::Late { what: what.to_owned(), limit, stderr: self.stderr.text() });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn signal(&self, signal: Signal) -> Result<(), HarnessError> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let gone = || std::io::Error::other("the process has ended");
        let sent = pid.ok_or_else(gone).and_then(|pid| Ok(kill_process(pid, signal)?));
        sent.map_err(HarnessError::io("signal"))
    }

    /// Closes its standard input.
    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// If it does not in time.
    pub async fn exit(mut self, limit: Duration) -> Result<Exit, HarnessError> {
        // `Child::wait` closes the standard input, which is an order to some servers.
        let stdin = self.child.stdin.take();
        let status: ExitStatus = match timeout(limit, self.child.wait()).await {
            Ok(status) => status.map_err(HarnessError::io("wait"))?,
            Err(_) => {
                let what = "the end of the server".to_owned();
                return Err(HarnessError::Late { what, limit, stderr: self.stderr.text() });
            }
        };
        drop(stdin);
        self.stdout.finish().await;
        self.stderr.finish().await;
        Ok(Exit { code: status.code(), stdout: self.stdout.text(), stderr: self.stderr.text() })
    }
}

/// What a stream of the process has said.
#[derive(Debug)]
struct Output {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn collect(stream: Option<impl AsyncRead + Unpin + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let reader = stream.map(|stream| {
            let text = Arc::clone(&text);
            tokio::spawn(async move {
                let mut lines = BufReader::new(stream).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                    text.push_str(&line);
                    text.push('\n');
                }
            })
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the end of the stream.
    async fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            // A grandchild that keeps the stream open is not waited for.
            let _ = timeout(Duration::from_secs(5), reader).await;
        }
    }
}
