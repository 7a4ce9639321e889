//! Cuts the windows of all layers, in order, and fills requests with them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use polaris_genomics::{Contig, Window};
use polaris_proto::v1;
use prost::Message;
use tokio::sync::mpsc;

use super::asking::Room;
use super::layer::{Layer, Track};
use crate::console::Progress;
use crate::messages::{Covariates, CutError};
use crate::tiles::{self, Gap, Gaps, Tiling};

/// Tag and length of a window in a request, at most.
const FRAME_BYTES: usize = 16;

/// A window and the bases that it speaks for.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) contig: Arc<str>,
    /// First base on the forward strand.
    pub(super) start0: u64,
    /// The base after the last.
    pub(super) end0: u64,
    pub(super) window: Window,
}

/// Windows of one layer that are asked about together.
pub(super) struct Batch {
    /// Index of the layer.
    pub(super) layer: usize,
    pub(super) track: Track,
    pub(super) slots: Vec<Slot>,
    /// As many as slots.
    pub(super) windows: Vec<v1::Window>,
}

/// Gaps of a layer and how many windows were asked about.
#[derive(Default)]
pub(super) struct Planned {
    /// By layer.
    pub(super) gaps: Vec<Vec<Gap>>,
    pub(super) asked: u64,
    pub(super) left_out: u64,
}

/// What it takes to cut the windows.
pub(super) struct Planner {
    pub(super) covariates: Covariates,
    pub(super) layers: Vec<Layer>,
    /// Of a window, in bases.
    pub(super) length: usize,
    /// Bases of a probability's bin.
    pub(super) stride: NonZeroUsize,
    pub(super) room: Room,
}

impl Planner {
    /// Windows in all, those that will be left out too. Counted without cutting any.
    pub(super) fn windows(&self) -> u64 {
        let count = |layer: &Layer| {
            let of_contig = |contig| count_slots(layer, contig, self.length, self.stride);
            layer.contigs.iter().map(of_contig).sum::<u64>()
        };
        self.layers.iter().map(count).sum()
    }

    /// Cuts all and sends batches, until nobody wants more or it is told to stop. Windows that are left out count as
    /// done at once.
    pub(super) fn run(
        &self,
        batches: &mpsc::Sender<Batch>,
        stop: &AtomicBool,
        progress: &Progress,
    ) -> Result<Planned, CutError> {
        let mut planned = Planned::default();
        for (index, layer) in self.layers.iter().enumerate() {
            let mut gaps = Gaps::new(layer.strand);
            let mut filling = Filling::new(index, layer.track, self.room);
            for contig in layer.contigs.iter() {
                for slot in self.slots(layer, contig) {
                    // Cutting takes long where nothing is sent: a send is no place to notice.
                    if stop.load(Ordering::Relaxed) || batches.is_closed() {
                        return Ok(planned);
                    }
                    let cut = tiles::cut(&slot.window, self.covariates.bundle())?;
                    let outcome = cut.as_ref().map(|_| ()).map_err(|reason| *reason);
                    gaps.add(&slot.contig, slot.start0, slot.end0, outcome);
                    let Ok(sequence) = cut else {
                        planned.left_out += 1;
                        progress.add(1);
                        continue;
                    };
                    let (window, _) = self.covariates.message(&slot.window, sequence)?;
                    planned.asked += 1;
                    if filling.add(slot, window).is_some_and(|full| batches.blocking_send(full).is_err()) {
                        return Ok(planned);
                    }
                }
            }
            if filling.take().is_some_and(|last| batches.blocking_send(last).is_err()) {
                return Ok(planned);
            }
            let mut gaps = gaps.within(&layer.wanted);
            gaps.extend(layer.unknown.iter().cloned());
            gaps.sort_by(|left, right| (&left.contig, left.start0).cmp(&(&right.contig, right.start0)));
            planned.gaps.push(gaps);
        }
        Ok(planned)
    }

    /// The windows over a layer's bases of a contig, in order, each once though several regions need it.
    fn slots<'a>(&'a self, layer: &'a Layer, contig: &'a Contig) -> impl Iterator<Item = Slot> {
        let name: Arc<str> = contig.name.as_str().into();
        let mut last0 = i64::MIN;
        let wanted = layer.wanted.intervals(&contig.name).iter();
        wanted.flat_map(move |&stretch| self.slots_over(layer, contig, &name, stretch)).filter(move |slot| {
            let is_new = slot.window.start0 > last0;
            last0 = last0.max(slot.window.start0);
            is_new
        })
    }

    fn slots_over<'a>(
        &'a self,
        layer: &'a Layer,
        contig: &'a Contig,
        name: &Arc<str>,
        (start0, end0): (u64, u64),
    ) -> Box<dyn Iterator<Item = Slot> + 'a> {
        let (strand, length, contig_end0, name) =
            (layer.strand, self.length, contig.length, Arc::clone(name));
        match layer.track {
            Track::Probability => {
                let bins = tiles::bins(contig, start0, end0, strand, length, self.stride);
                Box::new(bins.map(move |tiles::Bin { start0, end0, window }| Slot {
                    contig: Arc::clone(&name),
                    start0,
                    end0,
                    window,
                }))
            }
            Track::Localization => {
                let windows = Tiling::half(length).on_grid(&contig.name, start0, end0, strand);
                Box::new(windows.map(move |window| Slot {
                    contig: Arc::clone(&name),
                    start0: tiles::unsigned(window.start0),
                    end0: tiles::unsigned(window.end0()).min(contig_end0),
                    window,
                }))
            }
        }
    }
}

/// How many slots there are over a layer's bases of a contig, from the indices of their windows on the grid.
fn count_slots(layer: &Layer, contig: &Contig, length: usize, stride: NonZeroUsize) -> u64 {
    let signed = |bases: usize| i128::try_from(bases).unwrap_or(i128::MAX);
    let (length, half, stride) = (signed(length), signed(length / 2).max(1), signed(stride.get()));
    let mut end = i128::MIN;
    let mut count = 0;
    for &(start0, end0) in layer.wanted.intervals(&contig.name) {
        let (start0, end0) = (i128::from(start0), i128::from(end0));
        let (first, step, end0) = match layer.track {
            Track::Probability => (start0 / stride, stride, end0.min(contig.length.into())),
            Track::Localization => ((start0 - length).div_euclid(half) + 1, half, end0),
        };
        // Those before `end` are counted already: several stretches need them.
        let first = first.max(end);
        end = first.max((end0 - 1).div_euclid(step) + 1);
        count += u64::try_from(end - first).unwrap_or(u64::MAX);
    }
    count
}

/// A batch that is being filled.
struct Filling {
    room: Room,
    bytes: usize,
    batch: Batch,
}

impl Filling {
    fn new(layer: usize, track: Track, room: Room) -> Self {
        Self { room, bytes: 0, batch: Batch { layer, track, slots: Vec::new(), windows: Vec::new() } }
    }

    /// Adds a window; gives what was there if it had no room for it. A lone window always has: that was seen to before
    /// the run.
    fn add(&mut self, slot: Slot, window: v1::Window) -> Option<Batch> {
        let bytes = window.encoded_len() + FRAME_BYTES;
        let most = match self.batch.track {
            Track::Probability => self.room.predicted,
            Track::Localization => self.room.localized,
        };
        let is_full = self.batch.slots.len() >= most || self.bytes + bytes > self.room.bytes;
        let full = if is_full { self.take() } else { None };
        self.bytes += bytes;
        self.batch.slots.push(slot);
        self.batch.windows.push(window);
        full
    }

    fn take(&mut self) -> Option<Batch> {
        self.bytes = 0;
        let empty = Batch {
            layer: self.batch.layer,
            track: self.batch.track,
            slots: Vec::new(),
            windows: Vec::new(),
        };
        Some(std::mem::replace(&mut self.batch, empty)).filter(|batch| !batch.slots.is_empty())
    }
}

#[cfg(test)]
mod tests;
