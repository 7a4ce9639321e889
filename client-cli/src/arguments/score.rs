//! The command line of `score`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use polaris_genomics::Shard;

use super::{AskingArguments, EXAMPLES, ServerArguments, check_distinct, usage};
use crate::output_file::Destination;
use crate::score::{
    Form, IndexKind, Layout, MaxSkipped, RefMismatch, ScoreOptions, Selection, TableFormat, TableOptions,
};
use crate::vcf::{Intervals, IntervalsError};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ScoreArguments {
    /// Variants: VCF or BCF, plain, gzip or bgzip (told by content); `-` reads standard input
    #[arg(value_name = "VCF")]
    input: PathBuf,
    /// Reference bundle: directory with reference.toml
    #[arg(long, short = 'f', value_name = "BUNDLE")]
    reference: PathBuf,
    #[command(flatten)]
    server: ServerArguments,
    /// Seconds for which a server that is away or full is asked again without an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    retry_s: u64,
    #[command(flatten)]
    outputs: OutputArguments,
    #[command(flatten)]
    selection: SelectionArguments,
    /// What to do with an allele whose REF is not what the reference has
    #[arg(long, value_name = "POLICY", value_enum, default_value = "warn")]
    ref_mismatch: RefMismatch,
    /// Left-align insertions and deletions before windows are cut, so that all spellings of one score alike. The record
    /// itself is never rewritten
    #[arg(long, value_name = "ON|OFF", value_enum, default_value = "on")]
    normalize: Switch,
    /// Exit with code 3 if more alleles than this are skipped: a number, or a share such as 5%. Outputs are written all
    /// the same
    #[arg(long, value_name = "N|P%")]
    max_skipped: Option<MaxSkipped>,
    /// Go on where a run of the same command was interrupted, and keep what is done if this one is
    #[arg(long)]
    resume: bool,
    /// Score nothing: report contigs, agreement of REF, counts, and how long it would take
    #[arg(long, conflicts_with_all = ["resume", "table", "skipped", "stats", "html", "write_index"])]
    dry_run: bool,
    /// Start windows at multiples of so many bases, at most that many bases earlier. Variants that lie together then share
    /// their reference window, which makes dense files several times as fast; 16 is one step of the network. Scores differ
    /// from those of centred windows as any shift of a window makes them differ
    #[arg(long, value_name = "BASES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    window_grid: u32,
    #[command(flatten)]
    asking: AskingArguments,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct OutputArguments {
    /// Scored file; `-` is standard output
    #[arg(long, short = 'o', value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Form of the scored file: v VCF, z bgzip VCF, u uncompressed BCF, b BCF. By default what its name says: .bcf is BCF,
    /// .gz or .bgz bgzip VCF, everything else and standard output VCF
    #[arg(long, short = 'O', value_name = "v|z|u|b", value_enum, hide_possible_values = true)]
    output_type: Option<Form>,
    /// Write an index beside the scored file
    #[arg(long, short = 'W', value_name = "KIND", value_enum)]
    write_index: Option<IndexKind>,
    /// Table of all scores: JSON lines if the name ends in .jsonl, Parquet if in .parquet, else tab-separated values; text
    /// is compressed if .gz follows
    #[arg(long, visible_alias = "tsv", value_name = "FILE")]
    table: Option<PathBuf>,
    /// Format of the table, whatever its name
    #[arg(long, value_name = "FORMAT", value_enum, requires = "table")]
    table_format: Option<TableFormat>,
    /// Layout of a table of tab-separated values; Parquet is long
    #[arg(long, value_name = "LAYOUT", value_enum, default_value = "long", requires = "table")]
    table_layout: Layout,
    /// Table of the alleles without a score and why
    #[arg(long, value_name = "FILE")]
    skipped: Option<PathBuf>,
    /// Counts as JSON, in a form that MultiQC reads if the name ends in _mqc.json
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
    /// A page with the counts and the largest changes
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Maps of so many of the largest changes on the page
    #[arg(long, value_name = "N", default_value_t = 20, requires = "html", value_parser = clap::value_parser!(u16).range(..=500))]
    html_maps: u16,
    /// Records between two checkpoints, where blocks of compressed outputs end
    #[arg(long, value_name = "N", default_value_t = 8192, hide = true, value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint_records: u64,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
struct SelectionArguments {
    /// Only records that overlap these regions, found by the index of the input: CONTIG:FROM-TO, separated by commas
    #[arg(long, short = 'r', value_name = "REGIONS", conflicts_with = "regions_file")]
    regions: Option<String>,
    /// The same from a file: CONTIG, FROM and TO between tabs, 1-based; 0-based if its name ends in .bed or .bed.gz
    #[arg(long, short = 'R', value_name = "FILE")]
    regions_file: Option<PathBuf>,
    /// Only records whose POS lies in these regions, found by reading everything
    #[arg(long, short = 't', value_name = "REGIONS", conflicts_with = "targets_file")]
    targets: Option<String>,
    /// The same from a file
    #[arg(long, short = 'T', value_name = "FILE")]
    targets_file: Option<PathBuf>,
    /// Only part I of N of the records, for jobs on a cluster (job/N: the part of this pod of an indexed Kubernetes job);
    /// `polaris-client merge` joins the parts
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl ScoreArguments {
    pub(super) fn into_options(self) -> Result<ScoreOptions, clap::Error> {
        let outputs = self.outputs;
        let output = Destination::from_argument(&outputs.output);
        let table = outputs.table.as_deref().map(|path| {
            table(Destination::from_argument(path), outputs.table_format, outputs.table_layout, self.resume)
        });
        let table = table.transpose()?;
        let [skipped, stats, html] = [&outputs.skipped, &outputs.stats, &outputs.html]
            .map(|path| path.as_deref().map(Destination::from_argument));
        let places: Vec<&Destination> = std::iter::once(&output)
            .chain(table.iter().map(|table| &table.destination))
            .chain([&skipped, &stats, &html].into_iter().flatten())
            .collect();
        check_distinct(&places)?;
        let form = outputs.output_type.unwrap_or_else(|| Form::of_name(&output));
        check_index(outputs.write_index, &output, form)?;
        if self.resume && output == Destination::Stdout {
            return Err(usage("--resume needs a file: name one with -o"));
        }
        let is_file = self.input.as_os_str() != "-"
            && !std::fs::metadata(&self.input).is_ok_and(|found| !found.is_file());
        if self.resume && !is_file {
            return Err(usage(
                "--resume needs a file to read: whether a pipe still gives the same cannot be seen",
            ));
        }
        let by_index = self.selection.regions.is_some() || self.selection.regions_file.is_some();
        if by_index && self.input.as_os_str() == "-" {
            return Err(usage("-r and -R need an index, which standard input has not: use -t or -T"));
        }
        Ok(ScoreOptions {
            input: self.input,
            reference: self.reference,
            server: self.server.first_option()?,
            more_servers: self.server.more(),
            retry_limit: Duration::from_secs(self.retry_s),
            output,
            form,
            index: outputs.write_index,
            table,
            skipped,
            stats,
            html,
            html_maps: outputs.html_maps.into(),
            checkpoint_records: outputs.checkpoint_records,
            selection: self.selection.into_selection()?,
            ref_mismatch: self.ref_mismatch,
            left_aligned: self.normalize == Switch::On,
            max_skipped: self.max_skipped,
            resume: self.resume,
            dry_run: self.dry_run,
            model_ids: self.asking.model_ids()?,
            batch_windows: self.asking.batch_windows,
            window_grid: self.window_grid,
            allow_assembly_mismatch: self.asking.allow_assembly_mismatch,
            quiet: self.asking.quiet,
        })
    }
}

/// The table, its name saying what nobody has typed.
fn table(
    destination: Destination,
    format: Option<TableFormat>,
    layout: Layout,
    resume: bool,
) -> Result<TableOptions, clap::Error> {
    let name = destination.name();
    let Some(format) = format.or_else(|| TableFormat::of_name(&destination)) else {
        let formats = "tab-separated (.tsv, .tsv.gz), JSON lines (.jsonl, .jsonl.gz) or Parquet (.parquet)";
        return Err(usage(&format!("{name}: a table is {formats}, and converted from there")));
    };
    match (format, layout) {
        (TableFormat::Parquet, Layout::Wide) => {
            Err(usage(&format!("{name}: a Parquet table is long: leave --table-layout away, and pivot it")))
        }
        (TableFormat::Parquet, _) if resume => Err(usage(&format!(
            "{name}: a Parquet file that was broken off cannot be gone on with: leave --resume away, or write .tsv.gz and \
             convert it"
        ))),
        _ => Ok(TableOptions { destination, format, layout }),
    }
}

pub(super) fn check_index(
    index: Option<IndexKind>,
    output: &Destination,
    form: Form,
) -> Result<(), clap::Error> {
    match index {
        None => Ok(()),
        Some(_) if *output == Destination::Stdout => {
            Err(usage("--write-index needs a file: name one with -o"))
        }
        Some(_) if !form.is_compressed() => {
            Err(usage("--write-index needs a compressed file: add -O z or -O b"))
        }
        Some(IndexKind::Tbi) if form.is_bcf() => Err(usage("BCF has no tbi: ask for --write-index csi")),
        Some(_) => Ok(()),
    }
}

impl SelectionArguments {
    fn into_selection(self) -> Result<Selection, clap::Error> {
        let wrong = |error: IntervalsError| usage(&error.to_string());
        let read = |text: Option<String>, file: Option<PathBuf>| {
            let text = text.map(|text| Intervals::parse(&text));
            text.or_else(|| file.map(|file: PathBuf| Intervals::read(Path::new(&file)))).transpose()
        };
        Ok(Selection {
            regions: read(self.regions, self.regions_file).map_err(wrong)?,
            targets: read(self.targets, self.targets_file).map_err(wrong)?,
            shard: self.shard,
        })
    }
}

impl FromStr for MaxSkipped {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a number of alleles nor a share such as 5%");
        match text.strip_suffix('%') {
            Some(percent) => {
                percent.parse().ok().filter(|percent| (0.0..=100.0).contains(percent)).map(Self::Percent)
            }
            None => text.parse().ok().map(Self::Alleles),
        }
        .ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Action, Arguments};
    use super::*;

    fn options(arguments: &[&str]) -> Option<ScoreOptions> {
        let always = ["polaris-client", "score", "a.vcf", "-f", "r", "--registry", "m"];
        match Arguments::try_parse_from(always.iter().chain(arguments)).ok()?.into_action().ok()? {
            Action::Score(options) => Some(*options),
            _ => None,
        }
    }

    #[test]
    fn wrong_together() {
        for wrong in [
            &["-o", "x.gz", "--table", "./x.gz"][..],
            &["-o", "x.gz", "--stats", "x.gz"],
            &["--write-index", "tbi"],
            &["-o", "x.vcf", "--write-index", "csi"],
            &["-o", "x.bcf", "--write-index", "tbi"],
            &["--resume"],
            &["-o", "x.vcf", "--table", "x.feather"],
            &["-o", "x.vcf", "--table", "x.Parquet", "--table-layout", "wide"],
            &["-o", "x.vcf", "--table", "x", "--table-format", "parquet", "--resume"],
            &["-o", "x.vcf", "--table-format", "parquet"],
            &["-r", "1", "-R", "x"],
            &["-t", "1:9-3"],
            &["--shard", "0/2"],
            &["--max-skipped", "5.5"],
            &["--max-skipped", "101%"],
            &["--dry-run", "--stats", "x"],
            &["-O", "x"],
        ] {
            assert!(options(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn only_a_file_can_be_gone_on_with() {
        let score = |input: &str| {
            let typed =
                ["polaris-client", "score", input, "-f", "r", "--registry", "m", "-o", "x", "--resume"];
            Arguments::try_parse_from(typed).unwrap().into_action().is_ok()
        };
        assert!(score("a.vcf") && !score("-") && !score("/dev/null"));
    }

    #[test]
    fn forms_come_from_the_name_unless_they_are_typed() {
        for (typed, form) in [
            (&["-o", "x.vcf"][..], Form::Vcf),
            (&["-o", "x.vcf.gz"], Form::BgzipVcf),
            (&["-o", "x.bcf"], Form::Bcf),
            (&["-o", "x.vcf.gz", "-O", "v"], Form::Vcf),
            (&["-O", "u"], Form::RawBcf),
            (&[], Form::Vcf),
        ] {
            assert_eq!(options(typed).unwrap().form, form, "{typed:?}");
        }
        assert_eq!(options(&["--max-skipped", "5%"]).unwrap().max_skipped, Some(MaxSkipped::Percent(5.0)));
    }
}
