//! Plain HTTP/1, as Prometheus speaks it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{HarnessError, ServerProcess};

/// An answer.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The rest.
    pub body: String,
}

impl ServerProcess {
    /// Address of its admin listener, as the log tells it.
    ///
    /// # Errors
    /// If it has none.
    pub async fn admin_address(&mut self) -> Result<String, HarnessError> {
        let line =
            self.wait_for_line("the admin listener is open", std::time::Duration::from_secs(60)).await?;
        let address = line.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next());
        address.map(str::to_owned).ok_or(HarnessError::Line(line))
    }
}

/// Asks for a path once.
///
/// # Errors
/// If nobody answers.
pub async fn http(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
) -> Result<HttpAnswer, HarnessError> {
    let failed = || HarnessError::io(format!("{method} http://{address}{path}"));
    let mut stream = TcpStream::connect(address).await.map_err(failed())?;
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{token}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map_err(failed())?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| HarnessError::Line(head.to_owned()))?;
    Ok(HttpAnswer { status, head: head.to_owned(), body: body.to_owned() })
}
