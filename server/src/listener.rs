//! Where the server listens: a TCP address or a Unix socket.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::net::{TcpListener, UnixListener};

/// An address to listen at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ListenAddress {
    /// IP address and port; port 0 for any free one.
    Tcp(SocketAddr),
    /// Path of a socket.
    Unix(PathBuf),
}

/// Not an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("IP:PORT such as 127.0.0.1:50051 or [::1]:50051, or unix:PATH")]
pub(crate) struct ListenAddressError;

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        match text.strip_prefix("unix:") {
            Some("") => Err(ListenAddressError),
            Some(path) => Ok(Self::Unix(PathBuf::from(path))),
            None => text.parse().map(Self::Tcp).map_err(|_| ListenAddressError),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A bound listener.
pub(crate) enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket, whose file is removed when the second part is dropped.
    Unix(UnixListener, SocketFile),
}

/// An address that cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {address}: {cause}")]
pub(crate) struct BindError {
    address: ListenAddress,
    /// Part of the message, so not the source as well.
    cause: Error,
}

impl Listener {
    /// Binds. A socket file that nobody listens at any more is replaced.
    ///
    /// # Errors
    /// If the address is taken or cannot be used.
    pub(crate) async fn bind(address: &ListenAddress) -> Result<Self, BindError> {
        let bound = match address {
            ListenAddress::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            ListenAddress::Unix(path) => bind_unix(path),
        };
        bound.map_err(|cause| BindError { address: address.clone(), cause })
    }

    /// The address as bound, with the port that the system picked.
    ///
    /// # Errors
    /// If the system does not say.
    pub(crate) fn address(&self) -> Result<ListenAddress, Error> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(ListenAddress::Tcp),
            Self::Unix(_, file) => Ok(ListenAddress::Unix(file.path.clone())),
        }
    }
}

fn bind_unix(path: &Path) -> Result<Listener, Error> {
    remove_stale(path)?;
    let listener = UnixListener::bind(path)?;
    let identity = identity(path)?;
    Ok(Listener::Unix(listener, SocketFile { path: path.to_owned(), identity }))
}

fn remove_stale(path: &Path) -> Result<(), Error> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(Error::new(ErrorKind::AlreadyExists, "there is a file of that name that is no socket"));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(Error::new(ErrorKind::AddrInUse, "another process listens there")),
    }
}

/// The file of our socket; removed when dropped, unless another has taken its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the socket file stays behind");
        }
    }
}

/// Device and inode.
fn identity(path: &Path) -> Result<(u64, u64), Error> {
    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for text in ["127.0.0.1:0", "[::1]:50051", "unix:/run/polaris.sock"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for bad in ["", "unix:", "localhost:1", "127.0.0.1", "127.0.0.1:70000"] {
            assert_eq!(bad.parse::<ListenAddress>(), Err(ListenAddressError), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let address = ListenAddress::Unix(folder.path().join("a.sock"));
        drop(std::os::unix::net::UnixListener::bind(folder.path().join("a.sock")).unwrap());
        let live = Listener::bind(&address).await.unwrap();
        let error = format!("{:#}", anyhow::Error::from(Listener::bind(&address).await.err().unwrap()));
        assert_eq!(error.matches("another process listens there").count(), 1, "{error}");
        drop(live);
        assert!(!folder.path().join("a.sock").exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.txt");
        std::fs::write(&path, "precious").unwrap();
        assert!(Listener::bind(&ListenAddress::Unix(path.clone())).await.is_err());
        assert_eq!(std::fs::read_to_string(path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_socket_that_another_has_replaced_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let ours = Listener::bind(&ListenAddress::Unix(path.clone())).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let _theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
        drop(ours);
        assert!(path.exists());
    }
}
