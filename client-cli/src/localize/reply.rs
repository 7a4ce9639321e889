//! Checks that a response answers its window.

use polaris_proto::v1::{LocalizeResponse, ModelValues, PositionMap};

pub(crate) use crate::map_reply::ReplyError;
use crate::map_reply::{count, finite, order};

/// Whether a response is that of window `index` by `models`, and gives for each of its models the index in `models`.
pub(super) fn check(
    reply: &LocalizeResponse,
    index: usize,
    models: &[String],
    has_allele: bool,
) -> Result<Vec<usize>, ReplyError> {
    if usize::try_from(reply.window_index) != Ok(index) {
        return Err(ReplyError::Order { expected: index, found: reply.window_index });
    }
    let order = order(&reply.model_ids, models)?;
    count("maps", models.len(), reply.maps.len())?;
    check_values(reply.reference.as_ref(), &reply.model_ids)?;
    if has_allele {
        check_values(reply.alternate.as_ref(), &reply.model_ids)?;
    }
    Ok(order)
}

/// The values of a map, one for each of its bases.
pub(super) fn values<'a>(
    map: Option<&'a PositionMap>,
    expected: usize,
    model: &str,
) -> Result<&'a [f32], ReplyError> {
    let Some(map) = map else { return Err(ReplyError::Shape { what: "values", expected, found: 0 }) };
    count("values", expected, map.values.len())?;
    count("left-out positions", 0, map.indices.len())?;
    finite(&map.values, model)?;
    Ok(&map.values)
}

fn check_values(values: Option<&ModelValues>, models: &[String]) -> Result<(), ReplyError> {
    let probabilities = values.map_or(&[][..], |values| &values.probabilities);
    count("probabilities", models.len(), probabilities.len())?;
    models.iter().zip(probabilities).try_for_each(|(model, probability)| finite(&[*probability], model))
}

#[cfg(test)]
mod tests {
    use polaris_proto::v1::ModelMaps;

    use super::*;

    fn reply() -> LocalizeResponse {
        let values = ModelValues { probabilities: vec![0.5, 0.25], logits: vec![0.0, -1.0] };
        LocalizeResponse {
            window_index: 3,
            model_ids: vec!["B".into(), "A".into()],
            reference: Some(values.clone()),
            alternate: Some(values),
            maps: vec![ModelMaps::default(); 2],
            ..LocalizeResponse::default()
        }
    }

    #[test]
    fn fits_or_is_refused() {
        let models = ["A".to_owned(), "B".to_owned()];
        assert_eq!(check(&reply(), 3, &models, true).unwrap(), [1, 0]);
        let broken = |change: fn(&mut LocalizeResponse)| {
            let mut reply = reply();
            change(&mut reply);
            check(&reply, 3, &models, true).unwrap_err().to_string()
        };
        assert!(broken(|reply| reply.window_index = 4).contains("window 4 where 3"));
        assert!(broken(|reply| reply.model_ids[0] = "C".into()).contains("other models (2)"));
        assert!(broken(|reply| reply.model_ids[0] = "A".into()).contains("other models (2)"));
        assert!(broken(|reply| drop(reply.model_ids.pop())).contains("other models (1)"));
        assert!(broken(|reply| drop(reply.maps.pop())).contains("1 maps, 2 were expected"));
        assert!(broken(|reply| reply.alternate = None).contains("0 probabilities, 2"));
        let not_finite = |reply: &mut LocalizeResponse| {
            reply.reference.as_mut().unwrap().probabilities[1] = f32::NAN;
        };
        assert!(broken(not_finite).contains("by A has a value that is no number"));
    }

    #[test]
    fn a_map_has_a_finite_value_for_each_base() {
        let map = |values: &[f32]| PositionMap { values: values.to_vec(), ..PositionMap::default() };
        assert_eq!(values(Some(&map(&[1.0, 2.0])), 2, "A").unwrap(), [1.0, 2.0]);
        assert!(values(Some(&map(&[1.0])), 2, "A").unwrap_err().to_string().contains("1 values, 2"));
        assert!(values(None, 2, "A").is_err());
        assert!(values(Some(&map(&[1.0, f32::INFINITY])), 2, "A").unwrap_err().to_string().contains("by A"));
        let sparse = PositionMap { indices: vec![1], ..map(&[1.0]) };
        assert!(values(Some(&sparse), 1, "A").is_err());
    }
}
