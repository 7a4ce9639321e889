//! POLARIS on the windows of several proteins at once: one network, an output for each.

use std::collections::{BTreeSet, HashSet};

use anyhow::bail;
use polaris_genomics::{Window, contig_key};
use polaris_model::comparison::{Body, ComparisonNetwork};
use polaris_model::training::{ComparisonExample, Epoch};

use super::method::Method;
use super::network::{Predicted, Training, inputs, learn};
use super::set::{Fold, Set};

/// Trains on the fold's windows of set number `asked` and on those windows to learn from of the other sets that show nothing
/// of what is held out, and asks the output of `asked` about this.
///
/// A window's label is known for the protein that it was prepared for. Another protein binds it too if one of its bound
/// windows to be learned from covers half of it on the same strand; else that is not known, and its output learns nothing
/// there.
pub(super) fn joint(
    sets: &[Set],
    (asked, method, body): (usize, &Method, Body),
    fold: &Fold,
    training: &Training,
    told: &mut dyn FnMut(&Epoch),
) -> anyhow::Result<Predicted> {
    let set = &sets[asked];
    if let Some(other) = sets.iter().find(|other| other.input_length != set.input_length) {
        bail!(
            "windows of {} have {} bases and those of {} {}; they are trained on together only if of one length",
            set.name,
            set.input_length,
            other.name,
            other.input_length
        );
    }
    let rows = rows(sets, asked, fold);
    let bound = Bound::of(sets, &rows);
    let labels: Vec<Vec<Option<bool>>> = rows.iter().map(|row| bound.labels(sets, *row)).collect();
    let examples: Vec<ComparisonExample<'_>> = rows
        .iter()
        .zip(&labels)
        .map(|((owner, index), labels)| ComparisonExample {
            example: &sets[*owner].examples[*index],
            unpaired: &[],
            labels,
        })
        .collect();
    let network = ComparisonNetwork::new(body, inputs(set, method, false), sets.len())?;
    let held_out: Vec<ComparisonExample<'_>> = fold
        .held_out
        .iter()
        .map(|index| ComparisonExample { example: &set.examples[*index], unpaired: &[], labels: &[] })
        .collect();
    learn(network, &examples, (&held_out, asked), training, told)
}

/// The windows to learn from, each by its set and its index.
pub(super) fn rows(sets: &[Set], asked: usize, fold: &Fold) -> Vec<(usize, usize)> {
    let own = &sets[asked];
    let held_out = fold.held_out.iter().map(|index| &own.places[*index].window);
    let held_out: BTreeSet<(&str, i64)> =
        held_out.map(|window| (contig_key(&window.contig), window.start0)).collect();
    // Where contigs are held out whole, so are they of the other proteins. With few windows to learn from a contig may have
    // none of them and still be no such one.
    let kept_back: HashSet<usize> = fold.held_out.iter().copied().collect();
    let others = own.places.iter().enumerate().filter(|(index, _)| !kept_back.contains(index));
    let in_part: HashSet<&str> = others.map(|(_, place)| contig_key(&place.window.contig)).collect();
    let whole: HashSet<&str> =
        held_out.iter().map(|(contig, _)| *contig).filter(|contig| !in_part.contains(contig)).collect();
    let unseen = |Window { contig, start0, length, .. }: &Window| {
        // Windows are of one length: those that share a base start less than that apart, on whatever strands.
        let (contig, length) = (contig_key(contig), *length as i64);
        let near = (contig, start0 - length + 1)..(contig, start0 + length);
        !whole.contains(contig) && held_out.range(near).next().is_none()
    };
    let mut rows = Vec::new();
    for (number, set) in sets.iter().enumerate() {
        if number == asked {
            rows.extend(fold.training.iter().map(|index| (number, *index)));
        } else {
            rows.extend(set.lent(fold.number, unseen).into_iter().map(|index| (number, index)));
        }
    }
    rows
}

/// Bound windows to be learned from, by contig, strand and place.
struct Bound<'a>(Vec<(&'a str, usize, i64, usize)>);

impl<'a> Bound<'a> {
    fn of(sets: &'a [Set], rows: &[(usize, usize)]) -> Self {
        let bound = rows.iter().filter(|(owner, index)| sets[*owner].examples[*index].positive);
        let mut places: Vec<_> = bound
            .map(|(owner, index)| {
                let window = &sets[*owner].places[*index].window;
                (contig_key(&window.contig), window.strand.index(), window.start0, *owner)
            })
            .collect();
        places.sort_unstable();
        Self(places)
    }

    /// What is known of a window, protein by protein.
    fn labels(&self, sets: &[Set], (owner, index): (usize, usize)) -> Vec<Option<bool>> {
        let Window { contig, start0, length, strand } = &sets[owner].places[index].window;
        let beside = (contig_key(contig), strand.index());
        // Windows are of one length: starts that are half of it apart leave half of it shared.
        let apart = (length / 2) as i64;
        let first = self.0.partition_point(|at| (at.0, at.1, at.2) < (beside.0, beside.1, start0 - apart));
        let mut labels = vec![None; sets.len()];
        let near =
            self.0.iter().skip(first).take_while(|at| (at.0, at.1) == beside && at.2 <= start0 + apart);
        near.for_each(|at| labels[at.3] = Some(true));
        labels[owner] = Some(sets[owner].examples[index].positive);
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::simulated;
    use super::*;

    #[test]
    fn nothing_of_what_is_held_out_is_seen_and_shared_windows_have_both_labels() {
        let (first, mut second) = (simulated("A", 20), simulated("B", 20));
        // Windows of B lie 40 bases further on: each shares 61 of 101 with that of A.
        second.places.iter_mut().for_each(|place| place.window.start0 += 40);
        // But the last, which lies on a contig that A has not, and its last but one, which shares 41.
        second.places[19].window.contig = "chr2".to_owned();
        second.places[18].window.start0 += 20;
        let fold = first.folds[0].clone();
        let sets = [first, second];
        let rows = rows(&sets, 0, &fold);
        // 16 of A, and of B all but those over 0, 5, 10 and 15.
        assert_eq!(rows.len(), 16 + 16);
        assert!(!rows.contains(&(1, 5)) && rows.contains(&(1, 6)) && rows.contains(&(1, 19)));
        let bound = Bound::of(&sets, &rows);
        assert_eq!(bound.labels(&sets, (0, 6)), [Some(true), Some(true)]);
        assert_eq!(bound.labels(&sets, (0, 7)), [Some(false), None]);
        assert_eq!(bound.labels(&sets, (0, 18)), [Some(true), None]);
        assert_eq!(bound.labels(&sets, (1, 6)), [Some(true), Some(true)]);
        assert_eq!(bound.labels(&sets, (1, 7)), [None, Some(false)]);
    }

    #[test]
    fn whole_contigs_are_held_out_of_all() {
        let (mut first, second) = (simulated("A", 20), simulated("B", 20));
        first.places.iter_mut().take(10).for_each(|place| place.window.contig = "chr9".to_owned());
        let fold = Fold { number: 0, training: (0..10).collect(), held_out: (10..20).collect() };
        // All of B lies on the contig that was held out of A, whatever either calls it.
        let sets = [first, second];
        assert_eq!(rows(&sets, 0, &fold).len(), 10);
        let [first, mut second] = sets;
        second.places.iter_mut().for_each(|place| place.window.contig = "1".to_owned());
        assert_eq!(rows(&[first, second], 0, &fold).len(), 10);
    }

    #[test]
    fn other_sets_lend_what_their_own_folds_learn_from() {
        let (first, mut second) = (simulated("A", 40), simulated("B", 100));
        second.places.iter_mut().for_each(|place| place.window.contig = "chr2".to_owned());
        let fold = first.folds[0].clone();
        let of_second = |sets: &[Set]| -> Vec<usize> {
            rows(sets, 0, &fold).into_iter().filter(|row| row.0 == 1).map(|row| row.1).collect()
        };
        let mut sets = [first, second];
        // What is held out of the only fold of B, as the test file of a pair is, teaches nobody.
        assert_eq!(of_second(&sets), sets[1].folds[0].training);
        sets[1].thin(30, 1);
        assert_eq!(sets[1].folds[0].training.len(), 30);
        assert_eq!(of_second(&sets), sets[1].folds[0].training);

        // A contig on which nothing of A happened to be drawn is not held out whole.
        let [mut first, second] = sets;
        first.places[2..].iter_mut().for_each(|place| place.window.contig = "chr2".to_owned());
        let drawn = Fold { training: vec![1], ..fold.clone() };
        let found = rows(&[first, second], 0, &drawn);
        assert!(found.iter().any(|row| row.0 == 1), "{found:?}");
    }
}
