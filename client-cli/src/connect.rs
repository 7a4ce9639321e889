//! Addresses of servers and channels to them.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use polaris_proto::v1::polaris_service_client::PolarisServiceClient;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{self, Endpoint, Uri};
use tower::service_fn;

use crate::credentials::{Authorization, Credentials};

/// A connection to a server, which says with each call who calls.
pub(crate) type Channel = InterceptedService<transport::Channel, Authorization>;

/// Largest reply that is accepted, in bytes, where the server publishes no limit.
pub(crate) const REPLY_BYTES: usize = 16 << 20;
/// Largest request that is sent, in bytes, whatever the server publishes.
pub(crate) const REQUEST_BYTES: usize = 16 << 20;
/// Longest wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Between the pings that find out that the other side is gone, and for the answer to one.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Where a server listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ServerAddress {
    /// `http://host:port` or `https://host:port`.
    Http(Uri),
    /// `unix:PATH`.
    Unix(PathBuf),
}

/// Why an address was refused or a server not reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// Neither `http://` nor `https://` nor `unix:`.
    #[error("`{0}` is no address of a server: write http://HOST:PORT, https://HOST:PORT or unix:PATH")]
    Address(String),
    /// Nothing answered.
    #[error("cannot connect to {address}: {reason}: is polaris-server running there?")]
    Refused {
        /// As typed.
        address: String,
        /// The innermost cause.
        reason: String,
    },
    /// The server and this client do not trust each other, or what `--ca`, `--cert` and `--key` hold cannot be used.
    #[error("no TLS with {address}: {reason}: are --ca, --cert and the name in the address right?")]
    Tls {
        /// As typed.
        address: String,
        /// The innermost cause.
        reason: String,
    },
    /// Nothing answered in time.
    #[error("cannot connect to {address}: no answer within {} s: is polaris-server running there?", .limit.as_secs())]
    TimedOut {
        /// As typed.
        address: String,
        /// How long it was waited for.
        limit: Duration,
    },
}

impl ConnectError {
    fn tls(address: &ServerAddress, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Tls { address: address.to_string(), reason: innermost(error).to_string() }
    }

    fn of(address: &ServerAddress, error: &(dyn std::error::Error + 'static)) -> Self {
        let cause = innermost(error);
        // As which TLS tells the connection that the other side is not to be trusted, or speaks no TLS.
        let input = cause.downcast_ref::<std::io::Error>();
        if input.is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData) {
            return Self::tls(address, error);
        }
        Self::Refused { address: address.to_string(), reason: cause.to_string() }
    }

    /// Whether it may be otherwise later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::TimedOut { .. })
    }
}

impl ServerAddress {
    /// Whether TLS is spoken there.
    pub(crate) fn is_https(&self) -> bool {
        matches!(self, Self::Http(uri) if uri.scheme_str() == Some("https"))
    }

    /// Whether what is sent there can be read on the way.
    pub(crate) fn is_open(&self) -> bool {
        let Self::Http(uri) = self else { return false };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        !self.is_https() && !loopback
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(uri) => write!(formatter, "{uri}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl FromStr for ServerAddress {
    type Err = ConnectError;

    fn from_str(text: &str) -> Result<Self, ConnectError> {
        if let Some(path) = text.strip_prefix("unix:") {
            // `unix:///run/x.sock` is the URL spelling of `unix:/run/x.sock`.
            let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
            return match path {
                "" => Err(ConnectError::Address(text.to_owned())),
                path => Ok(Self::Unix(PathBuf::from(path))),
            };
        }
        match text.parse::<Uri>() {
            Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.port().is_some() => {
                Ok(Self::Http(uri))
            }
            _ => Err(ConnectError::Address(text.to_owned())),
        }
    }
}

/// Opens a channel. Fails when nothing answers within ten seconds.
pub(crate) async fn connect(
    address: &ServerAddress,
    credentials: &Credentials,
) -> Result<Channel, ConnectError> {
    connect_as(address, None, credentials).await
}

/// The same; requests name `origin` as their host where it is known by another name than its address.
pub(crate) async fn connect_as(
    address: &ServerAddress,
    origin: Option<&Uri>,
    credentials: &Credentials,
) -> Result<Channel, ConnectError> {
    let connecting = async {
        match address {
            ServerAddress::Http(uri) => {
                let mut endpoint = endpoint(uri.clone());
                if uri.scheme_str() == Some("https") {
                    let name = origin.and_then(Uri::host);
                    endpoint = endpoint
                        .tls_config(credentials.tls(name))
                        .map_err(|error| ConnectError::tls(address, &error))?;
                }
                match origin {
                    Some(origin) => endpoint.origin(origin.clone()).connect().await,
                    None => endpoint.connect().await,
                }
            }
            ServerAddress::Unix(path) => connect_unix(path).await,
        }
        .map_err(|error| ConnectError::of(address, &error))
    };
    match timeout(CONNECT_LIMIT, connecting).await {
        Ok(Ok(channel)) => Ok(InterceptedService::new(channel, credentials.authorization.clone())),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(ConnectError::TimedOut { address: address.to_string(), limit: CONNECT_LIMIT }),
    }
}

/// The service on a channel, with the limits of both directions set.
pub(crate) fn service(channel: Channel) -> PolarisServiceClient<Channel> {
    PolarisServiceClient::new(channel)
        .max_decoding_message_size(REPLY_BYTES)
        .max_encoding_message_size(REQUEST_BYTES)
}

/// What a failed call says: the message, with the code where the message does not speak for itself.
pub(crate) fn describe(status: &tonic::Status) -> String {
    match status.message() {
        "" => format!("{:?}", status.code()),
        message => format!("{:?}: {message}", status.code()),
    }
}

/// The value of a call, or what the server did instead of answering within the limit.
pub(crate) async fn in_time<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, tonic::Status>>,
) -> anyhow::Result<T> {
    match timeout(limit, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(status)) => anyhow::bail!("the server failed: {}", describe(&status)),
        Err(_) => anyhow::bail!(
            "the server has not answered for {} s: raise --timeout-s, or lower --batch-windows",
            limit.as_secs()
        ),
    }
}

fn endpoint(uri: Uri) -> Endpoint {
    Endpoint::from(uri)
        .connect_timeout(CONNECT_LIMIT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true)
}

async fn connect_unix(path: &Path) -> Result<transport::Channel, transport::Error> {
    let path = path.to_owned();
    // The host is never looked up: the connector opens the socket whatever it says.
    endpoint(Uri::from_static("http://localhost"))
        .connect_with_connector(service_fn(move |_: Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        }))
        .await
}

fn innermost<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(
            "unix:/run/p.sock".parse::<ServerAddress>().unwrap(),
            ServerAddress::Unix("/run/p.sock".into())
        );
        assert_eq!(
            "unix:///run/p.sock".parse::<ServerAddress>().unwrap(),
            ServerAddress::Unix("/run/p.sock".into())
        );
        assert_eq!("unix:p.sock".parse::<ServerAddress>().unwrap().to_string(), "unix:p.sock");
        assert!(matches!("http://[::1]:50051".parse::<ServerAddress>(), Ok(ServerAddress::Http(_))));
        for wrong in ["", "unix:", "localhost:50051", "http://host", "ftp://h:1", "http://h:1:2"] {
            assert!(matches!(wrong.parse::<ServerAddress>(), Err(ConnectError::Address(_))), "{wrong}");
        }
        assert_eq!("https://h:1".parse::<ServerAddress>().unwrap().to_string(), "https://h:1/");
    }

    #[test]
    fn what_can_be_read_on_the_way() {
        for (address, https, open) in [
            ("http://gpu1:50051", false, true),
            ("https://gpu1:50051", true, false),
            ("http://localhost:1", false, false),
            ("http://[::1]:1", false, false),
            ("unix:p.sock", false, false),
        ] {
            let address: ServerAddress = address.parse().unwrap();
            assert_eq!((address.is_https(), address.is_open()), (https, open), "{address}");
        }
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_will_not_later() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        });
        let error = connect(&address, &Credentials::default()).await.unwrap_err();
        assert!(matches!(error, ConnectError::Tls { .. }) && !error.may_pass(), "{error}");
    }

    #[tokio::test]
    async fn nothing_there() {
        let address = ServerAddress::Unix("/nonexistent/p.sock".into());
        let message = connect(&address, &Credentials::default()).await.unwrap_err().to_string();
        assert!(message.contains("unix:/nonexistent/p.sock: No such file"), "{message}");
    }
}
