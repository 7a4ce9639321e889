//! The arguments of `localize`.

use std::path::PathBuf;

use clap::Args;
use polaris_genomics::RegionClass;

use super::{AskingArguments, ServerArguments, usage};
use crate::localize::{Alignment, Format, LinkageChoice, LocalizeOptions, MapChoice, RecordCovariates};
use crate::method::Method;
use crate::regions::StrandChoice;

const EXAMPLES: &str = "\
Examples:
  # Which bases of a region two models look at
  polaris-client localize chr17:43,044,295-43,045,802 --reference hg38/ --registry models/ \\
      --models QKI.K562,RBFOX2.K562 -o brca1/

  # Peaks as tracks for a genome browser, without pictures
  polaris-client localize peaks.bed --reference hg38/ --server http://gpu1:50051 \\
      --format bed,bigwig -o maps/

  # What variants do to the bases around them
  polaris-client localize variants.vcf.gz --reference hg38/ --registry models/ \\
      --method hires-cam --signed -o out/

  # Sequences of one's own, with the expression and region to assume
  polaris-client localize transcripts.fa --registry models/ --expression 12.5 --region 3utr -o out/

Input:
  What INPUT is, is told by its form and content. Regions are counted from 1, both ends included. A region or
  record up to the length of the models' window is explained by one window around its middle; beyond a record's ends
  stands N. Longer ones are covered by windows half a window apart, and each base's value is the mean of those of the
  windows over it, weighted by the distance from the window's nearer end. Of a VCF, every alternate allele is
  explained on each transcribed strand, as `score` scores it.

Outputs:
  maps.tsv.gz   a row for each base: contig, position1, offset, strand, base, name, model, allele, value. The base is
                that of the strand. An inserted base has the position of the reference base before it on the forward
                strand, and offset counts the inserted bases from 1; else offset is 0.
  clusters.bed  contig, start0, end0, model, 1000 x mean score, strand, summit0, mean score, name, allele; sorted by
                contig and start. Scores are relative to the largest of a window's map. Where windows overlap, a
                cluster is taken from the window whose middle is nearest to its summit.
  *.bedgraph, *.bw  a file for each model and strand. Where regions overlap, bases have the values of the region that
                begins first. Not for a VCF, whose alleles do not fit into one track, nor for a FASTA.
  *.svg, *.png  a picture for each region or variant and model, in the order of the input; of one region or variant,
                the models with the largest predictions (for a variant: changes) first.
  gaps.tsv      what has no values, and why: unknown bases, windows that are mostly N or not sequenced, and alleles that
                cannot be explained.
  Files of an earlier run in the folder are replaced where they have the same name, and stay where not.

Exit codes: 0 success, 1 the run failed, 2 the command line is wrong.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LocalizeArguments {
    /// What to explain: a region (chr17:43044295-43045802, with :+ or :- at its end for a strand; a contig; gene:NAME), or
    /// a BED, FASTA or VCF file, plain, gzip or bgzip; `-` reads a file from standard input
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// Reference bundle: directory with reference.toml; a FASTA needs none
    #[arg(long, short = 'f', value_name = "BUNDLE")]
    reference: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
    /// Folder of the outputs, made if it is missing
    #[arg(long, short = 'o', value_name = "DIR")]
    output: PathBuf,
    /// Strand of regions: auto (the one that the region or the BED file says, else those transcribed there, else the nearest
    /// gene's), +, - or both
    #[arg(long, value_name = "STRAND", default_value = "auto", allow_hyphen_values = true)]
    strand: StrandChoice,
    /// How maps are calculated
    #[arg(long, value_enum, default_value_t)]
    method: Method,
    /// Keep negative values, where bases speak against binding
    #[arg(long)]
    signed: bool,
    /// How positions of the network are laid onto bases
    #[arg(long, value_enum, default_value_t)]
    alignment: Alignment,
    /// How far apart two clusters are
    #[arg(long, value_enum, default_value_t)]
    linkage: LinkageChoice,
    /// Weight of the scores in the distance of clusters, 0 to 1, against that of the bases between
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = share)]
    alpha: f32,
    /// Clusters nearer than this are one
    #[arg(long, value_name = "DISTANCE", default_value_t = 1.0, value_parser = not_negative)]
    height: f32,
    /// Clusters whose mean score is above this are reported, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.5, value_parser = share)]
    motif_threshold: f32,
    /// What to write, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', num_args = 1, default_value = "tsv,bed,svg")]
    format: Vec<Format>,
    /// Pictures to draw at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_pictures: usize,
    /// Bases that a picture shows as letters: around the variant, else around the largest value; about 80 by default
    #[arg(long, value_name = "BASES", value_parser = clap::value_parser!(u16).range(1..))]
    zoom: Option<u16>,
    /// TPM to assume for the records of a FASTA, in every cell line; 0 by default
    #[arg(long, value_name = "TPM", value_parser = not_negative)]
    expression: Option<f32>,
    /// Region class to assume for the records of a FASTA: intron, exon, 1to5kb, promoter, 3utr or 5utr; none by default
    #[arg(long, value_name = "CLASS")]
    region: Option<RegionClass>,
    #[command(flatten)]
    asking: AskingArguments,
}

impl LocalizeArguments {
    pub(super) fn into_options(self) -> Result<LocalizeOptions, clap::Error> {
        if self.output.as_os_str() == "-" {
            return Err(usage(
                "--output is a folder: several files are written, which one stream cannot hold",
            ));
        }
        Ok(LocalizeOptions {
            input: self.input,
            reference: self.reference,
            server: self.server.into_options()?,
            output: self.output,
            model_ids: self.asking.model_ids()?,
            strand: self.strand,
            record: RecordCovariates { tpm: self.expression, region: self.region },
            map: MapChoice {
                method: self.method,
                signed: self.signed,
                alignment: self.alignment,
                linkage: self.linkage,
                alpha: self.alpha,
                height: self.height,
                motif_threshold: self.motif_threshold,
            },
            formats: self.format.into_iter().collect(),
            max_pictures: self.max_pictures,
            zoom: self.zoom.map(usize::from),
            batch_windows: self.asking.batch_windows,
            allow_assembly_mismatch: self.asking.allow_assembly_mismatch,
            quiet: self.asking.quiet,
        })
    }
}

fn share(text: &str) -> Result<f32, String> {
    number(text, 1.0).ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

fn not_negative(text: &str) -> Result<f32, String> {
    number(text, f32::MAX).ok_or_else(|| "expected a number, 0 or more".to_owned())
}

fn number(text: &str, most: f32) -> Option<f32> {
    text.parse().ok().filter(|value| (0.0..=most).contains(value))
}
