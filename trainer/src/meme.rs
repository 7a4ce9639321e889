//! Motifs in the minimal MEME format (version 4), of RNA or DNA.

mod read;
mod write;

pub(crate) use read::read_motifs;
pub(crate) use write::meme_text;

use crate::position_matrix::PositionMatrix;

/// A motif of such a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Motif {
    /// Its identifier, without white space.
    pub(crate) id: String,
    /// Its other name, if it has one.
    pub(crate) name: Option<String>,
    /// Sites that it was made of, if the file says so.
    pub(crate) sites: Option<usize>,
    /// Probabilities, one column or more.
    pub(crate) matrix: PositionMatrix,
}
