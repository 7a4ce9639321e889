//! `compare`: methods on the same windows and folds.

mod fasta;
mod figures;
mod gkm;
mod joint;
mod kept;
mod kmer;
mod method;
mod network;
mod progress;
mod report;
mod run;
mod set;
mod structure;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use polaris_genomics::ReferenceBundle;
use polaris_model::training::Recipe;
use polaris_model::{Device, ModelId};

use crate::files::write_whole;
use crate::kmer_regression::KMER_RANGE;
use crate::terminal;
use crate::train::dataset::{self, Dataset};
use crate::train::{Covariate, SplitName, default_jobs, recipes};
use fasta::Pair;
use figures::OfMethod;
use gkm::Gkm;
use method::{Kind, Method, MethodName};
use report::{Missing, Report, Settings};
use run::{Plan, Task};
use set::Set;

const EXAMPLES: &str = "Examples:
  polaris-trainer compare --prepared prepared --reference reference --out comparison
  polaris-trainer compare --prepared prepared --reference reference --out comparison \\
      --methods polaris,seqweaver+,kmer --only QKI.HepG2,PUM2.K562 --jobs 8
  polaris-trainer compare --out clip --methods polaris,cnn-lstm,kmer,gkm \\
      --fasta PUM2=pum2.train.fa.gz,pum2.test.fa.gz --fasta TIA1=tia1.train.fa.gz,tia1.test.fa.gz
  polaris-trainer compare --prepared prepared --reference reference --out to_fold --write-fasta to_fold
  polaris-trainer compare --prepared prepared --reference reference --out comparison \\
      --methods polaris,polaris-structure --structure folded/w50 --structure folded/w1000

Methods: polaris and its inputs left out (polaris-sequence, polaris-region, polaris-expression); polaris-structure (with the \
probabilities of RNAplfold, a method for each --structure); polaris-joint and polaris-joint-dilated (all chosen models in one \
network); cnn-lstm, cnn-lstm-sequence; seqweaver, seqweaver+ (with expression and region); kmer, kmer-sequence (logistic \
regression on counts of k-mers); gkm (LS-GKM through gkmtrain and gkmpredict, if they are on the PATH). docs/networks.md \
describes each.

All methods learn from the same windows and are tried on the same held-out ones. A method that reads what a set does not have \
reads the rest: of FASTA files the sequence alone. compare.tsv and compare.json in --out have every number; intervals are \
those of `assess`, over the folds together, and `over` the first method named is the difference of the areas over the same \
resamples of both. Nothing is published in a registry.

Results are kept in --out: run again after an interruption, and what is done is not done again. Exit code 1 if anything \
failed; the rest is reported all the same.";

/// Options of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Folder that `prepare` wrote.
    #[arg(long, value_name = "DIR", requires = "reference", required_unless_present = "fasta")]
    prepared: Option<PathBuf>,
    /// Reference bundle that `prepare` used: a folder with reference.toml.
    #[arg(long, value_name = "BUNDLE", requires = "prepared")]
    reference: Option<PathBuf>,
    /// Labelled windows in FASTA files (plain or gzip), to learn from and to be tried on; may be given again.
    #[arg(long, value_name = "NAME=TRAIN,TEST")]
    fasta: Vec<Pair>,
    /// Folder for figures, kept results and logs.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Methods, comma-separated; the first is the one that others are compared with.
    #[arg(
        long,
        value_name = "METHODS",
        value_delimiter = ',',
        default_value = "polaris,polaris-sequence,cnn-lstm,seqweaver,seqweaver+,kmer,gkm"
    )]
    methods: Vec<MethodName>,
    /// These prepared models only, comma-separated, such as QKI.HepG2,PUM2.K562.
    #[arg(long, visible_alias = "models", value_name = "MODELS", value_delimiter = ',')]
    only: Vec<ModelId>,
    /// Which folds of the prepared windows.
    #[arg(long, value_enum, default_value = "chromosome")]
    split: SplitName,
    /// Use this many folds: 1 is a single 80/20 hold-out.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=5))]
    folds: u8,
    /// Leave covariates out of all methods.
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Covariate>,
    /// Recipe of POLARIS: standard, paper, or a JSON file. Other networks have their own.
    #[arg(long, default_value = "standard")]
    recipe: String,
    /// Train every network for so many epochs, whatever its recipe says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    epochs: Option<u16>,
    /// Learn from so many windows of each fold at most, drawn at random.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..))]
    most_windows: Option<u32>,
    /// Folder with <model>/<window>_lunp files of RNAplfold, for polaris-structure; may be given again.
    #[arg(long, value_name = "DIR")]
    structure: Vec<PathBuf>,
    /// Write <model>.fa for RNAplfold into this folder, with the names that --structure expects, and stop.
    #[arg(long, value_name = "DIR")]
    write_fasta: Option<PathBuf>,
    /// Length of the longest k-mers of the regression; all shorter ones are counted as well.
    #[arg(long, value_name = "K", default_value_t = 6, value_parser = clap::value_parser!(u32).range(KMER_RANGE))]
    kmer: u32,
    /// Further options of gkmtrain, such as "-l 10 -k 6 -R".
    #[arg(long, value_name = "OPTIONS", default_value = "", allow_hyphen_values = true)]
    gkm_options: String,
    /// Resamples behind the intervals.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    bootstrap: u32,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Results made at once [default: the cores of the CPU; 1 on a GPU].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Device of the networks: cpu, cuda or cuda:N.
    #[arg(long, default_value = "cpu")]
    device: Device,
}

/// Runs every method on every fold of every set, prints the tables and writes the files.
///
/// # Errors
/// If windows cannot be read, a file cannot be written, or a result could not be made.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.device.prepare()?;
    let recipe = recipes::find(&arguments.recipe)?;
    let sets = sets(arguments, &recipe)?;
    if let Some(folder) = &arguments.write_fasta {
        sets.iter().try_for_each(|set| structure::write_fasta(folder, set))?;
        return Ok(terminal::print(format_args!("{} files in {}", sets.len(), folder.display()))?);
    }
    // As in `train`: with one thread for each network, the number of jobs does not show in the figures.
    polaris_model::set_threads(1);
    let gkm_options = arguments.gkm_options.split_whitespace().map(str::to_owned).collect();
    let gkm = Gkm::find(&std::env::var_os("PATH").unwrap_or_default(), gkm_options);
    let gkm_missing = gkm.as_ref().err().cloned();
    let plan = Plan {
        recipe,
        epochs: arguments.epochs.map(usize::from),
        longest_kmer: arguments.kmer,
        gkm: gkm.ok(),
        seed: arguments.seed,
        device: arguments.device,
        jobs: arguments.jobs.map_or_else(|| default_jobs(arguments.device), NonZeroUsize::get),
        work: arguments.out.clone(),
    };
    let mut left_out = Vec::new();
    let methods = methods(arguments, gkm_missing, &mut left_out)?;
    let chosen: Vec<(usize, Method)> = sets
        .iter()
        .enumerate()
        .flat_map(|(number, set)| {
            of_set(&plan, (set, sets.len()), &methods, &mut left_out)
                .into_iter()
                .map(move |method| (number, method))
        })
        .collect();
    for missing in &left_out {
        terminal::say(format_args!("left out: {}", missing.text()));
    }
    let tasks: Vec<Task<'_>> = chosen
        .iter()
        .flat_map(|(set, method)| sets[*set].folds.iter().map(|fold| Task { set: *set, method, fold }))
        .collect();
    ensure!(!tasks.is_empty(), "there is nothing to compare: no method can be run on any set");
    let outcomes = plan.run(&sets, &tasks);
    let baseline = methods.first().map(|method| method.name.clone()).unwrap_or_default();
    let (results, failed) = measured(arguments, &sets, (&chosen, &baseline), outcomes);
    let settings = settings(arguments, &plan, baseline);
    let names: Vec<String> = methods.iter().map(|method| method.name.clone()).collect();
    conclude(arguments, Report::new(settings, &names, results, left_out, failed))
}

/// All windows with their folds.
fn sets(arguments: &Arguments, recipe: &Recipe) -> anyhow::Result<Vec<Set>> {
    let mut sets = Vec::new();
    if let (Some(prepared), Some(reference)) = (&arguments.prepared, &arguments.reference) {
        let bundle = ReferenceBundle::open(reference)?;
        let digest = bundle.digest()?;
        for id in dataset::find(prepared, &arguments.only)? {
            let dataset = Dataset::open(prepared, &id, (&bundle, &digest), recipe, &arguments.without)?;
            let set = Set::prepared(dataset, arguments.split.into(), arguments.folds);
            if set.folds.is_empty() {
                terminal::say(format_args!(
                    "skipped: {id}: no fold leaves both bound and unbound windows on either side"
                ));
            } else {
                sets.push(set);
            }
        }
    }
    for pair in &arguments.fasta {
        sets.push(pair.read()?);
    }
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

/// The methods asked for, without those that cannot be run anywhere.
fn methods(
    arguments: &Arguments,
    gkm_missing: Option<String>,
    left_out: &mut Vec<Missing>,
) -> anyhow::Result<Vec<Method>> {
    let mut methods: Vec<Method> = Vec::new();
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
            match (&gkm_missing, &method.kind) {
                (Some(reason), Kind::Gkm) => {
                    left_out.push(Missing { set: None, method: method.name, reason: reason.clone() });
                }
                _ if twice => {}
                _ => methods.push(method),
            }
        }
    }
    if !arguments.structure.is_empty() && !arguments.methods.iter().any(|name| name.reads_structure()) {
        bail!("--structure is read by polaris-structure alone; add it to --methods");
    }
    Ok(methods)
}

/// The methods that can be run on a set, each reading what there is. Of those that are the same then, the first.
fn of_set(
    plan: &Plan,
    (set, sets): (&Set, usize),
    methods: &[Method],
    left_out: &mut Vec<Missing>,
) -> Vec<Method> {
    let mut chosen: Vec<Method> = Vec::new();
    for method in methods {
        let method = method.reading(set.expression, set.region);
        let same = chosen.iter().find(|other| {
            (&other.kind, other.expression, other.region) == (&method.kind, method.expression, method.region)
        });
        let reason = match same {
            Some(other) => Some(format!("the same as {} without covariates", other.name)),
            None if matches!(method.kind, Kind::Joint(_)) && sets < 2 => {
                Some("one model alone cannot be trained together with others".to_owned())
            }
            None => plan.obstacle(set, &method),
        };
        match reason {
            Some(reason) => {
                left_out.push(Missing { set: Some(set.name.clone()), method: method.name, reason });
            }
            None => chosen.push(method),
        }
    }
    chosen
}

/// The figures of each method on each set, and what has none. Of a method that failed in a fold there are none: a mean
/// over other folds is another figure.
fn measured(
    arguments: &Arguments,
    sets: &[Set],
    (chosen, baseline): (&[(usize, Method)], &str),
    outcomes: run::Outcomes,
) -> (Vec<report::Result>, Vec<Missing>) {
    let mut outcomes = outcomes.into_iter();
    let (mut results, mut failed) = (Vec::new(), Vec::new());
    let mut of_baseline: Option<(usize, OfMethod)> = None;
    for (number, method) in chosen {
        let set = &sets[*number];
        let mut fail = |reason: String| {
            failed.push(Missing { set: Some(set.name.clone()), method: method.name.clone(), reason });
        };
        let mut folds = Vec::new();
        for fold in &set.folds {
            let Some(outcome) = outcomes.next() else { break };
            match outcome {
                Ok(kept) => folds.push((fold, kept)),
                Err(error) => fail(format!("fold {}: {error:#}", u32::from(fold.number) + 1)),
            }
        }
        if folds.len() < set.folds.len() {
            continue;
        }
        match figures::measure(set, &folds, arguments.bootstrap as usize, arguments.seed) {
            Ok(of_method) => {
                let other = of_baseline.as_ref().filter(|(of_set, _)| of_set == number);
                results.push(report::Result {
                    set: set.name.clone(),
                    method: method.name.clone(),
                    expression: method.expression,
                    region: method.region,
                    mean: of_method.mean(),
                    auroc_over_baseline: other.and_then(|(_, other)| of_method.auroc_over(other)),
                    folds: of_method.folds.clone(),
                });
                if method.name == baseline {
                    of_baseline = Some((*number, of_method));
                }
            }
            Err(error) => fail(error.to_string()),
        }
    }
    (results, failed)
}

fn settings(arguments: &Arguments, plan: &Plan, baseline: String) -> Settings {
    Settings {
        split: polaris_model::Split::from(arguments.split).to_string(),
        seed: arguments.seed,
        bootstrap: arguments.bootstrap as usize,
        interval: Settings::INTERVAL,
        recipe: plan.recipe.name.clone(),
        epochs: plan.epochs,
        kmer: arguments.kmer,
        most_windows: arguments.most_windows.map(|most| most as usize),
        device: arguments.device.to_string(),
        baseline,
    }
}

/// Writes the files, prints the tables, and fails if anything did.
fn conclude(arguments: &Arguments, report: Report) -> anyhow::Result<()> {
    let write = |name: &str, content: String| {
        let path = arguments.out.join(name);
        write_whole(&path, content.as_bytes()).with_context(|| path.display().to_string())
    };
    write("compare.tsv", report.tsv())?;
    write("compare.json", serde_json::to_string_pretty(&report)? + "\n")?;
    if !report.results.is_empty() {
        terminal::print(report.screen())?;
    }
    if report.failed.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = report.failed.iter().map(Missing::text).collect();
    bail!("{} results could not be made:\n  {}", lines.len(), lines.join("\n  "))
}
