//! The end of a run: all outputs are made whole before the first one has its name, so that a run that is killed in between
//! is gone on with too.

use super::journal::{Checkpoint, Journal};
use super::summary::Counts;
use super::top::Top;
use super::writer::Outputs;
use crate::output_file::{Finished, OutputError};

/// Outputs that are whole, some perhaps without their names, and what is in them.
pub(super) struct Whole {
    /// In the order in which they get their names.
    pub(super) unnamed: Vec<Finished>,
    pub(super) counts: Counts,
    pub(super) top: Top,
    pub(super) journal: Option<Journal>,
}

impl Whole {
    /// What a run has left that was killed while it gave its outputs their names.
    pub(super) fn left(
        outputs: &Outputs,
        journal: Option<Journal>,
        checkpoint: Checkpoint,
    ) -> Result<Self, OutputError> {
        let mut unnamed = Vec::new();
        for (destination, length) in outputs.destinations().zip(&checkpoint.lengths) {
            unnamed.extend(Finished::left(destination, *length)?);
        }
        let Checkpoint { counts, top, .. } = checkpoint;
        Ok(Self { unnamed, counts, top, journal })
    }

    /// Gives the outputs their names.
    pub(super) fn publish(&mut self) -> Result<(), OutputError> {
        for finished in self.unnamed.drain(..) {
            match finished.publish() {
                Ok(()) | Err(OutputError::Closed) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Forgets how it came about: everything else that the run has to write is there too.
    pub(super) fn forget(self) {
        if let Some(journal) = self.journal {
            journal.remove();
        }
    }
}
