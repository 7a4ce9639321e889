//! Synthetic requests: random windows, a function of the seed and the number of the call.

use std::collections::HashMap;

use polaris_genomics::RegionClass;
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    Allele, LocalizationMethod, LocalizeRequest, LocalizeWindow, MapOptions, MapResolution, PredictRequest,
    ScoreVariantsRequest, Substitution, VariantWindow, Window,
};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::call::{CallKind, Request};
use crate::messages::window_message;

const BASES: [u8; 4] = *b"ACGT";
/// Bases made of one random number.
const BASES_PER_NUMBER: usize = 32;
/// ln(TPM + 1) of a strongly expressed gene.
const MAX_EXPRESSION: f32 = 6.0;
/// Other bases than the reference's.
const SUBSTITUTIONS_PER_BASE: usize = 3;

/// What every request is like.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) kind: CallKind,
    /// Reference windows.
    pub(super) windows: usize,
    /// Substitutions of each window, for scores.
    pub(super) alleles: usize,
    /// Bases of a window.
    pub(super) length: usize,
    /// Cell lines whose expression the models read.
    pub(super) cell_lines: Vec<String>,
    /// Models to ask; none for all.
    pub(super) model_ids: Vec<String>,
}

impl Shape {
    /// The most single substitutions that a window has.
    pub(super) fn max_alleles(length: usize) -> usize {
        length.saturating_mul(SUBSTITUTIONS_PER_BASE)
    }

    /// Windows of a request as the server counts them: reference and alternate ones alike.
    pub(super) fn counted_windows(&self) -> usize {
        match self.kind {
            CallKind::Score => self.windows.saturating_mul(self.alleles.saturating_add(1)),
            CallKind::Predict | CallKind::Localize => self.windows,
        }
    }
}

/// Makes one request after the other.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    shape: Shape,
    seed: u64,
    next: u64,
    /// Sent in every call.
    repeated: Option<Request>,
}

impl Traffic {
    /// Windows that differ in every call, or with `repeat` those of the first call again and again.
    pub(super) fn new(shape: Shape, seed: u64, repeat: bool) -> Self {
        let repeated = repeat.then(|| request(&shape, seed, 0));
        Self { shape, seed, next: 0, repeated }
    }

    /// The next call's request.
    pub(super) fn next(&mut self) -> Request {
        if let Some(request) = &self.repeated {
            return request.clone();
        }
        let request = request(&self.shape, self.seed, self.next);
        self.next += 1;
        request
    }
}

fn request(shape: &Shape, seed: u64, number: u64) -> Request {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let model_ids = shape.model_ids.clone();
    let mut windows = Vec::with_capacity(shape.windows);
    for _ in 0..shape.windows {
        windows.push(window(shape, &mut rng));
    }
    match shape.kind {
        CallKind::Predict => Request::Predict(PredictRequest { windows, model_ids }),
        CallKind::Score => {
            let with_alleles = |window: Window| VariantWindow {
                alleles: substitutions(window.sequence.as_bytes(), shape.alleles),
                reference: Some(window),
            };
            let windows = windows.into_iter().map(with_alleles).collect();
            Request::Score(ScoreVariantsRequest { request_id: 0, model_ids, windows })
        }
        CallKind::Localize => {
            let alone = |window| LocalizeWindow { reference: Some(window), allele: None };
            let options = MapOptions {
                method: LocalizationMethod::GradCam.into(),
                resolution: MapResolution::Base.into(),
                ..MapOptions::default()
            };
            let windows = windows.into_iter().map(alone).collect();
            Request::Localize(LocalizeRequest { model_ids, windows, options: Some(options) })
        }
    }
}

fn window(shape: &Shape, rng: &mut ChaCha8Rng) -> Window {
    let mut sequence = Vec::with_capacity(shape.length + BASES_PER_NUMBER);
    while sequence.len() < shape.length {
        let mut bits = rng.next_u64();
        for _ in 0..BASES_PER_NUMBER {
            sequence.push(BASES[usize::from(bits.to_le_bytes()[0] & 3)]);
            bits >>= 2;
        }
    }
    sequence.truncate(shape.length);
    let mut expression = HashMap::with_capacity(shape.cell_lines.len());
    for cell_line in &shape.cell_lines {
        expression.insert(cell_line.clone(), rng.random_range(0.0..MAX_EXPRESSION));
    }
    // None is a class too.
    let class = RegionClass::ALL.get(rng.random_range(0..=RegionClass::COUNT)).copied();
    window_message(sequence, expression, class)
}

/// So many single substitutions: all of the base at the centre, then of those around it by distance.
fn substitutions(sequence: &[u8], count: usize) -> Vec<Allele> {
    let centre = sequence.len() / 2;
    let of = |number: usize| {
        let (step, other) = (number / SUBSTITUTIONS_PER_BASE, number % SUBSTITUTIONS_PER_BASE);
        let offset0 = if step % 2 == 1 { centre - step.div_ceil(2) } else { centre + step / 2 };
        let reference = BASES.iter().position(|base| sequence.get(offset0) == Some(base)).unwrap_or(0);
        let base = BASES[(reference + 1 + other) % BASES.len()];
        let offset0 = u32::try_from(offset0).unwrap_or(u32::MAX);
        let substitution = Substitution { offset0, bases: char::from(base).to_string() };
        Allele { change: Some(Change::Substitution(substitution)) }
    };
    (0..count.min(Shape::max_alleles(sequence.len()))).map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn shape(kind: CallKind, alleles: usize, length: usize) -> Shape {
        let (cell_lines, model_ids) = (vec!["K562".to_owned()], vec!["A.K562".to_owned()]);
        Shape { kind, windows: 3, alleles, length, cell_lines, model_ids }
    }

    fn predicted(request: Request) -> PredictRequest {
        match request {
            Request::Predict(request) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn windows_differ_in_every_call_and_come_again_with_the_seed() {
        let shape = shape(CallKind::Predict, 1, 151);
        let calls = |seed| {
            let mut traffic = Traffic::new(shape.clone(), seed, false);
            (0..20).map(|_| predicted(traffic.next())).collect::<Vec<_>>()
        };
        let first = calls(1);
        assert_eq!(first, calls(1));
        assert_ne!(first, calls(2));
        let windows: Vec<&Window> = first.iter().flat_map(|call| &call.windows).collect();
        let sequences: BTreeSet<&str> = windows.iter().map(|window| window.sequence.as_str()).collect();
        assert_eq!(sequences.len(), 60);
        for window in &windows {
            assert_eq!(window.sequence.len(), 151);
            assert!(window.sequence.bytes().all(|base| BASES.contains(&base)));
            assert!((0.0..MAX_EXPRESSION).contains(&window.expression["K562"]));
        }
        let regions: BTreeSet<i32> = windows.iter().map(|window| window.region).collect();
        assert_eq!(regions, (0..7).collect());
        assert!(first.iter().all(|call| call.model_ids == ["A.K562"]));
    }

    #[test]
    fn repeated_windows_are_those_of_the_first_call() {
        let shape = shape(CallKind::Predict, 1, 151);
        let mut repeated = Traffic::new(shape.clone(), 7, true);
        let first = Traffic::new(shape, 7, false).next();
        assert!((0..3).all(|_| repeated.next() == first));
    }

    #[test]
    fn alleles_change_the_centre_first_and_each_is_another() {
        for length in [10, 11] {
            let all = Shape::max_alleles(length);
            let Request::Score(request) = Traffic::new(shape(CallKind::Score, all, length), 1, false).next()
            else {
                panic!("another request")
            };
            for window in request.windows {
                let sequence = window.reference.unwrap().sequence;
                let changes: Vec<(usize, String)> = window
                    .alleles
                    .into_iter()
                    .map(|allele| match allele.change {
                        Some(Change::Substitution(change)) => {
                            (usize::try_from(change.offset0).unwrap(), change.bases)
                        }
                        other => panic!("{other:?}"),
                    })
                    .collect();
                let offsets: Vec<usize> = changes.iter().step_by(3).map(|change| change.0).take(4).collect();
                assert_eq!(offsets, [5, 4, 6, 3]);
                assert!(changes.iter().all(|(offset0, bases)| sequence[*offset0..=*offset0] != **bases));
                assert_eq!(changes.into_iter().collect::<BTreeSet<_>>().len(), 3 * length);
            }
        }
    }

    #[test]
    fn windows_are_counted_as_the_server_counts() {
        assert_eq!(shape(CallKind::Predict, 5, 151).counted_windows(), 3);
        assert_eq!(shape(CallKind::Localize, 5, 151).counted_windows(), 3);
        assert_eq!(shape(CallKind::Score, 5, 151).counted_windows(), 18);
    }
}
