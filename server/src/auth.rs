//! Who may call what.
//!
//! A caller is known by the name of its token, or else by its certificate. Where tokens are set, every call needs one of
//! the right role, whatever the certificate; only health is open, because probes have no secrets.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use futures_util::future::Either;
use tonic::body::Body;
use tonic::codegen::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::connection::Peer;
use crate::identity::ClientIdentity;
use crate::metrics::{RejectedReason, metrics};
use crate::observe::Caller;
use crate::token::{Role, Token, Tokens};

const HEALTH_PATH: &str = "/grpc.health.v1.Health/";

/// Asks each call for its token, where tokens are set, and notes who calls.
#[derive(Clone, Debug)]
pub(crate) struct AuthLayer {
    tokens: Tokens,
    role: Role,
}

impl AuthLayer {
    /// For callers of this role.
    pub(crate) fn new(tokens: Tokens, role: Role) -> Self {
        Self { tokens, role }
    }

    fn check(&self, request: &mut Request<Body>) -> Result<(), Refusal> {
        // Nobody behind this needs the secret.
        let header = request.headers_mut().remove(AUTHORIZATION);
        let presented = header.as_ref().and_then(bearer);
        let token = presented.and_then(|presented| self.tokens.find(presented));
        let certificate = request.extensions().get::<Peer>().and_then(|peer| peer.certificate.clone());
        if let Some(identity) = token.map(|token| ClientIdentity(token.name.clone())).or(certificate) {
            if let Some(caller) = request.extensions().get::<Caller>() {
                caller.is(&identity);
            }
            request.extensions_mut().insert(identity);
        }
        if self.tokens.is_empty() || request.uri().path().starts_with(HEALTH_PATH) {
            return Ok(());
        }
        match token {
            Some(Token { role, .. }) if *role >= self.role => Ok(()),
            Some(Token { name, role, .. }) => Err(Refusal::WrongRole(format!(
                "the token {name} has the role {role}; this needs the role {}",
                self.role
            ))),
            None if presented.is_some() => Err(Refusal::NoToken("the token is not known")),
            None => Err(Refusal::NoToken("a token is needed: send `authorization: Bearer TOKEN`")),
        }
    }
}

fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[derive(Debug)]
enum Refusal {
    NoToken(&'static str),
    WrongRole(String),
}

impl Refusal {
    fn answer(self, headers: &HeaderMap) -> Response<Body> {
        let (code, http, reason, message) = match self {
            Self::NoToken(message) => (
                Code::Unauthenticated,
                StatusCode::UNAUTHORIZED,
                RejectedReason::Unauthenticated,
                message.to_owned(),
            ),
            Self::WrongRole(message) => {
                (Code::PermissionDenied, StatusCode::FORBIDDEN, RejectedReason::PermissionDenied, message)
            }
        };
        if let Some(metrics) = metrics() {
            metrics.rejected(reason);
        }
        if is_grpc(headers) {
            return Status::new(code, message).into_http();
        }
        let mut answer = Response::new(Body::new(format!("{message}\n")));
        *answer.status_mut() = http;
        // Nothing else says so to who counts calls.
        answer.extensions_mut().insert(code);
        if http == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// Whether a request is a call of gRPC.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { inner, auth: self.clone() }
    }
}

/// See [`AuthLayer`].
#[derive(Clone, Debug)]
pub(crate) struct AuthService<S> {
    inner: S,
    auth: AuthLayer,
}

impl<S> Service<Request<Body>> for AuthService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response<Body>, Infallible>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.auth.check(&mut request) {
            Ok(()) => Either::Right(self.inner.call(request)),
            Err(refusal) => Either::Left(ready(Ok(refusal.answer(request.headers())))),
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn tokens() -> Tokens {
        let token = |name: &str, role| {
            let digest: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
            Token { name: name.to_owned(), role, digest: digest.parse().unwrap() }
        };
        Tokens::from(vec![token("laptop", Role::Infer), token("operator", Role::Admin)])
    }

    async fn ask(role: Role, path: &str, authorization: Option<&str>, grpc: bool) -> Response<Body> {
        let inner = tower::service_fn(|request: Request<Body>| async move {
            assert!(!request.headers().contains_key(AUTHORIZATION));
            let name = request.extensions().get::<ClientIdentity>().map_or("nobody", |identity| &identity.0);
            Ok::<_, Infallible>(Response::builder().header("name", name).body(Body::empty()).unwrap())
        });
        let mut request = Request::builder().uri(path);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if grpc {
            request = request.header(CONTENT_TYPE, "application/grpc");
        }
        let request = request.body(Body::empty()).unwrap();
        AuthLayer::new(tokens(), role).layer(inner).call(request).await.unwrap()
    }

    #[tokio::test]
    async fn roles() {
        let predict = "/polaris.v1.PolarisService/Predict";
        for (role, path, authorization, expected) in [
            (Role::Infer, predict, None, "16"),
            (Role::Infer, predict, Some("Bearer lapto"), "16"),
            (Role::Infer, predict, Some("laptop"), "16"),
            (Role::Infer, predict, Some("Basic laptop"), "16"),
            (Role::Infer, predict, Some("bearer laptop"), "laptop"),
            (Role::Infer, predict, Some("Bearer operator"), "operator"),
            (Role::Infer, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", None, "16"),
            (Role::Infer, "/grpc.health.v1.Health/Check", None, "nobody"),
            (Role::Infer, "/grpc.health.v1.HealthX/Check", None, "16"),
            (Role::Admin, "/polaris.v1.AdminService/Reload", Some("Bearer laptop"), "7"),
            (Role::Admin, "/polaris.v1.AdminService/Reload", Some("Bearer operator"), "operator"),
        ] {
            let answer = ask(role, path, authorization, true).await;
            let found = answer.headers().get("grpc-status").or(answer.headers().get("name")).unwrap();
            assert_eq!(found, expected, "{path} {authorization:?}");
        }
    }

    #[tokio::test]
    async fn plain_requests_are_refused_in_their_own_way() {
        let answer = ask(Role::Admin, "/metrics", None, false).await;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()[WWW_AUTHENTICATE].as_bytes()),
            (401, &b"Bearer"[..])
        );
        assert_eq!(answer.extensions().get(), Some(&Code::Unauthenticated));
        assert_eq!(ask(Role::Admin, "/metrics", Some("Bearer laptop"), false).await.status().as_u16(), 403);
        assert_eq!(ask(Role::Admin, "/metrics", Some("Bearer operator"), false).await.status().as_u16(), 200);
    }
}
