//! Packs planned windows into requests that the server's limits allow.

use polaris_genomics::RegionClass;
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{Allele, ScoreVariantsRequest, VariantWindow};
use prost::Message;

use super::plan::PlannedWindow;
use crate::requirements::RequestLimits;

/// Tag and length of a message inside another, at most.
const FRAME_BYTES: usize = 8;

/// Where an allele is answered: in which of the requests, and where in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Location {
    pub(super) request: usize,
    pub(super) window: usize,
    pub(super) allele: usize,
}

/// What is kept of a planned window while it is asked about.
pub(super) struct PlacedWindow {
    pub(super) region: Option<RegionClass>,
    pub(super) alleles: Vec<Location>,
}

/// Requests, and where each window's alleles are in them.
#[derive(Default)]
pub(super) struct Packed {
    pub(super) requests: Vec<ScoreVariantsRequest>,
    pub(super) windows: Vec<PlacedWindow>,
}

/// Fills requests one after the other. A window with more alleles than fit is repeated in the next request.
/// The ids of the requests are left to the sender.
pub(super) fn pack(windows: Vec<PlannedWindow>, model_ids: &[String], limits: RequestLimits) -> Packed {
    let mut packed = Packed::default();
    let mut filling = Filling::new(model_ids);
    for PlannedWindow { reference, region, alleles } in windows {
        let mut locations = Vec::with_capacity(alleles.len());
        let window_bytes = reference.encoded_len() + 2 * FRAME_BYTES;
        let mut is_open = false;
        for allele in alleles {
            let cost = Cost { windows: passes(&allele), bytes: allele.encoded_len() + FRAME_BYTES };
            let opening = Cost { windows: 1 + cost.windows, bytes: window_bytes + cost.bytes };
            if !(is_open && filling.has_room(cost, limits)) {
                if !filling.has_room(opening, limits) || is_open {
                    packed.requests.extend(filling.take(model_ids));
                }
                filling.open(reference.clone(), Cost { windows: 1, bytes: window_bytes });
                is_open = true;
            }
            let (window, allele) = filling.add(allele, cost);
            locations.push(Location { request: packed.requests.len(), window, allele });
        }
        packed.windows.push(PlacedWindow { region, alleles: locations });
    }
    packed.requests.extend(filling.take(model_ids));
    packed
}

#[derive(Clone, Copy, Default)]
struct Cost {
    windows: usize,
    bytes: usize,
}

struct Filling {
    windows: Vec<VariantWindow>,
    used: Cost,
    empty_bytes: usize,
}

impl Filling {
    fn new(model_ids: &[String]) -> Self {
        let ids: usize = model_ids.iter().map(|id| id.len() + FRAME_BYTES).sum();
        let empty_bytes = ids + 2 * FRAME_BYTES;
        Self { windows: Vec::new(), used: Cost { windows: 0, bytes: empty_bytes }, empty_bytes }
    }

    /// Whether there is room. An empty request has: that a lone allele fits was seen to before the run.
    fn has_room(&self, cost: Cost, limits: RequestLimits) -> bool {
        self.windows.is_empty()
            || self.used.windows + cost.windows <= limits.windows
                && self.used.bytes + cost.bytes <= limits.bytes
    }

    fn open(&mut self, reference: polaris_proto::v1::Window, cost: Cost) {
        self.windows.push(VariantWindow { reference: Some(reference), alleles: Vec::new() });
        self.charge(cost);
    }

    fn add(&mut self, allele: Allele, cost: Cost) -> (usize, usize) {
        self.charge(cost);
        let window = self.windows.len().saturating_sub(1);
        match self.windows.last_mut() {
            Some(last) => {
                last.alleles.push(allele);
                (window, last.alleles.len() - 1)
            }
            None => (window, 0),
        }
    }

    fn charge(&mut self, cost: Cost) {
        self.used.windows += cost.windows;
        self.used.bytes += cost.bytes;
    }

    fn take(&mut self, model_ids: &[String]) -> Option<ScoreVariantsRequest> {
        self.used = Cost { windows: 0, bytes: self.empty_bytes };
        let windows = std::mem::take(&mut self.windows);
        (!windows.is_empty()).then(|| ScoreVariantsRequest {
            request_id: 0,
            model_ids: model_ids.to_vec(),
            windows,
        })
    }
}

/// Windows that an allele counts for.
fn passes(allele: &Allele) -> usize {
    match allele.change {
        Some(Change::Resized(_)) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use polaris_proto::v1::{Resized, Substitution, Window};
    use proptest::prelude::*;

    use super::*;

    fn allele(number: usize, resized: bool) -> Allele {
        let bases = format!("{number}");
        let change = match resized {
            true => Change::Resized(Resized {
                left_anchored: bases.clone(),
                right_anchored: bases,
                ..Resized::default()
            }),
            false => Change::Substitution(Substitution { offset0: 0, bases }),
        };
        Allele { change: Some(change) }
    }

    fn counted(request: &ScoreVariantsRequest) -> usize {
        request.windows.iter().map(|window| 1 + window.alleles.iter().map(passes).sum::<usize>()).sum()
    }

    proptest! {
        #[test]
        fn within_limits_and_nothing_lost(
            shape in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 1..9), 0..12),
            windows in 3_usize..12,
            bytes in 400_usize..2000,
        ) {
            let limits = RequestLimits { windows, bytes, response_bytes: 0 };
            let mut number = 0;
            let planned: Vec<PlannedWindow> = shape.iter().enumerate().map(|(index, alleles)| PlannedWindow {
                reference: Window { sequence: format!("{index:0>100}"), ..Window::default() },
                region: None,
                alleles: alleles.iter().map(|&resized| { number += 1; allele(number, resized) }).collect(),
            }).collect();
            let packed = pack(planned, &["A.K562".into()], limits);
            for request in &packed.requests {
                prop_assert!(counted(request) <= limits.windows);
                prop_assert!(request.encoded_len() <= limits.bytes);
                prop_assert!(request.windows.iter().all(|window| !window.alleles.is_empty()));
            }
            let mut number = 0;
            prop_assert_eq!(packed.windows.len(), shape.len());
            for (index, (placed, alleles)) in packed.windows.iter().zip(&shape).enumerate() {
                prop_assert_eq!(placed.alleles.len(), alleles.len());
                for (location, &resized) in placed.alleles.iter().zip(alleles) {
                    number += 1;
                    let window = &packed.requests[location.request].windows[location.window];
                    prop_assert_eq!(&window.reference.as_ref().unwrap().sequence, &format!("{index:0>100}"));
                    prop_assert_eq!(&window.alleles[location.allele], &allele(number, resized));
                }
            }
            let sent: usize = packed.requests.iter().flat_map(|request| &request.windows).map(|window| window.alleles.len()).sum();
            prop_assert_eq!(sent, number);
        }
    }
}
