//! What `scan` and `localize` check in the server's answers alike.

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplyError {
    /// Another window's.
    #[error(
        "the server explained window {found} where {expected} was due: its version does not fit this client"
    )]
    Order {
        /// Index in the request.
        expected: usize,
        /// As answered.
        found: u32,
    },
    /// The stream ended early, or goes on.
    #[error("the server explained {found} of {expected} windows: see its log")]
    Windows {
        /// In the request.
        expected: usize,
        /// In the stream.
        found: usize,
    },
    /// Models came or went.
    #[error(
        "the server answered with other models ({found}) than were asked: they changed during the run: start again"
    )]
    Models {
        /// How many answered.
        found: usize,
    },
    /// Counts that do not match.
    #[error(
        "the server's answer has {found} {what}, {expected} were expected: its version does not fit this client"
    )]
    Shape {
        /// What was counted.
        what: &'static str,
        /// As asked.
        expected: usize,
        /// In the answer.
        found: usize,
    },
    /// An alignment that is none.
    #[error("the server's alignment of the alleles leaves bases out: its version does not fit this client")]
    Alignment,
    /// NaN or infinity.
    #[error(
        "the server's answer by {model} has a value that is no number: check the model with `polaris-trainer evaluate`"
    )]
    NotFinite {
        /// Whose value.
        model: String,
    },
}

/// For each model that answered, its index among those that were asked; each of these answers once.
pub(crate) fn order(answered: &[String], asked: &[String]) -> Result<Vec<usize>, ReplyError> {
    let index = |(index, id): (usize, &String)| match asked.get(index) == Some(id) {
        true => Some(index),
        false => asked.iter().position(|asked| asked == id),
    };
    let order: Option<Vec<usize>> = answered.iter().enumerate().map(index).collect();
    let mut seen = order.clone().unwrap_or_default();
    seen.sort_unstable();
    let order = order.filter(|_| seen.into_iter().eq(0..asked.len()));
    order.ok_or(ReplyError::Models { found: answered.len() })
}

/// Whether there are as many as expected.
pub(crate) fn count(what: &'static str, expected: usize, found: usize) -> Result<(), ReplyError> {
    match found == expected {
        true => Ok(()),
        false => Err(ReplyError::Shape { what, expected, found }),
    }
}

/// Whether all values of a model are numbers.
pub(crate) fn finite(values: &[f32], model: &str) -> Result<(), ReplyError> {
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err(ReplyError::NotFinite { model: model.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_answers_once() {
        let ids = |ids: &[&str]| -> Vec<String> { ids.iter().map(|&id| id.to_owned()).collect() };
        let asked = ids(&["A", "B", "C"]);
        assert_eq!(order(&asked, &asked).unwrap(), [0, 1, 2]);
        assert_eq!(order(&ids(&["C", "A", "B"]), &asked).unwrap(), [2, 0, 1]);
        for wrong in [&["A", "B"][..], &["A", "B", "B"], &["A", "B", "D"], &["A", "B", "C", "A"], &[]] {
            let refused = order(&ids(wrong), &asked).unwrap_err();
            assert!(matches!(refused, ReplyError::Models { found } if found == wrong.len()), "{wrong:?}");
        }
    }
}
