//! What is calculated for a call: which windows together, and which alternates from which window.

use polaris_genomics::{RegionClass, SequenceError};

use super::Limits;
use super::chosen::even_share;
use super::layout::Layout;
use super::reach::{self, Effect, Reach};
use crate::ensemble::{EngineError, Substitution, WindowInput};
use crate::inputs::InputError;

/// Code of a position without a base.
pub(super) const NO_BASE: u8 = 4;

/// All that a call asks for.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) chunks: Vec<Chunk<'a>>,
    /// Rows of the answer.
    pub(super) rows: usize,
    /// Rows that are the same as an earlier one: the row, and the earlier one.
    copies: Vec<(usize, usize)>,
}

/// Passes that are calculated at once, and alternates that start from them.
#[derive(Debug, Default)]
pub(super) struct Chunk<'a> {
    pub(super) passes: Vec<Pass<'a>>,
    /// Alternates that are calculated alike.
    pub(super) classes: Vec<Class>,
    alternates: usize,
}

/// A sequence that goes through the whole network.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    /// A base each, 0 to 3, or [`NO_BASE`].
    pub(super) codes: Vec<u8>,
    pub(super) region: Option<RegionClass>,
    pub(super) expression: &'a [f32],
    /// Row of the answer, unless it is only there for alternates to start from.
    place: Option<usize>,
}

/// Alternates that change as many positions of the first pooling and lie alike on the grid of the second.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) changed: usize,
    pub(super) lead: usize,
    /// Sorted by the first position of the second pooling.
    pub(super) alternates: Vec<Alternate>,
}

/// An alternate that is calculated from a pass.
#[derive(Debug)]
pub(super) struct Alternate {
    /// Index of the pass in its chunk.
    pub(super) pass: usize,
    pub(super) reach: Reach,
    /// Bases that the changed positions see.
    pub(super) codes: Vec<u8>,
    place: usize,
}

impl Chunk<'_> {
    /// Row of the answer of each pass and then of each alternate.
    pub(super) fn places(&self) -> Vec<Option<usize>> {
        let alternates = self.classes.iter().flat_map(|class| &class.alternates);
        let passes = self.passes.iter().map(|pass| pass.place);
        passes.chain(alternates.map(|alternate| Some(alternate.place))).collect()
    }

    fn push(&mut self, alternate: Alternate) {
        let (changed, lead) = (alternate.reach.changed, alternate.reach.lead());
        self.alternates += 1;
        match self.classes.iter_mut().find(|class| class.changed == changed && class.lead == lead) {
            Some(class) => class.alternates.push(alternate),
            None => self.classes.push(Class { changed, lead, alternates: vec![alternate] }),
        }
    }
}

impl<'a> Plan<'a> {
    /// Plans windows, each with its substitutions unless only the windows themselves are asked for.
    ///
    /// # Errors
    /// If a window or a substitution is not as the models need it.
    pub(super) fn of(
        windows: &'a [WindowInput],
        with_substitutions: bool,
        layout: &Layout,
        columns: usize,
        limits: &Limits,
    ) -> Result<Self, EngineError> {
        let most = limits.passes(layout);
        let mut plan = Plan { chunks: vec![Chunk::default()], rows: 0, copies: Vec::new() };
        // Chunks of about the same size keep the device busy to the end. Substitutions that need a pass may still make
        // one more.
        let most_passes = even_share(windows.len(), most);
        for (index, window) in windows.iter().enumerate() {
            check(window, index, layout, columns)?;
            let codes = codes(&window.sequence, index)?;
            let place = plan.next_row();
            let mut pass = plan.push_pass(codes.clone(), window, Some(place), most_passes);
            let mut needs_pass = Vec::new();
            let substitutions = if with_substitutions { window.substitutions.as_slice() } else { &[] };
            for substitution in substitutions {
                let row = plan.next_row();
                let Some((alternate, first, last)) = substituted(&codes, substitution, index)? else {
                    plan.copies.push((row, place));
                    continue;
                };
                match reach::effect(layout, first, last) {
                    Effect::Nothing => plan.copies.push((row, place)),
                    Effect::Whole => needs_pass.push((alternate, row)),
                    Effect::Local(reach) => {
                        if plan.last().alternates >= limits.alternates.max(1) {
                            plan.chunks.push(Chunk::default());
                            pass = plan.push_pass(codes.clone(), window, None, most_passes);
                        }
                        let (start, length) = reach.bases();
                        let codes = alternate.iter().skip(start).take(length).copied().collect();
                        plan.last().push(Alternate { pass, reach, codes, place: row });
                    }
                }
            }
            for (alternate, row) in needs_pass {
                plan.push_pass(alternate, window, Some(row), most.max(1));
            }
        }
        plan.chunks.retain(|chunk| !chunk.passes.is_empty());
        for class in plan.chunks.iter_mut().flat_map(|chunk| &mut chunk.classes) {
            class.alternates.sort_by_key(|alternate| alternate.reach.first2());
        }
        Ok(plan)
    }

    /// The most passes of a chunk.
    pub(super) fn most_passes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.passes.len()).max().unwrap_or(0)
    }

    /// Completes an answer by the rows that are the same as others.
    pub(super) fn copy_rows(&self, width: usize, out: &mut [f32]) {
        for (row, from) in &self.copies {
            let (start, end) = (from * width, (from + 1) * width);
            if end <= out.len() && (row + 1) * width <= out.len() {
                out.copy_within(start..end, row * width);
            }
        }
    }

    fn next_row(&mut self) -> usize {
        self.rows += 1;
        self.rows - 1
    }

    fn last(&mut self) -> &mut Chunk<'a> {
        if self.chunks.is_empty() {
            self.chunks.push(Chunk::default());
        }
        let last = self.chunks.len() - 1;
        &mut self.chunks[last]
    }

    /// Index of the pass in its chunk.
    fn push_pass(
        &mut self,
        codes: Vec<u8>,
        window: &'a WindowInput,
        place: Option<usize>,
        most: usize,
    ) -> usize {
        if self.last().passes.len() >= most {
            self.chunks.push(Chunk::default());
        }
        let passes = &mut self.last().passes;
        passes.push(Pass { codes, region: window.region, expression: &window.expression, place });
        passes.len() - 1
    }
}

fn check(window: &WindowInput, index: usize, layout: &Layout, columns: usize) -> Result<(), EngineError> {
    let found = window.sequence.len();
    if found != layout.input_length {
        let expected = layout.input_length;
        return Err(EngineError::Input(InputError::Length { window: index, expected, found }));
    }
    let found = window.expression.len();
    if found < columns {
        return Err(EngineError::Expression { window: index, expected: columns, found });
    }
    Ok(())
}

/// Codes of letters.
fn codes(letters: &[u8], window: usize) -> Result<Vec<u8>, EngineError> {
    let code = |(offset0, &letter): (usize, &u8)| match letter.to_ascii_uppercase() {
        b'A' => Ok(0),
        b'C' => Ok(1),
        b'G' => Ok(2),
        b'T' | b'U' => Ok(3),
        b'N' => Ok(NO_BASE),
        _ => {
            let cause = SequenceError::Letter { offset0, letter: char::from(letter) };
            Err(EngineError::Input(InputError::Sequence { window, cause }))
        }
    };
    letters.iter().enumerate().map(code).collect()
}

/// The codes with a substitution, and the first and last base that differ; `None` if none does.
fn substituted(
    codes: &[u8],
    substitution: &Substitution,
    window: usize,
) -> Result<Option<(Vec<u8>, usize, usize)>, EngineError> {
    let bases = self::codes(&substitution.bases, window)?;
    let offset0 = substitution.offset0;
    let mut alternate = codes.to_vec();
    let end0 = offset0.checked_add(bases.len());
    let replaced = end0.and_then(|end0| alternate.get_mut(offset0..end0));
    replaced.ok_or(EngineError::Substitution { window, offset0 })?.copy_from_slice(&bases);
    let differs = |(base, (old, new)): (usize, (&u8, &u8))| (old != new).then_some(base);
    let mut differing =
        codes.iter().zip(&alternate).enumerate().skip(offset0).take(bases.len()).filter_map(differs);
    let Some(first) = differing.next() else { return Ok(None) };
    let last = differing.next_back().unwrap_or(first);
    Ok(Some((alternate, first, last)))
}
