//! What a run did, in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

/// Counts of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Regions and records, or alleles on a strand, with maps.
    pub(super) explained: u64,
    pub(super) windows: u64,
    /// Of models, or of models and alleles.
    pub(super) maps: u64,
    pub(super) rows: u64,
    pub(super) clusters: usize,
    pub(super) pictures: usize,
    pub(super) pictures_left_out: usize,
    /// By reason.
    pub(super) gaps: BTreeMap<String, u64>,
}

impl Counts {
    /// The lines for standard error. `what` is explained: a region, record or allele.
    pub(super) fn report(
        &self,
        what: &str,
        models: usize,
        time: Duration,
        folder: &str,
        files: usize,
    ) -> String {
        let mut text = format!(
            "{}, {}: {}, {}, {}, {}",
            counted(self.explained, what),
            counted(self.windows, "window"),
            counted(self.maps, "map"),
            counted(self.rows, "row"),
            counted(number(self.clusters), "cluster"),
            counted(number(self.pictures), "picture"),
        );
        for (reason, count) in &self.gaps {
            text += &format!("\n  left out, {reason}: {count}");
        }
        if self.pictures_left_out > 0 {
            let left_out = counted(number(self.pictures_left_out), "picture");
            text += &format!("\n  {left_out} not drawn: raise --max-pictures, or choose with --models");
        }
        text += &format!("\n  {}, {:.1} s", counted(number(models), "model"), time.as_secs_f64());
        text += &format!("\n  wrote {} to {folder}", counted(number(files), "file"));
        text
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_left_out() {
        let counts = Counts {
            explained: 2,
            windows: 5,
            maps: 12,
            rows: 2400,
            clusters: 1,
            pictures: 3,
            pictures_left_out: 9,
            gaps: BTreeMap::from([("mostly_n".to_owned(), 2)]),
        };
        assert_eq!(
            counts.report("region", 6, Duration::from_millis(1250), "maps/", 4),
            "2 regions, 5 windows: 12 maps, 2400 rows, 1 cluster, 3 pictures\n  left out, mostly_n: 2\n  \
             9 pictures not drawn: raise --max-pictures, or choose with --models\n  6 models, 1.2 s\n  \
             wrote 4 files to maps/"
        );
    }
}
