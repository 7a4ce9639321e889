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
            // `compare`, whatever it calls its list; a file without a kind is taken by what it holds.
            Some("structure" | "compare" | "comparison" | "methods") => Some(self.read_methods(value)?),
            None if value["models"][0]["bins"].is_array() => {
                self.assessed = items(&value["models"]).filter_map(assessed).collect();
                Some("assess")
            }
            None => self.read_methods(value),
            Some(_) => None,
        }
    }

    /// Any list of objects with a model (or set), a method and an area under the ROC curve, folds by themselves or
    /// already averaged under `mean`.
    fn read_methods(&mut self, value: &Value) -> Option<&'static str> {
        let lists = value.as_array().into_iter().chain(
            value.as_object().into_iter().flat_map(|object| object.values().filter_map(Value::as_array)),
        );
        let mut by_method: BTreeMap<(Model, String), Vec<&Value>> = BTreeMap::new();
        let mut by_window: BTreeMap<(Model, u64), Vec<&Value>> = BTreeMap::new();
        for row in lists.flatten().filter(|row| metric(row, "auroc").is_some()) {
            let Some(model) = row["model"].as_str().or_else(|| row["set"].as_str()).map(Model::new) else {
                continue;
            };
            if let Some(window) = structure_window(row) {
                by_window.entry((model, window)).or_default().push(row);
            } else if let Some(method) = row["method"].as_str() {
                by_method.entry((model, method.to_owned())).or_default().push(row);
            }
        }
        if by_method.is_empty() && by_window.is_empty() {
            return None;
        }
        // The same network without structure stands at its left.
        let without: Vec<_> = by_method
            .iter()
            .filter(|((model, method), _)| {
                method == STRUCTURELESS && by_window.keys().any(|(with, _)| with == model)
            })
            .map(|((model, _), rows)| ((model.clone(), 0), rows.clone()))
            .collect();
        by_window.extend(without);
        let kind = if by_method.is_empty() { "structure" } else { "compare" };
        // A later file says it better.
        self.methods.retain(|one| !by_method.contains_key(&(one.model.clone(), one.method.clone())));
        self.structure.retain(|one| !by_window.contains_key(&(one.model.clone(), one.window as u64)));
        self.methods.extend(by_method.into_iter().map(|((model, method), rows)| Method {
            model,
            method,
            folds: rows.iter().map(|row| row["folds"].as_array().map_or(1, Vec::len)).sum(),
            auroc: mean(&rows, "auroc"),
            auprc: mean(&rows, "auprc"),
            brier: mean(&rows, "brier"),
        }));
        self.structure.extend(by_window.into_iter().map(|((model, window), rows)| Structure {
            model,
            window: window as f64,
            auroc: mean(&rows, "auroc"),
        }));
        Some(kind)
    }
}

/// The method that reads no structure, and the beginning of the names of those that do: the rest ends in the length of
/// their folding window.
const STRUCTURELESS: &str = "polaris";
const STRUCTURED: &str = "polaris-structure";

/// Of a row by itself or under `mean`.
fn metric(row: &Value, name: &str) -> Option<Number> {
    Number::read(&row[name]).or_else(|| Number::read(&row["mean"][name]))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The folding window of a row about structure, in bases; 0 for none.
fn structure_window(row: &Value) -> Option<u64> {
    let field = ["structure_window", "structure_length"].iter().find_map(|field| row[*field].as_u64());
    field.or_else(|| {
        let rest = row["method"].as_str()?.strip_prefix(STRUCTURED)?;
        let digits = rest.len() - rest.trim_end_matches(|character: char| character.is_ascii_digit()).len();
        rest.get(rest.len() - digits..)?.parse().ok()
    })
}

/// A single row keeps its interval; of several the mean counts.
fn mean(rows: &[&Value], name: &str) -> Option<Number> {
    let numbers: Vec<Number> = rows.iter().filter_map(|row| metric(row, name)).collect();
    match numbers.as_slice() {
        [] => None,
        [one] => Some(*one),
        many => Some(Number::plain(many.iter().map(|number| number.value).sum::<f64>() / many.len() as f64)),
    }
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
    fn methods_by_fold_become_means_in_whatever_list_they_stand() {
        let (inputs, kind) = read(
            r#"{"kind": "comparison", "format": 1, "results": [
                {"model": "A.K562", "method": "kmer", "fold": 0, "auroc": 0.5, "auprc": 0.25, "brier": null},
                {"model": "A.K562", "method": "kmer", "fold": 1, "auroc": 0.75, "auprc": 0.75},
                {"model": "A.K562", "method": "polaris", "auroc": {"value": 0.9, "low": 0.8, "high": 0.95}},
                {"model": "A.K562", "method": "failed", "auroc": null}]}"#,
        );
        assert_eq!(kind, Some("compare"));
        let found: Vec<_> =
            inputs.methods.iter().map(|one| (one.method.as_str(), one.auroc, one.folds)).collect();
        let interval = Number { value: 0.9, interval: Some((0.8, 0.95)) };
        assert_eq!(found, [("kmer", Some(Number::plain(0.625)), 2), ("polaris", Some(interval), 1)]);
        assert_eq!(inputs.methods[0].brier, None);
    }

    #[test]
    fn compare_as_it_is_written() {
        let (inputs, kind) = read(
            r#"{"format": 1, "results": [
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
    fn rows_with_a_folding_window_are_about_structure() {
        let (inputs, kind) = read(
            r#"{"kind": "structure", "rows": [{"model": "A.K562", "structure_window": 150, "auroc": 0.9}]}"#,
        );
        assert_eq!((kind, inputs.structure[0].window), (Some("structure"), 150.0));
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
