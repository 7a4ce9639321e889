use polaris_model::localization::{ClusterOptions, Linkage, MapAlignment, MapOptions};
use polaris_proto::v1::{self, Resized, Substitution, Window};

use super::*;
use crate::convert::{ClusterForm, Kept};
use crate::fixtures::catalog;

const LENGTH: usize = 60;

fn window() -> LocalizeWindow {
    let reference = Window { sequence: "acguN".repeat(LENGTH / 5), ..Window::default() };
    LocalizeWindow { reference: Some(reference), allele: None }
}

fn with_allele(change: Option<Change>) -> LocalizeWindow {
    LocalizeWindow { allele: Some(Allele { change }), ..window() }
}

/// `bases` inserted before base 20.
fn insertion(bases: &str, added: u32) -> LocalizeWindow {
    let reference = "ACGTN".repeat(LENGTH / 5);
    let alternate = format!("{}{bases}{}", &reference[..20], &reference[20..]);
    let resized = Resized {
        left_anchored: alternate[..LENGTH].to_owned(),
        right_anchored: alternate[bases.len()..].to_owned(),
        offset0: 20,
        removed: 0,
        added,
    };
    with_allele(Some(Change::Resized(resized)))
}

fn check(windows: Vec<LocalizeWindow>, options: v1::MapOptions) -> Result<Localization, RequestError> {
    let request =
        LocalizeRequest { model_ids: vec!["PUM2.none".to_owned()], windows, options: Some(options) };
    localization(request, &catalog(LENGTH), 5)
}

fn refusal(windows: Vec<LocalizeWindow>, options: v1::MapOptions) -> (String, String) {
    match check(windows, options).unwrap_err() {
        RequestError::Invalid(violations) => {
            let first = violations.into_iter().next().unwrap();
            (first.field, first.description)
        }
        unknown => panic!("{unknown:?}"),
    }
}

#[test]
fn windows_and_alleles_become_rows() {
    let substitution = Substitution { offset0: 1, bases: "uu".to_owned() };
    let windows = vec![window(), with_allele(Some(Change::Substitution(substitution))), insertion("GAG", 3)];
    // Six windows are more than five.
    assert_eq!(refusal(windows.clone(), v1::MapOptions::default()).0, "windows");
    let plain = check(windows[..2].to_vec(), v1::MapOptions::default()).unwrap();
    assert_eq!(plain.form, MapForm::default());
    assert_eq!((plain.windows[0].rows.len(), plain.windows[0].allele), (1, None));
    assert_eq!((plain.windows[1].rows.len(), plain.windows[1].allele), (2, Some(Compared::Substitution)));
    assert_eq!(plain.windows[1].rows[1].sequence[..5], *b"ATTTN");
    let resized = check(windows[2..].to_vec(), v1::MapOptions::default()).unwrap();
    let alignment = AlleleAlignment::new(LENGTH, 20, 0, 3).unwrap();
    assert_eq!(resized.windows[0].allele, Some(Compared::Resized(alignment)));
    assert_eq!(resized.windows[0].rows[1].sequence[18..25], *b"TNGAGAC");
}

#[test]
fn options_are_taken_over() {
    let clusters = v1::ClusterOptions {
        linkage: v1::Linkage::Average.into(),
        height: Some(2.0),
        include_all: true,
        ..v1::ClusterOptions::default()
    };
    let options = v1::MapOptions {
        method: v1::LocalizationMethod::Mutagenesis.into(),
        signed: true,
        resolution: v1::MapResolution::Native.into(),
        alignment: v1::MapAlignment::Stretch.into(),
        threshold: Some(0.25),
        top_k: Some(7),
        clusters: Some(clusters),
        substitution_effects: true,
    };
    let expected = MapForm {
        map: MapOptions {
            method: LocalizationMethod::Mutagenesis,
            signed: true,
            resolution: MapResolution::Native,
            alignment: MapAlignment::Stretch,
        },
        kept: Kept { threshold: Some(0.25), top_k: Some(7) },
        clusters: Some(ClusterForm {
            options: ClusterOptions { linkage: Linkage::Average, height: 2.0, ..ClusterOptions::default() },
            include_all: true,
        }),
        substitution_effects: true,
    };
    // Native positions of mutagenesis are bases, which a longer allele has too.
    assert_eq!(check(vec![insertion("GAG", 3)], options).unwrap().form, expected);
}

#[test]
fn wrong_options_are_named() {
    let clusters = |clusters| v1::MapOptions { clusters: Some(clusters), ..v1::MapOptions::default() };
    let none = v1::MapOptions::default();
    for (options, field, part) in [
        (v1::MapOptions { method: 4, ..none }, "options.method", "4 is no"),
        (v1::MapOptions { resolution: 3, ..none }, "options.resolution", "3 is no"),
        (v1::MapOptions { alignment: -1, ..none }, "options.alignment", "-1 is no"),
        (v1::MapOptions { threshold: Some(1.5), ..none }, "options.threshold", "1.5"),
        (v1::MapOptions { threshold: Some(f32::NAN), ..none }, "options.threshold", "NaN"),
        (v1::MapOptions { top_k: Some(0), ..none }, "options.top_k", "at least 1"),
        (
            v1::MapOptions { substitution_effects: true, ..none },
            "options.substitution_effects",
            "LOCALIZATION_METHOD_MUTAGENESIS",
        ),
        (
            clusters(v1::ClusterOptions { linkage: 3, ..Default::default() }),
            "options.clusters.linkage",
            "3 is no",
        ),
        (
            clusters(v1::ClusterOptions { alpha: Some(1.5), ..Default::default() }),
            "options.clusters.alpha",
            "alpha is 1.5",
        ),
        (
            clusters(v1::ClusterOptions { height: Some(f32::INFINITY), ..Default::default() }),
            "options.clusters.height",
            "finite",
        ),
        (
            clusters(v1::ClusterOptions { motif_threshold: Some(-1.0), ..Default::default() }),
            "options.clusters.motif_threshold",
            "-1",
        ),
    ] {
        let (found, description) = refusal(vec![window()], options);
        assert_eq!(found, field);
        assert!(description.contains(part), "{description}");
    }
    let native = v1::MapOptions { resolution: v1::MapResolution::Native.into(), ..none };
    let (field, description) = refusal(vec![window(), insertion("GAG", 3)], native);
    assert_eq!(field, "options.resolution");
    assert!(
        description.contains("windows[1]") && description.contains("MAP_RESOLUTION_BASE"),
        "{description}"
    );
    let substitution = Substitution { offset0: 1, bases: "uu".to_owned() };
    assert!(check(vec![with_allele(Some(Change::Substitution(substitution)))], native).is_ok());
}

#[test]
fn wrong_windows_are_named() {
    let headless = LocalizeWindow { reference: None, allele: None };
    let unknown = Window { sequence: "n".repeat(LENGTH), ..Window::default() };
    let unknown = LocalizeWindow { reference: Some(unknown), allele: None };
    let beyond = Substitution { offset0: LENGTH as u32, bases: "A".to_owned() };
    for (wrong, field) in [
        (headless, "windows[1].reference"),
        (unknown, "windows[1].reference.sequence"),
        (with_allele(None), "windows[1].allele"),
        (with_allele(Some(Change::Substitution(beyond))), "windows[1].allele.substitution.offset0"),
        (insertion("GAG", 0), "windows[1].allele.resized.offset0"),
        (insertion("GAG", 2), "windows[1].allele.resized.left_anchored"),
        (insertion("G-G", 3), "windows[1].allele.resized.left_anchored"),
    ] {
        assert_eq!(refusal(vec![window(), wrong], v1::MapOptions::default()).0, field);
    }
    assert_eq!(refusal(Vec::new(), v1::MapOptions::default()).0, "windows");
    let request = LocalizeRequest { model_ids: vec!["X.K562".to_owned()], ..LocalizeRequest::default() };
    let unknown = localization(request, &catalog(LENGTH), 5).unwrap_err();
    assert_eq!(unknown, RequestError::UnknownModel { id: "X.K562".to_owned() });
}

#[test]
fn more_positions_than_can_be_clustered_are_refused() {
    let length = MOST_CLUSTERED_POSITIONS;
    let check = |length: usize, resolution: MapResolution, clusters| {
        let form = MapForm {
            map: MapOptions { resolution, ..MapOptions::default() },
            clusters,
            ..MapForm::default()
        };
        let mut violations = Violations::default();
        let windows = [LocalizedWindow { rows: Vec::new(), allele: None }];
        clustered(&form, &windows, length, &mut violations);
        violations.none().map_err(|error| error.to_string())
    };
    let clusters = Some(ClusterForm { options: ClusterOptions::default(), include_all: false });
    assert_eq!(check(length, MapResolution::Base, clusters), Ok(()));
    let refused = check(length + 1, MapResolution::Base, clusters).unwrap_err();
    assert!(refused.starts_with("options.clusters: maps of 4097 positions"), "{refused}");
    assert_eq!(check(length + 1, MapResolution::Native, clusters), Ok(()));
    assert_eq!(check(100_000, MapResolution::Base, None), Ok(()));
}
