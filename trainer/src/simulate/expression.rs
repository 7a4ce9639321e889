//! Expression of every gene in the simulated cell lines.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::streams::normal;

/// The simulated cell lines.
pub(super) static CELL_LINES: [&str; 2] = ["HepG2", "K562"];

/// From this many transcripts per million on a gene counts as expressed and its transcripts are bound.
pub(super) const EXPRESSED_TPM: f64 = 1.0;

/// Transcripts per million of every gene, by cell line.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    tables: Vec<(&'static str, Vec<f64>)>,
}

/// Log-normal values, correlated between the lines; about a third of the genes are silent in each line.
pub(super) fn draw(rng: &mut ChaCha8Rng, genes: usize) -> Expression {
    let mut tables: Vec<(&str, Vec<f64>)> = CELL_LINES.iter().map(|&line| (line, Vec::new())).collect();
    for _ in 0..genes {
        let shared = normal(rng);
        let silent_everywhere = rng.random_bool(0.27);
        let silent_in_one = rng.random_bool(0.18).then(|| rng.random_range(0..CELL_LINES.len()));
        for (line, (_, table)) in tables.iter_mut().enumerate() {
            let silent = silent_everywhere || silent_in_one == Some(line);
            let trace = if rng.random_bool(0.5) { 0.0 } else { rng.random_range(0.0..0.3) };
            let active = EXPRESSED_TPM + (2.9 + shared + 0.4 * normal(rng)).exp();
            table.push(round(if silent { trace } else { active }));
        }
    }
    Expression { tables }
}

/// As the tables are written: three decimals.
fn round(tpm: f64) -> f64 {
    (tpm * 1_000.0).round() / 1_000.0
}

impl Expression {
    /// Cell lines with their values in the order of the genes.
    pub(super) fn tables(&self) -> &[(&'static str, Vec<f64>)] {
        &self.tables
    }

    /// Whether the gene of that index is expressed in the cell line.
    pub(super) fn is_expressed(&self, cell_line: &str, gene: usize) -> bool {
        let table = self.tables.iter().find(|(line, _)| *line == cell_line);
        table.and_then(|(_, values)| values.get(gene)).is_some_and(|&tpm| tpm >= EXPRESSED_TPM)
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{Part, stream};
    use super::*;

    #[test]
    fn a_third_is_silent_and_the_lines_correlate() {
        let expression = draw(&mut stream(1, Part::Expression), 3_000);
        for (line, _) in expression.tables() {
            let silent = (0..3_000).filter(|&gene| !expression.is_expressed(line, gene)).count();
            assert!((900..1_150).contains(&silent), "{line} {silent}");
        }
        let logs = |table: usize| -> Vec<f64> {
            let (_, values) = &expression.tables()[table];
            values.iter().map(|tpm| tpm.ln_1p()).collect()
        };
        let (left, right) = (logs(0), logs(1));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let covariance = |a: &[f64], b: &[f64]| {
            let (mean_a, mean_b) = (mean(a), mean(b));
            a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum::<f64>()
        };
        let correlation =
            covariance(&left, &right) / (covariance(&left, &left) * covariance(&right, &right)).sqrt();
        assert!(correlation > 0.6 && correlation < 0.98, "{correlation}");
    }

    #[test]
    fn an_unknown_line_or_gene_is_not_expressed() {
        let expression = draw(&mut stream(1, Part::Expression), 3);
        assert!(!expression.is_expressed("HeLa", 0));
        assert!(!expression.is_expressed("K562", 3));
    }
}
