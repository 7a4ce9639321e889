//! The figures of the page, in their order.

mod ablation;
mod calibration;
mod cross_cell;
mod curves;
mod diffusion;
mod methods;
mod models;
mod motifs;

use std::collections::BTreeSet;

use super::inputs::Inputs;
use super::model::Model;
use super::numbers::Number;
use super::section::{Entry, Section};

/// The cell lines of all models, each with a colour and shape of its own.
#[derive(Clone, Debug)]
pub(super) struct CellLines(Vec<String>);

impl CellLines {
    pub(super) fn of(models: &BTreeSet<Model>) -> Self {
        let lines: BTreeSet<&str> = models.iter().map(|model| model.line.as_str()).collect();
        Self(lines.into_iter().map(str::to_owned).collect())
    }

    /// Their names, sorted.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    fn series(&self, line: &str) -> usize {
        self.0.iter().position(|name| name == line).unwrap_or(0)
    }

    /// A legend of those that occur; none for a single one without a name.
    fn legend<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Vec<Entry> {
        let found: BTreeSet<&str> = lines.filter(|line| !line.is_empty()).collect();
        found.into_iter().map(|line| Entry::new(self.series(line), line)).collect()
    }
}

/// All figures, with data or without.
pub(super) fn all(inputs: &Inputs, lines: &CellLines) -> Vec<Section> {
    vec![
        models::density(inputs),
        models::peaks(inputs, lines),
        cross_cell::section(inputs, lines),
        ablation::section(inputs, lines),
        methods::section(inputs, lines),
        curves::structure(inputs, lines),
        curves::learning(inputs, lines),
        motifs::recovery(inputs, lines),
        motifs::information(inputs, lines),
        diffusion::section(inputs, lines),
        calibration::section(inputs, lines),
    ]
}

/// `0.912 (0.874 to 0.941)`.
fn shown(number: Number) -> String {
    match number.interval {
        Some((low, high)) => format!("{:.3} ({low:.3} to {high:.3})", number.value),
        None => format!("{:.3}", number.value),
    }
}

/// `1 model`, `63 models`.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Three decimals with a minus sign that is one, or a dash.
fn decimals(value: Option<f64>) -> String {
    value.map_or_else(|| "\u{2013}".to_owned(), |value| format!("{value:.3}").replace('-', "\u{2212}"))
}

/// Two decimals with a minus sign that is one.
fn signed(value: f64) -> String {
    format!("{value:.2}").replace('-', "\u{2212}")
}
