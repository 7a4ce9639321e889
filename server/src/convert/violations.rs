//! Fields that are wrong.

use super::RequestError;

/// A caller who sends thousands of bad windows learns enough from the first few.
const MOST_REPORTED: usize = 16;

/// A field of a request and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Violation {
    /// Path in the request, such as `windows[3].sequence`.
    pub(crate) field: String,
    /// The value, its place, and what is allowed.
    pub(crate) description: String,
}

/// The first violations of a request.
#[derive(Debug, Default)]
pub(super) struct Violations(Vec<Violation>);

impl Violations {
    pub(super) fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        if self.0.len() < MOST_REPORTED {
            self.0.push(Violation { field: field.into(), description: description.into() });
        }
    }

    /// Those that there are, and one more that ends the look at the request.
    pub(super) fn with(mut self, field: impl Into<String>, description: impl Into<String>) -> RequestError {
        self.add(field, description);
        RequestError::Invalid(self.0)
    }

    /// Fails if there are any.
    pub(super) fn none(self) -> Result<(), RequestError> {
        if self.0.is_empty() { Ok(()) } else { Err(RequestError::Invalid(self.0)) }
    }
}
