//! By which name caller and operator speak of the same request.

use std::fmt;
use std::sync::Arc;

use rand::RngCore;
use tonic::codegen::http::{HeaderMap, HeaderValue};

/// Longest id that is taken over.
const MOST_BYTES: usize = 128;

/// The caller's id of a request, or one made here. It stands in the request's extensions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// Metadata key, of requests and replies.
    pub(crate) const HEADER: &'static str = "x-request-id";

    /// That of a request, as it was left in its extensions.
    pub(crate) fn of<T>(request: &tonic::Request<T>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(new()))
    }

    /// That of the metadata, or a new one. One that would be a nuisance in a log is not taken over.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Self {
        let given = headers.get(Self::HEADER).and_then(|value| value.to_str().ok());
        let fits = |id: &&str| {
            (1..=MOST_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        Self(given.filter(fits).map_or_else(new, Arc::from))
    }

    /// Where the call falls among all calls, evenly from 0 to 99 and the same whenever it is tried again.
    pub(crate) fn percentile(&self) -> u8 {
        // FNV-1a: the same in every process.
        let hash = self.0.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        // The upper bits, which every byte has reached.
        ((hash >> 32) % 100) as u8
    }

    /// The id itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As metadata.
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static(""))
    }
}

fn new() -> Arc<str> {
    let mut random = rand::rng();
    format!("{:016x}{:016x}", random.next_u64(), random.next_u64()).into()
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[u8]) -> String {
        let headers = HeaderMap::from_iter([(
            tonic::codegen::http::HeaderName::from_static(RequestId::HEADER),
            HeaderValue::from_bytes(given).unwrap(),
        )]);
        RequestId::of_headers(&headers).to_string()
    }

    #[test]
    fn good_ids_are_taken_over_and_others_are_made() {
        assert_eq!(of(b"job-7/chr1:5"), "job-7/chr1:5");
        for bad in [&b""[..], b"two words", b"\xc3\xa9", b"a\tb", &[b'a'; 129]] {
            let made = of(bad);
            assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
        }
        assert_ne!(RequestId::of_headers(&HeaderMap::new()), RequestId::of_headers(&HeaderMap::new()));
    }

    #[test]
    fn calls_fall_evenly() {
        let below_ten = (0..10_000).filter(|_| RequestId(new()).percentile() < 10).count();
        assert!((800..1200).contains(&below_ten), "{below_ten}");
        let counted = (0..1000).filter(|n| RequestId(n.to_string().into()).percentile() < 50).count();
        assert!((400..600).contains(&counted), "{counted}");
    }
}
