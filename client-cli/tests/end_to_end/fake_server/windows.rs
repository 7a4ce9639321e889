//! Predict and Localize.

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    Cluster, LocalizationMethod, LocalizeRequest, LocalizeResponse, LocalizeWindow, MapOptions,
    MapResolution, Model, ModelMaps, PositionMap, PredictRequest, PredictResponse, Window,
};
use prost::Message;
use tonic::Status;

use super::{Fake, MAX_WINDOWS, alleles, check, values};

/// What a map says of a base: a number that depends on its letter, the model and the method alone, so that a map
/// blended of any windows must say the same.
pub(crate) fn map_value(base: char, model: &str, method: LocalizationMethod) -> f32 {
    let letter = match base {
        'A' => 0.25,
        'C' => 0.5,
        'G' => 0.75,
        'T' => 1.0,
        _ => 0.0,
    };
    let model = if model.starts_with("QKI") { 1.0 } else { 2.0 };
    letter * model * if method == LocalizationMethod::Mutagenesis { 8.0 } else { 1.0 }
}

impl Fake {
    /// Largest response of Localize in bytes.
    pub(super) fn response_bytes(&self) -> u32 {
        self.behavior.response_bytes.unwrap_or(1 << 20)
    }

    /// A probability for each window and model.
    pub(super) fn predicted(&self, request: &PredictRequest) -> Result<PredictResponse, Status> {
        let all = self.models();
        let models = chosen(&all, &request.model_ids);
        check_windows(request.windows.iter().map(Some), &models)?;
        let sequences = request.windows.iter().map(|window| &window.sequence);
        let predictions = sequences.map(|sequence| values(std::slice::from_ref(sequence), &models)).collect();
        Ok(PredictResponse { model_ids: ids(&models), predictions })
    }

    /// A map for each window and model.
    pub(super) fn localized(&self, request: &LocalizeRequest) -> Result<Vec<LocalizeResponse>, Status> {
        let all = self.models();
        let models = chosen(&all, &request.model_ids);
        check_windows(request.windows.iter().map(|window| window.reference.as_ref()), &models)?;
        let options = request.options.unwrap_or_default();
        if options.resolution() == MapResolution::Native {
            return Err(Status::unimplemented("native resolution"));
        }
        let alternates = |window: &LocalizeWindow| match window.allele.as_ref()?.change.as_ref()? {
            Change::Substitution(_) => Some(1),
            Change::Resized(_) => Some(2),
        };
        let cost: u32 = request.windows.iter().map(|window| 1 + alternates(window).unwrap_or(0)).sum();
        if cost > MAX_WINDOWS {
            return Err(Status::invalid_argument(format!("{cost} windows and alternates")));
        }
        let mut replies = Vec::new();
        for (index, window) in (0..).zip(&request.windows) {
            let mut reply = explained(window, &models, &options)?;
            reply.window_index = index;
            if reply.encoded_len() > usize::try_from(self.response_bytes()).unwrap() {
                return Err(Status::invalid_argument("the responses would be too large"));
            }
            replies.push(reply);
        }
        Ok(replies)
    }
}

/// The maps of a window, and of its allele if it has one.
fn explained(
    window: &LocalizeWindow,
    models: &[&Model],
    options: &MapOptions,
) -> Result<LocalizeResponse, Status> {
    let reference = window.reference.as_ref().map(|window| window.sequence.clone()).unwrap_or_default();
    let allele = window.allele.as_ref().map(|allele| alleles::compared(&reference, allele)).transpose()?;
    let map = |sequence: &str, model: &Model| {
        let value = |base| map_value(base, &model.id, options.method());
        PositionMap {
            values: sequence.chars().map(value).collect(),
            clusters: options.clusters.map(|_| runs(sequence)).unwrap_or_default(),
            ..PositionMap::default()
        }
    };
    let maps = |model: &&Model| ModelMaps {
        reference: Some(map(&reference, model)),
        alternate: allele.as_ref().map(|allele| map(&allele.alternate, model)),
        difference: allele.as_ref().map(|allele| PositionMap {
            values: allele.differences(&reference, |base| map_value(base, &model.id, options.method())),
            ..PositionMap::default()
        }),
    };
    Ok(LocalizeResponse {
        model_ids: ids(models),
        reference: Some(values(std::slice::from_ref(&reference), models)),
        alternate: allele.as_ref().map(|allele| values(&allele.windows, models)),
        maps: models.iter().map(maps).collect(),
        alignment: allele.map(|allele| allele.blocks).unwrap_or_default(),
        ..LocalizeResponse::default()
    })
}

/// Every run of three A or more is a cluster, its second base the summit.
fn runs(sequence: &str) -> Vec<Cluster> {
    let mut clusters = Vec::new();
    let mut start0 = 0;
    for run in sequence.split_inclusive(|base| base != 'A') {
        let length = u32::try_from(run.trim_end_matches(['C', 'G', 'T', 'N']).len()).unwrap();
        if length >= 3 {
            let (end0, summit0) = (start0 + length, start0 + 1);
            clusters.push(Cluster { start0, end0, score: 0.75, summit0, motif: true });
        }
        start0 += u32::try_from(run.len()).unwrap();
    }
    clusters
}

fn chosen<'a>(models: &'a [Model], ids: &[String]) -> Vec<&'a Model> {
    models.iter().filter(|model| ids.is_empty() || ids.contains(&model.id)).collect()
}

fn ids(models: &[&Model]) -> Vec<String> {
    models.iter().map(|model| model.id.clone()).collect()
}

fn check_windows<'a>(
    windows: impl Iterator<Item = Option<&'a Window>>,
    models: &[&Model],
) -> Result<(), Status> {
    let mut count = 0;
    for window in windows {
        check(window.ok_or_else(|| Status::invalid_argument("no window"))?, models)?;
        count += 1;
    }
    match (1..=MAX_WINDOWS).contains(&count) {
        true => Ok(()),
        false => Err(Status::invalid_argument(format!("{count} windows"))),
    }
}
