//! The command line of `merge`.

use std::path::PathBuf;

use clap::Args;

use super::score::check_index;
use super::usage;
use crate::output_file::Destination;
use crate::score::{Form, IndexKind, MergeOptions};

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// Scored files of shards 1 to N, in any order
    #[arg(value_name = "FILE", required = true)]
    inputs: Vec<PathBuf>,
    /// The whole; `-` is standard output
    #[arg(long, short = 'o', value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Form: v VCF, z bgzip VCF, u uncompressed BCF, b BCF; by default what the name says
    #[arg(long, short = 'O', value_name = "v|z|u|b", value_enum, hide_possible_values = true)]
    output_type: Option<Form>,
    /// Write an index beside it
    #[arg(long, short = 'W', value_name = "KIND", value_enum)]
    write_index: Option<IndexKind>,
    /// Tables of the shards, tab-separated or JSON lines, one for each scored file and in their order; needs --table
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "table")]
    table_parts: Vec<PathBuf>,
    /// The joined table; compressed if its name ends in .gz
    #[arg(long, value_name = "FILE", requires = "table_parts")]
    table: Option<PathBuf>,
    /// Table of the alleles without a score and why, from the scored files
    #[arg(long, value_name = "FILE")]
    skipped: Option<PathBuf>,
    /// Counts as JSON, from the scored files
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
}

impl MergeArguments {
    pub(super) fn into_options(self) -> Result<MergeOptions, clap::Error> {
        let output = Destination::from_argument(&self.output);
        let form = self.output_type.unwrap_or_else(|| Form::of_name(&output));
        check_index(self.write_index, &output, form)?;
        if !self.table_parts.is_empty() && self.table_parts.len() != self.inputs.len() {
            return Err(usage(&format!(
                "{} scored files and {} tables: name one table for each, in the same order",
                self.inputs.len(),
                self.table_parts.len()
            )));
        }
        let is_parquet = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "parquet");
        if self.table_parts.iter().chain(&self.table).any(is_parquet) {
            return Err(usage(
                "Parquet files of shards are read together as they are, such as 'part*.parquet'",
            ));
        }
        let [table, skipped, stats] = [&self.table, &self.skipped, &self.stats]
            .map(|path| path.as_deref().map(Destination::from_argument));
        let places: Vec<&Destination> =
            std::iter::once(&output).chain([&table, &skipped, &stats].into_iter().flatten()).collect();
        super::check_distinct(&places)?;
        Ok(MergeOptions {
            inputs: self.inputs,
            output,
            form,
            index: self.write_index,
            table_parts: self.table_parts,
            table,
            skipped,
            stats,
        })
    }
}
