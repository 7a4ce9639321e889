//! All methods on all folds of all sets, several at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, anyhow};
use polaris_model::Device;
use polaris_model::comparison::{Body, ComparisonNetwork};
use polaris_model::training::{Epoch, Recipe};
use sha2::{Digest, Sha256};

use super::gkm::{self, Gkm};
use super::joint;
use super::kept::{self, Kept};
use super::kmer::kmer;
use super::method::{Kind, Method};
use super::network::{Predicted, Training, inputs, network, polaris};
use super::progress::Progress;
use super::set::{Fold, Set};
use super::structure::{Structure, Structures};
use crate::files::sha256_of;

/// Settings that all trainings share.
#[derive(Debug)]
pub(super) struct Plan {
    /// Of POLARIS; other networks have their own.
    pub(super) recipe: Recipe,
    /// Instead of those of the recipes.
    pub(super) epochs: Option<usize>,
    /// Length of the longest k-mers.
    pub(super) longest_kmer: u32,
    /// LS-GKM, if it is there.
    pub(super) gkm: Option<Gkm>,
    pub(super) seed: u64,
    pub(super) device: Device,
    pub(super) jobs: usize,
    /// Folder of kept results and logs.
    pub(super) work: PathBuf,
}

/// A method to be run on a fold of a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    /// Number of the set among all.
    pub(super) set: usize,
    pub(super) method: &'a Method,
    pub(super) fold: &'a Fold,
}

/// The result of each task in its place, or why there is none.
pub(super) type Outcomes = Vec<anyhow::Result<Kept>>;

impl Plan {
    /// The recipe that a method follows on windows with so many bases to either side.
    pub(super) fn recipe(&self, method: &Method, flank_bases: usize) -> Option<Recipe> {
        let recipe = match &method.kind {
            Kind::Polaris | Kind::Structure(_) | Kind::Joint(_) => self.recipe.clone(),
            Kind::Network(body) => Recipe::of_network(*body),
            Kind::Kmer | Kind::Gkm => return None,
        };
        let epochs = self.epochs.unwrap_or(recipe.epochs);
        // Windows of FASTA files have nothing to shift into.
        let shift_bases = recipe.shift_bases.min(flank_bases);
        Some(Recipe { epochs, shift_bases, ..recipe })
    }

    /// Bases to either side of every window that a task learns from.
    fn flank_bases(sets: &[Set], task: &Task<'_>) -> usize {
        let of = match task.method.kind {
            Kind::Joint(_) => sets,
            _ => &sets[task.set..=task.set],
        };
        of.iter().map(Set::flank_bases).min().unwrap_or(0)
    }

    /// Why a method cannot be run on a set at all, if so.
    pub(super) fn obstacle(&self, set: &Set, method: &Method) -> Option<String> {
        let body = match method.kind {
            Kind::Polaris | Kind::Structure(_) => Body::Polaris { dilation: 1 },
            Kind::Network(body) | Kind::Joint(body) => body,
            Kind::Kmer | Kind::Gkm => return None,
        };
        ComparisonNetwork::new(body, inputs(set, method, false), 1).err().map(|error| error.to_string())
    }

    /// Seed of one training: depends on set, split and fold alone, so that methods differ by their networks and not by
    /// their luck.
    fn seed(&self, set: &Set, fold: &Fold) -> u64 {
        let split = set.split.map_or_else(|| "given".to_owned(), |split| split.to_string());
        let digest = Sha256::digest(format!("{} {} {split} {}", self.seed, set.name, fold.number));
        digest.iter().take(8).fold(0, |seed, &byte| (seed << 8) | u64::from(byte))
    }

    /// Digest of everything that a result depends on.
    fn key(&self, sets: &[Set], task: &Task<'_>, structure: Option<&Structure>) -> String {
        let Task { method, fold, .. } = task;
        let set = &sets[task.set];
        let others = matches!(method.kind, Kind::Joint(_)).then(|| {
            let others: Vec<_> = sets.iter().map(|set| (set.name.as_str(), set.digest(fold))).collect();
            let rows = joint::rows(sets, task.set, fold);
            serde_json::json!([others, sha256_of(format!("{rows:?}").as_bytes())])
        });
        let own = match &method.kind {
            Kind::Kmer => serde_json::json!(self.longest_kmer),
            Kind::Gkm => serde_json::json!(self.gkm.as_ref().map(|gkm| (&gkm.options, &gkm.programs_sha256))),
            Kind::Network(body) | Kind::Joint(body) => serde_json::json!(format!("{body:?}")),
            Kind::Polaris | Kind::Structure(_) => serde_json::json!(null),
        };
        let parts = serde_json::json!({
            "tool": env!("CARGO_PKG_VERSION"),
            "windows": set.digest(fold),
            "others": others,
            "method": method.name,
            "reads": [method.expression, method.region],
            "of_method": own,
            "recipe": self.recipe(method, Self::flank_bases(sets, task)),
            "structure": structure.map(|structure| &structure.digest),
            "seed": self.seed(set, fold),
            "device": self.device.to_string(),
        });
        sha256_of(parts.to_string().as_bytes())
    }

    /// Runs tasks on `jobs` threads. One that fails does not stop the others.
    pub(super) fn run(&self, sets: &[Set], tasks: &[Task<'_>]) -> Outcomes {
        if self.gkm.is_some() {
            gkm::clear(&self.temporary());
        }
        let structures = Structures::of(tasks.iter().filter_map(|task| match &task.method.kind {
            Kind::Structure(folder) => Some((task.set, folder.as_path())),
            _ => None,
        }));
        let costs: Vec<u64> = tasks.iter().map(|task| self.cost(sets, task)).collect();
        let progress = Progress::new(&self.work.join("logs"), tasks.len(), costs.iter().sum());
        let outcomes: Vec<Mutex<Option<anyhow::Result<Kept>>>> =
            tasks.iter().map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.min(tasks.len()) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(task) = tasks.get(index) else { break };
                        let outcome = self.settle((sets, &structures), task, costs[index], &progress);
                        if let Kind::Structure(folder) = &task.method.kind {
                            structures.done(task.set, folder);
                        }
                        if let Ok(mut place) = outcomes[index].lock() {
                            *place = Some(outcome);
                        }
                    }
                });
            }
        });
        progress.close();
        let none = || Err(anyhow!("no outcome"));
        outcomes.into_iter().map(|outcome| outcome.into_inner().ok().flatten().unwrap_or_else(none)).collect()
    }

    /// Folder of what programs are given to read.
    fn temporary(&self) -> PathBuf {
        self.work.join("temporary")
    }

    /// What the bar counts for a task.
    fn cost(&self, sets: &[Set], task: &Task<'_>) -> u64 {
        let recipe = self.recipe(task.method, Self::flank_bases(sets, task));
        let epochs = recipe.map_or(1, |recipe| recipe.epochs as u64);
        epochs * task.fold.training.len() as u64 * task.method.weight()
    }

    /// Takes a task's result from where it is kept, or makes it.
    fn settle(
        &self,
        (sets, structures): (&[Set], &Structures<'_>),
        task: &Task<'_>,
        cost: u64,
        progress: &Progress,
    ) -> anyhow::Result<Kept> {
        let Task { method, fold, .. } = task;
        let set = &sets[task.set];
        let line = progress.start(&set.name, &method.name, fold.number, cost);
        let made = caught(|| {
            let structure = match &method.kind {
                Kind::Structure(folder) => Some(structures.get(task.set, folder, set)?),
                _ => None,
            };
            let key = self.key(sets, task, structure.as_deref());
            let path = kept::path(&self.work, &set.name, &method.file_name(), (fold.number, &key));
            if let Some(kept) = Kept::find(&path, &key) {
                return Ok((kept, true));
            }
            let started = Instant::now();
            let predicted = self.predict(sets, task, structure.as_deref(), &mut |epoch| line.epoch(epoch))?;
            let Predicted { trained_on, logits, calibrated, losses } = predicted;
            let seconds = started.elapsed().as_secs_f64();
            let kept = Kept { key, trained_on, logits, calibrated, losses, seconds };
            kept.keep(&path)?;
            Ok((kept, false))
        });
        match made {
            Ok((kept, earlier)) => {
                let labels = set.labels(&fold.held_out);
                let area = crate::metrics::auroc(&labels, &kept.logits).context("area under the ROC curve");
                line.done(area.as_ref().ok().copied(), &kept, earlier);
                area.map(|_| kept)
            }
            Err(error) => {
                line.failed(&error);
                Err(error)
            }
        }
    }

    fn predict(
        &self,
        sets: &[Set],
        task: &Task<'_>,
        structure: Option<&Structure>,
        told: &mut dyn FnMut(&Epoch),
    ) -> anyhow::Result<Predicted> {
        let Task { method, fold, .. } = task;
        let set = &sets[task.set];
        let unpaired = structure.map_or(&[][..], |structure| &structure.unpaired);
        let training = || {
            let recipe = self.recipe(method, Self::flank_bases(sets, task)).context("no recipe")?;
            anyhow::Ok(Training { recipe, seed: self.seed(set, fold), device: self.device })
        };
        match &method.kind {
            Kind::Polaris => polaris(set, method, fold, &training()?, told),
            Kind::Network(body) => network(set, method, (*body, &[]), fold, &training()?, told),
            Kind::Structure(_) => {
                network(set, method, (Body::Polaris { dilation: 1 }, unpaired), fold, &training()?, told)
            }
            Kind::Joint(body) => joint::joint(sets, (task.set, method, *body), fold, &training()?, told),
            Kind::Kmer => kmer(self.longest_kmer, set, method, fold),
            Kind::Gkm => self.gkm.as_ref().context("LS-GKM is not there")?.run(set, fold, &self.temporary()),
        }
    }
}

/// Makes an error of a panic, which would otherwise take the results of all other tasks with it.
fn caught<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    // What a task leaves half done is its own: results are written whole, and what is shared is only read.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(anyhow!("a fault of this program: {}", text.unwrap_or("it does not say which")))
    })
}

#[cfg(test)]
mod tests {
    use super::super::method::MethodName;
    use super::super::set::tests::simulated;
    use super::*;

    fn plan(work: &std::path::Path) -> Plan {
        Plan {
            recipe: Recipe::standard(),
            epochs: Some(1),
            longest_kmer: 3,
            gkm: None,
            seed: 1,
            device: Device::Cpu,
            jobs: 2,
            work: work.to_path_buf(),
        }
    }

    fn method(name: &str) -> Method {
        name.parse::<MethodName>().unwrap().methods(&[])[0].reading(false, false)
    }

    #[test]
    fn a_panic_costs_its_own_result_alone() {
        let folder = tempfile::tempdir().unwrap();
        let sets = [simulated("A", 100)];
        let beyond = Fold { training: vec![7000], ..sets[0].folds[0].clone() };
        let kmer = method("kmer");
        let task = |fold| Task { set: 0, method: &kmer, fold };
        let outcomes = plan(folder.path()).run(&sets, &[task(&beyond), task(&sets[0].folds[0])]);
        let told = outcomes[0].as_ref().unwrap_err().to_string();
        assert!(told.starts_with("a fault of this program: index out of bounds"), "{told}");
        assert_eq!(outcomes[1].as_ref().unwrap().logits.len(), 20);
    }

    #[test]
    fn methods_share_the_seed_of_a_fold_and_splits_do_not() {
        let (plan, mut set) = (plan("out".as_ref()), simulated("A", 20));
        let fold = set.folds[0].clone();
        let given = plan.seed(&set, &fold);
        set.split = Some(polaris_model::Split::Random);
        let random = plan.seed(&set, &fold);
        assert_ne!(given, random);
        assert_ne!(random, plan.seed(&set, &Fold { number: 1, ..fold }));
    }

    #[test]
    fn joint_training_shifts_by_what_every_set_has() {
        let (plan, joint) = (plan("out".as_ref()), method("polaris-joint"));
        let (mut wide, narrow) = (simulated("A", 20), simulated("B", 20));
        wide.examples.iter_mut().for_each(|example| example.flank_bases = 7);
        let sets = [wide, narrow];
        let of = |method: &Method| {
            let task = Task { set: 0, method, fold: &sets[0].folds[0] };
            plan.recipe(method, Plan::flank_bases(&sets, &task)).unwrap().shift_bases
        };
        assert_eq!((of(&joint), of(&method("polaris"))), (0, 7));
    }
}
