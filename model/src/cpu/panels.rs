//! Weight matrices in the order in which products read them.

use std::ops::Range;

use super::aligned::Aligned;
use super::word::Word;
use crate::architecture::FILTERS;

/// Outputs of a wide panel: two vectors of AVX-512.
pub(crate) const WIDE: usize = 32;
/// Outputs of a narrow panel, for what is left of a matrix.
pub(crate) const NARROW: usize = 16;
/// Filters of a position, filled up to whole vectors.
pub(crate) const PADDED_FILTERS: usize = FILTERS.next_multiple_of(NARROW);
/// Outputs of a panel that takes four words of the sum at once; a hundred outputs are three wide panels and one of these.
pub(crate) const QUAD: usize = 4;

/// How the words of a panel lie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// `[words][32 outputs]`.
    Wide,
    /// `[words][16 outputs]`.
    Narrow,
    /// `[words / 4][4 outputs][4 words]`.
    Quad,
}

impl Shape {
    /// Outputs of a panel.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Self::Wide => WIDE,
            Self::Narrow => NARROW,
            Self::Quad => QUAD,
        }
    }
}

/// What becomes of outputs that do not fill a wide panel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rest {
    /// Panels are filled up with weights of 0.
    Filled,
    /// Four make a quad panel: for convolutions, whose hundred filters would else be filled up by a ninth.
    Quad,
}

/// A matrix of `outputs` by `inputs` numbers, cut into panels of outputs.
#[derive(Debug)]
pub(crate) struct Panels<T> {
    words: usize,
    outputs: usize,
    rest: Rest,
    values: Aligned<T>,
}

impl<T: Word> Panels<T> {
    /// Brings a matrix into order; `value(output, input)` is an element of it.
    pub(crate) fn new(
        outputs: usize,
        inputs: usize,
        rest: Rest,
        value: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let words = inputs.div_ceil(T::NUMBERS);
        let word = |output: usize, word: usize| {
            let mut numbers = [0.0; 2];
            for (offset, number) in numbers.iter_mut().enumerate().take(T::NUMBERS) {
                let input = word * T::NUMBERS + offset;
                if output < outputs && input < inputs {
                    *number = value(output, input);
                }
            }
            T::of(&numbers)
        };
        let mut panels = Self { words, outputs, rest, values: Aligned::zeros(0) };
        panels.values = Aligned::extended(words * panels.width(), |values| {
            for (first, shape) in panels.shapes() {
                match shape {
                    Shape::Wide | Shape::Narrow => values.extend(
                        (0..words)
                            .flat_map(|index| (0..shape.outputs()).map(move |column| (index, column)))
                            .map(|(index, column)| word(first + column, index)),
                    ),
                    Shape::Quad => values.extend((0..words * QUAD).map(|place| {
                        word(first + place / QUAD % QUAD, place / (QUAD * QUAD) * QUAD + place % QUAD)
                    })),
                }
            }
        });
        panels
    }

    /// All words, in an order that all matrices of the same size share.
    pub(crate) fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Words of a sum.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// What became of outputs that do not fill a wide panel.
    pub(crate) fn rest(&self) -> Rest {
        self.rest
    }

    /// Outputs with those that fill up the last panel, whose weights are 0.
    pub(crate) fn width(&self) -> usize {
        self.shapes().last().map_or(0, |(first, shape)| first + shape.outputs())
    }

    /// First output and shape of each panel.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = (usize, Shape)> + use<T> {
        let outputs = self.outputs;
        let quads = self.rest == Rest::Quad && self.words.is_multiple_of(QUAD);
        (0..outputs.div_ceil(WIDE)).map(move |panel| {
            let first = panel * WIDE;
            let shape = match outputs - first {
                QUAD if quads => Shape::Quad,
                0..=NARROW => Shape::Narrow,
                _ => Shape::Wide,
            };
            (first, shape)
        })
    }

    /// Words of the panel that begins at output `first`, from word `words.start` of the sum to `words.end`; of a quad
    /// panel both must be multiples of 4.
    pub(crate) fn panel(&self, first: usize, shape: Shape, words: Range<usize>) -> &[T] {
        let start = first * self.words;
        &self.values[start + words.start * shape.outputs()..start + words.end * shape.outputs()]
    }

    /// As [`Panels::panel`], to be changed.
    pub(crate) fn panel_mut(&mut self, first: usize, shape: Shape, words: Range<usize>) -> &mut [T] {
        let start = first * self.words;
        &mut self.values[start + words.start * shape.outputs()..start + words.end * shape.outputs()]
    }

    /// The numbers of one input's weights by output, as they count in a product, with the panels' filling.
    #[cfg(test)]
    pub(crate) fn value(&self, output: usize, input: usize) -> f32 {
        let (word, within) = (input / T::NUMBERS, input % T::NUMBERS);
        let (first, shape) =
            self.shapes().find(|(first, shape)| (*first..first + shape.outputs()).contains(&output)).unwrap();
        let panel = self.panel(first, shape, 0..self.words);
        let column = output - first;
        let place = match shape {
            Shape::Wide | Shape::Narrow => word * shape.outputs() + column,
            Shape::Quad => word / QUAD * QUAD * QUAD + column * QUAD + word % QUAD,
        };
        panel[place].number(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::word::Bf16Pair;

    fn check<T: Word>(outputs: usize, inputs: usize, rest: Rest, width: usize) {
        // Small whole numbers, which bfloat16 holds exactly.
        let value = |output: usize, input: usize| ((output * 7 + input * 3) % 101) as f32;
        let panels = Panels::<T>::new(outputs, inputs, rest, value);
        assert_eq!(panels.width(), width);
        assert_eq!(panels.values.len(), width * inputs.div_ceil(T::NUMBERS));
        assert_eq!(panels.panel(0, panels.shapes().next().unwrap().1, 0..1).as_ptr().align_offset(64), 0);
        for output in 0..outputs {
            for input in 0..inputs {
                assert_eq!(panels.value(output, input), value(output, input), "{output} {input}");
            }
        }
    }

    #[test]
    fn every_weight_is_in_its_place() {
        for (outputs, inputs, width) in [(300, 600, 304), (600, 42, 608), (64, 3, 64), (100, 8, 112)] {
            check::<f32>(outputs, inputs, Rest::Filled, width);
        }
        check::<f32>(100, 200, Rest::Quad, 100);
        // A sum that is no multiple of four words.
        check::<f32>(100, 6, Rest::Quad, 112);
        check::<Bf16Pair>(100, 200, Rest::Quad, 100);
        check::<Bf16Pair>(36, 7, Rest::Quad, 36);
        check::<Bf16Pair>(33, 7, Rest::Filled, 48);
    }
}
