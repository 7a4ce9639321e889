//! How much work something is, and how much goes at once.
//!
//! A cost is in twelfths of a window that is predicted: a substitution beside its window takes about one. Work is cost times
//! models, so that questions about few models weigh less than those about all.

use polaris_model::localization::LocalizationMethod;

use super::question::Question;

/// Cost of predicting a window.
pub(super) const WINDOW_COST: u64 = 12;
/// Cost of a substitution beside its window.
const SUBSTITUTION_COST: u64 = 1;
/// Other bases that mutagenesis puts at each place.
const OTHER_BASES: u64 = 3;
/// A caller whose jobs in the queue are at most as much, in windows for all models, goes before those who have more.
pub(super) const INTERACTIVE_WINDOWS: usize = 16;
/// Windows of a batch whose maps are calculated: as many as the models calculate at once, so that larger batches
/// would take memory and gain nothing.
const MOST_MAPPED_WINDOWS: usize = 64;

/// What the rows of a window cost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rates {
    /// The window itself.
    pub(super) window: u64,
    /// Each of its substitutions.
    pub(super) substitution: u64,
}

impl Rates {
    /// For a window of so many bases.
    pub(super) fn of(method: Option<LocalizationMethod>, bases: usize) -> Self {
        let alike = |cost| Self { window: cost, substitution: cost };
        match method {
            None => Self { window: WINDOW_COST, substitution: SUBSTITUTION_COST },
            // What is explained is explained as a window of its own.
            Some(LocalizationMethod::GradCam | LocalizationMethod::HiresCam) => alike(WINDOW_COST),
            Some(LocalizationMethod::Mutagenesis) => {
                alike(WINDOW_COST + SUBSTITUTION_COST * OTHER_BASES * bases as u64)
            }
        }
    }
}

/// How much may go to the models at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// As set.
    pub(super) max_batch_windows: usize,
    /// Models that the engine holds.
    pub(super) models: usize,
}

impl Bounds {
    /// The largest cost of a batch.
    pub(super) fn batch_cost(self, question: &Question) -> u64 {
        let windows = match question.method {
            None => self.max_batch_windows,
            Some(_) => self.max_batch_windows.min(MOST_MAPPED_WINDOWS),
        };
        windows as u64 * WINDOW_COST
    }

    /// Of the models of a question, how many go at once. Substituting every base of a window of 1000 is the work of 250
    /// windows, so that not all models can: others have their turn between them.
    pub(super) fn models_at_once(self, question: &Question, bases: usize) -> usize {
        let all = question.models.len();
        if !question.one_by_one() {
            return all;
        }
        let work = self.batch_cost(question) * self.models as u64;
        let most = (work / Rates::of(question.method, bases).window).clamp(1, all.max(1) as u64) as usize;
        // Parts of the same size.
        all.div_ceil(all.div_ceil(most).max(1))
    }

    /// Work of so many windows for all models.
    pub(super) fn work(self, windows: usize) -> u64 {
        windows as u64 * WINDOW_COST * self.models as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(models: usize, method: Option<LocalizationMethod>) -> Question {
        Question { models: (0..models).collect(), method }
    }

    #[test]
    fn batches_of_maps_are_smaller() {
        let bounds = Bounds { max_batch_windows: 256, models: 160 };
        let windows = |method| bounds.batch_cost(&question(1, method)) / WINDOW_COST;
        assert_eq!((windows(None), windows(Some(LocalizationMethod::HiresCam))), (256, 64));
    }

    #[test]
    fn mutagenesis_goes_some_models_at_a_time() {
        let bounds = Bounds { max_batch_windows: 256, models: 160 };
        let mutagenesis = Some(LocalizationMethod::Mutagenesis);
        assert_eq!(Rates::of(mutagenesis, 1000).window, 251 * WINDOW_COST);
        // 40 models of 160 are a quarter of 251 windows, and 64 are the most.
        assert_eq!(bounds.models_at_once(&question(160, mutagenesis), 1000), 40);
        // 40 and 40, and not 40, 40 and 1.
        assert_eq!(bounds.models_at_once(&question(41, mutagenesis), 1000), 21);
        assert_eq!(bounds.models_at_once(&question(3, mutagenesis), 1000), 3);
        let narrow = Bounds { max_batch_windows: 1, models: 2 };
        assert_eq!(narrow.models_at_once(&question(2, mutagenesis), 1000), 1);
        assert_eq!(narrow.models_at_once(&question(2, None), 1000), 2);
    }
}
