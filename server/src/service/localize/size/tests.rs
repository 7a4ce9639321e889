use polaris_model::localization::{AlleleAlignment, ClusterOptions, MapOptions, MapResolution};
use polaris_model::{Localizations, Predictions, WindowInput};

use super::*;
use crate::convert::{ClusterForm, Kept, LocalizedWindow};
use crate::fixtures::catalog;
use crate::service::localize::maps::Explanation;

const LENGTH: usize = 200;

fn insertion() -> Compared {
    Compared::Resized(AlleleAlignment::new(LENGTH, 100, 2, 60).unwrap())
}

fn deletion() -> Compared {
    Compared::Resized(AlleleAlignment::new(LENGTH, 140, 20, 1).unwrap())
}

fn call(form: MapForm, alleles: &[Option<Compared>]) -> Localization {
    let windows =
        alleles.iter().map(|&allele| LocalizedWindow { rows: Vec::<WindowInput>::new(), allele }).collect();
    Localization { selection: catalog(LENGTH).all(), windows, form }
}

/// A response whose maps differ from position to position, so that clusters are small.
fn response_bytes(form: &MapForm, allele: Option<Compared>) -> usize {
    let rows = 1 + allele.map_or(0, Compared::rows);
    let values = rows * 3 * form.map.method.values(LENGTH);
    let localizations = Localizations {
        predictions: Predictions {
            models: 3,
            logits: vec![0.0; 3 * rows],
            probabilities: vec![0.5; 3 * rows],
        },
        method: form.map.method,
        values: (0..values).map(|value| (value * 7 % 13) as f32 - 8.0).collect(),
    };
    let explanation = Explanation { localizations: &localizations, form, input_length: LENGTH, first_row: 0 };
    let catalog = catalog(LENGTH);
    let ids = catalog.all().names.to_vec();
    explanation.response(0, allele, ids).unwrap().encoded_len()
}

#[test]
fn no_response_is_larger() {
    let all = ClusterOptions { height: 0.0, motif_threshold: 0.0, ..ClusterOptions::default() };
    let mut checked = 0;
    for method in LocalizationMethod::ALL {
        for resolution in [MapResolution::Base, MapResolution::Native] {
            for (threshold, top_k) in
                [(None, None), (Some(0.01), None), (None, Some(5)), (Some(0.5), Some(999))]
            {
                for clusters in [None, Some(ClusterForm { options: all, include_all: true })] {
                    let form = MapForm {
                        map: MapOptions { method, resolution, signed: true, ..MapOptions::default() },
                        kept: Kept { threshold, top_k },
                        clusters,
                        substitution_effects: method == LocalizationMethod::Mutagenesis,
                    };
                    let mut alleles = vec![None, Some(Compared::Substitution)];
                    if resolution == MapResolution::Base {
                        alleles.extend([Some(insertion()), Some(deletion())]);
                    }
                    let most = within(&call(form, &alleles), &catalog(LENGTH), u32::MAX).unwrap();
                    for allele in alleles {
                        let found = response_bytes(&form, allele);
                        assert!(found <= most, "{found} {most} {form:?} {allele:?}");
                        checked += 1;
                    }
                }
            }
        }
    }
    assert_eq!(checked, 3 * 4 * 2 * (4 + 2));
}

#[test]
fn whole_maps_have_that_size() {
    let form = MapForm::default();
    for allele in [None, Some(Compared::Substitution), Some(insertion())] {
        let most = within(&call(form, &[allele]), &catalog(LENGTH), u32::MAX).unwrap();
        let found = response_bytes(&form, allele);
        assert!(most - found < 64, "{found} {most}");
    }
}

#[test]
fn what_is_too_large_is_refused_with_the_numbers() {
    let call = call(MapForm::default(), &[None, Some(insertion()), None]);
    let bytes = within(&call, &catalog(LENGTH), u32::MAX).unwrap();
    let limit = u32::try_from(bytes).unwrap();
    assert_eq!(within(&call, &catalog(LENGTH), limit), Ok(bytes));
    let message = within(&call, &catalog(LENGTH), limit - 1).unwrap_err().to_string();
    assert!(message.starts_with("windows[1]: its response for 3 models"), "{message}");
    assert!(message.contains(&bytes.to_string()) && message.contains(&(limit - 1).to_string()), "{message}");
}

#[test]
fn chunks_are_bounded() {
    assert_eq!(chunk_windows(LocalizationMethod::GradCam, 10), 32);
    assert_eq!(chunk_windows(LocalizationMethod::HiresCam, 4 << 20), 4);
    assert_eq!(chunk_windows(LocalizationMethod::HiresCam, 64 << 20), 1);
    assert_eq!(chunk_windows(LocalizationMethod::Mutagenesis, 10), 1);
}
