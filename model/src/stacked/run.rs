//! Two chunks in flight.
//!
//! libtorch for Rust has neither streams nor events: all that the device does is one queue, and whoever waits, for a copy
//! to the host, say, waits for all that is queued. So the next chunk is prepared while the device
//! calculates, then the results of the calculated one are fetched to page-locked memory, the next is queued at once, and
//! only then are the results put where they belong. The device is idle for as long as a queued operation takes to reach
//! it, some microseconds a chunk.

use tch::{Device, Kind, TchError, Tensor};

use super::StackedEnsemble;
use super::chosen::{Chosen, ModelChunk};
use super::inputs::ChunkInputs;
use super::plan::Plan;
use crate::ensemble::EngineError;

/// What is calculated of a chunk.
#[derive(Debug)]
pub(super) struct Answer<Values, Maps> {
    /// `[models, rows]`.
    pub(super) logits: Values,
    /// `[models, rows, positions]`.
    pub(super) maps: Maps,
}

/// The answer on the device.
type Queued = Answer<Tensor, Option<Tensor>>;
/// Queues the calculation of a chunk by all models.
type Launch<'a> = dyn Fn(&ChunkInputs, &[ModelChunk]) -> Result<Queued, TchError> + 'a;

impl StackedEnsemble {
    /// Calculates all that was planned, `[rows][columns]` and `[rows][columns][positions]`.
    pub(super) fn run(
        &self,
        plan: &Plan<'_>,
        chosen: &Chosen,
        columns: usize,
        positions: usize,
        launch: &Launch<'_>,
    ) -> Result<Answer<Vec<f32>, Vec<f32>>, EngineError> {
        let mut out = Answer {
            logits: vec![0.0; plan.rows * columns],
            maps: vec![0.0; plan.rows * columns * positions],
        };
        if columns == 0 {
            return Ok(out);
        }
        let chunks = self.model_chunks(chosen, plan.most_passes())?;
        let mut deliver = |host: &Queued, places: &[Option<usize>]| -> Result<(), TchError> {
            chosen.scatter(&values(&host.logits)?, 1, places, &mut out.logits);
            if let Some(maps) = &host.maps {
                chosen.scatter(&values(maps)?, positions, places, &mut out.maps);
            }
            Ok(())
        };
        let mut landing = Landing::new(self.device);
        let mut queued: Option<(Queued, Vec<Option<usize>>)> = None;
        for chunk in &plan.chunks {
            let inputs = ChunkInputs::of(chunk, &self.weights.layout, self.columns, self.device)?;
            let finished = match queued.take() {
                Some((answer, places)) => Some((landing.fetch(answer)?, places)),
                None => None,
            };
            queued = Some((launch(&inputs, &chunks)?, chunk.places()));
            if let Some((host, places)) = finished {
                deliver(&host, &places)?;
            }
        }
        if let Some((answer, places)) = queued {
            deliver(&landing.fetch(answer)?, &places)?;
        }
        plan.copy_rows(columns, &mut out.logits);
        Ok(out)
    }

    /// Models that are calculated at once over at most so many windows.
    fn model_chunks(&self, chosen: &Chosen, passes: usize) -> Result<Vec<ModelChunk>, TchError> {
        let layout = &self.weights.layout;
        let activations = passes.max(1) * layout.window_bytes();
        let side_by_side = self.limits.bytes / activations;
        let picked = self.limits.bytes / (activations + layout.model_bytes());
        chosen.chunks(side_by_side, picked, self.device)
    }
}

/// Where results land on the host: page-locked memory that is used again and again, because locking it takes longer than
/// filling it.
struct Landing {
    device: Device,
    logits: Option<Tensor>,
    maps: Option<Tensor>,
}

impl Landing {
    fn new(device: Device) -> Self {
        Self { device, logits: None, maps: None }
    }

    /// Waits for an answer. What was fetched before is overwritten.
    fn fetch(&mut self, answer: Queued) -> Result<Queued, TchError> {
        if !self.device.is_cuda() {
            return Ok(answer);
        }
        let logits = land(&mut self.logits, &answer.logits, self.device)?;
        let maps = answer.maps.map(|maps| land(&mut self.maps, &maps, self.device)).transpose()?;
        Ok(Answer { logits, maps })
    }
}

fn land(place: &mut Option<Tensor>, values: &Tensor, device: Device) -> Result<Tensor, TchError> {
    let values = values.f_contiguous()?.f_reshape(-1)?;
    let count = values.size1()?;
    let room = match place.take() {
        Some(room) if room.size1()? >= count => room,
        _ => Tensor::f_zeros([count], (Kind::Float, Device::Cpu))?.f_internal_pin_memory(device)?,
    };
    let mut landed = room.f_narrow(0, 0, count)?;
    landed.f_copy_(&values)?;
    *place = Some(room);
    Ok(landed)
}

/// Values of a tensor in host memory.
fn values(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    let flat = tensor.f_contiguous()?.f_reshape(-1)?;
    let mut values = vec![0f32; flat.numel()];
    flat.f_copy_data(&mut values, flat.numel())?;
    Ok(values)
}
