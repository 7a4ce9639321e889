use super::*;
use crate::architecture::conv2_positions;
use crate::ensemble::ActivationMap;

/// Logits and maps of one network after another.
fn expected(
    members: &Members,
    windows: &[WindowInput],
    models: &[usize],
    map: ActivationMap,
) -> (Vec<f32>, Vec<f32>) {
    let whole: Vec<WindowInput> =
        windows.iter().map(|window| WindowInput { substitutions: Vec::new(), ..window.clone() }).collect();
    let maps = |&model: &usize| fixtures::maps_by_autograd(&members.weights[model], &whole, map);
    let maps: Vec<Vec<f32>> = models.iter().map(maps).collect();
    let positions = conv2_positions(members.length);
    let of =
        |window: usize| maps.iter().flat_map(move |maps| &maps[window * positions..(window + 1) * positions]);
    (members.expected(&whole, models), (0..whole.len()).flat_map(of).copied().collect())
}

#[test]
fn maps_are_those_of_the_networks() {
    for (length, count) in [(1000, 4), (151, 6), (59, 4), (166, 2)] {
        let members = Members::new(length);
        let mut windows = windows(length, count);
        windows[0].substitutions = vec![substitution(3, b"A")];
        let models = [3, 0, 4];
        for map in [ActivationMap::GradCam, ActivationMap::HiresCam] {
            let (logits, maps) = expected(&members, &windows, &models, map);
            let largest = maps.iter().fold(0f32, |largest, value| largest.max(value.abs()));
            assert!(largest > 1e-4, "{largest}");
            for limits in [Limits::DEFAULT, TINY] {
                let found = members.strict(limits).maps(&windows, &models, map).unwrap();
                assert_close(&found.0, &logits, 1e-5);
                let per_pool = |values: &[f32]| pools(values, conv2_positions(length));
                match map {
                    ActivationMap::GradCam => assert_close(&found.1, &maps, 1e-5 * largest),
                    ActivationMap::HiresCam => {
                        assert_close(&per_pool(&found.1), &per_pool(&maps), 1e-5 * largest);
                        let without_n = 0..models.len() * conv2_positions(length);
                        assert_close(&found.1[without_n.clone()], &maps[without_n], 1e-5 * largest);
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_asked_nothing_given() {
    let ensemble = Members::new(151).strict(Limits::DEFAULT);
    let nothing = (Vec::new(), Vec::new());
    assert_eq!(ensemble.maps(&[], &[0], ActivationMap::GradCam).unwrap(), nothing);
    assert_eq!(ensemble.maps(&windows(151, 2), &[], ActivationMap::HiresCam).unwrap(), nothing);
}

#[test]
fn fast_maps_are_near() {
    let members = Members::new(151);
    let windows = windows(151, 1);
    let fast = members.stacked(Device::Cpu, Precision::Fast, Limits::DEFAULT);
    for map in [ActivationMap::GradCam, ActivationMap::HiresCam] {
        let (_, maps) = expected(&members, &windows, &[1], map);
        let largest = maps.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        let (_, found) = fast.maps(&windows, &[1], map).unwrap();
        assert_close(&pools(&found, 29), &pools(&maps, 29), 0.1 * largest);
    }
}
