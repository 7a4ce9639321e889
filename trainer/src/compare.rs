//! `compare`: methods on the same windows and folds.

mod choose;
mod fasta;
mod figures;
mod gkm;
mod joint;
mod kept;
mod kmer;
mod memory;
mod method;
mod network;
mod progress;
mod report;
mod run;
mod set;
mod structure;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use polaris_model::{Device, ModelId};

use crate::files::write_whole;
use crate::kmer_regression::KMER_RANGE;
use crate::terminal;
use crate::train::{Covariate, SplitName, default_jobs, recipes};
use choose::Absent;
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

Results are kept in --out: run again after an interruption, and what is done is not done again. compare.tsv and compare.json \
tell of the last run alone. Models with fewer than 20 bound windows are left out. Exit code 1 if anything failed, a model that \
cannot be read too; the rest is reported all the same.";

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
    /// Stop gkmtrain or gkmpredict if either runs for so many hours.
    #[arg(long, value_name = "HOURS", default_value_t = 48, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    gkm_hours: u32,
    /// Resamples behind the intervals.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    bootstrap: u32,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Results made at once [default: the cores of the CPU, but no more than free memory allows at 2 GB for each with
    /// Seqweaver among the methods, else 0.5 GB; 1 on a GPU].
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
    let mut absent = Absent::default();
    let sets = choose::sets(arguments, &recipe, &mut absent)?;
    if let Some(folder) = &arguments.write_fasta {
        sets.iter().try_for_each(|set| structure::write_fasta(folder, set))?;
        terminal::print(format_args!("{} files in {}", sets.len(), folder.display()))?;
        return succeed(&absent.failed);
    }
    // As in `train`: with one thread for each network, the number of jobs does not show in the figures.
    polaris_model::set_threads(1);
    let gkm_options = arguments.gkm_options.split_whitespace().map(str::to_owned).collect();
    let gkm_limit = Duration::from_secs(3600 * u64::from(arguments.gkm_hours));
    let gkm = Gkm::find(&std::env::var_os("PATH").unwrap_or_default(), gkm_options, gkm_limit);
    let methods = choose::methods(arguments, gkm.as_ref().err().map(String::as_str), &mut absent)?;
    let uses_gkm = methods.iter().any(|method| method.kind == Kind::Gkm);
    let default_jobs = || memory::jobs(default_jobs(arguments.device), &methods, memory::available_bytes());
    let plan = Plan {
        recipe,
        epochs: arguments.epochs.map(usize::from),
        longest_kmer: arguments.kmer,
        gkm: gkm.ok().filter(|_| uses_gkm),
        seed: arguments.seed,
        device: arguments.device,
        jobs: arguments.jobs.map_or_else(default_jobs, NonZeroUsize::get),
        work: arguments.out.clone(),
    };
    let chosen: Vec<(usize, Method)> = sets
        .iter()
        .enumerate()
        .flat_map(|(number, set)| {
            choose::of_set(&plan, (set, sets.len()), &methods, &mut absent)
                .into_iter()
                .map(move |method| (number, method))
        })
        .collect();
    let tasks: Vec<Task<'_>> = chosen
        .iter()
        .flat_map(|(set, method)| sets[*set].folds.iter().map(|fold| Task { set: *set, method, fold }))
        .collect();
    ensure!(!tasks.is_empty(), "there is nothing to compare: no method can be run on any set");
    let outcomes = plan.run(&sets, &tasks);
    let baseline = methods.first().map(|method| method.name.clone()).unwrap_or_default();
    let (results, failed) = measured(arguments, &sets, (&chosen, &baseline), outcomes);
    absent.failed.extend(failed);
    let settings = settings(arguments, &plan, &methods, baseline);
    let names: Vec<String> = methods.iter().map(|method| method.name.clone()).collect();
    conclude(arguments, Report::new(settings, &names, results, absent.left_out, absent.failed))
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
            failed.push(Missing { set: Some(set.name.clone()), method: Some(method.name.clone()), reason });
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

fn settings(arguments: &Arguments, plan: &Plan, methods: &[Method], baseline: String) -> Settings {
    let without = arguments.without.iter().filter_map(ValueEnum::to_possible_value);
    // As on windows with enough to either side: those of FASTA files are not shifted.
    let recipe = |method: &Method| Some((method.name.clone(), plan.recipe(method, usize::MAX)?));
    let structure = methods.iter().filter_map(|method| match &method.kind {
        Kind::Structure(folder) => Some((method.name.clone(), folder.display().to_string())),
        _ => None,
    });
    Settings {
        folds: arguments.folds,
        without: without.map(|covariate| covariate.get_name().to_owned()).collect(),
        recipes: methods.iter().filter_map(recipe).collect(),
        structure: structure.collect(),
        gkm_options: arguments.gkm_options.clone(),
        gkm_programs_sha256: plan.gkm.as_ref().map(|gkm| gkm.programs_sha256.clone()),
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
    succeed(&report.failed)
}

/// An error if anything failed.
fn succeed(failed: &[Missing]) -> anyhow::Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = failed.iter().map(Missing::text).collect();
    bail!("{} results could not be made:\n  {}", lines.len(), lines.join("\n  "))
}
