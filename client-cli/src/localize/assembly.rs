//! Puts the responses for a target together.

mod alleles;
mod stretch;

use std::sync::Arc;

use polaris_proto::v1::LocalizeResponse;

use self::stretch::Stretch;
use super::explained::{Explained, ModelMaps};
use super::reply::{self, ReplyError};
use super::target::Target;
use crate::blend::BlendError;

/// Why responses do not make maps.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssemblyError {
    /// A response that does not answer.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// Windows that cannot be joined.
    #[error("cannot join the maps of windows: {0}")]
    Blend(#[from] BlendError),
}

/// A target whose windows are being answered, by one group of models after the other.
pub(super) struct Assembly {
    target: Target,
    /// A stretch's maps as they grow, by group.
    stretches: Vec<Stretch>,
    /// An allele's, by group.
    finished: Vec<Option<Vec<ModelMaps>>>,
    columns: Option<super::columns::Columns>,
}

impl Assembly {
    /// `groups` are the models in groups that are asked together; `length` is that of windows.
    pub(super) fn new(target: Target, groups: &[Vec<String>], length: usize) -> Self {
        let is_stretch = target.alternate.is_none() && !target.windows.is_empty();
        let stretches = match is_stretch {
            true => groups.iter().map(|group| Stretch::new(&target, length, group.len())).collect(),
            false => Vec::new(),
        };
        Self { finished: vec![None; groups.len()], target, stretches, columns: None }
    }

    /// Takes the response for window `window` of the target, which was window `index` of its request, by the models of
    /// a group. Windows come in order.
    pub(super) fn add(
        &mut self,
        window: usize,
        index: usize,
        group: usize,
        models: &[String],
        reply: &LocalizeResponse,
    ) -> Result<(), AssemblyError> {
        let order = reply::check(reply, index, models, self.target.alternate.is_some())?;
        if let Some(alternate) = &self.target.alternate {
            let (columns, maps) = alleles::maps(&self.target, alternate, reply, &order)?;
            self.columns = Some(columns);
            if let Some(finished) = self.finished.get_mut(group) {
                *finished = Some(maps);
            }
        } else if let Some(stretch) = self.stretches.get_mut(group) {
            stretch.add(&self.target, window, reply, &order)?;
        }
        Ok(())
    }

    /// The target with all that was said of it.
    pub(super) fn finish(self) -> Explained {
        let Self { target, stretches, finished, columns } = self;
        let Target { name, place, letters, windows, gaps, .. } = target;
        let models = match stretches.is_empty() {
            true => finished.into_iter().flatten().flatten().collect(),
            false => stretches.into_iter().flat_map(Stretch::finish).collect(),
        };
        let columns = columns.unwrap_or_else(|| super::columns::Columns::of_stretch(place, letters));
        Explained { name: Arc::clone(&name), columns, gaps, windows: windows.len(), models }
    }
}
