//! The reference bundle: everything a model needs to know of an assembly.

mod digest;
mod error;
mod manifest;

use std::{collections::BTreeMap, path::Path};

pub use self::error::BundleError;
use self::manifest::Manifest;
use crate::{
    annotation::{GeneIndex, NearestGenes},
    expression::ExpressionTable,
    interval::IntervalSet,
    reference::Reference,
};

/// A folder whose `reference.toml` names an assembly and its files, opened and checked.
///
/// ```toml
/// format = 1
/// assembly = "GRCh38"
/// fasta = "genome.fa.gz"               # with genome.fa.gz.fai and, if bgzip, genome.fa.gz.gzi
/// annotation = "annotation.gtf.gz"     # GTF or GFF3
/// sequenced = "sequenced.bed"          # optional
///
/// [expression]                         # optional: a table by cell line
/// K562 = "expression/K562.tsv.gz"
/// ```
pub struct ReferenceBundle {
    manifest: Manifest,
    reference: Reference,
    genes: GeneIndex,
    sequenced: Option<IntervalSet>,
    expression: BTreeMap<String, CellLine>,
}

struct CellLine {
    nearest: NearestGenes,
    /// ln(TPM + 1) by gene, 0 for genes without a value, which `nearest` does not have.
    values: Vec<f32>,
}

impl ReferenceBundle {
    /// Opens the bundle in a folder, or the one whose `reference.toml` this is.
    ///
    /// # Errors
    ///
    /// [`BundleError`] if a file is missing or malformed, or if the files do not belong together.
    pub fn open(directory: &Path) -> Result<Self, BundleError> {
        let manifest = Manifest::open(directory)?;
        let reference = Reference::open(&manifest.fasta)?;
        let genes = GeneIndex::open(&manifest.annotation)?;
        if !genes.genes().iter().any(|gene| reference.contig(&gene.contig).is_some()) {
            return Err(BundleError::NoSharedContig {
                fasta: manifest.fasta,
                annotation: manifest.annotation,
                fasta_contig: reference
                    .contigs()
                    .first()
                    .map(|contig| contig.name.clone())
                    .unwrap_or_default(),
                annotation_contig: genes.genes().first().map(|gene| gene.contig.clone()).unwrap_or_default(),
            });
        }
        let sequenced = manifest.sequenced.as_deref().map(IntervalSet::read_bed).transpose()?;
        let mut expression = BTreeMap::new();
        for (cell_line, path) in &manifest.expression {
            let table = ExpressionTable::open(path)?;
            let cell = CellLine::new(&genes, &table);
            if cell.nearest.is_empty() {
                return Err(BundleError::NoSharedGene {
                    annotation: manifest.annotation,
                    expression: path.clone(),
                });
            }
            expression.insert(cell_line.clone(), cell);
        }
        Ok(Self { manifest, reference, genes, sequenced, expression })
    }

    /// The same, keeping so many pages of 64 Ki bases of the genome in memory.
    #[must_use]
    pub fn keeping(self, pages: usize) -> Self {
        Self { reference: self.reference.keeping(pages), ..self }
    }

    /// The assembly's name, such as `GRCh38`.
    pub fn assembly(&self) -> &str {
        &self.manifest.assembly
    }

    /// The genome.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The gene models.
    pub fn genes(&self) -> &GeneIndex {
        &self.genes
    }

    /// The regions with sequence, if the bundle says; otherwise all of it counts as sequenced.
    pub fn sequenced(&self) -> Option<&IntervalSet> {
        self.sequenced.as_ref()
    }

    /// The cell lines with an expression table, sorted.
    pub fn cell_lines(&self) -> impl Iterator<Item = &str> {
        self.expression.keys().map(String::as_str)
    }

    /// ln(TPM + 1) of the nearest gene that has a value in a cell line, on either strand, ties as in
    /// [`GeneIndex::nearest_gene`]; 0 where no gene of the contig has one.
    ///
    /// # Errors
    ///
    /// [`BundleError::UnknownCellLine`].
    pub fn expression(&self, cell_line: &str, contig: &str, position0: u64) -> Result<f32, BundleError> {
        let cell = self.expression.get(cell_line).ok_or_else(|| BundleError::UnknownCellLine {
            manifest: self.manifest.path.clone(),
            cell_line: cell_line.to_owned(),
            known: self.cell_lines().map(str::to_owned).collect(),
        })?;
        let gene = cell.nearest.nearest(contig, position0);
        Ok(gene.and_then(|gene| cell.values.get(gene)).copied().unwrap_or(0.0))
    }

    /// SHA-256, in hexadecimal, of the assembly's name and the bytes of every file. Reads every file: seconds on a
    /// whole genome.
    ///
    /// # Errors
    ///
    /// [`BundleError::Read`] if a file cannot be read.
    pub fn digest(&self) -> Result<String, BundleError> {
        digest::digest(&self.manifest)
    }

    /// The digest, read from a file in the bundle's folder if it was calculated there before and no file of the bundle
    /// has another size or time of change since.
    ///
    /// # Errors
    ///
    /// [`BundleError::Read`] if a file cannot be read.
    pub fn remembered_digest(&self) -> Result<String, BundleError> {
        digest::remembered(&self.manifest)
    }
}

impl CellLine {
    fn new(genes: &GeneIndex, table: &ExpressionTable) -> Self {
        let tpm: Vec<Option<f32>> = genes.genes().iter().map(|gene| table.tpm(gene)).collect();
        let nearest = NearestGenes::new(genes.genes(), |gene| tpm.get(gene).is_some_and(Option::is_some));
        Self { nearest, values: tpm.into_iter().map(|tpm| tpm.map_or(0.0, f32::ln_1p)).collect() }
    }
}

#[cfg(test)]
mod tests;
