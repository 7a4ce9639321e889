//! Parts of a job that many machines share.

use std::fmt;
use std::str::FromStr;

/// What Kubernetes tells each pod of an indexed job: its index, from 0.
const JOB_INDEX: &str = "JOB_COMPLETION_INDEX";
/// Most parts of a job.
const MOST: u64 = 1_000_000;

/// Part `number1` of `count` parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shard {
    /// From 1.
    pub number1: u64,
    /// At least 1.
    pub count: u64,
}

/// Not a part.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ShardError {
    /// Not `I/N`.
    #[error(
        "`{0}` is no shard: write I/N with I from 1 to N, such as 2/8, or job/N in an indexed job of Kubernetes"
    )]
    Form(String),
    /// `job/N` outside of a job, or in one of another size.
    #[error(
        "`{text}` needs {JOB_INDEX} from 0 to N - 1, which Kubernetes sets in an indexed job; it is {found}"
    )]
    JobIndex {
        /// As typed.
        text: String,
        /// The environment's value.
        found: String,
    },
}

impl Shard {
    /// `I/N` with `I` from 1, or `job/N` with the index of a job, which counts from 0.
    ///
    /// # Errors
    /// If the text is neither, or the index is missing or not below `N`.
    pub fn parse(text: &str, job_index: Option<&str>) -> Result<Self, ShardError> {
        let form = || ShardError::Form(text.to_owned());
        let (number, count) = text.split_once('/').ok_or_else(form)?;
        let count = count.parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or_else(form)?;
        if number == "job" {
            let index = job_index.and_then(|index| index.trim().parse().ok());
            return index
                .filter(|&index: &u64| index < count)
                .map(|index| Self { number1: index + 1, count })
                .ok_or_else(|| ShardError::JobIndex {
                    text: text.to_owned(),
                    found: job_index.unwrap_or("not set").to_owned(),
                });
        }
        let number1 = number.parse().ok().filter(|number1| (1..=count).contains(number1)).ok_or_else(form)?;
        Ok(Self { number1, count })
    }

    /// Whether the item at this place, from 0, belongs to this part: items are dealt out in turns, so that all parts are
    /// about as long.
    pub fn takes(self, index: u64) -> bool {
        index % self.count == self.number1 - 1
    }
}

/// With the environment's index of a job.
impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        Self::parse(text, std::env::var(JOB_INDEX).ok().as_deref())
    }
}

/// `I/N`.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number1, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_one_and_jobs_from_zero() {
        let second = Shard { number1: 2, count: 8 };
        assert_eq!(Shard::parse("2/8", None), Ok(second));
        assert_eq!(Shard::parse("2/8", Some("5")), Ok(second));
        assert_eq!(Shard::parse("job/8", Some("1")), Ok(second));
        assert_eq!(second.to_string(), "2/8");
        for wrong in ["0/2", "3/2", "1", "a/b", "1/0", "/", "1/1000001", "-1/2", "jobs/2"] {
            assert_eq!(Shard::parse(wrong, Some("0")), Err(ShardError::Form(wrong.to_owned())));
        }
        for index in [None, Some("8"), Some("-1"), Some("x"), Some("")] {
            let error = Shard::parse("job/8", index).unwrap_err().to_string();
            assert!(
                error.contains("JOB_COMPLETION_INDEX") && error.contains(index.unwrap_or("not set")),
                "{error}"
            );
        }
    }

    #[test]
    fn every_item_belongs_to_one_part() {
        for count in 1..5 {
            for index in 0..20 {
                let takers = (1..=count).filter(|&number1| Shard { number1, count }.takes(index)).count();
                assert_eq!(takers, 1);
            }
        }
    }
}
