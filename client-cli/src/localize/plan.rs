//! From the input to targets, one after the other.

mod records;
mod regions;
pub(super) mod variants;

use std::sync::Arc;

use polaris_genomics::ReferenceBundle;

use self::records::Records;
use self::regions::Regions;
use self::variants::Variants;
use super::error::LocalizeError;
use super::fasta;
use super::input::Input;
use super::options::RecordCovariates;
use crate::messages::Covariates;
use crate::regions::{RegionSource, StrandChoice, resolve, resolve_bed};
use crate::vcf;

/// Values of a target's maps that are held at once, at most: a quarter of a gigabyte.
const MOST_VALUES: usize = 1 << 26;

/// What a planner knows of the models.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Bases of a window.
    pub(super) length: usize,
    /// How many there are.
    pub(super) models: usize,
}

impl Asked {
    /// Bases of a stretch whose maps fit into memory.
    fn most_bases(self) -> usize {
        MOST_VALUES / self.models.max(1)
    }

    /// Whether the maps of a stretch fit into memory.
    fn check_size(self, name: &str, bases: u64) -> Result<(), LocalizeError> {
        let most = self.most_bases();
        match usize::try_from(bases).is_ok_and(|bases| bases <= most) {
            true => Ok(()),
            false => {
                let (name, models) = (name.to_owned(), self.models);
                Err(LocalizeError::TooLong { name, bases, models, most })
            }
        }
    }
}

/// Takes a target; false if nobody wants any more.
pub(super) type Sink<'a> = &'a mut dyn FnMut(super::target::Target) -> bool;

/// Where targets come from.
pub(super) enum Planner {
    Regions(Regions),
    Records(Records),
    Variants(Variants),
}

impl Planner {
    /// Finds regions, and reads a VCF's header. All but a FASTA needs a bundle. `cell_lines` are those whose expression
    /// the models read.
    pub(super) fn new(
        input: Input,
        bundle: Option<Arc<ReferenceBundle>>,
        cell_lines: Vec<String>,
        asked: Asked,
        strand: StrandChoice,
        record: RecordCovariates,
    ) -> Result<Self, LocalizeError> {
        let (bundle, input) = match (bundle, input) {
            (_, Input::Fasta(bytes, name)) => {
                let reader = fasta::Reader::new(bytes, name, asked.most_bases());
                return Ok(Self::Records(Records { reader, asked, covariates: record, cell_lines }));
            }
            (Some(bundle), input) => (bundle, input),
            (None, _) => return Err(LocalizeError::NeedsReference { what: "regions and variants" }),
        };
        let covariates = Covariates::new(Arc::clone(&bundle), cell_lines);
        let must_be_known = matches!(input, Input::Region(_));
        let regions = match input {
            Input::Region(text) => resolve(&[RegionSource::Text(text)], strand, &bundle)?,
            Input::Bed(bytes, name) => resolve_bed(bytes, &name, strand, &bundle)?,
            Input::Vcf(bytes, name) | Input::Fasta(bytes, name) => {
                let mut reader = vcf::Reader::new(bytes, name);
                reader.header()?;
                return Ok(Self::Variants(Variants { covariates, asked, reader }));
            }
        };
        Ok(Self::Regions(Regions { covariates, asked, regions, must_be_known }))
    }

    /// Gives the targets one after the other.
    pub(super) fn plan(self, sink: Sink<'_>) -> Result<(), LocalizeError> {
        match self {
            Self::Regions(regions) => regions.plan(sink),
            Self::Records(records) => records.plan(sink),
            Self::Variants(variants) => variants.plan(sink),
        }
    }
}
