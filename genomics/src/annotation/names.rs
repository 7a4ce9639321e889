//! Identifiers that are only unique within a strand of a contig: files repeat them, for instance on chrX and chrY.

use std::collections::HashMap;

use crate::strand::Strand;

/// A strand of a contig, the contig as an index into the draft's names.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash, Ord, PartialOrd)]
pub(super) struct Locus {
    pub(super) contig: usize,
    pub(super) strand: Strand,
}

/// Contig names in the order of their first mention.
#[derive(Default)]
pub(super) struct Contigs {
    names: Vec<String>,
    by_name: HashMap<String, usize>,
    last: usize,
}

impl Contigs {
    pub(super) fn index(&mut self, name: &str) -> usize {
        if self.names.get(self.last).is_some_and(|last| last == name) {
            return self.last;
        }
        self.last = match self.by_name.get(name) {
            Some(&index) => index,
            None => {
                self.by_name.insert(name.to_owned(), self.names.len());
                self.names.push(name.to_owned());
                self.names.len() - 1
            }
        };
        self.last
    }

    pub(super) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }
}

/// From identifier to an index, by locus; a known identifier is looked up without an allocation.
#[derive(Default)]
pub(super) struct LocusMap(HashMap<Locus, HashMap<Box<str>, usize>>);

impl LocusMap {
    pub(super) fn get(&self, locus: Locus, id: &str) -> Option<usize> {
        self.0.get(&locus)?.get(id).copied()
    }

    pub(super) fn insert(&mut self, locus: Locus, id: &str, index: usize) {
        self.0.entry(locus).or_default().insert(id.into(), index);
    }
}
