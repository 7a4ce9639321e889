//! What a run did, in numbers.

use std::path::Path;
use std::time::Duration;

/// Counts of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    pub(super) regions: usize,
    /// Of the regions, each once a strand.
    pub(super) bases: u64,
    pub(super) models: usize,
    pub(super) asked: u64,
    pub(super) left_out: u64,
    pub(super) gaps: usize,
    pub(super) tracks: usize,
}

impl Summary {
    /// The lines for standard error.
    pub(super) fn report(&self, time: Duration, folder: &Path) -> String {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        format!(
            "{}, {}: {} asked, {} left out, {}\n  {}, {:.1} s\n  wrote {}, gaps.bed and tracks.tsv to {}",
            counted(count(self.regions), "region"),
            counted(self.bases, "base"),
            counted(self.asked, "window"),
            self.left_out,
            counted(count(self.gaps), "gap"),
            counted(count(self.models), "model"),
            time.as_secs_f64(),
            counted(count(self.tracks), "track"),
            folder.display(),
        )
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many() {
        let summary =
            Summary { regions: 1, bases: 8779, models: 2, asked: 176, tracks: 4, ..Summary::default() };
        assert_eq!(
            summary.report(Duration::from_millis(1250), Path::new("out")),
            "1 region, 8779 bases: 176 windows asked, 0 left out, 0 gaps\n  2 models, 1.2 s\n  \
             wrote 4 tracks, gaps.bed and tracks.tsv to out"
        );
    }
}
