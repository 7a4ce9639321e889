//! Checks that a reply answers its request, and takes the values out of it in the order of the models.

use polaris_proto::v1::{LocalizeResponse, PredictResponse};

use crate::map_reply::{ReplyError, count, finite, order};

/// The probabilities of each of `windows` windows, in the order of `ids`.
pub(super) fn probabilities(
    reply: PredictResponse,
    windows: usize,
    ids: &[String],
) -> Result<Vec<Vec<[f32; 1]>>, ReplyError> {
    let order = order(&reply.model_ids, ids)?;
    count("windows", windows, reply.predictions.len())?;
    let of_window = |values: Vec<f32>| -> Result<Vec<[f32; 1]>, ReplyError> {
        count("values", ids.len(), values.len())?;
        let mut placed = vec![[0.0]; ids.len()];
        for (&index, value) in order.iter().zip(values) {
            if let (Some(place), Some(id)) = (placed.get_mut(index), ids.get(index)) {
                finite(&[value], id)?;
                *place = [value];
            }
        }
        Ok(placed)
    };
    reply.predictions.into_iter().map(|prediction| of_window(prediction.probabilities)).collect()
}

/// The map of each of `ids`, in that order: `length` values.
pub(super) fn maps(
    reply: Option<LocalizeResponse>,
    index: usize,
    ids: &[String],
    length: usize,
) -> Result<Vec<Vec<f32>>, ReplyError> {
    let Some(reply) = reply else {
        return Err(ReplyError::Shape { what: "maps", expected: index + 1, found: index });
    };
    if usize::try_from(reply.window_index) != Ok(index) {
        return Err(ReplyError::Order { expected: index, found: reply.window_index });
    }
    let order = order(&reply.model_ids, ids)?;
    count("maps", ids.len(), reply.maps.len())?;
    let mut maps = vec![Vec::new(); ids.len()];
    for (index, answered) in order.into_iter().zip(reply.maps) {
        if let (Some(place), Some(id)) = (maps.get_mut(index), ids.get(index)) {
            let map = answered.reference.unwrap_or_default().values;
            count("values of a map", length, map.len())?;
            finite(&map, id)?;
            *place = map;
        }
    }
    Ok(maps)
}

#[cfg(test)]
mod tests {
    use polaris_proto::v1::{ModelMaps, ModelValues, PositionMap};

    use super::*;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    fn predicted(ids: Vec<String>, probabilities: &[f32]) -> PredictResponse {
        let values = ModelValues { probabilities: probabilities.to_vec(), ..ModelValues::default() };
        PredictResponse { model_ids: ids, predictions: vec![values] }
    }

    fn localized(window_index: u32, ids: Vec<String>, maps: &[&[f32]]) -> Option<LocalizeResponse> {
        let map = |values: &&[f32]| ModelMaps {
            reference: Some(PositionMap { values: values.to_vec(), ..PositionMap::default() }),
            ..ModelMaps::default()
        };
        let maps = maps.iter().map(map).collect();
        Some(LocalizeResponse { window_index, model_ids: ids, maps, ..LocalizeResponse::default() })
    }

    #[test]
    fn values_are_put_in_the_order_that_was_asked() {
        let reply = predicted(ids(&["B", "A"]), &[0.25, 0.5]);
        assert_eq!(probabilities(reply, 1, &ids(&["A", "B"])).unwrap(), [[[0.5], [0.25]]]);
        let reply = localized(3, ids(&["B", "A"]), &[&[1.0, 2.0], &[3.0, 4.0]]);
        assert_eq!(maps(reply, 3, &ids(&["A", "B"]), 2).unwrap(), [[3.0, 4.0], [1.0, 2.0]]);
    }

    #[test]
    fn replies_that_do_not_fit() {
        let asked = ids(&["A", "B"]);
        let refused = |reply| probabilities(reply, 1, &asked).unwrap_err();
        assert!(matches!(refused(predicted(ids(&["A"]), &[0.5])), ReplyError::Models { found: 1 }));
        assert!(matches!(refused(predicted(ids(&["A", "C"]), &[0.5, 0.5])), ReplyError::Models { .. }));
        assert!(matches!(
            refused(predicted(asked.clone(), &[0.5])),
            ReplyError::Shape { what: "values", .. }
        ));
        let nan = refused(predicted(asked.clone(), &[0.5, f32::NAN]));
        assert!(matches!(nan, ReplyError::NotFinite { model } if model == "B"));
        let refused = |reply| maps(reply, 0, &asked, 1).unwrap_err();
        assert!(matches!(refused(None), ReplyError::Shape { expected: 1, found: 0, .. }));
        assert!(matches!(
            refused(localized(1, asked.clone(), &[&[1.0], &[1.0]])),
            ReplyError::Order { expected: 0, found: 1 }
        ));
        let short = refused(localized(0, asked.clone(), &[&[1.0], &[]]));
        assert!(matches!(short, ReplyError::Shape { what: "values of a map", expected: 1, found: 0 }));
        let lost = refused(localized(0, asked.clone(), &[&[1.0]]));
        assert!(matches!(lost, ReplyError::Shape { what: "maps", .. }));
        let infinite = refused(localized(0, asked.clone(), &[&[1.0], &[f32::INFINITY]]));
        assert!(matches!(infinite, ReplyError::NotFinite { .. }));
    }
}
