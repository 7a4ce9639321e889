//! What a call brings along beside its message.

use tonic::Request;
use tonic::metadata::MetadataMap;

use crate::convert::{RequestError, Violation};
use crate::deadline::Deadline;
use crate::engine::{Caller, Engine, Priority};
use crate::identity::ClientIdentity;
use crate::observe::RequestId;

/// Metadata key: `interactive` or `bulk`.
const PRIORITY: &str = "polaris-priority";
/// Metadata key: `true` to ask the canary versions, `false` never to be given to them.
const CANARY: &str = "polaris-canary";

/// Everything about a call but its message.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    /// Until when the answer is of use.
    pub(crate) deadline: Deadline,
    /// Its name.
    pub(crate) request_id: RequestId,
    /// Who asks.
    pub(crate) client: ClientIdentity,
    priority: Priority,
    canary: Option<bool>,
}

impl RequestContext {
    /// Reads it.
    ///
    /// # Errors
    /// If metadata have another value than they may.
    pub(crate) fn of<T>(request: &Request<T>) -> Result<Self, RequestError> {
        let metadata = request.metadata();
        let classes = [("interactive", Priority::Interactive), ("bulk", Priority::Bulk)];
        Ok(Self {
            deadline: Deadline::of(request),
            request_id: RequestId::of(request),
            client: ClientIdentity::of(request),
            priority: one_of(metadata, PRIORITY, classes)?.unwrap_or_default(),
            canary: one_of(metadata, CANARY, [("true", true), ("false", false)])?,
        })
    }

    /// A new caller of the engine.
    pub(crate) fn caller(&self, engine: &Engine) -> Caller {
        engine.caller(self.deadline).with_priority(self.priority)
    }

    /// Whether canaries answer, where they have this share of the calls that say nothing about it.
    pub(crate) fn asks_canary(&self, percent: u8) -> bool {
        self.canary.unwrap_or_else(|| self.request_id.percentile() < percent)
    }
}

fn one_of<T: Copy>(
    metadata: &MetadataMap,
    key: &'static str,
    values: [(&str, T); 2],
) -> Result<Option<T>, RequestError> {
    let Some(value) = metadata.get(key) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let found = values.iter().find(|(name, _)| *name == text);
    let refuse = || {
        let [(one, _), (other, _)] = values;
        let description = format!("{text:?} is neither {one} nor {other}");
        RequestError::Invalid(vec![Violation { field: format!("metadata[{key}]"), description }])
    };
    found.map(|(_, value)| Some(*value)).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&'static str, &'static str)]) -> Result<RequestContext, RequestError> {
        let mut request = Request::new(());
        for (key, value) in pairs {
            request.metadata_mut().insert(*key, value.parse().unwrap());
        }
        RequestContext::of(&request)
    }

    #[test]
    fn metadata_say_how_urgent_a_call_is_and_who_answers() {
        let plain = context(&[]).unwrap();
        assert!(plain.priority == Priority::BySize && !plain.asks_canary(0) && plain.asks_canary(100));
        let said = context(&[(PRIORITY, "bulk"), (CANARY, "true")]).unwrap();
        assert!(said.priority == Priority::Bulk && said.asks_canary(0));
        assert!(!context(&[(CANARY, "false")]).unwrap().asks_canary(100));
        let error = context(&[(PRIORITY, "urgent")]).unwrap_err().to_string();
        assert_eq!(error, "metadata[polaris-priority]: \"urgent\" is neither interactive nor bulk");
    }
}
