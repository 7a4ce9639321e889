//! The same on a GPU, where there is one.

use super::*;
use crate::ensemble::ActivationMap;

#[test]
fn a_gpu_gives_what_the_processor_gives() {
    if crate::device::Device::Cuda(0).prepare().is_err() {
        eprintln!("skipped: there is no GPU, or libtorch is built without CUDA");
        return;
    }
    let members = Members::new(1000);
    let mut windows = windows(1000, 7);
    for window in &mut windows {
        window.substitutions = (0..200).map(|place| substitution(5 * place, b"AC")).collect();
    }
    let models = [4, 0, 2];
    let small = Limits { bytes: 4 << 20, passes: 3, alternates: 100 };
    for limits in [Limits::DEFAULT, small] {
        let [expected, found] =
            [Device::Cpu, Device::Cuda(0)].map(|device| members.stacked(device, Precision::Strict, limits));
        let logits = expected.predict(&windows, &models).unwrap();
        assert_close(&found.predict(&windows, &models).unwrap(), &logits, 1e-5);
        let fast = members.stacked(Device::Cuda(0), Precision::Fast, limits);
        assert_close(&fast.predict(&windows, &models).unwrap(), &logits, 0.003);
        let first = &windows[..1];
        for map in [ActivationMap::GradCam, ActivationMap::HiresCam] {
            let (_, expected) = expected.maps(first, &models, map).unwrap();
            let (_, found) = found.maps(first, &models, map).unwrap();
            let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
            assert_close(&found, &expected, 1e-5 * largest);
        }
    }
}
