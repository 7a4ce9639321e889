//! Connections, of whatever kind, as the gRPC server takes them.

use std::fmt;
use std::io::{Error, IoSlice, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::transport::server::{Connected, TcpIncoming};

use crate::certificate::common_name;
use crate::identity::ClientIdentity;
use crate::listener::{Listener, SocketFile};
use crate::tls::Tls;

/// Longest handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(3);
/// Handshakes at once; others wait to be accepted.
const MOST_HANDSHAKES: usize = 1024;
/// Between pings that find out that the other side is gone, and for the answer to one.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Wait until the system may have room for another connection.
const NO_ROOM_WAIT: Duration = Duration::from_millis(100);

trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A connection, and who is at the other end.
pub(crate) struct Connection {
    bytes: Box<dyn Bytes>,
    peer: Peer,
}

/// Connections as they come.
pub(crate) type Incoming = Pin<Box<dyn Stream<Item = Result<Connection>> + Send>>;

/// The other end of a connection; it stands in the extensions of each request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    /// Its address; none on a Unix socket.
    pub(crate) address: Option<SocketAddr>,
    /// Who it is by its certificate.
    pub(crate) certificate: Option<ClientIdentity>,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => address.fmt(f),
            None => f.write_str("unix"),
        }
    }
}

/// Accepts connections, and speaks TLS on those by TCP if it is set up. Who may open a Unix socket is up to the rights of
/// its folder. The second part lives as long as the socket is to be there.
pub(crate) fn incoming(listener: Listener, tls: Option<Tls>) -> (Incoming, Option<SocketFile>) {
    match (listener, tls) {
        (Listener::Unix(listener, file), _) => {
            let plain = UnixListenerStream::new(listener)
                .map(|stream| Ok(Connection { bytes: Box::new(stream?), peer: Peer::default() }));
            (Box::pin(plain.then(with_room)), Some(file))
        }
        (Listener::Tcp(listener), None) => {
            let plain = tcp(listener).map(|stream| stream.map(Connection::plain));
            (Box::pin(plain.then(with_room)), None)
        }
        (Listener::Tcp(listener), Some(tls)) => {
            (Box::pin(encrypted(tcp(listener).then(with_room), tls)), None)
        }
    }
}

/// A server that notices when the other side of a connection is gone.
pub(crate) fn server() -> Server {
    Server::builder().http2_keepalive_interval(Some(KEEP_ALIVE)).http2_keepalive_timeout(Some(KEEP_ALIVE))
}

fn tcp(listener: tokio::net::TcpListener) -> TcpIncoming {
    // Answers are small beside a round trip: they must not wait to be filled up.
    TcpIncoming::from(listener).with_nodelay(Some(true))
}

/// What was accepted. Where the system has no room for a connection it says so again at once, and whoever accepts would do
/// nothing else.
async fn with_room<T>(accepted: Result<T>) -> Result<T> {
    let no_room = |error: &Error| {
        matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
    };
    if let Some(error) = accepted.as_ref().err().filter(|error| no_room(error)) {
        tracing::warn!(%error, "a connection waits to be accepted");
        tokio::time::sleep(NO_ROOM_WAIT).await;
    }
    accepted
}

/// Connections by TLS. Each handshake is a task, so that neither its calculations nor a peer that is silent keeps another
/// waiting; all end with the stream.
fn encrypted(
    accepted: impl Stream<Item = Result<TcpStream>> + Send,
    tls: Tls,
) -> impl Stream<Item = Result<Connection>> + Send {
    stream::unfold((Box::pin(accepted), JoinSet::new()), move |(mut accepted, mut handshakes)| {
        let tls = tls.clone();
        async move {
            loop {
                tokio::select! {
                    Some(done) = handshakes.join_next() => if let Ok(Some(connection)) = done {
                        return Some((Ok(connection), (accepted, handshakes)));
                    },
                    Some(stream) = accepted.next(), if handshakes.len() < MOST_HANDSHAKES => match stream {
                        Ok(stream) => {
                            handshakes.spawn(handshake(stream, tls.clone()));
                        }
                        Err(error) => return Some((Err(error), (accepted, handshakes))),
                    },
                    else => return None,
                }
            }
        }
    })
}

/// A peer that fails is no error of the listener.
async fn handshake(stream: TcpStream, tls: Tls) -> Option<Connection> {
    let address = stream.peer_addr().ok();
    let accepted = timeout(HANDSHAKE_LIMIT, TlsAcceptor::from(tls.current()).accept(stream)).await;
    match accepted.unwrap_or_else(|_| Err(Error::other("it took too long"))) {
        Ok(stream) => {
            let certificate = client(stream.get_ref().1);
            Some(Connection { bytes: Box::new(stream), peer: Peer { address, certificate } })
        }
        Err(error) => {
            tracing::info!(peer = address.map(tracing::field::display), %error, "a TLS handshake failed");
            None
        }
    }
}

fn client(session: &ServerConnection) -> Option<ClientIdentity> {
    let certificate = session.peer_certificates()?.first()?;
    common_name(certificate).map(ClientIdentity)
}

impl Connection {
    fn plain(stream: TcpStream) -> Self {
        let peer = Peer { address: stream.peer_addr().ok(), certificate: None };
        Self { bytes: Box::new(stream), peer }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.bytes).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.bytes).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.bytes).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.bytes).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.bytes).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.bytes.is_write_vectored()
    }
}
