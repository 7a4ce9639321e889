//! The files for programs, by their kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Ablated, Assessed, CrossCell, Inputs, Learned, Method, Structure, Trained, Training};
use crate::report::model::Model;
use crate::report::numbers::Number;

impl Inputs {
    /// Takes what a file holds; says what it is, or nothing if it is of no command.
    pub(super) fn read_json(&mut self, value: &Value) -> Option<&'static str> {
        match value["kind"].as_str() {
            Some("training") => {
                self.training.push(training(value));
                Some("training")
            }
            Some("assess") => {
                self.assessed = items(&value["models"]).filter_map(assessed).collect();
                Some("assess")
            }
            Some("cross-cell") => {
                self.cross_cell = items(&value["rows"]).map(cross_cell).collect();
                Some("cross-cell")
            }
            Some("ablation") => {
                self.ablation = items(&value["rows"]).flat_map(ablated).collect();
                Some("ablation")
            }
            Some("learning-curve") => {
                self.learning = items(&value["rows"]).flat_map(learned).collect();
                Some("learning-curve")
            }
            Some("compare") => {
                self.read_methods(&value["results"]);
                Some("compare")
            }
            _ => None,
        }
    }

    /// Lines of a set and a method, with the folds and the means over them.
    fn read_methods(&mut self, results: &Value) {
        let mut by_method: BTreeMap<(Model, String), &Value> = BTreeMap::new();
        let mut by_window: BTreeMap<(Model, u64), &Value> = BTreeMap::new();
        for row in items(results) {
            if let (Some(set), Some(method)) = (row["set"].as_str(), row["method"].as_str()) {
                match structure_window(method) {
                    Some(window) => by_window.insert((Model::new(set), window), row),
                    None => by_method.insert((Model::new(set), method.to_owned()), row),
                };
            }
        }
        // The same network without structure stands at its left.
        let without: Vec<_> = by_method
            .iter()
            .filter(|((model, method), _)| {
                method == STRUCTURELESS && by_window.keys().any(|(with, _)| with == model)
            })
            .map(|((model, _), row)| ((model.clone(), 0), *row))
            .collect();
        by_window.extend(without);
        // A later file says it better.
        self.methods.retain(|one| !by_method.contains_key(&(one.model.clone(), one.method.clone())));
        self.structure.retain(|one| !by_window.contains_key(&(one.model.clone(), one.window as u64)));
        self.methods.extend(by_method.into_iter().map(|((model, method), row)| Method {
            model,
            method,
            folds: row["folds"].as_array().map_or(0, Vec::len),
            auroc: Number::read(&row["mean"]["auroc"]),
            auprc: Number::read(&row["mean"]["auprc"]),
            brier: Number::read(&row["mean"]["brier"]),
        }));
        self.structure.extend(by_window.into_iter().map(|((model, window), row)| Structure {
            model,
            window: window as f64,
            auroc: Number::read(&row["mean"]["auroc"]),
        }));
    }
}

/// The method that reads no structure, and the beginning of the names of those that do: the rest ends in the length of
/// their folding window.
const STRUCTURELESS: &str = "polaris";
const STRUCTURED: &str = "polaris-structure";

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The folding window that a method's name ends in, in bases.
fn structure_window(method: &str) -> Option<u64> {
    let rest = method.strip_prefix(STRUCTURED)?;
    let digits = rest.len() - rest.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    rest.get(rest.len() - digits..)?.parse().ok()
}

fn training(value: &Value) -> Training {
    let recipe = value["recipe"]["name"].as_str().or_else(|| value["recipe"].as_str()).unwrap_or("trained");
    let name = match value["inputs"].as_str() {
        None | Some("both") => recipe.to_owned(),
        Some(inputs) => format!("{recipe}, {inputs}"),
    };
    let models = items(&value["models"]).filter_map(|model| {
        let splits = items(&model["splits"]).filter_map(|split| {
            let name = split["split"].as_str()?.to_owned();
            Some((name, split["mean_auroc"].as_f64()?, split["mean_auprc"].as_f64()))
        });
        let splits = splits.collect();
        let bound = model["positives"].as_f64();
        Some(Trained { model: Model::new(model["model"].as_str()?), bound, splits })
    });
    Training { name, models: models.collect() }
}

fn assessed(value: &Value) -> Option<Assessed> {
    let metric = |name: &str| Number::read(&value["metrics"][name]);
    let bins = items(&value["bins"])
        .filter(|bin| bin["windows"].as_f64() > Some(0.0))
        .filter_map(|bin| Some((bin["mean_probability"].as_f64()?, Number::read(&bin["bound"])?)));
    Some(Assessed {
        model: Model::new(value["model"].as_str()?),
        windows: value["windows"].as_f64(),
        auroc: metric("auroc"),
        auprc: metric("auprc"),
        brier: metric("brier"),
        calibration_error: metric("expected_calibration_error"),
        slope: metric("calibration_slope"),
        floor_auroc: Number::read(&value["floor"]["metrics"]["auroc"]),
        bins: bins.collect(),
    })
}

fn cross_cell(row: &Value) -> CrossCell {
    let name = |field: &str| row[field].as_str().unwrap_or("?").to_owned();
    CrossCell {
        rbp: name("rbp"),
        trained_in: name("trained_in"),
        tested_in: name("tested_in"),
        windows: row["windows"].as_f64(),
        cross: Number::read(&row["cross_cell"]["auroc"]),
        own: Number::read(&row["in_cell"]["auroc"]),
        difference: Number::read(&row["auroc_over_in_cell"]),
        copied: Number::read(&row["copied_peaks"]["auroc"]),
        sensitivity: Number::read(&row["copied_peaks"]["sensitivity"]),
        specificity: Number::read(&row["copied_peaks"]["specificity"]),
    }
}

fn ablated(row: &Value) -> Vec<Ablated> {
    let Some(model) = row["model"].as_str().map(Model::new) else { return Vec::new() };
    let of_variant = |variant: &Value| {
        Some(Ablated {
            model: model.clone(),
            variant: variant["variant"].as_str()?.to_owned(),
            auroc: Number::read(&variant["auroc"]),
            gain: Number::read(&variant["auroc_over_sequence"]),
        })
    };
    items(&row["variants"]).filter_map(of_variant).collect()
}

fn learned(row: &Value) -> Vec<Learned> {
    let Some(model) = row["model"].as_str().map(Model::new) else { return Vec::new() };
    let of_point = |point: &Value| {
        let trained_on = point["trained_on"].as_f64()?;
        Some(Learned { model: model.clone(), trained_on, auroc: Number::read(&point["auroc"]) })
    };
    items(&row["points"]).filter_map(of_point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Inputs, Option<&'static str>) {
        let mut inputs = Inputs::default();
        let kind = inputs.read_json(&serde_json::from_str(text).unwrap());
        (inputs, kind)
    }

    #[test]
    fn compare_as_it_is_written() {
        let (inputs, kind) = read(
            r#"{"kind": "compare", "format": 1, "results": [
                {"set": "A.K562", "method": "polaris", "folds": [{}, {}],
                 "mean": {"auroc": {"value": 0.75, "low": 0.5, "high": 1.0}, "brier": {"value": null}}},
                {"set": "A.K562", "method": "polaris-structure:w150", "folds": [{}],
                 "mean": {"auroc": {"value": 0.875, "low": 0.75, "high": 1.0}}}],
                "summary": [{"method": "polaris", "median_auroc": 0.75}]}"#,
        );
        assert_eq!((kind, inputs.methods.len(), inputs.methods[0].folds), (Some("compare"), 1, 2));
        let windows: Vec<_> =
            inputs.structure.iter().map(|one| (one.window, one.auroc.unwrap().value)).collect();
        assert_eq!(windows, [(0.0, 0.75), (150.0, 0.875)]);
    }

    #[test]
    fn what_is_of_no_command_is_passed_over() {
        for text in
            ["{}", "[]", "3", r#"{"kind": "other", "rows": []}"#, r#"{"key": "k", "metrics": {"auroc": 1}}"#]
        {
            assert_eq!(read(text).1, None, "{text}");
        }
    }
}
