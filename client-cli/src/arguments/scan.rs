//! The command line of `polaris-client scan`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{AskingArguments, ServerArguments};
use crate::method::Method;
use crate::regions::{RegionSource, StrandChoice};
use crate::scan::{ScanOptions, Track};
use crate::tracks::TrackFormat;

const EXAMPLES: &str = "\
Examples:
  # Where along a gene do two proteins bind, and which bases drive it
  polaris-client scan --gene MALAT1 --reference hg38/ --registry models/ --models TARDBP.K562,QKI.HepG2 -o malat1/

  # Regions on the strand that they say, as text
  polaris-client scan chr17:43,044,295-43,045,802:- chr11:65497688-65506516 --reference hg38/ \\
      --server http://gpu1:50051 --format bedgraph -o tracks/

  # Every base of an exon list, the probability alone at a resolution of 10 bases
  polaris-client scan --bed exons.bed.gz --tracks probability --stride 10 --reference hg38/ --registry models/ -o exons/

Writes <model>.<track>.<plus|minus>.bw for each model and strand, tracks.tsv (file, model, track, strand) and gaps.bed
(bases without values, and why). A probability is that of the window whose midpoint is the middle of its bin; maps of
windows that overlap are blended, weighted towards the middle of each. Bins and windows lie on multiples of their
distance, so that a base has the same values whatever region it is scanned in.

Exit codes: 0 success, 1 the run failed, 2 the command line is wrong.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["regions", "gene", "bed"]))]
pub(super) struct ScanArguments {
    /// Regions: CONTIG:START-END from 1, both ends included, with :+ or :- after it or not; CONTIG; gene:NAME
    #[arg(value_name = "REGION")]
    regions: Vec<String>,
    /// Genes, by name or identifier
    #[arg(long, short = 'g', value_name = "NAME", value_delimiter = ',', num_args = 1)]
    gene: Vec<String>,
    /// Regions of a BED file, plain or compressed; column 6 is the strand
    #[arg(long, value_name = "FILE")]
    bed: Vec<PathBuf>,
    /// Reference bundle: directory with reference.toml
    #[arg(long, short = 'f', value_name = "BUNDLE")]
    reference: PathBuf,
    #[command(flatten)]
    server: ServerArguments,
    /// Folder of the tracks; made if it is not there
    #[arg(long, short = 'o', value_name = "DIR")]
    output: PathBuf,
    /// Strand to scan: +, -, both, or auto: the region's own, else those transcribed there, else the nearest gene's
    #[arg(long, value_name = "STRAND", default_value = "auto", allow_hyphen_values = true)]
    strand: StrandChoice,
    /// Bases from one probability to the next
    #[arg(long, value_name = "BASES", default_value = "50")]
    stride: NonZeroUsize,
    /// Tracks to write, separated by commas
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        num_args = 1,
        default_value = "probability,localization"
    )]
    tracks: Vec<Track>,
    /// How maps say which bases drive a prediction; mutagenesis is exact and takes hundreds of times as long
    #[arg(long, value_name = "METHOD", value_enum, default_value_t)]
    method: Method,
    /// How tracks are written
    #[arg(long, value_name = "FORMAT", default_value = "bigwig")]
    format: TrackFormat,
    #[command(flatten)]
    asking: AskingArguments,
}

impl ScanArguments {
    /// What was meant.
    pub(super) fn into_options(self) -> Result<ScanOptions, clap::Error> {
        let typed = self.regions.into_iter().map(RegionSource::Text);
        let genes = self.gene.into_iter().map(RegionSource::Gene);
        let mut tracks: Vec<Track> = Vec::new();
        for track in self.tracks {
            if !tracks.contains(&track) {
                tracks.push(track);
            }
        }
        Ok(ScanOptions {
            sources: typed.chain(genes).chain(self.bed.into_iter().map(RegionSource::Bed)).collect(),
            strands: self.strand,
            reference: self.reference,
            server: self.server.into_options()?,
            output: self.output,
            model_ids: self.asking.model_ids()?,
            stride: self.stride,
            tracks,
            method: self.method.into(),
            format: self.format,
            batch_windows: self.asking.batch_windows,
            allow_assembly_mismatch: self.asking.allow_assembly_mismatch,
            quiet: self.asking.quiet,
        })
    }
}

#[cfg(test)]
mod tests {
    use polaris_genomics::Strand;
    use polaris_proto::v1::LocalizationMethod;

    use super::super::{Action, Arguments};
    use super::*;
    use clap::Parser;

    fn options(arguments: &[&str]) -> Option<ScanOptions> {
        let always = ["polaris-client", "scan", "--reference", "r", "--registry", "m", "-o", "d"];
        let typed = always.iter().chain(arguments);
        match Arguments::try_parse_from(typed).ok()?.into_action().ok()? {
            Action::Scan(options) => Some(options),
            _ => None,
        }
    }

    #[test]
    fn sources_are_joined_and_one_is_needed() {
        assert!(options(&[]).is_none());
        let typed = ["chr1:1-5", "--gene", "A,B", "--bed", "x.bed", "--strand", "-", "--stride", "10"];
        let options = options(&typed).unwrap();
        let [text, gene, other, bed] = &options.sources[..] else { panic!("{:?}", options.sources) };
        assert_eq!(*text, RegionSource::Text("chr1:1-5".into()));
        assert_eq!((gene, other), (&RegionSource::Gene("A".into()), &RegionSource::Gene("B".into())));
        assert_eq!(*bed, RegionSource::Bed("x.bed".into()));
        assert_eq!(options.strands, StrandChoice::One(Strand::Reverse));
        assert_eq!(options.stride.get(), 10);
        assert_eq!(options.tracks, [Track::Probability, Track::Localization]);
    }

    #[test]
    fn what_is_refused() {
        for wrong in [
            ["x", "--stride", "0"],
            ["x", "--strand", "plus"],
            ["x", "--tracks", "maps"],
            ["x", "--method", "saliency"],
            ["x", "--format", "wig"],
        ] {
            assert!(options(&wrong).is_none(), "{wrong:?}");
        }
        let one = options(&["x", "--tracks", "localization,localization", "--method", "hires-cam"]).unwrap();
        assert_eq!((one.tracks, one.method), (vec![Track::Localization], LocalizationMethod::HiresCam));
    }
}
