//! What `localize` was asked for.

use std::path::PathBuf;

use clap::ValueEnum;
use polaris_genomics::RegionClass;
use polaris_proto::v1::{
    ClusterOptions, Linkage, LocalizationMethod, MapAlignment, MapOptions, MapResolution,
};

use crate::method::Method;
use crate::regions::StrandChoice;
use crate::session::ServerOptions;

/// What `localize` was asked for.
#[derive(Debug)]
pub(crate) struct LocalizeOptions {
    /// A region, or a BED, FASTA or VCF file, `-` for standard input.
    pub(crate) input: PathBuf,
    /// The reference bundle; a FASTA needs none.
    pub(crate) reference: Option<PathBuf>,
    /// The server.
    pub(crate) server: ServerOptions,
    /// Folder of the outputs.
    pub(crate) output: PathBuf,
    /// Models to ask, all if none.
    pub(crate) model_ids: Vec<String>,
    /// Strands of regions.
    pub(crate) strand: StrandChoice,
    /// What the records of a FASTA are said to be.
    pub(crate) record: RecordCovariates,
    /// What the maps are to be.
    pub(crate) map: MapChoice,
    /// What is written.
    pub(crate) formats: Formats,
    /// Pictures that are drawn at most.
    pub(crate) max_pictures: usize,
    /// Bases that a picture shows as letters.
    pub(crate) zoom: Option<usize>,
    /// Windows per request.
    pub(crate) batch_windows: u32,
    /// Localize although the assemblies' names differ.
    pub(crate) allow_assembly_mismatch: bool,
    /// Errors only.
    pub(crate) quiet: bool,
}

/// What the records of a FASTA are said to be, as no reference tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RecordCovariates {
    /// TPM in every cell line.
    pub(crate) tpm: Option<f32>,
    /// Class at the middle.
    pub(crate) region: Option<RegionClass>,
}

/// How positions of the network are laid onto bases.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Alignment {
    /// Each at the middle of the bases that it sees
    #[default]
    ReceptiveField,
    /// The first at the first base and the last at the last, as published: off by up to 19 bases
    Stretch,
}

/// How far apart two clusters are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum LinkageChoice {
    /// As far as their farthest members
    #[default]
    Complete,
    /// As far as their members on average
    Average,
}

/// What maps are to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MapChoice {
    pub(crate) method: Method,
    pub(crate) signed: bool,
    pub(crate) alignment: Alignment,
    pub(crate) linkage: LinkageChoice,
    pub(crate) alpha: f32,
    pub(crate) height: f32,
    pub(crate) motif_threshold: f32,
}

impl Default for MapChoice {
    /// As the command line has it.
    fn default() -> Self {
        Self {
            method: Method::default(),
            signed: false,
            alignment: Alignment::default(),
            linkage: LinkageChoice::default(),
            alpha: 0.9,
            height: 1.0,
            motif_threshold: 0.5,
        }
    }
}

impl MapChoice {
    /// As requests say it: a value for every base, and clusters if they are wanted.
    pub(crate) fn message(&self, with_clusters: bool) -> MapOptions {
        let alignment = match self.alignment {
            Alignment::ReceptiveField => MapAlignment::ReceptiveField,
            Alignment::Stretch => MapAlignment::Stretch,
        };
        let linkage = match self.linkage {
            LinkageChoice::Complete => Linkage::Complete,
            LinkageChoice::Average => Linkage::Average,
        };
        MapOptions {
            method: LocalizationMethod::from(self.method).into(),
            signed: self.signed,
            resolution: MapResolution::Base.into(),
            alignment: alignment.into(),
            clusters: with_clusters.then(|| ClusterOptions {
                linkage: linkage.into(),
                alpha: Some(self.alpha),
                height: Some(self.height),
                motif_threshold: Some(self.motif_threshold),
                include_all: false,
            }),
            ..MapOptions::default()
        }
    }
}

/// A kind of output.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// maps.tsv.gz: every value
    Tsv,
    /// <model>.<plus|minus>.bedgraph
    Bedgraph,
    /// <model>.<plus|minus>.bw
    Bigwig,
    /// clusters.bed: stretches of like score that are motifs
    Bed,
    /// A picture for each region or variant and model
    Svg,
    /// The same as pixels
    Png,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Formats {
    pub(crate) tsv: bool,
    pub(crate) bedgraph: bool,
    pub(crate) bigwig: bool,
    pub(crate) bed: bool,
    pub(crate) svg: bool,
    pub(crate) png: bool,
}

impl FromIterator<Format> for Formats {
    fn from_iter<I: IntoIterator<Item = Format>>(formats: I) -> Self {
        let mut chosen = Self::default();
        for format in formats {
            match format {
                Format::Tsv => chosen.tsv = true,
                Format::Bedgraph => chosen.bedgraph = true,
                Format::Bigwig => chosen.bigwig = true,
                Format::Bed => chosen.bed = true,
                Format::Svg => chosen.svg = true,
                Format::Png => chosen.png = true,
            }
        }
        chosen
    }
}

impl Formats {
    /// Whether clusters are of any use.
    pub(crate) fn show_clusters(self) -> bool {
        self.bed || self.svg || self.png
    }
}
