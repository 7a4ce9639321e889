//! Regions of the genome that a command is about: typed, listed in a BED file, or those of genes.

mod bed;
mod error;
mod genes;
mod text;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use polaris_genomics::{ReferenceBundle, Strand};

pub(crate) use self::error::RegionError;

/// A stretch of one strand of a contig.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct StrandedRegion {
    /// The gene's, or the BED file's, or the region as it is written for people.
    pub(crate) name: String,
    /// As the reference names it.
    pub(crate) contig: String,
    /// First base on the forward strand, 0-based.
    pub(crate) start0: u64,
    /// The base after the last; within the contig.
    pub(crate) end0: u64,
    /// The strand that is read.
    pub(crate) strand: Strand,
}

/// What names regions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum RegionSource {
    /// `chr17:43,044,295-43,045,802`, `chr17:43044295-43045802:-`, `chr17:43044295`, `chrM`, or `gene:BRCA1`.
    Text(String),
    /// A gene's name or identifier, with or without its version.
    Gene(String),
    /// A BED file, plain, gzip or bgzip.
    Bed(PathBuf),
}

/// Which strands of a region are read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum StrandChoice {
    /// The one that the region says, or else those transcribed there, or else the nearest gene's.
    #[default]
    Auto,
    /// This one, whatever the region says.
    One(Strand),
    /// Both.
    Both,
}

impl FromStr for StrandChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "both" => Ok(Self::Both),
            _ => text.parse().map(Self::One).map_err(|_| "expected auto, +, - or both".to_owned()),
        }
    }
}

/// A region before its strands are chosen.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Draft {
    name: Option<String>,
    contig: String,
    start0: u64,
    /// `None` for the contig's end.
    end0: Option<u64>,
    strand: Option<Strand>,
}

/// The regions of a BED file that is open already, otherwise as [`resolve`]. `name` is for messages.
///
/// # Errors
///
/// As [`resolve`].
pub(crate) fn resolve_bed(
    reader: impl BufRead,
    name: &str,
    choice: StrandChoice,
    bundle: &ReferenceBundle,
) -> Result<Vec<StrandedRegion>, RegionError> {
    let mut regions = Vec::new();
    for (line, draft) in bed::read_from(reader, Path::new(name))? {
        add(draft, &format!("{name}:{line}"), choice, bundle, &mut regions)?;
    }
    match regions.is_empty() {
        true => Err(RegionError::None),
        false => Ok(regions),
    }
}

/// The regions that sources name, in their order, a region read on both strands as two, forward first.
///
/// # Errors
///
/// [`RegionError`] for the first that is malformed, not on the reference, or on no known strand; and if there is none.
pub(crate) fn resolve(
    sources: &[RegionSource],
    choice: StrandChoice,
    bundle: &ReferenceBundle,
) -> Result<Vec<StrandedRegion>, RegionError> {
    let mut regions = Vec::new();
    for source in sources {
        match source {
            RegionSource::Text(typed) => match typed.strip_prefix("gene:") {
                Some(gene) => add_genes(gene, choice, bundle, &mut regions)?,
                None => add(text::parse(typed, bundle)?, typed, choice, bundle, &mut regions)?,
            },
            RegionSource::Gene(gene) => add_genes(gene, choice, bundle, &mut regions)?,
            RegionSource::Bed(path) => {
                for (line, draft) in bed::read(path)? {
                    let place = format!("{}:{line}", path.display());
                    add(draft, &place, choice, bundle, &mut regions)?;
                }
            }
        }
    }
    if regions.is_empty() {
        return Err(RegionError::None);
    }
    Ok(regions)
}

fn add_genes(
    wanted: &str,
    choice: StrandChoice,
    bundle: &ReferenceBundle,
    regions: &mut Vec<StrandedRegion>,
) -> Result<(), RegionError> {
    for draft in genes::find(wanted, bundle.genes().genes())? {
        add(draft, &format!("gene {wanted}"), choice, bundle, regions)?;
    }
    Ok(())
}

/// Checks a draft against the reference and adds it for each strand. `place` is for messages.
fn add(
    draft: Draft,
    place: &str,
    choice: StrandChoice,
    bundle: &ReferenceBundle,
    regions: &mut Vec<StrandedRegion>,
) -> Result<(), RegionError> {
    let reference = bundle.reference();
    let Some(contig) = reference.contig(&draft.contig) else {
        let known = reference.contigs().iter().take(5).map(|contig| contig.name.as_str()).collect::<Vec<_>>();
        let known = known.join(", ");
        return Err(RegionError::UnknownContig { place: place.to_owned(), contig: draft.contig, known });
    };
    let (start0, end0) = (draft.start0, draft.end0.unwrap_or(contig.length));
    if end0 > contig.length || start0 >= contig.length {
        return Err(RegionError::OffContig {
            place: place.to_owned(),
            contig: contig.name.clone(),
            start0,
            end0,
            length: contig.length,
        });
    }
    if start0 >= end0 {
        return Err(RegionError::Empty { place: place.to_owned(), start0, end0 });
    }
    let strands = match (choice, draft.strand) {
        (StrandChoice::One(strand), _) | (StrandChoice::Auto, Some(strand)) => vec![strand],
        (StrandChoice::Both, _) => Strand::ALL.to_vec(),
        (StrandChoice::Auto, None) => bundle.genes().scoring_strands(&contig.name, start0, end0).strands,
    };
    if strands.is_empty() {
        return Err(RegionError::NoStrand { place: place.to_owned(), contig: contig.name.clone() });
    }
    let name = draft.name.unwrap_or_else(|| format!("{}:{}-{end0}", contig.name, start0 + 1));
    regions.extend(strands.into_iter().map(|strand| StrandedRegion {
        name: name.clone(),
        contig: contig.name.clone(),
        start0,
        end0,
        strand,
    }));
    Ok(())
}

#[cfg(test)]
mod tests;
