//! All servers of a run: those that are named, and every address of a name that has several.

use std::net::IpAddr;

use polaris_proto::v1::ListModelsResponse;
use tonic::transport::Uri;

use super::fleet::Server;
use crate::connect::{self, ServerAddress};
use crate::console::{Progress, told};
use crate::requirements::model_digest;
use crate::session::{ServerChoice, Session};

/// Connects to them. At least one must answer, and all must have the same models. Gives the models with the smallest
/// limits of all.
pub(super) async fn servers(
    session: &mut Session,
    choice: &ServerChoice,
    more: &[ServerAddress],
    progress: &Progress,
) -> anyhow::Result<(Vec<Server>, ListModelsResponse)> {
    let mut places: Vec<Place> = Vec::new();
    if let ServerChoice::Running(first) = choice {
        for address in std::iter::once(first).chain(more) {
            add(expanded(address).await, &mut places);
        }
    }
    if places.len() < 2 {
        let (channel, models) = session.connect().await?;
        return Ok((vec![Server { name: session.name(), channel }], models));
    }
    let (mut servers, mut models): (Vec<Server>, Option<ListModelsResponse>) = (Vec::new(), None);
    let mut last = None;
    for place in places {
        match asked(&place, session).await {
            Err(error) => {
                progress.warn(&format!("going on without {}: {}", place.address, told(&error)));
                last = Some(error);
            }
            Ok((server, found)) => {
                models = Some(joined(models, found, &server.name, servers.first())?);
                servers.push(server);
            }
        }
    }
    match (models, last) {
        (Some(models), _) => Ok((servers, models)),
        (None, Some(error)) => Err(error.context("none of the servers answers")),
        (None, None) => anyhow::bail!("no server is named"),
    }
}

/// One server.
#[derive(Debug)]
struct Place {
    address: ServerAddress,
    /// What it was called, where the address is what the name stands for.
    origin: Option<Uri>,
}

/// Adds those that are not there yet: one that is named twice is one server.
fn add(more: Vec<Place>, places: &mut Vec<Place>) {
    for place in more {
        if places.iter().all(|known| known.address != place.address) {
            places.push(place);
        }
    }
}

async fn asked(
    Place { address, origin }: &Place,
    session: &Session,
) -> anyhow::Result<(Server, ListModelsResponse)> {
    let channel = connect::connect_as(address, origin.as_ref(), session.credentials()).await?;
    let models = session.list_models(channel.clone(), address).await?;
    Ok((Server { name: address.to_string(), channel }, models))
}

/// The models of all servers so far, which those of one more must equal.
fn joined(
    so_far: Option<ListModelsResponse>,
    found: ListModelsResponse,
    name: &str,
    first: Option<&Server>,
) -> anyhow::Result<ListModelsResponse> {
    let Some(mut all) = so_far else { return Ok(found) };
    if model_digest(&all.models) != model_digest(&found.models) {
        let first = first.map(|server| server.name.as_str()).unwrap_or_default();
        anyhow::bail!("the servers at {first} and {name} have different models: give each the same registry");
    }
    let (limits, other) = (all.limits.unwrap_or_default(), found.limits.unwrap_or_default());
    // 0 is no limit.
    let smaller = |one: u32, other: u32| if one == 0 || other == 0 { one.max(other) } else { one.min(other) };
    all.limits = Some(polaris_proto::v1::Limits {
        max_windows_per_request: smaller(limits.max_windows_per_request, other.max_windows_per_request),
        max_request_bytes: smaller(limits.max_request_bytes, other.max_request_bytes),
        max_response_bytes: smaller(limits.max_response_bytes, other.max_response_bytes),
    });
    Ok(all)
}

/// Every address of a host.
async fn expanded(address: &ServerAddress) -> Vec<Place> {
    let found = match address {
        ServerAddress::Http(uri) => resolved(uri).await,
        ServerAddress::Unix(_) => Vec::new(),
    };
    places(address, found)
}

/// What a name stands for; nothing if that is not known, which the connection will explain.
async fn resolved(uri: &Uri) -> Vec<IpAddr> {
    let (Some(host), Some(port)) = (uri.host(), uri.port_u16()) else { return Vec::new() };
    let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await;
    found.map(|found| found.map(|socket| socket.ip()).collect()).unwrap_or_default()
}

/// Every address that was found, if there are several: of IPv4 if there is any, so that a host with one of each is one
/// server.
fn places(address: &ServerAddress, mut found: Vec<IpAddr>) -> Vec<Place> {
    let itself = || vec![Place { address: address.clone(), origin: None }];
    let ServerAddress::Http(uri) = address else { return itself() };
    let Some(port) = uri.port_u16() else { return itself() };
    if found.iter().any(IpAddr::is_ipv4) {
        found.retain(IpAddr::is_ipv4);
    }
    found.sort_unstable();
    found.dedup();
    if found.len() < 2 {
        return itself();
    }
    let place = |ip: IpAddr| {
        let address = ServerAddress::Http(of_ip(uri.scheme_str()?, ip, port)?);
        Some(Place { address, origin: Some(uri.clone()) })
    };
    found.into_iter().filter_map(place).collect()
}

fn of_ip(scheme: &str, ip: IpAddr, port: u16) -> Option<Uri> {
    match ip {
        IpAddr::V4(ip) => format!("{scheme}://{ip}:{port}").parse().ok(),
        IpAddr::V6(ip) => format!("{scheme}://[{ip}]:{port}").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_named_twice_is_one() {
        let mut places = Vec::new();
        for text in ["http://127.0.0.1:1", "http://[::1]:1", "http://127.0.0.1:1", "http://127.0.0.1:2"] {
            add(expanded(&text.parse().unwrap()).await, &mut places);
        }
        assert_eq!(places.len(), 3, "{places:?}");
    }

    #[test]
    fn a_name_of_many_is_every_one_of_them() {
        let address: ServerAddress = "http://polaris.example:50051".parse().unwrap();
        let found = |found: &[&str]| -> Vec<String> {
            let found = found.iter().map(|ip| ip.parse().unwrap()).collect();
            let places = places(&address, found);
            // The servers are asked by the name under which they are known.
            let origins = places.iter().filter_map(|place| place.origin.as_ref());
            assert!(
                places.len() == 1
                    || origins.filter(|origin| origin.host() == Some("polaris.example")).count()
                        == places.len()
            );
            places.iter().map(|place| place.address.to_string()).collect()
        };
        let named = ["http://polaris.example:50051/"];
        for one in [&[][..], &["10.0.0.1"], &["10.0.0.1", "10.0.0.1"], &["10.0.0.1", "fd00::1"]] {
            assert_eq!(found(one), named, "{one:?}");
        }
        assert_eq!(
            found(&["10.0.0.2", "fd00::1", "10.0.0.1", "10.0.0.2"]),
            ["http://10.0.0.1:50051/", "http://10.0.0.2:50051/"]
        );
        assert_eq!(found(&["fd00::2", "fd00::1"]), ["http://[fd00::1]:50051/", "http://[fd00::2]:50051/"]);
    }

    #[tokio::test]
    async fn a_name_that_nobody_knows_stays_itself() {
        let places = expanded(&"http://polaris.invalid:1".parse().unwrap()).await;
        assert!(matches!(&places[..], [Place { origin: None, .. }]), "{places:?}");
    }
}
