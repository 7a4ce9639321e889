//! What the maps of a Localize call are to be.

use polaris_model::localization::{
    ClusterOptions, Linkage, LocalizationMethod, MapAlignment, MapOptions, MapResolution,
};
use polaris_proto::v1;

use super::Violations;

/// Options of a Localize call, checked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct MapForm {
    /// How maps are calculated, and where they have values.
    pub(crate) map: MapOptions,
    /// Which values are returned.
    pub(crate) kept: Kept,
    /// How positions are clustered, if they are to be.
    pub(crate) clusters: Option<ClusterForm>,
    /// Return the effects of all substitutions.
    pub(crate) substitution_effects: bool,
}

/// Which values of a map are returned. Without either all are; with both, both must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Kept {
    /// Least magnitude as a share of the map's largest, 0 to 1.
    pub(crate) threshold: Option<f32>,
    /// How many of the largest magnitude, at least 1.
    pub(crate) top_k: Option<usize>,
}

/// How positions are clustered, and which clusters are returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ClusterForm {
    /// How they are joined.
    pub(crate) options: ClusterOptions,
    /// Also those that are no motif.
    pub(crate) include_all: bool,
}

/// Checks the options at `options`; of use only if there was no violation.
pub(super) fn map_form(options: &v1::MapOptions, violations: &mut Violations) -> MapForm {
    let map = MapOptions {
        method: method(options.method, violations),
        signed: options.signed,
        resolution: resolution(options.resolution, violations),
        alignment: alignment(options.alignment, violations),
    };
    if options.substitution_effects && map.method != LocalizationMethod::Mutagenesis {
        let description = "only mutagenesis has them: set options.method to LOCALIZATION_METHOD_MUTAGENESIS";
        violations.add("options.substitution_effects", description);
    }
    MapForm {
        map,
        kept: kept(options, violations),
        clusters: options.clusters.as_ref().map(|clusters| cluster_form(clusters, violations)),
        substitution_effects: options.substitution_effects,
    }
}

fn method(value: i32, violations: &mut Violations) -> LocalizationMethod {
    use v1::LocalizationMethod as Wire;
    match Wire::try_from(value) {
        Ok(Wire::Unspecified | Wire::GradCam) => LocalizationMethod::GradCam,
        Ok(Wire::HiresCam) => LocalizationMethod::HiresCam,
        Ok(Wire::Mutagenesis) => LocalizationMethod::Mutagenesis,
        Err(_) => unknown("options.method", value, "localization method, 0 to 3 are", violations),
    }
}

fn resolution(value: i32, violations: &mut Violations) -> MapResolution {
    use v1::MapResolution as Wire;
    match Wire::try_from(value) {
        Ok(Wire::Unspecified | Wire::Base) => MapResolution::Base,
        Ok(Wire::Native) => MapResolution::Native,
        Err(_) => unknown("options.resolution", value, "map resolution, 0 to 2 are", violations),
    }
}

fn alignment(value: i32, violations: &mut Violations) -> MapAlignment {
    use v1::MapAlignment as Wire;
    match Wire::try_from(value) {
        Ok(Wire::Unspecified | Wire::ReceptiveField) => MapAlignment::ReceptiveField,
        Ok(Wire::Stretch) => MapAlignment::Stretch,
        Err(_) => unknown("options.alignment", value, "map alignment, 0 to 2 are", violations),
    }
}

fn linkage(value: i32, violations: &mut Violations) -> Linkage {
    use v1::Linkage as Wire;
    match Wire::try_from(value) {
        Ok(Wire::Unspecified | Wire::Complete) => Linkage::Complete,
        Ok(Wire::Average) => Linkage::Average,
        Err(_) => unknown("options.clusters.linkage", value, "linkage, 0 to 2 are", violations),
    }
}

fn unknown<T: Default>(field: &str, value: i32, kind: &str, violations: &mut Violations) -> T {
    violations.add(field, format!("{value} is no {kind}"));
    T::default()
}

fn kept(options: &v1::MapOptions, violations: &mut Violations) -> Kept {
    if let Some(threshold) = options.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
        let description = format!("{threshold} is no share of the map's largest value, 0 to 1 is");
        violations.add("options.threshold", description);
    }
    if options.top_k == Some(0) {
        violations.add("options.top_k", "0 values of a map say nothing: at least 1, or absent for all");
    }
    let top_k = options.top_k.map(|top_k| usize::try_from(top_k).unwrap_or(usize::MAX));
    Kept { threshold: options.threshold, top_k }
}

fn cluster_form(clusters: &v1::ClusterOptions, violations: &mut Violations) -> ClusterForm {
    let default = ClusterOptions::default();
    let or = |value: Option<f32>, default| value.map_or(default, f64::from);
    let options = ClusterOptions {
        linkage: linkage(clusters.linkage, violations),
        alpha: or(clusters.alpha, default.alpha),
        height: or(clusters.height, default.height),
        motif_threshold: or(clusters.motif_threshold, default.motif_threshold),
    };
    if let Err(error) = options.check() {
        violations.add(format!("options.clusters.{}", error.option), error.to_string());
    }
    ClusterForm { options, include_all: clusters.include_all }
}
