//! Pictures of maps, as many as were asked for.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use polaris_figures::{Cluster, Figure, FigureError, Panel, XAxis, png};
use polaris_genomics::Strand;

use super::columns::{Columns, GAP, Layer};
use super::explained::{Explained, LayerMap, ModelMaps};
use crate::output_file::{Destination, OutputError, OutputFile};
use crate::tracks::strand_name;

/// Pixels of a PNG for one of the SVG.
const PNG_SCALE: f32 = 2.0;
/// Bases of the longest map that is drawn.
const MOST_COLUMNS: usize = 1 << 20;

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    /// From the drawing.
    #[error("cannot draw {name}: {source}")]
    Figure {
        /// The picture.
        name: String,
        /// What was wrong.
        source: FigureError,
    },
    /// From the file.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// What pictures look like, and how many there are.
pub(super) struct Pictures {
    pub(super) svg: bool,
    pub(super) png: bool,
    /// Pictures that are drawn at most.
    pub(super) most: usize,
    /// Bases to show as letters.
    pub(super) zoom: Option<usize>,
    /// What the values are.
    pub(super) quantity: String,
    /// Of the reference, if there is one.
    pub(super) assembly: Option<String>,
    pub(super) drawn: usize,
    pub(super) left_out: usize,
    names: HashSet<String>,
}

impl Pictures {
    pub(super) fn new(svg: bool, png: bool, most: usize, zoom: Option<usize>, quantity: String) -> Self {
        let names = HashSet::new();
        Self { svg, png, most, zoom, quantity, assembly: None, drawn: 0, left_out: 0, names }
    }

    /// Draws the target by each model, those with most to see first, as long as there is room.
    pub(super) fn add(
        &mut self,
        explained: &Explained,
        models: &[String],
        folder: &Path,
    ) -> Result<(), PictureError> {
        if !self.svg && !self.png {
            return Ok(());
        }
        let mut order: Vec<(&String, &ModelMaps)> = models.iter().zip(&explained.models).collect();
        order.sort_by(|(_, left), (_, right)| right.weight().total_cmp(&left.weight()));
        for (model, maps) in order {
            if self.drawn >= self.most || explained.columns.len() > MOST_COLUMNS {
                self.left_out += 1;
                continue;
            }
            self.draw(explained, model, maps, folder)?;
            self.drawn += 1;
        }
        Ok(())
    }

    fn draw(
        &mut self,
        explained: &Explained,
        model: &str,
        maps: &ModelMaps,
        folder: &Path,
    ) -> Result<(), PictureError> {
        let name = self.free_name(&explained.name, model, explained.columns.place().strand);
        let failed = |source| PictureError::Figure { name: name.clone(), source };
        let svg = self.figure(explained, model, maps).to_svg().map_err(failed)?;
        if self.png {
            let pixels = png::render(&svg, PNG_SCALE).map_err(failed)?;
            write(&format!("{name}.png"), &pixels, folder)?;
        }
        if self.svg {
            write(&format!("{name}.svg"), svg.as_bytes(), folder)?;
        }
        Ok(())
    }

    /// A picture of the bases around the change alone.
    pub(super) fn small(
        &self,
        explained: &Explained,
        model: &str,
        maps: &ModelMaps,
    ) -> Result<String, FigureError> {
        self.figure(explained, model, maps).letters_to_svg()
    }

    /// A name that no picture of the run has: with the strand and a number if need be.
    fn free_name(&mut self, target: &str, model: &str, strand: Strand) -> String {
        let base = format!("{}.{}", safe_name(target), safe_name(model));
        let stranded = format!("{base}.{}", strand_name(strand));
        let numbered = (2..).map(|number| format!("{stranded}.{number}"));
        let mut names = [base.clone(), stranded.clone()].into_iter().chain(numbered);
        let name = names.find(|name| !self.names.contains(name)).unwrap_or(base);
        self.names.insert(name.clone());
        name
    }

    fn figure(&self, explained: &Explained, model: &str, maps: &ModelMaps) -> Figure {
        let columns = &explained.columns;
        let highlight = columns.changed();
        Figure {
            title: format!("{model}: {}", explained.name),
            subtitle: subtitle(maps, explained.windows),
            x_axis: self.axis(columns),
            panels: maps.maps.iter().map(|map| self.panel(columns, map)).collect(),
            zoom: self
                .zoom
                .map(|bases| around(focus(columns, maps, highlight.as_ref()), bases, columns.len())),
            highlight,
            notes: Vec::new(),
        }
    }

    fn axis(&self, columns: &Columns) -> XAxis {
        let place = columns.place();
        let contig = &place.contig;
        match (&self.assembly, place.strand) {
            (None, _) => XAxis::rising(contig.clone(), place.start0.saturating_add(1)),
            (Some(assembly), Strand::Forward) => {
                XAxis::rising(format!("{contig} ({assembly}), plus strand"), place.start0.saturating_add(1))
            }
            (Some(assembly), Strand::Reverse) => {
                XAxis::falling(format!("{contig} ({assembly}), minus strand"), place.end0())
            }
        }
    }

    fn panel(&self, columns: &Columns, map: &LayerMap) -> Panel {
        let letter = |column| match columns.letter(map.layer, column) {
            b'T' => b'U',
            // A lost base is what a difference is about: it stands there with the reference's letter.
            GAP if map.layer == Layer::Difference => match columns.letter(Layer::Reference, column) {
                b'T' => b'U',
                letter => letter,
            },
            letter => letter,
        };
        let value = |(column, value): (usize, &f32)| match columns.has_value(map.layer, column) {
            true => *value,
            false => f32::NAN,
        };
        let clusters = map.clusters.iter();
        Panel {
            label: match map.layer {
                Layer::Reference if columns.alternate.is_none() => String::new(),
                Layer::Reference => "reference".to_owned(),
                Layer::Alternate => "alternate".to_owned(),
                Layer::Difference => "difference".to_owned(),
            },
            // A scale of its own: the alleles' is then that of values which are not negative.
            quantity: match map.layer {
                Layer::Difference => "Δ logit".to_owned(),
                Layer::Reference | Layer::Alternate => self.quantity.clone(),
            },
            letters: (0..columns.len()).map(letter).collect(),
            values: map.values.iter().enumerate().map(value).collect(),
            clusters: clusters
                .map(|cluster| Cluster { columns: cluster.columns.clone(), score: cluster.score })
                .collect(),
        }
    }
}

fn subtitle(maps: &ModelMaps, windows: usize) -> String {
    let reference = maps.probability;
    match (maps.alternate_probability, windows) {
        (Some(alternate), _) => format!(
            "probability of binding: reference {reference:.3}, alternate {alternate:.3}, change {:+.3}",
            alternate - reference
        ),
        (None, 1) => format!("probability of binding {reference:.3}"),
        (None, windows) => format!("largest probability of binding of {windows} windows {reference:.3}"),
    }
}

/// The columns to look at: the variant, or else the value furthest from 0.
fn focus(columns: &Columns, maps: &ModelMaps, highlight: Option<&Range<usize>>) -> Range<usize> {
    if let Some(changed) = highlight {
        return changed.clone();
    }
    let first = maps.maps.first();
    let values = first.iter().flat_map(|map| map.values.iter().enumerate());
    let known = values.filter(|(column, _)| columns.has_value(Layer::Reference, *column));
    let peak = known.fold((0, 0.0), |best, (column, value)| match value.abs() > best.1 {
        true => (column, value.abs()),
        false => best,
    });
    peak.0..peak.0 + 1
}

/// `width` columns with the middle of `focus` in their middle, as far as there are any.
fn around(focus: Range<usize>, width: usize, columns: usize) -> Range<usize> {
    let width = width.min(columns);
    let middle = focus.start + focus.len() / 2;
    let start = middle.saturating_sub(width / 2).min(columns - width);
    start..start + width
}

fn write(name: &str, content: &[u8], folder: &Path) -> Result<(), OutputError> {
    let mut file = OutputFile::create(&Destination::File(folder.join(name)))?;
    file.write_all(content)?;
    file.commit()
}

/// A name that is safe as that of a file: letters, digits, `.`, `_`, `+` and `-`, not hidden, and not too long.
fn safe_name(name: &str) -> String {
    const MOST_LETTERS: usize = 100;
    let safe = |letter: char| match letter {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '+' | '-' => letter,
        _ => '_',
    };
    let safe: String = name.chars().map(safe).take(MOST_LETTERS).collect();
    match safe.starts_with('.') || safe.is_empty() {
        true => format!("_{safe}"),
        false => safe,
    }
}

#[cfg(test)]
mod tests;
