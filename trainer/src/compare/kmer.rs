//! The k-mer regression as a method.

use anyhow::bail;
use polaris_genomics::{RegionClass, Window};

use super::method::Method;
use super::network::Predicted;
use super::set::{Fold, Set};
use crate::assess::groups::overlapping;
use crate::kmer_regression::{Features, Regression, Windows, choose_strength};
use crate::windows_file::FOLDS;

/// Without whole contigs to leave out, one group of overlapping windows in so many.
const GROUPS_PER_LEFT_OUT: usize = 5;

/// Chooses its strength on a part of the training windows, learns from all of them, and predicts those held out.
pub(super) fn kmer(longest: u32, set: &Set, method: &Method, fold: &Fold) -> anyhow::Result<Predicted> {
    let count = usize::from(method.expression) + if method.region { RegionClass::COUNT } else { 0 };
    let mut features = Features::new(longest, count);
    let indices: Vec<usize> = fold.training.iter().chain(&fold.held_out).copied().collect();
    for index in &indices {
        features.push(set.window_sequence(*index), &covariates(set, method, *index));
    }
    let labels = set.labels(&indices);
    let left_out = left_out(set, &fold.training)?;
    let all: Vec<usize> = (0..fold.training.len()).collect();
    let (tried, fitted): (Vec<usize>, Vec<usize>) = all.iter().partition(|row| left_out[**row]);
    let of = |rows| Windows { features: &features, labels: &labels, rows };
    let choice = choose_strength(&of(&fitted), &of(&tried));
    let regression = Regression::fit(&of(&all), choice.strength, None);
    let held_out: Vec<usize> = (all.len()..indices.len()).collect();
    let logits = regression.logits(&features, &held_out);
    Ok(Predicted { trained_on: all.len(), logits, calibrated: true, losses: Vec::new() })
}

fn covariates(set: &Set, method: &Method, index: usize) -> Vec<f32> {
    let example = &set.examples[index];
    let mut values = Vec::new();
    if method.expression {
        values.push(example.expression);
    }
    if method.region {
        values.extend(RegionClass::ALL.map(|class| f32::from(u8::from(example.region == Some(class)))));
    }
    values
}

/// Which training windows the strength is chosen on: those of the first block of contigs that leaves both classes on
/// either side, else every fifth group of overlapping windows.
fn left_out(set: &Set, training: &[usize]) -> anyhow::Result<Vec<bool>> {
    let by_block = (0..FOLDS)
        .map(|block| training.iter().map(|index| set.places[*index].block == Some(block)).collect());
    let windows: Vec<&Window> = training.iter().map(|index| &set.places[*index].window).collect();
    let by_group = std::iter::once_with(|| {
        overlapping(&windows).into_iter().map(|group| group % GROUPS_PER_LEFT_OUT == 0).collect()
    });
    let labels = set.labels(training);
    let usable = |left_out: &Vec<bool>| {
        [(true, true), (true, false), (false, true), (false, false)].iter().all(|(side, class)| {
            labels.iter().zip(left_out).any(|(label, left_out)| left_out == side && label == class)
        })
    };
    match by_block.chain(by_group).find(usable) {
        Some(left_out) => Ok(left_out),
        None => bail!(
            "{} windows to learn from, too few of a class to choose the strength of the regression on a part of them",
            training.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::method::MethodName;
    use super::super::set::tests::simulated;
    use super::*;
    use crate::metrics::auroc;

    #[test]
    fn learns_a_word() {
        let set = simulated("A", 300);
        let method = &"kmer".parse::<MethodName>().unwrap().methods(&[])[0].reading(false, false);
        let fold = &set.folds[0];
        let found = kmer(4, &set, method, fold).unwrap();
        let area = auroc(&set.labels(&fold.held_out), &found.logits).unwrap();
        assert!(area > 0.8, "{area}");
        let few = Fold { training: vec![1, 2, 3], ..fold.clone() };
        assert!(kmer(4, &set, method, &few).unwrap_err().to_string().starts_with("3 windows to learn from"));
    }
}
