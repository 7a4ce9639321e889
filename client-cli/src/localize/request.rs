//! Sizes requests by the server's limits.

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{Cluster, LocalizationMethod, LocalizeRequest, LocalizeWindow, MapOptions};
use prost::Message;

use super::target::Target;
use crate::requirements::RequestLimits;

/// Tag and length of a message inside another, at most.
const FRAME_BYTES: usize = 8;
/// Room in a response for what does not depend on the models.
const RESPONSE_OVERHEAD_BYTES: usize = 1 << 10;
/// What the responses to one request may add up to, so that those in flight fit into memory.
const RESPONSES_BYTES: usize = 64 << 20;

/// The models in groups whose answers fit into a response, and how many windows a request holds.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    /// Models that are asked together, in the run's order.
    pub(super) groups: Vec<Vec<String>>,
    /// Windows, as the server counts them.
    pub(super) windows: usize,
    bytes: usize,
}

impl Budget {
    /// `length` is that of windows; `alleles` and `clusters` say what the responses hold beside the reference's maps.
    pub(super) fn new(
        models: &[String],
        length: usize,
        alleles: bool,
        clusters: bool,
        limits: RequestLimits,
    ) -> Self {
        let longest = models.iter().map(String::len).max().unwrap_or(0);
        let per_model = model_bytes(length, alleles, clusters) + longest;
        let room = limits.response_bytes.saturating_sub(RESPONSE_OVERHEAD_BYTES);
        let together = (room / per_model).clamp(1, models.len().max(1));
        let response = RESPONSE_OVERHEAD_BYTES + per_model * together;
        let windows = (RESPONSES_BYTES / response).max(3).min(limits.windows);
        Self {
            groups: models.chunks(together).map(<[String]>::to_vec).collect(),
            windows,
            bytes: limits.bytes,
        }
    }
}

/// What one model says of one window, encoded, at most: a cluster at every base.
fn model_bytes(length: usize, alleles: bool, clusters: bool) -> usize {
    let end0 = u32::try_from(2 * length).unwrap_or(u32::MAX);
    let cluster = Cluster { start0: end0, end0, score: 1.0, summit0: end0, motif: true };
    let cluster = if clusters { cluster.encoded_len() + FRAME_BYTES / 2 } else { 0 };
    let map = |bases: usize, cluster: usize| (4 + cluster) * bases + 2 * FRAME_BYTES;
    // An allele adds at most half a window.
    let longest = length + length / 2;
    let others = if alleles { map(longest, cluster) + map(longest, 0) } else { 0 };
    map(length, cluster) + others + 4 * FRAME_BYTES
}

/// A request to be sent, and what its windows are.
pub(super) struct Planned {
    pub(super) request: LocalizeRequest,
    /// The index of the group that is asked.
    pub(super) group: usize,
    /// Target and window of it, for each window of the request.
    pub(super) windows: Vec<(usize, usize)>,
}

/// The windows of targets in requests, each repeated for each group of models. Windows stay in order. `all` if the
/// models are all that the server has. Mutagenesis takes long: each request holds one window of it.
pub(super) fn pack(targets: &mut [Target], budget: &Budget, options: &MapOptions, all: bool) -> Vec<Planned> {
    let mut planned = Vec::new();
    let mut filling = Filling::default();
    let is_lone = options.method() == LocalizationMethod::Mutagenesis;
    for (index, target) in targets.iter_mut().enumerate() {
        for (window, asked) in target.windows.iter_mut().enumerate() {
            // Only what is needed to place the answer is kept.
            let message = std::mem::take(&mut asked.message);
            let cost = (windows(&message), message.encoded_len() + FRAME_BYTES);
            if is_lone || !filling.has_room(cost, budget) {
                planned.extend(filling.take(budget, options, all));
            }
            filling.add(message, (index, window), cost);
        }
    }
    planned.extend(filling.take(budget, options, all));
    planned
}

/// As many windows as the server counts.
pub(super) fn windows(message: &LocalizeWindow) -> usize {
    match message.allele.as_ref().and_then(|allele| allele.change.as_ref()) {
        None => 1,
        Some(Change::Substitution(_)) => 2,
        Some(Change::Resized(_)) => 3,
    }
}

#[derive(Default)]
struct Filling {
    messages: Vec<LocalizeWindow>,
    places: Vec<(usize, usize)>,
    windows: usize,
    bytes: usize,
}

impl Filling {
    /// An empty request has room: that a lone window fits was seen to before the run.
    fn has_room(&self, (windows, bytes): (usize, usize), budget: &Budget) -> bool {
        let ids = |group: &Vec<String>| group.iter().map(|id| id.len() + FRAME_BYTES).sum::<usize>();
        let others = budget.groups.iter().map(ids).max().unwrap_or(0) + 16 * FRAME_BYTES;
        self.messages.is_empty()
            || self.windows + windows <= budget.windows && self.bytes + bytes + others <= budget.bytes
    }

    fn add(&mut self, message: LocalizeWindow, place: (usize, usize), (windows, bytes): (usize, usize)) {
        self.messages.push(message);
        self.places.push(place);
        self.windows += windows;
        self.bytes += bytes;
    }

    fn take(&mut self, budget: &Budget, options: &MapOptions, all: bool) -> Vec<Planned> {
        let Self { messages, places, .. } = std::mem::take(self);
        if messages.is_empty() {
            return Vec::new();
        }
        let groups = budget.groups.iter().enumerate();
        let of = |(group, models): (usize, &Vec<String>)| Planned {
            request: LocalizeRequest {
                model_ids: if all && budget.groups.len() == 1 { Vec::new() } else { models.clone() },
                windows: messages.clone(),
                options: Some(*options),
            },
            group,
            windows: places.clone(),
        };
        groups.map(of).collect()
    }
}

#[cfg(test)]
mod tests;
