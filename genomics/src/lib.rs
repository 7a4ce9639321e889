//! Genomes, gene models, expression, variants and windows: everything POLARIS knows of a genome, synchronous and
//! free of tensors and networking. Training and scoring cut windows and look covariates up with this code alone.
//!
//! A [`ReferenceBundle`] is a folder with a `reference.toml` that names an assembly's files: the FASTA ([`Reference`]),
//! the gene models ([`GeneIndex`]), expression by cell line ([`ExpressionTable`]) and the sequenced regions
//! ([`IntervalSet`]). A [`Variant`] is brought to its normal form and becomes an [`AlleleWindow`] for each [`Strand`]
//! it is scored on.
//!
//! Positions are 0-based and intervals half-open (`start0`, `end0`); names ending in `1` are 1-based, for messages.
//! Contigs are found under any alias ([`contig_key`]). All types are `Send` and `Sync`.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use polaris_genomics::{ReferenceBundle, Strand, Window};
//!
//! let bundle = ReferenceBundle::open(Path::new("reference"))?;
//! let window = Window::centered("chr9", 500_000, 1000, Strand::Reverse);
//! let sequence = window.sequence(bundle.reference())?;
//! let region = bundle.genes().region_class("chr9", window.midpoint0());
//! let expression = bundle.expression("K562", "chr9", window.midpoint0())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod allele_windows;
mod annotation;
mod beside;
mod bundle;
mod contig;
mod decompression;
mod expression;
mod interval;
mod reference;
mod region_class;
mod sequence;
mod shard;
mod strand;
mod text;
mod text_file_error;
mod variant;
mod window;

#[cfg(test)]
mod testing;

pub use self::{
    allele_windows::{AlleleWindow, AlternateWindow, NO_GRID, allele_window},
    annotation::{Gene, GeneIndex, ScoringStrands, Transcript},
    bundle::{BundleError, ReferenceBundle},
    contig::{Contig, contig_key},
    decompression::decompressed,
    expression::ExpressionTable,
    interval::{Interval, IntervalSet},
    reference::{Reference, ReferenceError},
    region_class::{RegionClass, RegionClassError},
    sequence::{
        SequenceError, complement, gc_fraction, normalize_base, one_hot, parse_sequence, reverse_complement,
        reverse_complement_in_place,
    },
    shard::{Shard, ShardError},
    strand::{Strand, StrandError},
    text::{Lines, open_text},
    text_file_error::TextFileError,
    variant::{Variant, VariantError},
    window::Window,
};
