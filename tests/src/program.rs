//! The programs of the workspace, run to their end or killed before it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::{Exit, HarnessError};

/// Longest run of a program; generous, since the machine may be busy.
const RUN_LIMIT: Duration = Duration::from_secs(120);

/// A program to be run.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    command: Command,
}

impl Program {
    /// `polaris-trainer` with these arguments.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn trainer(arguments: &[&str]) -> Result<Self, HarnessError> {
        Self::new("polaris-trainer", arguments)
    }

    /// `polaris-client` with these arguments.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn client(arguments: &[&str]) -> Result<Self, HarnessError> {
        Self::new("polaris-client", arguments)
    }

    /// `polaris-server` with these arguments, for what ends by itself.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn server(arguments: &[&str]) -> Result<Self, HarnessError> {
        Self::new("polaris-server", arguments)
    }

    fn new(name: &'static str, arguments: &[&str]) -> Result<Self, HarnessError> {
        let mut command = Command::new(binary(name)?);
        command.args(arguments).env_remove("POLARIS_SERVER_BINARY").stdin(Stdio::null());
        Ok(Self { name, command })
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Keeps its standard input open for the test to write to.
    pub fn with_stdin(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// If it cannot be started or does not end in time.
    pub fn run(self) -> Result<Exit, HarnessError> {
        self.spawn()?.exit()
    }

    /// Starts it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(mut self) -> Result<RunningProgram, HarnessError> {
        let spawned = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.map_err(HarnessError::io(self.name))?;
        let (sender, lines) = channel();
        collect(child.stdout.take(), Stream::Stdout, sender.clone());
        collect(child.stderr.take(), Stream::Stderr, sender);
        Ok(RunningProgram { name: self.name, child, lines, stdout: String::new(), stderr: String::new() })
    }
}

/// A program that runs; killed when dropped.
#[derive(Debug)]
pub struct RunningProgram {
    name: &'static str,
    child: Child,
    lines: Receiver<(Stream, String)>,
    stdout: String,
    stderr: String,
}

#[derive(Clone, Copy, Debug)]
enum Stream {
    Stdout,
    Stderr,
}

impl RunningProgram {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, if it was asked for and not yet taken.
    pub fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Waits until a line of its standard error contains `text`.
    ///
    /// # Errors
    /// If it ends or the limit passes.
    pub fn wait_for_line(&mut self, text: &str) -> Result<(), HarnessError> {
        let deadline = Instant::now() + RUN_LIMIT;
        while !self.stderr.contains(text) {
            match self.next_line(deadline) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return Err(self.late(text)),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().map_err(HarnessError::io("wait"))?;
                    return Err(HarnessError::Ended {
                        status: status.to_string(),
                        stderr: self.stderr.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Kills it, with no chance to clean up.
    ///
    /// # Errors
    /// If it has ended and been waited for.
    pub fn kill(mut self) -> Result<Exit, HarnessError> {
        self.child.kill().map_err(HarnessError::io("kill"))?;
        self.exit()
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// If it does not in time.
    pub fn exit(mut self) -> Result<Exit, HarnessError> {
        let deadline = Instant::now() + RUN_LIMIT;
        loop {
            match self.next_line(deadline) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return Err(self.late("the end")),
                // Both streams are closed: it is as good as over.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.child.wait().map_err(HarnessError::io("wait"))?;
        let (stdout, stderr) = (std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr));
        Ok(Exit { code: status.code(), stdout, stderr })
    }

    fn next_line(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let (stream, line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()))?;
        match stream {
            Stream::Stdout => self.stdout += &line,
            Stream::Stderr => self.stderr += &line,
        }
        Ok(())
    }

    fn late(&self, what: &str) -> HarnessError {
        let what = format!("{}: {what}", self.name);
        HarnessError::Late { what, limit: RUN_LIMIT, stderr: self.stderr.clone() }
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends the lines of a stream until it closes.
fn collect(stream: Option<impl Read + Send + 'static>, from: Stream, sender: Sender<(Stream, String)>) {
    let Some(stream) = stream else { return };
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            if sender.send((from, String::from_utf8_lossy(&line).into_owned())).is_err() {
                return;
            }
            line.clear();
        }
    });
}

/// Test executables are in `target/<profile>/deps`, programs one folder above.
pub(crate) fn binary(name: &str) -> Result<PathBuf, HarnessError> {
    let test = std::env::current_exe().map_err(HarnessError::io("path of the test"))?;
    let profile = test.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let program = profile.join(name);
    if program.is_file() { Ok(program) } else { Err(HarnessError::NotBuilt(program)) }
}
