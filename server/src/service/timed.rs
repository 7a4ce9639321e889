//! How long a call took, in the metadata of its reply.

use tonic::Response;
use tonic::metadata::MetadataValue;

use crate::engine::Timings;

/// Metadata key: milliseconds until the call's first batch.
const QUEUE: &str = "polaris-queue-ms";
/// Metadata key: milliseconds from then on.
const COMPUTE: &str = "polaris-compute-ms";

/// A reply that says how long it took.
pub(crate) fn timed<T>(message: T, timings: Timings) -> Response<T> {
    let mut response = Response::new(message);
    for (key, time) in [(QUEUE, timings.queue), (COMPUTE, timings.compute)] {
        let milliseconds = format!("{:.3}", time.as_secs_f64() * 1000.0);
        if let Ok(value) = MetadataValue::try_from(milliseconds) {
            response.metadata_mut().insert(key, value);
        }
    }
    response
}
