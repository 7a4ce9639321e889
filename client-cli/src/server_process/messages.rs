//! The standard error of a server: its last lines are kept for when they are needed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const KEPT_LINES: usize = 40;
const LINE_BYTES: usize = 2000;

/// Lines that a server writes, collected in the background.
pub(super) struct Messages {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Messages {
    /// Starts to read, until the other side closes.
    pub(super) fn collect(stderr: Option<impl AsyncRead + Send + Unpin + 'static>) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&lines);
        let reader = stderr.map(|stderr| tokio::spawn(read(stderr, kept)));
        Self { lines, reader }
    }

    /// Waits a second at most for what was written before the server ended.
    pub(super) async fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = timeout(Duration::from_secs(1), reader).await;
        }
    }

    /// The last lines, as the end of an error message; empty if there are none.
    pub(super) fn tail(&self) -> String {
        let lines = lock(&self.lines);
        if lines.is_empty() {
            return ": it said nothing".to_owned();
        }
        lines.iter().fold(": it said:".to_owned(), |text, line| text + "\n  " + line)
    }

    /// The lines since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        lock(&self.lines).drain(..).collect()
    }
}

fn lock(lines: &Mutex<VecDeque<String>>) -> MutexGuard<'_, VecDeque<String>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(mut stderr: impl AsyncRead + Unpin, kept: Arc<Mutex<VecDeque<String>>>) {
    let mut buffer = vec![0; 4096];
    let mut line = Vec::new();
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        for &byte in buffer.iter().take(count) {
            if byte == b'\n' {
                keep(&kept, &mut line);
            } else if line.len() < LINE_BYTES {
                line.push(byte);
            }
        }
    }
    keep(&kept, &mut line);
}

fn keep(kept: &Mutex<VecDeque<String>>, line: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(line).trim_end().to_owned();
    line.clear();
    if !text.is_empty() {
        let mut lines = lock(kept);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_lines_are_kept() {
        let text: String =
            (0..100).map(|number| format!("line {number}\r\n\n")).collect::<String>() + "no end";
        let mut messages = Messages::collect(Some(std::io::Cursor::new(text.into_bytes())));
        messages.finish().await;
        assert!(messages.tail().ends_with("\n  line 99\n  no end"));
        let lines = messages.take();
        assert_eq!((lines.len(), lines[0].as_str()), (KEPT_LINES, "line 61"));
        assert_eq!(messages.tail(), ": it said nothing");
    }
}
