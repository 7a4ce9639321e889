//! The reference genome: windows of an indexed FASTA.

mod error;
mod pages;
mod source;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

pub use self::error::ReferenceError;
use self::{
    pages::{PAGE_BASES, Page, PageCache},
    source::{Source, SourceReader},
};
use crate::contig::{Contig, contig_key};

/// Longest stretch [`Reference::fetch`] answers: longer than any contig, short enough to allocate.
const MAX_FETCH_BASES: u64 = 1 << 31;

/// An indexed FASTA, plain or bgzip, shared by any number of threads.
///
/// Sequence is read in pages of 64 Ki bases, the most recently used 1,024 of which (64 MiB) stay in memory, so that
/// neighboring windows cost one read. Who goes through the genome in order needs [fewer](Reference::keeping).
pub struct Reference {
    path: PathBuf,
    contigs: Vec<Contig>,
    by_name: HashMap<String, usize>,
    by_key: HashMap<String, usize>,
    source: Source,
    idle_readers: Mutex<Vec<SourceReader>>,
    pages: PageCache,
}

impl Reference {
    /// Opens a FASTA with its `.fai`, and with its `.gzi` if it is bgzip; the content decides, not the suffix.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`] if a file is missing, is plain gzip, or does not belong to the others.
    pub fn open(path: &Path) -> Result<Self, ReferenceError> {
        let source = Source::open(path)?;
        let contigs = source.contigs()?;
        let mut by_name = HashMap::with_capacity(contigs.len());
        let mut by_key = HashMap::with_capacity(contigs.len());
        for (index, contig) in contigs.iter().enumerate() {
            if by_name.insert(contig.name.clone(), index).is_some() {
                return Err(ReferenceError::DuplicateContig {
                    path: path.to_owned(),
                    contig: contig.name.clone(),
                });
            }
            // Assemblies with both chrM and chrMT exist: an exact name then still finds either.
            by_key.entry(contig_key(&contig.name).to_owned()).or_insert(index);
        }
        let idle_readers = Mutex::new(vec![source.reader()?]);
        let pages = PageCache::default();
        Ok(Self { path: path.to_owned(), contigs, by_name, by_key, source, idle_readers, pages })
    }

    /// The same, keeping so many pages of 64 Ki bases in memory.
    #[must_use]
    pub fn keeping(self, pages: usize) -> Self {
        Self { pages: PageCache::new(pages), ..self }
    }

    /// The contigs in the order of the file.
    pub fn contigs(&self) -> &[Contig] {
        &self.contigs
    }

    /// The contig of that name, or else of an alias of it.
    pub fn contig(&self, name: &str) -> Option<&Contig> {
        self.contigs.get(self.contig_index(name)?)
    }

    /// The FASTA file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bases of `[start0, end0)` on the forward strand in upper-case A, C, G, T, N; N for what lies off the
    /// contig. Empty if `end0 <= start0`.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`] for an unknown contig, for more than 2 Gb at once, or if the file cannot be read.
    pub fn fetch(&self, contig: &str, start0: i64, end0: i64) -> Result<Vec<u8>, ReferenceError> {
        let unknown = || self.unknown_contig(contig);
        let index = self.contig_index(contig).ok_or_else(unknown)?;
        let Contig { name, length } = self.contigs.get(index).ok_or_else(unknown)?;
        if end0 <= start0 {
            return Ok(Vec::new());
        }
        let bases = end0.abs_diff(start0);
        let too_long =
            || ReferenceError::TooLong { contig: name.clone(), start0, end0, limit: MAX_FETCH_BASES };
        if bases > MAX_FETCH_BASES {
            return Err(too_long());
        }
        let mut sequence = Vec::with_capacity(usize::try_from(bases).map_err(|_| too_long())?);
        if start0 < 0 {
            let before = start0.unsigned_abs().min(bases);
            sequence.resize(usize::try_from(before).map_err(|_| too_long())?, b'N');
        }
        let mut position0 = u64::try_from(start0).unwrap_or(0);
        let inside_end0 = u64::try_from(end0).unwrap_or(0).min(*length);
        while position0 < inside_end0 {
            let page_start0 = position0 - position0 % PAGE_BASES;
            let page = self.page(index, page_start0)?;
            let page_end0 = inside_end0.min(page_start0 + PAGE_BASES);
            let range = usize::try_from(position0 - page_start0).unwrap_or(usize::MAX)
                ..usize::try_from(page_end0 - page_start0).unwrap_or(usize::MAX);
            let part = page.get(range).ok_or_else(|| self.source.truncated(name, page_start0))?;
            sequence.extend_from_slice(part);
            position0 = page_end0;
        }
        sequence.resize(usize::try_from(bases).map_err(|_| too_long())?, b'N');
        Ok(sequence)
    }

    fn contig_index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).or_else(|| self.by_key.get(contig_key(name))).copied()
    }

    fn unknown_contig(&self, contig: &str) -> ReferenceError {
        let known = self.contigs.iter().take(5).map(|contig| contig.name.clone()).collect();
        ReferenceError::UnknownContig { path: self.path.clone(), contig: contig.to_owned(), known }
    }

    fn page(&self, contig: usize, start0: u64) -> Result<Page, ReferenceError> {
        if let Some(page) = self.pages.get(contig, start0) {
            return Ok(page);
        }
        let idle = self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => self.source.reader()?,
        };
        let page = Page::from(self.source.read(&mut reader, contig, start0, PAGE_BASES)?);
        self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        self.pages.insert(contig, start0, &page);
        Ok(page)
    }
}

#[cfg(test)]
mod tests;
