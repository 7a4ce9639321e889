//! Asks the server about a batch of windows.

use std::time::Duration;

use polaris_proto::v1::polaris_service_client::PolarisServiceClient;
use polaris_proto::v1::{
    LocalizationMethod, LocalizeRequest, LocalizeWindow, MapOptions, MapResolution, PredictRequest, Window,
};

use super::batches::{Batch, Slot};
use super::layer::Track;
use super::reply;
use crate::connect::{self, Channel, REPLY_BYTES, in_time};
use crate::requirements::ChosenModels;

/// Bytes of a map's message beside its values: its model's id comes on top.
const MAP_OVERHEAD_BYTES: usize = 64;
/// Bytes of a response that are no model's.
const RESPONSE_OVERHEAD_BYTES: usize = 256;
/// Maps of one batch, in bytes: what the client holds of each answer on its way.
const HELD_BYTES: usize = 16 << 20;

/// Requests that are sent and not answered, at most.
const IN_FLIGHT: usize = 4;

/// What a batch may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Room {
    /// Windows of Predict.
    pub(super) predicted: usize,
    /// Windows of Localize.
    pub(super) localized: usize,
    /// Encoded windows of either.
    pub(super) bytes: usize,
}

/// No response can hold a single map.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server's responses have at most {limit} bytes, a map of {length} bases needs {needed}: raise its max_response_bytes"
)]
pub(crate) struct ResponseTooSmall {
    limit: usize,
    length: usize,
    needed: usize,
}

/// What is asked of the server, and how.
pub(super) struct Asking {
    service: PolarisServiceClient<Channel>,
    /// All models that answer.
    ids: Vec<String>,
    /// Models of one request of Predict; none for all.
    requested: Vec<String>,
    /// Models of each request of Localize, so many that a response can hold their maps.
    groups: Vec<Vec<String>>,
    method: LocalizationMethod,
    length: usize,
    room: Room,
    /// Longest wait for one answer.
    reply_limit: Duration,
}

/// Values of the windows of a batch.
pub(super) struct Answer {
    /// Index of the layer.
    pub(super) layer: usize,
    /// Each with the values of every model.
    pub(super) windows: Vec<(Slot, Values)>,
}

/// What the models say of a window, in their order.
pub(super) enum Values {
    /// One of each.
    Probabilities(Vec<[f32; 1]>),
    /// A map of each, in the order of the window's strand.
    Maps(Vec<Vec<f32>>),
}

impl Asking {
    /// Asks these models on a channel.
    pub(super) fn new(
        channel: Channel,
        chosen: &ChosenModels,
        method: LocalizationMethod,
        reply_limit: Duration,
    ) -> Result<Self, ResponseTooSmall> {
        let (ids, length, limits) = (chosen.ids(), chosen.input_length, chosen.limits);
        let groups = groups(&ids, length, limits.response_bytes)?;
        let id_bytes: usize = ids.iter().map(|id| id.len() + MAP_OVERHEAD_BYTES).sum();
        let held = HELD_BYTES / length.saturating_mul(4 * ids.len()).max(1);
        // The server takes requests in turn: several windows of mutagenesis would wait for one another.
        let together = if method == LocalizationMethod::Mutagenesis { 1 } else { held.max(1) };
        let room = Room {
            predicted: limits.windows,
            localized: limits.windows.min(together),
            bytes: limits.bytes.saturating_sub(id_bytes),
        };
        let decoded = limits.response_bytes.max(REPLY_BYTES);
        let service = connect::service(channel).max_decoding_message_size(decoded);
        let requested = chosen.requested.clone();
        Ok(Self { service, ids, requested, groups, method, length, room, reply_limit })
    }

    /// What a batch may hold.
    pub(super) fn room(&self) -> Room {
        self.room
    }

    /// Requests that are sent and not answered, at most.
    pub(super) fn in_flight(&self) -> usize {
        if self.method == LocalizationMethod::Mutagenesis { 1 } else { IN_FLIGHT }
    }

    /// The models, in the order of values.
    pub(super) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Bases of a window.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Asks about a batch.
    pub(super) async fn answer(&self, batch: Batch) -> anyhow::Result<Answer> {
        let Batch { layer, track, slots, windows } = batch;
        let values = match track {
            Track::Probability => self.predict(windows).await?,
            Track::Localization => self.localize(windows).await?,
        };
        Ok(Answer { layer, windows: slots.into_iter().zip(values).collect() })
    }

    async fn predict(&self, windows: Vec<Window>) -> anyhow::Result<Vec<Values>> {
        let asked = windows.len();
        let request = PredictRequest { windows, model_ids: self.requested.clone() };
        let mut service = self.service.clone();
        let reply = in_time(self.reply_limit, service.predict(request)).await?.into_inner();
        Ok(reply::probabilities(reply, asked, &self.ids)?.into_iter().map(Values::Probabilities).collect())
    }

    async fn localize(&self, windows: Vec<Window>) -> anyhow::Result<Vec<Values>> {
        let mut maps = vec![Vec::with_capacity(self.ids.len()); windows.len()];
        let windows: Vec<_> = windows
            .into_iter()
            .map(|window| LocalizeWindow { reference: Some(window), allele: None })
            .collect();
        for group in &self.groups {
            let options = MapOptions {
                method: self.method.into(),
                resolution: MapResolution::Base.into(),
                ..MapOptions::default()
            };
            let model_ids = if self.groups.len() == 1 { self.requested.clone() } else { group.clone() };
            let request = LocalizeRequest { model_ids, windows: windows.clone(), options: Some(options) };
            let mut service = self.service.clone();
            let mut replies = in_time(self.reply_limit, service.localize(request)).await?.into_inner();
            for (index, maps) in maps.iter_mut().enumerate() {
                let reply = in_time(self.reply_limit, replies.message()).await?;
                maps.extend(reply::maps(reply, index, group, self.length)?);
            }
        }
        Ok(maps.into_iter().map(Values::Maps).collect())
    }
}

/// Models in their order, so many together that a response can hold their maps.
fn groups(
    ids: &[String],
    length: usize,
    response_bytes: usize,
) -> Result<Vec<Vec<String>>, ResponseTooSmall> {
    let room = response_bytes.saturating_sub(RESPONSE_OVERHEAD_BYTES);
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut used = usize::MAX;
    for id in ids {
        let needed = length.saturating_mul(4).saturating_add(MAP_OVERHEAD_BYTES + 2 * id.len());
        if needed > room {
            let needed = needed + RESPONSE_OVERHEAD_BYTES;
            return Err(ResponseTooSmall { limit: response_bytes, length, needed });
        }
        match groups.last_mut() {
            Some(group) if used.saturating_add(needed) <= room => {
                group.push(id.clone());
                used += needed;
            }
            _ => {
                groups.push(vec![id.clone()]);
                used = needed;
            }
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_split_over_requests_as_responses_have_room() {
        let ids: Vec<String> = ["A.K562", "B.K562", "C.K562"].map(str::to_owned).into();
        let one = 4000 + MAP_OVERHEAD_BYTES + 12;
        let sizes = |bytes| {
            let groups = groups(&ids, 1000, bytes).unwrap();
            assert_eq!(groups.concat(), ids);
            groups.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(RESPONSE_OVERHEAD_BYTES + 3 * one), [3]);
        assert_eq!(sizes(RESPONSE_OVERHEAD_BYTES + 3 * one - 1), [2, 1]);
        assert_eq!(sizes(RESPONSE_OVERHEAD_BYTES + one), [1, 1, 1]);
        let refused = groups(&ids, 1000, 4000).unwrap_err().to_string();
        assert!(refused.contains("at most 4000 bytes, a map of 1000 bases needs 4332"), "{refused}");
    }
}
