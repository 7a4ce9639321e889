//! What servers say about themselves, for the header.

use std::time::Duration;

use polaris_proto::v1::{ServerInfoRequest, ServerInfoResponse};
use tokio::time::timeout;
use tonic::Status;

use super::fleet::Server;
use crate::connect;

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

async fn ask(server: &Server) -> Result<ServerInfoResponse, Status> {
    let mut service = connect::service(server.channel.clone());
    Ok(service.server_info(ServerInfoRequest {}).await?.into_inner())
}

fn summed(told: &[Option<ServerInfoResponse>]) -> Servers {
    let joined = |value: fn(&ServerInfoResponse) -> String| {
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
            Some(ServerInfoResponse {
                device: device.into(),
                precision: precision.into(),
                model_set_digest: digest.into(),
                ..ServerInfoResponse::default()
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
