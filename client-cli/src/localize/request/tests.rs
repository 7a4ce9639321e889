use polaris_genomics::{Strand, Window};
use polaris_proto::v1::{Allele, Resized, Substitution, Window as WindowMessage};
use proptest::prelude::*;

use super::super::target::TargetWindow;
use super::*;

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("RBP{index:03}.K562")).collect()
}

fn target(windows: usize, change: Option<Change>) -> Target {
    let place = Window { contig: "c".into(), start0: 0, length: 10, strand: Strand::Forward };
    let asked = |index: usize| TargetWindow {
        window: place.clone(),
        message: LocalizeWindow {
            reference: Some(WindowMessage { sequence: format!("{index:0>100}"), ..WindowMessage::default() }),
            allele: change.clone().map(|change| Allele { change: Some(change) }),
        },
    };
    let windows = (0..windows).map(asked).collect();
    Target {
        name: "x".into(),
        place: place.clone(),
        letters: Vec::new(),
        windows,
        alternate: None,
        gaps: Vec::new(),
    }
}

fn change(kind: u8) -> Option<Change> {
    match kind {
        0 => None,
        1 => Some(Change::Substitution(Substitution::default())),
        _ => Some(Change::Resized(Resized::default())),
    }
}

#[test]
fn models_are_split_so_that_a_response_fits() {
    let limits = |response_bytes| RequestLimits { windows: 256, bytes: 1 << 20, response_bytes };
    let models = ids(160);
    // A thousand bases are 4 kB a model, and 20 kB for clusters.
    let one = Budget::new(&models, 1000, false, true, limits(4 << 20));
    assert_eq!((one.groups.len(), one.windows), (1, 17));
    let split = Budget::new(&models, 1000, true, true, limits(4 << 20));
    assert_eq!(split.groups.iter().map(Vec::len).collect::<Vec<_>>(), [63, 63, 34]);
    assert_eq!(split.groups.concat(), models);
    assert_eq!(Budget::new(&models, 1000, false, false, limits(4 << 20)).windows, 103);
    assert_eq!(Budget::new(&models, 1000, true, true, limits(1)).groups.len(), 160);
    let few = Budget::new(&ids(2), 151, false, true, RequestLimits { windows: 20, ..limits(16 << 20) });
    assert_eq!((few.groups.len(), few.windows), (1, 20));
}

#[test]
fn a_request_of_mutagenesis_holds_one_window() {
    let budget =
        Budget { groups: ids(2).into_iter().map(|id| vec![id]).collect(), windows: 20, bytes: 1 << 20 };
    let sizes = |method: LocalizationMethod| {
        let options = MapOptions { method: method.into(), ..MapOptions::default() };
        let planned = pack(&mut [target(2, None), target(1, change(2))], &budget, &options, true);
        planned.iter().map(|planned| (planned.group, planned.windows.clone())).collect::<Vec<_>>()
    };
    let lone = [(0, 0), (0, 1), (1, 0)].map(|place| [(0, vec![place]), (1, vec![place])]).concat();
    assert_eq!(sizes(LocalizationMethod::Mutagenesis), lone);
    assert_eq!(sizes(LocalizationMethod::GradCam).len(), 2);
}

proptest! {
    #[test]
    fn within_limits_and_nothing_lost(
        shape in proptest::collection::vec((0_usize..9, 0_u8..3), 0..12),
        most in 3_usize..12,
        bytes in 900_usize..3000,
        groups in 1_usize..4,
    ) {
        let budget = Budget { groups: ids(groups).into_iter().map(|id| vec![id]).collect(), windows: most, bytes };
        let mut targets: Vec<Target> = shape.iter().map(|&(windows, kind)| target(windows, change(kind))).collect();
        let planned = pack(&mut targets, &budget, &MapOptions::default(), true);
        for planned in &planned {
            prop_assert!(planned.request.windows.iter().map(windows).sum::<usize>() <= most);
            prop_assert!(planned.request.encoded_len() <= bytes);
            prop_assert_eq!(planned.request.windows.len(), planned.windows.len());
            let asked = &planned.request.model_ids;
            let expected = if groups == 1 { &Vec::new() } else { &budget.groups[planned.group] };
            prop_assert_eq!(asked, expected);
            for ((_, window), message) in planned.windows.iter().zip(&planned.request.windows) {
                prop_assert_eq!(&message.reference.as_ref().unwrap().sequence, &format!("{window:0>100}"));
            }
        }
        for group in 0..groups {
            let places: Vec<(usize, usize)> = planned.iter().filter(|planned| planned.group == group).flat_map(|planned| planned.windows.clone()).collect();
            let expected: Vec<(usize, usize)> = shape.iter().enumerate().flat_map(|(index, &(windows, _))| (0..windows).map(move |window| (index, window))).collect();
            prop_assert_eq!(places, expected);
        }
    }
}
