//! What a client shows of itself, and whom it believes: the same for all servers of a run.

use std::fmt;
use std::path::{Path, PathBuf};

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};
use tonic::{Request, Status};

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialsError {
    /// A file cannot be read.
    #[error("{option} {}: {source}", .path.display())]
    File {
        /// As typed.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A token that no metadata can hold.
    #[error("{0} holds no token: letters, digits and signs on one line are expected")]
    Token(String),
}

/// What a client shows of itself, and whom it believes.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    /// Authorities that servers are checked against; those of the system if there are none.
    authorities: Option<Certificate>,
    /// Certificate and key to show.
    identity: Option<Identity>,
    /// Sent with each call.
    pub(crate) authorization: Authorization,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// Reads what files say.
    ///
    /// # Errors
    /// If one cannot be read, or the token is none.
    pub(crate) fn read(
        authorities: Option<&Path>,
        identity: Option<(&Path, &Path)>,
        token_file: Option<&Path>,
        token: Option<String>,
    ) -> Result<Self, CredentialsError> {
        let authorities = authorities.map(|path| file("--ca", path)).transpose()?.map(Certificate::from_pem);
        let identity = match identity {
            Some((certificate, key)) => {
                Some(Identity::from_pem(file("--cert", certificate)?, file("--key", key)?))
            }
            None => None,
        };
        let (token, origin) = match token_file {
            Some(path) => {
                let text = String::from_utf8_lossy(&file("--token-file", path)?).into_owned();
                (Some(text), path.display().to_string())
            }
            None => (token, "POLARIS_TOKEN".to_owned()),
        };
        let authorization = match token {
            Some(token) => Authorization::bearer(token.trim()).ok_or(CredentialsError::Token(origin))?,
            None => Authorization::default(),
        };
        Ok(Self { authorities, identity, authorization })
    }

    /// Whether each call says who calls.
    pub(crate) fn has_token(&self) -> bool {
        self.authorization.0.is_some()
    }

    /// TLS with these; `name` is what the server's certificate is for, where that is not its address.
    pub(crate) fn tls(&self, name: Option<&str>) -> ClientTlsConfig {
        let mut tls = ClientTlsConfig::new();
        tls = match &self.authorities {
            Some(authorities) => tls.ca_certificate(authorities.clone()),
            None => tls.with_native_roots(),
        };
        if let Some(identity) = &self.identity {
            tls = tls.identity(identity.clone());
        }
        match name {
            Some(name) => tls.domain_name(name),
            None => tls,
        }
    }
}

fn file(option: &'static str, path: &Path) -> Result<Vec<u8>, CredentialsError> {
    std::fs::read(path).map_err(|source| CredentialsError::File { option, path: path.to_owned(), source })
}

/// The metadata of each call that says who calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authorization(Option<MetadataValue<Ascii>>);

impl Authorization {
    fn bearer(token: &str) -> Option<Self> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().ok()?;
        value.set_sensitive(true);
        Some(Self(Some(value)))
    }
}

impl Interceptor for Authorization {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(credentials: &Credentials) -> Option<String> {
        let request = credentials.authorization.clone().call(Request::new(())).unwrap();
        request.metadata().get("authorization").map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_token_is_sent_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "polaris_abc\n").unwrap();
        let variable = Some("other".to_owned());
        let from_file = Credentials::read(None, None, Some(&path), variable.clone()).unwrap();
        assert_eq!(sent(&from_file).unwrap(), "Bearer polaris_abc");
        assert!(!format!("{:?}", from_file.authorization).contains("abc"));
        assert_eq!(sent(&Credentials::read(None, None, None, variable).unwrap()).unwrap(), "Bearer other");
        assert_eq!(sent(&Credentials::default()), None);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let absent = Path::new("/nonexistent/file");
        for (credentials, named) in [
            (Credentials::read(Some(absent), None, None, None), "--ca /nonexistent/file"),
            (Credentials::read(None, Some((absent, absent)), None, None), "--cert /nonexistent/file"),
            (Credentials::read(None, None, Some(absent), None), "--token-file /nonexistent/file"),
            (Credentials::read(None, None, None, Some("two words".to_owned())), "POLARIS_TOKEN"),
            (Credentials::read(None, None, None, Some(String::new())), "POLARIS_TOKEN"),
        ] {
            let message = credentials.unwrap_err().to_string();
            assert!(message.contains(named) && !message.contains("words"), "{message}");
        }
    }
}
