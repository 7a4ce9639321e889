//! How to start a server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::program::binary;
use crate::{Exit, HarnessError, ServerProcess};

/// Longest wait for models to be loaded; generous, since the machine may be busy.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A server to be started on a Unix socket in a temporary directory.
#[derive(Clone, Debug)]
pub struct Server {
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    listen: Option<String>,
}

impl Server {
    /// `polaris-server serve` for a registry.
    pub fn new(registry: &Path) -> Self {
        let arguments =
            ["serve".into(), "--registry".into(), registry.into(), "--threads".into(), "1".into()];
        Self { arguments: arguments.to_vec(), environment: Vec::new(), listen: None }
    }

    /// Exactly these arguments; `--listen` is added.
    pub fn with_arguments(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self { arguments, environment: Vec::new(), listen: None }
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(OsString::from));
        self
    }

    /// Sets a setting by its environment variable `POLARIS__<name>`.
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.environment.push((format!("POLARIS__{name}"), value.to_string()));
        self
    }

    /// Listens elsewhere than at a socket of its own.
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = Some(address.to_owned());
        self
    }

    /// Starts the process without waiting for it.
    ///
    /// # Errors
    /// If the server has not been built or cannot be started.
    pub fn spawn(self) -> Result<ServerProcess, HarnessError> {
        let folder = tempfile::tempdir().map_err(HarnessError::io("temporary directory"))?;
        let own = folder.path().join("polaris.sock");
        let listen = self.listen.unwrap_or_else(|| format!("unix:{}", own.display()));
        let socket = listen.strip_prefix("unix:").map_or(own, PathBuf::from);
        let program = binary("polaris-server")?;
        let mut command = Command::new(&program);
        command
            .args(&self.arguments)
            .arg("--listen")
            .arg(listen)
            .envs(self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let child = command.spawn().map_err(HarnessError::io(program.display().to_string()))?;
        Ok(ServerProcess::new(child, folder, socket))
    }

    /// Starts the process and waits until it serves.
    ///
    /// # Errors
    /// If it does not serve in time.
    pub async fn start(self) -> Result<ServerProcess, HarnessError> {
        let mut process = self.spawn()?;
        process.wait_until_serving(START_LIMIT).await?;
        Ok(process)
    }

    /// Starts the process and waits until it ends by itself.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn run(self) -> Result<Exit, HarnessError> {
        self.spawn()?.exit(START_LIMIT).await
    }
}
