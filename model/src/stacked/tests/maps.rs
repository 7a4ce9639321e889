use super::*;
use crate::architecture::conv2_positions;
use crate::network::ActivationMap;

/// Logits and maps of one network after another.
fn expected(
    members: &Members,
    windows: &[WindowInput],
    models: &[usize],
    map: ActivationMap,
) -> (Vec<f32>, Vec<f32>) {
    let _no_grad = tch::no_grad_guard();
    let (logits, maps): (Vec<_>, Vec<_>) = models
        .iter()
        .map(|&model| {
            let network = members.network(model);
            let summed = network.summed_dense1().unwrap();
            network.logits_and_maps(&members.batch(windows, model), map, &summed).unwrap()
        })
        .unzip();
    (host_values(&Tensor::cat(&logits, 1)).unwrap(), host_values(&Tensor::stack(&maps, 1)).unwrap())
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
                let per_pool = |values: &[f32]| pooled(values, conv2_positions(length));
                match map {
                    ActivationMap::GradCam => assert_close(&found.1, &maps, 1e-5 * largest),
                    // Where there is no base all positions are the same but for the last bit, which says where the
                    // pooling takes its value from. So the four positions of a pooling are compared together.
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

fn pooled(maps: &[f32], positions: usize) -> Vec<f32> {
    maps.chunks(positions).flat_map(|map| map.chunks(4).map(|four| four.iter().sum())).collect()
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
        assert_close(&pooled(&found, 29), &pooled(&maps, 29), 0.1 * largest);
    }
}
