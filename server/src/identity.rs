//! Who a client is, as far as it is known.

use tonic::Request;

use crate::connection::Peer;

/// What a client is known by: the subject of its certificate or the name of its token, put into a request's extensions by
/// whoever has checked it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct ClientIdentity(pub(crate) String);

impl ClientIdentity {
    /// Of a request: as checked, else the address that it came from. All who come over a Unix socket are one.
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        let address = || request.extensions().get::<Peer>()?.address;
        let host = || address().map_or_else(|| "local".to_owned(), |address| address.ip().to_string());
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(host()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_checked_counts_before_the_address() {
        let mut request = Request::new(());
        assert_eq!(ClientIdentity::of(&request), ClientIdentity("local".to_owned()));
        request
            .extensions_mut()
            .insert(Peer { address: Some(([10, 0, 0, 7], 51334).into()), certificate: None });
        assert_eq!(ClientIdentity::of(&request).0, "10.0.0.7");
        request.extensions_mut().insert(ClientIdentity("CN=annotator".to_owned()));
        assert_eq!(ClientIdentity::of(&request).0, "CN=annotator");
    }
}
