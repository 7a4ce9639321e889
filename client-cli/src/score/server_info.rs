//! What servers say about themselves, for the header.

use std::time::Duration;

use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::fleet::Server;

/// The call of the contract.
const SERVER_INFO: &str = "/polaris.v1.PolarisService/ServerInfo";

/// Nothing.
#[derive(Clone, Copy, prost::Message)]
struct ServerInfoRequest {}

/// The part of the answer that tells one run from another, in the contract's numbers: servers of earlier contracts have no
/// such call, so that it is no part of what this client needs.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServerInfo {
    /// `cpu`, or `cuda:N`.
    #[prost(string, tag = "3")]
    pub(super) device: String,
    /// `strict` or `fast`.
    #[prost(string, tag = "4")]
    pub(super) precision: String,
    /// SHA-256 of all models that are served.
    #[prost(string, tag = "6")]
    pub(super) model_set_digest: String,
}

/// What all servers say: each device with its precision once, and each digest once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Servers {
    /// `cuda:0 (fast)`; none if no server tells.
    pub(super) device: Option<String>,
    /// None if no server tells.
    pub(super) model_set_digest: Option<String>,
}

/// Asks all servers. One that does not know the question, or fails, is one that does not tell.
pub(super) async fn of(servers: &[Server], limit: Duration) -> Servers {
    let asked = servers.iter().map(|server| async move {
        match timeout(limit, ask(server)).await {
            Ok(Ok(info)) => Some(info),
            Ok(Err(_)) | Err(_) => None,
        }
    });
    summed(&futures_util::future::join_all(asked).await)
}

async fn ask(server: &Server) -> Result<ServerInfo, Status> {
    let mut service = Grpc::new(server.channel.clone());
    service.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec: ProstCodec<ServerInfoRequest, ServerInfo> = ProstCodec::default();
    let path = PathAndQuery::from_static(SERVER_INFO);
    Ok(service.unary(Request::new(ServerInfoRequest {}), path, codec).await?.into_inner())
}

fn summed(told: &[Option<ServerInfo>]) -> Servers {
    let joined = |value: fn(&ServerInfo) -> String| {
        let mut values: Vec<String> =
            told.iter().flatten().map(value).filter(|value| !value.is_empty()).collect();
        values.sort();
        values.dedup();
        (!values.is_empty()).then(|| values.join(", "))
    };
    Servers {
        device: joined(|info| match info.precision.as_str() {
            "" => info.device.clone(),
            precision => format!("{} ({precision})", info.device),
        }),
        model_set_digest: joined(|info| info.model_set_digest.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_named_once() {
        let info = |device: &str, precision: &str, digest: &str| {
            Some(ServerInfo {
                device: device.into(),
                precision: precision.into(),
                model_set_digest: digest.into(),
            })
        };
        let told =
            [info("cuda:0", "fast", "ab"), None, info("cpu", "strict", "ab"), info("cuda:0", "fast", "")];
        assert_eq!(
            summed(&told),
            Servers {
                device: Some("cpu (strict), cuda:0 (fast)".into()),
                model_set_digest: Some("ab".into())
            }
        );
        assert_eq!(summed(&[None, None]), Servers::default());
    }
}
