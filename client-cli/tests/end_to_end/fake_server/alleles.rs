//! How an allele lies beside the reference of its window.

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{AlignedBlock, Allele};
use tonic::Status;

/// An allele that Localize compares with the reference.
pub(super) struct Compared {
    /// As far as the reference reaches.
    pub(super) alternate: String,
    pub(super) blocks: Vec<AlignedBlock>,
    /// The windows that are predicted.
    pub(super) windows: Vec<String>,
}

/// Reads an allele, which must fit the reference.
pub(super) fn compared(reference: &str, allele: &Allele) -> Result<Compared, Status> {
    let windows = super::alternates(reference, allele.change.as_ref())?;
    let Some(Change::Resized(resized)) = &allele.change else {
        let block = block(Some(0), Some(0), reference.len());
        return Ok(Compared { alternate: windows[0].clone(), blocks: vec![block], windows });
    };
    let [offset0, removed, added] =
        [resized.offset0, resized.removed, resized.added].map(|bases| usize::try_from(bases).unwrap());
    let after = &reference[offset0 + removed..];
    let bases = &resized.left_anchored[offset0..offset0 + added];
    let alternate = [&reference[..offset0], bases, after].concat();
    // Both windows are parts of the alternate and of what lies around it.
    if !alternate.ends_with(&resized.right_anchored[resized.right_anchored.len() - after.len()..])
        || !alternate.starts_with(&resized.left_anchored[..offset0 + added])
    {
        return Err(Status::invalid_argument("windows of another allele"));
    }
    let paired = offset0 + removed.min(added);
    let changed = match removed > added {
        true => block(Some(paired), None, removed - added),
        false => block(None, Some(paired), added - removed),
    };
    let rest = block(Some(offset0 + removed), Some(offset0 + added), after.len());
    Ok(Compared { alternate, blocks: vec![block(Some(0), Some(0), paired), changed, rest], windows })
}

impl Compared {
    /// Alternate minus reference in each column.
    pub(super) fn differences(&self, reference: &str, value: impl Fn(char) -> f32) -> Vec<f32> {
        let at = |sequence: &str, start0: Option<u32>, index: usize| {
            start0.map_or(0.0, |start0| {
                let base = sequence.as_bytes()[usize::try_from(start0).unwrap() + index];
                value(char::from(base))
            })
        };
        let of = |block: &AlignedBlock| {
            let AlignedBlock { reference0, alternate0, length } = *block;
            (0..usize::try_from(length).unwrap())
                .map(|index| at(&self.alternate, alternate0, index) - at(reference, reference0, index))
                .collect::<Vec<f32>>()
        };
        self.blocks.iter().flat_map(of).collect()
    }
}

fn block(reference0: Option<usize>, alternate0: Option<usize>, length: usize) -> AlignedBlock {
    let number = |value| u32::try_from(value).unwrap();
    AlignedBlock {
        reference0: reference0.map(number),
        alternate0: alternate0.map(number),
        length: number(length),
    }
}
