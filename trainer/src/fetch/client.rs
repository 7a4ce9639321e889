//! Requests, and what their failures mean.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ureq::http::header::{IF_RANGE, RANGE, RETRY_AFTER};
use ureq::http::{Response, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::error::FetchError;
use super::retry::retry_after;

/// What went wrong with an attempt.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may be over soon.
    Passing {
        what: String,
        /// The server asks to wait so long.
        asked: Option<Duration>,
    },
    /// It would happen again.
    Lasting(FetchError),
}

impl Trouble {
    /// Trouble of the network.
    pub(super) fn passing(what: impl Into<String>) -> Self {
        Self::Passing { what: what.into(), asked: None }
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self::Lasting(error)
    }
}

/// The part of a file to ask for: from a byte on, if it is still of the version that the validator names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    pub(super) start: u64,
    pub(super) validator: Option<&'a str>,
}

/// Connections to servers, shared by all downloads.
#[derive(Debug)]
pub(super) struct Client(Agent);

impl Client {
    /// A client that gives up on a server that says nothing for so long. Proxies are those of the environment.
    pub(super) fn new(silence: Duration) -> Self {
        // The system's certificates: institutes with an authority of their own have it there.
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .user_agent(concat!("polaris-trainer/", env!("CARGO_PKG_VERSION")))
            // Files are wanted as they are stored: checksums, sizes and ranges are of those bytes.
            .accept_encoding("identity")
            .timeout_resolve(Some(silence))
            .timeout_connect(Some(silence))
            .timeout_recv_response(Some(silence))
            .timeout_per_read(Some(silence))
            .timeout_per_write(Some(silence))
            .build();
        Self(config.new_agent())
    }

    /// Asks for a file or the rest of it. Redirections are followed, but never from https to http.
    ///
    /// # Errors
    /// If there is no answer; an answer of any status is one.
    pub(super) fn get(&self, address: &str, rest: Option<Rest<'_>>) -> Result<Response<Body>, Trouble> {
        let encrypted = address.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        let request = self.0.get(address).config().https_only(encrypted).build();
        let request = match rest {
            None => request,
            Some(Rest { start, validator }) => {
                let request = request.header(RANGE, format!("bytes={start}-"));
                match validator {
                    Some(validator) => request.header(IF_RANGE, validator),
                    None => request,
                }
            }
        };
        request.call().map_err(trouble_of)
    }
}

fn trouble_of(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::Rustls(error) => FetchError::Untrusted(error.to_string()).into(),
        ureq::Error::Tls(what) => FetchError::Untrusted(what.to_owned()).into(),
        ureq::Error::Io(error) if is_untrusted(&error) => FetchError::Untrusted(error.to_string()).into(),
        ureq::Error::RequireHttpsOnly(address) => {
            FetchError::Address(format!("redirected from https to {address}, which is not followed")).into()
        }
        ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::TooManyRedirects
        | ureq::Error::RedirectFailed
        | ureq::Error::InvalidProxyUrl => FetchError::Address(error.to_string()).into(),
        _ => Trouble::passing(error.to_string()),
    }
}

/// Whether a handshake failed for a reason that stays, such as a certificate.
fn is_untrusted(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let source = error.source().and_then(|source| source.downcast_ref::<rustls::Error>());
    matches!(inner.or(source), Some(rustls::Error::InvalidCertificate(_)))
}

/// What a status other than success means.
pub(super) fn trouble_of_status(response: &Response<Body>) -> Trouble {
    let status = response.status();
    let passes = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    if !passes {
        return FetchError::Status(status.to_string()).into();
    }
    let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let asked = asked.and_then(|value| retry_after(value, SystemTime::now()));
    Trouble::Passing { what: format!("the server answers {status}"), asked }
}
