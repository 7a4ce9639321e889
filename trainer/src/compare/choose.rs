//! Which windows there are, and which methods can be run on them.

use anyhow::{bail, ensure};
use polaris_genomics::ReferenceBundle;
use polaris_model::training::Recipe;

use super::Arguments;
use super::fasta::known_by_heart;
use super::method::{Kind, Method};
use super::report::Missing;
use super::run::Plan;
use super::set::Set;
use crate::terminal;
use crate::train::MINIMUM_POSITIVES;
use crate::train::dataset::{self, Dataset};

/// What has no figures, each told as it turns up.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// What cannot be compared as it is.
    pub(super) left_out: Vec<Missing>,
    /// What went wrong.
    pub(super) failed: Vec<Missing>,
}

impl Absent {
    fn leave_out(&mut self, set: Option<&str>, method: Option<&str>, reason: String) {
        let missing = Missing { set: set.map(str::to_owned), method: method.map(str::to_owned), reason };
        terminal::say(format_args!("left out: {}", missing.text()));
        self.left_out.push(missing);
    }

    fn fail(&mut self, set: &str, reason: String) {
        let missing = Missing { set: Some(set.to_owned()), method: None, reason };
        terminal::say(format_args!("failed: {}", missing.text()));
        self.failed.push(missing);
    }
}

/// All windows with their folds. A model that cannot be read stops no other.
pub(super) fn sets(arguments: &Arguments, recipe: &Recipe, absent: &mut Absent) -> anyhow::Result<Vec<Set>> {
    let mut sets = Vec::new();
    if let (Some(prepared), Some(reference)) = (&arguments.prepared, &arguments.reference) {
        let bundle = ReferenceBundle::open(reference)?;
        let digest = bundle.digest()?;
        for id in dataset::find(prepared, &arguments.only)? {
            match Dataset::open(prepared, &id, (&bundle, &digest), recipe, &arguments.without) {
                Ok(dataset) => sets.push(Set::prepared(dataset, arguments.split.into(), arguments.folds)),
                Err(error) => absent.fail(&id.to_string(), format!("{error:#}")),
            }
        }
    }
    for pair in &arguments.fasta {
        let set = pair.read()?;
        for fold in &set.folds {
            let (overlapping, same) = known_by_heart(&set, fold);
            if overlapping + same > 0 {
                terminal::say(format_args!(
                    "note: {}: of {} test windows {overlapping} overlap training windows and {same} have the sequence of one",
                    set.name,
                    fold.held_out.len()
                ));
            }
        }
        sets.push(set);
    }
    sets.retain(|set| match useless(set) {
        Some(reason) => {
            absent.leave_out(Some(&set.name), None, reason);
            false
        }
        None => true,
    });
    let mut names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("there are two sets called {}; give one another name", twice[0]);
    }
    ensure!(!sets.is_empty(), "there are no windows to compare methods on");
    if let Some(most) = arguments.most_windows {
        sets.iter_mut().for_each(|set| set.thin(most as usize, arguments.seed));
    }
    Ok(sets)
}

/// Why nothing can be learned from a set, if so.
fn useless(set: &Set) -> Option<String> {
    let bound = set.examples.iter().filter(|example| example.positive).count();
    if bound < MINIMUM_POSITIVES {
        return Some(format!("{bound} bound windows, at least {MINIMUM_POSITIVES} are needed"));
    }
    set.folds.is_empty().then(|| "no fold leaves both bound and unbound windows on either side".to_owned())
}

/// The methods asked for, without those that cannot be run anywhere.
pub(super) fn methods(
    arguments: &Arguments,
    gkm_missing: Option<&str>,
    absent: &mut Absent,
) -> anyhow::Result<Vec<Method>> {
    let mut methods: Vec<Method> = Vec::new();
    let mut baseline_missing = None;
    for name in &arguments.methods {
        if name.reads_structure() && arguments.structure.is_empty() {
            bail!(
                "{name} needs --structure DIR, a folder with files of RNAplfold; docs/networks.md says how to make it"
            );
        }
        for method in name.methods(&arguments.structure) {
            let twice = methods.iter().any(|other| other.name == method.name);
            if twice && name.reads_structure() {
                bail!("two folders of --structure end in the same name ({}); rename one", method.name);
            }
            match (gkm_missing, &method.kind) {
                (Some(reason), Kind::Gkm) => {
                    absent.leave_out(None, Some(&method.name), reason.to_owned());
                    if methods.is_empty() {
                        baseline_missing = Some(method.name);
                    }
                }
                _ if twice => {}
                _ => methods.push(method),
            }
        }
    }
    if !arguments.structure.is_empty() && !arguments.methods.iter().any(|name| name.reads_structure()) {
        bail!("--structure is read by polaris-structure alone; add it to --methods");
    }
    if let (Some(missing), Some(first)) = (baseline_missing, methods.first()) {
        terminal::say(format_args!(
            "note: without {missing}, methods are compared with {}, the next that was named",
            first.name
        ));
    }
    Ok(methods)
}

/// The methods that can be run on a set, each reading what there is. Of those that are the same then, the first.
pub(super) fn of_set(
    plan: &Plan,
    (set, sets): (&Set, usize),
    methods: &[Method],
    absent: &mut Absent,
) -> Vec<Method> {
    let mut chosen: Vec<Method> = Vec::new();
    for method in methods {
        let method = method.reading(set.expression, set.region);
        let same = chosen.iter().find(|other| {
            (&other.kind, other.expression, other.region) == (&method.kind, method.expression, method.region)
        });
        let reason = match same {
            Some(other) => Some(format!("the same as {} here: both read {}", other.name, method.reads())),
            None if matches!(method.kind, Kind::Joint(_)) && sets < 2 => {
                Some("one model alone cannot be trained together with others".to_owned())
            }
            None => plan.obstacle(set, &method),
        };
        match reason {
            Some(reason) => absent.leave_out(Some(&set.name), Some(&method.name), reason),
            None => chosen.push(method),
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::simulated;
    use super::*;

    #[test]
    fn few_bound_windows_and_none_to_be_tried_on_teach_nothing() {
        assert_eq!(useless(&simulated("A", 38)).unwrap(), "19 bound windows, at least 20 are needed");
        let mut set = simulated("A", 40);
        assert_eq!(useless(&set), None);
        set.folds.clear();
        assert!(useless(&set).unwrap().starts_with("no fold leaves both"));
    }
}
