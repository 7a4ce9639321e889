//! Maps of the largest changes, for the page.

use std::str::FromStr;

use polaris_genomics::Strand;

use super::fleet::Server;
use super::top::{Hit, LONGEST_ALLELE};
use crate::console::{Progress, told};
use crate::localize::{MapMaker, WantedMap};
use crate::vcf::{Line, Record};

/// The map of a hit, by its number in the list.
pub(super) struct HitMap {
    pub(super) hit: usize,
    pub(super) svg: String,
}

/// Maps of the first `most` hits whose alleles are known in full. A server that cannot make them costs the page its maps
/// and nothing else.
pub(super) async fn of_hits(
    hits: &[Hit],
    most: usize,
    servers: &[Server],
    maker: &MapMaker,
    progress: &Progress,
) -> Vec<HitMap> {
    let mut last = None;
    for server in servers {
        let (numbers, wanted): (Vec<usize>, Vec<WantedMap>) = hits
            .iter()
            .enumerate()
            .filter_map(|(number, hit)| Some((number, wanted(hit)?)))
            .take(most)
            .unzip();
        if wanted.is_empty() {
            return Vec::new();
        }
        match maker.pictures(server.channel.clone(), wanted).await {
            Ok(pictures) => {
                let drawn = numbers.into_iter().zip(pictures);
                return drawn.filter_map(|(hit, svg)| Some(HitMap { hit, svg: svg? })).collect();
            }
            Err(error) => last = Some(format!("{}: {}", server.name, told(&error))),
        }
    }
    if let Some(reason) = last {
        progress.warn(&format!("the page is without maps: {reason}"));
    }
    Vec::new()
}

/// What is to be asked about a hit; nothing if it shows but the beginning of an allele.
fn wanted(hit: &Hit) -> Option<WantedMap> {
    let is_whole = |allele: &str| allele.chars().count() < LONGEST_ALLELE;
    if !is_whole(&hit.reference) || !is_whole(&hit.alternate) || !is_whole(&hit.contig) {
        return None;
    }
    let id = if is_whole(&hit.id) { hit.id.as_str() } else { "." };
    let Hit { contig, position1, reference, alternate, .. } = hit;
    let line = format!("{contig}\t{position1}\t{id}\t{reference}\t{alternate}\t.\t.\t.");
    let record = Record::parse(Line::new(line.into_bytes(), 1), "the list of hits").ok()?;
    Some(WantedMap { record, strand: Strand::from_str(&hit.strand).ok()?, model: hit.model.clone() })
}

#[cfg(test)]
mod tests {
    use super::super::top::tests::hit;
    use super::*;

    #[test]
    fn what_is_known_in_part_is_not_asked() {
        let known = hit(7, 0.5);
        let asked = wanted(&known).unwrap();
        assert_eq!((asked.record.position1(), asked.model.as_str()), (7, "QKI.K562"));
        assert_eq!(asked.strand, Strand::Forward);
        let long = Hit { alternate: "A".repeat(LONGEST_ALLELE), ..known.clone() };
        assert!(wanted(&long).is_none());
        let long = Hit { id: "x".repeat(LONGEST_ALLELE), ..known };
        assert_eq!(wanted(&long).unwrap().record.id(), b".");
    }
}
