//! What came out, as a table and as JSON.

use std::path::Path;
use std::time::Instant;

use polaris_model::InstructionSet;
use serde_json::{Map, Value, json};

use crate::setting::Setting;

pub(crate) struct Report {
    values: Map<String, Value>,
}

impl Report {
    pub(crate) fn new(setting: &Setting, models: usize) -> Self {
        let mut values = Map::new();
        values.insert("models".to_owned(), json!(models));
        values.insert("windows".to_owned(), json!(setting.windows));
        values.insert("rounds".to_owned(), json!(setting.rounds));
        values.insert("threads".to_owned(), json!(setting.threads));
        println!(
            "{models} models, {} windows, {} threads, {}, median of {} rounds",
            setting.windows,
            setting.threads,
            InstructionSet::detect(),
            setting.rounds
        );
        Self { values }
    }

    pub(crate) fn put(&mut self, key: &str, value: f64, meaning: &str) {
        println!("{value:12.4e}  {key:<30} {meaning}");
        self.values.insert(key.to_owned(), json!(value));
    }

    /// Seconds of predictions, of these with Grad-CAM, and with HiResCAM.
    pub(crate) fn put_maps(&mut self, times: &[f64]) {
        if let [predicted, grad_cam, hires_cam] = times {
            self.put("predict_with_grad_cam_ratio", grad_cam / predicted, "Predict and Grad-CAM, of Predict");
            self.put(
                "predict_with_hires_cam_ratio",
                hires_cam / predicted,
                "Predict and HiResCAM, of Predict",
            );
        }
    }

    /// Runs all work in turns, once more than asked for to warm up, and gives the median of each in seconds.
    pub(crate) fn rounds(&self, rounds: usize, work: &mut [&mut dyn FnMut()]) -> Vec<f64> {
        let mut times = vec![Vec::new(); work.len()];
        for round in 0..=rounds {
            for (work, times) in work.iter_mut().zip(&mut times) {
                let start = Instant::now();
                work();
                if round > 0 {
                    times.push(start.elapsed().as_secs_f64());
                }
            }
        }
        times
            .into_iter()
            .map(|mut times| {
                times.sort_by(f64::total_cmp);
                times[times.len() / 2]
            })
            .collect()
    }

    pub(crate) fn finish(self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        let path = folder.join("polaris-bench.json");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(&Value::Object(self.values)).unwrap()).unwrap();
        println!("written to target/polaris-bench.json");
    }
}
