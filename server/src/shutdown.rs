//! Reasons to stop.

use std::fmt;
use std::io::Read;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Why the server stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum StopReason {
    /// SIGTERM: a service manager.
    Terminate,
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// Standard input has closed: the parent process has gone.
    StandardInputClosed,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::StandardInputClosed => "standard input closed",
        })
    }
}

/// Listens for reasons to stop.
#[derive(Debug)]
pub(crate) struct StopRequests {
    terminate: Signal,
    interrupt: Signal,
    stdin: Option<oneshot::Receiver<()>>,
}

impl StopRequests {
    /// Begins to listen; from now on a signal no longer ends the process by itself.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub(crate) fn install(stop_with_stdin: bool) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            stdin: if stop_with_stdin { Some(watch_stdin()?) } else { None },
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> StopReason {
        let stdin = async {
            match self.stdin.as_mut() {
                // The sender is only dropped.
                Some(closed) => {
                    let _ = closed.await;
                }
                None => std::future::pending().await,
            }
        };
        let reason = tokio::select! {
            _ = self.terminate.recv() => StopReason::Terminate,
            _ = self.interrupt.recv() => StopReason::Interrupt,
            () = stdin => StopReason::StandardInputClosed,
        };
        if reason == StopReason::StandardInputClosed {
            self.stdin = None;
        }
        reason
    }
}

/// Ends the process without the clean-up of libraries: libtorch tears down what a thread that still
/// calculates is using, and the process would end with a segmentation fault instead of `code`.
#[expect(unsafe_code, reason = "the standard library has no exit that skips exit handlers")]
pub(crate) fn leave_at_once(code: u8) -> ! {
    // SAFETY: _exit may be called at any time. What has to be written or removed has been: the log is not
    // buffered, and the socket file goes with the server's handle.
    unsafe { libc::_exit(i32::from(code)) }
}

/// A read cannot be cancelled, so it has a thread of its own, which ends with the process.
fn watch_stdin() -> std::io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel::<()>();
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let _sender = sender;
        let mut ignored = [0; 4096];
        let mut stdin = std::io::stdin().lock();
        loop {
            match stdin.read(&mut ignored) {
                Ok(0) => return,
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return,
                Ok(_) | Err(_) => {}
            }
        }
    })?;
    Ok(receiver)
}
