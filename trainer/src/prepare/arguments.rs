//! The command line of `prepare`.

use std::path::PathBuf;

use super::options::{Isolated, Recipe};

/// Options of `prepare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    polaris-trainer prepare --reference reference --peaks peaks.tsv --out prepared\n  \
    polaris-trainer prepare --reference reference --peaks-file QKI.bed.gz --rbp QKI --cell-line K562 --out prepared\n\n\
    peaks.tsv has a header and a line for each model, tab-separated, such as\n  \
    rbp\tcell_line\tpath\n  \
    QKI\tK562\tpeaks/QKI.K562.bed.gz\n\n\
    All of them are then trained by\n  \
    polaris-trainer train --prepared prepared --reference reference --registry registry")]
pub(crate) struct Arguments {
    /// Reference bundle: the folder that holds reference.toml, or that file.
    #[arg(long, value_name = "BUNDLE")]
    pub(super) reference: PathBuf,
    /// Table of peak files with the columns rbp, cell_line and path.
    #[arg(long, value_name = "TABLE", required_unless_present = "peaks_file", conflicts_with = "peaks_file")]
    pub(super) peaks: Option<PathBuf>,
    /// Prepare only these models of the table, such as RBFOX2.K562,QKI.HepG2.
    #[arg(long, value_name = "MODELS", value_delimiter = ',', requires = "peaks")]
    pub(super) only: Vec<String>,
    /// One peak file instead of a table: narrowPeak or BED, plain or gzip.
    #[arg(long, value_name = "FILE", requires_all = ["rbp", "cell_line"])]
    pub(super) peaks_file: Option<PathBuf>,
    /// The RNA-binding protein of --peaks-file.
    #[arg(long, requires = "peaks_file")]
    pub(super) rbp: Option<String>,
    /// The cell line of --peaks-file, as the bundle names it.
    #[arg(long, requires = "peaks_file")]
    pub(super) cell_line: Option<String>,
    /// Folder to write to; each model gets a folder of its name, such as RBFOX2.K562, in it.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Window length in bases.
    #[arg(long, default_value_t = 1000, value_name = "BASES")]
    pub(super) length: usize,
    /// Seed of every draw: the same seed gives the same files, byte for byte.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Which way of making training data to follow; `paper` drops isolated peaks.
    #[arg(long, value_enum, default_value_t = Recipe::Default)]
    pub(super) recipe: Recipe,
    /// Drop peaks with a p value above this (narrowPeak; BED has none).
    #[arg(long, default_value_t = 0.01, value_name = "P")]
    pub(super) max_p: f64,
    /// What happens to peaks without another peak of the protein near by. `auto`, the default, drops them if fewer than
    /// 90% of the peaks have a log2 fold change and a -log10 p of 3 or more: then they are as the caller left them.
    #[arg(long, value_enum)]
    pub(super) isolated: Option<Isolated>,
    /// How near another peak must be, in bases between their ends on one strand.
    #[arg(long, default_value_t = 500, value_name = "BASES")]
    pub(super) isolation_distance: u64,
    /// The largest share of unsequenced bases (N) in a window of either class.
    #[arg(long, default_value_t = 0.05, value_name = "SHARE")]
    pub(super) max_n: f64,
    /// Number of bins by which negatives are matched to the positives' GC content.
    #[arg(long, default_value_t = 20, value_name = "BINS")]
    pub(super) gc_bins: usize,
    /// Negatives for each positive.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(super) negatives_per_positive: u32,
    /// The most bases that a negative window shares with windows around peaks [default: a fifth of the length].
    #[arg(long, value_name = "BASES")]
    pub(super) max_overlap: Option<u64>,
    /// The most bases of a negative window that lie outside genes of its strand [default: half the length].
    #[arg(long, value_name = "BASES")]
    pub(super) max_untranscribed: Option<u64>,
    /// Skip a model with fewer positive windows.
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    pub(super) min_positives: usize,
    /// Write NA as the expression of cell lines for which the bundle has no table, instead of refusing them.
    #[arg(long)]
    pub(super) no_expression: bool,
    /// Make files anew that an earlier run made from the same input and options.
    #[arg(long)]
    pub(super) force: bool,
    /// Models prepared at a time [default: the number of cores].
    #[arg(long, value_name = "NUMBER")]
    pub(super) jobs: Option<usize>,
}
