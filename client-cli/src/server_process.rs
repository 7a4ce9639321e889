//! The server that a run starts for itself on a private socket, and stops afterwards.
//!
//! The server also stops by itself when its standard input closes, so that a client that was killed leaves
//! none behind.

mod locate;
mod messages;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::connect::{self, Channel, ServerAddress};
use crate::credentials::Credentials;
use messages::Messages;

/// Longest wait after SIGTERM, before SIGKILL.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait for one answer about the server's health.
const HEALTH_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);
/// The length of a socket's path is limited by the system to 107 bytes.
const SOCKET_PATH_BYTES: usize = 107;

/// How to start a server.
#[derive(Clone, Debug)]
pub(crate) struct EmbeddedServer {
    /// Registry that it serves.
    pub(crate) registry: PathBuf,
    /// `--device` for it.
    pub(crate) device: Option<String>,
    /// The program, or none to look for it.
    pub(crate) binary: Option<PathBuf>,
    /// Longest wait until it has loaded its models.
    pub(crate) start_limit: Duration,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerProcessError {
    /// Not where it was looked for.
    #[error(
        "polaris-server was not found: looked {looked}: \
         install it there, name it with --server-binary or POLARIS_SERVER_BINARY, or use --server"
    )]
    NotFound {
        /// Places, for people.
        looked: String,
    },
    /// The registry is no directory.
    #[error("no model registry at {0}: --registry takes a directory, as polaris-trainer writes it")]
    Registry(String),
    /// No folder for the socket.
    #[error("cannot make a private folder for the server's socket in {folder}: {source}: set TMPDIR")]
    Folder {
        /// Folder of temporary files.
        folder: String,
        /// From the system.
        source: std::io::Error,
    },
    /// The program does not start.
    #[error("cannot start {program}: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// From the system.
        source: std::io::Error,
    },
    /// It ended by itself.
    #[error("polaris-server ended ({status}){messages}")]
    Ended {
        /// Its exit status.
        status: String,
        /// The end of its standard error.
        messages: String,
    },
    /// Not ready in time.
    #[error("polaris-server was not ready within {} s: raise --start-timeout-s{messages}", .limit.as_secs())]
    NotReady {
        /// How long it was waited for.
        limit: Duration,
        /// The end of its standard error.
        messages: String,
    },
}

/// A server of our own that runs. `stop` ends it in order; dropped, it is killed.
pub(crate) struct ServerProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Messages,
    socket: PathBuf,
    start_limit: Duration,
    _folder: tempfile::TempDir,
}

impl ServerProcess {
    /// Starts the program; does not wait for it.
    pub(crate) fn spawn(server: &EmbeddedServer) -> Result<Self, ServerProcessError> {
        if !server.registry.is_dir() {
            return Err(ServerProcessError::Registry(server.registry.display().to_string()));
        }
        let program = locate::server_binary(server.binary.as_deref())?;
        let folder = private_folder()?;
        let socket = folder.path().join("polaris.sock");
        let mut listen = std::ffi::OsString::from("unix:");
        listen.push(&socket);
        let mut command = Command::new(&program);
        command.arg("serve").arg("--registry").arg(&server.registry).arg("--listen").arg(listen);
        command.args(["--stop-with-stdin", "--log", "warn"]);
        // Nobody mends the registry while this run waits.
        command.env("POLARIS__REGISTRY__WHEN_BROKEN", "exit");
        for name in std::env::vars_os().map(|(name, _)| name).filter(|name| is_of_another_server(name)) {
            command.env_remove(name);
        }
        if let Some(device) = &server.device {
            command.arg("--device").arg(device);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        // In a group of its own: Ctrl-C reaches the client alone, which then stops the server in order.
        command.process_group(0);
        let mut child = command
            .spawn()
            .map_err(|source| ServerProcessError::Spawn { program: program.display().to_string(), source })?;
        let messages = Messages::collect(child.stderr.take());
        // Taken out, because `Child::wait` would close it.
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, messages, socket, start_limit: server.start_limit, _folder: folder })
    }

    /// Its socket.
    pub(crate) fn address(&self) -> ServerAddress {
        ServerAddress::Unix(self.socket.clone())
    }

    /// Waits until the server says that it serves, and gives the channel to it.
    pub(crate) async fn ready(&mut self) -> Result<Channel, ServerProcessError> {
        let deadline = Instant::now() + self.start_limit;
        let address = self.address();
        loop {
            tokio::select! {
                status = self.child.wait() => return Err(self.ended(status).await),
                channel = serving(&address) => if let Some(channel) = channel { return Ok(channel) },
            }
            if Instant::now() >= deadline {
                let messages = self.messages.tail();
                return Err(ServerProcessError::NotReady { limit: self.start_limit, messages });
            }
            sleep(POLL).await;
        }
    }

    /// The error that says so if the server has ended by itself, looking for up to a second.
    pub(crate) async fn death(&mut self) -> Option<ServerProcessError> {
        match timeout(Duration::from_secs(1), self.child.wait()).await {
            Ok(status) => Some(self.ended(status).await),
            Err(_) => None,
        }
    }

    /// What the server has written to its standard error since the last call.
    pub(crate) fn take_messages(&mut self) -> Vec<String> {
        self.messages.take()
    }

    /// Asks the server to stop, waits, and kills it if it does not.
    pub(crate) async fn stop(mut self) {
        drop(self.stdin.take());
        if let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            // Fails only if the process has ended.
            let _ = kill_process(pid, Signal::TERM);
        }
        if timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            let _ = timeout(STOP_LIMIT, self.child.kill()).await;
        }
    }

    async fn ended(&mut self, status: std::io::Result<ExitStatus>) -> ServerProcessError {
        self.messages.finish().await;
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        ServerProcessError::Ended { status, messages: self.messages.tail() }
    }
}

/// Whether a variable is about how a server is reached and watched, which this one, that nobody else knows, is not.
fn is_of_another_server(name: &OsStr) -> bool {
    const PREFIXES: [&str; 5] = [
        "POLARIS__AUTH__",
        "POLARIS__ADMIN__",
        "POLARIS__TLS__",
        "POLARIS__TELEMETRY__",
        "OTEL_EXPORTER_OTLP_",
    ];
    PREFIXES.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
}

fn private_folder() -> Result<tempfile::TempDir, ServerProcessError> {
    let mut root = std::env::temp_dir();
    // Room for `/polaris-12345678/polaris.sock`.
    if root.as_os_str().len() + 40 > SOCKET_PATH_BYTES {
        root = PathBuf::from("/tmp");
    }
    tempfile::Builder::new()
        .prefix("polaris-")
        .permissions(PermissionsExt::from_mode(0o700))
        .tempdir_in(&root)
        .map_err(|source| ServerProcessError::Folder { folder: root.display().to_string(), source })
}

/// A channel to the server if it says SERVING now.
async fn serving(address: &ServerAddress) -> Option<Channel> {
    let channel = connect::connect(address, &Credentials::default()).await.ok()?;
    let check = async {
        let request = HealthCheckRequest { service: String::new() };
        HealthClient::new(channel.clone()).check(request).await
    };
    let reply = timeout(HEALTH_LIMIT, check).await.ok()?.ok()?.into_inner();
    (reply.status() == ServingStatus::Serving).then_some(channel)
}
