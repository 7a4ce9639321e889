//! TLS: certificates from files, read again when these change.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::certificate::{Validity, validity};
use crate::settings::TlsSettings;

/// Why there can be no TLS with these files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file is not there, may not be read, or holds something else.
    #[error("{key} {}: {reason}", .path.display())]
    File {
        /// The setting that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The certificate is out of date.
    #[error("tls.certificate {}: the certificate expired on {date}: renew it", .path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// When.
        date: String,
    },
    /// The certificate is for later.
    #[error("tls.certificate {}: the certificate is not valid before {date}: is the clock right?", .path.display())]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// From when on.
        date: String,
    },
    /// Certificate and key do not make a pair, or are of a kind that is not known.
    #[error("tls.certificate {} and tls.key {}: {source}", .certificate.display(), .key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What does not go.
        source: rustls::Error,
    },
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose {
    /// Protocols that are offered.
    pub(crate) protocols: &'static [&'static [u8]],
    /// Whether clients show certificates, if `tls.client_ca` says who may sign them.
    pub(crate) client_certificates: bool,
}

impl Purpose {
    /// gRPC.
    pub(crate) const GRPC: Self = Self { protocols: &[b"h2"], client_certificates: true };
    /// Metrics and administration, where callers are told apart by tokens.
    pub(crate) const ADMIN: Self = Self { protocols: &[b"h2", b"http/1.1"], client_certificates: false };
}

/// How to speak TLS now; clones change together.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    settings: Arc<TlsSettings>,
    purpose: Purpose,
    config: Arc<RwLock<Arc<ServerConfig>>>,
    valid_until: Arc<str>,
    /// Of what was read.
    known: Vec<Fingerprint>,
    /// Ends with the last clone.
    _follower: Option<Arc<AbortOnDropHandle<()>>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// If a file cannot be used; an expired certificate is named with its date.
    pub(crate) fn load(settings: &TlsSettings, purpose: Purpose) -> Result<Self, TlsError> {
        // Before they are read: a change in between is found later.
        let known = fingerprints(settings);
        let (config, until) = read(settings, purpose)?;
        Ok(Self {
            settings: Arc::new(settings.clone()),
            purpose,
            config: Arc::new(RwLock::new(Arc::new(config))),
            valid_until: until.into(),
            known,
            _follower: None,
        })
    }

    /// The certificate's file, and until when what was in it at first is valid.
    pub(crate) fn describe(&self) -> String {
        format!("{}, valid until {}", self.settings.certificate.display(), self.valid_until)
    }

    /// For the next handshake.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the files again and again, and takes what has changed, until `stopping` is cancelled. What cannot be used
    /// is logged and looked at again: a certificate may become valid, and a file readable, without a change. Meanwhile what
    /// was there before is used on.
    pub(crate) fn following(mut self, stopping: CancellationToken) -> Self {
        let follower = Follower {
            settings: Arc::clone(&self.settings),
            purpose: self.purpose,
            config: Arc::clone(&self.config),
            known: self.known.clone(),
            complaint: None,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(follower.run(stopping)));
        self._follower = Some(Arc::new(task));
        self
    }
}

struct Follower {
    settings: Arc<TlsSettings>,
    purpose: Purpose,
    config: Arc<RwLock<Arc<ServerConfig>>>,
    /// Of what is used.
    known: Vec<Fingerprint>,
    /// What was said last, of which files.
    complaint: Option<(Vec<Fingerprint>, String)>,
}

impl Follower {
    async fn run(mut self, stopping: CancellationToken) {
        while stopping.run_until_cancelled(tokio::time::sleep(self.settings.reload_interval)).await.is_some()
        {
            self.look().await;
        }
    }

    async fn look(&mut self) {
        let (settings, purpose, known) = (Arc::clone(&self.settings), self.purpose, self.known.clone());
        // Files are read and signatures checked: too long for a thread that serves connections.
        let looked = tokio::task::spawn_blocking(move || {
            let found = fingerprints(&settings);
            (found != known).then(|| (read(&settings, purpose), found))
        });
        match looked.await {
            Ok(None) => self.complaint = None,
            Ok(Some((Ok((config, until)), found))) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                (self.known, self.complaint) = (found, None);
                tracing::info!(valid_until = %until, "new certificates are used from now on");
            }
            Ok(Some((Err(error), found))) => {
                let complaint = Some((found, error.to_string()));
                if self.complaint != complaint {
                    tracing::warn!(%error, "the new certificates cannot be used; the old ones still are");
                }
                self.complaint = complaint;
            }
            Err(error) => tracing::warn!(%error, "the new certificates could not be read"),
        }
    }
}

fn read(settings: &TlsSettings, purpose: Purpose) -> Result<(ServerConfig, String), TlsError> {
    let chain = certificates("tls.certificate", &settings.certificate)?;
    let until = valid_until(&settings.certificate, &chain)?;
    let key = PrivateKeyDer::from_pem_file(&settings.key)
        .map_err(|error| unreadable("tls.key", &settings.key, "private key", error))?;
    let pair = |source| TlsError::Pair {
        certificate: settings.certificate.clone(),
        key: settings.key.clone(),
        source,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(pair)?;
    let builder = match settings.client_ca.as_ref().filter(|_| purpose.client_certificates) {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let file = |reason: String| TlsError::File { key: "tls.client_ca", path: path.clone(), reason };
            let mut roots = RootCertStore::empty();
            for authority in certificates("tls.client_ca", path)? {
                roots.add(authority).map_err(|error| file(error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| file(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(pair)?;
    config.alpn_protocols = purpose.protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok((config, until))
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found = found.map_err(|error| unreadable(key, path, "certificate", error))?;
    if found.is_empty() {
        return Err(unreadable(key, path, "certificate", rustls::pki_types::pem::Error::NoItemsFound));
    }
    Ok(found)
}

fn unreadable(key: &'static str, path: &Path, what: &str, error: rustls::pki_types::pem::Error) -> TlsError {
    use rustls::pki_types::pem::Error;
    let reason = match error {
        Error::NoItemsFound => format!("there is no {what} in it; PEM is expected"),
        Error::Io(error) if error.kind() == ErrorKind::NotFound => "there is no such file".to_owned(),
        Error::Io(error) => error.to_string(),
        // The others quote what they have read.
        _ => format!("it is no PEM file with a {what}"),
    };
    TlsError::File { key, path: path.to_owned(), reason }
}

fn valid_until(path: &Path, chain: &[CertificateDer<'_>]) -> Result<String, TlsError> {
    let mut until = String::new();
    // The first is ours; the others are looked at, too, since a chain is as good as its weakest part.
    for (index, certificate) in chain.iter().enumerate() {
        let validity = validity(certificate, SystemTime::now()).map_err(|reason| TlsError::File {
            key: "tls.certificate",
            path: path.to_owned(),
            reason,
        })?;
        match validity {
            Validity::Valid(date) if index == 0 => until = date,
            Validity::Valid(_) => {}
            Validity::Expired(date) => return Err(TlsError::Expired { path: path.to_owned(), date }),
            Validity::NotYet(date) => return Err(TlsError::NotYetValid { path: path.to_owned(), date }),
        }
    }
    Ok(until)
}

/// What changes with a file: time, inode and size, behind all links.
type Fingerprint = Option<(i64, i64, u64, u64)>;

fn fingerprints(settings: &TlsSettings) -> Vec<Fingerprint> {
    let files = [&settings.certificate, &settings.key].into_iter().chain(&settings.client_ca);
    files
        .map(|path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.mtime(), found.mtime_nsec(), found.ino(), found.size()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn issue(settings: &TlsSettings, valid_from: SystemTime) {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.not_before = valid_from.into();
        parameters.not_after = date_time_ymd(2100, 1, 1);
        let key = KeyPair::generate().unwrap();
        std::fs::write(&settings.certificate, parameters.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&settings.key, key.serialize_pem()).unwrap();
    }

    #[tokio::test]
    async fn a_certificate_is_taken_once_it_is_valid() {
        let folder = tempfile::tempdir().unwrap();
        let settings = TlsSettings {
            certificate: folder.path().join("certificate.pem"),
            key: folder.path().join("key.pem"),
            client_ca: None,
            reload_interval: Duration::from_millis(10),
        };
        issue(&settings, SystemTime::now() - Duration::from_secs(60));
        let tls = Tls::load(&settings, Purpose::GRPC).unwrap().following(CancellationToken::new());
        let first = tls.current();
        issue(&settings, SystemTime::now() + Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(Arc::ptr_eq(&first, &tls.current()));
        let taken = async {
            while Arc::ptr_eq(&first, &tls.current()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), taken).await.unwrap();
    }
}
